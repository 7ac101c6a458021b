"""The journal as watch, tell and people use it together."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event, text

from domain.alarm import Condition, DeliveryStatus, Incident, Transition
from domain.errors import ConfigError, Permanent
from domain.record import Acknowledgement, Change, Configuration, Coverage
from storage.journal import (
    FILE,
    Journal,
    LedgerReader,
    Outbox,
    Reader,
    open_journal,
    open_ledger,
    open_outbox,
    open_reader,
    open_store,
    prune,
)
from tests.storage.journal_facts import CONFIGURATION, change, delivery, incident, mode, owed


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(open_journal(tmp_path)) as journal:
        journal.started(1_000, 1_000, CONFIGURATION)
        yield journal


@pytest.fixture
def outbox(journal: Journal, tmp_path: Path) -> Iterator[Outbox]:
    with closing(open_outbox(tmp_path)) as outbox:
        yield outbox


@pytest.fixture
def reader(journal: Journal, tmp_path: Path) -> Iterator[Reader]:
    journal.flush()
    with closing(open_reader(tmp_path)) as reader:
        yield reader


@pytest.fixture
def ledger(journal: Journal, tmp_path: Path) -> Iterator[LedgerReader]:
    journal.flush()
    with closing(open_ledger(tmp_path)) as ledger:
        yield ledger


def test_what_is_committed_reads_back_as_it_was(journal: Journal, reader: Reader, outbox: Outbox) -> None:
    told = change(1)
    journal.commit(told)
    assert journal.state() == told.state
    assert journal.open_incidents() == list(told.incidents)
    assert outbox.undecided() == list(told.owed)
    assert reader.decisions("box-1") == reader.decisions("o1") == list(told.decisions)
    assert reader.incident("k0001") == reader.incident("i1") == told.incidents[0]
    assert reader.state_counts() == {"device": 1}


def test_a_state_of_none_is_forgotten_also_within_one_group(journal: Journal) -> None:
    journal.commit(Change(1, {"a": {"n": 1}, "b": {"n": 2}}))
    journal.commit(Change(2, {"a": None}))
    journal.commit(Change(3, {"b": None, "c": {"n": 3}}))
    journal.commit(Change(4, {"b": {"n": 4}}))
    assert journal.state() == {"c": {"n": 3}, "b": {"n": 4}}


def test_every_change_of_an_incident_stays_readable(journal: Journal, reader: Reader) -> None:
    opened = incident(1)
    acknowledged = dataclasses.replace(opened, acknowledged_by="asif", acknowledged_at=3_000)
    closed = dataclasses.replace(acknowledged, closed_at=4_000, close_reason="recovered")
    for at, state in ((2_000, opened), (3_000, acknowledged), (4_000, closed)):
        journal.commit(Change(at, incidents=(state,)))
    journal.acknowledged(Acknowledgement(3_000, "i1", "K0001", "asif"))
    journal.flush()
    assert reader.incident_history("i1") == [(2_000, opened), (3_000, acknowledged), (4_000, closed)]
    assert reader.open_incidents() == []
    assert reader.incidents(0, 10_000) == [closed]
    assert reader.incidents(4_001, 10_000) == []
    assert [it.by for it in reader.acknowledgements("i1")] == ["asif"]


def test_the_file_is_for_its_owner_only_and_synced_to_the_metal(journal: Journal, tmp_path: Path) -> None:
    journal.commit(change(1))
    journal.flush()
    assert {mode(path) for path in tmp_path.glob("journal.sqlite*")} == {0o600}
    with closing(open_store(tmp_path)) as store, store.read() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_an_owed_event_is_decided_once(journal: Journal, outbox: Outbox, reader: Reader) -> None:
    journal.commit(change(1))
    journal.flush()
    outbox.decided(owed(1), [delivery(1)], [])
    outbox.decided(owed(1), [delivery(1), delivery(2, owed_id="o1")], change(1).decisions)
    assert outbox.undecided() == []
    assert reader.deliveries(owed="o1") == reader.deliveries(incident="i1") == [delivery(1)]
    assert len(reader.decisions("o1")) == 1  # the engine's own


def test_an_event_owed_twice_is_owed_once(journal: Journal, outbox: Outbox) -> None:
    journal.commit(Change(1, owed=(owed(1),)))
    journal.flush()
    outbox.decided(owed(1), [], [])
    journal.commit(Change(2, owed=(owed(1), owed(2))))
    journal.flush()
    assert outbox.undecided() == [owed(2)]


def test_due_hands_out_what_is_pending_or_was_left_in_sending(journal: Journal, outbox: Outbox) -> None:
    journal.commit(change(1))
    journal.flush()
    first, second, third = (delivery(n, at=2_000 + n, owed_id="o1") for n in (1, 2, 3))
    outbox.decided(owed(1), [third, first, second], [])
    left = dataclasses.replace(first, status=DeliveryStatus.SENDING, attempts=1)
    outbox.update(left)
    outbox.update(dataclasses.replace(second, status=DeliveryStatus.SENT, receipt="SM1"))
    assert outbox.due(2_002) == [left]
    assert outbox.due(2_003) == [left, third]


PATH = [DeliveryStatus.PENDING, DeliveryStatus.SENDING, DeliveryStatus.SENT]
ENDS = [status for status in DeliveryStatus if status not in PATH]


@pytest.mark.parametrize("held", DeliveryStatus)
@pytest.mark.parametrize("wanted", DeliveryStatus)
def test_a_delivery_only_moves_forward(
    tmp_path_factory: pytest.TempPathFactory, held: DeliveryStatus, wanted: DeliveryStatus
) -> None:
    with closing(_delivered_at(tmp_path_factory.mktemp("d"), held)) as store:
        outbox = Outbox(store)
        outbox.update(dataclasses.replace(delivery(1), status=wanted, attempts=2, receipt="SM9"), 9_000)
        found = Reader(store).delivery("d1")
        steps = Reader(store).attempts("d1")
    assert found is not None
    if held in PATH and (wanted in ENDS or PATH.index(wanted) >= PATH.index(held)):
        assert (found.status, found.receipt, steps[-1].at) == (wanted, "SM9", 9_000)
    else:
        assert found.status is held
        assert all(step.status is held for step in steps)


def _delivered_at(data_dir: Path, status: DeliveryStatus):  # type: ignore[no-untyped-def]
    store = open_store(data_dir)
    journal = Journal(open_store(data_dir))
    journal.commit(change(1))
    journal.close()
    outbox = Outbox(store)
    outbox.decided(owed(1), [dataclasses.replace(delivery(1), status=status)], [])
    return store


def test_a_failed_attempt_put_back_to_pending_waits_all_the_same(journal: Journal, outbox: Outbox) -> None:
    journal.commit(change(1))
    journal.flush()
    outbox.decided(owed(1), [delivery(1)], [])
    sending = dataclasses.replace(delivery(1), status=DeliveryStatus.SENDING, attempts=1)
    outbox.update(sending, 2_100)
    outbox.update(
        dataclasses.replace(sending, status=DeliveryStatus.PENDING, next_attempt_at=9_000, error="busy"),
        2_200,
    )
    assert outbox.due(8_999) == []
    assert [(it.status, it.error) for it in outbox.due(9_000)] == [(DeliveryStatus.SENDING, "busy")]


def test_an_update_never_changes_who_is_told_what(journal: Journal, outbox: Outbox, reader: Reader) -> None:
    journal.commit(change(1))
    journal.flush()
    outbox.decided(owed(1), [delivery(1)], [])
    outbox.update(
        dataclasses.replace(delivery(1), number="+1", text="other", status=DeliveryStatus.SENT, receipt="S")
    )
    assert reader.delivery("S") == dataclasses.replace(delivery(1), status=DeliveryStatus.SENT, receipt="S")
    outbox.update(delivery(7))  # unknown: nothing to move
    assert reader.delivery("d7") is None


def test_a_request_is_answered_once_and_never_handed_out_again(journal: Journal, reader: Reader) -> None:
    first, second = reader.ask("reload", {}, 5), reader.ask("acknowledge", {"code": "K1"}, 6)
    assert [(it.id, it.verb, dict(it.arguments)) for it in journal.requests()] == [
        (first, "reload", {}),
        (second, "acknowledge", {"code": "K1"}),
    ]
    journal.answer(first, True, "reloaded")
    assert [it.id for it in journal.requests()] == [second]  # though the answer may still be queued
    journal.answer(first, False, "again")
    journal.flush()
    answer = reader.answer_of(first)
    assert answer is not None
    assert (answer.ok, answer.answer) == (True, "reloaded")
    assert reader.answer_of(second) is None


def test_configurations_are_kept_with_files_and_diff_and_equal_files_once(
    journal: Journal, reader: Reader, tmp_path: Path
) -> None:
    second = Configuration("beef", 5_000, {**CONFIGURATION.files, "city.yaml": "r: 2\n"}, "-r: 1\n+r: 2")
    journal.accept(CONFIGURATION)  # holds already
    journal.accept(second)
    journal.accept(dataclasses.replace(CONFIGURATION, at=6_000, diff="-r: 2\n+r: 1"))  # and back again
    journal.flush()
    assert [(it.at, it.hash) for it in reader.acceptances()] == [
        (6_000, "c0ffee"),
        (5_000, "beef"),
        (1_000, "c0ffee"),
    ]
    assert reader.configuration("beef") == second
    assert reader.configuration() == dataclasses.replace(CONFIGURATION, at=6_000, diff="-r: 2\n+r: 1")
    with closing(open_store(tmp_path)) as store, store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM files")).scalar() == 3


def test_coverage_grows_and_never_shrinks(journal: Journal, ledger: LedgerReader) -> None:
    journal.cover([Coverage("cam-1", "box-1", 1_000, 5_000, "c0ffee")])
    journal.cover([Coverage("cam-1", "box-1", 1_000, 4_000, "c0ffee")])
    journal.cover([Coverage("cam-1", "box-2", 7_000, 8_000, "c0ffee")])
    journal.flush()
    assert ledger.coverage(0, 10_000) == [
        Coverage("cam-1", "box-1", 1_000, 5_000, "c0ffee"),
        Coverage("cam-1", "box-2", 7_000, 8_000, "c0ffee"),
    ]
    assert ledger.coverage(5_001, 7_000) == []


def _transition(target: str, since: int, at: int, condition: Condition = Condition.DOWN) -> Transition:
    return Transition(at, target, condition, None, since)


def test_the_ledger_reads_what_stood_before_and_what_was_known_when(
    journal: Journal, ledger: LedgerReader
) -> None:
    up, down = _transition("cam-1", 100, 150, Condition.UP), _transition("cam-1", 200, 250)
    revised = dataclasses.replace(down, at=900, why="later finding")
    other = _transition("cam-2", 300, 350)
    journal.commit(Change(1, transitions=(up, down, other)))
    journal.commit(Change(2, transitions=(revised,)))
    journal.flush()
    assert ledger.standing(100) == []
    assert ledger.standing(200) == [up]
    assert ledger.standing(1_000) == [revised, other]
    assert ledger.standing(1_000, known_at=899) == [down, other]
    assert list(ledger.transitions(200, 300)) == [down, revised]
    assert list(ledger.transitions(200, 301, target="cam-2")) == [other]
    assert list(ledger.transitions(0, 301, known_at=300)) == [up, down]
    assert ledger.revisions(800, 1_000, since_before=300) == [revised]


def test_a_pruned_journal_keeps_all_the_ledger_needs(
    journal: Journal, outbox: Outbox, reader: Reader, ledger: LedgerReader, tmp_path: Path
) -> None:
    day = 86_400_000
    journal.commit(change(1))
    journal.commit(change(2, 40 * day))
    asked = reader.ask("reload", {}, 1)
    waiting = reader.ask("reload", {}, 1)
    journal.answer(asked, True, "done")
    journal.flush()
    outbox.decided(owed(1), [delivery(1)], [])
    outbox.update(dataclasses.replace(delivery(1), status=DeliveryStatus.SENT), 2_000)
    with closing(open_store(tmp_path)) as store:
        assert prune(store, 40 * day, days=30) == 3
    assert reader.decisions("o1") == reader.attempts("d1") == []
    assert len(reader.decisions("o2")) == 1
    assert len(list(ledger.transitions(0, 41 * day))) == 2
    assert len(reader.open_incidents()) == len(reader.incident_history("i1")) + 1 == 2
    assert reader.delivery("d1") is not None
    assert [it.id for it in journal.requests()] == [waiting]
    assert reader.ask("reload", {}, 2) > waiting


def test_a_change_the_database_refuses_is_parked_and_the_others_are_kept(
    journal: Journal, reader: Reader
) -> None:
    wrong = dataclasses.replace(change(2), transitions=(_transition("cam-2", 2**70, 1),))
    for it in (change(1), wrong, change(3)):
        journal.commit(it)
    journal.cover([Coverage("cam-9", "box-9", 1, 2, "a configuration nobody accepted")])
    journal.flush()
    assert [it.id for it in reader.open_incidents()] == ["i1", "i3"]
    health = journal.health()
    assert (health.healthy, health.parked, health.queued) == (True, 2, 0)
    assert "FOREIGN KEY" in health.error
    assert reader.backlog() == (2, 0, 2)


def test_a_value_that_is_not_json_is_refused_where_it_is_handed_in(journal: Journal) -> None:
    with pytest.raises(TypeError, match="object cannot be kept"):
        journal.commit(Change(1, {"a": {"n": object()}}))
    assert journal.state() == {}


def test_reading_where_no_journal_is_says_so_and_makes_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no journal here, start `nigehban run`"):
        open_reader(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("not a database, but forty and more bytes of text\n" * 40)
    with pytest.raises(Permanent, match="damaged"):
        open_journal(tmp_path)
    assert (tmp_path / FILE).read_text().startswith("not a database")


def test_what_tell_polls_reads_an_index_and_not_the_years(tmp_path: Path) -> None:
    statements: list[str] = []
    with closing(open_store(tmp_path)) as store:
        event.listen(store.engine, "before_cursor_execute", lambda c, cur, sql, *rest: statements.append(sql))
        outbox = Outbox(store)
        outbox.undecided()
        outbox.due(1)
        outbox.last_alive("watch")
        queries = [sql for sql in statements if sql.startswith("SELECT")]
        with store.read() as connection:
            plans = [
                " ".join(
                    str(row)
                    for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (1,) * sql.count("?"))
                )
                for sql in queries
            ]
    assert len(plans) == 3
    for plan, index in zip(
        plans, ("ix_owed_undecided", "ix_deliveries_due", "ix_alive_process"), strict=True
    ):
        assert index in plan


def test_many_threads_may_commit_and_nothing_is_torn(journal: Journal) -> None:
    def commit(first: int) -> None:
        for n in range(first, first + 50):
            journal.commit(change(n))

    threads = [threading.Thread(target=commit, args=(k * 50,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(journal.open_incidents()) == len(journal.state()) == 200


def test_a_flag_comes_back_as_a_flag(journal: Journal) -> None:
    kept = incident(1, police=True, acknowledged_at=None)
    journal.commit(Change(1, incidents=(kept,)))
    (found,) = journal.open_incidents()
    assert isinstance(found, Incident)
    assert found.police is True
