"""A battery obeys its physics, whatever is asked of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.battery import Battery

LOADS = st.floats(5, 300)
SPANS = st.lists(st.tuples(st.booleans(), LOADS, st.floats(0.1, 3600)), min_size=1, max_size=30)
CHEMISTRIES = st.sampled_from(["lead-acid", "lifepo4"])


@given(SPANS, st.floats(1, 200), st.floats(0.01, 1), CHEMISTRIES)
def test_charge_stays_between_empty_and_full(
    spans: list[tuple[bool, float, float]], rated: float, health: float, chemistry: str
) -> None:
    battery = Battery(rated, chemistry, health=health)
    for mains, load, seconds in spans:
        battery.recharge(seconds) if mains else battery.discharge(load, seconds)
        assert 0.0 <= battery.charge <= 1.0
        assert 18.0 < battery.volts < 32.0


@given(SPANS, CHEMISTRIES)
def test_on_battery_charge_only_falls_and_energy_given_was_stored(
    spans: list[tuple[bool, float, float]], chemistry: str
) -> None:
    battery = Battery(40, chemistry)
    stored_wh = battery.stored_ah * battery.nominal_v
    for _, load, seconds in spans:
        before, given_before = battery.stored_ah, battery.given_wh
        battery.discharge(load, seconds)
        assert battery.stored_ah <= before
        assert battery.given_wh >= given_before
    assert battery.given_wh <= stored_wh - battery.stored_ah * battery.nominal_v + 1e-6


@given(LOADS, st.floats(20, 3600))
def test_a_worn_battery_lasts_as_long_as_it_was_worn_to(load: float, lasts: float) -> None:
    battery = Battery(100)
    battery.wear_to(lasts, load)
    battery.discharge(load, lasts * 0.98)
    assert not battery.empty
    battery.discharge(load, lasts * 0.04)
    assert battery.empty


def test_a_higher_current_takes_more_than_its_share() -> None:
    battery = Battery(100)
    assert battery.runtime_s(200) < battery.runtime_s(400) * 2.5
    assert battery.runtime_s(200) > battery.runtime_s(400) * 2


def test_the_ups_believes_a_worn_battery_until_a_discharge_teaches_it() -> None:
    battery = Battery(65)
    battery.wear_to(75, 60)
    believed = battery.shown_runtime_s(60)
    assert believed > 3600
    shown = []
    for _ in range(70):
        battery.discharge(60, 1)
        shown.append(battery.shown_runtime_s(60))
    assert shown == sorted(shown, reverse=True)
    assert shown[-1] < 15


def test_lifepo4_keeps_its_voltage_where_lead_does_not() -> None:
    def fall(chemistry: str) -> float:
        battery = Battery(40, chemistry)
        battery.discharge(50, 0.2 * battery.runtime_s(50))
        early = battery.volts
        battery.discharge(50, 0.5 * battery.runtime_s(50))
        return early - battery.volts

    assert fall("lifepo4") < fall("lead-acid")


def test_an_unknown_chemistry_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="lead-acid, lifepo4"):
        Battery(10, "potato")
