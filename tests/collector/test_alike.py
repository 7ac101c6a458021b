"""Devices that are asked and read alike share one plan; those that differ in anything do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.device.alike import Plans
from collector.device.compile import compile_plan
from collector.device.load import load
from collector.device.plan import Plan
from collector.device.profile import Profile
from collector.device.tables import Rows
from collector.snmp.session import GAUGE32, INTEGER, oid

CHARGE, MAINS, STATE = "1.3.6.1.4.1.9999.1.0", "1.3.6.1.4.1.9999.2.0", "1.3.6.1.4.1.9999.3.0"
TEXT = f"""
profile: odd
title: An odd UPS
kind: ups
facts:
  state: {{exact: {STATE}}}
metrics:
  battery_charge_percent: {{exact: {CHARGE}}}
  input_voltage_volts:
    exact: {MAINS}
    label: "1"
    fit: {{group: volts, divide: [1, 10], within: [1, 600]}}
derived:
  on_battery:
    - {{when: state == 5, is: 1, because: it says so}}
    - {{is: 0, because: it does not}}
"""


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    (tmp_path / "odd.yaml").write_text(TEXT)
    return load(tmp_path)["odd"]


def plan(profile: Profile, volts: int, *, charge: bool = True) -> Plan:
    rows: Rows = {
        oid(MAINS): (GAUGE32, volts.to_bytes(2, "big")),
        oid(STATE): (INTEGER, b"\x03"),
        **({oid(CHARGE): (INTEGER, b"\x60")} if charge else {}),
    }
    return compile_plan(profile, rows, "named")


def test_plans_that_are_alike_are_kept_once(profile: Profile) -> None:
    plans = Plans()
    first = plans.one(plan(profile, 231))
    assert plans.one(plan(profile, 230)) is first


def test_another_unit_is_another_plan(profile: Profile) -> None:
    plans = Plans()
    whole, tenths = plans.one(plan(profile, 231)), plans.one(plan(profile, 2310))
    rows = [(oid(MAINS), GAUGE32, (2310).to_bytes(2, "big"))]
    assert tenths is not whole
    assert tenths.decode(rows, "d", 0, False).values["input_voltage_volts", "1"] == 231.0


def test_a_value_that_is_not_answered_is_another_plan(profile: Profile) -> None:
    plans = Plans()
    assert plans.one(plan(profile, 231)) is not plans.one(plan(profile, 231, charge=False))


def test_a_profile_that_was_read_anew_makes_plans_of_its_own(profile: Profile, tmp_path: Path) -> None:
    plans = Plans()
    before = plans.one(plan(profile, 231))
    (tmp_path / "odd.yaml").write_text(TEXT.replace("is: 0", "is: 1"))
    after = plans.one(plan(load(tmp_path)["odd"], 231))
    rows = [(oid(STATE), INTEGER, b"\x03")]
    assert before.decode(rows, "d", 0, False).values["on_battery", ""] == 0
    assert after.decode(rows, "d", 0, False).values["on_battery", ""] == 1
