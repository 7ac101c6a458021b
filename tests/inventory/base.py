"""A small good inventory that tests damage in one place at a time."""

GOOD = """\
city:
  name: Testville
  bounds: {south: 24.0, west: 66.0, north: 26.0, east: 68.0}
defaults:
  contractor: alpha
  snmp: {version: 2c, community: env:TEST_COMMUNITY}
references: {gateway: 127.0.0.1}
districts:
  south: {name: South}
  north: {name: North}
feeders:
  f1: {name: Feeder 1}
contractors:
  alpha: {name: Alpha}
contacts:
  desk:
    name: Desk
    role: on_call
    number: +92 300 0000003
    districts: [south, north]
boxes:
  B1:
    name: First
    lat: 24.8
    lon: 67.0
    district: south
    feeder: f1
    uplink: B1-router
    battery: {capacity_ah: 100, installed: 2024-03-10}
    devices:
      B1-switch: {kind: switch, address: 10.0.1.2}
      B1-router: {kind: router, address: 10.0.1.3}
      B1-cam1: {kind: camera, address: 10.0.1.11, fed_by: {port: 1}}
      B1-cam2: {kind: camera, address: 10.0.1.12, fed_by: {switch: B1-switch, port: 2}}
  B2:
    name: Second
    lat: 24.9
    lon: 67.1
    district: north
    uplink: B1
    devices:
      B2-switch: {kind: switch, address: 10.0.2.2}
      B2-cam1: {kind: camera, address: 10.0.2.11, fed_by: {port: 1}}
"""


def changed(*changes: tuple[str, str]) -> str:
    """GOOD with replacements, each of which must find its place exactly once."""
    text = GOOD
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    return text
