"""`skillrouter dedup`: formats, exit codes, and what is printed where."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from skillrouter_core.cli import main
from skillrouter_core.cli.duplicate_lines import NOTES_SHOWN, check_json, check_lines, note_lines
from skillrouter_core.records import (
    CheckedSkill,
    CheckReport,
    DuplicatePair,
    ImportIssue,
    Layer,
    Near,
    SavedQuery,
    Skill,
    StolenQuery,
    Thresholds,
)
from skillrouter_core.workspace import Workspace
from tests.fakes import FakeModels
from tests.near_copies import BREAD, SHIP, SOUP, TAX

ROOT = Path(__file__).parents[2]


def write(root: Path, folder: str, body: str) -> Path:
    file = root / folder / "SKILL.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    name = folder.rsplit("/", 1)[-1]
    file.write_text(f"---\nname: {name}\ndescription: About {name}.\n---\n{body}\n")
    return file


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    for folder, body in {
        "food/bread": BREAD,
        "food/loaf": f"{BREAD} Let it cool.",
        "work/tax": TAX,
        "home/tax": SHIP,
    }.items():
        write(root, folder, body)
    return root


@pytest.fixture
def ws(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace that every `Workspace.open()` hands out, as the commands call it."""
    with Workspace.open(tmp_path / "home", models=FakeModels()) as opened:
        opened.catalogs.sync(str(source), "main")
        opened.indexing.build()
        monkeypatch.setattr(Workspace, "open", lambda: opened)
        yield opened


# --------------------------------------------------------------------------- the catalog


def test_json_has_the_promised_shape(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dedup", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (pair,) = document["pairs"]
    assert (pair["a"], pair["b"], pair["name"]) == ("main/food/bread", "main/food/loaf", False)
    assert 0.6 < pair["jaccard"] < 1
    assert 0 < pair["cosine"] <= 1
    (group,) = document["groups"]
    assert group["keeper"] == group["members"][0]
    assert sorted(group["members"]) == ["main/food/bread", "main/food/loaf"]
    assert {key: group["weakest"][key] for key in ("a", "b", "name", "jaccard", "cosine")} == {
        key: pair[key] for key in ("a", "b", "name", "jaccard", "cosine")
    }
    assert document["same_name"] == [["main/home/tax", "main/work/tax"]]
    assert document["seconds"] >= 0


def test_table_names_figures_groups_and_shared_names(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dedup"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("4 skills, 1 near-duplicate pair ")
    assert "main/food/loaf" in out
    assert "1 name is shared by skills with other content." in out


@pytest.mark.parametrize(
    ("name", "start"),
    [("csv", "group,"), ("markdown", "# "), ("script", "#!/bin/sh"), ("sarif", "{"), ("json", "{")],
)
def test_formats(ws: Workspace, capsys: pytest.CaptureFixture[str], name: str, start: str) -> None:
    assert main(["dedup", "--format", name]) == 0
    assert capsys.readouterr().out.startswith(start)


def test_scan_is_made_once_until_the_catalog_changes(
    ws: Workspace, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["dedup"])
    version = ws.duplicates.version()
    main(["dedup", "--jaccard", "0.9"])
    assert ws.duplicates.version() == version
    write(source, "food/soup", SOUP)
    ws.catalogs.resync("main")
    main(["dedup"])
    assert ws.duplicates.version() != version
    assert "5 skills" in capsys.readouterr().out


def test_thresholds_below_the_scan_are_wrong_usage(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dedup", "--jaccard", "0.1"]) == 2
    assert "choose a value from 0.4 to 1" in capsys.readouterr().err


def test_limit_cuts_the_table_alone(
    ws: Workspace, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(source, "work/copy", f"{TAX} Done.")
    ws.catalogs.resync("main")
    assert main(["dedup", "--limit", "1"]) == 0
    assert "and 1 more group;" in capsys.readouterr().out
    assert main(["dedup", "--limit", "1", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["groups"]) == 2


@pytest.mark.parametrize(
    "line",
    [
        "dedup --json --format csv",
        "dedup --check . --format csv",
        "dedup --strict",
        "dedup --no-queries",
        "dedup --catalog main",
    ],
)
def test_options_that_contradict_are_wrong_usage(
    ws: Workspace, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    assert main(line.split()) == 2
    assert capsys.readouterr().out == ""


# --------------------------------------------------------------------------- the gate


def test_check_exits_1_on_a_new_near_copy_and_0_otherwise(
    ws: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fine = write(tmp_path / "new", "soup", SOUP)
    copy = write(tmp_path / "new", "sourdough", f"{BREAD} Slice it.")
    assert main(["dedup", "--check", str(fine)]) == 0
    assert capsys.readouterr().out.startswith("ok ")
    assert main(["dedup", "--check", str(fine), str(copy)]) == 1
    out = capsys.readouterr().out
    assert f"FAIL  {copy}" in out
    assert "near-copy of main/food/bread" in out
    assert out.rstrip().splitlines()[-1].startswith("1 new near-copy: 2 checked")


def test_check_as_json_and_sarif(
    ws: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = str(write(tmp_path / "new", "sourdough", f"{BREAD} Slice it."))
    assert main(["dedup", "--check", copy, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert {"pairs", "groups", "same_name", "seconds"} <= document.keys()
    assert document["failed"]
    assert {pair["b"] for pair in document["pairs"]} == {"main/food/bread", "main/food/loaf"}
    (checked,) = document["skills"]
    assert set(checked["nearest"]) == {"name", "text", "embedding"}
    assert main(["dedup", "--check", copy, "--format", "sarif"]) == 1
    run = json.loads(capsys.readouterr().out)["runs"][0]
    assert {result["ruleId"] for result in run["results"]} == {"near-duplicate"}


def test_check_of_a_path_that_is_not_there_fails_with_a_reason(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dedup", "--check", "/nowhere/SKILL.md"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "/nowhere/SKILL.md does not exist" in err


def hostile() -> CheckReport:
    """Return a report full of text that would steer a terminal."""
    bad = "evil\x1b[2J\nname"
    pair = DuplicatePair(bad, bad, False, 0.9, 0.9, None)
    near = Near(pair, (Layer.TEXT,), bad, bad, bad)
    query = SavedQuery(1, bad, "s", (), "ann", datetime(2026, 1, 2, tzinfo=UTC))
    known = Near(pair, (Layer.TEXT,), bad, bad, bad, known=True)
    apart = Near(pair, (Layer.TEXT,), bad, bad, bad, file=bad, apart=True)
    checked = CheckedSkill(
        skill=Skill(bad, bad, "", ""),
        file=bad,
        replaces=bad,
        by_name=(near,),
        by_text=(near,),
        by_embedding=(),
        duplicates=(near, known, apart),
        stolen=(StolenQuery(query, bad, True, 1.0), StolenQuery(query, "", False, 1.0)),
    )
    issues = (ImportIssue(bad, 3, bad, imported=False),)
    return CheckReport(Thresholds(), (checked,), (bad,), issues, 2, {"read": 0.5}, (bad,))


def test_nothing_a_stranger_wrote_steers_the_terminal() -> None:
    lines = check_lines(hostile())
    assert not any("\x1b" in line or "\n" in line for line in lines)
    told = "\n".join(lines)
    for said in (
        "near-copy of",
        "already a near-copy of",
        "decided to be distinct from",
        "its right answer",
        "which nothing did",
        "1 unchanged",
        "2 saved queries",
    ):
        assert said in told


def test_many_notes_are_counted_beyond_the_first() -> None:
    notes = [f"note {number}" for number in range(NOTES_SHOWN + 2)]
    assert note_lines(notes) == [*notes[:NOTES_SHOWN], "and 2 more notes; --json lists all"]
    assert note_lines(notes[:NOTES_SHOWN]) == notes[:NOTES_SHOWN]


def test_json_of_a_check_can_be_written_as_json() -> None:
    document = json.loads(json.dumps(check_json(hostile()), default=str))
    assert len(document["pairs"]) == 1
    (skill,) = document["skills"]
    assert [one["known"] for one in skill["duplicates"]] == [False, True, False]
    assert [one["holder"] for one in skill["queries"]] == [hostile().skills[0].file, None]


def test_scan_of_the_catalog_loads_no_tensor_library(tmp_path: Path, source: Path) -> None:
    code = (
        "import sys; from skillrouter_core.cli import main;"
        f"main(['import', {str(source)!r}]); main(['dedup']);"
        "print(sorted({'torch', 'transformers', 'streamlit'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": "", "SKILLROUTER_HOME": str(tmp_path / "fresh")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
