"""Publishing: what would change in a Grafana, and then, only then, changing it.

A dashboard we push carries a tag `pushed:VERSION:HASH`. When its version is still that one, or its
content still has that hash, nobody has touched it since; otherwise a person has, and their work is
not overwritten unless that is asked for. A second push of the same changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Protocol

from dashboards.difference import differences
from dashboards.page import DATASOURCE_NAME, DATASOURCE_UID, FOLDER, YEARS_NAME, YEARS_UID
from domain.errors import Permanent

Json = dict[str, Any]

_MARK = re.compile(r"pushed:(\d+):([0-9a-f]{12})")


class Door(Protocol):
    """The part of dashboards.grafana.Grafana that is used here."""

    def folder(self, uid: str) -> Json | None: ...
    def make_folder(self, uid: str, title: str) -> Json: ...
    def dashboard(self, uid: str) -> Json | None: ...
    def save(self, dashboard: Json, folder_uid: str, message: str) -> Json: ...
    def datasource(self, uid: str) -> Json | None: ...
    def make_datasource(self, body: Json) -> Json: ...
    def change_datasource(self, uid: str, body: Json) -> Json: ...


class Act(StrEnum):
    MAKE = "make"
    CHANGE = "change"
    KEEP = "keep"  # it is as it should be
    REFUSE = "refuse"  # not ours to change


class What(StrEnum):
    FOLDER = "folder"
    DATASOURCE = "data source"
    DASHBOARD = "dashboard"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that would be done; `body` is what would be sent, `where` the folder it is for."""

    what: What
    title: str
    uid: str
    act: Act
    why: str = ""
    difference: tuple[str, ...] = ()
    body: Mapping[str, Any] | None = None
    where: str = ""

    def __str__(self) -> str:
        why = f": {self.why}" if self.why else ""
        return f"{self.act.value} {self.what.value} {self.title} ({self.uid}){why}"


def plan(
    door: Door, dashboards: Iterable[Json], sources: Iterable[Json] = (), *, force: bool = False
) -> list[Step]:
    """What a push would do; nothing is changed. `force` overwrites what people changed by hand."""
    steps = [_folder(door)]
    steps += [_datasource(door, source, force) for source in sources]
    steps += [_dashboard(door, dashboard, force) for dashboard in dashboards]
    return steps


def apply(door: Door, steps: Iterable[Step]) -> Iterator[Step]:
    """Does the steps in their order, giving each when it is done. Conflict where somebody was
    quicker: what was done stays, and the next push goes on from there."""
    for step in steps:
        if step.act in (Act.MAKE, Act.CHANGE):
            _do(door, step)
            yield step


def _do(door: Door, step: Step) -> None:
    body = dict(step.body or {})
    if step.what is What.FOLDER:
        door.make_folder(step.uid, step.title)
    elif step.what is What.DATASOURCE and step.act is Act.MAKE:
        door.make_datasource(body)
    elif step.what is What.DATASOURCE:
        door.change_datasource(step.uid, body)
    else:
        answer = door.save(body, step.where, "pushed by nigehban")
        if answer.get("uid", step.uid) != step.uid:
            raise Permanent(
                f"Grafana kept {step.title} under the uid {answer.get('uid')!r}, not {step.uid!r}"
            )


def _folder(door: Door) -> Step:
    """Made where it is missing; what people called it since is theirs."""
    act = Act.MAKE if door.folder(FOLDER["uid"]) is None else Act.KEEP
    return Step(What.FOLDER, FOLDER["title"], FOLDER["uid"], act)


# -- dashboards -----------------------------------------------------------------------------------


def fingerprint(dashboard: Json) -> str:
    """Of the content alone: not of ids, versions and our own mark."""
    content = {key: value for key, value in _unmarked(dashboard).items() if key not in ("id", "version")}
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:12]


def _unmarked(dashboard: Json) -> Json:
    tags = [tag for tag in dashboard.get("tags") or () if not _MARK.fullmatch(tag)]
    return {**dashboard, "tags": tags}


def _dashboard(door: Door, ours: Json, force: bool) -> Step:
    uid, title = str(ours["uid"]), str(ours["title"])
    there = door.dashboard(uid)
    if there is None:
        return Step(What.DASHBOARD, title, uid, Act.MAKE, body=_marked(ours, 0), where=FOLDER["uid"])
    theirs, meta = dict(there.get("dashboard") or {}), dict(there.get("meta") or {})
    version = int(theirs.get("version") or meta.get("version") or 0)
    difference = tuple(differences(_unmarked(theirs), ours))
    if fingerprint(theirs) == fingerprint(ours):
        return Step(What.DASHBOARD, title, uid, Act.KEEP)
    if meta.get("provisioned"):
        why = "it is provisioned from a file, change that file instead"
        return Step(What.DASHBOARD, title, uid, Act.REFUSE, why, difference)
    touched = _touched(theirs, version)
    if not touched and any(mark[2] == fingerprint(ours) for mark in _marks(theirs)):
        return Step(What.DASHBOARD, title, uid, Act.KEEP, "stored in Grafana's own spelling")
    if touched and not force:
        return Step(What.DASHBOARD, title, uid, Act.REFUSE, touched, difference)
    where = str(meta.get("folderUid") or "")  # moved by people: it stays where they want it
    return Step(What.DASHBOARD, title, uid, Act.CHANGE, touched, difference, _marked(ours, version), where)


def _touched(theirs: Json, version: int) -> str:
    """Why it is not as we left it; "" when it is."""
    marks = _marks(theirs)
    if not marks:
        return "it was not pushed by nigehban"
    if any(int(mark[1]) == version or mark[2] == fingerprint(theirs) for mark in marks):
        return ""
    return "it was changed by hand since the last push"


def _marks(dashboard: Json) -> list[re.Match[str]]:
    return [found for tag in dashboard.get("tags") or () if (found := _MARK.fullmatch(tag))]


def _marked(ours: Json, version: int) -> Json:
    """As it is sent: with the version it replaces, and a mark of the version it will have."""
    mark = f"pushed:{version + 1}:{fingerprint(ours)}"
    return {**ours, "id": None, "version": version, "tags": [*ours["tags"], mark]}


# -- the data sources -----------------------------------------------------------------------------

_COMPARED = ("name", "type", "access", "url", "user", "basicAuth", "basicAuthUser", "jsonData")


def datasources(
    url: str, generation: int, *, database: str = "cctv", user: str = "", password: str = "", token: str = ""
) -> tuple[Json, Json]:
    """Grafana's data sources for InfluxQL on InfluxDB 1.x, 2.x or 3, of what is measured and of its
    hourly rollups; the same as in deploy/grafana/provisioning. Secrets go where Grafana never gives
    them back."""
    raw = _body(url, generation, database, user, password, token)
    years = _body(url, generation, f"{database}_years", user, password, token)
    years["jsonData"]["timeInterval"] = "1h"
    return raw, {**years, "name": YEARS_NAME, "uid": YEARS_UID}


def _body(url: str, generation: int, database: str, user: str, password: str, token: str) -> Json:
    body: Json = {
        "name": DATASOURCE_NAME,
        "uid": DATASOURCE_UID,
        "type": "influxdb",
        "access": "proxy",
        "url": url,
        "isDefault": False,
        "jsonData": {"dbName": database, "httpMode": "POST", "timeInterval": "30s"},
        "secureJsonData": {},
    }
    if token:
        word = "Token" if generation < 3 else "Bearer"
        body["jsonData"]["httpHeaderName1"] = "Authorization"
        body["secureJsonData"]["httpHeaderValue1"] = f"{word} {token}"
    elif user:
        body["user"] = user
        body["secureJsonData"]["password"] = password
    return body


def _datasource(door: Door, ours: Json, force: bool) -> Step:
    """Secrets cannot be read back, so a changed secret alone is only sent with `force`."""
    name, uid = str(ours["name"]), str(ours["uid"])
    theirs = door.datasource(uid)
    if theirs is None:
        return Step(What.DATASOURCE, name, uid, Act.MAKE, body=ours)
    wanted = {key: ours.get(key) or None for key in _COMPARED}
    have = {key: theirs.get(key) or None for key in _COMPARED}
    have["jsonData"] = {key: (theirs.get("jsonData") or {}).get(key) for key in ours["jsonData"]}
    difference = tuple(differences(have, wanted))
    if theirs.get("readOnly") and difference:
        why = "it is provisioned from a file, change that file instead"
        return Step(What.DATASOURCE, name, uid, Act.REFUSE, why, difference)
    if difference and not force:
        return Step(What.DATASOURCE, name, uid, Act.REFUSE, "it was changed by hand", difference)
    if not force or theirs.get("readOnly"):
        return Step(What.DATASOURCE, name, uid, Act.KEEP)
    kept = {**(theirs.get("jsonData") or {}), **ours["jsonData"]}
    body = {**ours, "jsonData": kept, "version": theirs.get("version", 0)}
    return Step(What.DATASOURCE, name, uid, Act.CHANGE, "its secrets are sent again", difference, body)
