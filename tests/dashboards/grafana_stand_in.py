"""A stand-in for Grafana's HTTP API: it keeps what it is given and answers as its documentation says.

Every request is recorded. A real Grafana has the last word; this holds the documented answers:
200, 400, 401, 403, 404, 409, 412 and, when told so, any other.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "glsa_stand_in"
Json = dict[str, Any]


@dataclass
class StandIn:
    url: str = ""
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    folders: dict[str, Json] = field(default_factory=dict)
    dashboards: dict[str, Json] = field(default_factory=dict)  # uid -> {"dashboard", "meta"}
    datasources: dict[str, Json] = field(default_factory=dict)
    failures: list[tuple[str, str, int, Any]] = field(default_factory=list)  # method, path, status, body
    spelling: bool = False  # a newer Grafana stores what it is given in its own words

    def changes(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path, _ in self.requests if method != "GET"]

    def fail(self, method: str, path: str, status: int, body: Any = None) -> None:
        """The next such request is answered so, once."""
        self.failures.append((method, path, status, body if body is not None else {"message": "no"}))

    def edit(self, uid: str, **changes: Any) -> None:
        """Somebody saves the dashboard in the web page."""
        dashboard = self.dashboards[uid]["dashboard"]
        dashboard.update(changes, version=dashboard["version"] + 1)

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        kind, _, rest = path.removeprefix("/api/").partition("/")
        if (method, kind) == ("GET", "folders"):
            return _found(self.folders.get(rest), "folder not found")
        if (method, kind) == ("POST", "folders"):
            if body["uid"] in self.folders:
                return 412, {"message": "the folder has been changed by someone else"}
            if any(f["title"] == body["title"] for f in self.folders.values()):
                return 409, {"message": "a folder with the same name already exists"}
            self.folders[body["uid"]] = {"id": len(self.folders) + 1, "version": 1, **body}
            return 200, self.folders[body["uid"]]
        if (method, kind) == ("GET", "dashboards"):
            return _found(self.dashboards.get(rest.removeprefix("uid/")), "Dashboard not found")
        if (method, path) == ("POST", "/api/dashboards/db"):
            return self._save(body)
        if (method, kind) == ("GET", "datasources"):
            return _found(self.datasources.get(rest.removeprefix("uid/")), "Data source not found")
        if (method, kind) == ("POST", "datasources"):
            if any(d["name"] == body["name"] for d in self.datasources.values()):
                return 409, {"message": "data source with the same name already exists"}
            self.datasources[body["uid"]] = {**_readable(body), "id": 1, "version": 1, "readOnly": False}
            return 200, {"id": 1, "message": "Datasource added", "name": body["name"]}
        if (method, kind) == ("PUT", "datasources"):
            uid = rest.removeprefix("uid/")
            had = self.datasources[uid]
            if body["version"] != had["version"]:
                return 409, {"message": "Datasource has already been updated by someone else"}
            self.datasources[uid] = {**had, **_readable(body), "version": had["version"] + 1}
            return 200, {"message": "Datasource updated"}
        return 404, {"message": "Not found"}

    def _save(self, body: Json) -> tuple[int, Any]:
        given, folder = body["dashboard"], body["folderUid"]
        if not given.get("title"):
            return 400, {"message": "Dashboard title cannot be empty", "status": "empty-name"}
        if folder and folder not in self.folders:
            return 404, {"message": "folder not found", "status": "not-found"}
        had = self.dashboards.get(given["uid"])
        if had is None and any(d["dashboard"]["title"] == given["title"] for d in self.dashboards.values()):
            message = "A dashboard with the same name in the folder already exists"
            return 412, {"message": message, "status": "name-exists"}
        if had and had["meta"].get("provisioned"):
            return 400, {"message": "Cannot save provisioned dashboard"}
        if had and not body["overwrite"] and given["version"] != had["dashboard"]["version"]:
            message = "The dashboard has been changed by someone else"
            return 412, {"message": message, "status": "version-mismatch"}
        version = had["dashboard"]["version"] + 1 if had else 1
        kept = {**given, "id": 7, "version": version}
        if self.spelling:
            kept |= {"schemaVersion": 42, "fiscalYearStartMonth": 0}
        self.dashboards[given["uid"]] = {"dashboard": kept, "meta": {"folderUid": folder, "version": version}}
        return 200, {"status": "success", "uid": given["uid"], "version": version, "id": 7}


def _found(what: Json | None, missing: str) -> tuple[int, Any]:
    return (404, {"message": missing}) if what is None else (200, what)


def _readable(body: Json) -> Json:
    return {key: value for key, value in body.items() if key != "secureJsonData"}


@contextlib.contextmanager
def stand_in(prefix: str = "") -> Iterator[StandIn]:
    grafana = StandIn()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            path = self.path.removeprefix(prefix)
            with lock:
                grafana.requests.append((self.command, path, body))
                status, answer = self._answer(path, body)
            if status == 0:  # the road breaks
                self.close_connection = True
                return
            raw = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", "/login")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def _answer(self, path: str, body: Any) -> tuple[int, Any]:
            for failure in grafana.failures:
                method, wanted, status, said = failure
                if method == self.command and path.startswith(wanted):
                    grafana.failures.remove(failure)
                    return status, said
            if not self.path.startswith(f"{prefix}/api/"):
                return 404, "<html>not here</html>"
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                return 401, {"message": "Invalid API key"}
            return grafana.answer(self.command, path, body)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    grafana.url = f"http://127.0.0.1:{server.server_port}{prefix}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield grafana
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
