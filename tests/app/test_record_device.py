"""`nigehban record` against live agents: the simulator's seven flavours."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.probe import Given
from app.record_device import Wanted, run
from collector.device.load import load
from collector.probe import probe
from domain.errors import ConfigError, Retryable
from simulator.quantities import mac
from tests.collector.recorded import Recorded
from tests.simulator.live import played
from tests.simulator.town import COMMUNITY, town, udp_port


def given(host: str, timeout_s: float = 2.0) -> Given:
    return Given(host, "2c", COMMUNITY, "", "", "", "", "", "auto", None, timeout_s)


@pytest.mark.slow
async def test_every_agent_of_the_simulator_is_recorded_masked_and_read_back(tmp_path: Path) -> None:
    port = udp_port()
    city = town(port)
    profiles = load()  # the shipped ones, as `run` does
    said: list[str] = []
    async with played(city) as simulator:
        for device in city.devices.values():
            if device.snmp is None:
                continue
            wanted = Wanted(device.id, tmp_path)
            recording, beside = await run(given(f"{device.address}:{port}"), wanted, said.append)
            assert recording == tmp_path / str(device.kind) / f"{device.id}.snmprec"
            expected = json.loads(beside.read_text())
            read = (await probe(Recorded.of(recording), "", profiles)).as_json()
            assert {key: read[key] for key in expected} == expected
            text = recording.read_text()
            address = mac(simulator.world, device)
            for secret in (COMMUNITY, address.hex(), address.hex(":"), "a pole"):
                assert secret not in text
            with pytest.raises(ConfigError, match="is there already"):
                await run(given(f"{device.address}:{port}"), wanted, said.append)
    assert any("rows, " in line for line in said), "progress is told"


@pytest.mark.slow
async def test_only_what_the_profile_asks_is_kept_where_that_is_wanted(tmp_path: Path) -> None:
    port = udp_port()
    city = town(port)
    async with played(city):
        host = f"{city.devices['north-switch'].address}:{port}"
        whole, beside = await run(given(host), Wanted("whole", tmp_path), lambda _: None)
        short, lesser = await run(given(host), Wanted("short", tmp_path, only_asked=True), lambda _: None)
    assert set(lines(short)) < set(lines(whole))
    assert set(json.loads(lesser.read_text())["values"]) == set(json.loads(beside.read_text())["values"])


def lines(path: Path) -> list[str]:
    return [line.partition("|")[0] for line in path.read_text().splitlines()]


def test_a_silent_device_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(Retryable, match=r"timeout|refused"):
        asyncio.run(run(given(f"127.78.9.9:{udp_port()}", 0.2), Wanted("x", tmp_path), lambda _: None))
    assert not list(tmp_path.iterdir())


def test_a_recording_masked_before_gets_its_expectation_anew_and_stays_as_it_is(tmp_path: Path) -> None:
    old = Path(__file__).parents[1] / "recordings" / "router" / "simulated-teltonika.snmprec"
    recording, beside = asyncio.run(run(given(str(old)), Wanted("again", tmp_path), lambda _: None))
    assert recording.read_text() == old.read_text()
    assert json.loads(beside.read_text())["profile"] == "teltonika-rutos"


def test_a_file_that_is_no_recording_is_refused_by_its_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.snmprec"
    broken.write_text("1.3.6.1.2.1.1.1.0|4|x\nnonsense\n")
    with pytest.raises(ConfigError, match=r"broken.snmprec:2: no row of a recording"):
        asyncio.run(run(given(str(broken)), Wanted("again", tmp_path), lambda _: None))


def test_a_name_that_is_a_path_is_refused_in_one_line_with_its_remedy(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "app.cli",
        "record",
        "127.78.9.9",
        "--name",
        "../x",
        "--out",
        str(tmp_path),
    ]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, env={**os.environ}, timeout=60)
    assert done.returncode == 2
    assert "is no name of a recording" in done.stderr
    assert "Traceback" not in done.stderr
