"""The gate: new skills against the catalog, one another and the saved queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from skillrouter_core.errors import IndexNotReadyError, NotFoundError, SourceError, UsageError
from skillrouter_core.records import CheckedSkill, CheckReport, Layer, Thresholds, Verdict
from skillrouter_core.workspace import Workspace, gate
from skillrouter_core.workspace.gate import NO_INDEX, CheckOptions
from tests.fakes import FakeModels
from tests.near_copies import BREAD, SHIP, SOUP, TAX


def write(root: Path, folder: str, body: str, name: str = "", description: str = "") -> Path:
    file = root / folder / "SKILL.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    name = name or folder.rsplit("/", 1)[-1]
    about = description or f"About {name}."
    file.write_text(f"---\nname: {name}\ndescription: {about}\n---\n{body}\n", encoding="utf-8")
    return file


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    write(root, "food/bread", BREAD, description="Bake bread with a starter.")
    write(root, "food/loaf", f"{BREAD} Let it cool.")
    write(root, "work/ship", SHIP, description="Roll out an image to the fleet.")
    write(root, "work/tax", TAX, description="File the tax return of a quarter.")
    return root


@pytest.fixture
def ws(tmp_path: Path, source: Path) -> Iterator[Workspace]:
    with Workspace.open(tmp_path / "home", models=FakeModels()) as opened:
        opened.catalogs.sync(str(source), "main")
        opened.indexing.build()
        opened.duplicates.scan()
        yield opened


Check = Callable[..., CheckReport]


@pytest.fixture
def check(ws: Workspace) -> Check:
    def run(*paths: Path, **options: object) -> CheckReport:
        return ws.duplicates.check(paths, CheckOptions(**options))  # type: ignore[arg-type]

    return run


def only(report: CheckReport) -> CheckedSkill:
    (checked,) = report.skills
    return checked


def others(checked: CheckedSkill) -> list[tuple[str, bool]]:
    return [(near.pair.b, near.fails) for near in checked.duplicates]


# --------------------------------------------------------------------------- near-copies


def test_new_skill_unlike_the_others_passes(check: Check, tmp_path: Path) -> None:
    report = check(write(tmp_path / "new", "soup", SOUP))
    assert not report.failed
    checked = only(report)
    assert (checked.replaces, checked.duplicates, checked.by_name) == ("", (), ())
    assert len(checked.by_embedding) == 4
    assert report.notes == ()


def test_new_copy_fails_with_its_values(check: Check, tmp_path: Path) -> None:
    report = check(write(tmp_path / "new", "sourdough", f"{BREAD} Slice it."))
    assert report.failed
    assert report.duplicates == 1
    checked = only(report)
    assert {one for one, _ in others(checked)} == {"main/food/bread", "main/food/loaf"}
    near = checked.duplicates[0]
    assert Layer.TEXT in near.layers
    assert (near.name, near.path) == ("bread", "food/bread/SKILL.md")
    assert near.pair.a == checked.skill.skill_id
    values = [one.pair.jaccard for one in checked.by_text]
    assert values == sorted(values, reverse=True)
    assert checked.by_text[0].pair.jaccard > 0.6


def test_values_are_those_of_a_scan(ws: Workspace, check: Check, source: Path) -> None:
    """Importing the checked skill and scanning again must give the very same pairs."""
    file = write(source, "food/sourdough", f"{BREAD} Slice it.")
    before = {near.pair.b: near.pair for near in only(check(file)).duplicates}
    ws.catalogs.resync("main")
    ws.indexing.build()
    ws.duplicates.scan()
    after = ws.duplicates.group("main/food/sourdough").pairs
    assert before
    for pair in after:
        if "main/food/sourdough" in (pair.a, pair.b):
            other = pair.a if pair.b == "main/food/sourdough" else pair.b
            checked = before[other]
            assert checked.jaccard == pytest.approx(pair.jaccard)
            assert checked.raw_jaccard == pytest.approx(pair.raw_jaccard)
            assert checked.cosine == pytest.approx(pair.cosine, abs=1e-5)


def test_same_name_with_other_content_is_no_failure(check: Check, tmp_path: Path) -> None:
    report = check(write(tmp_path / "new", "bread", SOUP))
    assert not report.failed
    (near,) = only(report).by_name
    assert near.pair.b == "main/food/bread"
    assert near.layers == (Layer.NAME,)


def test_thresholds_decide(check: Check, tmp_path: Path) -> None:
    file = write(tmp_path / "new", "sourdough", f"{BREAD} Slice it.")
    assert not check(file, thresholds=Thresholds(1.0, 1.0)).failed


def test_new_skills_are_compared_with_one_another(check: Check, tmp_path: Path) -> None:
    write(tmp_path / "new", "soup", SOUP)
    write(tmp_path / "new", "broth", f"{SOUP} Freeze the rest.")
    report = check(tmp_path / "new")
    assert report.duplicates == 2
    for checked in report.skills:
        (near,) = checked.duplicates
        assert near.file == near.pair.b
        assert near.pair.a == checked.skill.skill_id != near.pair.b
        assert near.file.endswith("SKILL.md")


def test_without_an_index_texts_are_compared_and_a_note_says_so(
    tmp_path: Path, source: Path
) -> None:
    file = write(tmp_path / "new", "sourdough", f"{BREAD} Slice it.")
    with Workspace.open(tmp_path / "bare", models=FakeModels()) as bare:
        bare.catalogs.sync(str(source), "main")
        report = bare.duplicates.check(file)
    assert report.failed
    assert report.notes == (NO_INDEX,)
    assert only(report).by_embedding == ()
    assert all(near.pair.cosine is None for near in only(report).duplicates)


def test_empty_workspace_lets_nothing_pass(tmp_path: Path) -> None:
    file = write(tmp_path / "new", "soup", SOUP)
    with (
        Workspace.open(tmp_path / "bare", models=FakeModels()) as bare,
        pytest.raises(IndexNotReadyError, match="holds no skill"),
    ):
        bare.duplicates.check(file)


def test_catalog_that_changed_is_scanned_again(
    ws: Workspace, check: Check, source: Path, tmp_path: Path
) -> None:
    write(source, "food/soup", SOUP)
    ws.catalogs.resync("main")
    report = check(write(tmp_path / "new", "broth", f"{SOUP} Freeze the rest."))
    assert others(only(report)) == [("main/food/soup", True)]
    assert not ws.duplicates.stale()


# --------------------------------------------------------------------------- old versions


def test_changed_skill_is_not_held_against_its_old_version(check: Check, source: Path) -> None:
    report = check(write(source, "work/tax", f"{TAX} Keep a copy."))
    assert not report.failed
    checked = only(report)
    assert (checked.replaces, checked.skill.skill_id) == ("main/work/tax", "main/work/tax")
    assert "main/work/tax" not in {near.pair.b for near in checked.by_text}


def test_changed_skill_that_becomes_a_copy_fails(check: Check, source: Path) -> None:
    report = check(write(source, "work/tax", f"{SHIP} Keep a copy."))
    assert others(only(report)) == [("main/work/ship", True)]


def test_copy_that_was_there_before_is_shown_and_passes(check: Check, source: Path) -> None:
    file = write(source, "food/loaf", f"{BREAD} Let it cool down.")
    report = check(file)
    assert not report.failed
    assert others(only(report)) == [("main/food/bread", False)]
    assert only(report).duplicates[0].known
    assert check(file, strict=True).failed


def test_unchanged_files_are_counted_and_left_alone(check: Check, source: Path) -> None:
    report = check(source)
    assert (report.skills, len(report.unchanged), report.failed) == ((), 4, False)
    strict = check(source, strict=True)
    assert strict.duplicates == 2
    assert strict.unchanged == ()


def test_skills_decided_to_be_distinct_pass(ws: Workspace, check: Check, source: Path) -> None:
    ws.duplicates.decide(
        Verdict.DISTINCT, "main/food/loaf", other_id="main/food/bread", author="ann"
    )
    report = check(write(source, "food/loaf", f"{BREAD} Let it cool down."), strict=True)
    assert not report.failed
    assert only(report).duplicates[0].apart


def test_working_copy_elsewhere_is_known_by_its_catalog(check: Check, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    (copy / ".git").mkdir(parents=True)
    write(copy, "food/bread", BREAD, description="Bake bread with a starter.")
    write(copy, "work/tax", f"{TAX} Keep a copy.")
    stranger = check(copy)
    assert {checked.replaces for checked in stranger.skills} == {""}
    assert stranger.failed
    known = check(copy, catalog="main")
    assert [checked.replaces for checked in known.skills] == ["main/work/tax"]
    assert len(known.unchanged) == 1
    assert not known.failed


def test_skill_of_an_agents_own_folder_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    file = write(tmp_path / "me" / ".claude" / "skills", "bread", BREAD)
    with Workspace.open(tmp_path / "home", models=FakeModels()) as opened:
        opened.catalogs.sync("claude")
        report = opened.duplicates.check(file)
        assert report.unchanged == (file.as_posix(),)


def test_catalog_of_a_single_file_is_known(tmp_path: Path) -> None:
    file = write(tmp_path / "one", "bread", BREAD)
    with Workspace.open(tmp_path / "home", models=FakeModels()) as opened:
        opened.catalogs.sync(str(file), "single")
        assert opened.duplicates.check(file).unchanged == (file.as_posix(),)


def test_both_sides_of_a_rewrite_are_compared_as_they_will_be(check: Check, source: Path) -> None:
    """bread and loaf swap for other texts: neither is held against the other's old one."""
    write(source, "food/bread", SOUP)
    write(source, "food/loaf", f"{BREAD} Let it cool down.")
    report = check(source)
    assert not report.failed
    assert {checked.replaces for checked in report.skills} == {"main/food/bread", "main/food/loaf"}


# --------------------------------------------------------------------------- paths


@pytest.mark.parametrize(
    ("path", "error", "said"),
    [
        ("nowhere/SKILL.md", SourceError, "does not exist"),
        ("notes.txt", UsageError, "no SKILL.md"),
        ("empty", SourceError, "holds no SKILL.md"),
    ],
)
def test_paths_without_skills_are_named(
    check: Check, tmp_path: Path, path: str, error: type[Exception], said: str
) -> None:
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(error, match=said):
        check(tmp_path / path)


def test_file_named_twice_is_checked_once(check: Check, tmp_path: Path) -> None:
    file = write(tmp_path / "new", "soup", SOUP)
    assert len(check(tmp_path / "new", file).skills) == 1


def test_unknown_catalog_is_named(check: Check, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="mian"):
        check(write(tmp_path / "new", "soup", SOUP), catalog="mian")


def test_too_many_changed_skills_are_refused(
    check: Check, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "MAX_CHECKED", 1)
    write(source, "food/soup", SOUP)
    assert len(check(source).unchanged) == 4
    write(source, "food/tea", "Boil water.")
    with pytest.raises(UsageError, match="over 1"):
        check(source)


def test_broken_file_is_an_issue_and_still_checked(check: Check, tmp_path: Path) -> None:
    file = tmp_path / "new" / "odd" / "SKILL.md"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\xff\xfe no frontmatter, \x00 bytes " + BREAD.encode())
    report = check(file)
    assert report.issues
    assert len(report.skills) == 1


# --------------------------------------------------------------------------- saved queries


def test_query_that_a_new_skill_would_take(ws: Workspace, check: Check, tmp_path: Path) -> None:
    query = "bake bread tonight with a starter"
    ws.labels.save_query(query, expected=["main/food/bread"])
    ws.labels.save_query("file the tax return", expected=["main/work/tax"])
    thief = write(tmp_path / "new", "thief", f"{query} " * 3, description=query)
    report = check(thief)
    assert report.queries == 2
    (stolen,) = only(report).stolen
    assert stolen.query.text == query
    route = ws.routing.route(stolen.query.text)
    assert stolen.holder == route.ranking[0]
    assert stolen.lost is (stolen.holder == "main/food/bread")
    assert stolen.margin > 0


def test_estimate_agrees_with_routing_after_the_import(
    ws: Workspace, check: Check, source: Path
) -> None:
    texts = ["bake bread with a starter", "file the tax return", "roast bones for a broth"]
    for text in texts:
        ws.labels.save_query(text)
    file = write(source, "food/soup", SOUP, description="Roast bones for a broth.")
    stolen = {one.query.text for one in only(check(file)).stolen}
    ws.catalogs.resync("main")
    ws.indexing.build()
    won = {text for text in texts if ws.routing.route(text).ranking[0] == "main/food/soup"}
    assert stolen == won == {"roast bones for a broth"}


def test_next_version_steals_nothing_from_itself(ws: Workspace, check: Check, source: Path) -> None:
    ws.labels.save_query("file the tax return of a quarter", expected=["main/work/tax"])
    file = write(source, "work/tax", f"{TAX} Keep it.", description="File the tax return.")
    assert only(check(file)).stolen == ()


def test_queries_can_be_left_out(ws: Workspace, check: Check, tmp_path: Path) -> None:
    ws.labels.save_query("bake bread")
    report = check(write(tmp_path / "new", "soup", SOUP), queries=False)
    assert report.queries == 0
    assert ws.duplicates.unanswered() == 1
