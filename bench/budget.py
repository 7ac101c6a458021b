"""Where the microseconds of a device go: each stage of the whole path alone, in CPU of this process.

python -m bench.budget '{"devices": 10000, "runs": 5, "port": 16161}'
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from app.sequencer import Sequencer
from bench import city, peers
from bench.table import middle
from collector.device.discover import discover
from collector.device.plan import Plan
from collector.round import Course, Round
from collector.schedule import Schedule
from collector.snmp.agent import AgentSession
from collector.snmp.exchange import Exchange
from collector.snmp.session import Credentials, Varbind
from collector.snmp.udp import Address
from domain.input import Start
from domain.reading import Outcome, Probe
from rules.engine import Engine
from storage.embedded import EmbeddedStore
from storage.line_protocol import LineEncoder
from storage.schema import places
from storage.spool import Spool

Answers = dict[str, Sequence[Varbind]]


async def polled(plan: Plan, addresses: dict[str, Address], runs: int) -> tuple[list[float], Answers]:
    """Asks every device once a run, doing nothing with the answers but keeping them."""
    exchange = Exchange()
    credentials = city.credentials(next(iter(city.city(1, 60).devices.values())))
    assert credentials is not None
    answers: Answers = {}
    done = asyncio.Event()

    def ended(name: str) -> Callable[[Outcome, Sequence[Varbind], Course], None]:
        def told(_: Outcome, varbinds: Sequence[Varbind], __: Course) -> None:
            answers[name] = varbinds
            if len(answers) == len(addresses):
                done.set()

        return told

    rounds = {
        name: Round(AgentSession(exchange, address, credentials), plan, ended(name))
        for name, address in addresses.items()
    }
    costs = []
    gc.collect()
    gc.freeze()
    for _ in range(runs + 1):
        answers.clear()
        done.clear()
        used = peers.cpu()
        for round_ in rounds.values():
            round_.begin(False)
        await asyncio.wait_for(done.wait(), 30)
        costs.append(peers.cpu() - used)
    exchange.close()
    return costs[1:], answers


async def main(given: dict[str, Any]) -> dict[str, float]:
    count, runs, port = given["devices"], given.get("runs", 5), given["port"]
    place = city.city(count, 60, port=port)
    accepted = city.accepted(place)
    exchange = Exchange()
    first = next(iter(place.devices.values()))
    session = AgentSession(exchange, (first.address, port), Credentials("2c", city.COMMUNITY))
    plan = await discover(session, first, accepted.profiles)
    exchange.close()
    addresses: dict[str, Address] = {device.id: (device.address, port) for device in place.devices.values()}
    costs: dict[str, list[float]] = {}
    costs["poll"], answers = await polled(plan, addresses, runs)

    schedule = Schedule()
    for name in addresses:
        schedule.add(name, Probe.SNMP, 60_000, 0)
    encoder = LineEncoder(places(place))
    sequencer = Sequencer(Engine(place, accepted.rules), lambda _: None)
    sequencer.feed(Start(1))
    with tempfile.TemporaryDirectory() as folder:
        stages = Stages(plan, schedule, sequencer, encoder, Path(folder))
        for number in range(runs + 1):
            for stage, cost in stages.once(60_000 * (number + 2), answers):
                costs.setdefault(stage, []).append(cost)
        stages.close()
    return {stage: middle(of[-runs:]) * 1e6 / count for stage, of in costs.items()}


class Stages:
    """What comes after the packets, one stage after another over the whole city."""

    def __init__(
        self, plan: Plan, schedule: Schedule, sequencer: Sequencer, encoder: LineEncoder, folder: Path
    ) -> None:
        self.plan, self.schedule, self.sequencer, self.encoder = plan, schedule, sequencer, encoder
        self.spool = Spool(folder / "spool")
        self.store = EmbeddedStore(folder / "series")

    def once(self, now: int, answers: Answers) -> Iterator[tuple[str, float]]:
        used = peers.cpu()

        def spent(stage: str) -> tuple[str, float]:
            nonlocal used
            before, used = used, peers.cpu()
            return stage, used - before

        for _ in self.schedule.due(now):
            pass
        yield spent("schedule")
        decode = self.plan.decode
        readings = [decode(rows, name, now, False) for name, rows in answers.items()]
        yield spent("decode")
        for reading in readings:
            self.sequencer.feed(reading)
        yield spent("rules")
        parts = [readings[start : start + 256] for start in range(0, len(readings), 256)]
        lines = [self.encoder.encode(part) for part in parts]
        yield spent("encode")
        for octets, number in lines:
            self.spool.put(octets, number, now)
        yield spent("store: spool")
        self.store.write(readings)
        self.store.flush()
        yield spent("store: embedded")

    def close(self) -> None:
        self.store.close()
        self.spool.close()


if __name__ == "__main__":
    if peers.cores_apart():
        os.sched_setaffinity(0, peers.OURS)
    print(json.dumps(asyncio.run(main(json.loads(sys.argv[1])))))
