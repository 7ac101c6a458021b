"""What a report is computed from, read out of the journal as plain data."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import inventory.load
from config.located import parse, read
from domain.alarm import Condition
from domain.errors import ConfigError, Problem
from domain.human import Note, NoteKind
from domain.place import City, Kind
from domain.record import Configuration
from reports import closing, contract, windows
from reports import period as periods
from reports.adjustment import Adjustment, MoneyAdjustment
from reports.assemble import build
from reports.closing import Document
from reports.contract import Contract
from reports.facts import Dated
from reports.given import BatteryReading, Given, Planned, Progress, Scope, silent
from reports.period import Period
from storage.journal import LedgerReader, Reader, open_ledger, open_reader

LEDGER = "ledger"
"""The folder of closed months in the data directory."""

_EVER = 2**62
_SLACK_MS = 3_600_000
"""Coverage is written every few minutes: a row that ends a little before the period may reach into it."""
_EARLIER = 12
_TELLING = (NoteKind.CONFIRM, NoteKind.FALSE_ALARM, NoteKind.DISPUTE, NoteKind.SETTLE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for. Texts given here take the place of what the journal holds."""

    data: Path
    period: str
    scope: Scope = field(default_factory=Scope)
    contracts: Path | None = None
    windows: Path | None = None
    known_at: int | None = None


class Books:
    """The open journal of one data directory, with cities parsed once."""

    def __init__(self, data: Path, progress: Progress = silent) -> None:
        self.folder = data / LEDGER
        self.reader: Reader = open_reader(data)
        self.ledger: LedgerReader = open_ledger(data)
        self.progress = progress
        self.closed: list[Document] = closing.load(self.folder)
        self.unread: list[str] = []
        self._cities: dict[str, City] = {}
        found = reversed(self.reader.acceptances(limit=1_000_000))
        self.accepted = sorted(((it.at, it.hash) for it in found), key=lambda pair: pair[0])

    def close(self) -> None:
        self.reader.close()
        self.ledger.close()

    def __enter__(self) -> Books:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- configurations ---------------------------------------------------------------------------

    def city(self) -> City:
        """The one that holds now; ConfigError where nothing was ever accepted."""
        for at, hash_ in reversed(self.accepted):
            found = self._city(at, self._configuration(hash_))
            if found is not None:
                return found
        where = str(self.folder.parent)
        problem = Problem(where, 1, "its journal holds no configuration", "start `nigehban run` there first")
        raise ConfigError([problem])

    def holding(self, period: Period) -> list[tuple[int, Configuration]]:
        """Configurations that held at any time of the period, by time."""
        before = [it for it in self.accepted if it[0] <= period.start][-1:]
        within = [it for it in self.accepted if period.start < it[0] < period.end]
        return [(at, self._configuration(hash_)) for at, hash_ in (*before, *within)]

    def _earlier(self, since: int, period: Period) -> list[tuple[int, Configuration]]:
        """Configurations that held since the oldest trouble still standing began: a device that was
        retired with it and came back begins anew."""
        before = [it for it in self.accepted if it[0] <= period.start][:-1]
        within = [it for it in before if it[0] >= since]
        first = [it for it in before if it[0] < since][-1:]
        found = [*first, *within] if within else []
        if len(found) > _EARLIER:
            many = f"of {len(found)} configurations since the oldest standing trouble"
            self.unread.append(f"{many} the last {_EARLIER} were read")
        return [(at, self._configuration(hash_)) for at, hash_ in found[-_EARLIER:]]

    def _configuration(self, hash_: str) -> Configuration:
        found = self.reader.configuration(hash_)
        assert found is not None, "an acceptance names its configuration"
        return found

    def _city(self, at: int, configuration: Configuration) -> City | None:
        text = configuration.files.get("inventory.yaml", "")
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        if key not in self._cities:
            self.progress(f"reading the inventory accepted as {configuration.hash[:12]}")
            try:
                self._cities[key] = inventory.load.loads(text, f"inventory of {configuration.hash[:12]}").city
            except ConfigError as error:
                said = f"the configuration accepted at {at} cannot be read by this version and is left out"
                self.unread.append(f"{said}: {error.problems[0]}")
                return None
        return self._cities[key]

    # -- everything a period needs ----------------------------------------------------------------

    def given(
        self,
        period: Period,
        scope: Scope,
        contracts: Sequence[Contract],
        planned: Sequence[Planned] | None,
        known_at: int | None = None,
    ) -> Given:
        """`planned` None: the windows of the journal's own configurations, each while it held."""
        self.unread = []
        held = self.holding(period)
        start, end = period.start, period.end
        until = _EVER if known_at is None else known_at + 1
        standing = self.ledger.standing(start, known_at=known_at)
        troubled = [it.since for it in standing if it.condition is not Condition.UP]
        earlier = self._earlier(min(troubled, default=start), period)
        dated = [Dated(at, city) for at, it in (*earlier, *held) if (city := self._city(at, it)) is not None]
        since = {it.target: it.since for it in standing}
        late = [
            it
            for it in self.ledger.revisions(start, until, start)
            if it.since >= since.get(it.target, 0) or it.condition is not Condition.DOWN
        ]
        # runs are asked for from the beginning: one that began long ago may still be going on
        starts = [run.started_at for run in self.ledger.runs(0, end)]
        return Given(
            period=period,
            dated=dated,
            transitions=self.ledger.transitions(start, end, known_at=known_at),
            standing=standing,
            late=late,
            monitor=list(self.ledger.transitions(start, end, target="monitor", known_at=known_at)),
            coverage=self.ledger.coverage(start - _SLACK_MS, end),
            alive=self.ledger.alive(start, end),
            starts=starts,
            accepted=[at for at, _ in self.accepted],
            clock_steps=len(self.ledger.clock_steps(start, end)),
            windows=_windows(held) if planned is None else planned,
            notes=self.reader.notes(known_at=known_at),
            incidents=self.reader.incidents(start, end),
            contracts=contracts,
            batteries=self._batteries(dated),
            scope=scope,
            before=self._before(period),
            known_at=known_at,
            remarks=[*self.unread, *self._unfinished(period)],
        )

    def _unfinished(self, period: Period) -> list[str]:
        latest = self.ledger.latest()
        if latest is None or latest >= period.end:
            return []
        return [f"the journal ends at {period.iso(latest // 1000)}: what comes after is unknown"]

    def _batteries(self, dated: Sequence[Dated]) -> list[BatteryReading]:
        """The discharge rates the engine has learned, by box."""
        found = []
        for device in dated[-1].city.devices.values() if dated else ():
            if device.kind is Kind.UPS:
                state = self.reader.engine_state(f"device/{device.id}")
                if state and state.get("habit"):
                    found.append(BatteryReading(device.box, float(state["habit"])))
        return found

    def _before(self, period: Period) -> Document | None:
        earlier = [it for it in self.closed if it["month"] < period.label[:7]]
        return earlier[-1] if earlier else None

    # -- closed months ----------------------------------------------------------------------------

    def closed_as(self, label: str) -> Document | None:
        return next((it for it in self.closed if it["month"] == label), None)

    def adjustments(self, period: Period, known_at: int | None) -> list[Adjustment | MoneyAdjustment]:
        """What became known of closed months since the last closing: due in the month after it."""
        if not self.closed or periods.following(self.closed[-1]["month"], period.zone).label != period.label:
            return []
        settled_at = max(it["closed_at"] for it in self.closed)
        notes = self.reader.notes(known_at=known_at)
        told = any(it.at > settled_at and it.kind in _TELLING for it in notes)
        found: list[Adjustment | MoneyAdjustment] = []
        for n, month in enumerate(self.closed):
            its = periods.parse(month["month"], period.zone)
            until = _EVER if known_at is None else known_at + 1
            if told or self.ledger.revisions(settled_at + 1, until, its.end):
                self.progress(f"looking for later findings about {its.label}")
                found += self._adjusted(month, self.closed[n + 1 :], its, notes, known_at)
        return found

    def _adjusted(
        self,
        month: Document,
        later: Sequence[Document],
        its: Period,
        notes: Sequence[Note],
        known_at: int | None,
    ) -> list[Adjustment | MoneyAdjustment]:
        text, planned = month["contract_text"], month["windows_text"]
        agreed = contract.loads(text) if text else ()
        work = [Planned(0, windows.loads(planned))] if planned else None
        now = build(self.given(its, Scope(), agreed, work, known_at))
        return closing.adjust(month, later, now, notes)


def _windows(held: Sequence[tuple[int, Configuration]]) -> list[Planned]:
    """Windows of journalled configurations; without a file there were none."""
    return [Planned(at, windows.loads(it.files.get("windows.yaml", "{}"))) for at, it in held]


def contract_text(path: Path | None, held: Sequence[tuple[int, Configuration]]) -> str:
    """Of the file given, else of the configuration that held last; empty where there is none."""
    if path is not None:
        return read(path).text
    return held[-1][1].files.get("contract.yaml", "") if held else ""


def agreed(text: str, path: Path | None, city: City) -> tuple[Contract, ...]:
    """Contracts checked against the city; ConfigError with lines."""
    return contract.make(parse(text, str(path or "contract.yaml")), city) if text.strip() else ()


def given(wanted: Wanted, progress: Progress = silent) -> tuple[Given, str, str, Books]:
    """Everything for the report asked for, its contract and windows texts, and the open books, which
    the caller closes once the report is built (transitions are read while it is)."""
    books = Books(wanted.data, progress)
    try:
        city = books.city()
        period = periods.parse(wanted.period, ZoneInfo(city.timezone))
        document = books.closed_as(period.label)
        known_at = wanted.known_at
        if known_at is None and document is not None:
            known_at = document["closed_at"]
        text = contract_text(wanted.contracts, books.holding(period))
        planned_text = read(wanted.windows).text if wanted.windows is not None else ""
        if document is not None and wanted.contracts is None:
            text = document["contract_text"]
        if document is not None and wanted.windows is None:
            planned_text = document["windows_text"]
        contracts = agreed(text, wanted.contracts, city)
        planned = None
        if planned_text:
            made = windows.make(parse(planned_text, str(wanted.windows or "windows.yaml")), city)
            planned = [Planned(0, made)]
        progress("reading the journal")
        found = books.given(period, wanted.scope, contracts, planned, known_at)
        adjustments = (
            closing.adjustments_of(document) if document else books.adjustments(period, wanted.known_at)
        )
        return replace(found, adjustments=adjustments), text, planned_text, books
    except BaseException:
        books.close()
        raise
