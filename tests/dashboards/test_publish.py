"""Pushing to Grafana: idempotent, shown before it is done, and never over the work of a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import publish
from dashboards.build import built, text
from dashboards.difference import differences
from dashboards.grafana import Conflict, Grafana, GrafanaSettings
from dashboards.publish import Act, Step, fingerprint
from domain.errors import OutcomeUnknown, Permanent, Retryable
from tests.dashboards.grafana_stand_in import TOKEN, StandIn, stand_in
from tests.peers import free_port

CITY, BOX = "nigehban-city", "nigehban-box"


@pytest.fixture
def door(grafana: StandIn) -> Iterator[Grafana]:
    opened = Grafana(GrafanaSettings(grafana.url, TOKEN, timeout_s=5))
    yield opened
    opened.close()


def pages() -> list[dict[str, Any]]:
    return list(built().values())


def pushed(door: Grafana, **more: Any) -> list[Step]:
    return list(publish.apply(door, publish.plan(door, pages(), **more)))


def acts(steps: list[Step]) -> dict[str, Act]:
    return {step.uid: step.act for step in steps}


def test_the_first_push_makes_the_folder_and_every_page_in_it(grafana: StandIn, door: Grafana) -> None:
    steps = pushed(door)
    assert set(acts(steps).values()) == {Act.MAKE}
    assert grafana.folders["nigehban"]["title"] == "Nigehban"
    assert set(grafana.dashboards) == {page["uid"] for page in pages()}
    assert {d["meta"]["folderUid"] for d in grafana.dashboards.values()} == {"nigehban"}


def test_planning_changes_nothing(grafana: StandIn, door: Grafana) -> None:
    publish.plan(door, pages(), publish.datasources("http://influx:8086", 2, token="secret"))
    assert grafana.changes() == []


@pytest.mark.parametrize("spelling", [False, True])
def test_a_second_push_changes_nothing(grafana: StandIn, door: Grafana, spelling: bool) -> None:
    grafana.spelling = spelling
    sources = publish.datasources("http://influx:8086", 2, token="secret")
    pushed(door, sources=sources)
    before = len(grafana.changes())
    assert set(acts(publish.plan(door, pages(), sources)).values()) == {Act.KEEP}
    assert pushed(door, sources=sources) == []
    assert len(grafana.changes()) == before


def changed(uid: str, **changes: Any) -> list[dict[str, Any]]:
    """Our pages after an upgrade that changes one of them."""
    return [{**page, **changes} if page["uid"] == uid else page for page in pages()]


def test_a_page_that_changed_here_is_pushed_with_its_difference_shown(
    grafana: StandIn, door: Grafana
) -> None:
    pushed(door)
    steps = publish.plan(door, changed(CITY, refresh="5m"))
    (step,) = [s for s in steps if s.act is not Act.KEEP]
    assert (step.uid, step.act) == (CITY, Act.CHANGE)
    assert step.difference == ("~ refresh: '1m' -> '5m'",)
    list(publish.apply(door, steps))
    kept = grafana.dashboards[CITY]["dashboard"]
    assert (kept["refresh"], kept["version"]) == ("5m", 2)
    assert [t for t in kept["tags"] if t.startswith("pushed:")] == [
        f"pushed:2:{fingerprint(changed(CITY, refresh='5m')[0])}"
    ]


@pytest.mark.parametrize("spelling", [False, True])
def test_a_page_changed_by_hand_is_refused_until_told(
    grafana: StandIn, door: Grafana, spelling: bool
) -> None:
    grafana.spelling = spelling
    pushed(door)
    grafana.edit(BOX, title="My box")
    (step,) = [s for s in publish.plan(door, pages()) if s.act is not Act.KEEP]
    assert (step.uid, step.act, step.why) == (BOX, Act.REFUSE, "it was changed by hand since the last push")
    assert "~ title: 'My box' -> 'Box'" in step.difference
    assert pushed(door) == []
    assert grafana.dashboards[BOX]["dashboard"]["title"] == "My box"
    assert acts(pushed(door, force=True)) == {BOX: Act.CHANGE}
    assert grafana.dashboards[BOX]["dashboard"]["title"] == "Box"
    assert set(acts(publish.plan(door, pages())).values()) == {Act.KEEP}


def test_a_page_saved_unchanged_by_hand_is_still_ours(grafana: StandIn, door: Grafana) -> None:
    pushed(door)
    grafana.edit(BOX)
    (step,) = [s for s in publish.plan(door, changed(BOX, refresh="5m")) if s.act is not Act.KEEP]
    assert step.act is Act.CHANGE


def test_a_page_of_somebody_else_under_our_uid_is_refused(grafana: StandIn, door: Grafana) -> None:
    grafana.dashboards[CITY] = {
        "dashboard": {"uid": CITY, "title": "Theirs", "version": 4, "tags": None, "panels": []},
        "meta": {"folderUid": ""},
    }
    step = {s.uid: s for s in publish.plan(door, pages())}[CITY]
    assert (step.act, step.why) == (Act.REFUSE, "it was not pushed by nigehban")


def test_a_page_provisioned_from_a_file_is_left_alone_even_when_told(grafana: StandIn, door: Grafana) -> None:
    pushed(door)
    grafana.dashboards[CITY]["meta"]["provisioned"] = True
    grafana.edit(CITY, title="From a file")
    step = {s.uid: s for s in publish.plan(door, pages(), force=True)}[CITY]
    assert step.act is Act.REFUSE
    assert "provisioned from a file" in step.why


def test_a_page_people_moved_stays_where_they_want_it(grafana: StandIn, door: Grafana) -> None:
    pushed(door)
    grafana.folders["ops"] = {"uid": "ops", "title": "Ops"}
    grafana.dashboards[CITY]["meta"]["folderUid"] = "ops"
    list(publish.apply(door, publish.plan(door, changed(CITY, refresh="5m"))))
    assert grafana.dashboards[CITY]["meta"]["folderUid"] == "ops"


def test_somebody_quicker_between_looking_and_pushing_is_a_conflict(grafana: StandIn, door: Grafana) -> None:
    pushed(door)
    steps = publish.plan(door, changed(CITY, refresh="5m"))
    grafana.edit(CITY, title="Quick")
    with pytest.raises(Conflict, match="412: The dashboard has been changed by someone else"):
        list(publish.apply(door, steps))
    assert grafana.dashboards[CITY]["dashboard"]["title"] == "Quick"


def test_a_folder_made_meanwhile_is_a_conflict(grafana: StandIn, door: Grafana) -> None:
    steps = publish.plan(door, pages())
    grafana.folders["nigehban"] = {"uid": "nigehban", "title": "Nigehban"}
    with pytest.raises(Conflict, match="412"):
        list(publish.apply(door, steps))
    grafana.folders.clear()
    grafana.folders["other"] = {"uid": "other", "title": "Nigehban"}
    with pytest.raises(Conflict, match="409: a folder with the same name"):
        list(publish.apply(door, steps))


def test_the_next_push_goes_on_where_a_failed_one_stopped(grafana: StandIn, door: Grafana) -> None:
    grafana.fail("POST", "/api/dashboards/db", 500, {"message": "database is locked"})
    with pytest.raises(Retryable, match="500: database is locked"):
        pushed(door)
    assert set(acts(pushed(door)).values()) == {Act.MAKE}
    assert set(grafana.dashboards) == {page["uid"] for page in pages()}


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, {"message": "bad request data"}, Permanent, "400: bad request data"),
        (401, {"message": "Invalid API key"}, Permanent, "service account that exists"),
        (403, {"message": "Access denied"}, Permanent, "role Editor"),
        (404, "<html>nginx</html>", None, ""),
        (409, {"message": "exists"}, Conflict, "409: exists"),
        (412, {"message": "changed", "status": "version-mismatch"}, Conflict, "412: changed"),
        (429, {"message": "slow down"}, Retryable, "429"),
        (500, {"message": "oh"}, Retryable, "500: oh"),
        (502, "<html>Bad Gateway</html>", Retryable, "502"),
        (503, [], Retryable, "503"),
        (200, "<html>a captive portal</html>", Permanent, "not as Grafana does"),
        (200, [], Permanent, "not as Grafana does"),
        (302, "", Permanent, "sends us elsewhere"),
        (0, "", Retryable, "cannot be reached"),
    ],
)
def test_every_answer_has_its_meaning(
    grafana: StandIn, door: Grafana, status: int, body: Any, kind: type[Exception] | None, words: str
) -> None:
    grafana.fail("GET", "/api/dashboards/uid", status, body)
    if kind is None:
        assert door.dashboard("x") is None
        return
    with pytest.raises(kind, match=words) as caught:
        door.dashboard("x")
    assert type(caught.value) is kind
    assert TOKEN not in str(caught.value)


def test_a_change_whose_answer_is_lost_may_have_been_made(grafana: StandIn, door: Grafana) -> None:
    grafana.fail("POST", "/api/folders", 0)
    with pytest.raises(OutcomeUnknown):
        door.make_folder("a", "A")


def test_no_grafana_is_retryable_and_says_so_in_the_systems_word() -> None:
    door = Grafana(GrafanaSettings(f"http://127.0.0.1:{free_port()}", TOKEN))
    with pytest.raises(Retryable, match="Connection refused"):
        door.folder("x")


def test_a_wrong_token_is_said_plainly_and_not_repeated(grafana: StandIn) -> None:
    door = Grafana(GrafanaSettings(grafana.url, "glsa_wrong"))
    with pytest.raises(Permanent, match="401") as caught:
        door.folder("x")
    assert "glsa_wrong" not in str(caught.value)


def test_grafana_may_live_under_a_path() -> None:
    with stand_in("/grafana") as server:
        door = Grafana(GrafanaSettings(f"{server.url}/", TOKEN))
        assert door.folder("x") is None
        assert server.requests[0][1] == "/api/folders/x"


@pytest.mark.parametrize("url", ["grafana:3000", "ftp://grafana", "http://", "http://me:secret@grafana"])
def test_an_address_that_is_none_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        GrafanaSettings(url, TOKEN)
    assert "secret@" not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    settings = GrafanaSettings("http://g", "glsa_secret", "me", "hush")
    assert "glsa_secret" not in repr(settings)
    assert "hush" not in repr(settings)


# -- the data source ------------------------------------------------------------------------------


def test_the_data_sources_are_made_once_and_a_hand_on_it_is_respected(
    grafana: StandIn, door: Grafana
) -> None:
    sources = publish.datasources("http://influx:8086", 2, token="tok")
    pushed(door, sources=sources)
    assert grafana.datasources["nigehban-influx"]["jsonData"]["httpHeaderName1"] == "Authorization"
    raw, years = [b for m, p, b in grafana.requests if (m, p) == ("POST", "/api/datasources")]
    for body in (raw, years):
        assert body["secureJsonData"] == {"httpHeaderValue1": "Token tok"}
    assert (years["uid"], years["name"]) == ("nigehban-years", "Nigehban years")
    assert (raw["jsonData"]["dbName"], years["jsonData"]["dbName"]) == ("cctv", "cctv_years")
    grafana.datasources["nigehban-influx"]["url"] = "http://elsewhere:8086"
    step = publish.plan(door, [], sources)[1]
    assert (step.act, step.difference) == (
        Act.REFUSE,
        ("~ url: 'http://elsewhere:8086' -> 'http://influx:8086'",),
    )
    pushed(door, sources=sources, force=True)
    assert grafana.datasources["nigehban-influx"]["url"] == "http://influx:8086"


def test_a_provisioned_data_source_is_left_alone(grafana: StandIn, door: Grafana) -> None:
    sources = publish.datasources("http://influx:8086", 1, user="grafana", password="p")
    pushed(door, sources=sources)
    grafana.datasources["nigehban-influx"] |= {"readOnly": True, "url": "http://file:8086"}
    assert publish.plan(door, [], sources, force=True)[1].act is Act.REFUSE


def test_a_data_source_of_the_same_name_is_a_conflict(grafana: StandIn, door: Grafana) -> None:
    grafana.datasources["theirs"] = {"name": "Nigehban", "uid": "theirs"}
    with pytest.raises(Conflict, match="409"):
        pushed(door, sources=publish.datasources("http://influx:8086", 3, token="t"))


# -- differences ----------------------------------------------------------------------------------

leaf = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
tree = st.recursive(
    leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner)
)


@given(st.dictionaries(st.sampled_from("abc"), tree), st.dictionaries(st.sampled_from("abc"), tree))
def test_differences_are_named_exactly_when_there_are_some(
    have: dict[str, Any], wanted: dict[str, Any]
) -> None:
    same = json.dumps(have, sort_keys=True) == json.dumps(wanted, sort_keys=True)
    assert (differences(have, wanted) == []) == same


def test_a_panel_that_only_moved_is_no_difference_of_those_after_it() -> None:
    page = json.loads(text(pages()[0]))
    page["panels"].insert(0, {"title": "Mine", "type": "text"})
    assert differences(pages()[0], page) == ["+ panel 'Mine'.title: 'Mine'", "+ panel 'Mine'.type: 'text'"]
