"""Reading by likeness must never differ from reading in full."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.snmp import ber
from collector.snmp.numbers import LOWEST
from collector.snmp.session import INTEGER, OCTET_STRING, oid
from collector.snmp.template import Templates
from tests.collector.test_ber import mutated

_rows = st.lists(
    st.tuples(
        st.builds(lambda n: oid(f"1.3.6.1.2.1.{n}"), st.integers(0, 2**20)),
        st.sampled_from([INTEGER, OCTET_STRING, 0x41, 0x81]),
        st.binary(max_size=200),
    ),
    max_size=12,
)


def answer(rows: list[tuple[bytes, int, bytes]], number: int = LOWEST, status: int = 0) -> bytes:
    body = b"".join(ber.tlv(0x30, ber.tlv(6, name) + ber.tlv(tag, value)) for name, tag, value in rows)
    pdu = ber.tlv(INTEGER, ber.signed(number)) + ber.tlv(INTEGER, bytes([status])) + b"\x02\x01\x00"
    opening = b"\x02\x01\x01" + ber.tlv(OCTET_STRING, b"public")
    return ber.tlv(0x30, opening + ber.tlv(ber.RESPONSE, pdu + ber.tlv(0x30, body)))


@given(_rows, st.randoms(use_true_random=False), st.integers(LOWEST, 2**31 - 1))
@settings(max_examples=300, deadline=None)
def test_new_values_in_the_same_places_are_read_as_in_full(
    rows: list[tuple[bytes, int, bytes]], dice: random.Random, number: int
) -> None:
    _, template = Templates().learn(answer(rows))
    assert template is not None
    packet = answer([(name, tag, dice.randbytes(len(value))) for name, tag, value in rows], number)
    read = template.read(packet)
    assert read is not None
    assert (read[0], [*read[1]]) == (number.to_bytes(4, "big"), ber.decode(packet).varbinds)


@given(_rows, st.integers())
@settings(max_examples=300, deadline=None)
def test_whatever_a_template_accepts_full_reading_accepts_alike(
    rows: list[tuple[bytes, int, bytes]], seed: int
) -> None:
    packet = answer(rows)
    _, template = Templates().learn(packet)
    assert template is not None
    dice = random.Random(seed)
    for _ in range(20):
        mutant = mutated(packet, dice)
        if (read := template.read(mutant)) is not None:
            message = ber.decode(mutant)
            assert message.varbinds == [*read[1]]
            assert message.request_id == int.from_bytes(read[0], "big", signed=True)
            assert (message.pdu, message.error_status, message.community) == (ber.RESPONSE, 0, b"public")


def test_agents_that_answer_alike_share_one_template() -> None:
    templates = Templates()
    rows = [(oid("1.3.6.1.2.1.1.3.0"), 0x43, b"\x01\x02")]
    _, one = templates.learn(answer(rows, LOWEST))
    _, two = templates.learn(answer([(rows[0][0], 0x43, b"\x07\x08")], LOWEST + 9))
    assert one is two


def test_errors_leave_no_template() -> None:
    message, template = Templates().learn(answer([(oid("1.3.6"), 5, b"")], status=2))
    assert template is None
    assert message.error_status == 2


def test_ever_new_answers_do_not_fill_the_memory() -> None:
    templates = Templates(limit=8)
    for size in range(100):
        message, template = templates.learn(answer([(oid("1.3.6.1.2.1.1.1.0"), 4, b"x" * size)]))
        assert template is not None
        assert template.read(answer(message.varbinds)) is not None
    assert len(templates._kept) <= 8
