"""The page for duplicates, drawn over a real workspace with a real scan and fake vectors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from db import jobs as stored
from skillrouter_core import jobs
from skillrouter_core.records import Job, JobState, Verdict
from skillrouter_core.workspace import Workspace
from tests.pages.conftest import HOSTILE, ROOT, SECONDS, Studio, texts

MERGE_BODY = "Join the files with pdfunite, keep the bookmarks, and number the pages anew.\n" * 5
POD_BODY = "Read the last state, the exit code and the limits, then raise the memory limit.\n" * 5
COPIES = {
    "documents/pdf-merge": ("PDF merge", "Merge several PDF files into one report.", MERGE_BODY),
    "documents/pdf-join": ("PDF join", "Join PDF files.", MERGE_BODY + "Check the result.\n"),
    "old/pdf-merge": ("PDF merge", "", MERGE_BODY + "Check each page of the result.\n"),
    "devops/pod-restarts": ("Pod restarts", "Find out why a pod restarts.", POD_BODY),
    "old/pod-crashes": ("Pod crashes", "", POD_BODY + "Tell the owner of the pod.\n"),
    "writing/minutes": ("Minutes", "Write minutes.", "Note who decided what, and by when.\n"),
    "legal/minutes": ("minutes", "Minutes of a board.", "Follow the articles; name the quorum.\n"),
}
MERGE, JOIN, OLD = "mine/documents/pdf-merge", "mine/documents/pdf-join", "mine/old/pdf-merge"
LEGAL, WRITING = "mine/legal/minutes", "mine/writing/minutes"
POD, CRASH = "mine/devops/pod-restarts", "mine/old/pod-crashes"
ME, OTHER = "ada", "bob"


@pytest.fixture
def copies(studio: Studio) -> Studio:
    """A catalog with a group of three, a group of two, and two namesakes; scanned."""
    for folder, (name, description, body) in COPIES.items():
        studio.write(folder, name, description, body)
    studio.sync()
    studio.ws.duplicates.scan()
    return studio


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    """Jobs that the page starts; they are recorded as queued and no process runs."""
    seen: list[tuple[str, dict[str, str]]] = []

    def start(ws: Workspace, kind: str, params: Mapping[str, str]) -> Job:
        seen.append((kind, dict(params)))
        with ws.database.write() as session:
            return stored.add(session, kind, dict(params))

    monkeypatch.setattr(jobs, "start", start)
    return seen


def opened(studio: Studio, **address: str) -> AppTest:
    """Open the page as ada."""
    at = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=SECONDS)
    at.switch_page("duplicates.py")
    at.session_state["annotator"] = ME
    for name, value in address.items():
        at.query_params[name] = value
    return at.run()


def press(at: AppTest, key: str) -> AppTest:
    return at.button(key=key).click().run()


def focus(at: AppTest) -> tuple[str, str]:
    """The open group's keeper and the member in focus, as the address has them."""
    return at.query_params["group"], at.query_params["member"]


def table(at: AppTest, label: str) -> list[list[str]]:
    """The rows of the table whose label begins so."""
    found = (json.loads(each.proto.json) for each in at.get("bidi_component"))
    return next(data["rows"] for data in found if data.get("label", "").startswith(label))


def compared(at: AppTest) -> dict:
    """What the page handed to the component that draws differences."""
    found = (json.loads(each.proto.json) for each in at.get("bidi_component"))
    return next(data for data in found if "sections" in data)


def marked(at: AppTest, side: str) -> list[str]:
    """The words marked on one side of the comparison of bodies."""
    body = next(part for part in compared(at)["sections"] if part["title"] == "body")
    pieces = [piece for line in body["lines"] for piece in line[side] or ()]
    return [text for text, changed in pieces if changed]


def decided(studio: Studio) -> list[tuple[str, str, str]]:
    """Every decision that counts: verdict, skill, other skill."""
    found = studio.ws.duplicates.decisions()
    return [(each.verdict.value, each.skill_id, each.other_id) for each in found]


# ------------------------------------------------------------------ nothing there yet


def test_empty_workspace_offers_the_demo(studio: Studio) -> None:
    at = studio.open("duplicates")
    assert "There is no skill in this workspace yet." in texts(at)
    assert [each.label for each in at.button] == ["Import the demo catalog"]


def test_catalog_without_an_index_gets_a_button_for_it(studio: Studio) -> None:
    studio.fill(index=False)
    at = studio.open("duplicates")
    assert "make it first, then look for duplicates here" in texts(at)
    assert at.button(key="index")


def test_catalog_never_scanned_gets_a_button_that_starts_the_job(
    studio: Studio, started: list
) -> None:
    studio.fill()
    at = studio.open("duplicates")
    assert "**4 skills have not been compared yet.**" in texts(at)
    at = press(at, "scan")
    assert started == [("duplicates", {"profile": "compact"})]
    assert at.query_params["job"] == "1"
    assert at.button(key="cancel job")
    assert at.button(key="scan").disabled


def test_scan_older_than_the_catalog_is_said_and_offered_again(
    copies: Studio, started: list
) -> None:
    assert "changed after this scan" not in texts(opened(copies))
    copies.write("new/one", "New one", "A new skill.", "Nothing like the others.\n" * 9)
    copies.sync()
    at = opened(copies)
    assert "changed after this scan" in texts(at)
    press(at, "scan")
    assert started == [("duplicates", {"profile": "compact"})]


def test_finished_scan_is_told(copies: Studio, started: list) -> None:
    job = jobs.start(copies.ws, "duplicates", {})
    with copies.ws.database.write() as session:
        stored.finish(session, job.job_id, JobState.DONE, "7 skills compared")
    assert "duplicates finished. 7 skills compared" in texts(opened(copies, job=str(job.job_id)))


def test_catalog_without_copies_says_so(studio: Studio) -> None:
    studio.fill()
    studio.ws.duplicates.scan()
    assert "**No skill of 4 is a copy of another**" in texts(opened(studio))


# ------------------------------------------------------------------ figures and thresholds


def test_answer_and_progress_stand_at_the_top(copies: Studio) -> None:
    at = opened(copies)
    assert "**3 of 7 skills (42.9%) are copies of another one**, in 2 groups" in texts(at)
    assert at.get("progress")[0].proto.text == "0 of 2 groups decided, 2 to go"


def test_sliders_move_the_counts_without_another_scan(copies: Studio) -> None:
    version = copies.ws.duplicates.version()
    at = opened(copies)
    at.slider(key="jaccard").set_value(1.0)
    at = at.slider(key="cosine").set_value(1.0).run()
    assert "**No skill of 7 is a copy of another** at these thresholds" in texts(at)
    at = at.slider(key="jaccard").set_value(0.75).run()
    assert "**1 of 7 skills (14.3%) are copies of another one**, in 1 group" in texts(at)
    assert copies.ws.duplicates.version() == version


def test_thresholds_of_the_address_are_obeyed(copies: Studio) -> None:
    assert "No skill of 7" in texts(opened(copies, jaccard="1.0", cosine="1.0"))


@pytest.mark.parametrize("value", ["0.1", "7", "x"])
def test_impossible_threshold_of_the_address_harms_nothing(copies: Studio, value: str) -> None:
    assert "Which skills are copies" in texts(opened(copies, jaccard=value))


def test_overview_counts_layers_sizes_and_sources(copies: Studio) -> None:
    at = opened(copies, tab="overview")
    layers = {row[0]: row[1] for row in table(at, "Pairs by the layers")}
    assert layers["same name + text + embedding"] == "1"
    assert layers["same name only: no near-copies"] == "1"
    assert table(at, "Groups by size") == [["2", "1", "2"], ["3 to 5", "1", "3"]]
    assert [row[1:] for row in table(at, "Near-copies by pair")] == [["within itself", "4"]]
    assert "tokens at four characters a token" in texts(at)


# ------------------------------------------------------------------ the queue


def test_queue_has_the_biggest_group_first_and_opens_it(copies: Studio) -> None:
    at = opened(copies)
    assert table(at, "Groups in the queue") == [["PDF merge", "3"], ["Pod restarts", "2"]]
    assert focus(at) == (MERGE, OLD)
    assert "**PDF merge** and 2 copies" in texts(at)
    assert "1 of 2 in the queue" in texts(at)


@pytest.mark.parametrize(
    ("address", "groups"),
    [
        ({"find": "PDF join"}, ["PDF merge"]),
        ({"find": "crashes"}, ["Pod restarts"]),
        ({"size": "2"}, ["Pod restarts"]),
        ({"size": "3 to 5"}, ["PDF merge"]),
        ({"layer": "same name"}, ["PDF merge"]),
        ({"layer": "text"}, ["PDF merge", "Pod restarts"]),
        ({"layer": "embedding only"}, []),
        ({"status": "all"}, ["PDF merge", "Pod restarts"]),
        ({"status": "decided"}, []),
        ({"order": "likest first"}, ["Pod restarts", "PDF merge"]),
        ({"order": "least alike first"}, ["PDF merge", "Pod restarts"]),
    ],
)
def test_filters_of_the_address_are_obeyed(
    copies: Studio, address: dict[str, str], groups: list[str]
) -> None:
    at = opened(copies, **address)
    if groups:
        assert [row[0] for row in table(at, "Groups in the queue")] == groups
    else:
        assert "No group passes these filters" in texts(at)


@pytest.fixture
def many(studio: Studio) -> Studio:
    """Forty groups of two, whose texts share nothing with one another."""
    for number in range(40):
        for copy in ("one", "two"):
            words = " ".join(f"word{number}x{step}" for step in range(40))
            studio.write(f"{number:02}/{copy}", f"Skill {number:02}", "", f"{words} {copy}\n")
    studio.sync()
    studio.ws.duplicates.scan()
    return studio


def first_row(at: AppTest) -> str:
    return table(at, "Groups in the queue")[0][0]


def test_queue_is_cut_into_pages_on_the_server(many: Studio) -> None:
    at = opened(many, cosine="1.0")
    assert len(table(at, "Groups in the queue")) == 18
    assert "1 to 18 of 40 groups" in texts(at)
    assert first_row(opened(many, cosine="1.0", page="2")) == "Skill 18"
    assert first_row(opened(many, cosine="1.0", page="99")) == "Skill 36"
    assert first_row(opened(many, cosine="1.0", page="x")) == "Skill 00"


def test_page_of_the_queue_follows_the_open_group(many: Studio) -> None:
    at = opened(many, cosine="1.0", group="mine/20/one")
    assert first_row(at) == "Skill 18"
    at = press(opened(many, cosine="1.0"), "go Shift+P")
    assert first_row(at) == "Skill 36"


def test_group_and_member_of_the_address_are_opened(copies: Studio) -> None:
    at = opened(copies, group=POD, member=CRASH)
    assert focus(at) == (POD, CRASH)
    assert "**Pod restarts** and 1 copy" in texts(at)


def test_any_member_names_its_group(copies: Studio) -> None:
    assert focus(opened(copies, group=CRASH)) == (POD, CRASH)


@pytest.mark.parametrize("group", ["mine/nothing/like/it", "mine/writing/minutes", HOSTILE])
def test_unknown_group_of_the_address_gives_way_to_the_queue(copies: Studio, group: str) -> None:
    assert focus(opened(copies, group=group))[0] == MERGE


# ------------------------------------------------------------------ one group


def test_members_have_every_value_against_the_keeper(copies: Studio) -> None:
    rows = table(opened(copies), "Members")
    assert rows[0][:6] == ["PDF merge", MERGE, "–", "–", "–", "–"]
    assert rows[0][-1] == "keeper"
    by_id = {row[1]: row for row in rows}
    (pair,) = [
        pair
        for pair in copies.ws.duplicates.group(MERGE).pairs
        if {pair.a, pair.b} == {MERGE, JOIN}
    ]
    values = [f"{value:.2f}" for value in (pair.jaccard, pair.raw_jaccard, pair.cosine)]
    assert by_id[JOIN][2:6] == [*values, "other"]
    assert by_id[OLD][5] == "same"


def test_reason_and_weakest_edge_are_told(copies: Studio) -> None:
    said = texts(opened(copies))
    assert f"Keeper: {MERGE}: nothing is wrong with its text" in said
    assert "Weakest edge: Jaccard 0." in said


def test_words_that_differ_are_marked(copies: Studio) -> None:
    at = opened(copies, group=MERGE, member=JOIN)
    assert (compared(at)["left"], compared(at)["right"]) == (MERGE, JOIN)
    assert marked(at, "right") == ["Check the result."]
    assert marked(at, "left") == []


def test_keeper_in_focus_is_read_whole_and_cannot_be_merged(copies: Studio) -> None:
    at = opened(copies, group=MERGE, member=MERGE)
    assert "This is the keeper." in texts(at)
    assert "Join the files with pdfunite" in texts(at)
    assert at.button(key="decide merge").disabled
    assert at.button(key="decide distinct").disabled


def test_saved_query_shows_what_a_merge_would_change(copies: Studio) -> None:
    copies.ws.labels.save_query("join pdf files", expected=[JOIN])
    at = opened(copies, group=MERGE, member=JOIN)
    assert "1 saved query saved after the scan" in texts(at)
    copies.ws.duplicates.answer_queries()
    first = copies.ws.routing.route("join pdf files").ranking[0]
    at = opened(copies, group=MERGE, member=first if first in {JOIN, OLD} else JOIN)
    assert "join pdf files" in texts(at)


def test_no_saved_query_is_said(copies: Studio) -> None:
    assert "No query is saved yet" in texts(opened(copies))


# ------------------------------------------------------------------ decisions


def test_merge_goes_on_to_the_next_member_then_to_the_next_group(copies: Studio) -> None:
    at = press(opened(copies), "decide merge")
    assert decided(copies) == [("merge", OLD, MERGE)]
    assert focus(at) == (MERGE, JOIN)
    at = press(at, "decide merge")
    assert focus(at) == (POD, CRASH)
    assert at.get("progress")[0].proto.text == "1 of 2 groups decided, 1 to go"
    at = press(at, "decide retire")
    assert "Every group is decided or skipped." in "".join(each.value for each in at.success)


@pytest.mark.parametrize(
    ("key", "saved"),
    [
        ("decide merge", ("merge", CRASH, POD)),
        ("decide keep", ("keep", CRASH, "")),
        ("decide distinct", ("distinct", CRASH, POD)),
        ("decide retire", ("retire", CRASH, "")),
        ("decide skip", ("skip", CRASH, "")),
    ],
)
def test_each_key_saves_its_verdict_with_note_and_author(
    copies: Studio, key: str, saved: tuple[str, str, str]
) -> None:
    at = opened(copies, group=POD, member=CRASH)
    at.text_input(key="note").set_value("seen with Bob").run()
    at = press(at, key)
    (decision,) = copies.ws.duplicates.decisions()
    assert (decision.verdict.value, decision.skill_id, decision.other_id) == saved
    assert (decision.note, decision.author) == ("seen with Bob", ME)
    assert at.text_input(key="note").value == ""


def test_kept_copy_becomes_the_keeper_until_both_are_kept(copies: Studio) -> None:
    at = press(opened(copies, group=POD, member=CRASH), "decide keep")
    assert focus(at) == (CRASH, POD)
    assert focus(press(at, "decide keep"))[0] == MERGE
    rows = table(opened(copies, status="decided"), "Members")
    assert {row[-1] for row in rows} == {"keeper", "keep"}


def test_merge_all_is_saved_and_undone_in_one_go(copies: Studio) -> None:
    at = press(opened(copies), "merge all")
    assert sorted(decided(copies)) == [("merge", JOIN, MERGE), ("merge", OLD, MERGE)]
    assert focus(at) == (POD, CRASH)
    at = press(at, "undo")
    assert decided(copies) == []
    assert focus(at)[0] == MERGE


def test_undo_takes_back_the_last_and_returns_to_it_with_its_note(copies: Studio) -> None:
    at = opened(copies, group=POD, member=CRASH, note="why")
    at = press(press(at, "decide retire"), "undo")
    assert decided(copies) == []
    assert focus(at) == (POD, CRASH)
    assert at.text_input(key="note").value == "why"


def test_undo_leaves_the_decisions_of_others_alone(copies: Studio) -> None:
    copies.ws.duplicates.decide(Verdict.KEEP, CRASH, author=OTHER)
    at = press(opened(copies), "undo")
    assert decided(copies) == [("keep", CRASH, "")]
    assert "nothing that could be undone" in at.toast[0].value


def test_told_apart_member_leaves_its_group_and_the_rest_stays_open(copies: Studio) -> None:
    at = press(opened(copies, group=MERGE, member=JOIN), "decide distinct")
    assert set(focus(at)) <= {MERGE, JOIN, OLD}
    (group, *_) = copies.ws.duplicates.groups().grouping.groups
    ids = copies.ws.duplicates.load().ids
    assert not {MERGE, JOIN} <= {ids[row] for row in group.members}


def test_skipped_group_waits_under_its_own_filter(copies: Studio) -> None:
    at = press(opened(copies), "decide skip")
    assert focus(at)[0] == POD
    at = opened(copies, status="skipped")
    assert table(at, "Groups in the queue") == [["PDF merge", "3"]]


def test_decided_groups_can_be_seen_again_with_their_state(copies: Studio) -> None:
    press(opened(copies), "merge all")
    rows = table(opened(copies, status="all"), "Groups in the queue")
    assert rows == [["PDF merge", "3", "decided"], ["Pod restarts", "2", "undecided"]]
    members = table(opened(copies, status="decided"), "Members")
    assert [row[-1] for row in members] == ["keeper", "merge", "merge"]


def test_moves_go_around_members_and_groups(copies: Studio) -> None:
    at = press(opened(copies), "go N")
    assert focus(at) == (MERGE, JOIN)
    assert focus(press(at, "go N")) == (MERGE, MERGE)
    assert focus(press(at, "go Shift+N")) == (POD, CRASH)
    assert focus(press(at, "go Shift+P"))[0] == MERGE


def test_note_stays_with_its_member_until_it_is_saved(copies: Studio) -> None:
    at = opened(copies)
    at = at.text_input(key="note").set_value("ask Bob").run()
    at = press(at, "go N")
    assert at.text_input(key="note").value == ""
    assert press(at, "go P").text_input(key="note").value == "ask Bob"
    assert decided(copies) == []


def test_note_of_the_address_survives_a_reload(copies: Studio) -> None:
    at = opened(copies, group=MERGE, member=OLD, note="half a thought")
    assert at.text_input(key="note").value == "half a thought"


def test_skill_gone_from_the_catalog_is_said(copies: Studio) -> None:
    (copies.source / "old" / "pod-crashes" / "SKILL.md").unlink()
    copies.sync()
    assert "left the catalog after the scan" in texts(opened(copies, group=POD))


def test_oversize_group_offers_thresholds_that_split_it(studio: Studio, tmp_path: Path) -> None:
    # Of two catalogs: what fifty skills of one source share would be boilerplate.
    for name in ("mine", "theirs"):
        studio.source = tmp_path / name
        for number in range(26):
            ends = (f"end{number % 2}-{step}" for step in range(20))
            body = " ".join((*(f"step{step}" for step in range(80)), *ends))
            studio.write(f"many/{number:02}", f"Skill {name} {number}", "", body)
        studio.ws.catalogs.sync(str(studio.source), name)
    studio.ws.indexing.build()
    studio.ws.duplicates.scan()
    at = opened(studio, jaccard="0.4")
    assert "**52 skills are too many to judge as one** (over 50)" in texts(at)
    offered = at.button(key="split 3").label
    at = press(at, "split 3")
    assert f"Jaccard {at.slider(key='jaccard').value:.2f}" in offered


# ------------------------------------------------------------------ lanes, history, export


def test_namesakes_stand_side_by_side_in_a_lane_of_their_own(copies: Studio) -> None:
    at = opened(copies, tab="same name")
    assert table(at, "Names shared") == [["minutes", "2", f"{LEGAL}, {WRITING}"]]
    at = opened(copies, tab="same name", group=LEGAL, member=WRITING)
    assert (compared(at)["left"], compared(at)["right"]) == (LEGAL, WRITING)


def test_likeness_explained_by_a_negation_has_its_lane(copies: Studio) -> None:
    said = "Find out why a pod restarts. Not for nodes, use pod-watch instead."
    copies.write("devops/pod-restarts", "Pod restarts", said, POD_BODY)
    words = POD_BODY.replace("Read", "See").replace("exit", "end").replace("raise", "lift")
    copies.write("devops/pod-watch", "pod-watch", said, words)
    copies.sync()
    copies.ws.duplicates.scan()
    at = opened(copies, tab="discounted", jaccard="0.9", cosine="0.8")
    rows = table(at, "Pairs whose likeness was discounted")
    assert [row[-1] for row in rows] == ["one says that it is not for what the other does"]


def test_lanes_without_entries_say_so(studio: Studio) -> None:
    studio.fill()
    studio.ws.duplicates.scan()
    assert "No two unlike skills share a name." in texts(opened(studio, tab="same name"))
    assert "no likeness was discounted" in texts(opened(studio, tab="discounted"))


def test_history_tells_who_said_what_and_where_people_disagree(copies: Studio) -> None:
    assert "Nothing is decided yet." in texts(opened(copies, tab="history"))
    service = copies.ws.duplicates
    service.decide(Verdict.MERGE, CRASH, other_id=POD, note="the same", author=ME)
    service.decide(Verdict.KEEP, CRASH, author=OTHER)
    gone = service.decide(Verdict.RETIRE, OLD, author=OTHER)
    service.undo(gone.decision_id, ME)
    at = opened(copies, tab="history")
    rows = table(at, "Decisions")
    assert [row[1:6] for row in rows] == [
        [OTHER, "keep", CRASH, "–", ""],
        [ME, "merge", CRASH, POD, "the same"],
    ]
    assert at.expander[0].label == "1 skill on which people disagree; the newest word counts"
    rows = table(at.toggle(key="undone").set_value(True).run(), "Decisions")
    assert rows[0][-1].startswith(f"by {ME}, ")


@pytest.mark.parametrize("name", ["csv", "json", "markdown", "script"])
def test_each_export_can_be_loaded(copies: Studio, name: str) -> None:
    press(opened(copies), "merge all")
    at = opened(copies, tab="export")
    assert "the plan removes **2 skills**" in texts(at)
    assert f"export {name}" in {each.key for each in at.get("download_button")}
    assert MERGE in copies.ws.duplicates.export(name)


# ------------------------------------------------------------------ strangers' text


def test_hostile_text_stays_text(copies: Studio) -> None:
    for folder in ("evil/one", "evil/two"):
        copies.write(folder, HOSTILE, HOSTILE, f"{HOSTILE}\n" * 9)
    copies.sync()
    copies.ws.duplicates.scan()
    at = opened(copies, group="mine/evil/one", note=HOSTILE)
    assert focus(at)[0].startswith("mine/evil/")
    assert not any(each.allow_html for each in at.markdown)
    assert ":red[no]" not in "\n".join(each.value for each in at.markdown)
    press(at, "decide merge")
    texts(opened(copies, tab="history"))


def test_key_pressed_before_the_next_member_is_drawn_decides_nothing(copies: Studio) -> None:
    at = opened(copies)
    at.session_state["member"] = JOIN  # where the first press has moved on to
    at = press(at, "decide merge")
    assert decided(copies) == []
    assert "not drawn yet" in at.toast[0].value
