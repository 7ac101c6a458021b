"""A play is data, checked against its city, and runs the same way every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import ConfigError
from inventory.load import load as load_inventory
from simulator import scenario
from simulator.world import World
from tests.simulator.town import START, town

SHIPPED_CITY = Path(__file__).resolve().parents[2] / "inventory.yaml"


def written(folder: Path, acts: str) -> Path:
    path = folder / "play.yaml"
    path.write_text(f'name: Play\nlasts: "1:00"\nacts:\n{acts}')
    return path


def test_every_act_that_names_nothing_is_reported_at_its_line_with_the_nearest_word(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '  - {at: "0:10", what: mains_lots, who: f1}\n'
        '  - {at: "0:20", what: device_hangs, who: north-cam9}\n'
        '  - {at: "0:30", what: monitor_cut_off, who: north}\n'
        '  - {at: "0:40", what: mains_lost, who: f1}\n',
    )
    with pytest.raises(ConfigError) as caught:
        scenario.load(path, town())
    said = [(p.line, p.remedy) for p in caught.value.problems]
    assert said == [(4, "write 'mains_lost'"), (5, "write 'north-cam2'"), (6, "leave who out")]


def test_a_moment_that_is_none_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"play\.yaml:4: 'acts\.0\.at'|acts\.0\.at is"):
        scenario.load(written(tmp_path, '  - {at: "20", what: mains_lost, who: f1}\n'), town())


def test_pace_and_times_are_taken_from_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, '  - {at: "1:02.5", what: battery_worn, who: north, amount: 30}\n')
    path.write_text(path.read_text() + "pace: {boot_seconds: {camera: 20}, cut_gap_seconds: 3}\n")
    play = scenario.load(path, town())
    assert (play.acts[0].at, play.acts[0].amount, play.lasts_ms) == (62_500, 30, 60_000)
    assert (play.pace.boot_s["camera"], play.pace.boot_s["ups"], play.pace.cut_gap_s) == (20, 2, 3)


def street(seed: int = 1) -> tuple[World, scenario.Scenario]:
    city = load_inventory(SHIPPED_CITY).city
    play = scenario.load(scenario.shipped("street"), city)
    world = World(city, seed, START, play.pace)
    scenario.stage(play, world)
    return world, play


def test_the_street_is_the_same_for_a_seed_and_differs_between_seeds() -> None:
    histories = [world.advance(START + play.lasts_ms) for world, play in (street(7), street(7), street(8))]
    assert histories[0] == histories[1]
    assert histories[0] != histories[2]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_street_tells_its_four_stories(seed: int) -> None:
    world, play = street(seed)
    dark_from: dict[str, float] = {}
    dark_to: dict[str, float] = {}
    for second in range(play.lasts_ms // 1000 + 1):
        world.advance(START + second * 1000)
        for device in world.devices:
            if not world.reachable(device):
                dark_from.setdefault(device, second)
                dark_to[device] = second
    worn, stolen = ({d for d in world.devices if d.startswith(box)} for box in ("SDR-02", "CLF-02"))
    assert set(dark_from) == worn | stolen | {"GLS-01-cam2"}
    assert all(85 <= dark_from[d] <= 100 and 125 <= dark_to[d] <= 142 for d in worn)
    assert all(70 <= dark_from[d] <= 95 and dark_to[d] == 180 for d in stolen)
    assert (dark_from["GLS-01-cam2"], dark_to["GLS-01-cam2"]) == (45, 153)
