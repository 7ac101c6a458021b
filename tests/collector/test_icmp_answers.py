"""Answers taken together are what they are one by one."""

from __future__ import annotations

import struct
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.icmp.answers import SCM_TIMESTAMPNS, Layout
from collector.icmp.flight import Flight
from collector.icmp.mmsg import CONTROL_AT, NAME_AT, RECORD_SIZE
from collector.icmp.packet import ECHO_REPLY, marks

IDENTIFIER, NONCE = 0x1234, b"\1\2\3\4\5\6\7\x08"
COUNT = 12


def record(
    skip: int,
    index: int,
    *,
    kind: int = ECHO_REPLY,
    identifier: int = IDENTIFIER,
    sequence: int = 1,
    nonce: bytes = NONCE,
    stamp: int = SCM_TIMESTAMPNS,
    second: int = 1_700_000_000,
    source: bytes | None = None,
) -> bytes:
    """What recvmmsg leaves of one answer that came `index` + 5 microseconds after the second."""
    head = struct.pack(
        "@BBHHH", kind, 0, 0xBEEF, identifier, struct.unpack("@H", struct.pack("!H", sequence))[0]
    )
    datagram = (bytes(skip) + head + nonce + marks([index])).ljust(NAME_AT, b"\0")
    name = struct.pack("@HH4s", 2, 0, source or bytes((127, 0, 0, index))).ljust(CONTROL_AT - NAME_AT, b"\0")
    control = struct.pack("@Niill", 32, 1, stamp, second, (index + 5) * 1_000)
    return (datagram + name + control).ljust(RECORD_SIZE, b"\0")


@pytest.mark.parametrize("skip", [20, 0], ids=["raw", "unprivileged"])
def test_a_batch_of_one_round_is_read_as_columns(skip: int) -> None:
    layout = Layout(skip, six=False)
    waiting = memoryview(b"".join(record(skip, n) for n in range(COUNT)))
    found = layout.together(waiting, ECHO_REPLY, IDENTIFIER)
    assert found is not None
    rows = [*layout.one_by_one(waiting)]
    assert [(found.nonce, found.sequence, index) for index in found.indices] == [
        (r[3], r[2], r[4]) for r in rows
    ]
    assert found.sources == b"".join(r[5] for r in rows)
    assert [found.base + ns for ns in found.nanoseconds] == [r[9] * 1_000_000_000 + r[10] for r in rows]


@pytest.mark.parametrize(
    "odd",
    [
        {"kind": 8}, {"identifier": 1}, {"sequence": 2}, {"nonce": b"\1\2\3\4\5\6\7\x09"},
        {"nonce": b"\0\2\3\4\5\6\7\x08"}, {"stamp": 0}, {"second": 1_700_000_001},
    ],
    ids=lambda odd: next(iter(odd)),
)  # fmt: skip
def test_one_that_differs_sends_the_batch_the_careful_way(odd: dict[str, int]) -> None:
    rows = [record(20, n) for n in range(COUNT - 1)] + [record(20, COUNT - 1, **odd)]  # type: ignore[arg-type]
    assert Layout(20, six=False).together(memoryview(b"".join(rows)), ECHO_REPLY, IDENTIFIER) is None


def test_few_answers_are_not_worth_columns() -> None:
    assert Layout(20, six=False).together(memoryview(record(20, 1) * 3), ECHO_REPLY, IDENTIFIER) is None


HOSTS = [bytes((127, 0, 0, n)) for n in range(COUNT)]


@given(
    st.lists(st.integers(0, COUNT + 1), min_size=2, max_size=COUNT),
    st.lists(st.integers(0, 3_000_000), min_size=COUNT, max_size=COUNT),
    st.sets(st.integers(0, COUNT - 1)),
    st.integers(0, 2),
    st.booleans(),
)
def test_what_is_noted_together_is_noted_the_same_one_by_one(
    indices: list[int], delays: list[int], before: set[int], sequence: int, forged: bool
) -> None:
    """Repeats, answers already had, forgeries, late ones and unknown targets: the fast way either
    notes what the careful way would, or leaves all of it to the careful way."""
    flight = Flight(HOSTS, 2, timeout_ns=2_500_000)
    for _ in range(2):
        flight.sent(flight.begin_round(), range(COUNT), 1_000_000, 1_000_000 + COUNT)
    for index in before:
        flight.answered(0, index, HOSTS[index], 1_001_000)
    sources = [HOSTS[index % COUNT] for index in indices]
    if forged:
        sources[-1] = b"\x7f\1\1\1"
    times = [1_000_000 + delay for delay in delays[: len(indices)]] + [1_000_000] * (len(indices) - COUNT)
    slow, untouched = deepcopy(flight), deepcopy(flight.__dict__)
    noted = [slow.answered(sequence, i, s, t) for i, s, t in zip(indices, sources, times, strict=True)]
    if flight.answered_together(sequence, indices, b"".join(sources), 0, times):
        assert all(noted)
        assert flight.__dict__ == slow.__dict__
    else:
        assert flight.__dict__ == untouched
