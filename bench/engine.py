"""The rule engine alone: readings of healthy UPSes and of their echoes, through the sequencer.

python -m bench.engine '{"devices": 100000, "sweeps": 3}'
"""

from __future__ import annotations

import gc
import json
import sys
from typing import Any

from app.sequencer import Sequencer
from bench import city, peers
from bench.table import middle
from domain.input import Start
from domain.reading import Key, Outcome, Probe, Reading
from rules.engine import Engine

VALUES: dict[Key, float] = {
    ("sys_uptime_seconds", ""): 1.0,
    ("on_battery", ""): 0.0,
    ("time_on_battery_seconds", ""): 0.0,
    ("battery_runtime_seconds", ""): 7200.0,
    ("battery_charge_percent", ""): 96.0,
    ("battery_voltage_volts", ""): 27.3,
    ("battery_temperature_celsius", ""): 31.0,
    ("input_line_bads_total", ""): 17.0,
    ("input_voltage_volts", "1"): 231.0,
    ("output_load_percent", "1"): 42.0,
}
ECHOED: dict[Key, float] = {
    ("icmp_loss_ratio", ""): 0.0,
    ("icmp_rtt_seconds", ""): 0.01,
    ("icmp_rtt_min_seconds", ""): 0.01,
    ("icmp_rtt_max_seconds", ""): 0.01,
    ("icmp_jitter_seconds", ""): 0.001,
}


def main(given: dict[str, Any]) -> dict[str, Any]:
    accepted = city.accepted(city.city(given["devices"], 60))
    gc.collect()
    gc.freeze()
    before = peers.resident()
    engine = Engine(accepted.city, accepted.rules)
    changes = 0

    def changed(_: object) -> None:
        nonlocal changes
        changes += 1

    sequencer = Sequencer(engine, changed)
    now = 1_800_000_000_000
    sequencer.feed(Start(now))
    costs: dict[Probe, list[float]] = {Probe.ICMP: [], Probe.SNMP: []}
    ids = list(accepted.city.devices)
    for _ in range(given["sweeps"] + 1):
        for probe, values in ((Probe.ICMP, ECHOED), (Probe.SNMP, VALUES)):
            now += 1000
            readings = [Reading(id_, probe, now, Outcome.OK, dict(values)) for id_ in ids]
            used = peers.cpu()
            for reading in readings:
                sequencer.feed(reading)
            costs[probe].append(peers.cpu() - used)
            del readings
    gc.collect()
    memory = peers.resident() - before
    each = {probe: middle(of[1:]) / len(ids) for probe, of in costs.items()}  # the first sweep learns
    return {
        "snmp_us": each[Probe.SNMP] * 1e6,
        "icmp_us": each[Probe.ICMP] * 1e6,
        "readings_a_second": 1 / each[Probe.SNMP],
        "rules_a_device": city.RULES_A_DEVICE,
        "octets_a_device": memory / len(ids),
        "changes": changes,
    }


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
