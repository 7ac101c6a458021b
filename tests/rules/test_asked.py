"""A silence is known only when its timeout is over, and is as old as the question."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.record import Recording, encode
from domain.input import Reload
from domain.place import Device, Kind
from domain.reading import Outcome, Probe, Reading
from tests.rules.town import START, Play, box, town

TIMEOUT = 1.0


def alone(*references: str) -> Play:
    """A box with one camera and nothing else that could speak."""
    camera = Device("A-cam1", "A", Kind.CAMERA, "127.9.1.11", icmp_interval_s=5.0)
    return Play(replace(town([box("A")], references=references), devices={camera.id: camera}))


def test_holds_and_outages_begin_with_the_question_and_not_with_the_end_of_its_timeout() -> None:
    play = alone()
    for asked in range(0, 20, 5):
        play.icmp(asked, "A-cam1", asked=asked)
    for asked in range(20, 40, 5):
        play.icmp(asked + TIMEOUT, "A-cam1", alive=False, asked=asked)
    play.wait(60)
    (incident,) = play.incidents.values()
    assert incident.since == START + 20_000
    assert play.told() == [(35.0, "A", "opened", "box_silent")]  # asked at 20, hold 10, settling 5


def test_a_silence_is_not_older_than_the_answer_before_it() -> None:
    play = alone()
    play.icmp(20.9, "A-cam1", asked=20)  # a sweep that waited for others
    for asked in (20.5, 25.5, 30.5, 35.5):
        play.icmp(asked + TIMEOUT, "A-cam1", alive=False, asked=asked)
    play.wait(60)
    (incident,) = play.incidents.values()
    assert incident.since == START + 20_900


def test_a_reference_vouches_only_with_an_answer_to_a_later_question() -> None:
    """It answered before the fall, though that was known only after it: our link may be what fell."""
    play = alone("gateway")
    play.icmp(20.9, "gateway", asked=19.9)
    for asked in (20, 25, 30, 35):
        play.icmp(asked + TIMEOUT, "A-cam1", alive=False, asked=asked)
    assert play.told() == []
    play.icmp(36.5, "gateway", asked=36)
    play.icmp(41, "A-cam1", alive=False, asked=40)
    play.wait(60)
    assert [cause for _, _, _, cause in play.told()] == ["box_silent"]


def test_what_was_asked_when_sight_came_back_is_evidence_again() -> None:
    """The reference answered in the very sweep in which the camera did not."""
    play = alone("gateway")
    for asked in (0, 30):
        play.icmp(asked + 0.1, "gateway", asked=asked)
        play.icmp(asked + 0.1, "A-cam1", asked=asked)
    for asked in (60, 90):
        play.icmp(asked + TIMEOUT, "gateway", alive=False, asked=asked)
        play.icmp(asked + TIMEOUT, "A-cam1", alive=False, asked=asked)
    for asked in (120, 150, 180):
        play.icmp(asked + TIMEOUT, "gateway", asked=asked)
        play.icmp(asked + TIMEOUT, "A-cam1", alive=False, asked=asked)
    play.wait(200)
    (incident,) = (each for each in play.incidents.values() if each.target == "A")
    assert incident.since == START + 120_000


def test_when_it_was_asked_is_recorded_and_replayed(tmp_path: Path) -> None:
    file = tmp_path / "recording.jsonl"
    given = Reading("A-cam1", Probe.ICMP, START + 1_060, Outcome.TIMEOUT, asked=START + 3)
    file.write_text(encode(given) + "\n", encoding="utf-8")

    def reload(*_: object) -> Reload:
        raise AssertionError

    assert [*Recording(file).inputs(reload)] == [given]
