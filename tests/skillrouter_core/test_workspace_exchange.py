"""Files in and out of a workspace: lossless, idempotent, all in one transaction."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from db import labels
from skillrouter_core.errors import (
    BenchmarkError,
    Cancelled,
    SourceError,
    UnsafeArchiveError,
    UsageError,
)
from skillrouter_core.kinds import KINDS
from skillrouter_core.labelling.splits import split_of
from skillrouter_core.progress import Progress, silent
from skillrouter_core.records import NewQuery, SavedCounts, Split
from skillrouter_core.records.exchange import ExportOptions, ImportOptions, LabelFormat
from skillrouter_core.workspace import Workspace
from tests.fakes import FakeModels
from tests.stores import scan, skill

A = skill("tools/a", body="Merge PDF files into one report, pages in order.")
B = skill("tools/b", body="Split a PDF file by its chapters.")
C = skill("tools/c", body="Water the plants on Mondays.")
HELD_OUT, TRAIN = "merge pdf files", "split a pdf"


def stock(ws: Workspace) -> None:
    ws.catalogs.store(scan(A, B, C))


@pytest.fixture
def stocked(workspace: Workspace) -> Workspace:
    stock(workspace)
    return workspace


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Workspace]:
    """A second workspace with the same catalog and nothing said."""
    with Workspace.open(tmp_path / "other") as opened:
        stock(opened)
        yield opened


@pytest.fixture
def labelled(stocked: Workspace) -> Workspace:
    labels = stocked.labels
    labels.save_queries([NewQuery(HELD_OUT, ("tools/a",))], "nightly", "ann", "", held_out=True)
    labels.save_queries([NewQuery(TRAIN, (), Split.TRAIN)], "nightly", "ann", "upload")
    labels.save_query(HELD_OUT, "=odd, name|s")
    labels.judge(HELD_OUT, "tools/a", 2, "ann", seconds=3.25, note="first,\n=thought")
    labels.judge(HELD_OUT, "tools/a", 3, "ann", seconds=1.5, origin="random")
    labels.judge(HELD_OUT, "tools/a", 3, "bob")
    labels.judge(HELD_OUT, "tools/b", 0, "bob", note="non, 'mais'")
    labels.judge(TRAIN, "tools/b", None, "ann", token="abc")
    labels.judge(TRAIN, "tools/b", 3, "bob")
    labels.judge(TRAIN, "tools/c", 0, "bob")
    labels.judge("never saved", "tools/c", 1, "ann")
    taken_back = labels.judge(TRAIN, "tools/a", 3, "ann")
    labels.undo(taken_back.judgement_id, "ann")
    return stocked


def said(ws: Workspace) -> list[object]:
    """Everything that counts or once counted, without the numbers of rows."""
    return [
        replace(past.judgement, judgement_id=0) for past in ws.labels.history() if not past.undone
    ]


def export(ws: Workspace, place: Path, **options: object) -> tuple[Path, list[str]]:
    """Write a file of the format that its name says; return it and the notes."""
    kind = options.pop("format", LabelFormat(place.suffix[1:] or "eval-core"))
    report = ws.exchange.export(place, ExportOptions(kind, **options))  # type: ignore[arg-type]
    return place, list(report.notes)


# ------------------------------------------------------------------------------ round trips


@pytest.mark.parametrize("name", ["all.jsonl", "all.csv"])
def test_every_verdict_comes_back_in_another_workspace(
    labelled: Workspace, other: Workspace, tmp_path: Path, name: str
) -> None:
    file, _ = export(labelled, tmp_path / name, every=True)
    report = other.exchange.import_file(file, ImportOptions())
    assert report.errors == ()
    assert report.verdicts == SavedCounts(8, 0, 0)
    assert said(other) == said(labelled)
    saved = {(one.suite, one.text, one.split) for one in other.labels.queries()}
    assert saved == {(one.suite, one.text, one.split) for one in labelled.labels.queries()}
    assert other.agreement.consensus() == labelled.agreement.consensus()
    again, _ = export(other, tmp_path / f"again-{name}", every=True)
    assert again.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("name", ["all.jsonl", "all.csv"])
@pytest.mark.parametrize("every", [True, False])
def test_importing_again_changes_nothing(
    labelled: Workspace, tmp_path: Path, name: str, every: bool
) -> None:
    before = labelled.labels.history(), labelled.labels.queries()
    file, _ = export(labelled, tmp_path / name, every=every)
    report = labelled.exchange.import_file(file, ImportOptions())
    assert (report.errors, report.verdicts.added) == ((), 0)
    assert (report.queries.added, report.queries.updated) == (0, 0)
    assert (labelled.labels.history(), labelled.labels.queries()) == before


def test_agreed_grades_come_back_under_a_name(
    labelled: Workspace, other: Workspace, tmp_path: Path
) -> None:
    file, _ = export(labelled, tmp_path / "agreed.jsonl")
    with pytest.raises(UsageError, match="5 verdicts name no annotator"):
        other.exchange.import_file(file, ImportOptions())
    assert other.labels.queries() == ()
    for added in (5, 0):
        report = other.exchange.import_file(file, ImportOptions(annotator="team"))
        assert report.verdicts == SavedCounts(added, 0, 5 - added)
    grades = {(one.query_text, one.skill_id): one.grade for one in other.agreement.consensus()}
    assert grades == {
        (one.query_text, one.skill_id): one.grade for one in labelled.agreement.consensus()
    }
    assert {one.annotator for one in other.labels.judgements()} == {"team"}


def test_qrels_come_back_with_their_queries(
    labelled: Workspace, other: Workspace, tmp_path: Path
) -> None:
    report = labelled.exchange.export(tmp_path / "x.qrels", ExportOptions(LabelFormat.QRELS))
    assert [file.name for file in report.files] == ["x.qrels", "x.qrels.queries.tsv"]
    assert (report.queries, report.labels) == (3, 5)
    for added in (5, 0):
        found = other.exchange.import_file(tmp_path / "x.qrels", ImportOptions(annotator="team"))
        assert found.verdicts == SavedCounts(added, 0, 5 - added)
    grades = {(one.query_text, one.skill_id, one.grade) for one in other.labels.judgements()}
    assert grades == {
        (one.query_text, one.skill_id, one.grade) for one in labelled.agreement.consensus()
    }
    assert {one.suite for one in other.labels.queries()} == {"x"}
    assert {one.origin for one in other.labels.judgements()} == {"import"}


def test_qrels_need_the_texts_beside_them(stocked: Workspace, tmp_path: Path) -> None:
    (tmp_path / "x.qrels").write_text("q1 0 a 3\n")
    with pytest.raises(SourceError, match=r"put x\.qrels\.queries\.tsv beside it"):
        stocked.exchange.import_file(tmp_path / "x.qrels", ImportOptions(annotator="ann"))


def test_queries_come_back_with_what_they_expect(
    labelled: Workspace, other: Workspace, tmp_path: Path
) -> None:
    place = tmp_path / "nightly.queries.csv"
    labelled.exchange.export(place, ExportOptions(LabelFormat.QUERIES, suite="nightly"))
    for counts in (SavedCounts(2, 0, 0), SavedCounts(0, 0, 2)):
        report = other.exchange.import_file(place, ImportOptions(author="bob"))
        assert (report.queries, report.errors) == (counts, ())
    queries = [(one.text, one.expected, one.split, one.suite) for one in other.labels.queries()]
    assert queries == [
        (one.text, one.expected, one.split, one.suite) for one in labelled.labels.queries("nightly")
    ]


def test_exported_benchmark_is_one_that_evaluate_accepts(
    tmp_path: Path, labelled: Workspace
) -> None:
    labelled.models = FakeModels()
    folder, notes = export(labelled, tmp_path / "bench", suite="nightly")
    assert notes == []
    (report,) = labelled.evaluation.run(folder)
    figures = report.as_json()["all"]["retrieval"]["all"]
    assert figures["count"] == 2
    assert figures["Recall@20"] == 1.0


def test_benchmark_of_the_held_out_queries_by_default(labelled: Workspace, tmp_path: Path) -> None:
    folder, notes = export(labelled, tmp_path / "bench")
    lines = (folder / "tasks.jsonl").read_text().splitlines()
    texts = {json.loads(line)["instruction_text"] for line in lines}
    assert texts == {HELD_OUT}
    assert notes[0].startswith("Only held-out queries")


def test_benchmark_without_a_right_answer_is_refused(stocked: Workspace, tmp_path: Path) -> None:
    stocked.labels.save_query(HELD_OUT, "nightly")
    with pytest.raises(UsageError, match="none of the 1 queries has a right skill"):
        export(stocked, tmp_path / "bench", suite="nightly")
    assert not (tmp_path / "bench").exists()


@pytest.mark.parametrize("packed", [False, True])
def test_benchmark_comes_in_as_a_held_out_suite(
    labelled: Workspace, other: Workspace, tmp_path: Path, packed: bool
) -> None:
    folder, _ = export(labelled, tmp_path / "bench", suite="nightly")
    if packed:
        with zipfile.ZipFile(tmp_path / "bench.zip", "w") as archive:
            for file in folder.rglob("*.*"):
                archive.write(file, file.relative_to(tmp_path))
        folder = tmp_path / "bench.zip"
    report = other.exchange.import_file(folder, ImportOptions(author="bob"))
    assert report.queries == SavedCounts(2, 0, 0)
    queries = {one.text: one for one in other.labels.queries("bench")}
    assert {text: one.expected for text, one in queries.items()} == {
        HELD_OUT: ("tools/a",),
        TRAIN: ("tools/b",),
    }
    assert {(one.split, one.source) for one in queries.values()} == {(Split.HELD_OUT, "eval-core")}


@pytest.mark.parametrize(
    ("files", "error", "words"),
    [
        ({"../tasks.jsonl": "{}"}, UnsafeArchiveError, "leaves its folder"),
        ({"a/tasks.jsonl": "{}", "b/tasks.jsonl": "{}"}, SourceError, "one benchmark"),
        ({"readme.md": ""}, SourceError, "one benchmark"),
        ({"tasks.jsonl": "{}"}, BenchmarkError, "task_id is missing"),
    ],
)
def test_zip_that_is_no_benchmark_is_refused(
    stocked: Workspace, tmp_path: Path, files: dict[str, str], error: type[Exception], words: str
) -> None:
    place = tmp_path / "x.zip"
    with zipfile.ZipFile(place, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    with pytest.raises(error, match=words):
        stocked.exchange.import_file(place, ImportOptions())
    assert stocked.labels.queries() == ()


def test_training_data_has_the_texts_that_were_judged(labelled: Workspace, tmp_path: Path) -> None:
    labelled.catalogs.store(scan(A, replace(B, body="New text."), C))
    place = tmp_path / "x.jsonl"
    _, notes = export(labelled, place, format=LabelFormat.TRIPLETS)
    (line,) = map(json.loads, place.read_text().splitlines())
    assert line == {
        "anchor": TRAIN,
        "positive": f"b | About b. | {B.body}",
        "negative": f"c | About c. | {C.body}",
    }
    assert notes[0].startswith("Only train queries")
    export(labelled, place, format=LabelFormat.LISTWISE, suite="nightly")
    assert [json.loads(line)["labels"] for line in place.read_text().splitlines()] == [
        [3, 0],
        [3, 0],
    ]


def test_near_copies_are_no_negatives(labelled: Workspace, tmp_path: Path) -> None:
    labelled.catalogs.store(scan(A, B, C, skill("tools/copy", body=B.body)))
    labelled.labels.judge(TRAIN, "tools/copy", 0, "bob")
    place = tmp_path / "x.jsonl"
    _, notes = export(labelled, place, format=LabelFormat.TRIPLETS)
    assert "copy" not in place.read_text()
    assert "Low grades of near-copies of a right skill, left out: 1." in notes


# ------------------------------------------------------------------------------ filters


@pytest.mark.parametrize(
    ("options", "queries"),
    [
        ({}, {HELD_OUT, TRAIN, "never saved"}),
        ({"suite": "nightly"}, {HELD_OUT, TRAIN}),
        ({"suite": "nightly", "split": Split.TRAIN}, {TRAIN}),
        ({"suite": "=odd, name|s"}, {HELD_OUT}),
    ],
)
def test_export_of_a_suite_or_a_side(
    labelled: Workspace, tmp_path: Path, options: dict[str, object], queries: set[str]
) -> None:
    file, _ = export(labelled, tmp_path / "x.jsonl", **options)
    assert {json.loads(line)["query"] for line in file.read_text().splitlines()} == queries


@pytest.mark.parametrize(
    ("kind", "more", "words"),
    [
        (LabelFormat.JSONL, {"suite": "nope"}, "there are: =odd"),
        (LabelFormat.QRELS, {"every": True}, "one grade a pair"),
    ],
)
def test_export_that_makes_no_sense_is_refused(
    labelled: Workspace, tmp_path: Path, kind: LabelFormat, more: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        labelled.exchange.export(tmp_path / "x", ExportOptions(kind, **more))  # type: ignore[arg-type]
    assert not (tmp_path / "x").exists()


def test_export_into_no_folder_is_refused(labelled: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name a file in a writable folder"):
        export(labelled, tmp_path / "no" / "x.jsonl")


def test_download_is_one_file(labelled: Workspace) -> None:
    name, raw, report = labelled.exchange.download(ExportOptions(LabelFormat.JSONL))
    assert (name, len(raw.splitlines()), report.labels) == ("labels.jsonl", 5, 5)
    name, raw, report = labelled.exchange.download(ExportOptions(LabelFormat.EVAL_CORE))
    assert name == "benchmark.zip"
    assert raw.startswith(b"PK")


# ------------------------------------------------------------------------------ what is refused


def write(place: Path, *records: dict[str, object]) -> Path:
    base = {"skill_id": "tools/a", "grade": 3, "annotator": "ann", "suites": []}
    lines = (json.dumps({"query": "q", **base, **record}) + "\n" for record in records)
    place.write_text("".join(lines), encoding="utf-8")
    return place


@pytest.mark.parametrize(
    ("record", "column"),
    [
        ({"skill_id": "nope"}, "skill_id"),
        ({"content_hash": "0" * 64}, "content_hash"),
        ({"at": "2999-01-01T00:00:00+00:00"}, ""),
        ({"grade": 9}, "grade"),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_good_rows_are_kept_or_none(
    stocked: Workspace, tmp_path: Path, record: dict[str, object], column: str, strict: bool
) -> None:
    file = write(tmp_path / "x.jsonl", {"skill_id": "b"}, record)
    report = stocked.exchange.import_file(file, ImportOptions(strict=strict))
    assert [(error.row, error.column) for error in report.errors] == [(2, column)]
    assert report.stored is not strict
    kept = [one.skill_id for one in stocked.labels.judgements()]
    assert kept == ([] if strict else ["tools/b"])
    assert len(stocked.labels.queries()) == 0


def test_file_without_a_usable_row_keeps_nothing(stocked: Workspace, tmp_path: Path) -> None:
    report = stocked.exchange.import_file(
        write(tmp_path / "x.jsonl", {"grade": 9, "suites": ["new"]}), ImportOptions()
    )
    assert (report.stored, len(report.errors)) == (False, 1)
    assert stocked.labels.suites() == ()


def test_labels_outlive_their_catalog_in_a_file(stocked: Workspace, tmp_path: Path) -> None:
    stocked.labels.judge("q", "tools/a", 3, "ann")
    stocked.catalogs.store(scan(replace(A, body="New."), B))
    file, _ = export(stocked, tmp_path / "x.jsonl", every=True)
    (line,) = map(json.loads, file.read_text().splitlines())
    assert line["content_hash"] == A.content_hash
    stocked.catalogs.remove("tools")
    report = stocked.exchange.import_file(file, ImportOptions())
    assert (report.errors, report.verdicts) == ((), SavedCounts(0, 0, 1))


def test_older_verdict_does_not_replace_a_newer_one(
    labelled: Workspace, other: Workspace, tmp_path: Path
) -> None:
    file, _ = export(labelled, tmp_path / "x.jsonl", every=True)
    newest = other.labels.judge(HELD_OUT, "tools/a", 0, "ann")
    other.exchange.import_file(file, ImportOptions())
    counting = {one.annotator: one for one in other.labels.judgements(HELD_OUT)}
    assert newest in other.labels.judgements(HELD_OUT)
    assert counting["bob"].grade is not None


def test_verdict_taken_back_is_not_brought_back(labelled: Workspace, tmp_path: Path) -> None:
    file, _ = export(labelled, tmp_path / "x.jsonl", every=True)
    (mine,) = (one for one in labelled.labels.judgements() if one.query_text == "never saved")
    labelled.labels.undo(mine.judgement_id)
    before = labelled.labels.history()
    labelled.exchange.import_file(file, ImportOptions())
    assert labelled.labels.history() == before


def test_row_without_a_moment_repeats_what_its_annotator_says(
    stocked: Workspace, tmp_path: Path
) -> None:
    stocked.labels.judge("q", "tools/a", 3, "ann")
    file = write(tmp_path / "x.jsonl", {}, {"grade": 2})
    report = stocked.exchange.import_file(file, ImportOptions())
    assert report.verdicts == SavedCounts(1, 0, 1)
    assert [one.grade for one in stocked.labels.judgements()] == [2]


def test_held_out_query_stays_held_out(labelled: Workspace, tmp_path: Path) -> None:
    file = write(tmp_path / "x.jsonl", {"query": HELD_OUT, "split": "train", "suites": ["new"]})
    report = labelled.exchange.import_file(file, ImportOptions())
    assert "held out, so stay so: 1" in report.notes[0]
    assert labelled.labels.split(HELD_OUT) is Split.HELD_OUT
    assert "new" in labelled.labels.suites()
    table = labelled.exchange.read_table(f"query,split\n{HELD_OUT},train\n".encode(), "x.csv")
    found = labelled.exchange.map_rows(table, labelled.exchange.propose_mapping(table))
    assert [error.column for error in found.errors] == ["split"]


def test_declared_side_of_an_unsaved_query_is_remembered(
    stocked: Workspace, tmp_path: Path
) -> None:
    text = next(f"q{number}" for number in range(99) if split_of(f"q{number}") is Split.TRAIN)
    file = write(tmp_path / "mine.jsonl", {"query": text, "split": "held-out"})
    stocked.exchange.import_file(file, ImportOptions())
    assert stocked.labels.split(text) is Split.HELD_OUT
    assert stocked.labels.suites() == ("mine",)


def test_queries_without_a_suite_go_where_they_are_told(stocked: Workspace, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("query,skill_id,grade,annotator\nq,a,3,ann\n")
    stocked.exchange.import_file(tmp_path / "x.csv", ImportOptions(suite="told"))
    assert stocked.labels.suites() == ("told",)


def test_csv_without_grades_holds_queries(stocked: Workspace, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("Query;Skills\nmerge;a|b\nwater;c\nsell;nope\n")
    report = stocked.exchange.import_file(tmp_path / "mine.csv", ImportOptions(author="ann"))
    assert report.format is LabelFormat.QUERIES
    assert [error.row for error in report.errors] == [4]
    assert [(one.text, one.expected) for one in stocked.labels.queries("mine")] == [
        ("merge", ("tools/a", "tools/b")),
        ("water", ("tools/c",)),
    ]


@pytest.mark.parametrize("name", ["x.triplets.jsonl", "x.listwise.jsonl"])
def test_training_data_cannot_be_imported(stocked: Workspace, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="can only be exported"):
        stocked.exchange.import_file(tmp_path / name, ImportOptions())


def test_missing_file_is_named(stocked: Workspace, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="check the path"):
        stocked.exchange.import_file(tmp_path / "x.jsonl", ImportOptions())


def test_known_ids_follow_the_catalog(stocked: Workspace) -> None:
    table = stocked.exchange.read_table(b"query,skill\nq,d\n", "x.csv")
    mapping = stocked.exchange.propose_mapping(table)
    assert len(stocked.exchange.map_rows(table, mapping).errors) == 1
    stocked.catalogs.store(scan(A, B, C, skill("tools/d")))
    assert stocked.exchange.map_rows(table, mapping).errors == ()


def test_two_imports_at_once_keep_every_verdict_once(labelled: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    write(file, *({"query": f"new {number}", "suites": ["new"]} for number in range(20)))
    before = len(labelled.labels.history())
    with ThreadPoolExecutor(4) as pool:
        reports = list(
            pool.map(lambda _: labelled.exchange.import_file(file, ImportOptions()), range(4))
        )
    assert sum(report.verdicts.added for report in reports) == 20
    assert sum(report.queries.added for report in reports) == 20
    assert len(labelled.labels.history()) == before + 20


def test_queries_are_not_kept_without_their_verdicts(
    stocked: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    file = write(tmp_path / "x.jsonl", {"suites": ["new"]})
    with monkeypatch.context() as broken:
        broken.setattr(labels, "add_missing", full)
        with pytest.raises(OSError, match="No space left"):
            stocked.exchange.import_file(file, ImportOptions())
    assert stocked.labels.queries() == ()
    assert stocked.exchange.import_file(file, ImportOptions()).verdicts.added == 1


def test_file_there_before_stays_where_the_export_fails(
    labelled: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, _ = export(labelled, tmp_path / "x.jsonl")
    before = file.read_bytes()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UsageError, match="No space left"):
        export(labelled, file, every=True)
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if "export" in path.name] == []


def test_job_writes_a_benchmark_below_the_workspace(labelled: Workspace) -> None:
    message = KINDS["benchmark"](labelled, {"suite": "=odd, name|s", "split": ""}, silent)
    assert message.startswith("1 tasks with 2 graded skills written to ")
    (folder,) = (labelled.home / "exports").iterdir()
    assert folder.name.startswith("benchmark-odd-name-s-")
    assert {path.name for path in folder.iterdir()} == {"tasks.jsonl", "relevance.json", "all"}


def test_cancelled_benchmark_leaves_nothing(labelled: Workspace) -> None:
    def cancel(progress: Progress) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        KINDS["benchmark"](labelled, {"suite": "nightly"}, cancel)
    assert list((labelled.home / "exports").iterdir()) == []
