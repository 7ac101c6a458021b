"""Net-SNMP's own programs ask every kind of agent over real UDP."""

from __future__ import annotations

import pytest

from domain.errors import Permanent
from simulator.acts import Act
from simulator.scenario import Scenario
from simulator.state import Pace
from tests.simulator.live import played, rows, said
from tests.simulator.town import AUTH_KEY, COMMUNITY, NET, PRIV_KEY, town, udp_port, v3

pytestmark = pytest.mark.peer
UPS, APC, IF, POE = "1.3.6.1.2.1.33.1", "1.3.6.1.4.1.318.1.1.1", "1.3.6.1.2.1", "1.3.6.1.2.1.105.1"
PLAIN = ("-v2c", "-c", COMMUNITY)


async def test_each_kind_is_walked_by_bulk_and_by_next_and_says_the_same() -> None:
    port = udp_port()
    expected = {
        "1.1": {f"{UPS}.2.4.0": "100", f"{UPS}.4.1.0": "3", f"{UPS}.2.2.0": "0", f"{UPS}.6.1.0": "0"},
        "2.1": {f"{APC}.2.2.1.0": "100", f"{APC}.4.1.1.0": "2", f"{APC}.2.2.4.0": "1"},
        "1.2": {f"{IF}.2.2.1.8.2": "1", f"{IF}.31.1.1.1.18.2": "north-cam2", f"{POE}.1.1.6.1.1": "3"},
        "1.3": {"1.3.6.1.4.1.48690.6.2.1.6.1": "Low level"},
        "1.4": {"1.3.6.1.2.1.99.1.1.1.1.1": "12", "1.3.6.1.2.1.99.1.1.1.4.1": "2"},
        "1.11": {"1.3.6.1.4.1.368.4.1.8.1.3.1": "1", "1.3.6.1.4.1.368.4.1.6.1.3.1": "1"},
        "1.12": {"1.3.6.1.4.1.39165.1.10.0": "512 MB"},
    }
    async with played(town(port)):
        for host, wanted in expected.items():
            agent = f"{NET}.{host}:{port}"
            bulk = await rows("snmpbulkwalk", *PLAIN, agent, "1.3")
            assert wanted.items() <= bulk.items()
            one_by_one = await rows("snmpwalk", "-v1", "-c", COMMUNITY, agent, "1.3.6.1.4")
            assert one_by_one.keys() == {oid for oid in bulk if oid.startswith("1.3.6.1.4")}


async def test_numbers_carry_the_units_of_their_mib() -> None:
    port = udp_port()
    async with played(town(port)):
        rfc = await rows("snmpget", *PLAIN, f"{NET}.1.1:{port}", f"{UPS}.2.5.0", f"{UPS}.3.3.1.3.1")
        assert 240 < int(rfc[f"{UPS}.2.5.0"]) < 290  # 0.1 V
        assert 200 < int(rfc[f"{UPS}.3.3.1.3.1"]) < 250  # V
        apc = await rows("snmpget", *PLAIN, f"{NET}.2.1:{port}", f"{APC}.2.3.4.0", f"{APC}.3.3.1.0")
        assert 240 < int(apc[f"{APC}.2.3.4.0"]) < 290  # 0.1 V
        assert 2000 < int(apc[f"{APC}.3.3.1.0"]) < 2500  # 0.1 V
        hik = await rows("snmpget", *PLAIN, f"{NET}.1.12:{port}", "1.3.6.1.4.1.39165.1.7.0")
        number, unit = hik["1.3.6.1.4.1.39165.1.7.0"].split()
        assert 0 <= int(number) <= 100
        assert unit == "PERCENT"
        gps = await rows("snmpwalk", *PLAIN, f"{NET}.1.3:{port}", "1.3.6.1.4.1.48690.3")
        assert float(gps["1.3.6.1.4.1.48690.3.1.0"]) == pytest.approx(24.86, abs=1e-3)
        assert float(gps["1.3.6.1.4.1.48690.3.2.0"]) == pytest.approx(67.03, abs=1e-3)


async def test_what_happens_in_the_world_is_seen_through_the_agents() -> None:
    port = udp_port()
    acts = (
        Act(0, "mains_lost", "f1"),
        Act(0, "door_opened", "north"),
        Act(0, "cable_cut", "north-cam1"),
        Act(0, "device_hangs", "south-cam1"),
    )
    async with played(town(port), Scenario("x", 0, acts, Pace())):
        ups = {}
        while int(ups.get(f"{UPS}.2.2.0", "0")) < 1:
            ups = await rows("snmpbulkwalk", *PLAIN, f"{NET}.1.1:{port}", UPS)
        assert (ups[f"{UPS}.4.1.0"], ups[f"{UPS}.3.1.0"], ups[f"{UPS}.3.3.1.3.1"]) == ("5", "1", "0")
        assert int(ups[f"{UPS}.2.6.0"]) < 0
        assert ups[f"{UPS}.6.2.1.2.1"].lstrip(".") == f"{UPS}.6.3.2"
        switch = await rows("snmpbulkwalk", *PLAIN, f"{NET}.1.2:{port}", "1.3.6.1.2.1")
        assert [switch[f"{IF}.2.2.1.8.{n}"] for n in (1, 2)] == ["2", "1"]
        assert [switch[f"{POE}.1.1.6.1.{n}"] for n in (1, 2)] == ["2", "3"]
        router = await rows("snmpwalk", *PLAIN, f"{NET}.1.3:{port}", "1.3.6.1.4.1.48690.6")
        assert router["1.3.6.1.4.1.48690.6.2.1.6.1"] == "High level"
        door = await rows("snmpget", *PLAIN, f"{NET}.1.4:{port}", "1.3.6.1.2.1.99.1.1.1.4.1")
        assert door["1.3.6.1.2.1.99.1.1.1.4.1"] == "1"
        hung = await said("snmpget", *PLAIN, "-t0.5", "-r0", f"{NET}.2.11:{port}", "1.3.6.1.2.1.1.3.0")
        assert "No Response" in hung


@pytest.mark.parametrize(
    ("auth", "priv", "theirs"),
    [
        ("SHA-256", "AES-128", ("SHA-256", "AES")),
        ("SHA-512", "AES-256", ("SHA-512", "AES-256")),
        ("SHA-1", "AES-128", ("SHA", "AES")),
    ],
)
async def test_v3_answers_its_user_whole_tree(auth: str, priv: str, theirs: tuple[str, str]) -> None:
    port = udp_port()
    keys = ("-a", theirs[0], "-A", AUTH_KEY, "-x", theirs[1], "-X", PRIV_KEY)
    async with played(town(port, access=v3(auth, priv))):
        agent = f"{NET}.1.2:{port}"
        walked = await rows("snmpbulkwalk", "-v3", "-u", "watch", "-l", "authPriv", *keys, agent, "1.3")
        assert walked[f"{IF}.2.2.1.8.1"] == "1"
        assert len(walked) > 100


async def test_v3_refusals_are_those_a_manager_knows() -> None:
    port = udp_port()
    good = ("-a", "SHA-256", "-A", AUTH_KEY, "-x", "AES", "-X", PRIV_KEY)
    async with played(town(port, access=v3())):

        async def ask(user: str, level: str, *keys: str) -> str:
            what = (f"{NET}.1.2:{port}", "1.3.6.1.2.1.1.3.0")
            return await said("snmpget", "-v3", "-t1", "-r0", "-u", user, "-l", level, *keys, *what)

        assert "Timeticks" in await ask("watch", "authPriv", *good)
        assert "Unknown user" in await ask("thief", "authPriv", *good)
        wrong = ("-a", "SHA-256", "-A", "not-the-key", "-x", "AES", "-X", PRIV_KEY)
        assert "Authentication failure" in await ask("watch", "authPriv", *wrong)
        assert "authorizationError" in await ask("watch", "authNoPriv", *good[:4])
        deaf = ("-a", "SHA-256", "-A", AUTH_KEY, "-x", "AES", "-X", "not-the-key")
        assert "Response" in await ask("watch", "authPriv", *deaf)  # silence, as from the dead


async def test_a_device_without_agent_a_wrong_community_and_a_v2c_question_to_v3_are_silence() -> None:
    port = udp_port()
    async with played(town(port, access=v3())):
        for host, community in (("2.12", COMMUNITY), ("2.2", "wrong"), ("1.2", COMMUNITY)):
            arguments = ("-v2c", "-c", community, "-t0.5", "-r0", f"{NET}.{host}:{port}")
            assert "No Response" in await said("snmpget", *arguments, "1.3.6.1.2.1.1.3.0")


async def test_two_cities_cannot_have_one_port() -> None:
    port = udp_port()
    async with played(town(port)):
        with pytest.raises(Permanent, match="port"):
            async with played(town(port)):
                pass
