"""Each mistake an operator can make: its line, what is wrong, what to write instead, and nothing else."""

from __future__ import annotations

import pytest

from domain.errors import ConfigError
from inventory.load import loads
from tests.inventory.base import GOOD, changed

CAM1 = "{kind: camera, address: 10.0.1.11, fed_by: {port: 1}}"
SECRET = "hunter2-very-secret"

# where it stands in GOOD, what is written there (the line at fault ends in #!), what is told, the remedy
CASES = {
    "unknown key of a box": (
        "    feeder: f1\n",
        "    feder: f1 #!\n",
        "unknown key 'boxes.B1.feder'",
        "'feeder'",
    ),
    "unknown key of a device": (
        CAM1,
        "{kind: camera, address: 10.0.1.11, prot: 1} #!",
        "prot'",
        "write 'port'",
    ),
    "unknown section": ("references:", "refrences: {} #!\nreferences:", "'refrences'", "write 'references'"),
    "missing key": ("    district: north\n", "", "'boxes.B2.district' is missing", "add district:"),
    "empty key": ("name: First", "name: #!", "boxes.B1.name is empty", "give it a value"),
    "id written twice in one box": (
        "      B1-router:",
        "      B1-switch: {kind: switch, address: 10.9.9.9} #!\n      B1-router:",
        "'B1-switch' stands here again (first in line 31)",
        "rename one",
    ),
    "id of a device in two boxes": (
        "      B2-cam1:",
        "      B1-cam1: {kind: camera, address: 10.9.9.9} #!\n      B2-cam1:",
        "id 'B1-cam1' is already that of a device (line 33)",
        "another id",
    ),
    "id of a box and a device": (
        "      B2-cam1:",
        "      B1: {kind: camera, address: 10.9.9.9} #!\n      B2-cam1:",
        "id 'B1' is already that of a box (line 22)",
        "another id",
    ),
    "id of a feeder and a box": (
        "  f1: {",
        "  B2: {name: x} #\n  f1: {",
        "'B2' is already that of a feeder",
        "another",
    ),
    "bad id": (
        "  south: {name: South}",
        "  the south: {name: x} #!\n  south: {name: South}",
        "'the south'",
        "no spaces",
    ),
    "address twice": (
        "10.0.2.11",
        "10.0.1.11",
        "10.0.1.11 port 161 is already that of B1-cam1 (line 33)",
        "retire",
    ),
    "address that is none": ("10.0.2.11,", "10.0.2.300, #!\n       ", "'10.0.2.300' is neither", "10.20.1.5"),
    "address with its port": (
        CAM1,
        '{kind: camera, address: "10.0.1.11:80"} #!',
        "more than an add",
        "and port: 80",
    ),
    "address that is a URL": (
        CAM1,
        '{kind: camera, address: "http://cam.x/"} #!',
        "more than an ad",
        "write cam.x",
    ),
    "address of many": (CAM1, "{kind: camera, address: 224.0.0.1} #!", "not one host", "the device itself"),
    "unknown district": (
        "district: north",
        "district: nort #!",
        "district 'nort' is not in districts",
        "'north'",
    ),
    "unknown feeder": ("feeder: f1", "feeder: f9 #!", "feeder 'f9' is not in feeders", "write 'f1'"),
    "unknown contractor": (
        "  contractor: alpha",
        "  contractor: beta #!",
        "'beta' is not in contr",
        "write 'alpha'",
    ),
    "unknown district of a contact": (
        "[south, north]",
        "[south, nrth] #!",
        "district 'nrth'",
        "write 'north'",
    ),
    "unknown uplink": (
        "uplink: B1-router",
        "uplink: B1-ruter #!",
        "'B1-ruter' is neither",
        "write 'B1-router'",
    ),
    "uplinks in a circle": (
        "uplink: B1-router",
        "uplink: B2 #!",
        "in a circle: B1 -> B2 -> B1",
        "own router",
    ),
    "uplinks in a circle through a device": (
        "uplink: B1-router",
        "uplink: B2-switch #!",
        "B1 -> B2 -> B1",
        "router",
    ),
    "uplink to itself": ("uplink: B1\n", "uplink: B2 #!\n", "box B2 is its own uplink", "parent box"),
    "fed by nothing": (
        "switch: B1-switch,",
        "switch: B1-swich, #!\n       ",
        "'B1-swich', which is no dev",
        "'B1-switch'",
    ),
    "fed by a camera": (
        "switch: B1-switch,",
        "switch: B1-cam1, #!\n       ",
        "a camera and no switch",
        "B1-switch",
    ),
    "fed from another box": (
        "switch: B1-switch,",
        "switch: B2-switch, #!\n       ",
        "another box, B2",
        "B1-switch",
    ),
    "fed by no switch at all": (
        "kind: switch, address: 10.0.2.2",
        "kind: ups, address: 10.0.2.2",
        "has none",
        "remove",
    ),
    "fed by one of many": (
        "      B2-cam1:",
        "      B2-sw2: {kind: switch, address: 10.9.9.9}\n      B2-cam1:",
        "names no switch, and box B2 has 2",
        "add switch: to fed_by (B2-switch, B2-sw2)",
    ),
    "switches feed each other": (
        GOOD[GOOD.index("{kind: switch, address: 10.0.2.2}") : -1],
        "{kind: switch, address: 10.0.2.2, fed_by: {port: 1}} #!\n"
        "      B2-sw2: {kind: switch, address: 10.9.9.9, fed_by: {switch: B2-switch, port: 1}}",
        "in a circle: B2-switch -> B2-sw2 -> B2-switch",
        "cut the circle",
    ),
    "number without a country": ("+92 300 0000003", '"0300 0000003" #!', "has no country code", "from +"),
    "number too short": ("+92 300 0000003", "+92 300 12 #!", "not a number its country gives out", "digits"),
    "number that is none": ("+92 300 0000003", "+call me #!", "is no telephone number", "+92 300"),
    "role unknown": ("role: on_call", "role: oncall #!", "contacts.desk.role is 'oncall'", "'on_call'"),
    "kind unknown": (CAM1, "{kind: camra, address: 10.0.1.11} #!", "kind is 'camra'", "write 'camera'"),
    "status unknown": (
        "name: First",
        "name: First\n    status: in-service #!",
        "'in-service'",
        "'in service'",
    ),
    "capacity negative": ("capacity_ah: 100", "capacity_ah: -5", "capacity_ah is -5", "greater than 0"),
    "capacity in words": (
        "capacity_ah: 100",
        "capacity_ah: 100Ah",
        "capacity_ah is '100Ah'",
        "write a number",
    ),
    "date that is none": ("2024-03-10", "2024-02-30", "'2024-02-30' is no date", "year-month-day"),
    "date the other way round": ("2024-03-10", "10/03/2024", "'10/03/2024' is no date", "as 2025-03-31"),
    "interval without unit": (
        "  contractor: alpha\n",
        "  contractor: alpha\n  icmp_interval: 30 #!\n",
        "no unit",
        "30s",
    ),
    "interval too long": (
        "  contractor: alpha\n",
        "  contractor: alpha\n  snmp_interval: 9d #!\n",
        "range",
        "1s to 1d",
    ),
    "interval of nothing": (
        "  contractor: alpha\n",
        "  contractor: alpha\n  snmp_interval: soon #!\n",
        "'soon'",
        "30s, 5m",
    ),
    "port too large": (
        "  contractor: alpha\n",
        "  contractor: alpha\n  port: 70000 #!\n",
        "port is 70000",
        "65535",
    ),
    "place outside the city": (
        "lat: 24.9",
        "lat: 29.9 #!",
        "lat 29.9 is outside the city (24.0 to 26.0)",
        "city.bounds",
    ),
    "place swapped": (
        "lat: 24.9\n    lon: 67.1",
        "lat: 67.1 #!\n    lon: 24.9",
        "swapped",
        "lat: 24.9 and lon: 67.1",
    ),
    "bounds upside down": (
        "south: 24.0",
        "south: 26.5",
        "south 26.5 is not below north 26.0",
        "swap the two",
    ),
    "time zone unknown": (
        "name: Testville",
        "name: x\n  timezone: Asia/Karachy #!",
        "no time zone",
        "'Asia/Karachi'",
    ),
    "literal community": (
        "env:TEST_COMMUNITY",
        SECRET,
        "secrets do not stand in this file",
        "write env:NAME",
    ),
    "literal community for snmp": (
        "{version: 2c, community: env:TEST_COMMUNITY}",
        SECRET,
        "one word",
        "env:NAME",
    ),
    "literal secret as a list": ("env:TEST_COMMUNITY", f"[{SECRET}]", "secrets do not stand", "env:NAME"),
    "literal key": (
        "version: 2c, community: env:TEST_COMMUNITY",
        f"version: 3, user: u, auth_key: {SECRET}, priv_key: env:K",
        "auth_key: secrets do not stand",
        "env:NAME",
    ),
    "pass phrase for a protocol": (
        "version: 2c, community: env:TEST_COMMUNITY",
        f"version: 3, user: u, auth: {SECRET}, auth_key: env:A, priv_key: env:K",
        "snmp.auth: a protocol's name belongs here",
        "SHA-256",
    ),
    "secret under a wrong key": (
        CAM1,
        f"{{kind: camera, address: 10.0.1.11, comunity: {SECRET}}} #!",
        "comunity'",
        "write",
    ),
    "secret as an alias": ("env:TEST_COMMUNITY", f"*{SECRET}", "not YAML: found undefined alias", "mend"),
    "secret as a tag": ("env:TEST_COMMUNITY", f"!{SECRET} x", "a tag (!...) means nothing", "quote"),
    "no community": (
        "{version: 2c, community: env:TEST_COMMUNITY}",
        "{version: 2c}",
        "has no community",
        "env:NAME",
    ),
    "no user": (
        "version: 2c, community: env:TEST_COMMUNITY",
        "version: 3, auth_key: env:A, priv_key: env:K",
        "version 3 has no user",
        "add user:",
    ),
    "weak hash": (
        "version: 2c, community: env:TEST_COMMUNITY",
        "version: 3, user: u, auth: MD5, auth_key: env:A, priv_key: env:K",
        "MD5 is broken",
        "legacy: true",
    ),
    "hash too short": (
        "version: 2c, community: env:TEST_COMMUNITY",
        "version: 3, user: u, auth: SHA-1, auth_key: env:A, priv: AES-256, priv_key: env:K",
        "AES-256 needs a longer hash than SHA-1",
        "SHA-256 or longer",
    ),
    "tags that are no list": (
        "name: First",
        "name: First\n    tags: e-challan #!",
        "tags is text",
        "write a list",
    ),
    "a list of boxes": (
        GOOD[GOOD.index("boxes:") :],
        "boxes: [B1, B2] #!\n",
        "boxes is a list",
        "write keys below it",
    ),
    "a number for a name": ("name: First", "name: 7 #!", "boxes.B1.name is a number", 'write "7" in quotes'),
    "broken indentation": ("    feeder: f1", "   feeder: f1 #!", "not YAML", "indentation"),
    "a key that is a list": ("  f1: {", "  [a, b]: {name: x} #!\n  f1: {", "one word or number", "quote"),
}
LINES = {  # where the line cannot carry the mark
    "missing key": 35,
    "address twice": 43,
    "id of a feeder and a box": 36,
    "fed by no switch at all": 43,
    "fed by one of many": 44,
    "capacity negative": 29,
    "capacity in words": 29,
    "date that is none": 29,
    "date the other way round": 29,
    "bounds upside down": 3,
}


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_told_once_with_its_line_and_its_remedy(name: str) -> None:
    old, new, what, remedy = CASES[name]
    text = changed((old, new))
    marked = [number for number, line in enumerate(text.splitlines(), 1) if "#!" in line]
    line = LINES.get(name) or (marked[0] if marked else 6)
    with pytest.raises(ConfigError) as refused:
        loads(text, "city.yaml")
    assert [problem.line for problem in refused.value.problems] == [line], str(refused.value)
    problem = refused.value.problems[0]
    assert problem.file == "city.yaml"
    assert what in problem.what
    assert remedy in problem.remedy
    assert SECRET not in str(refused.value)


def test_the_undamaged_inventory_is_accepted_without_warnings() -> None:
    assert loads(GOOD).warnings == ()


def test_errors_of_every_kind_are_told_together_in_line_order() -> None:
    text = changed(
        ("contractor: alpha", "contractor: beta"),  # means nothing
        ("env:TEST_COMMUNITY", SECRET),
        ("+92 300 0000003", "12"),
        ("district: north", "district: nort"),
        ("lat: 24.9", "lat: far"),  # of no shape
        ("uplink: B1-router", "uplink: B2"),
        ("10.0.2.11", "10.0.1.11"),
        ("    uplink: B1\n", "    uplink: B1\n    colour: red\n"),
        ("      B2-switch:", "      B2-cam1: {kind: camera, address: 10.8.8.8}\n      B2-switch:"),
    )
    with pytest.raises(ConfigError) as refused:
        loads(text)
    assert [problem.line for problem in refused.value.problems] == [5, 6, 19, 28, 37, 39, 41, 45, 45]


def test_one_faulty_entry_makes_no_false_errors_where_it_is_mentioned() -> None:
    text = changed(
        ("  south: {name: South}", "  south: {}"),
        ("  alpha: {name: Alpha}", "  alpha: {nam: Alpha}"),
        ("{kind: switch, address: 10.0.1.2}", "{kind: swich, address: 10.0.1.2}"),
        ("{kind: router, address: 10.0.1.3}", "nothing"),
    )
    with pytest.raises(ConfigError) as refused:
        loads(text)
    assert [problem.line for problem in refused.value.problems] == [9, 14, 14, 31, 32]


@pytest.mark.parametrize("text", ["", "~", "[]", "words", "city:", "boxes: {B1: }", "- - -", "{" * 50_000])
def test_a_file_that_is_no_inventory_is_refused_without_a_traceback(text: str) -> None:
    with pytest.raises(ConfigError):
        loads(text)


def test_a_missing_file_and_one_that_is_not_text_are_problems_too(tmp_path) -> None:
    from inventory.load import load

    with pytest.raises(ConfigError, match=r"absent\.yaml:1: cannot be read: No such file"):
        load(tmp_path / "absent.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"city: \xff\xfe")
    with pytest.raises(ConfigError, match=r"binary\.yaml:1: not UTF-8 at byte 6"):
        load(tmp_path / "binary.yaml")
