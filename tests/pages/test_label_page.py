"""The page for labelling: what it asks, what it sends to the browser, and what it keeps."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping
from typing import Any

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest

from db import jobs as stored
from pages.common.label import component
from skillrouter_core import jobs
from skillrouter_core.records import Job
from skillrouter_core.records.queues import Strategy
from skillrouter_core.workspace import Workspace
from tests.pages.conftest import HOSTILE, Studio, texts

MERGE, POD = "merge several pdf files", "why does the pod restart"
ME = getpass.getuser()
MERGER = "mine/documents/pdf-merge"


@pytest.fixture
def asked(studio: Studio) -> Studio:
    studio.fill()
    for text in (MERGE, POD):
        studio.ws.labels.save_query(text, "first")
    studio.ws.queue.prepare()
    return studio


def desk(at: AppTest) -> dict[str, Any]:
    """What the browser is given."""
    assert not at.exception, at.exception
    (element,) = at.get("bidi_component")
    return json.loads(element.proto.json)


def tell(at: AppTest, message: Mapping[str, Any]) -> dict[str, Any]:
    """Send a message as the browser does, and return what comes back."""
    (element,) = at.get("bidi_component")
    states: WidgetStates = at._tree.get_widget_states()
    state = states.widgets.add()
    state.id = f"$$STREAMLIT_INTERNAL_KEY_{element.proto.id}__events"
    state.json_trigger_value = json.dumps([{"event": "sent", "value": message}])
    at._run(states)
    return desk(at)


def verdict(item: Mapping[str, Any], grade: int | None, **fields: Any) -> dict[str, Any]:
    return {
        "token": item["token"],
        "kind": "grade",
        "query_text": item["query"],
        "skill_id": item["skill"],
        "content_hash": item["hash"],
        "grade": grade,
        "seconds": 4.5,
        "note": "",
        "origin": item["origin"],
        "annotator": ME,
        "at": 1,
        **fields,
    }


def said(studio: Studio) -> list[tuple[str, str, int | None]]:
    return [(each.query_text, each.skill_id, each.grade) for each in studio.ws.labels.judgements()]


def plain(pieces: list[tuple[str, int]]) -> str:
    return "".join(text for text, _ in pieces)


# ---------------------------------------------------------------------- empty states


def test_empty_workspace_offers_the_demo(studio: Studio) -> None:
    assert "There is no skill in this workspace yet" in texts(studio.open("label"))


def test_without_requests_the_page_says_where_to_get_some(studio: Studio) -> None:
    studio.fill()
    assert "There is no request to label with yet" in texts(studio.open("label"))


def test_requests_without_candidates_can_be_prepared(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.fill()
    studio.ws.labels.save_query(MERGE, "first")
    started: list[tuple[str, dict[str, str]]] = []

    def start(ws: Workspace, kind: str, params: Mapping[str, str]) -> Job:
        started.append((kind, dict(params)))
        with ws.database.write() as session:
            return stored.add(session, kind, dict(params))

    monkeypatch.setattr(jobs, "start", start)
    at = studio.open("label", set="first")
    assert "1 request of 1 have no candidates yet" in texts(at)
    assert desk(at)["items"] == []
    assert "Prepare the candidates" in desk(at)["empty"]
    at.button(key="candidates").click().run()
    assert started == [("candidates", {"suite": "first"})]


def test_everything_graded_says_so(asked: Studio) -> None:
    at = asked.open("label")
    data = desk(at)
    while data["items"]:
        data = tell(at, {"batch": "b", "events": [verdict(data["items"][0], 0)]})
    assert data["left"] == 0
    assert "You have graded everything here" in data["empty"]


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        (Strategy.CATALOG, "Choose a catalog above"),
        (Strategy.CLUSTER, "Choose a cluster"),
        (Strategy.QUERY, "Choose a request above"),
    ],
)
def test_order_that_needs_a_choice_asks_for_it(
    asked: Studio, strategy: Strategy, words: str
) -> None:
    data = desk(asked.open("label", strategy=strategy.value))
    assert data["items"] == []
    assert words in data["empty"]


def test_order_that_needs_a_scan_says_so(asked: Studio) -> None:
    at = asked.open("label", strategy="duplicates")
    assert "duplicates" in texts(at)
    assert at.selectbox(key="strategy").value == "duplicates"


# ---------------------------------------------------------------------- what goes to the browser


def test_pairs_go_out_with_texts_in_pieces(asked: Studio) -> None:
    data = desk(asked.open("label"))
    assert data["annotator"] == ME
    assert data["left"] == 8
    assert len(data["items"]) == 6
    data = desk(asked.open("label", strategy="query", query=MERGE))
    item = next(each for each in data["items"] if each["skill"] == MERGER)
    assert item["name"] == [["PDF", 2], [" ", 0], ["merge", 2]]
    assert plain(item["body"]).startswith("Join the files with pdfunite")
    assert item["hash"] == asked.ws.catalogs.skill(item["skill"]).content_hash


def test_the_address_chooses_what_is_labelled(asked: Studio) -> None:
    asked.ws.labels.save_query("split a pdf", "second")
    asked.ws.queue.prepare()
    first = desk(asked.open("label", strategy="random", set="first", blind="false"))
    assert {item["suite"] for item in first["items"]} == {"first"}
    assert first["blind"] is False
    one = desk(asked.open("label", strategy="query", query=POD))
    assert {item["query"] for item in one["items"]} == {POD}
    assert len({first["queue"], one["queue"]}) == 2


def test_nonsense_in_the_address_is_the_usual_queue(asked: Studio) -> None:
    data = desk(asked.open("label", strategy="x", cluster="y:z", set="no such", view="w"))
    assert len(data["items"]) == 6


def test_list_shows_a_requests_candidates_in_an_order_that_tells_nothing(asked: Studio) -> None:
    blind = desk(asked.open("label", view="list", query=MERGE))
    assert blind["listed"] is True
    assert {item["query"] for item in blind["items"]} == {MERGE}
    seen = desk(asked.open("label", view="list", query=MERGE, blind="false"))
    ranked = [item["skill"] for item in seen["items"]]
    assert sorted(ranked) == sorted(item["skill"] for item in blind["items"])
    assert ranked[0] == MERGER
    assert ranked != [item["skill"] for item in blind["items"]]


def test_list_without_a_request_takes_the_queues_and_stays_with_it(asked: Studio) -> None:
    at = asked.open("label", view="list")
    data = desk(at)
    query = at.selectbox(key="query").value
    assert {item["query"] for item in data["items"]} == {query}
    tell(at, {"batch": "b", "events": [verdict(data["items"][0], 3)]})
    assert at.selectbox(key="query").value == query


def test_hostile_text_stays_text(asked: Studio) -> None:
    asked.write("evil/evil", HOSTILE, HOSTILE, f"merge pdf {HOSTILE}")
    asked.sync()
    asked.ws.labels.save_query(HOSTILE, HOSTILE)
    asked.ws.queue.prepare()
    at = asked.open("label", strategy="query", query=HOSTILE)
    items = {item["skill"]: item for item in desk(at)["items"]}
    evil = items["mine/evil/evil"]
    assert plain(evil["name"]) == HOSTILE
    assert plain(evil["body"]).strip() == f"merge pdf {HOSTILE}"
    assert "alert" not in texts(at)


def test_changed_text_is_said(asked: Studio) -> None:
    asked.write("documents/pdf-merge", "PDF merge", "Merge.", "Another text about pdf files.")
    asked.sync(index=False)
    data = desk(asked.open("label", strategy="query", query=MERGE))
    item = next(each for each in data["items"] if each["skill"] == MERGER)
    assert "changed" in " ".join(item["notes"])
    assert plain(item["body"]).startswith("Another text")


# ---------------------------------------------------------------------- what comes from it


def test_verdicts_are_kept_once_and_answered(asked: Studio) -> None:
    at = asked.open("label")
    first, second = desk(at)["items"][:2]
    events = [verdict(first, 3, note="fits"), verdict(second, None)]
    data = tell(at, {"batch": "one", "events": events})
    assert data["batch"] == "one"
    assert data["acks"] == [[first["token"], True, ""], [second["token"], True, ""]]
    again = tell(at, {"batch": "two", "events": events})
    assert again["acks"] == data["acks"]
    assert sorted(said(asked)) == sorted(
        [(first["query"], first["skill"], 3), (second["query"], second["skill"], None)]
    )
    assert (again["today"], again["pace"], again["left"]) == (2, 800, 6)
    tokens = {item["token"] for item in again["items"]}
    assert not tokens & {first["token"], second["token"]}
    (kept,) = [each for each in asked.ws.labels.judgements() if each.grade == 3]
    assert (kept.seconds, kept.note, kept.origin) == (4.5, "fits", "least-certain")


def test_what_is_refused_says_why_and_loses_nothing_else(asked: Studio) -> None:
    at = asked.open("label")
    first, second = desk(at)["items"][:2]
    bad = [verdict(first, 7), {"token": "x", "kind": "dance", "annotator": ME}, {"token": "y"}]
    data = tell(at, {"batch": "b", "events": [*bad, 5, verdict(second, 1)]})
    answers = {token: (ok, reason) for token, ok, reason in data["acks"]}
    assert answers[second["token"]] == (True, "")
    assert [answers[token][0] for token in (first["token"], "x", "y")] == [False] * 3
    assert all(answers[token][1] for token in (first["token"], "x", "y"))
    assert len(said(asked)) == 1


def test_taken_back_verdict_comes_again(asked: Studio) -> None:
    at = asked.open("label")
    item = desk(at)["items"][0]
    undo = {"token": "u1", "kind": "undo", "undoes": item["token"], "annotator": ME}
    again = {"query": item["query"], "skill": item["skill"]}
    data = tell(at, {"batch": "a", "events": [verdict(item, 3), undo], "again": again})
    assert said(asked) == []
    assert data["today"] == 0
    assert data["again"]["item"]["skill"] == item["skill"]
    assert data["again"]["batch"] == "a"
    (action,) = data["recent"]
    assert (action["token"], action["undone"], action["name"]) == (
        item["token"],
        True,
        item["skill"].rpartition("/")[2],
    )


def test_each_verdict_is_kept_under_the_name_it_was_said_under(asked: Studio) -> None:
    at = asked.open("label")
    first, second = desk(at)["items"][:2]
    events = [verdict(first, 3, annotator="bob"), verdict(second, 2), {**verdict(first, 1)}]
    events[2]["token"] = "another"
    data = tell(at, {"batch": "b", "events": events})
    assert {(each.annotator, each.grade) for each in asked.ws.labels.judgements()} == {
        ("bob", 3),
        (ME, 2),
        (ME, 1),
    }
    assert data["today"] == 2


def test_login_keeps_other_peoples_verdicts_waiting(asked: Studio) -> None:
    at = asked.open("label")
    at.user = {"is_logged_in": True, "email": "eve@example.org"}
    at.run()
    data = desk(at)
    assert (data["annotator"], data["login"]) == ("eve@example.org", True)
    item = data["items"][0]
    events = [verdict(item, 3), verdict(item, 1, token="t", annotator="eve@example.org")]
    data = tell(at, {"batch": "b", "events": events})
    assert [token for token, *_ in data["acks"]] == ["t"]
    assert [each.annotator for each in asked.ws.labels.judgements()] == ["eve@example.org"]


def test_others_verdicts_are_among_the_facts(asked: Studio) -> None:
    asked.ws.labels.judge(MERGE, MERGER, 2, "bob")
    data = desk(asked.open("label", view="list", query=MERGE))
    item = next(each for each in data["items"] if each["skill"] == MERGER)
    assert ["bob", "useful"] in item["facts"]


def test_browser_changes_view_and_request(asked: Studio) -> None:
    at = asked.open("label")
    data = tell(at, {"batch": "b", "events": [], "view": "list"})
    assert data["listed"] is True
    query = data["items"][0]["query"]
    data = tell(at, {"batch": "c", "events": [], "onwards": query})
    assert {item["query"] for item in data["items"]} == {MERGE, POD} - {query}
    assert at.query_params["query"] == data["items"][0]["query"]


def test_passing_by_fetches_more(asked: Studio) -> None:
    at = asked.open("label")
    assert len(desk(at)["items"]) == 6
    assert len(tell(at, {"batch": "b", "events": [], "passed": 2})["items"]) == 8


def test_share_graded_twice_is_kept(asked: Studio) -> None:
    at = asked.open("label")
    at.slider(key="overlap").set_value(30).run()
    assert asked.ws.queue.overlap() == pytest.approx(0.3)
    asked.ws.queue.set_overlap(0.5)
    at.run()
    assert asked.ws.queue.overlap() == pytest.approx(0.5)
    assert at.slider(key="overlap").value == 50


def test_every_module_of_the_desk_is_joined() -> None:
    assert {path.name for path in component.FOLDER.glob("*.js")} == set(component.MODULES)


def test_no_script_of_the_desk_makes_markup_of_text() -> None:
    for path in component.FOLDER.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        for banned in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert banned not in text, path.name
