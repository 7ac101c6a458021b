"""What an ICMP sweep is made into."""

from __future__ import annotations

from collector.icmp.reading import echo_reading
from domain.metric import CATALOGUE
from domain.ports import Echoes
from domain.reading import Outcome, Probe


def test_every_value_is_in_the_catalogue() -> None:
    reading = echo_reading("cam-1", 5, Echoes("127.0.0.1", Outcome.OK, 4, (0.01, 0.03, 0.02)))
    assert (reading.device, reading.probe, reading.at) == ("cam-1", Probe.ICMP, 5)
    assert {key[0] for key in reading.values} <= set(CATALOGUE)
    assert len(reading.values) == 5
    assert reading.values["icmp_loss_ratio", ""] == 0.25


def test_one_answer_has_no_jitter() -> None:
    reading = echo_reading("cam-1", 5, Echoes("127.0.0.1", Outcome.OK, 1, (0.01,)))
    assert ("icmp_jitter_seconds", "") not in reading.values


def test_what_the_kernel_did_not_send_is_not_lost() -> None:
    reading = echo_reading("cam-1", 5, Echoes("127.0.0.1", Outcome.FORBIDDEN, 0))
    assert reading.outcome is Outcome.FORBIDDEN
    assert reading.values == {}
