"""`nigehban probe`: one device asked once by the collector's own road."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from app.clock import SystemClock
from app.settings import resolve
from collector import probe
from collector.device import load as profile_load
from collector.probe import ProbeResult, rendered
from collector.snmp.agent import AgentSession
from collector.snmp.exchange import Exchange
from collector.snmp.session import Credentials
from collector.snmp.udp import Address
from domain.errors import ConfigError, Problem
from domain.reading import Outcome
from inventory.inherit import hash_too_short

ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says; keys may be references to secrets."""

    host: str
    version: str
    community: str
    user: str
    auth: str
    auth_key: str
    priv: str
    priv_key: str
    profile: str
    profiles: Path | None
    timeout_s: float


def _refused(what: str, remedy: str) -> ConfigError:
    return ConfigError([Problem("probe", 1, what, remedy)])


def endpoint(text: str) -> tuple[str, int]:
    """(host, port) of HOST, HOST:PORT, an IPv6 literal or [IPv6]:PORT."""
    match = re.fullmatch(r"\[(?P<six>[^]]+)](?::(?P<p6>\d+))?|(?P<host>[^:]+)(?::(?P<port>\d+))?", text)
    if match is None:
        try:
            return str(ipaddress.IPv6Address(text)), 161
        except ValueError:
            raise _refused(f"{text!r} is no address", "write HOST, HOST:PORT or [IPV6]:PORT") from None
    port = int(match["p6"] or match["port"] or 161)
    if not 0 < port < 65536:
        raise _refused(f"port {port} does not exist", "write one from 1 to 65535")
    return match["six"] or match["host"], port


def _secret(text: str) -> str:
    return resolve(text) if text.startswith(("env:", "file:")) else text


def credentials(given: Given) -> Credentials:
    if given.version in ("1", "2c"):
        return Credentials(given.version, community=_secret(given.community))
    if given.version != "3":
        raise _refused(f"version {given.version!r} is not spoken", "write 1, 2c or 3")
    if not given.user:
        raise _refused("version 3 needs a user", "add --user NAME")
    if given.priv_key and not given.auth_key:
        raise _refused("privacy needs authentication", "add --auth-key env:NAME")
    if given.priv_key and hash_too_short(given.auth, given.priv):
        raise _refused(
            f"{given.priv} needs a longer hash than {given.auth}", "write --auth SHA-256 or longer"
        )
    return Credentials(
        "3",
        user=given.user,
        auth_protocol=given.auth if given.auth_key else "",
        auth_key=_secret(given.auth_key),
        priv_protocol=given.priv if given.priv_key else "",
        priv_key=_secret(given.priv_key),
    )


def opened(exchange: Exchange, address: Address, known: Credentials) -> AgentSession:
    """ConfigError where the credentials cannot be used."""
    try:
        return AgentSession(exchange, address, known)
    except ValueError as error:
        raise _refused(str(error), "give another --auth or --priv, and their keys") from None


async def ask(given: Given) -> ProbeResult:
    """Never raises for what a device does; ConfigError for what the user wrote."""
    host, port = endpoint(given.host)
    known = credentials(given)
    if given.profiles is not None and not given.profiles.is_dir():
        raise _refused(f"{given.profiles} is no folder", "name one that holds profiles")
    folders = (profile_load.SHIPPED, *([given.profiles] if given.profiles else []))
    profiles = profile_load.load(*folders)
    if given.profile != "auto" and given.profile not in profiles.profiles:
        names = ", ".join(sorted(profiles.profiles))
        raise _refused(f"profile {given.profile!r} is not known", f"write auto, or one of {names}")
    clock = SystemClock()
    began = clock.now()
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except OSError as error:
        detail = f"the name {host} cannot be resolved: {error.strerror}"
        return ProbeResult(given.host, Outcome.UNREACHABLE, "", "", clock.now() - began, detail=detail)
    address = found[0][4]
    exchange = Exchange(given.timeout_s, ATTEMPTS)
    try:
        session = opened(exchange, address, known)
        return await probe.probe(session, f"{host}:{port}", profiles, given.profile, now=clock.now)
    finally:
        exchange.close()


def shown(result: ProbeResult, as_json: bool, explain: bool) -> str:
    if not as_json:
        return rendered(result, explain)
    row = result.as_json()
    if explain:
        row["explain"] = {"why": list(result.why), "notes": list(result.notes)}
        row["explain"]["oids"] = [
            {"name": li.name, "oid": li.oid, "raw": li.raw, "rule": li.rule, "result": li.result}
            for li in result.lines
        ]
    return json.dumps(row, ensure_ascii=False)
