"""Writes the inventory of a city of any size: every box a UPS, a switch, a router and seven cameras.

    python bench/big_city.py 10000 > big.yaml

Addresses are in 127/8. The text is the same for the same number.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

DEVICES_A_BOX = 10
_HEAD = """city:
  name: Big city
  bounds: {south: 24.0, west: 66.0, north: 26.0, east: 68.0}
defaults:
  contractor: alpha
  snmp: {version: 2c, community: env:BENCH_COMMUNITY}
references: {gateway: 127.0.0.1}
contractors: {alpha: {name: Alpha}}
contacts:
  desk: {name: Desk, role: on_call, number: +92 300 0000003}
"""


def lines(devices: int) -> Iterator[str]:
    boxes = max(1, devices // DEVICES_A_BOX)
    yield _HEAD
    yield "districts:\n"
    for district in range(20):
        yield f"  d{district}: {{name: District {district}}}\n"
    yield "feeders:\n"
    for feeder in range(boxes // 20 + 1):
        yield f"  f{feeder}: {{name: Feeder {feeder}}}\n"
    yield "boxes:\n"
    for box in range(boxes):
        yield from _box(box)


def _box(box: int) -> Iterator[str]:
    name = f"B{box:05d}"
    yield f"  {name}:\n    name: Corner {box}\n    lat: {24.5 + box % 97 / 100:.4f}\n"
    yield f"    lon: {66.5 + box % 89 / 100:.4f}\n    district: d{box % 20}\n    feeder: f{box // 20}\n"
    parent = f"B{box - 1:05d}" if box % 5 else f"{name}-router"
    yield f"    uplink: {parent}\n    battery: {{capacity_ah: 100, installed: 2024-03-10}}\n    devices:\n"
    prefix = f"127.{1 + (box >> 12)}.{box >> 4 & 255}"
    first = (box & 15) * 16
    for index, kind in enumerate(("ups", "switch", "router")):
        yield f"      {name}-{kind}: {{kind: {kind}, address: {prefix}.{first + index}}}\n"
    for camera in range(1, 8):
        tags = ", tags: [e-challan]" if camera == 1 else ""
        address = f"{prefix}.{first + 2 + camera}"
        rest = f"address: {address}, fed_by: {{port: {camera}}}{tags}"
        yield f"      {name}-cam{camera}: {{kind: camera, {rest}}}\n"


def text(devices: int) -> str:
    return "".join(lines(devices))


if __name__ == "__main__":
    sys.stdout.writelines(lines(int(sys.argv[1])))
