"""Laws of how the limits of a reading are looked up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.alarm import Cause, Concern, Evidence
from domain.place import Kind
from domain.reading import Key
from rules.limits import Thresholds
from rules.rule import Hold, Threshold
from rules.thresholds import beyond

FLOATS = st.floats(allow_nan=True, allow_infinity=True)


def rule(metric: str, above: float | None, below: float | None, labels: frozenset[str]) -> Threshold:
    return Threshold(
        metric,
        Concern.DEGRADED,
        Cause.SLOW,
        metric,
        frozenset({Kind.UPS}),
        Hold(),
        above,
        below,
        labels=labels,
    )


@given(st.floats(allow_nan=False), st.booleans(), FLOATS)
def test_a_look_finds_bad_exactly_what_the_rule_calls_bad(limit: float, upper: bool, value: float) -> None:
    limited = rule("battery_charge_percent", limit if upper else None, None if upper else limit, frozenset())
    key: Key = ("battery_charge_percent", "")
    (look,) = Thresholds(snmp=((key, limited),)).among((key,))
    assert (value > look.above or value < look.below) == (beyond(limited, value) is Evidence.BAD)


@given(st.sets(st.sampled_from(["1", "2", "din1"])), st.sets(st.sampled_from(["1", "2", "din1"])))
def test_a_labelled_rule_looks_at_the_labels_it_names_or_at_all(there: set[str], named: set[str]) -> None:
    limited = rule("digital_input", 0.5, None, frozenset(named))
    keys = (("on_battery", ""), *(("digital_input", label) for label in sorted(there)))
    (look,) = Thresholds(labelled=(limited,)).among(keys)
    assert {label for _, label in look.keys} == (there & named if named else there)


def test_a_plain_rule_is_not_there_where_the_reading_has_none_of_its_metric() -> None:
    limited = rule("battery_replace", 0.5, None, frozenset())
    assert Thresholds(snmp=((("battery_replace", ""), limited),)).among((("on_battery", ""),)) == ()
