"""Echoes as octets, the flight's bookkeeping, and the pace."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from collector.icmp import packet
from collector.icmp.flight import Flight
from collector.icmp.pace import Pace
from domain.ports import Echoes
from domain.reading import Outcome

HOSTS = [bytes([127, 0, 0, n]) for n in range(1, 4)]


def flight(echoes: int = 2) -> Flight:
    made = Flight(HOSTS, echoes, timeout_ns=1_000_000_000)
    for _ in range(echoes):
        made.sent(made.begin_round(), range(len(HOSTS)), 1_000, 4_000)
    return made


@given(
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFF),
    st.binary(min_size=8, max_size=8),
    st.integers(0, 2**32 - 1),
)
def test_one_checksum_serves_every_target(identifier: int, sequence: int, nonce: bytes, index: int) -> None:
    echo = packet.header(packet.ECHO_REQUEST, identifier, sequence, nonce) + packet.marks([index])
    assert packet.checksum(echo) == 0
    assert packet.quote(echo) == packet.Quote(identifier, sequence, nonce, index)


@given(st.binary(max_size=40))
def test_quoted_rubbish_never_raises(octets: bytes) -> None:
    assert packet.quote(octets) is None or octets[0] in (8, 128)


def test_a_router_that_quotes_eight_octets_still_names_the_echo() -> None:
    echo = packet.header(packet.ECHO_REQUEST, 7, 1, bytes(8))[:8]
    assert packet.quote(echo) == packet.Quote(7, 1)


def test_checksum_is_that_of_the_standard() -> None:
    assert packet.checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0x220D  # the example of RFC 1071, 3


def test_an_answer_counts_once_and_only_from_its_target() -> None:
    under_way = flight()
    assert not under_way.answered(0, 0, HOSTS[1], 5_000)
    assert not under_way.answered(9, 0, HOSTS[0], 5_000)
    assert not under_way.answered(0, 9, HOSTS[0], 5_000)
    assert under_way.answered(0, 0, HOSTS[0], 3_000_000)
    assert not under_way.answered(0, 0, HOSTS[0], 3_000_001)
    assert under_way.waiting == 5
    assert next(under_way.results("abc")) == Echoes("a", Outcome.OK, 2, (0.002999,))


def test_an_answer_after_its_own_timeout_is_none() -> None:
    under_way = flight(echoes=1)
    assert under_way.answered(0, 0, HOSTS[0], 2_000_000_000)
    assert under_way.late == 1
    assert [echoes.outcome for echoes in under_way.results("abc")] == [Outcome.TIMEOUT] * 3
    assert not under_way.answered(0, 0, HOSTS[0], 5_000)


def test_unreachable_needs_no_answer_at_all_and_an_address_is_enough() -> None:
    under_way = flight(echoes=2)
    assert under_way.unreachable(0, -1, HOSTS[1])
    assert under_way.unreachable(1, 2, HOSTS[2])
    assert not under_way.unreachable(1, 1, HOSTS[2])
    assert not under_way.unreachable(5, 1, HOSTS[1])
    assert under_way.answered(1, 1, HOSTS[1], 2_000_000)
    outcomes = [echoes.outcome for echoes in under_way.results("abc")]
    assert outcomes == [Outcome.TIMEOUT, Outcome.OK, Outcome.UNREACHABLE]


def test_further_rounds_stand_in_for_answers_lost_here() -> None:
    under_way = flight(echoes=2)
    for sequence in (0, 1):
        assert under_way.answered(sequence, 0, HOSTS[0], 1_000_000)
    assert under_way.answered(0, 1, HOSTS[1], 1_000_000)
    assert under_way.lacking() == [(1, 1), (2, 2)]
    extra = under_way.begin_round()
    under_way.sent(extra, [1, 2], 10_000, 12_000)
    assert under_way.answered(extra, 1, HOSTS[1], 1_000_000)
    ok, again, silent = under_way.results("abc")
    assert (ok.sent, len(ok.rtts)) == (2, 2)
    assert (again.sent, len(again.rtts)) == (2, 2)
    assert silent == Echoes("c", Outcome.TIMEOUT, 2, ())


@given(st.lists(st.booleans(), min_size=1, max_size=400), st.sampled_from([0.0, 100.0, 50_000.0]))
def test_the_pace_stays_between_its_floor_and_the_full_rate(lost: list[bool], full: float) -> None:
    pace = Pace(full)
    for lost_here in lost:
        before = pace.rate
        wait = pace.sent(pace.burst, lost_here, 0.0)
        assert wait >= 0.0
        assert pace.burst >= 1
        if full >= 2_000.0:
            assert 1_000.0 <= pace.rate <= full
            assert (pace.rate < before) if lost_here and before > 1_000 else (pace.rate >= before)


def test_marks_are_this_machines_own_and_self_checking() -> None:
    index, inverted = struct.unpack("=II", packet.marks([12_345]))
    assert index == 12_345
    assert index ^ inverted == 0xFFFFFFFF
