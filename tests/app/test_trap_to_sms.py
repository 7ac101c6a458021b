"""From a real trap to a message: `nigehban run`, nothing simulated, snmptrap for a street.

The same run is given secrets that stand nowhere else and logs at DEBUG: afterwards they are looked
for in everything it has written, said and shown.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from collector.icmp.sweeper import Sweeper
from domain.errors import NotPermitted
from tests.app.live import ROOT, command
from tests.collector.net_snmp import snmpd
from tests.peers import absent, free_port, program, running, wait_until

pytestmark = [pytest.mark.peer, pytest.mark.slow]

CANARIES = {
    "CANARY_COMMUNITY": "canary-community-71",
    "CANARY_TRAPS": "canary-traps-72",
    "CANARY_AUTH": "canary-auth-phrase-73",
    "CANARY_PRIV": "canary-priv-phrase-74",
    "CANARY_TWILIO": "canary-twilio-token-75",
}
CAMERA, ROUTER, TRUSTED, STRANGER = (f"127.0.77.{n}" for n in (1, 2, 3, 9))
AXIS_NEW, AXIS_NAME = "1.3.6.1.4.1.368.4.2.0.1", "1.3.6.1.4.1.368.4.2.2"
TELTONIKA_INPUT, TELTONIKA_STATE = "1.3.6.1.4.1.48690.4.2.1", "1.3.6.1.4.1.48690.4.2.0.1"

CITY = """\
city:
  name: Trapville
  bounds: {{south: 24.0, west: 66.0, north: 26.0, east: 68.0}}
  channels: [terminal, twilio]
defaults:
  contractor: alpha
  port: {agent}
  snmp: {{version: 2c, community: env:CANARY_COMMUNITY}}
traps: {{listen: [127.0.0.1], port: {traps}, community: env:CANARY_TRAPS}}
districts: {{south: {{name: South}}}}
contractors: {{alpha: {{name: Alpha}}}}
contacts:
  engineer: {{name: Engineer, role: engineer, number: +92 300 0000001}}
  desk: {{name: Desk, role: on_call, number: +92 300 0000003, channels: [twilio, terminal]}}
  police: {{name: Police, role: police, number: +92 300 0000011, districts: [south]}}
boxes:
  A: &box
    name: First
    lat: 24.8
    lon: 67.0
    district: south
    devices:
      A-cam: {{kind: camera, address: {camera}}}
  B:
    <<: *box
    name: Second
    tags: [door-on-din1]
    devices:
      B-router: {{kind: router, address: {router}}}
  C:
    <<: *box
    name: Third
    devices:
      C-cam:
        kind: camera
        address: {trusted}
        snmp: {{version: 3, user: watcher, auth_key: env:CANARY_AUTH, priv_key: env:CANARY_PRIV}}
"""
SETTINGS = """\
channels:
  terminal: {{}}
  twilio:
    account_sid: AC00000000000000000000000000000000
    secret: env:CANARY_TWILIO
    sender: "+15005550006"
    base_url: http://127.0.0.1:{closed}
"""


@dataclass
class Street:
    """What was seen of one run."""

    folder: Path
    traps: int
    cmdlines: set[str] = field(default_factory=set)
    said: str = ""

    def sms(self) -> list[tuple[str, str]]:
        file = self.folder / "data" / "sms.log"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [(row["contact"], row["text"]) for row in map(json.loads, filter(None, lines))]

    def told(self, words: str) -> set[str]:
        return {contact for contact, text in self.sms() if words in text}

    def trap(self, source: str, *arguments: str) -> None:
        line = [program("snmptrap", "snmp"), *arguments[:-4], f"--clientaddr={source}"]
        line += [f"127.0.0.1:{self.traps}", "", *arguments[-4:]]
        env = {**os.environ, "SNMP_PERSISTENT_DIR": str(self.folder / "net-snmp"), "MIBS": ""}
        subprocess.run(line, check=True, capture_output=True, timeout=30, env=env)

    def look(self) -> None:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    shown = (entry / "cmdline").read_bytes().decode(errors="replace")
                    if "app.cli" in shown:
                        self.cmdlines.add(shown)


V3 = ("-v", "3", "-l", "authPriv", "-u", "watcher", "-a", "SHA-256", "-x", "AES")


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Street:
    try:
        Sweeper().close()
    except NotPermitted as error:
        absent("ICMP", str(error))
    folder = tmp_path_factory.mktemp("street")
    seen = Street(folder, free_port(socket.SOCK_DGRAM))
    closed, log = free_port(), folder / "run.out"
    with snmpd(folder, host=CAMERA) as agent:
        places = {"camera": CAMERA, "router": ROUTER, "trusted": TRUSTED}
        inventory, settings = folder / "city.yaml", folder / "settings.yaml"
        inventory.write_text(CITY.format(agent=agent, traps=seen.traps, **places), encoding="utf-8")
        settings.write_text(SETTINGS.format(closed=closed), encoding="utf-8")
        line = command("run", "--inventory", str(inventory), "--settings", str(settings))
        line += ["--data", str(folder / "data"), "--record", str(folder / "recording")]
        with running(line, log, {**CANARIES, "NIGEHBAN_LOG": "DEBUG"}, cwd=ROOT) as run:

            def heard(log_of: str, words: str) -> bool:
                return words in (folder / "data" / f"{log_of}.log").read_text()

            wait_until(lambda: heard("watch", "traps are heard"), 30, "the receiver")
            seen.look()
            plain = ("-v", "2c", "-c", CANARIES["CANARY_TRAPS"])
            casing = (AXIS_NEW, AXIS_NAME, "s", "Casing open")
            seen.trap(STRANGER, *plain, *casing)
            seen.trap(CAMERA, "-v", "2c", "-c", "a wrong community", *casing)
            seen.trap(CAMERA, *plain, *casing)
            wait_until(lambda: seen.told("CASING OPEN (A-cam)") == {"engineer"}, 30, "the casing")
            seen.trap(ROUTER, *plain, TELTONIKA_INPUT, TELTONIKA_STATE, "s", "Digital input is high")
            wait_until(lambda: "engineer" in seen.told("DOOR OPEN"), 30, "the door")
            keys = ("-A", CANARIES["CANARY_AUTH"], "-X", CANARIES["CANARY_PRIV"])
            engine = ("-e", "0x8000000001020304")
            seen.trap(TRUSTED, *V3, *keys, *engine, *casing)
            wait_until(lambda: "police" in seen.told("C-cam"), 30, "the police")
            wait_until(lambda: heard("tell", "channel twilio fails"), 30, "the closed road")
            wait_until(lambda: "desk" in seen.told("CASING OPEN (A-cam)"), 60, "the desk's other road")
            run.send_signal(signal.SIGINT)
            assert run.wait(30) == 0
    seen.said = log.read_text(errors="replace")
    return seen


def test_a_casing_trap_is_told_to_the_engineer_and_to_the_desk_by_its_second_road(street: Street) -> None:
    assert street.told("CASING OPEN (A-cam)") == {"engineer", "desk"}
    (text,) = {text for _, text in street.sms() if "A-cam" in text}
    assert re.fullmatch(r"A First: CASING OPEN \(A-cam\), since \d\d:\d\d\. Code [2-9A-Z]{6}", text)


def test_a_door_wired_to_a_routers_input_is_told_as_a_door(street: Street) -> None:
    assert "engineer" in street.told("B Second: DOOR OPEN")
    assert "police" not in street.told("DOOR OPEN")


def test_only_an_authenticated_trap_reaches_the_police(street: Street) -> None:
    assert {text[:1] for contact, text in street.sms() if contact == "police"} == {"C"}


def test_strangers_and_wrong_communities_are_not_believed(street: Street) -> None:
    """Both came first, and would have opened the same incident."""
    assert len([1 for contact, text in street.sms() if contact == "engineer" and "A-cam" in text]) == 1
    log = (street.folder / "data" / "watch.log").read_text()
    assert STRANGER in log, "a trap from an unknown address is logged"


def test_no_secret_is_in_anything_the_run_wrote_said_or_showed(street: Street) -> None:
    written = [p for p in street.folder.rglob("*") if p.is_file() and "net-snmp" not in p.parts]
    names = {path.name for path in written}
    assert {"journal.sqlite", "watch.log", "tell.log", "recording", "sms.log"} <= names
    for name, canary in CANARIES.items():
        for path in written:
            assert canary.encode() not in path.read_bytes(), f"{name} stands in {path.name}"
        assert canary not in street.said
        assert not any(canary in shown for shown in street.cmdlines)
    assert any("watch" in shown for shown in street.cmdlines)
    assert "DEBUG" in (street.folder / "data" / "watch.log").read_text()
