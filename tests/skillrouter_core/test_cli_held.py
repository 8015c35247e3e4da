"""`skillrouter index` where the new index would break a saved query."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from skillrouter_core.cli import main
from skillrouter_core.cli.held import QUERIES_SHOWN, held_lines
from skillrouter_core.records.suites import QueryChange, Standing, SuiteAnswer
from skillrouter_core.workspace import Workspace
from skillrouter_core.workspace.holding import HeldIndex
from skillrouter_core.workspace.suites import Breaks
from tests.fakes import FakeModels

BAKE = "bake bread at 230"
TEXTS = {
    "bread": "Knead the dough and bake bread at 230 C for an hour.",
    "deploy": "Roll out a container with helm to the cluster.",
    "secret": "Rotate the vault token and audit every lease.",
}
Change = Callable[..., None]


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace that every `Workspace.open()` hands out, with a query that is right."""
    with Workspace.open(tmp_path / "home", models=FakeModels()) as opened:
        opened.catalogs.sync(str(pool(tmp_path, **TEXTS)), "main")
        opened.indexing.build()
        opened.labels.save_query(BAKE, "kitchen", ["main/bread"], "me")
        monkeypatch.setattr(Workspace, "open", lambda: opened)
        yield opened


def pool(folder: Path, **texts: str) -> Path:
    rows = [{"skill_id": key, "name": key, "description": "", "body": texts[key]} for key in texts]
    path = folder / "pool.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


@pytest.fixture
def change(ws: Workspace, tmp_path: Path) -> Change:
    def take_out(name: str, **more: str) -> None:
        kept = {key: text for key, text in TEXTS.items() if key != name}
        pool(tmp_path, **kept, **more)
        ws.catalogs.resync("main")

    return take_out


def test_an_index_that_breaks_a_query_is_told_as_a_table(
    ws: Workspace, change: Change, capsys: pytest.CaptureFixture[str]
) -> None:
    change("bread")
    assert main(["index"]) == 1
    head, columns, row, remedy = capsys.readouterr().out.splitlines()
    assert head.startswith("Index compact held: 1 of 1 saved query would break.")
    assert columns.split() == ["suite", "query", "answered", "by", "would", "be"]
    assert row.startswith(f"kitchen  {BAKE}  main/bread   main/")
    assert "--publish-held" in remedy


def test_vectors_of_another_model_are_told_of(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    ws.models.encoder_fake.model_key = "another"  # type: ignore[attr-defined]
    assert main(["index"]) == 0
    shown = capsys.readouterr()
    assert "vectors of another model" in shown.err
    assert "6 texts embedded anew" in shown.out
    main(["index"])
    assert "another model" not in capsys.readouterr().err


def test_as_json(ws: Workspace, change: Change, capsys: pytest.CaptureFixture[str]) -> None:
    change("bread")
    assert main(["index", "--json"]) == 1
    held = json.loads(capsys.readouterr().out)["held"]
    (query,) = held["broken"]
    assert held["queries"] == 1
    assert (query["suite"], query["query"]) == ("kitchen", BAKE)
    assert (query["expected"], query["before"]) == (["main/bread"], "main/bread")
    assert query["after"] in {"main/deploy", "main/secret"}
    assert query["near_copy_of"] == ""


def test_published_all_the_same(
    ws: Workspace, change: Change, capsys: pytest.CaptureFixture[str]
) -> None:
    change("bread")
    main(["index"])
    capsys.readouterr()
    assert main(["index", "--publish-held"]) == 0
    assert capsys.readouterr().out.startswith("Index compact: 2 skills, 0 texts embedded anew")
    assert ws.indexing.held() is None
    assert not ws.indexing.status().stale


def test_built_again_where_the_catalog_has_changed_since(
    ws: Workspace, change: Change, capsys: pytest.CaptureFixture[str]
) -> None:
    change("bread")
    main(["index"])
    change("bread", soup="Boil onions and bones for three hours.")
    before = ws.routing.version()
    assert main(["index", "--publish-held"]) == 1
    assert "building it again" in capsys.readouterr().err
    assert ws.routing.version() == before
    assert main(["index", "--publish-held"]) == 0
    assert len(ws.routing.index()) == 3


def test_thrown_away(ws: Workspace, change: Change, capsys: pytest.CaptureFixture[str]) -> None:
    change("bread")
    main(["index"])
    before = ws.routing.version()
    capsys.readouterr()
    assert main(["index", "--discard-held"]) == 0
    assert "the old one goes on answering" in capsys.readouterr().out
    assert ws.routing.version() == before
    assert main(["index", "--discard-held", "--json"]) == 1
    assert "no index of the profile compact is held back" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--publish-held", "--discard-held"])
def test_nothing_is_held(option: str, ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", option]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "run `skillrouter index`" in err


def test_both_at_once_is_wrong_usage(ws: Workspace) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["index", "--publish-held", "--discard-held"])
    assert stop.value.code == 2


def test_a_long_table_is_cut_and_hostile_text_stays_on_its_line() -> None:
    def answer(first: str) -> SuiteAnswer:
        return SuiteAnswer("q", ("a",), (first,), (first,), None, False, 1.0)

    changes = [
        QueryChange(f"q{n}\x1b[2J\n", ("a",), Standing.BROKEN, answer("a"), answer("b"), "a")
        for n in range(QUERIES_SHOWN + 2)
    ]
    held = HeldIndex("compact", "00000002", True, ((1, 2),), len(changes), 99, False)
    lines = held_lines(held, [Breaks("s", 1, 2, tuple(changes))])
    assert len(lines) == QUERIES_SHOWN + 4
    assert lines[-2] == "and 2 more; --json lists all"
    assert not any("\x1b" in line for line in lines)
    assert "near-copy of the expected" in lines[2]
