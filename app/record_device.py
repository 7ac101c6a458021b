"""`nigehban record`: one device's rows, masked, and what is read of them, as files for tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.probe import ATTEMPTS, Given, credentials, endpoint, opened
from collector.device import load as profile_load
from collector.device.discover import identify, survey
from collector.device.plan import Plan
from collector.device.profile import ProfileSet
from collector.device.recognise import Recognition
from collector.probe import ProbeResult, probe
from collector.recording import mask_load, record
from collector.recording.held import Heard, Held
from collector.recording.snmprec import rows_of, snmprec
from collector.snmp.exchange import Exchange
from collector.snmp.session import Credentials, Session, oid
from domain.errors import ConfigError, Permanent, Problem, Retryable
from domain.reading import Outcome

TREES = (*(f"1.3.6.1.{arc}" for arc in range(1, 7)), "1.0.8802")
"""All that SNMP agents are registered below (RFC 1155), and the IEEE's LLDP-MIB."""

_ROWS = 1_000_000  # of one tree
_PATIENCE_S = 5.0  # between two words about a walk that goes on
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line says beside how to ask; `keep` are words that are no secret."""

    name: str
    out: Path
    only_asked: bool = False
    keep_position: bool = False
    keep: tuple[str, ...] = ()
    overwrite: bool = False


async def run(given: Given, wanted: Wanted, say: Say) -> tuple[Path, Path]:
    """Writes the recording and its expectation, and returns their paths. Instead of a host, a
    .snmprec file may be given.

    ConfigError for what the user wrote; Retryable when the device does not answer; Permanent when
    the masked rows would not be read as the device is. Nothing is written then.
    """
    if not _NAME.fullmatch(wanted.name):
        raise _refused(f"{wanted.name!r} is no name of a recording", "write small letters, digits, - _ .")
    folders = (profile_load.SHIPPED, *([given.profiles] if given.profiles else []))
    profiles = profile_load.load(*folders)
    if given.profile != "auto" and given.profile not in profiles.profiles:
        raise _refused(f"profile {given.profile!r} is not known", "write auto, or the name of one")
    known = credentials(given)
    file = Path(given.host)
    heard = (
        _from_file(file) if file.suffix == ".snmprec" else await _asked(given, known, profiles, wanted, say)
    )
    secrets = (known.community, known.user, known.auth_key, known.priv_key)
    text, expected = await made(heard, profiles, given.profile, wanted, secrets, say)
    return _write(wanted, expected, text)


def _from_file(path: Path) -> Heard:
    """A recording that is there already: one made elsewhere, or one whose expectation is to be made anew."""
    try:
        rows = rows_of(path.read_bytes())
    except OSError as error:
        raise _refused(f"{path} cannot be read: {error.strerror}", "name a .snmprec file") from None
    except ValueError as error:
        line, _, what = str(error).partition(": ")
        raise ConfigError([Problem(str(path), int(line), what, "write OID|tag|value")]) from None
    heard = Heard(Held(rows))
    heard.rows.update(rows)
    return heard


async def _asked(given: Given, known: Credentials, profiles: ProfileSet, wanted: Wanted, say: Say) -> Heard:
    async with _opened(given, known) as session:
        heard = Heard(session)
        found = await probe(heard, given.host, profiles, given.profile)
        if found.outcome is not Outcome.OK:
            raise Retryable(f"{given.host}: {found.outcome} {found.detail}".rstrip())
        say(f"{given.host}: {found.kind} by profile {found.profile}, {len(heard.rows)} rows asked")
        if not wanted.only_asked:
            await _walk(heard, say)
    return heard


async def made(
    heard: Heard, profiles: ProfileSet, profile: str, wanted: Wanted, secrets: Iterable[str], say: Say
) -> tuple[str, dict[str, Any]]:
    """The text of the recording and its expectation; Permanent if a number came out otherwise."""
    objects = mask_load.load()
    plan, live = await _read(Held(heard.rows), profiles, profile)
    varbinds = [(name, *raw) for name, raw in heard.rows.items()]
    reading = plan.decode(varbinds, "", 0, slow=True)
    masked = record.masked(heard.rows, plan, reading, objects, secrets, wanted.keep, wanted.keep_position)
    _, recorded = await _read(Held(masked.rows), profiles, profile)
    different = record.differences(
        live.values, recorded.values, masked, None if wanted.keep_position else objects
    )
    if recorded.profile != live.profile:
        different.insert(0, f"profile: {live.profile} on the device, {recorded.profile} in the recording")
    if different:
        hint = "--keep WORD leaves a word that is no secret, --keep-position the position"
        raise Permanent(
            "nothing is written, for masked rows are read otherwise:\n  {}\n{}".format(
                "\n  ".join(different), hint
            )
        )
    for why, count in sorted(masked.left_out.items()):
        say(f"left out: {count} rows: {why}")
    say("masked: " + ", ".join(f"{count} {what}" for what, count in masked.mask.replaced().items() if count))
    expected = recorded.as_json()
    for volatile in ("address", "elapsed_ms"):
        del expected[volatile]
    return snmprec(masked.rows), expected


async def _read(session: Held, profiles: ProfileSet, profile: str) -> tuple[Plan, ProbeResult]:
    rows: dict[bytes, tuple[int, bytes]] = {}
    chosen = Recognition(profile, "named by the user", 100)
    if profile == "auto":
        chosen = await identify(session, profiles, rows)
    plan = await survey(session, profiles[chosen.profile], chosen, rows)
    return plan, await probe(session, "", profiles, profile)


async def _walk(heard: Heard, say: Say) -> None:
    for tree in TREES:
        before = len(heard.rows)
        walking = asyncio.create_task(heard.walk(oid(tree), _ROWS))
        seconds = 0.0
        while not (await asyncio.wait([walking], timeout=_PATIENCE_S))[0]:
            seconds += _PATIENCE_S
            say(f"  {tree}: walking for {seconds:g} s")
        answer = walking.result()
        if answer.varbinds:
            say(f"  {tree}: {len(answer.varbinds)} rows, {len(heard.rows) - before} of them new")
        if answer.outcome is not Outcome.OK or answer.detail:
            say(f"  {tree}: incomplete: {answer.detail or answer.outcome}")


@contextlib.asynccontextmanager
async def _opened(given: Given, known: Credentials) -> AsyncIterator[Session]:
    host, port = endpoint(given.host)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise Retryable(f"the name {host} cannot be resolved: {error.strerror}") from None
    address = found[0][4]
    exchange = Exchange(given.timeout_s, ATTEMPTS)
    try:
        yield opened(exchange, address, known)
    finally:
        exchange.close()


def _write(wanted: Wanted, expected: dict[str, Any], text: str) -> tuple[Path, Path]:
    folder = wanted.out / str(expected["kind"])
    recording = folder / f"{wanted.name}.snmprec"
    beside = folder / f"{wanted.name}.expected.json"
    for path in (recording, beside):
        if path.exists() and not wanted.overwrite:
            raise _refused(f"{path} is there already", "give another --name, or add --overwrite")
    folder.mkdir(parents=True, exist_ok=True)
    recording.write_text(text, encoding="ascii")
    beside.write_text(json.dumps(expected, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return recording, beside


def _refused(what: str, remedy: str) -> ConfigError:
    return ConfigError([Problem("record", 1, what, remedy)])
