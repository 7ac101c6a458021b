"""Grafana's HTTP API, as far as publishing needs it: a small adapter over grafana-api.

grafana-api knows the addresses and the authentication; this knows what its answers mean here, and
never follows a redirect: whoever answers so is not the Grafana that was named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from domain.errors import OutcomeUnknown, Permanent, Retryable

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class GrafanaSettings:
    """Where Grafana is and who we are to it: a service account's token, or user and password.

    `verify` is False, True, or the path of a CA bundle. ValueError where the address is none."""

    url: str
    token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    verify: bool | str = True
    timeout_s: float = 10.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("Grafana's address is not http://HOST:PORT or https://HOST:PORT")
        if parts.username or parts.password:
            raise ValueError("Grafana's address holds credentials: name them apart, as secrets")
        if not self.token and not self.username:
            raise ValueError("give a service account's token, or user and password")

    def hidden(self, text: str) -> str:
        for secret in (self.token, self.password):
            if secret:
                text = text.replace(secret, "***")
        return text


class Conflict(Permanent):
    """409 or 412: what is there is not what we thought; look again, then decide again."""


class Grafana:
    """Blocking. Reads give None where nothing is; all else that fails is a domain error."""

    def __init__(self, settings: GrafanaSettings) -> None:
        from grafana_api.grafana_face import GrafanaFace

        parts = urlsplit(settings.url)
        host = parts.hostname or ""
        prefix = parts.path.strip("/")
        self._settings = settings
        self._face = GrafanaFace(
            settings.token or (settings.username, settings.password),
            host=f"[{host}]" if ":" in host else host,
            port=parts.port,
            url_path_prefix=f"{prefix}/" if prefix else "",
            protocol=parts.scheme,
            verify=settings.verify,
            timeout=settings.timeout_s,
        )
        self._face.api.s.max_redirects = 0

    def folder(self, uid: str) -> Json | None:
        return self._read(lambda: self._face.folder.get_folder(uid))

    def make_folder(self, uid: str, title: str) -> Json:
        return self._change(lambda: self._face.folder.create_folder(title, uid))

    def dashboard(self, uid: str) -> Json | None:
        """`dashboard`, and `meta` about it."""
        return self._read(lambda: self._face.dashboard.get_dashboard(uid))

    def save(self, dashboard: Json, folder_uid: str, message: str) -> Json:
        """Conflict when its `version` is not the one that is there. The answer has the new one."""
        body = {"dashboard": dashboard, "folderUid": folder_uid, "message": message, "overwrite": False}
        return self._change(lambda: self._face.dashboard.update_dashboard(body))

    def datasource(self, uid: str) -> Json | None:
        return self._read(lambda: self._face.api.GET(f"/datasources/uid/{uid}"))

    def make_datasource(self, body: Json) -> Json:
        return self._change(lambda: self._face.datasource.create_datasource(body))

    def change_datasource(self, uid: str, body: Json) -> Json:
        return self._change(lambda: self._face.api.PUT(f"/datasources/uid/{uid}", json=body))

    def close(self) -> None:
        self._face.api.s.close()

    def _read(self, ask: Callable[[], Any]) -> Json | None:
        try:
            return self._asked(ask, lost=Retryable)
        except Permanent as error:
            if error.code == "404":
                return None
            raise

    def _change(self, ask: Callable[[], Any]) -> Json:
        return self._asked(ask, lost=OutcomeUnknown)

    def _asked(self, ask: Callable[[], Any], lost: type[Retryable]) -> Json:
        import requests
        from grafana_api.grafana_api import GrafanaException

        where = self._settings.url
        try:
            answer = ask()
        except GrafanaException as error:
            raise self._meaning(error.status_code, _message(error.response)) from None
        except requests.exceptions.TooManyRedirects:
            raise Permanent(
                f"{where} sends us elsewhere: give the address Grafana itself answers at"
            ) from None
        except (requests.exceptions.SSLError, requests.exceptions.ConnectionError) as error:
            refused = self._settings.hidden(_cause(error))
            kind = Permanent if isinstance(error, requests.exceptions.SSLError) else lost
            raise kind(f"{where} cannot be reached: {refused}") from None
        except requests.exceptions.Timeout:
            raise lost(f"{where} did not answer within {self._settings.timeout_s:g} s") from None
        except (requests.exceptions.RequestException, ValueError, TypeError):
            raise Permanent(f"{where} answers, but not as Grafana does: check the address") from None
        if not isinstance(answer, dict):
            raise Permanent(f"{where} answers, but not as Grafana does: check the address")
        return answer

    def _meaning(self, status: int, said: str) -> Exception:
        said = self._settings.hidden(said)
        told = f"Grafana says {status}: {said}" if said else f"Grafana says {status}"
        if status == 401:
            return Permanent(f"{told}; give the token of a service account that exists", "401")
        if status == 403:
            return Permanent(
                f"{told}; the service account needs the role Editor, Admin for data sources", "403"
            )
        if status in (409, 412):
            return Conflict(told, str(status))
        if status >= 500 or status in (408, 429):
            return Retryable(told)
        return Permanent(told, str(status))


def _message(response: Any) -> str:
    if isinstance(response, dict):
        return str(response.get("message") or response.get("status") or "")[:300]
    return " ".join(str(response).split())[:300]


def _cause(error: BaseException) -> str:
    """The system's own word, out of the wrappings of requests and urllib3."""
    found: BaseException | None = error
    while found is not None:
        if (
            isinstance(found, OSError)
            and found.strerror
            and not found.__class__.__module__.startswith("requests")
        ):
            return found.strerror
        inner = getattr(found, "reason", None) or (found.args[0] if found.args else None)
        found = inner if isinstance(inner, BaseException) else found.__cause__ or found.__context__
    return "the connection was refused or lost"
