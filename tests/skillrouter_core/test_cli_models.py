"""`skillrouter models`: what is printed, what is JSON, and the exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from skillrouter_core.cli import main
from skillrouter_core.records.labels import NewQuery
from skillrouter_core.workspace import Workspace
from tests.promotions import BAD, BAKE, BREAD, GOOD, SKILLS, filled
from tests.stores import scan, skill

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace that every `Workspace.open()` hands out, with two trained models."""
    with filled(tmp_path / "home") as opened:
        monkeypatch.setattr(Workspace, "open", lambda: opened)
        monkeypatch.setenv("LOGNAME", "ann")
        yield opened


def test_promote_then_list_then_roll_back(ws: Workspace, capsys: Capture) -> None:
    assert main(["models", "promote", GOOD]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("swapped: good answers for compact, 6 texts embedded, ")
    assert "embedding skills" in err
    assert main(["models", "list"]) == 0
    head, shipped, bad, good, promoted = capsys.readouterr().out.splitlines()
    assert head.split() == [
        *("model", "answers", "for", "made", "MB", "Hit@1", "before", "after"),
    ]
    assert shipped.split() == ["shipped", "-", "-", "-", "-", "-"]
    assert bad.split()[:4] == [BAD, "-", "2026-02-02", "03:04"]
    assert good.split()[:2] == [GOOD, "compact"]
    assert promoted.endswith("compact: shipped -> good, by ann")
    assert main(["models", "rollback", "--author", "bob", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["model"], told["changed"], told["embedded"]) == ("shipped", True, 0)
    assert ws.registry.history()[-1].author == "bob"


def test_the_list_as_json(ws: Workspace, capsys: Capture) -> None:
    main(["models", "promote", GOOD])
    capsys.readouterr()
    assert main(["models", "list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told["models"]] == ["shipped", BAD, GOOD]
    assert told["models"][2]["answers_for"] == ["compact"]
    (line,) = told["promotions"]
    assert (line["model"], line["previous"], line["author"]) == (GOOD, "shipped", "ann")


def test_a_held_promotion_lists_what_breaks_and_exits_with_1(
    ws: Workspace, capsys: Capture
) -> None:
    assert main(["models", "promote", BAD]) == 1
    head, columns, row, remedy = capsys.readouterr().out.splitlines()
    assert head.startswith("bad for compact held: 1 of 1 saved query would break.")
    assert columns.split() == ["suite", "query", "answered", "by", "would", "be"]
    assert row.startswith(f"kitchen  {BAKE}  tools/bread  tools/")
    assert "--publish-held" in remedy
    assert main(["models", "promote", BAD, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["changed"] is False
    assert told["held"]["queries"] == 1
    assert [one["query"] for one in told["held"]["broken"]] == [BAKE]
    assert main(["index", "--publish-held"]) == 0
    assert ws.registry.in_use() == BAD


def test_a_held_promotion_is_thrown_away(ws: Workspace, capsys: Capture) -> None:
    main(["models", "promote", BAD])
    capsys.readouterr()
    assert main(["index", "--discard-held"]) == 0
    assert capsys.readouterr().out.startswith("bad is not promoted")
    assert ws.indexing.held() is None


def test_a_held_promotion_of_older_texts_is_to_be_promoted_again(
    ws: Workspace, capsys: Capture
) -> None:
    main(["models", "promote", BAD])
    ws.catalogs.store(scan(*SKILLS, skill("tools/soup", "Boil onions.")))
    capsys.readouterr()
    assert main(["index", "--publish-held"]) == 1
    assert "skillrouter models promote bad" in capsys.readouterr().err
    assert ws.registry.in_use() == ""


def test_show_prints_the_card_and_json_what_is_known(ws: Workspace, capsys: Capture) -> None:
    assert main(["models", "show", GOOD]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# good\n")
    assert "Not measured yet." in out
    assert main(["models", "show", GOOD, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"]["counts"] == {"right": 40}


def test_a_card_steers_no_terminal(ws: Workspace, capsys: Capture) -> None:
    run = {"counts": {"x\x1b[2J": 1}}
    (ws.registry.folder / GOOD / "run.json").write_text(json.dumps(run))
    main(["models", "show", GOOD])
    assert "\x1b" not in capsys.readouterr().out


def test_measure_prints_before_and_after(ws: Workspace, capsys: Capture) -> None:
    query = NewQuery(BAKE, (BREAD.skill_id,))
    ws.labels.save_queries([query], "kitchen", "me", "typed", held_out=True)
    assert main(["models", "measure", BAD]) == 0
    asked, head, hit, *_ = capsys.readouterr().out.splitlines()
    assert asked == "1 queries of labels over 3 skills"
    assert head.split() == ["figure", "shipped", BAD, "change", "[95%]"]
    assert hit.split()[:2] == ["Hit@1", "1.000"]
    assert main(["models", "measure", BAD, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["name"] == "Hit@1"
    assert main(["models", "show", BAD]) == 0
    shown = capsys.readouterr().out
    assert "asked of shipped (before) and of this one (after)" in shown
    both = "1.000 [1.000, 1.000] | 0.000 [0.000, 0.000]"
    assert f"| Hit@1 | {both} | -1.000 [-1.000, -1.000] |" in shown


def test_delete_and_what_is_refused(ws: Workspace, capsys: Capture) -> None:
    main(["models", "promote", GOOD])
    assert main(["models", "delete", GOOD]) == 2
    assert "promote another one first" in capsys.readouterr().err
    assert main(["models", "delete", BAD]) == 0
    assert capsys.readouterr().out == "bad is deleted.\n"
    assert main(["models", "delete", BAD]) == 1
    assert "there are: shipped, good" in capsys.readouterr().err


def test_a_target_that_is_there_is_not_written_over(
    ws: Workspace, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").write_text("mine")
    assert main(["models", "export", GOOD, str(tmp_path / "there")]) == 2
    assert "is there already" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["rollback"], 2, "nothing was promoted"),
        (["promote", "nowhere"], 1, "no model is called 'nowhere'"),
        (["promote", "../up"], 2, "cannot be called"),
        (["promote", GOOD, "--profile", "other"], 2, "no built-in profile"),
        (["measure", GOOD], 2, "held-out"),
    ],
)
def test_what_cannot_be_done_is_said(
    ws: Workspace, arguments: list[str], code: int, said: str, capsys: Capture
) -> None:
    assert main(["models", *arguments]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
