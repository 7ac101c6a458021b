"""One contract for every channel, and what is peculiar to each."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from alerting.channels.registry import CHANNELS, Ground
from alerting.channels.terminal import TerminalChannel, bubble
from alerting.channels.twilio import TwilioChannel, load_errors, sender_argument
from config.located import parse
from config.shape import validate
from domain.alarm import Delivery, DeliveryStatus, Reason
from domain.errors import ConfigError, OutcomeUnknown, Permanent, Retryable
from domain.ports import Channel
from tests.alerting.conftest import ACCOUNT, CANARY, CREDENTIALS, StandIn
from tests.fakes import FakeChannel
from tests.peers import free_port

SERVICE = "MG" + "0123456789abcdef" * 2


def delivery(name: str = "o-1/on-call/x", text: str = "box-07: DOOR OPEN. Code 7KX2QP") -> Delivery:
    """Due now by the wall clock, for the peers label by it."""
    from app.clock import SystemClock

    return Delivery(name, "o-1", SystemClock().now(), "on-call", "+923001110003", "x", text, Reason.OPENED)


@pytest.fixture(params=["fake", "terminal", "twilio"])
def rebuilt(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Channel]:
    """Makes the channel anew, as after a restart; what it sent before is out in the world."""
    if request.param == "fake":
        fake = FakeChannel()
        return lambda: fake
    if request.param == "terminal":
        return lambda: TerminalChannel(tmp_path / "sms.log")
    peer: StandIn = request.getfixturevalue("stand_in")
    return peer.channel


def test_what_was_sent_has_a_receipt_and_is_found_after_a_restart(rebuilt: Callable[[], Channel]) -> None:
    receipt = rebuilt().send(delivery())
    assert receipt.provider_id
    assert receipt.status in (DeliveryStatus.SENT, DeliveryStatus.DELIVERED)
    found = rebuilt().find(delivery())
    assert found is not None
    assert found.provider_id == receipt.provider_id


def test_what_was_not_sent_is_not_found(rebuilt: Callable[[], Channel]) -> None:
    channel = rebuilt()
    assert channel.find(delivery()) is None
    channel.send(delivery())
    assert channel.find(delivery("o-2/on-call/x", "another text, Code ABCDEF")) is None


def test_looking_for_a_message_sends_none(rebuilt: Callable[[], Channel]) -> None:
    channel = rebuilt()
    for _ in range(3):
        channel.find(delivery())
    assert channel.find(delivery()) is None


@pytest.mark.parametrize("text", ["تین تلوار: دروازہ کھلا ہے", "€ {a} [b] ~ | \\ ^", "two\nlines + & = %"])
def test_any_text_goes_and_is_found_again(rebuilt: Callable[[], Channel], text: str) -> None:
    rebuilt().send(delivery(text=text))
    assert rebuilt().find(delivery(text=text)) is not None


# terminal


def test_the_terminal_shows_what_a_telephone_would_and_keeps_a_ledger(tmp_path: Path) -> None:
    screen = io.StringIO()
    TerminalChannel(tmp_path / "sms.log", screen).send(delivery(text="word " * 20 + "end"))
    (entry,) = [json.loads(line) for line in (tmp_path / "sms.log").read_text().splitlines()]
    assert (entry["to"], entry["contact"], entry["segments"]) == ("+923001110003", "on-call", 1)
    assert screen.getvalue() == bubble(entry) + "\n"
    head, *lines = screen.getvalue().splitlines()
    assert head == "SMS to +923001110003 (on-call), 1 segment"
    assert " ".join(line.removeprefix("  | ") for line in lines) == entry["text"]


def test_a_line_torn_by_a_crash_was_not_sent_and_spoils_no_other(tmp_path: Path) -> None:
    file = tmp_path / "sms.log"
    file.write_text('{"id": "o-1/on-call/x", "at": 1, "te', encoding="utf-8")
    channel = TerminalChannel(file)
    assert channel.find(delivery()) is None
    channel.send(delivery("o-2"))
    assert channel.find(delivery("o-2")) is not None
    assert TerminalChannel(file).find(delivery("o-2")) is not None
    assert TerminalChannel(file).find(delivery()) is None


def test_two_processes_may_write_one_ledger(tmp_path: Path) -> None:
    one, other = TerminalChannel(tmp_path / "sms.log"), TerminalChannel(tmp_path / "sms.log")
    one.send(delivery("a"))
    assert other.find(delivery("a")) is not None
    one.send(delivery("b"))
    assert other.find(delivery("b")) is not None


def test_a_ledger_that_cannot_be_written_is_no_delivery(tmp_path: Path) -> None:
    screen = io.StringIO()
    with pytest.raises(Retryable):
        TerminalChannel(tmp_path / "missing" / "sms.log", screen).send(delivery())
    assert screen.getvalue() == ""


# twilio


@pytest.mark.parametrize(
    ("sender", "argument"),
    [
        ("+12025550123", "from_"),
        ("8080", "from_"),
        ("NIGEHBAN", "from_"),
        ("City 15", "from_"),
        (SERVICE, "messaging_service_sid"),
    ],
)
def test_a_sender_is_a_number_a_name_or_a_service(sender: str, argument: str) -> None:
    assert sender_argument(sender) == (argument, sender)


@pytest.mark.parametrize(
    "sender", ["", "NIGEHBANWATCH", "0300-1110003", "+0123456", "MG0123456789", "1234567", "نگہبان"]
)
def test_anything_else_is_refused_with_a_remedy(sender: str) -> None:
    with pytest.raises(ValueError, match=r"write an E\.164 number"):
        sender_argument(sender)


def test_the_sender_and_a_short_validity_reach_the_provider(stand_in: StandIn) -> None:
    stand_in.channel("NIGEHBAN", valid_s=300).send(delivery("a", "one"))
    stand_in.channel(SERVICE).send(delivery("b", "two"))
    named, served = stand_in.taken
    assert (named["from"], named["messaging_service_sid"], named["validity_period"]) == (
        "NIGEHBAN",
        None,
        "300",
    )
    assert (served["from"], served["messaging_service_sid"], served["validity_period"]) == (
        None,
        SERVICE,
        "600",
    )


def test_429_was_never_taken_and_asks_for_patience(stand_in: StandIn) -> None:
    stand_in.faults(refuse=1)
    with pytest.raises(Retryable) as caught:
        stand_in.channel().send(delivery())
    assert not isinstance(caught.value, OutcomeUnknown)
    assert caught.value.after_s == 5
    assert stand_in.taken == []


@pytest.mark.parametrize("fault", ["error", "drop"])
def test_a_message_taken_without_an_answer_is_unknown_and_then_found(stand_in: StandIn, fault: str) -> None:
    stand_in.faults(**{fault: 1})
    channel = stand_in.channel()
    with pytest.raises(OutcomeUnknown):
        channel.send(delivery())
    assert len(stand_in.taken) == 1
    found = channel.find(delivery())
    assert found is not None
    assert found.provider_id == stand_in.taken[0]["sid"]


def test_a_connection_cut_before_anything_was_taken_is_unknown_and_then_not_found(stand_in: StandIn) -> None:
    stand_in.faults(reset=1)
    channel = stand_in.channel()
    with pytest.raises(OutcomeUnknown):
        channel.send(delivery())
    assert channel.find(delivery()) is None
    assert stand_in.taken == []


def test_a_server_that_hangs_is_given_up_and_what_it_took_later_is_found(stand_in: StandIn) -> None:
    from tests.peers import wait_until

    stand_in.faults(hang_s=1.0)
    channel = stand_in.channel(timeout_s=0.3)
    with pytest.raises(OutcomeUnknown):
        channel.send(delivery())
    wait_until(lambda: len(stand_in.taken) == 1, what="the hanging server to take it")
    assert channel.find(delivery()) is not None


def test_a_message_still_queued_has_no_date_sent_and_is_found_all_the_same(stand_in: StandIn) -> None:
    stand_in.faults(queued=True)
    channel = stand_in.channel()
    channel.send(delivery())
    assert stand_in.taken[0]["date_sent"] is None
    assert channel.find(delivery()) is not None


def test_the_same_words_of_long_ago_are_another_message(stand_in: StandIn) -> None:
    channel = stand_in.channel()
    channel.send(delivery())
    later = replace(delivery(), at=delivery().at + 3_600_000)
    assert channel.find(later) is None


def test_a_refused_look_is_a_refusal_too_and_not_an_answer(stand_in: StandIn) -> None:
    stand_in.faults(refuse_get=1)
    with pytest.raises(Retryable) as caught:
        stand_in.channel().find(delivery())
    assert caught.value.after_s == 5


@pytest.mark.parametrize("code", [21211, 21610, 21614])
def test_a_number_that_will_never_do_is_permanent_with_its_code(stand_in: StandIn, code: int) -> None:
    stand_in.faults(numbers={"+923001110003": code})
    with pytest.raises(Permanent) as caught:
        stand_in.channel().send(delivery())
    assert caught.value.code == str(code)


def test_nobody_listening_means_it_never_left() -> None:
    channel = TwilioChannel(CREDENTIALS, "NIGEHBAN", base_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Retryable) as caught:
        channel.send(delivery())
    assert not isinstance(caught.value, OutcomeUnknown)


def test_a_name_that_does_not_resolve_means_it_never_left() -> None:
    channel = TwilioChannel(CREDENTIALS, "NIGEHBAN", base_url="http://api.twilio.invalid")
    with pytest.raises(Retryable) as caught:
        channel.send(delivery())
    assert not isinstance(caught.value, OutcomeUnknown)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 21610, Permanent),
        (400, 99999, Retryable),  # unheard of: refused, so trying again costs nothing
        (401, 20003, Retryable),
        (401, None, Retryable),
        (429, None, Retryable),
        (500, 20500, OutcomeUnknown),
        (503, 99999, OutcomeUnknown),
    ],
)
def test_errors_are_sorted_by_a_table_with_a_safe_default(
    status: int, code: int | None, kind: type[Exception]
) -> None:
    assert type(load_errors().error(status, code, "words")) is kind


def test_a_mistake_in_the_table_is_told_by_line(tmp_path: Path) -> None:
    file = tmp_path / "errors.yaml"
    file.write_text("codes:\n  21610: {kind: perm, why: x}\nstatuses: {}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=f"{file}:2: "):
        load_errors(file)


def test_the_secret_is_in_no_repr_log_or_error(stand_in: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    said = [repr(CREDENTIALS)]
    with caplog.at_level(logging.DEBUG):
        for faults in ({}, {"refuse": 1}, {"error": 1}, {"drop": 1}):
            stand_in.faults(**faults)
            channel = stand_in.channel()
            said.append(repr(channel))
            try:
                channel.send(delivery())
            except Retryable as error:
                said += [str(error), repr(error)]
    assert CANARY not in " ".join(said) + caplog.text
    assert delivery().text not in caplog.text  # nor do messages and numbers
    assert delivery().number not in caplog.text


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.parametrize("sender", ["+12025550123", "NIGEHBAN", SERVICE])
def test_what_we_send_and_ask_keeps_twilios_own_specification(prism: str, sender: str) -> None:
    """Prism refuses with 422 what the specification does not allow."""
    channel = TwilioChannel(CREDENTIALS, sender, base_url=prism, timeout_s=14)
    receipt = channel.send(delivery(text="تین تلوار: DOOR OPEN"))
    assert receipt.provider_id.startswith(("SM", "MM", "string"))
    channel.find(delivery())  # made-up messages come back: only that it is accepted counts


@pytest.mark.peer
@pytest.mark.slow
def test_prism_would_have_noticed(prism: str) -> None:
    bad = replace(CREDENTIALS, account_sid="AC-not-an-account")
    with pytest.raises(Retryable, match=r"Twilio (422|404)"):
        TwilioChannel(bad, "NIGEHBAN", base_url=prism, timeout_s=14).send(delivery())


# registry


def test_a_channel_is_built_from_its_entry_in_a_file(tmp_path: Path) -> None:
    text = f"""
twilio: {{account_sid: {ACCOUNT}, secret: "env:TWILIO_SECRET", sender: NIGEHBAN}}
terminal: {{}}
"""
    document = parse(text, "settings.yaml")
    asked: list[str] = []

    def secret(reference: str) -> str:
        asked.append(reference)
        return CANARY

    for name, kind in CHANNELS.items():
        shape, problems = validate(document, kind.shape, at=(name,))
        assert not problems
        assert kind.build(shape, Ground(tmp_path, secret)).name == name
    assert asked == ["env:TWILIO_SECRET"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("secret: abcdef, sender: NIGEHBAN", "secret"),  # a literal secret has no place in a file
        ("secret: 'env:X', sender: NIGEHBANWATCH", "is no sender, write an E.164 number"),
        ("secret: 'env:X', sender: NIGEHBAN, valid_s: 36000", "valid_s"),
        ("secret: 'env:X', sender: NIGEHBAN, timeout: 5", "unknown key 'timeout', write 'timeout_s'"),
    ],
)
def test_a_mistake_in_a_channels_settings_is_told_by_line(entry: str, said: str) -> None:
    document = parse(f"twilio: {{account_sid: {ACCOUNT}, {entry}}}", "settings.yaml")
    _, problems = validate(document, CHANNELS["twilio"].shape, at=("twilio",))
    (problem,) = problems
    assert said in str(problem)
    assert str(problem).startswith("settings.yaml:1: ")


def test_no_driver_is_imported_by_listing_the_channels() -> None:
    import subprocess
    import sys

    code = "import sys, alerting.channels.registry; sys.exit('twilio' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0
