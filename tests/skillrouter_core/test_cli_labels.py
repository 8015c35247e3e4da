"""`skillrouter label`: what it prints, its exit codes, and that it hands everything on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from skillrouter_core.cli import build_parser, main
from skillrouter_core.cli.labels import ERRORS_SHOWN, import_lines
from skillrouter_core.records import SavedCounts
from skillrouter_core.records.exchange import ImportReport, LabelFormat, RowError
from skillrouter_core.workspace import Workspace
from tests.stores import scan, skill


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SKILLROUTER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SKILLROUTER_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    with Workspace.open() as ws:
        ws.catalogs.store(scan(skill("tools/a"), skill("tools/b")))
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str, str]:
    code = main(line.split())
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    "line",
    ["label", "label import", "label import x --format triplets", "label export x --split both",
     "label export x --format magic", "label import x --sui y"],
)  # fmt: skip
def test_wrong_arguments_exit_with_2(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        build_parser().parse_args(line.split())
    assert left.value.code == 2


def test_help_names_the_formats(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["label", "import", "--help"])
    said = capsys.readouterr().out
    assert all(kind.value in said for kind in LabelFormat)


def test_labels_go_in_and_out(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "in.csv").write_text("query,skill_id,grade,annotator\nmerge,a,3,ann\nmerge,b,0,bob\n")
    code, out, err = run(capsys, "label import in.csv --suite nightly --author ann")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "Labels: 2 added, 0 there already.",
        "Queries: 1 added, 0 changed, 0 there already.",
    ]
    code, out, _ = run(capsys, "label export out.jsonl --all --suite nightly --json")
    assert code == 0
    assert json.loads(out)["labels"] == 2
    lines = [json.loads(line) for line in (home / "out.jsonl").read_text().splitlines()]
    assert [(line["skill_id"], line["annotator"]) for line in lines] == [
        ("tools/a", "ann"),
        ("tools/b", "bob"),
    ]
    code, out, _ = run(capsys, "label import out.jsonl --json")
    report = json.loads(out)
    assert (code, report["labels"]["unchanged"], report["stored"]) == (0, 2, True)


def test_export_names_its_files_and_what_it_left_out(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "in.csv").write_text("query,skill_id,grade,annotator\nq,a,can't tell,ann\nq,b,1,ann\n")
    main(["label", "import", "in.csv"])
    capsys.readouterr()
    code, out, err = run(capsys, "label export out.qrels")
    assert code == 0
    assert out.splitlines() == [
        "1 label of 1 query, as qrels:",
        "  out.qrels",
        "  out.qrels.queries.tsv",
    ]
    assert "cannot tell" in err


@pytest.mark.parametrize(("strict", "code"), [("", 0), (" --strict", 1)])
def test_unusable_rows_are_named(
    home: Path, capsys: pytest.CaptureFixture[str], strict: str, code: int
) -> None:
    (home / "in.csv").write_text("query,skills\nmerge,a\nsplit,\x1bnope\n")
    got, out, _ = run(capsys, f"label import in.csv{strict}")
    assert got == code
    assert "1 row left out:" in out
    assert "row 3, skills: nope: no skill of any catalog has this id" in out
    assert ("Nothing was imported." in out) is (code == 1)


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("label import nowhere.jsonl", 1, "check the path"),
        ("label import nowhere.docx", 2, "give --format"),
        ("label import in.qrels", 1, "in.qrels.queries.tsv beside it"),
        ("label import in.jsonl", 2, "--annotator"),
        ("label export out.csv --suite nope", 2, "there are: none yet"),
        ("label export out.qrels --all", 2, "one grade a pair"),
    ],
)
def test_failures_say_what_to_do(
    home: Path, capsys: pytest.CaptureFixture[str], line: str, code: int, words: str
) -> None:
    (home / "in.qrels").write_text("q 0 a 3\n")
    (home / "in.jsonl").write_text('{"query": "q", "skill_id": "a", "grade": 3}\n')
    got, out, err = run(capsys, line)
    assert (got, out) == (code, "")
    assert words in err


def test_long_lists_of_errors_are_cut() -> None:
    none = SavedCounts(0, 0, 0)
    errors = tuple(RowError(row, "grade", "x", "no grade", "give one") for row in range(30))
    lines = import_lines(ImportReport(LabelFormat.CSV, none, none, errors, stored=False))
    assert len(lines) == 2 + ERRORS_SHOWN + 1
    assert lines[-1] == "  and 10 more; --json lists all"
