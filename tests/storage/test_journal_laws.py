"""Laws of the journal, on random histories."""

from __future__ import annotations

import itertools
import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.alarm import Condition, Incident, Transition
from domain.record import Change
from storage.journal import open_journal, open_ledger, open_outbox, open_reader, open_store
from storage.journal.keep import mark_alive
from storage.journal.periods import alive_periods, gaps
from tests.storage.journal_facts import CONFIGURATION, incident, owed

KEYS = st.sampled_from(["device/a", "device/b", "box/c", "flap/d"])
JSON = st.dictionaries(
    st.text(max_size=5), st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8)
)


@st.composite
def changes(draw: st.DrawFn) -> Change:
    at = draw(st.integers(0, 10**13))
    closed = st.none() | st.just(at)
    return Change(
        at,
        draw(st.dictionaries(KEYS, st.none() | JSON, max_size=4)),
        tuple(
            Transition(at, target, condition, None, at, why=why)
            for target, condition, why in draw(
                st.lists(st.tuples(st.text(max_size=3), st.sampled_from(Condition), st.text()), max_size=2)
            )
        ),
        tuple(incident(n, at, closed_at=draw(closed)) for n in draw(st.lists(st.integers(0, 3), max_size=2))),
        tuple(owed(n) for n in draw(st.lists(st.integers(0, 5), max_size=2))),
    )


@settings(max_examples=40, deadline=None)
@given(history=st.lists(changes(), max_size=12), flushes=st.sets(st.integers(0, 11)))
def test_the_journal_equals_the_fold_of_its_changes(history: list[Change], flushes: set[int]) -> None:
    state: dict[str, object] = {}
    incidents: dict[str, Incident] = {}
    for change in history:
        for key, value in change.state.items():
            state.pop(key, None) if value is None else state.update({key: value})
        incidents.update({it.id: it for it in change.incidents})
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        with closing(open_journal(data_dir)) as journal:
            for n, change in enumerate(history):
                journal.commit(change)
                if n in flushes:
                    journal.flush()
        with closing(open_journal(data_dir)) as journal:  # as after a restart
            assert journal.state() == state
            assert {it.id: it for it in journal.open_incidents()} == {
                key: it for key, it in incidents.items() if it.closed_at is None
            }
        with closing(open_ledger(data_dir)) as ledger:
            wanted = sorted(
                (t for change in history for t in change.transitions),
                key=lambda t: (t.target.encode(), t.since),
            )
            assert list(ledger.transitions(0, 2**60)) == wanted
            latest = {t.target: t for t in wanted}
            assert {t.target: t for t in ledger.standing(2**60)} == latest
        with closing(open_outbox(data_dir)) as outbox:
            first_said = list(dict.fromkeys(it.id for change in history for it in change.owed))
            assert [it.id for it in outbox.undecided()] == first_said
        with closing(open_reader(data_dir)) as reader:
            for key in incidents:
                assert [it for _, it in reader.incident_history(key)] == [
                    it for change in history for it in change.incidents if it.id == key
                ]


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda it: tuple(sorted(it))))


@given(spans=SPANS, start=st.integers(-5, 65), length=st.integers(0, 70))
def test_alive_periods_are_the_union_and_gaps_are_the_rest(
    spans: list[tuple[int, int]], start: int, length: int
) -> None:
    end = start + length
    periods = alive_periods(spans, start, end)
    seconds = {s for first, last in periods for s in range(first, last)}
    assert seconds == {s for first, last in spans for s in range(first, last) if start <= s < end}
    assert all(a[1] < b[0] for a, b in itertools.pairwise(periods))
    rest = {s for first, last in gaps(periods, start, end) for s in range(first, last)}
    assert rest == set(range(start, end)) - seconds


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[int, int, bool]]:
    """(started, ended, orderly) of one process, in time order, apart from each other."""
    at, made = 0, []
    for _ in range(draw(st.integers(1, 4))):
        at += draw(st.integers(1, 60_000))
        ended = at + draw(st.integers(1, 100_000))
        made.append((at, ended, draw(st.booleans())))
        at = ended
    return made


@settings(max_examples=40, deadline=None)
@given(lives=lives())
def test_alive_periods_are_true_to_one_interval(lives: list[tuple[int, int, bool]]) -> None:
    interval = 10_000
    with tempfile.TemporaryDirectory() as folder:
        for started, ended, orderly in lives:
            with closing(open_journal(Path(folder))) as journal:
                journal.started(started, started, CONFIGURATION)
                for mark in range(started + interval, ended, interval):
                    journal.alive("watch", mark)
                if orderly:
                    journal.stopped(ended)
        with closing(open_ledger(Path(folder))) as ledger:
            found = ledger.alive(0, 10**9)
            runs = ledger.runs(0, 10**9)
            dead = ledger.dead(0, 10**9)
    assert [run.stopped_at for run in runs] == [ended if orderly else None for _, ended, orderly in lives]
    slack = sum(interval for _, _, orderly in lives if not orderly)
    truth = sum(ended - started for started, ended, _ in lives)
    told = sum(last - first for first, last in found)
    assert truth - slack <= told <= truth  # never more than there was
    assert told + sum(last - first for first, last in dead) == 10**9
    for first, last in found:
        assert any(started <= first and last <= lives[-1][1] for started, _, _ in lives)


def test_a_day_of_marks_is_one_row_and_a_gap_begins_another() -> None:
    with tempfile.TemporaryDirectory() as folder, closing(open_store(Path(folder))) as store:

        def marks(connection) -> None:  # type: ignore[no-untyped-def]
            for at in [*range(0, 86_400_000, 10_000), 86_410_000, 86_430_001, 86_420_000]:
                mark_alive(connection, "tell", at)

        store.write(marks)
        with store.read() as connection:
            rows = connection.exec_driver_sql("SELECT first_at, last_at FROM alive").all()
    # a gap of two intervals and a little, and time going back, each begin a span
    assert rows == [(0, 86_410_000), (86_430_001, 86_430_001), (86_420_000, 86_420_000)]
