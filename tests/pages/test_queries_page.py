"""The page for queries: sets, filters, adding, removing, files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import pytest
from streamlit.testing.v1 import AppTest

from db import jobs as stored
from skillrouter_core import jobs
from skillrouter_core.records import Job, NewQuery, Split
from skillrouter_core.workspace import Workspace
from tests.pages.conftest import HOSTILE, Studio, texts

MERGE, SPLIT = "merge these reports", "cut this file into chapters"
MERGE_ID = "mine/documents/pdf-merge"


@pytest.fixture
def stocked(studio: Studio) -> Studio:
    studio.fill(index=False)
    return studio


@pytest.fixture
def saved(stocked: Studio) -> Studio:
    labels = stocked.ws.labels
    labels.save_queries([NewQuery(MERGE, (MERGE_ID,))], "nightly", "ann", "upload", held_out=True)
    labels.save_queries([NewQuery(SPLIT, (), Split.TRAIN)], "weekly", "bob", "route")
    labels.judge(MERGE, MERGE_ID, 3, "ann")
    return stocked


def requests(at: AppTest) -> list[str]:
    """The requests in the table of requests."""
    return list(at.dataframe[-1].value["Request"])


def upload(at: AppTest, name: str, raw: bytes, key: str = "upload 0") -> AppTest:
    return at.file_uploader(key=key).upload(name, raw, "text/csv").run()


def test_empty_page_says_what_to_do(stocked: Studio) -> None:
    at = stocked.open("queries")
    assert "No request is saved yet." in texts(at)
    assert at.text_area(key="new request")


def test_workspace_without_skills_takes_requests_too(studio: Studio) -> None:
    at = studio.open("queries")
    at.text_area(key="new request").set_value(MERGE)
    at = at.button(key="add request").click().run()
    assert requests(at) == [MERGE]


def test_large_file_is_left_to_the_command_line(
    stocked: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.common.queries.upload.PAGE_ROWS", 2)
    at = upload(stocked.open("queries", add="file"), "x.csv", b"query\na\nb\nc\n")
    assert "3 rows, more than the 2 that this page takes at once" in texts(at)
    assert [one.label for one in at.button if one.label.startswith("Import")] == []


def test_sets_and_requests_are_counted(saved: Studio) -> None:
    said = texts(saved.open("queries"))
    assert "**2 requests** in 2 sets: 1 to train with, 1 held out for tests." in said
    assert "**1** with a graded skill (50%)." in said


def test_request_of_several_sets_counts_once(saved: Studio) -> None:
    saved.ws.labels.save_query(MERGE, "weekly")
    assert "**2 requests** in 2 sets" in texts(saved.open("queries"))


def test_requests_are_listed_newest_first_with_all_that_is_known(saved: Studio) -> None:
    at = saved.open("queries")
    assert requests(at) == [SPLIT, MERGE]
    row = at.dataframe[-1].value.iloc[1]
    known = [row[name] for name in ("Set", "Side", "Expected", "Graded", "Source", "Author")]
    assert known == ["nightly", "held-out", MERGE_ID, 1, "file", "ann"]


@pytest.mark.parametrize(
    ("address", "left"),
    [
        ({"words": "REPORTS merge"}, [MERGE]),
        ({"words": "pdf-merge"}, [MERGE]),
        ({"set": "weekly"}, [SPLIT]),
        ({"side": "train"}, [SPLIT]),
        ({"judged": "judged"}, [MERGE]),
        ({"judged": "not judged"}, [SPLIT]),
        ({"set": "no such set"}, [SPLIT, MERGE]),
    ],
)
def test_filters_of_the_address_are_obeyed(
    saved: Studio, address: dict[str, str], left: list[str]
) -> None:
    assert requests(saved.open("queries", **address)) == left


def test_nothing_found_says_what_to_do(saved: Studio) -> None:
    assert "No request matches." in texts(saved.open("queries", words="elephants"))


@pytest.mark.parametrize(
    ("page", "first"), [("1", "1 to 50"), ("3", "101 to 120"), ("9", "101 to 120")]
)
def test_pages_are_cut_on_the_server(stocked: Studio, page: str, first: str) -> None:
    rows = [NewQuery(f"request {number}") for number in range(120)]
    stocked.ws.labels.save_queries(rows, "many", "", "upload")
    at = stocked.open("queries", sheet=page)
    assert f"{first} of 120 requests" in texts(at)
    assert len(requests(at)) == (50 if page == "1" else 20)


def test_hostile_texts_stay_text(stocked: Studio) -> None:
    stocked.ws.labels.save_query(HOSTILE, HOSTILE[:60])
    at = stocked.open("queries", set=HOSTILE[:60])
    assert requests(at) == [HOSTILE]
    assert at.button(key="remove set")


# ------------------------------------------------------------------------------ adding


def test_typed_request_is_kept(stocked: Studio) -> None:
    at = stocked.open("queries")
    at = at.button(key="add request").click().run()
    assert "the query is empty" in list(at.dataframe[-1].value["Why"])
    at.text_area(key="new request").set_value(f" {MERGE} ")
    at.text_input(key="skills of the new request").set_value("pdf-merge | minutes")
    at.toggle(key="hold out the new request").set_value(True)
    at = at.button(key="add request").click().run()
    (kept,) = stocked.ws.labels.queries()
    assert (kept.text, kept.suite, kept.source) == (MERGE, "default", "typed")
    assert kept.expected == (MERGE_ID, "mine/writing/minutes")
    assert kept.split is Split.HELD_OUT
    assert "Added the request." in [element.value for element in at.success]
    assert requests(at) == [MERGE]


def test_unknown_skill_of_a_typed_request_is_named(stocked: Studio) -> None:
    at = stocked.open("queries")
    at.text_area(key="new request").set_value(MERGE)
    at.text_input(key="skills of the new request").set_value("nope")
    at = at.button(key="add request").click().run()
    assert stocked.ws.labels.queries() == ()
    assert list(at.dataframe[-1].value["Value"]) == ["nope"]
    assert at.text_area(key="new request").value == MERGE


def test_file_is_mapped_previewed_and_imported(stocked: Studio) -> None:
    raw = f"Wish;Skills;Fold\n{MERGE};pdf-merge;test\n{SPLIT};nope;\n;;\n".encode()
    at = upload(stocked.open("queries", add="file"), "wishes.csv", raw)
    said = texts(at)
    assert "**1 request** from 2 rows, 1 row unusable." in said
    assert [list(frame.value["Value"]) for frame in at.dataframe if "Why" in frame.value] == [
        ["nope"]
    ]
    assert requests_of_preview(at) == [MERGE]
    at = at.button(key="import queries").click().run()
    (kept,) = stocked.ws.labels.queries()
    assert (kept.text, kept.suite, kept.expected) == (MERGE, "wishes", (MERGE_ID,))
    assert (kept.split, kept.source) == (Split.HELD_OUT, "upload")
    assert "1 row left out." in at.success[0].value
    assert at.file_uploader(key="upload 1")


def requests_of_preview(at: AppTest) -> list[str]:
    return list(at.dataframe[0].value["Request"])


def test_other_columns_can_be_chosen(stocked: Studio) -> None:
    raw = b"query,comment\nx,merge the reports\n"
    at = upload(stocked.open("queries", add="file"), "x.csv", raw)
    box = next(one for one in at.selectbox if one.label == "Request")
    assert box.value == "query"
    at = box.set_value("comment").run()
    assert requests_of_preview(at) == ["merge the reports"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [(b"", "is empty"), (b"PK\x03\x04", "save the sheet as CSV"), (b'"open', "no row")],
)
def test_file_that_cannot_be_read_is_explained(stocked: Studio, raw: bytes, words: str) -> None:
    at = upload(stocked.open("queries", add="file"), "x.csv", raw)
    assert words in texts(at)
    assert stocked.ws.labels.queries() == ()


def test_graded_pairs_are_imported_under_a_name(stocked: Studio) -> None:
    raw = f"query,skill_id,grade,annotator\n{MERGE},pdf-merge,3,ann\n{MERGE},pod-restarts,0,\n"
    at = upload(stocked.open("queries", add="file"), "team.csv", raw.encode())
    assert "**2 graded pairs** in 2 rows" in texts(at)
    at = at.button(key="import grades").click().run()
    assert "name no annotator" in texts(at)
    assert stocked.ws.labels.judgements() == ()
    name = next(one for one in at.text_input if one.label == "Whose grades these are")
    name.set_value("bob")
    at = at.button(key="import grades").click().run()
    assert {one.annotator: one.grade for one in stocked.ws.labels.judgements()} == {
        "ann": 3,
        "bob": 0,
    }
    assert at.success[0].value.startswith("2 grades added, 0 there already; 1 request added")
    assert stocked.ws.labels.suites() == ("team",)


def test_graded_rows_left_out_are_named_after_the_import(stocked: Studio) -> None:
    raw = f"query,skill_id,grade,annotator\n{MERGE},pdf-merge,3,ann\n{MERGE},nope,0,ann\n"
    at = upload(stocked.open("queries", add="file"), "team.csv", raw.encode())
    at = at.button(key="import grades").click().run()
    assert at.success[0].value.startswith("1 grade added")
    assert list(at.dataframe[0].value["Value"]) == ["nope"]
    at = at.button(key="dismiss rows left out").click().run()
    assert "Why" not in at.dataframe[0].value
    assert not at.success


def test_graded_file_without_a_usable_row_says_why(stocked: Studio) -> None:
    raw = f"query,skill_id,grade,annotator\n{MERGE},nope,3,ann\n".encode()
    at = upload(stocked.open("queries", add="file"), "team.csv", raw)
    at = at.button(key="import grades").click().run()
    assert "Nothing was imported" in texts(at)
    assert [list(each.value["Value"]) for each in at.dataframe if "Why" in each.value] == [["nope"]]


def packed(files: Mapping[str, str]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return raw.getvalue()


TASKS = {
    "bench/tasks.jsonl": '{"task_id": "1", "instruction_text": "merge these reports"}\n',
    "bench/relevance.json": '{"1": {"core_gt_ids": ["documents/pdf-merge"]}}',
}


def test_benchmark_zip_becomes_a_held_out_set(stocked: Studio) -> None:
    at = stocked.open("queries", add="benchmark")
    at = upload(at, "../bench.zip", packed(TASKS), "benchmark upload")
    assert "**1 request** from 1 task, with 1 right skill of this catalog." in texts(at)
    at.button(key="import benchmark").click().run()
    (kept,) = stocked.ws.labels.queries()
    assert (kept.expected, kept.split, kept.source) == ((MERGE_ID,), Split.HELD_OUT, "eval-core")


@pytest.mark.parametrize(
    ("files", "words"),
    [({"../tasks.jsonl": "{}"}, "leaves its folder"), ({"readme": ""}, "one benchmark")],
)
def test_zip_that_is_no_benchmark_is_explained(
    stocked: Studio, files: dict[str, str], words: str
) -> None:
    at = stocked.open("queries", add="benchmark")
    assert words in texts(upload(at, "x.zip", packed(files), "benchmark upload"))


def test_benchmark_folder_of_the_address_is_read(stocked: Studio) -> None:
    folder = stocked.ws.home / "bench"
    folder.mkdir()
    for name, text in TASKS.items():
        (folder / name.partition("/")[2]).write_text(text)
    at = stocked.open("queries", add="benchmark", folder=str(folder))
    assert at.button(key="import benchmark").label == "Import 1 request"
    said = texts(stocked.open("queries", add="benchmark", folder="/no/where"))
    assert "cannot be read" in said


# ------------------------------------------------------------------------------ removing


def pick(at: AppTest, *rows: int) -> AppTest:
    chosen = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    at.session_state["queries table 0"] = chosen
    return at.run()


def test_picked_requests_are_removed_after_a_word(saved: Studio) -> None:
    at = pick(saved.open("queries"), 0)
    assert "leave" not in texts(at).split("What people graded stays")[0].split("\n")[-1]
    at = at.button(key="remove queries").click().run()
    assert [one.text for one in saved.ws.labels.queries()] == [MERGE]
    assert "Removed 1 request." in [element.value for element in at.success]
    assert requests(at) == [MERGE]


def test_set_is_removed_and_its_grades_stay(saved: Studio) -> None:
    at = saved.open("queries", set="nightly")
    assert "**nightly** and its 1 request leave the list." in texts(at)
    at = at.button(key="remove set").click().run()
    assert saved.ws.labels.suites() == ("weekly",)
    assert len(saved.ws.labels.judgements()) == 1
    assert saved.ws.labels.split(MERGE) is Split.HELD_OUT
    assert requests(at) == [SPLIT]
    assert "set" not in at.query_params


# ------------------------------------------------------------------------------ files


def test_every_format_can_be_downloaded(saved: Studio) -> None:
    at = saved.open("queries")
    offered = {one.label: one.disabled for one in at.download_button}
    assert offered == dict.fromkeys(
        ("JSON lines", "CSV", "TREC qrels", "Triplets", "Lists", "Requests"), False
    )


def test_without_grades_only_requests_leave(stocked: Studio) -> None:
    stocked.ws.labels.save_query(MERGE)
    at = stocked.open("queries")
    assert [one.label for one in at.download_button if not one.disabled] == ["Requests"]
    assert "Nobody has graded anything yet" in texts(at)


def test_benchmark_is_written_by_a_job(saved: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, dict[str, str]]] = []

    def start(ws: Workspace, kind: str, params: Mapping[str, str]) -> Job:
        seen.append((kind, dict(params)))
        with ws.database.write() as session:
            return stored.add(session, kind, dict(params))

    monkeypatch.setattr(jobs, "start", start)
    at = saved.open("queries", set="nightly")
    at = at.button(key="write benchmark").click().run()
    assert seen == [("benchmark", {"suite": "nightly", "split": ""})]
    assert at.query_params["job"] == "1"
