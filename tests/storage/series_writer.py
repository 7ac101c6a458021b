"""A writer to be killed: `python -m tests.storage.series_writer STORE DIRECTORY URL FIRST` writes one
reading after another and says each number once it counts as taken."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from domain.reading import Key, Outcome, Probe, Reading
from storage.embedded import EmbeddedStore
from storage.influx import Backoff, InfluxSink
from storage.influx_http import InfluxSettings
from storage.schema import Place

PLACES = {"ups-1": Place("ups", "saddar", "box-1")}
START = 1_750_000_000_000
KEY: Key = ("battery_charge_percent", "")
QUICK = Backoff(first_s=0.02, most_s=0.2)


def reading(number: int) -> Reading:
    return Reading("ups-1", Probe.SNMP, START + number, Outcome.OK, {KEY: float(number)})


def main() -> None:
    which, directory, url, first = sys.argv[1:]
    number = int(first)
    if which == "embedded":
        store = EmbeddedStore(Path(directory), commit_s=0.005)
        while True:
            store.write([reading(n) for n in range(number, number + 20)])
            number += 20
            assert store.flush()
            print(number - 1, flush=True)
    pause = threading.Event()
    sink = InfluxSink(InfluxSettings(url), PLACES, Path(directory), backoff=QUICK)
    while True:
        sink.write([reading(n) for n in range(number, number + 20)])
        number += 20
        print(number - 1, flush=True)
        pause.wait(0.002)


if __name__ == "__main__":
    main()
