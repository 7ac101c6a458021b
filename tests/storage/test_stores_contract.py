"""One contract for every store: what is written is read back, exactly, whoever keeps it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from domain.ports import History, ReadingSink
from domain.reading import Key, Outcome, Probe, Reading
from storage.embedded import EmbeddedStore
from storage.influx import Backoff, InfluxSink
from storage.influx_http import InfluxSettings
from storage.influx_query import InfluxHistory
from storage.influx_setup import setup
from storage.memory import MemoryStore
from storage.schema import Place
from tests.peers import free_port
from tests.storage.series_peers import Influxd, VictoriaHistory, debian_influxd, newer_influxd, victoria

PLACES = {
    "ups-1": Place("ups", "saddar", "box-1"),
    "sw 2": Place("switch", "صدر", "box, two"),
    "cam=3": Place("camera", "saddar", 'box "3"'),
    "mute": Place("sensor", "", "box-4"),
}
START = 1_750_000_000_000  # past: VictoriaMetrics drops what is more than two days ahead


@dataclass
class Store:
    sink: ReadingSink
    history: History
    settle: Callable[[], object]
    exact: bool = True  # VictoriaMetrics keeps decimals of one exponent a block, not doubles


@contextlib.contextmanager
def memory(tmp: Path) -> Iterator[Store]:
    store = MemoryStore()
    yield Store(store, store, lambda: None)
    store.close()


@contextlib.contextmanager
def embedded(tmp: Path) -> Iterator[Store]:
    store = EmbeddedStore(tmp / "series", commit_s=0.05)
    yield Store(store, store, store.flush)
    store.close()


@contextlib.contextmanager
def _influx(settings: InfluxSettings, tmp: Path, history: History) -> Iterator[Store]:
    sink = InfluxSink(settings, PLACES, tmp / "spool", backoff=Backoff(first_s=0.05))

    def settle() -> None:
        assert sink.flush(20), sink.health()

    yield Store(sink, history, settle, exact=isinstance(history, InfluxHistory))
    health = sink.health()
    assert (health.error, health.tally.parked_lines) == ("", 0)
    sink.close()


@contextlib.contextmanager
def _influxd(binary: str, tmp: Path) -> Iterator[Store]:
    server = Influxd(binary, tmp / "influxd", free_port())
    with server.up():
        setup(server.settings, raw_days=0)
        history = InfluxHistory(server.settings, PLACES)
        with _influx(server.settings, tmp, history) as store:
            yield store
        history.close()


@contextlib.contextmanager
def influxdb_1_6(tmp: Path) -> Iterator[Store]:
    with _influxd(debian_influxd(), tmp) as store:
        yield store


@contextlib.contextmanager
def influxdb_1_8(tmp: Path) -> Iterator[Store]:
    with _influxd(newer_influxd(), tmp) as store:
        yield store


@contextlib.contextmanager
def victoria_metrics(tmp: Path) -> Iterator[Store]:
    settings: InfluxSettings
    with victoria(tmp / "vm") as url:
        settings = InfluxSettings(url, "cctv")
        with _influx(settings, tmp, VictoriaHistory(url, PLACES)) as store:
            yield store


PEERS = [influxdb_1_6, influxdb_1_8, victoria_metrics]
STORES = [
    memory,
    embedded,
    *(pytest.param(peer, marks=[pytest.mark.peer, pytest.mark.slow]) for peer in PEERS),
]


@pytest.fixture(scope="module", params=STORES, ids=lambda make: make.__name__)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with request.param(tmp_path_factory.mktemp("store")) as made:
        yield made


_moment = START


@pytest.fixture
def at() -> int:
    """A day of its own for each test, as the store is shared."""
    global _moment
    _moment += 86_400_000
    return _moment


def ok(device: str, at: int, values: dict[Key, float], probe: Probe = Probe.SNMP) -> Reading:
    return Reading(device, probe, at, Outcome.OK, values)


def read(store: Store, device: str, key: Key, start: int, end: int) -> list[tuple[int, float]]:
    return [(point.at, point.value) for point in store.history.series(device, key, start, end)]


ORDINARY = [0.1, 231.4, 42949672.95, 5.0, -37.5, 0.0]
AWKWARD = [*ORDINARY, -0.0, 1 / 3, 1e-300, 1.7976931348623157e308, float(2**53)]


def test_numbers_come_back_to_the_last_bit(store: Store, at: int) -> None:
    key = ("battery_voltage_volts", "")
    numbers = AWKWARD if store.exact else ORDINARY
    store.sink.write([ok("ups-1", at + n, {key: value}) for n, value in enumerate(numbers)])
    store.settle()
    assert read(store, "ups-1", key, at, at + 100) == [(at + n, value) for n, value in enumerate(numbers)]


def test_a_span_holds_its_start_and_not_its_end_and_is_in_order(store: Store, at: int) -> None:
    key = ("cpu_percent", "")
    for offset in (3_000, 1_000, 2_000):  # late ones come late
        store.sink.write([ok("cam=3", at + offset, {key: offset / 1000})])
    store.settle()
    assert read(store, "cam=3", key, at + 1_000, at + 3_000) == [(at + 1_000, 1.0), (at + 2_000, 2.0)]


@pytest.mark.parametrize(
    "label", ["1", "GigabitEthernet0/1", "port 1, left = up", 'said "1"', "کیمرہ", "a'b"]
)
def test_each_label_is_a_series_of_its_own(store: Store, at: int, label: str) -> None:
    values = {("port_up", label): 1.0, ("port_up", "other"): 0.0, ("port_in_octets_total", label): 7e9}
    store.sink.write([ok("sw 2", at, values)])
    store.settle()
    assert read(store, "sw 2", ("port_up", label), at, at + 1) == [(at, 1.0)]
    assert read(store, "sw 2", ("port_up", "other"), at, at + 1) == [(at, 0.0)]
    assert read(store, "sw 2", ("port_in_octets_total", label), at, at + 1) == [(at, 7e9)]
    assert read(store, "sw 2", ("port_up", "none"), at, at + 1) == []


def test_silence_is_kept_as_an_outcome_and_absent_values_are_not_kept(store: Store, at: int) -> None:
    key = ("battery_charge_percent", "")
    store.sink.write(
        [
            ok("ups-1", at, {key: 80.0}),
            Reading("ups-1", Probe.SNMP, at + 1, Outcome.TIMEOUT),
            ok("ups-1", at + 2, {key: math.nan, ("alarms_present", ""): 1.0}),
            ok("ups-1", at + 3, {key: math.inf}),
        ]
    )
    store.settle()
    assert read(store, "ups-1", key, at, at + 9) == [(at, 80.0)]
    assert read(store, "ups-1", ("snmp_outcome", ""), at, at + 9) == [
        (at, 0.0),
        (at + 1, 1.0),
        (at + 2, 0.0),
        (at + 3, 0.0),
    ]


def test_two_probes_of_one_moment_keep_both_outcomes(store: Store, at: int) -> None:
    loss = ("icmp_loss_ratio", "")
    store.sink.write(
        [
            Reading("ups-1", Probe.ICMP, at, Outcome.TIMEOUT, {loss: 1.0}),
            ok("ups-1", at, {("on_mains", ""): 1.0}),
            ok("ups-1", at, {("on_battery", ""): 0.0}, Probe.TRAP),
        ]
    )
    store.settle()
    for key, value in {
        ("icmp_outcome", ""): 1.0,
        ("snmp_outcome", ""): 0.0,
        ("trap_outcome", ""): 0.0,
        loss: 1.0,
        ("on_mains", ""): 1.0,
        ("on_battery", ""): 0.0,
    }.items():
        assert read(store, "ups-1", key, at, at + 1) == [(at, value)]


def test_two_traps_of_one_moment_lose_neither_value(store: Store, at: int) -> None:
    for name in ("door", "lid"):
        store.sink.write([ok("mute", at, {("door_open", name): 1.0}, Probe.TRAP)])
    store.settle()
    assert read(store, "mute", ("door_open", "door"), at, at + 1) == [(at, 1.0)]
    assert read(store, "mute", ("door_open", "lid"), at, at + 1) == [(at, 1.0)]


def test_writing_again_changes_nothing(store: Store, at: int) -> None:
    key = ("memory_percent", "")
    batch = [ok("cam=3", at + n, {key: float(n)}) for n in range(50)]
    for _ in range(3):
        store.sink.write(batch)
    store.settle()
    assert read(store, "cam=3", key, at, at + 100) == [(at + n, float(n)) for n in range(50)]


def test_the_latest_of_every_metric_outlives_a_silence(store: Store, at: int) -> None:
    charge, volts = ("battery_charge_percent", ""), ("input_voltage_volts", "1")
    store.sink.write(
        [
            ok("ups-1", at, {charge: 90.0, volts: 231.0}),
            ok("ups-1", at + 60_000, {charge: 85.0}),
            *(Reading("ups-1", Probe.SNMP, at + n * 60_000, Outcome.TIMEOUT) for n in range(2, 40)),
        ]
    )
    store.settle()
    latest = store.history.latest("ups-1")
    assert (latest[charge].at, latest[charge].value) == (at + 60_000, 85.0)
    assert (latest[volts].at, latest[volts].value) == (at, 231.0)
    assert (latest["snmp_outcome", ""].at, latest["snmp_outcome", ""].value) == (at + 39 * 60_000, 1.0)


def test_a_device_never_heard_of_has_no_series(store: Store, at: int) -> None:
    store.settle()
    assert not store.history.latest("nobody")
    assert not store.history.series("nobody", ("on_mains", ""), 0, at)


def test_a_device_the_inventory_lacks_is_kept_all_the_same(store: Store, at: int) -> None:
    store.sink.write([ok("stranger", at, {("on_mains", ""): 1.0})])
    store.settle()
    assert read(store, "stranger", ("on_mains", ""), at, at + 1) == [(at, 1.0)]


def test_many_devices_at_once_are_all_there(store: Store, at: int) -> None:
    key = ("uptime_seconds", "")
    store.sink.write([ok(f"many-{n}", at + n % 7, {key: float(n)}) for n in range(6_000)])
    store.settle()
    for n in (0, 1, 4_999, 5_000, 5_999):
        assert read(store, f"many-{n}", key, at, at + 10) == [(at + n % 7, float(n))]


@pytest.mark.parametrize("make", [pytest.param(influxdb_1_6, marks=[pytest.mark.peer, pytest.mark.slow])])
def test_the_export_reader_of_these_tests_is_not_what_holds_them_together(
    make: Callable[[Path], contextlib.AbstractContextManager[Store]], tmp_path: Path
) -> None:
    """InfluxQL, asked by hand, gives the same and can GROUP BY the label."""
    with make(tmp_path) as made:
        made.sink.write([ok("sw 2", START, {("port_up", "1"): 1.0, ("port_up", "2"): 0.0})])
        made.settle()
        assert isinstance(made.history, InfluxHistory)
        url = made.history._settings.url
        params = {"db": "cctv", "epoch": "ms", "q": 'SELECT port_up FROM switch GROUP BY port, box, "kind"'}
        series = httpx.get(f"{url}/query", params=params).json()["results"][0]["series"]
    assert [(s["tags"], s["values"]) for s in series] == [
        ({"port": "1", "box": "box, two", "kind": "switch"}, [[START, 1]]),
        ({"port": "2", "box": "box, two", "kind": "switch"}, [[START, 0]]),
    ]
