"""The shipped city, the schema that editors use, and the page that explains both."""

from __future__ import annotations

import json
import re
from collections import Counter
from ipaddress import ip_address
from pathlib import Path

import jsonschema
import pytest

from config.located import parse, read
from domain.place import Kind, Role
from inventory import schema, shape
from inventory.load import load, loads
from inventory.secrets import missing_secrets, secret
from tests.inventory.base import GOOD, changed

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "inventory.yaml"


def test_the_shipped_city_is_what_the_readme_promises() -> None:
    loaded = load(SAMPLE)
    city = loaded.city
    assert loaded.warnings == ()
    assert (len(city.boxes), len(city.districts), len(city.feeders), len(city.contractors)) == (12, 3, 4, 2)
    assert len(city.devices) == 70
    assert {contact.role for contact in city.contacts.values()} == set(Role)
    for box in city.boxes:
        kinds = Counter(device.kind for device in city.devices_of(box))
        assert kinds[Kind.UPS] == kinds[Kind.SWITCH] == 1
        assert 2 <= kinds[Kind.CAMERA] <= 4
    parents = [box for box in city.boxes.values() if box.uplink in city.boxes]
    assert parents


def test_the_shipped_city_touches_nothing_but_loopback() -> None:
    city = load(SAMPLE).city
    addresses = [device.address for device in city.devices.values()]
    addresses += [reference.address for reference in city.references.values()]
    assert city.traps is not None
    addresses += city.traps.listen
    assert all(ip_address(address).is_loopback for address in addresses)
    assert city.channels == ("terminal",)
    assert not any(contact.channels for contact in city.contacts.values())


def test_the_committed_schema_is_current() -> None:
    assert schema.FILE.read_text(encoding="utf-8") == schema.text(), "run: python -m inventory.schema"


def test_the_shipped_city_passes_the_schema_it_names() -> None:
    named = re.match(r"# yaml-language-server: \$schema=(\S+)", SAMPLE.read_text(encoding="utf-8"))
    assert named
    loaded = json.loads((SAMPLE.parent / named[1]).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(loaded)
    jsonschema.Draft202012Validator(loaded).validate(read(SAMPLE).value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("feeder: f1", "feder: f1"),
        ("env:TEST_COMMUNITY", "public"),
        ("kind: router", "kind: roter"),
        ("capacity_ah: 100", "capacity_ah: many"),
        ("    district: north\n", ""),
        ("  south: {name: South}", "  the south: {name: South}\n  south: {name: South}"),
    ],
)
def test_an_editor_sees_by_the_schema_what_the_check_would_refuse(old: str, new: str) -> None:
    validator = jsonschema.Draft202012Validator(schema.schema())
    validator.validate(parse(GOOD, "f").value)
    assert list(validator.iter_errors(parse(changed((old, new)), "f").value))


def test_the_page_names_every_key_and_its_example_is_accepted() -> None:
    page = (ROOT / "docs" / "inventory.md").read_text(encoding="utf-8")
    models = [
        model for model in vars(shape).values() if isinstance(model, type) and issubclass(model, shape.Shape)
    ]
    keys = {key for model in models for key in model.model_fields}
    assert not {key for key in keys if not re.search(rf"`{key}[`:]", page)}
    (example,) = re.findall(r"```yaml\n(city:.*?)```", page, re.S)
    assert loads(example).warnings == ()


def test_missing_secrets_are_named_with_who_needs_them_and_never_shown(tmp_path: Path) -> None:
    kept = tmp_path / "community"
    kept.write_text("s3cret-word\n")
    city = loads(changed(("port: 2}", f"port: 2}}, snmp: {{community: 'file:{kept}'}}"))).city
    reference = city.devices["B1-cam2"].snmp.community
    assert secret(reference, {}) == "s3cret-word"
    (line,) = missing_secrets(city, {})
    assert line.startswith(
        "env:TEST_COMMUNITY is not set, set the variable TEST_COMMUNITY (needed by B1-switch and 4"
    )
    assert missing_secrets(city, {"TEST_COMMUNITY": "s3cret-word"}) == ()
    kept.unlink()
    (line,) = missing_secrets(city, {"TEST_COMMUNITY": "s3cret-word"})
    assert line.startswith(f"file:{kept} cannot be read")
    assert "(needed by B1-cam2)" in line
    assert "s3cret" not in line
    assert missing_secrets(city, {"TEST_COMMUNITY": ""})[0].startswith("env:TEST_COMMUNITY is empty")
