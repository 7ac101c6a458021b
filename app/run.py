"""`nigehban run`: starts watch, tell and dead-man, keeps them running, and shows what happens.

Each is a process of its own; they meet in the journal. One that dies is started again, at once the
first time and ever more slowly if it keeps dying, and the others go on meanwhile.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

from app import jobs
from app.accepted import Accepted, Sources, accept
from app.child import Child
from app.clock import SystemClock
from app.folder import beside, data_folder
from app.screen import Messages, Screen
from app.settings import load as load_settings
from app.simulate import open_street
from app.watch import require_secrets
from collector.icmp.sweeper import Sweeper
from simulator import scenario
from storage.journal import open_reader, open_store
from storage.lock import lock_watch

log = logging.getLogger("nigehban.run")

REFRESH_S = 0.5
SIM_SECRETS = ("NIGEHBAN_SIM_COMMUNITY", "NIGEHBAN_SIM_AUTH_KEY", "NIGEHBAN_SIM_PRIV_KEY")


@dataclass(frozen=True, slots=True)
class Run:
    sources: Sources
    settings_file: Path | None
    data: Path
    record: Path | None = None
    simulate: bool = False
    scenario: Path | None = None
    seconds: float | None = None  # stop by itself after so long; None: on Ctrl-C
    env: dict[str, str] = field(default_factory=dict)


def main(run: Run) -> None:
    """Returns when stopped by Ctrl-C or SIGTERM. ConfigError before anything is started."""
    clock = SystemClock()
    if run.simulate:
        for name in SIM_SECRETS:  # made anew for each play; the simulator and watch share them
            os.environ.setdefault(name, secrets.token_hex(16))
    accepted = accept(run.sources, clock.now())
    require_secrets(accepted.city, run.sources.inventory)
    if run.scenario is not None:
        scenario.load(run.scenario, accepted.city)
    if run.record is not None:
        beside(run.record)
    data_folder(run.data)
    open_store(run.data).close()  # makes or migrates the journal once, before three processes open it
    load_settings(run.settings_file).channels(run.data)  # a secret that is missing is said now
    lock_watch(run.data).release()  # another run is refused here, in words, and not child by child
    if not run.simulate:
        Sweeper().close()  # NotPermitted says what to grant
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    notes = []
    street = None
    if run.simulate:
        street, note = open_street(run, clock)
        notes.append(note)
    children = _children(run, street.prober if street else None)
    signal.signal(signal.SIGHUP, lambda *_: _pass_on(children))
    try:
        _supervise(run, accepted, children, notes, stopping, clock)
    finally:
        for child in children:
            child.stop()
        for child in children:
            child.wait()
        if street is not None:
            street.child.stop()
            street.child.wait()


def _pass_on(children: Sequence[Child]) -> None:
    watch = children[0].process
    if watch is not None:
        watch.send_signal(signal.SIGHUP)


def _children(run: Run, prober: Path | None) -> list[Child]:
    common = ["--data", str(run.data)]
    if run.settings_file is not None:
        common += ["--settings", str(run.settings_file)]
    watch = ["watch", *source_arguments(run.sources), *common]
    if run.record is not None:
        watch += ["--record", str(run.record)]
    if prober is not None:
        watch += ["--simulator", str(prober)]
    lines = {"watch": watch, "tell": ["tell", *common], "deadman": ["deadman", *common]}
    return [Child(name, arguments, run.env, run.data / f"{name}.log") for name, arguments in lines.items()]


def source_arguments(sources: Sources) -> list[str]:
    found = ["--inventory", str(sources.inventory), "--rules", str(sources.rules)]
    if sources.windows is not None:
        found += ["--windows", str(sources.windows)]
    if sources.contract is not None:
        found += ["--contract", str(sources.contract)]
    found += ["--texts", str(sources.texts), "--roster", str(sources.roster)]
    return found + (["--profiles", str(sources.profiles)] if sources.profiles else [])


def _supervise(
    run: Run,
    accepted: Accepted,
    children: Sequence[Child],
    notes: Sequence[str],
    stopping: threading.Event,
    clock: SystemClock,
) -> None:
    zone = ZoneInfo(accepted.city.timezone)
    messages = Messages(run.data / "sms.log")
    reader = open_reader(run.data)
    ends = None if run.seconds is None else clock.now() + int(run.seconds * 1000)
    calendar = jobs.start(
        jobs.jobs(run.data, run.settings_file), accepted.city.timezone, run.data / "jobs.log"
    )
    hint = "Ctrl-C stops; started again, it remembers what is open."
    with Screen(reader, messages, zone, f"Nigehban - {accepted.city.name}", [*notes, hint]) as screen:
        while not stopping.is_set() and (ends is None or clock.now() < ends):
            for child in children:
                screen.say(child.tend(clock.now()))
            screen.refresh()
            stopping.wait(REFRESH_S)
        screen.refresh()
    calendar.shutdown(wait=False)
    reader.close()
