"""`python -m tests.collector.proven`: what each real recording proves, for docs/devices.md.

Writes tests/collector/proven.yaml: recording -> profile, the metrics with a value, and the PDUs of
a poll (each poll, besides at each slow poll, short walks at each poll). Needs the recordings.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import yaml

from collector.device.discover import discover
from collector.device.load import load
from collector.device.profile import ProfileSet
from collector.probe import probe
from domain.metric import CATALOGUE
from domain.place import Device, Kind
from domain.reading import parsed
from tests.collector.recorded import Recorded
from tests.peers import SHARED_DEVICES

PROVEN = Path(__file__).parent / "proven.yaml"
_HEAD = "# Made by `python -m tests.collector.proven` from the real recordings; a test keeps it current.\n"


def recordings() -> list[Path]:
    return sorted(path for end in ("snmprec", "snmpwalk") for path in SHARED_DEVICES.glob(f"*/*.{end}"))


def proven() -> dict[str, Any]:
    profiles = load()
    return {f"{path.parent.name}/{path.stem}": _proof(path, profiles) for path in recordings()}


def _proof(path: Path, profiles: ProfileSet) -> dict[str, Any]:
    session = Recorded.of(path)
    result = asyncio.run(probe(session, path.stem, profiles))
    plan = asyncio.run(discover(session, Device("d", "b", Kind.SENSOR, "127.0.0.1"), profiles))
    metrics = {parsed(key)[0] for key in result.values} & set(CATALOGUE)
    pdus = [len(plan.gets), len(plan.slow_gets), len(plan.walks)]
    return {"profile": result.profile, "pdus": pdus, "metrics": sorted(metrics)}


def written(proof: dict[str, Any]) -> str:
    return _HEAD + yaml.safe_dump(proof, sort_keys=True, width=110, default_flow_style=None)


if __name__ == "__main__":
    PROVEN.write_text(written(proven()), encoding="utf-8")
