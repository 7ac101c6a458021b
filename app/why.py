"""`nigehban why TARGET`: the chain of evidence, verdicts, messages and silences, in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from app.accepted import city_of
from app.clock import SystemClock
from domain.alarm import Delivery, Incident
from domain.errors import ConfigError, Problem
from domain.place import City
from storage.embedded_query import EmbeddedHistory
from storage.journal import LedgerReader, Reader, open_ledger, open_reader

BACK_MS = 7 * 86_400_000
LATEST = 12
MANY = 500  # messages about one incident, events of one box: the latest


def chain(data: Path, target: str) -> Iterator[str]:
    """Lines of explanation, oldest first; ConfigError when the target is not known."""
    with closing(open_reader(data)) as reader, closing(open_ledger(data)) as ledger:
        configuration = reader.configuration()
        city = city_of(configuration.files) if configuration else None
        named = reader.incident(target)
        zone = ZoneInfo(city.timezone if city else "Asia/Karachi")
        if named is None and not _known(city, target):
            remedy = "name a box, a device, or the code of an incident (`nigehban status` lists them)"
            raise ConfigError([Problem("why", 1, f"nothing is known by the name {target!r}", remedy)])
        told = _Chain(reader, ledger, zone)
        if named is not None:
            yield from told.incident(named)
            return
        assert city is not None
        yield from told.target(city, target, data)


def _known(city: City | None, target: str) -> bool:
    return city is not None and (target in city.boxes or target in city.devices or target == "monitor")


class _Chain:
    def __init__(self, reader: Reader, ledger: LedgerReader, zone: ZoneInfo) -> None:
        self._reader = reader
        self._ledger = ledger
        self._zone = zone

    def at(self, moment: int) -> str:
        return datetime.fromtimestamp(moment / 1000, self._zone).strftime("%Y-%m-%d %H:%M:%S")

    def target(self, city: City, target: str, data: Path) -> Iterator[str]:
        now = SystemClock().now()
        if target in city.devices:
            device = city.devices[target]
            yield f"{target}: {device.kind} in box {device.box}, at {device.address}"
            yield from self._series(target, data)
            box = device.box
        else:
            box = target
            yield f"{target}: {city.boxes[target].name}" if target in city.boxes else target
        yield from self._transitions(target, now)
        incidents = [
            incident
            for incident in self._reader.incidents(now - BACK_MS, now + 1, box)
            if target == box or target in incident.devices
        ]
        if not incidents:
            yield "no incident of the last seven days concerns it"
        for incident in incidents[-LATEST:]:
            yield ""
            yield from self.incident(incident)

    def _series(self, device: str, data: Path) -> Iterator[str]:
        directory = data / "series"
        if not directory.is_dir():
            return
        latest = EmbeddedHistory(directory).latest(device)
        for (metric, label), point in sorted(latest.items())[:LATEST]:
            name = f"{metric}{{{label}}}" if label else metric
            yield f"  last read {self.at(point.at)}  {name} = {point.value:g}"

    def _transitions(self, target: str, now: int) -> Iterator[str]:
        found = [
            t for t in self._ledger.transitions(now - BACK_MS, now + 1, target=target) if t.target == target
        ]
        for transition in found[-LATEST:]:
            cause = f" ({transition.cause})" if transition.cause else ""
            words = f": {transition.why}" if transition.why else ""
            yield (
                f"  decided {self.at(transition.at)}  {transition.condition}{cause} "
                f"since {self.at(transition.since)}{words}"
            )

    def incident(self, incident: Incident) -> Iterator[str]:
        head = f"{incident.code}  {incident.target} {incident.concern}: {_words(incident.cause)}"
        yield f"{head}, {incident.confidence}, since {self.at(incident.since)}"
        before = None
        for at, then in self._reader.incident_history(incident.id):
            change = self._change(before, then)
            if change:
                yield f"  {self.at(at)}  {change}"
            for evidence in then.evidence if before is None or then.evidence != before.evidence else ():
                yield f"    because {evidence}"
            before = then
        for decision in self._reader.decisions(incident.id):
            yield f"  {self.at(decision.at)}  silent: {decision.reason} {decision.detail}".rstrip()
        deliveries = self._reader.deliveries(incident=incident.id, limit=MANY)
        for delivery in sorted(deliveries, key=lambda d: (d.at, d.id)):
            yield from self._delivery(delivery)
        for event in reversed(self._reader.events(limit=MANY, box=incident.target)):
            if incident.id not in event.incidents:
                continue
            for decision in self._reader.decisions(event.id):
                if not decision.told:
                    yield f"  {self.at(decision.at)}  not told: {decision.reason}: {decision.detail}"

    def _change(self, before: Incident | None, now: Incident) -> str:
        if before is None:
            return (
                f"opened: {_words(now.cause)}, {now.confidence}; devices {', '.join(now.devices) or 'none'}"
            )
        if now.closed_at is not None:
            return f"closed: {now.close_reason}"
        if now.acknowledged_by and not before.acknowledged_by:
            return f"acknowledged by {now.acknowledged_by}"
        changes = []
        if now.cause is not before.cause:
            changes.append(f"now {_words(now.cause)}")
        if now.police and not before.police:
            changes.append("the police may be told")
        if now.devices != before.devices:
            changes.append(f"devices {', '.join(now.devices)}")
        return "; ".join(changes) or f"{now.confidence}"

    def _delivery(self, delivery: Delivery) -> Iterator[str]:
        yield (
            f"  {self.at(delivery.at)}  told {delivery.contact} by {delivery.channel} "
            f"({delivery.reason}), {delivery.status}: {delivery.text}"
        )
        if delivery.error:
            yield f"    {delivery.attempts} attempts, last error: {delivery.error}"


def _words(cause: object) -> str:
    return str(cause).replace("_", " ")
