"""What `run --record` keeps is replayed byte for byte: whole nights, reloads, runs that began in trouble."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from app.accepted import Accepted, accept
from app.events import line
from app.record import Header, Recorder
from app.replay import replay
from tests.app.street import BEGIN, Street, changed, shipped


def recorded(path: Path, street_of: Callable[[Recorder], Street]) -> tuple[Street, Recorder]:
    recorder = Recorder(path, Header(shipped().configuration.hash, BEGIN))
    return street_of(recorder), recorder


def replayed(path: Path, accepted: Accepted | None = None) -> tuple[list[str], tuple[str, ...]]:
    out: list[str] = []
    warnings = replay(path, accepted or shipped(), lambda event: out.append(line(event)))
    return out, warnings


def eventful(street: Street, seed: int, until: int) -> None:
    """A night decided by its seed: outages, mains, doors, traps, acknowledgements."""
    chance = random.Random(seed)
    boxes, devices = sorted(street.accepted.city.boxes), sorted(street.accepted.city.devices)
    for _ in range(40):
        second = chance.uniform(5, until - 150)
        later = second + chance.expovariate(1 / 60)
        box, device = chance.choice(boxes), chance.choice(devices)
        act = chance.randrange(7)
        if act == 0:
            street.at(second).silent(box).at(later).answers(box)
        elif act == 1:
            street.at(second).silent(device).at(later).answers(device)
        elif act == 2:
            street.at(second).mains_lost(box, per_minute=chance.uniform(0.1, 20)).at(later).mains_back(box)
        elif act == 3:
            street.at(second).door_opens(box).at(later).door_closes(box)
        elif act == 4:
            street.at(second).agent_lost(device).at(later).agent_back(device)
        elif act == 5:
            street.at(second).trap(device, **{f"port_up{{{n}}}": 0.0 for n in (1, 2)})
        else:
            street.at(second).loses_packets(chance.random(), device).at(later).loses_packets(0.0, device)
    for second in range(100, until, 100):
        street.at(second).does(lambda: _acknowledge_one(street, chance))


def _acknowledge_one(street: Street, chance: random.Random) -> None:
    codes = sorted(incident.code for incident in street.journal.open_incidents())
    if codes:
        street.core.acknowledge(street.clock.at, chance.choice(codes), "asif")


@pytest.mark.parametrize("seed", range(8))
def test_a_recorded_run_and_its_replay_say_the_same_byte_for_byte(seed: int, tmp_path: Path) -> None:
    street, recorder = recorded(tmp_path / "run", lambda recorder: Street(recorder=recorder))
    eventful(street, seed, 600)
    street.runs(600)
    street.core.stop(street.clock.at)
    recorder.close()
    again, warnings = replayed(tmp_path / "run")
    assert again == [line(event) for event in street.events]
    assert warnings == ()
    assert any('"sms"' in text for text in again)


def test_a_recording_of_a_run_that_was_reloaded_replays_with_the_files_it_was_reloaded_with(
    tmp_path: Path,
) -> None:
    street, recorder = recorded(tmp_path / "run", lambda recorder: Street(recorder=recorder))
    eventful(street, 1, 600)
    folder = tmp_path / "changed"
    folder.mkdir()
    text = shipped().configuration.files["inventory.yaml"]
    street.at(250).reloads(
        changed(folder, (text[text.index("  SDR-04:\n") : text.index("  # Gulshan-e")], ""))
    )
    street.at(400).reloads(changed(folder, rules=[("  hold: 20s\n", "  hold: 40s\n")]))
    street.runs(600)
    street.core.stop(street.clock.at)
    recorder.close()
    assert street.answers[0]
    assert replayed(tmp_path / "run")[0] == [line(event) for event in street.events]


@pytest.mark.parametrize("seed", range(4))
def test_a_recording_begins_with_the_state_the_run_began_with(seed: int, tmp_path: Path) -> None:
    """The second run of a city in trouble: its replay needs nothing of the first."""
    street = Street()
    eventful(street, seed, 600)
    street.at(300).watch_stops()
    street.runs(330)
    journal = street.journal
    header = Header(
        shipped().configuration.hash, street.clock.at, journal.state(), tuple(journal.open_incidents())
    )
    recorder = Recorder(tmp_path / "second", header)
    street._recorder, street.events = recorder, []
    assert header.incidents
    street.at(330).watch_starts()
    street.runs(600)
    street.core.stop(street.clock.at)
    recorder.close()
    assert replayed(tmp_path / "second")[0] == [line(event) for event in street.events]


def test_another_configuration_than_the_recorded_one_is_warned_of(tmp_path: Path) -> None:
    street, recorder = recorded(tmp_path / "run", lambda recorder: Street(recorder=recorder))
    street.runs(20)
    recorder.close()
    other = accept(changed(tmp_path, ("name: Sea View", "name: Sea")), 0)
    (warning,) = replayed(tmp_path / "run", other)[1]
    assert "differs" in warning
