"""The words of an SMS, by cause and notice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting import gsm
from alerting.message import system_text, word
from domain.alarm import Cause, Confidence, Notice, Reason
from domain.facts import BoxFacts, Forecast
from tests.alerting.city import CONCERN, KARACHI, MINUTE, NOW, TEXTS, facts, incident

FORECAST = Forecast(low_s=6010, likely_s=7800, high_s=10190, ups_says_s=11100)
DAY = 24 * 60 * MINUTE


def opened(what: BoxFacts, reason: Reason = Reason.OPENED) -> str:
    return word(Notice.OPENED, reason, NOW, what, TEXTS, KARACHI)


def worse(what: BoxFacts, reason: Reason = Reason.CAUSE_WORSE) -> str:
    return word(Notice.WORSE, reason, NOW, what, TEXTS, KARACHI)


def closed(what: BoxFacts) -> str:
    return word(Notice.CLOSED, Reason.CLOSED, NOW, what, TEXTS, KARACHI)


HEAD = "box-07 Teen Talwar, Clifton Rd, pole 7: "
DARK = {"cameras_dark": 6, "e_challan_dark": 2}
ALL = ". 6 of 6 cameras dark, 2 of them e-challan. Code 7KX2QP"
LESS = ". 6/6 cameras dark, 2 e-challan. Code 7KX2QP"
POWER = {"forecast": FORECAST, "charge_percent": 62.0}
LASTS = ". Battery 62%, lasts 2h10 (1h40-2h50), UPS says 3h05. Code 7KX2QP"
CODE = ". Code 7KX2QP"

GOLDEN = {  # cause: (what else is known, the opening, the closing after "OK ")
    Cause.DEVICE_SILENT: (DARK, f"cam-07-3 silent, since 14:53{ALL}", "devices answer again"),
    Cause.CAMERA_HUNG: (
        DARK,
        f"cam-07-3 hung: silent, port up and powered, since 14:53{ALL}",
        "camera answers again",
    ),
    Cause.PORT_DOWN: (DARK, f"cam-07-3 silent, switch port down, since 14:53{ALL}", "switch port up again"),
    Cause.SWITCH_SILENT: (DARK, f"switch dead, cameras with it, since 14:53{ALL}", "switch answers again"),
    Cause.UPLINK_DOWN: (DARK, f"cut off, its uplink is down, since 14:53{ALL}", "uplink is back"),
    Cause.BOX_SILENT: (
        DARK,
        f"BOX DARK, no device answers, cause unknown, since 14:53{ALL}",
        "box answers again",
    ),
    Cause.BATTERY_EXHAUSTED: (
        DARK,
        f"BOX DARK, battery empty after mains loss, since 14:53{ALL}",
        "box answers again",
    ),
    Cause.SUSPECTED_THEFT: (
        DARK,
        f"SUSPECTED THEFT OR CUT, since 14:53{LESS}",
        "box answers again, theft suspicion ended",
    ),
    Cause.MAINS_LOST: (POWER, f"MAINS LOST, since 14:53{LASTS}", "mains back"),
    Cause.FEEDER_OUTAGE: (POWER, f"on battery, feeder KE-11 is off, since 14:53{LASTS}", "mains back"),
    Cause.BATTERY_REPLACE: (
        {},
        f"the UPS asks for a new battery, since 14:53{CODE}",
        "UPS no longer asks for a new battery",
    ),
    Cause.BATTERY_FAST_DRAIN: (
        POWER,
        f"battery drains faster than is usual here, since 14:53{LASTS}",
        "battery drain usual again",
    ),
    Cause.BATTERY_LOW: (POWER, f"BATTERY LOW, since 14:53{LASTS}", "battery no longer low"),
    Cause.BATTERY_RUNNING_OUT: (
        POWER,
        f"BATTERY RUNNING OUT, since 14:53{LASTS}",
        "battery no longer running out",
    ),
    Cause.CASING_OPEN: ({}, f"CASING OPEN (cam-07-3), since 14:53{CODE}", "casing closed"),
    Cause.DOOR_OPEN: ({}, f"DOOR OPEN, since 14:53{CODE}", "door closed"),
    Cause.IDENTITY_CHANGED: (
        {},
        f"cam-07-3 exchanged for another device, since 14:53{CODE}",
        "identity as before",
    ),
    Cause.PACKET_LOSS: ({}, f"packet loss at cam-07-3, since 14:53{CODE}", "packet loss over"),
    Cause.SLOW: ({}, f"slow answers from cam-07-3, since 14:53{CODE}", "answers quick again"),
    Cause.FLAPPING: ({}, f"cam-07-3 coming and going, since 14:53{CODE}", "steady again"),
    Cause.AGENT_OR_CREDENTIALS: (
        {},
        f"cam-07-3: ping but no SNMP, agent or credentials, since 14:53{CODE}",
        "SNMP answers again",
    ),
    Cause.MONITOR_BLIND: (
        {},
        "CANNOT SEE THE CITY: its own reference hosts are silent, no alarms until it sees again, "
        f"since 14:53{CODE}",
        "sees the city again",
    ),
}


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_is_worded_in_one_segment_at_its_opening_worsening_and_closing(cause: Cause) -> None:
    known, opening, closing = GOLDEN[cause]
    one = incident(cause, devices=("cam-07-3",))
    what = facts(one, **known)
    over = facts(replace(one, closed_at=NOW))
    assert opened(what) == HEAD + opening
    assert closed(over) == f"OK {HEAD}{closing} at 15:00, after 7 min{CODE}"
    assert worse(what).startswith("WORSE box-07")
    for text in (opened(what), worse(what), closed(over)):
        assert gsm.size(text).encoding is gsm.Encoding.GSM7
        assert gsm.segments(text) == 1


@pytest.mark.parametrize("confidence", Confidence)
def test_theft_is_only_ever_suspected(confidence: Confidence) -> None:
    text = opened(facts(incident(Cause.SUSPECTED_THEFT, confidence=confidence)))
    assert "SUSPECTED THEFT OR CUT" in text
    assert "possibly" not in text
    assert "probably" not in text


@pytest.mark.parametrize(
    ("confidence", "said"),
    [
        (Confidence.SUSPECTED, "possibly battery empty"),
        (Confidence.LIKELY, "probably battery empty"),
        (Confidence.CONFIRMED, ", battery empty"),
    ],
)
def test_no_more_is_said_than_is_known(confidence: Confidence, said: str) -> None:
    assert said in opened(facts(incident(Cause.BATTERY_EXHAUSTED, confidence=confidence)))


@pytest.mark.parametrize(
    ("since", "said"),
    [
        (NOW - 7 * MINUTE, "since 14:53"),
        (NOW - 15 * 60 * MINUTE, "since 00:00"),  # midnight in Karachi is today; in UTC it is not
        (NOW - 15 * 60 * MINUTE - MINUTE, "since Sat 23:59"),
        (NOW - 6 * DAY, "since Mon 15:00"),
        (NOW - 7 * DAY, "since 15 Nov 15:00"),
    ],
)
def test_a_time_names_the_day_when_it_is_not_today_in_karachi(since: int, said: str) -> None:
    assert f"{said}." in opened(facts(incident(Cause.DOOR_OPEN, since=since)))


@pytest.mark.parametrize(
    ("lasted", "said"),
    [
        (20_000, "after 1 min"),
        (59 * MINUTE, "after 59 min"),
        (125 * MINUTE, "after 2h05"),
        (47 * 60 * MINUTE, "after 47h00"),
        (50 * 60 * MINUTE, "after 2d 2h"),
    ],
)
def test_a_closing_says_how_long_it_was(lasted: int, said: str) -> None:
    assert f"{said}." in closed(facts(incident(Cause.DOOR_OPEN, since=NOW - lasted, closed_at=NOW)))


def test_the_ups_is_not_quoted_when_it_says_nothing_and_charge_stands_in_for_a_forecast() -> None:
    running = incident(Cause.BATTERY_RUNNING_OUT)
    ours = opened(facts(running, forecast=replace(FORECAST, ups_says_s=None), charge_percent=40.0))
    assert ". Battery lasts 2h10 (1h40-2h50). " in ours
    assert "UPS says" not in ours
    assert ". Battery 40%. " in opened(facts(running, charge_percent=40.4))
    assert "Battery " not in opened(facts(incident(Cause.DOOR_OPEN)))


def test_cameras_are_counted_only_when_dark_and_e_challan_only_when_there_are() -> None:
    silent = incident(Cause.BOX_SILENT)
    assert "cameras" not in opened(facts(silent))
    assert "3 of 6 cameras dark. " in opened(facts(silent, cameras_dark=3))
    assert "3 of 6 cameras dark, 1 of them e-challan. " in opened(
        facts(silent, cameras_dark=3, e_challan_dark=1)
    )


def test_other_troubles_of_the_box_are_named_and_what_stays_open_is_said_at_the_closing() -> None:
    battery = incident(Cause.BATTERY_LOW, code="AB34CD")
    outage = incident(Cause.DOOR_OPEN, closed_at=NOW)
    assert " + BATTERY LOW, since" in opened(facts(outage, battery))
    assert "Code 7KX2QP AB34CD" in opened(facts(outage, battery))
    assert ". Also BATTERY LOW. " in opened(facts(outage, standing=(battery,)))
    assert ". Still BATTERY LOW. " in closed(facts(outage, standing=(battery,)))


@pytest.mark.parametrize(
    ("reason", "first"),
    [
        (Reason.CAUSE_WORSE, "WORSE "),
        (Reason.MORE_DARK, "MORE DARK "),
        (Reason.CORROBORATED, "CORROBORATED "),
        (Reason.HOLD_ELAPSED, "STILL "),
    ],
)
def test_a_worsening_says_first_why_it_is_told_again(reason: Reason, first: str) -> None:
    assert worse(facts(incident(Cause.BOX_SILENT)), reason).startswith(f"{first}box-07 ")


def test_when_too_long_words_give_way_but_never_box_time_cameras_or_code() -> None:
    text = opened(
        facts(
            incident(Cause.SUSPECTED_THEFT),
            name="Shahrah-e-Faisal near Nursery flyover",
            place="opposite the petrol pump, second pole after the footbridge going east",
            standing=(incident(Cause.BATTERY_REPLACE, code="ZZ99ZZ"),),
            shadowed_boxes=4,
            cameras_dark=6,
            e_challan_dark=2,
        )
    )
    assert gsm.segments(text) == 1
    for needed in ("box-07", "SUSPECTED THEFT OR CUT", "14:53", "6", "2 e-challan", "7KX2QP"):
        assert needed in text


def test_a_name_in_urdu_is_kept_where_it_fits_and_costs_no_second_sms_where_it_does_not() -> None:
    door = incident(Cause.DOOR_OPEN)
    short = opened(facts(door, name="تین تلوار", place=""))
    assert "تین تلوار" in short
    assert gsm.size(short) == gsm.Size(gsm.Encoding.UCS2, len(short), 1)
    long = opened(facts(incident(Cause.BOX_SILENT), name="تین تلوار چوک نزد کلفٹن پل", place="", **DARK))
    assert gsm.segments(long) == 1
    assert "box-07" in long
    assert "?" not in long


def test_the_end_of_a_budget_is_announced_and_never_shortened_away() -> None:
    what = facts(incident(Cause.CAMERA_HUNG, devices=("cam-07-3",)), **DARK)
    text = word(Notice.OPENED, Reason.OPENED, NOW, what, TEXTS, KARACHI, limit=True)
    assert "LIMIT REACHED" in text
    assert gsm.segments(text) == 1


names = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)


@given(
    cause=st.sampled_from(Cause),
    notice=st.sampled_from(Notice),
    name=names,
    place=names,
    dark=st.integers(0, 30),
    charge=st.none() | st.floats(0, 100),
    forecast=st.none() | st.just(FORECAST),
    devices=st.lists(st.sampled_from(["cam-1", "cam-2", "sw-1", "ups-1"]), unique=True),
    braces=st.booleans(),
)
def test_any_box_can_be_worded_and_the_code_is_always_there(
    cause: Cause,
    notice: Notice,
    name: str,
    place: str,
    dark: int,
    charge: float | None,
    forecast: Forecast | None,
    devices: list[str],
    braces: bool,
) -> None:
    what = facts(
        incident(cause, devices=tuple(devices), closed_at=NOW if notice is Notice.CLOSED else None),
        name=f"{{{name}}}" if braces else name,  # what people wrote is never taken for a template
        place=place,
        cameras_dark=dark,
        charge_percent=charge,
        forecast=forecast,
    )
    reason = {Notice.OPENED: Reason.OPENED, Notice.WORSE: Reason.MORE_DARK, Notice.CLOSED: Reason.CLOSED}[
        notice
    ]
    text = word(notice, reason, NOW, what, TEXTS, KARACHI)
    assert "box-07" in text
    assert text.endswith("Code 7KX2QP")
    assert gsm.segments(text) == 1


def test_the_system_speaks_of_itself_with_local_time() -> None:
    assert system_text("silent", TEXTS, KARACHI, NOW, NOW - 2 * MINUTE).endswith(
        "no sign of life since 14:58. The city is NOT being watched."
    )
    assert system_text("test", TEXTS, KARACHI, NOW) == "NIGEHBAN: test message, sent at 15:00."


def test_the_golden_table_misses_no_cause() -> None:
    assert set(GOLDEN) == set(Cause) == set(CONCERN)
