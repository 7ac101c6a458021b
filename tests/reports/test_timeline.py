"""Transitions to stretches: order of decision, revisions, and what began earlier than was known."""

from __future__ import annotations

from dataclasses import replace

from domain.alarm import Cause, Condition, Transition
from domain.record import Coverage
from reports.timeline import Revised, fold
from reports.watch import unseen, watched
from tests.reports.makers import OCTOBER, at, degraded, down, up

MINUTE = 60_000


def shape(standing: Transition | None, *found: Transition) -> list[tuple[str, Cause | None, int]]:
    its = sorted(found, key=lambda it: it.at)
    return [(it.condition.value, it.cause, it.since) for it in fold(standing, its)]


def test_a_later_word_on_the_same_beginning_revises_the_cause() -> None:
    first = down("c", 1_000)
    assert shape(None, first, replace(first, at=99_000, cause=Cause.UPLINK_DOWN)) == [
        ("down", Cause.UPLINK_DOWN, 1_000)
    ]


def test_both_versions_of_a_late_finding_stay() -> None:
    first = down("c", at(3))
    found: list[Revised] = []
    fold(
        None,
        [first, up("c", at(4)), replace(first, at=at(9), cause=Cause.SUSPECTED_THEFT, why="it was gone")],
        found,
    )
    assert [(it.before, it.after, it.at, it.by, it.why) for it in found] == [
        (Cause.DEVICE_SILENT, Cause.SUSPECTED_THEFT, at(9), "monitor", "it was gone")
    ]


def test_a_cause_made_precise_within_minutes_is_no_revision() -> None:
    first = down("c", at(3))
    found: list[Revised] = []
    fold(None, [first, replace(first, at=first.at + MINUTE, cause=Cause.UPLINK_DOWN)], found)
    assert found == []


def test_a_late_finding_leaves_what_came_after_it() -> None:
    first, healed = down("c", at(3)), up("c", at(4))
    late = replace(first, at=at(9), cause=Cause.UPLINK_DOWN)
    expected = [("down", Cause.UPLINK_DOWN, at(3)), ("up", None, at(4))]
    assert shape(None, first, healed, late) == expected
    assert shape(late, healed, late) == expected  # the same where it began before the period


def test_a_loss_of_packets_that_outlives_an_outage_holds_from_its_decision() -> None:
    lossy, fell = degraded("c", at(1)), down("c", at(2))
    still = replace(lossy, at=at(3))  # its beginning is older than the outage
    assert shape(None, lossy, fell, still) == [
        ("degraded", Cause.PACKET_LOSS, at(1)),
        ("down", Cause.DEVICE_SILENT, at(2)),
        ("degraded", Cause.PACKET_LOSS, at(3)),
    ]


def test_down_from_before_the_last_beginning_takes_its_place() -> None:
    fell = replace(down("c", at(1, 1)), at=at(1, 3))
    assert shape(None, degraded("c", at(1)), up("c", at(1, 2)), fell) == [
        ("degraded", Cause.PACKET_LOSS, at(1)),
        ("down", Cause.DEVICE_SILENT, at(1, 1)),
    ]


def _row(first: int, last: int, configuration: str = "c") -> Coverage:
    return Coverage("cam", "B1", first, last, configuration)


def test_coverage_goes_on_to_the_next_run_for_its_end_is_written_late() -> None:
    spans = watched([_row(at(1), at(2))], [at(1), at(5)], [at(1)], OCTOBER).devices["cam"]
    assert spans == ((at(1) // 1000, at(5) // 1000),)


def test_coverage_ends_when_another_configuration_takes_over() -> None:
    rows = [_row(at(1), at(3)), _row(at(7), at(7), "later")]
    spans = watched(rows, [at(1)], [at(1), at(3), at(7)], OCTOBER).devices["cam"]
    assert spans == ((at(1) // 1000, at(3) // 1000), (at(7) // 1000, OCTOBER.last))


def test_coverage_written_once_at_its_start_does_not_end_there() -> None:
    spans = watched([_row(at(3), at(3))], [at(3)], [at(3)], OCTOBER).devices["cam"]
    assert spans == ((at(3) // 1000, OCTOBER.last),)


def test_the_monitor_off_and_blind_are_told_apart() -> None:
    alive = [(OCTOBER.start, at(5)), (at(5, 1), OCTOBER.end)]
    blind = Transition(at(9), "monitor", Condition.DOWN, Cause.MONITOR_BLIND, at(9))
    seen = Transition(at(9, 2), "monitor", Condition.UP, None, at(9, 2))
    off, gone = unseen(alive, None, [blind, seen], OCTOBER)
    assert off == [(at(5) // 1000, at(5, 1) // 1000)]
    assert gone == [(at(9) // 1000, at(9, 2) // 1000)]
