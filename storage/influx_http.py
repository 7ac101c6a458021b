"""The two roads into an InfluxDB and the one out of it, found out from the server itself.

In: `/api/v2/write` by influxdb-client, synchronously, where the server has it (1.8, 2, 3 and
VictoriaMetrics); else `/write` by httpx. Out: InfluxQL at `/query`, which all of them have.
Drivers are imported when a door is built.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from domain.errors import Permanent, Retryable
from storage.refusals import Refused, Rejected, TooLarge

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class InfluxSettings:
    """Where the server is and who we are to it; secrets are resolved strings, never shown.

    `database` is the database of 1.x and 3 and the bucket of 2.x (`cctv`, never `cctv/autogen`).
    Give a token (sent as `Token`), or user and password (sent as Basic), or nothing.
    `verify` is False, True, or the path of a CA bundle.
    """

    url: str
    database: str = "cctv"
    org: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    verify: bool | str = True
    timeout_s: float = 10.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("the InfluxDB url is not http://HOST:PORT or https://HOST:PORT")
        if parts.username or parts.password:
            raise ValueError("the InfluxDB url holds credentials: name them apart, as secrets")

    @property
    def years(self) -> InfluxSettings:
        """The database or bucket of hourly rollups beside this one."""
        return replace(self, database=f"{self.database}_years")

    def hidden(self, text: str) -> str:
        """The text without our secrets, should a server or proxy have echoed one."""
        for secret in (self.password, self.token):
            if secret:
                text = text.replace(secret, "***")
        return text


@dataclass(frozen=True, slots=True)
class Server:
    version: str  # "" where it does not say
    v2: bool  # writes go to /api/v2/write

    @property
    def major(self) -> int:
        found = re.match(r"v?(\d+)\.", self.version)
        return int(found[1]) if found else 1

    @property
    def many_members(self) -> bool:
        """Whether a gzip body of several members is read to its end. Go's reader does (1.x, 2.x);
        that of 3 stops after the first and answers 204 all the same, which would lose the rest."""
        return bool(re.match(r"v?[12]\.", self.version))

    def __str__(self) -> str:
        return f"InfluxDB API {self.version or 'of unknown version'}, writes by {'v2' if self.v2 else 'v1'}"


class WriteDoor(Protocol):
    """`write` sends lines in gzip; returns when the server has stored it all."""

    def write(self, packed: bytes) -> None: ...
    def close(self) -> None: ...


_ABOUT_LINES = re.compile(
    r"partial write|unable to parse|field type conflict|beyond retention|line protocol|could not parse"
    r"|invalid (field|tag|line|number|timestamp)|missing (field|tag)|max-(series|values)-per|unprocessable",
    re.IGNORECASE,
)


def fault(status: int, body: str, headers: Mapping[str, str], settings: InfluxSettings) -> Exception:
    """The error an HTTP answer means, in the words of the server."""
    said = settings.hidden(_message(body))
    told = f"HTTP {status}: {said[:500]}" if said else f"HTTP {status}"
    if status == 413:
        return TooLarge(told, "413")
    if status in (400, 422) and _ABOUT_LINES.search(said):
        return Rejected(settings.hidden(body) if body.lstrip().startswith("{") else said, str(status))
    if status in (429, 503):
        return Retryable(told, _retry_after(headers))
    if 400 <= status < 500:
        return Refused(told)
    return Retryable(told)


def _message(body: str) -> str:
    with contextlib.suppress(ValueError, AttributeError):
        answer = json.loads(body)
        return str(answer.get("error") or answer.get("message") or body)
    return body.strip()


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds; a date is taken against the server's own Date, so that no clock of ours matters."""
    lower = {name.lower(): value for name, value in headers.items()}
    asked = lower.get("retry-after", "")
    if asked.isdigit():
        return float(asked)
    with contextlib.suppress(ValueError, TypeError, KeyError):
        wait = parsedate_to_datetime(asked) - parsedate_to_datetime(lower["date"])
        return max(wait.total_seconds(), 0.0)
    return None


def client(settings: InfluxSettings) -> httpx.Client:
    """An httpx client that authenticates; of its own, for proxies of the environment do not apply."""
    import ssl

    import httpx

    verify: bool | ssl.SSLContext
    if isinstance(settings.verify, str):
        verify = ssl.create_default_context(cafile=settings.verify)
    else:
        verify = settings.verify
    headers = {"Authorization": f"Token {settings.token}"} if settings.token else {}
    auth = (settings.username, settings.password) if settings.username and not settings.token else None
    return httpx.Client(
        base_url=settings.url,
        headers=headers,
        auth=auth,
        verify=verify,
        timeout=settings.timeout_s,
        trust_env=False,
    )


def request(
    http: httpx.Client, settings: InfluxSettings, method: str, path: str, **more: Any
) -> httpx.Response:
    """One request; the answer if it is a success, else the error it means."""
    import httpx

    try:
        answer = http.request(method, path, **more)
    except httpx.HTTPError as error:
        raise Retryable(f"{type(error).__name__}: {settings.hidden(str(error))}") from None
    if not answer.is_success:
        raise fault(answer.status_code, answer.text, answer.headers, settings)
    return answer


def find_out(http: httpx.Client, settings: InfluxSettings) -> Server:
    """Asks `/ping` who is there. A server that hides its version is shown an empty v2 write."""
    answer = request(http, settings, "GET", "/ping")
    version = answer.headers.get("x-influxdb-version", "")
    if not version:
        with contextlib.suppress(ValueError, AttributeError):
            version = str(answer.json().get("version", ""))
    found = re.match(r"v?(\d+)\.(\d+)", version)
    if found:
        return Server(version, (int(found[1]), int(found[2])) >= (1, 8))
    try:
        request(http, settings, "POST", "/api/v2/write", params={"bucket": settings.database})
    except Refused as error:
        return Server(version, "page not found" not in str(error).lower())
    except (Permanent, Retryable):
        return Server(version, True)
    return Server(version, True)


class V1Door:
    def __init__(self, settings: InfluxSettings, http: httpx.Client) -> None:
        self._settings, self._http = settings, http
        self._params = {"db": settings.database, "precision": "ms"}

    def write(self, packed: bytes) -> None:
        headers = {"Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"}
        request(
            self._http, self._settings, "POST", "/write", params=self._params, content=packed, headers=headers
        )

    def close(self) -> None:
        """The client belongs to who made it."""


class V2Door:
    """influxdb-client's own write service, without its batching (which loses data)."""

    def __init__(self, settings: InfluxSettings) -> None:
        from influxdb_client.client.influxdb_client import InfluxDBClient
        from influxdb_client.service.write_service import WriteService

        basic = bool(settings.username) and not settings.token
        self._settings = settings
        service: Any = WriteService
        self._client: Any = InfluxDBClient(
            settings.url,
            token=f"{settings.username}:{settings.password}" if basic else settings.token,
            org=settings.org,
            auth_basic=basic,
            timeout=int(settings.timeout_s * 1000),
            verify_ssl=settings.verify is not False,
            ssl_ca_cert=settings.verify if isinstance(settings.verify, str) else None,
            retries=False,
        )
        self._service = service(self._client.api_client)

    def write(self, packed: bytes) -> None:
        from influxdb_client.rest import ApiException
        from urllib3.exceptions import HTTPError

        try:
            self._service.post_write(
                org=self._settings.org,
                bucket=self._settings.database,
                body=packed,
                precision="ms",
                content_encoding="gzip",
                content_type="text/plain; charset=utf-8",
                async_req=False,
            )
        except ApiException as error:
            if not error.status:  # TLS, says influxdb-client without a status
                reason = self._settings.hidden(str(error.reason))
                raise Refused(f"TLS: {' '.join(reason.split())}") from None
            raise fault(error.status, error.body or "", error.headers or {}, self._settings) from None
        except (HTTPError, OSError) as error:
            raise Retryable(f"{type(error).__name__}: {self._settings.hidden(str(error))}") from None

    def close(self) -> None:
        self._client.close()
