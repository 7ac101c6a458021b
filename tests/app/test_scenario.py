"""`make run` as it is: real processes, real SNMP and ICMP, the shipped city and its three minutes.

Four runs go side by side, each in a network of its own, so that the suite waits for the play once:
the play on both roads of the simulator, the play with its processes killed, and a city that is
stopped, started, hung, reloaded and asked. Each test looks at what one of them left behind.
"""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from storage.journal import FILE
from tests.app.live import LiveCity, Told, own_network, pause, play, say

pytestmark = [pytest.mark.slow, pytest.mark.peer, pytest.mark.long]

LASTS_S = 205
SOUTH = ("asif", "night-desk")
GULSHAN = ("bina", "night-desk")
FEEDER = ("SDR-01", "SDR-02", "SDR-03", "SDR-04")


class Runs:
    """Each run in a thread of its own; what went wrong in one is raised where it is looked at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cities: dict[str, LiveCity] = {}
        self.errors: dict[str, BaseException] = {}
        self.seen: dict[str, object] = {}
        self._threads: list[threading.Thread] = []

    def begin(self, name: str, course: Callable[[LiveCity], None], tun: bool = True) -> None:
        folder = self.folder / name
        folder.mkdir()
        self.cities[name] = LiveCity(folder, tun)

        def run() -> None:
            try:
                course(self.cities[name])
            except BaseException as error:
                self.errors[name] = error

        self._threads.append(threading.Thread(target=run, name=name))
        self._threads[-1].start()

    def wait(self) -> None:
        for thread in self._threads:
            thread.join()

    def city(self, name: str) -> LiveCity:
        if name in self.errors:
            raise AssertionError(f"{name}: {self.errors[name]}") from self.errors[name]
        return self.cities[name]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    own_network()  # skips here, in the main thread, where there can be none
    found = Runs(tmp_path_factory.mktemp("city"))
    found.begin("tun", whole_play)
    found.begin("sockets", whole_play, tun=False)
    found.begin("killed", killed_play)
    found.begin("life", lambda city: life(city, found.seen))
    found.wait()
    return found


def whole_play(city: LiveCity) -> None:
    with city.running("--record", str(city.folder / "run.jsonl"), "--seconds", str(LASTS_S)) as run:
        assert run.wait(LASTS_S + 60) == 0, city.said()


# -- the play, on both roads ---------------------------------

roads = pytest.mark.parametrize("road", ["tun", "sockets"])


def groups(boxes: tuple[str, ...], to: tuple[str, ...], notice: str, cause: str) -> set[Told]:
    return {(contact, box, notice, cause) for box in boxes for contact in to}


STAGES: tuple[set[Told], ...] = (
    groups(FEEDER, SOUTH, "opened", "feeder_outage"),
    groups(("SDR-02",), SOUTH, "opened", "battery_running_out"),
    groups(("GLS-01",), GULSHAN, "opened", "camera_hung")
    | groups(("CLF-02",), SOUTH, "opened", "door_open")
    | groups(("CLF-02",), (*SOUTH, "police-clifton"), "worse", "door_open"),
    groups(("CLF-02",), (*SOUTH, "police-clifton"), "opened", "suspected_theft"),
    groups(("SDR-02",), SOUTH, "opened", "battery_exhausted"),
    groups(FEEDER, SOUTH, "closed", "feeder_outage")
    | groups(("SDR-02",), SOUTH, "closed", "battery_running_out")
    | groups(("SDR-02",), SOUTH, "closed", "battery_exhausted"),
    groups(("GLS-01",), GULSHAN, "closed", "camera_hung"),
)
"""Who is told of what, in the order of the play. Within a stage the order is that of the polls."""


@roads
def test_exactly_these_messages_are_sent_in_this_order(runs: Runs, road: str) -> None:
    sent = runs.city(road).sms()
    story = "\n".join(f"{sms.contact}: {sms.text}" for sms in sent)
    told = [one for sms in sent for one in sms.tells]
    assert Counter(told) == Counter(one for stage in STAGES for one in stage), story
    stages = [next(n for n, stage in enumerate(STAGES) if one in stage) for one in told]
    assert stages == sorted(stages), story
    stolen = [(notice, cause) for contact, box, notice, cause in told if (contact, box) == ("asif", "CLF-02")]
    assert stolen == [("opened", "door_open"), ("worse", "door_open"), ("opened", "suspected_theft")]


@roads
def test_every_message_is_one_segment_and_says_box_place_cause_and_code(runs: Runs, road: str) -> None:
    city = runs.city(road)
    assert {entry["segments"] for entry in city.ledger()} == {1}
    for sms in city.sms():
        assert sms.box in sms.text
        assert "Code " in sms.text
    theft, *_ = (s for s in city.sms() if s.tells[0][3] == "suspected_theft")
    assert "SUSPECTED THEFT" in theft.text
    assert "3/3 cameras dark, 1 e-challan" in theft.text
    running_out, *_ = (s for s in city.sms() if s.tells[0][3] == "battery_running_out")
    assert "lasts" in running_out.text


INCIDENTS: dict[tuple[str, str], tuple[tuple[str, ...], set[str]]] = {
    # (box, concern): the causes it must go through in this order, and those it may pass through
    **{(box, "power"): (("feeder_outage",), {"mains_lost"}) for box in FEEDER},
    ("SDR-02", "battery"): (("battery_running_out",), {"battery_low"}),
    ("SDR-02", "outage"): (
        ("battery_exhausted",),
        {"device_silent", "camera_hung", "port_down", "switch_silent"},
    ),
    ("GLS-01", "outage"): (("camera_hung",), {"device_silent"}),
    ("CLF-02", "tamper"): (("door_open",), set()),
    ("CLF-02", "outage"): (("suspected_theft",), {"port_down", "device_silent", "box_silent"}),
}


@roads
def test_exactly_these_incidents_are_opened_and_only_the_stolen_box_stays_so(runs: Runs, road: str) -> None:
    city = runs.city(road)
    causes = city.causes()
    assert causes.keys() == INCIDENTS.keys()
    for key, lives in causes.items():
        must, may = INCIDENTS[key]
        assert len(lives) == 1, (key, lives)
        assert tuple(cause for cause in lives[0] if cause not in may) == must, (key, lives)
    still = {(i.target, str(i.concern)) for i in city.incidents() if i.closed_at is None}
    assert still == {("CLF-02", "tamper"), ("CLF-02", "outage")}


@roads
def test_the_replay_of_the_recording_is_the_run_byte_for_byte(runs: Runs, road: str) -> None:
    city = runs.city(road)
    file = city.folder / "run.jsonl"
    done = say("replay", str(file), *city.sources, "--json", timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == file.with_name("run.jsonl.events").read_text(encoding="utf-8")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    replayed = Counter((e["contact"], e["text"]) for e in told if e["event"] == "sms")
    assert replayed == Counter((sms.contact, sms.text) for sms in city.sms())


@roads
def test_the_terminal_says_by_which_road_and_shows_each_message(runs: Runs, road: str) -> None:
    city = runs.city(road)
    said = city.said()
    assert said.startswith(
        {"tun": "ICMP and SNMP answered through TUN", "sockets": "SNMP answered on UDP"}[road]
    )
    assert "Traceback" not in said + city.logs()
    assert "ERROR" not in city.logs(), city.logs()
    assert said.count("SMS to ") == len(city.ledger())
    assert "CLF-02 outage: suspected theft" in said
    assert city.pids("watch") == city.pids("tell") == city.pids("deadman") == city.pids("simulate") == []


@roads
def test_its_series_are_kept_and_why_tells_the_whole_chain(runs: Runs, road: str) -> None:
    city = runs.city(road)
    done = say("why", "SDR-02-ups", "--data", str(city.data))
    assert done.returncode == 0, done.stderr
    assert "battery_charge_percent" in done.stdout
    done = say("why", "CLF-02", "--data", str(city.data))
    for words in ("door open", "suspected theft", "neighbours alive", "told police-clifton"):
        assert words in done.stdout
    assert "not told" in done.stdout
    code = next(i.code for i in city.incidents() if (i.target, i.concern) == ("GLS-01", "outage"))
    assert "camera hung" in say("why", code.lower(), "--data", str(city.data)).stdout


CONCERN = {cause: concern for (_, concern), (must, may) in INCIDENTS.items() for cause in (*must, *may)}


# -- the play, with its processes killed ---------------------------------


def killed_play(city: LiveCity) -> None:
    """Nine kill -9 at random moments of the play: watch, tell, and both at once, three of each."""
    chance = random.Random(11)
    victims = ["watch", "tell", "both"] * 3
    chance.shuffle(victims)
    moments = sorted(chance.uniform(12, 180) for _ in victims)
    with city.running("--seconds", str(LASTS_S)) as run:
        now = 0.0
        for moment, victim in zip(moments, victims, strict=True):
            pause(moment - now)
            now = moment
            names = ("watch", "tell") if victim == "both" else (victim,)
            for name in names:
                city.wait_for(lambda name=name: city.signal(name, signal.SIGKILL) == 1, name, 10)  # type: ignore[misc]
        assert run.wait(LASTS_S) == 0, city.said()


def test_no_incident_and_no_message_is_lost_to_kills_and_none_is_sent_twice(runs: Runs) -> None:
    city = runs.city("killed")
    assert {(i.target, str(i.concern)) for i in city.incidents()} == INCIDENTS.keys()
    still = {(i.target, str(i.concern)) for i in city.incidents() if i.closed_at is None}
    assert still == {("CLF-02", "tamper"), ("CLF-02", "outage")}
    assert max(Counter(entry["id"] for entry in city.ledger()).values()) == 1
    sent = city.sms()
    story = "\n".join(f"{sms.contact}: {sms.text}" for sms in sent)
    told = Counter(one for sms in sent for one in sms.tells)
    assert max(told.values()) == 1, story
    sides = {(contact, box, notice == "closed", CONCERN[cause]) for contact, box, notice, cause in told}
    for box, concern in INCIDENTS:
        for contact in GULSHAN if box == "GLS-01" else SOUTH:
            assert (contact, box, False, concern) in sides, story
            assert ((contact, box, True, concern) in sides) == (box != "CLF-02"), story
    assert any(one[:2] == ("police-clifton", "CLF-02") for one in told), story
    with city.reader() as reader:
        assert reader.backlog() == (0, 0, 0)
    with closing(sqlite3.connect(city.data / FILE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


# -- a city stopped, started, hung, reloaded and asked ---------------------------------


def life(city: LiveCity, seen: dict[str, object]) -> None:
    acts = [("0:00", "device_hangs", "GLS-01-cam2"), ("0:00", "door_opened", "CLF-01")]
    trouble = play(city.folder, "trouble", acts)
    data = ("--data", str(city.data))

    def told(words: str) -> bool:
        return any(words in entry["text"] for entry in city.ledger())

    with city.running(scenario=trouble) as run:
        city.wait_for(lambda: told("DOOR OPEN"), "the door")
        city.wait_for(lambda: told("GLS-01-cam2"), "the camera")
        seen["first"] = sorted(one for sms in city.sms() for one in sms.tells)
        seen["status"] = say("status", *data, "--json").stdout
        code = next(i.code for i in city.incidents() if i.target == "GLS-01")
        seen["acknowledged"] = say("acknowledge", code, "--by", "bina", *data)
        seen["acknowledged again"] = say("acknowledge", code.lower(), "--by", "asif", *data)
        seen["unknown code"] = say("acknowledge", "XXXXXX", *data)
        inventory = city.files["inventory"]
        good = inventory.read_text(encoding="utf-8")
        inventory.write_text(
            good.replace("name: Sea View", "name: Sea View\n    colour: blue"), encoding="utf-8"
        )
        seen["bad reload"] = say("reload", *data)
        inventory.write_text(good.replace("name: Sea View", "name: Sea View Road"), encoding="utf-8")
        seen["good reload"] = say("reload", *data)
        seen["backup"] = say("backup", str(city.folder / "backup.sqlite"), *data)
        seen["second run"] = say("run", "--simulate", *data, *city.sources, "--seconds", "1")
        city.signal("watch", signal.SIGSTOP)
        city.wait_for(lambda: told("NOT being watched"), "the dead-man", 60)
        city.signal("watch", signal.SIGCONT)
        city.wait_for(lambda: told("alive again"), "the dead-man's relief", 60)
        run.send_signal(signal.SIGINT)
        seen["code"] = run.wait(30)
        seen["left"] = [name for name in ("watch", "tell", "deadman", "simulate") if city.pids(name)]
    seen["open"] = {i.id for i in city.incidents() if i.closed_at is None}
    before = len(city.ledger())
    with city.running("--seconds", "35", scenario=trouble) as run:
        seen["second code"] = run.wait(90)
    seen["second"] = [entry["text"] for entry in city.ledger()[before:]]
    seen["still open"] = {i.id for i in city.incidents() if i.closed_at is None}
    with city.running(scenario=play(city.folder, "quiet", [])):
        city.wait_for(lambda: told("OK GLS-01") and told("OK CLF-01"), "what healed while it was off")
    seen["third"] = [entry["text"] for entry in city.ledger()[before:]]


def test_a_run_stopped_by_ctrl_c_ends_cleanly_and_leaves_no_process(runs: Runs) -> None:
    city = runs.city("life")
    assert runs.seen["code"] == 0, city.said()
    assert runs.seen["left"] == []
    assert runs.seen["first"] == sorted(
        groups(("CLF-01",), SOUTH, "opened", "door_open")
        | groups(("GLS-01",), GULSHAN, "opened", "camera_hung")
    )


def test_started_again_it_remembers_what_is_open_and_tells_nothing_twice(runs: Runs) -> None:
    city = runs.city("life")
    assert runs.seen["second code"] == 0, city.said()
    assert len(runs.seen["open"]) == 2  # type: ignore[arg-type]
    assert runs.seen["second"] == []
    assert runs.seen["still open"] == runs.seen["open"]


def test_what_healed_while_it_was_off_is_resolved_by_the_first_sweeps(runs: Runs) -> None:
    texts = runs.seen["third"] if runs.city("life") else []
    assert len(texts) == 4  # type: ignore[arg-type]
    assert all(text.startswith("OK ") for text in texts)  # type: ignore[attr-defined]


def test_a_watcher_that_hangs_is_noticed_and_said_and_so_is_its_return(runs: Runs) -> None:
    about = [e for e in runs.city("life").ledger() if e["text"].startswith("NIGEHBAN")]
    silent = [e["contact"] for e in about if "NOT being watched" in e["text"]]
    alive = [e["contact"] for e in about if "alive again" in e["text"]]
    assert sorted(silent) == sorted(alive) == ["asif", "bina", "night-desk"]


def test_status_acknowledge_and_reload_reach_the_watcher_through_the_journal(runs: Runs) -> None:
    runs.city("life")
    status = json.loads(str(runs.seen["status"]))
    assert {(i["target"], i["cause"]) for i in status["incidents"]} == {
        ("GLS-01", "camera_hung"),
        ("CLF-01", "door_open"),
    }
    assert status["watched"]["devices"] == 70
    assert all(ago <= 30 for ago in status["alive_seconds_ago"].values())
    outcomes = {
        "acknowledged": (0, "acknowledged by bina"),
        "acknowledged again": (0, "already acknowledged by bina"),
        "unknown code": (2, "no open incident has the code XXXXXX"),
        "bad reload": (2, "unknown key 'boxes.CLF-04.colour'"),
        "good reload": (0, "Sea View Road"),
        "backup": (0, "verified"),
        "second run": (2, "is watching with this data directory already"),
    }
    for name, (code, words) in outcomes.items():
        done = runs.seen[name]
        assert done.returncode == code, (name, done)  # type: ignore[attr-defined]
        assert words in done.stdout + done.stderr, (name, done)  # type: ignore[attr-defined]
        assert "Traceback" not in done.stderr  # type: ignore[attr-defined]
