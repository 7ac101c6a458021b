"""The town behaves as a town: feeders, batteries, cables, thieves, and the way a packet goes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.acts import Act, perform
from simulator.quantities import quantities
from simulator.state import Happening
from simulator.world import World
from tests.simulator.town import NET, START, town

DEVICES = tuple(town().devices)


def world(*acts: Act, seed: int = 1) -> World:
    made = World(town(), seed, START)
    for act in acts:
        perform(made, act)
    return made


def told(happened: list[Happening]) -> list[tuple[str, str]]:
    return [(h.device, h.name) for h in happened]


def silent(world: World) -> set[str]:
    return {device for device in DEVICES if not world.reachable(device)}


def test_at_first_everything_answers_and_nothing_has_happened() -> None:
    quiet = world()
    assert quiet.advance(START + 60_000) == []
    assert silent(quiet) == set()
    assert quiet.pings(f"{NET}.0.1")
    assert not quiet.pings("127.99.9.9")


def test_a_dead_feeder_puts_its_boxes_on_battery_and_only_them() -> None:
    made = world(Act(1000, "mains_lost", "f1"))
    assert told(made.advance(START + 2000)) == [("north-ups", "on_battery")]
    assert quantities(made, "north-ups", made.now).scalars["on_battery"] is True
    assert quantities(made, "south-ups", made.now).scalars["on_battery"] is False
    assert silent(made) == set()


def test_the_on_battery_trap_is_sent_again_each_minute_until_mains_returns() -> None:
    made = world(Act(1000, "mains_lost", "f1"), Act(150_000, "mains_restored", "f1"))
    names = [h.name for h in made.advance(START + 200_000)]
    assert names == ["on_battery", "on_battery", "on_battery", "on_mains"]
    assert quantities(made, "north-ups", made.now).scalars["line_bads"] == 1


def test_an_empty_battery_darkens_its_box_and_what_hangs_on_it_until_mains_returns() -> None:
    made = world(
        Act(0, "battery_worn", "north", 30),
        Act(1000, "mains_lost", "f1"),
        Act(60_000, "mains_restored", "f1"),
    )
    made.advance(START + 20_000)
    assert silent(made) == set()
    charge = quantities(made, "north-ups", made.now).scalars["charge_percent"]
    assert isinstance(charge, float)
    assert 30 < charge < 45
    made.advance(START + 40_000)
    assert silent(made) == set(DEVICES)  # south has mains, but its line goes through north
    happened = made.advance(START + 90_000)
    assert silent(made) == set()
    assert {d for d, name in told(happened) if name == "cold_start"} == {
        d for d in DEVICES if d.startswith("north")
    }
    uptime = quantities(made, "north-switch", made.now).scalars["uptime_s"]
    assert uptime == pytest.approx(30, abs=1)


def test_a_tripped_breaker_is_one_boxs_own_affair() -> None:
    made = world(Act(0, "breaker_tripped", "south"))
    assert told(made.advance(START + 1000)) == [("south-ups", "on_battery")]


def test_a_self_test_is_on_battery_without_a_mains_failure() -> None:
    made = world(Act(0, "self_test", "north", 10))
    assert made.advance(START + 5000) == []
    facts = quantities(made, "north-ups", made.now).scalars
    assert (facts["on_battery"], facts["self_test"], facts["line_bads"]) == (True, True, 0)
    made.advance(START + 12_000)
    assert quantities(made, "north-ups", made.now).scalars["on_battery"] is False


def test_a_hung_camera_is_silent_while_its_port_is_up_and_delivers_power() -> None:
    made = world(Act(0, "device_hangs", "north-cam1"), Act(20_000, "device_restarted", "north-cam1"))
    assert made.advance(START + 10_000) == []
    assert silent(made) == {"north-cam1"}
    tables = quantities(made, "north-switch", made.now).tables
    assert tables["ports"][0][1]["up"] is True
    assert tables["poe_ports"][0][1]["delivering"] is True
    octets = tables["ports"][0][1]["in_octets"]
    made.advance(START + 15_000)
    assert quantities(made, "north-switch", made.now).tables["ports"][0][1]["in_octets"] == octets
    assert told(made.advance(START + 40_000)) == [("north-cam1", "cold_start")]
    assert silent(made) == set()


def test_a_cut_cable_takes_link_and_power() -> None:
    made = world(Act(0, "cable_cut", "south-cam1"), Act(5000, "cable_mended", "south-cam1"))
    assert made.advance(START + 1000) == [Happening(START + 250, "south-switch", "link_down", 1)]
    port = quantities(made, "south-switch", made.now).tables["poe_ports"][0][1]
    assert port == {"delivering": False, "lost_signature": 1}
    names = told(made.advance(START + 30_000))
    assert names == [("south-switch", "link_up"), ("south-cam1", "cold_start")]


def test_a_theft_opens_the_door_cuts_in_order_and_ends_in_silence_with_power_healthy() -> None:
    made = world(Act(1000, "box_stolen", "north"))
    happened = made.advance(START + 3500)
    assert {h.name for h in happened} == {"door_opened"}
    assert silent(made) == set()
    assert quantities(made, "north-router", made.now).tables["io"][0][1]["high"] is True
    happened = made.advance(START + 6000)
    assert [(h.name, h.row) for h in happened] == [("link_down", 1), ("link_down", 2)]
    assert quantities(made, "north-ups", made.now).scalars["on_battery"] is False
    assert made.advance(START + 30_000) == []
    assert silent(made) == set(DEVICES)
    assert made.advance(START + 300_000) == []  # what is gone tells nothing


def test_a_lost_line_silences_the_box_and_its_children_but_not_its_parent() -> None:
    made = world(Act(0, "link_lost", "south"), Act(5000, "link_lost", "north"))
    made.advance(START + 1000)
    assert silent(made) == {d for d in DEVICES if d.startswith("south")}
    made.advance(START + 6000)
    assert silent(made) == set(DEVICES)


def test_a_hung_router_silences_everything_behind_it() -> None:
    made = world(Act(0, "device_hangs", "north-router"))
    made.advance(START + 1000)
    assert silent(made) == set(DEVICES)


def test_a_hung_switch_silences_its_box_but_not_the_router() -> None:
    made = world(Act(0, "device_hangs", "north-switch"))
    made.advance(START + 1000)
    assert "north-router" not in silent(made)
    assert {"north-switch", "north-ups", "north-door", "north-cam1"} <= silent(made)


def test_a_stopped_agent_still_pings() -> None:
    made = world(Act(0, "agent_stopped", "south-ups"))
    made.advance(START + 1000)
    assert made.reachable("south-ups")
    assert not made.agent_answers("south-ups")


def test_when_the_monitor_is_cut_off_even_its_references_are_silent() -> None:
    made = world(Act(0, "monitor_cut_off"), Act(5000, "monitor_reconnected"))
    made.advance(START + 1000)
    assert not made.pings(f"{NET}.0.1")
    assert silent(made) == set(DEVICES)
    made.advance(START + 6000)
    assert made.pings(f"{NET}.0.1")


def test_a_lossy_line_loses_about_its_share() -> None:
    made = world(Act(0, "link_lossy", "south", 0.3))
    made.advance(START + 1000)
    lost = sum(made.drops(f"{NET}.2.11") for _ in range(1000))
    assert 240 < lost < 360
    assert not any(made.drops(f"{NET}.1.11") for _ in range(100))


PLAYS = st.lists(
    st.one_of(
        st.builds(Act, st.integers(0, 60_000), st.sampled_from(["mains_lost", "mains_restored"]),
                  st.sampled_from(["f1", "f2"])),
        st.builds(Act, st.integers(0, 60_000),
                  st.sampled_from(["box_stolen", "breaker_tripped", "breaker_reset", "link_lost"]),
                  st.sampled_from(["north", "south"])),
        st.builds(Act, st.integers(0, 60_000), st.just("battery_worn"),
                  st.sampled_from(["north", "south"]), st.floats(5, 60)),
        st.builds(Act, st.integers(0, 60_000),
                  st.sampled_from(["device_hangs", "device_restarted", "cable_cut", "cable_mended"]),
                  st.sampled_from(DEVICES)),
    ),
    max_size=8,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(PLAYS, st.lists(st.integers(1, 20_000), max_size=12), st.integers(0, 2**16))
def test_history_does_not_depend_on_how_often_the_world_is_asked(
    acts: list[Act], pauses: list[int], seed: int
) -> None:
    once, often = world(*acts, seed=seed), world(*acts, seed=seed)
    end = START + 90_000
    history, at = [], START
    for pause in pauses:
        at = min(at + pause, end)
        history += often.advance(at)
    history += often.advance(end)
    assert history == once.advance(end)
    for device in DEVICES:
        assert quantities(once, device, end) == quantities(often, device, end)
        assert once.reachable(device) == often.reachable(device)


@settings(max_examples=30, deadline=None)
@given(PLAYS)
def test_counters_grow_until_their_switch_restarts(acts: list[Act]) -> None:
    made = world(*acts)
    before: dict[int, int] = {}
    boots = made.devices["north-switch"].boots
    for second in range(0, 90, 3):
        now = START + second * 1000 + 137
        made.advance(now)
        after = {
            index[0]: row["in_octets"]
            for index, row in quantities(made, "north-switch", now).tables["ports"]
            if isinstance(row["in_octets"], int)
        }
        if made.devices["north-switch"].boots == boots:
            assert all(after[port] >= octets for port, octets in before.items())
        boots, before = made.devices["north-switch"].boots, after


def test_gps_stays_at_its_box() -> None:
    made = world()
    for minute in range(0, 600, 7):
        facts = quantities(made, "north-router", START + minute * 60_000).scalars
        assert facts["latitude"] == pytest.approx(24.86, abs=3e-5)
        assert facts["longitude"] == pytest.approx(67.03, abs=3e-5)


def test_the_box_is_hottest_in_the_afternoon() -> None:
    made = world()
    midnight = START - START % 86_400_000 - 5 * 3_600_000  # in Karachi
    hours = [made.celsius("north", midnight + hour * 3_600_000) for hour in range(24)]
    assert hours.index(max(hours)) == 15
    assert hours.index(min(hours)) == 3
