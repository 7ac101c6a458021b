"""docs/devices.md: which families are read by which profile, what that is worth and what it costs.

Made from collector/profiles and from what the real recordings prove (tests/collector/proven.yaml,
kept current by a test) with LibreNMS's other opinions (tests/collector/disagreements.yaml).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from collector.device.load import load
from collector.device.profile import Profile
from domain.metric import CATALOGUE
from domain.place import Kind

_ROOT = Path(__file__).parents[1]
DEVICES = _ROOT / "docs" / "devices.md"
_PROVEN = _ROOT / "tests" / "collector" / "proven.yaml"
_DISAGREEMENTS = _ROOT / "tests" / "collector" / "disagreements.yaml"

_HEAD = """# Devices

Which device families are read, by which profile, and what stands behind it; made by
`python -m app.docs` (`make docs`). How to write a profile: [profiles.md](profiles.md).

- **read**: metrics with a value in at least one real recording of the family.
- *also, where answered*: metrics the profile knows besides; from the MIB, seen in no recording.
- **PDUs**: GETs a poll + GETs besides at each slow poll (every {slow}th), and "+ walk" for a short table
  whose rows come and go (alarms); tables are read with GETBULK once, at discovery. An agent that
  answers tooBig or not at all to a large request is asked for half as much.
- **proven on**: the recordings; `kind/name` as they are called beside the project. None: from the MIB only.
- **LibreNMS reads otherwise**: where the two differ on the same object, and why ours stands.
"""
_KINDS = {
    Kind.UPS: "UPS and DC plants",
    Kind.SENSOR: "Cabinet sensors, doors and coolers",
    Kind.SWITCH: "Switches",
    Kind.ROUTER: "Routers",
    Kind.CAMERA: "Cameras and recorders",
}
_COLUMNS = (
    "| family | profile | read | PDUs | proven on | LibreNMS reads otherwise |\n|---|---|---|---|---|---|\n"
)


def devices() -> str:
    """The whole page."""
    proven: Mapping[str, Any] = yaml.safe_load(_PROVEN.read_text(encoding="utf-8"))
    differing: Mapping[str, Mapping[str, str]] = yaml.safe_load(_DISAGREEMENTS.read_text(encoding="utf-8"))
    profiles = sorted(load().profiles.values(), key=lambda profile: profile.title.casefold())
    page = [_HEAD.format(slow=max(profile.slow_every for profile in profiles))]
    for kind in Kind:
        page.append(f"\n## {_KINDS[kind]}\n\n{_COLUMNS}")
        for profile in profiles:
            if profile.kind is kind:
                mine = {name: proof for name, proof in proven.items() if proof["profile"] == profile.name}
                page.append(_row(profile, mine, differing))
    return "".join(page)


def _row(profile: Profile, proofs: Mapping[str, Any], differing: Mapping[str, Mapping[str, str]]) -> str:
    read = sorted({metric for proof in proofs.values() for metric in proof["metrics"]})
    known = {*profile.metrics, *profile.derived} & set(CATALOGUE)
    also = sorted(known - set(read))
    metrics = [f"{_names(read)}"] * bool(read) + [f"*also, where answered:* {_names(also)}"] * bool(also)
    apart = [
        f"`{name}` {metric}: {why}" for name in proofs for metric, why in differing.get(name, {}).items()
    ]
    cells = (
        profile.title,
        f"`{profile.name}`",
        "<br>".join(metrics),
        _cost([proof["pdus"] for proof in proofs.values()]),
        "<br>".join(f"`{name}`" for name in proofs) or "none",
        "<br>".join(apart),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _names(metrics: Sequence[str]) -> str:
    return ", ".join(f"`{metric}`" for metric in metrics)


def _cost(pdus: Sequence[Sequence[int]]) -> str:
    """The span over the recordings, such as "1-2 + 1"."""
    if not pdus:
        return ""
    each_poll, slow, walks = (_span([one[place] for one in pdus]) for place in range(3))
    return f"{each_poll} + {slow}" + (" + walk" if walks != "0" else "")


def _span(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low}-{high}"
