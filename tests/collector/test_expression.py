"""The profiles' expressions: three-valued logic, and nothing else gets in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.device.expression import Value, compiled, names

FACTS = {"source": [5.0], "seconds": [0.0], "volts": [0.0, 230.0, 231.0], "alarms": [1.0, 2.0], "none": []}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("source == 5", True),
        ("source in (3, 4)", False),
        ("missing == 5", None),
        ("missing == 5 or source == 5", True),
        ("missing == 5 and source == 3", False),
        ("missing == 5 and source == 5", None),
        ("not missing == 5", None),
        ("sure(missing == 5)", False),
        ("known(source) and not known(missing)", True),
        ("has(alarms, 2) and not has(alarms, 3)", True),
        ("has(missing, 2)", False),
        ("highest(volts)", 231.0),
        ("lowest(volts)", 0.0),
        ("total(volts) / count(volts)", 461 / 3),
        ("highest(missing) < 40", None),
        ("100 * seconds / seconds", None),
        ("votes(source == 5, seconds > 0, has(alarms, 2), missing > 1)", 2),
        ("-source + 6", 1.0),
        ("1 < source < 6", True),
        ("none > 1", None),
    ],
)
def test_expressions(text: str, value: Value) -> None:
    assert compiled(text)(FACTS) == value


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "source.real",
        "open('x')",
        "[x for x in alarms]",
        "source if seconds else 1",
        "lambda: 1",
        "'text'",
        "source ==",
        "source is 5",
        "has(alarms)",
        "highest(1)",
        "source ** 9",
        "f(source)",
        "",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        compiled(text)


def test_the_names_of_an_expression_are_its_facts() -> None:
    assert names("source == 5 and has(alarms, 2) or highest(volts) > 1") == {"source", "alarms", "volts"}


TRUTHS = st.sampled_from([True, False, None])


@given(TRUTHS, TRUTHS)
def test_and_or_and_not_keep_de_morgans_law_with_unknowns(a: Value, b: Value) -> None:
    facts = {"a": [] if a is None else [float(a)], "b": [] if b is None else [float(b)]}
    left = compiled("not (a == 1 and b == 1)")(facts)
    right = compiled("not a == 1 or not b == 1")(facts)
    assert left == right


@given(TRUTHS, TRUTHS)
def test_learning_more_never_turns_a_certain_answer_round(a: Value, b: Value) -> None:
    """Monotone: what holds with b unknown holds for any b."""
    known = {"a": [] if a is None else [float(a)]}
    for text in ("a == 1 and b == 1", "a == 1 or b == 1", "not (a == 1) or b == 1"):
        before = compiled(text)(known)
        after = compiled(text)({**known, "b": [] if b is None else [float(b)]})
        assert before is None or before == after
