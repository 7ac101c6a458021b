"""Kills `watch`, `tell` or both at random moments: `python -m tests.app.killing DIR VICTIM KILLS SEED`.

The stream is a night of the shipped city, asked and answered on a hand-moved clock, then run at
SPEED times its own time: a watcher that begins anew takes it up at the present moment, and what
was read while nobody watched is lost, as in life. Both are forks of this process, so that a life
costs no imports. Prints the number of kills as JSON when all is over.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path

from alerting.channels.terminal import TerminalChannel
from alerting.outbox import Outbox
from app.accepted import Accepted, plan_of
from app.core import Core
from domain.errors import NigehbanError
from domain.reading import Reading
from storage.journal import open_journal, open_outbox, open_reader
from storage.lock import lock_watch
from tests.app.street import BEGIN, Street, changed
from tests.fakes import FakeSink

SPEED = 90  # seconds of the night in one of ours
LIFE_S = (0.05, 0.6)  # how long a process lives, of our seconds
PAUSE_S = 0.003
QUIET_S = 420  # of the night, at its end: nobody is killed any more
HEALING = 180  # into the quiet: by then the watcher has lived long enough to know of everything


def night(folder: Path, kills: int) -> tuple[Street, float]:
    """Everything begins within its first third; what heals does so in the quiet at the end. The
    police's hold is four minutes, so that it runs out while processes are still being killed."""
    length = kills * (sum(LIFE_S) / 2 + 0.02) * SPEED
    street = Street(changed(folder, rules=[("police_hold: 10m", "police_hold: 4m")]))
    quiet = length + HEALING
    street.at(10).mains_lost("SDR-01", "SDR-02", "SDR-03", "SDR-04").at(quiet).mains_back(
        "SDR-01", "SDR-02", "SDR-03", "SDR-04"
    )
    street.at(0.10 * length).silent("GLS-01-cam2").at(quiet + 5).answers("GLS-01-cam2")
    street.at(0.15 * length).door_opens("CLF-01").at(0.9 * length).door_closes("CLF-01")
    street.at(0.20 * length).silent("CLF-02")
    street.at(0.25 * length).agent_lost("CLF-03-switch").at(quiet + 10).agent_back("CLF-03-switch")
    street.at(0.30 * length).silent("GLS-03", "GLS-04").at(quiet + 20).answers("GLS-03", "GLS-04")
    street.at(0.33 * length).loses_packets(0.5, "GLS-02-cam1")
    street.at(0.33 * length).mains_lost("CLF-04", charge=25)
    return street, length


EXPECTED = {
    # (box, concern): whether it has healed by the end
    **{(box, "power"): True for box in ("SDR-01", "SDR-02", "SDR-03", "SDR-04")},
    ("GLS-01", "outage"): True,
    ("CLF-01", "tamper"): True,
    ("CLF-02", "outage"): False,
    ("CLF-03", "agent"): True,
    ("GLS-03", "outage"): True,
    ("GLS-04", "outage"): True,  # the shadow of GLS-03
    ("GLS-02", "degraded"): False,
    ("CLF-04", "power"): False,
    ("CLF-04", "battery"): False,
}


class Night:
    def __init__(self, data: Path, accepted: Accepted, stream: list[Reading], end: float) -> None:
        self.data, self.accepted, self.stream = data, accepted, stream
        self._moments = [reading.at for reading in stream]
        self.end = BEGIN + int(end * 1000)
        self._began = time.monotonic()

    def now(self) -> int:
        return BEGIN + int((time.monotonic() - self._began) * SPEED * 1000)

    def watch(self) -> None:
        lock = lock_watch(self.data)
        journal = open_journal(self.data)
        core = Core(self.accepted, journal, FakeSink())
        now = self.now()
        core.start(now, now)
        upto = bisect_left(self._moments, now)
        while now < self.end:
            now = self.now()
            after = bisect_left(self._moments, now)
            for reading in self.stream[upto:after]:
                core.take([reading])
            upto = after
            core.wake(now)
            time.sleep(PAUSE_S)
        core.stop(now)
        journal.close()
        lock.release()

    def tell(self) -> None:
        """Until it is killed, or the night is over and nothing is left to say."""
        journal, reader = open_outbox(self.data), open_reader(self.data)
        while (configuration := reader.configuration()) is None:
            time.sleep(PAUSE_S)
        channel = TerminalChannel(self.data / "sms.log")
        outbox = Outbox(journal, {"terminal": channel}, plan_of(configuration, ("terminal",)))
        while self.now() < self.end + 60_000 or outbox.in_flight or any(reader.backlog()):
            outbox.tick(self.now())
            time.sleep(PAUSE_S)
        outbox.close()


def fork(course: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        course()
        code = 0
    except NigehbanError as error:
        sys.stderr.write(f"{error}\n")
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def main(data: Path, victim: str, kills: int, seed: int) -> None:
    files = data / "files"
    files.mkdir()
    street, length = night(files, kills)
    stream: list[Reading] = street.sink.kept
    street.runs(length + QUIET_S)
    chance = random.Random(seed)
    opened = open_outbox(data)  # made and migrated before two processes come to it
    opened._store.close()
    here = Night(data, street.accepted, stream, length + QUIET_S)
    courses = {"watch": here.watch, "tell": here.tell}
    alive = {name: fork(course) for name, course in courses.items()}
    victims = tuple(courses) if victim == "both" else (victim,)
    done = 0
    for _ in range(kills):
        time.sleep(chance.uniform(*LIFE_S))
        for name in victims:
            os.kill(alive[name], signal.SIGKILL)
        for name in victims:
            _, status = os.waitpid(alive[name], 0)
            if os.WIFSIGNALED(status):
                done += 1
            elif os.WEXITSTATUS(status):
                sys.exit(f"{name} ended by itself")
        if chance.random() < 0.3:
            time.sleep(chance.uniform(0, 0.05))  # a few seconds of the night unwatched
        for name in victims:
            alive[name] = fork(courses[name])
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in alive.values()]
    sys.stdout.write(json.dumps({"kills": done // len(victims), "codes": codes}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
