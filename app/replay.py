"""Judges a recording again: no network, no store, no clock; the same events every time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from app.accepted import Accepted, city_of, plan_of, rules_of
from app.events import Event, Events
from app.record import Recording
from app.sequencer import Sequencer
from domain.input import Reload, Stop
from domain.record import Change, Configuration
from rules.engine import Engine

CHANNELS = ("terminal",)
"""The one road of a replay; which one it is does not change who is told what."""

AFTERMATH = 60_000
"""A file that breaks off without a `stop` is given so many milliseconds for what had begun."""


def replay(path: Path, accepted: Accepted, out: Callable[[Event], None]) -> tuple[str, ...]:
    """Feeds the file to a fresh engine, or to one in the header's starting state; `out` sees every
    event in order. Returns warnings. ConfigError names the line that cannot be read."""
    recording = Recording(path)
    header = recording.header
    warnings: list[str] = []
    if header and header.configuration != accepted.configuration.hash:
        warnings.append("the configuration differs from the one recorded: events may differ too")
    state = header.state if header else {}
    incidents = header.incidents if header else ()
    events = Events(accepted.plan(CHANNELS), incidents)
    last, stopped = 0, False

    def changed(change: Change) -> None:
        for event in events.of(change):
            out(event)

    def reload(at: int, files: Mapping[str, str]) -> Reload:
        if not files:
            return Reload(at, accepted.city, accepted.rules)
        events.plan = plan_of(Configuration("", at, files), CHANNELS)
        return Reload(at, city_of(files), rules_of(files))

    try:
        engine = Engine(accepted.city, accepted.rules, state, incidents)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise recording.bad_header(error) from None
    sequencer = Sequencer(engine, changed)
    unknown: set[str] = set()
    known = accepted.city.devices.keys() | accepted.city.references.keys()
    for given in recording.inputs(reload):
        sequencer.feed(given)
        last, stopped = given.at, isinstance(given, Stop)
        device = getattr(given, "device", None)
        if device is not None and device not in known:
            unknown.add(device)
    if not stopped:
        sequencer.wake_until(last + AFTERMATH)
    if unknown:
        some = ", ".join(sorted(unknown)[:5])
        warnings.append(f"{len(unknown)} devices of the file are not in the inventory: {some}")
    return tuple(warnings)
