"""Catalogs in a workspace: what a sync counts, keeps and never leaves half done."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from skillrouter_core.errors import Cancelled, NotFoundError, UsageError, WorkspaceError
from skillrouter_core.progress import Progress
from skillrouter_core.records import ImportIssue, Problem
from skillrouter_core.workspace import SkillFilter, Workspace
from tests.stores import many, scan, skill

ROOT = Path(__file__).parent.parent.parent


def counts(report) -> tuple[int, int, int, int]:
    return (report.added, report.changed, report.removed, report.unchanged)


def ids(workspace: Workspace, **wanted: str) -> list[str]:
    return [row.skill_id for row in workspace.catalogs.search(SkillFilter(**wanted)).rows]


# ---------------------------------------------------------------------------- counting


def test_sync_counts_what_changed(workspace: Workspace) -> None:
    store = workspace.catalogs.store
    a, b, c = skill("tools/a"), skill("tools/b"), skill("tools/c")
    assert counts(store(scan(a, b))) == (2, 0, 0, 0)
    assert counts(store(scan(a, b))) == (0, 0, 0, 2)
    report = store(scan(replace(a, body="Another."), c))
    assert counts(report) == (1, 1, 1, 0)
    assert report.total == 2
    assert [item.skill_id for item in workspace.catalogs.skills()] == ["tools/a", "tools/c"]


def test_moved_text_is_unchanged_but_its_details_follow(workspace: Workspace) -> None:
    before = skill("tools/a", category="old", path="old/SKILL.md")
    workspace.catalogs.store(scan(before))
    changed_at = workspace.catalogs.search().rows[0].changed_at
    moved = replace(before, category="new", path="new/SKILL.md", problems=(Problem.TOO_SHORT,))
    assert counts(workspace.catalogs.store(scan(moved))) == (0, 0, 0, 1)
    assert workspace.catalogs.skill("tools/a") == moved
    assert workspace.catalogs.search().rows[0].changed_at == changed_at


def test_removed_skill_comes_back_with_its_history(workspace: Workspace) -> None:
    a, b = skill("tools/a"), skill("tools/b")
    workspace.catalogs.store(scan(a, b))
    workspace.catalogs.store(scan(b))
    with pytest.raises(NotFoundError, match="tools/a"):
        workspace.catalogs.skill("tools/a")
    assert counts(workspace.catalogs.store(scan(a, b))) == (1, 0, 0, 1)
    events = workspace.catalogs.history("tools/a")
    assert [event.kind for event in events] == ["added", "removed", "added"]
    assert {event.content_hash for event in events} == {a.content_hash}
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_every_version_of_a_text_is_kept(workspace: Workspace) -> None:
    first = skill("tools/a", body="First.")
    second = replace(first, body="Second.")
    workspace.catalogs.store(scan(first))
    workspace.catalogs.store(scan(second))
    first_event, second_event = workspace.catalogs.history("tools/a")
    assert (first_event.kind, second_event.kind) == ("added", "changed")
    assert workspace.catalogs.version(first_event.content_hash) == first
    assert workspace.catalogs.version(second_event.content_hash) == second


def test_unknown_history_and_version_are_named(workspace: Workspace) -> None:
    with pytest.raises(NotFoundError, match="tools/x"):
        workspace.catalogs.history("tools/x")
    with pytest.raises(NotFoundError, match="c0ffee"):
        workspace.catalogs.version("c0ffee")


# ---------------------------------------------------------------------------- many catalogs


def test_catalogs_are_listed_with_their_live_skills(workspace: Workspace) -> None:
    workspace.catalogs.store(scan(skill("tools/a"), skill("tools/b")))
    workspace.catalogs.store(scan(name="empty", source="/empty"))
    empty, tools = workspace.catalogs.all()
    assert (empty.name, empty.source, empty.skills) == ("empty", "/empty", 0)
    assert (tools.name, tools.source, tools.skills) == ("tools", "/tools", 2)
    assert tools.synced_at is not None
    assert tools.synced_at.tzinfo is not None


def test_one_catalog_does_not_touch_another(workspace: Workspace) -> None:
    workspace.catalogs.store(scan(skill("tools/a")))
    workspace.catalogs.store(scan(skill("other/a"), name="other", source="/other"))
    assert counts(workspace.catalogs.store(scan())) == (0, 0, 1, 0)
    assert [item.skill_id for item in workspace.catalogs.skills()] == ["other/a"]
    assert [item.skill_id for item in workspace.catalogs.skills("other")] == ["other/a"]
    assert workspace.catalogs.skills("tools") == ()


def test_name_of_another_source_is_refused(workspace: Workspace) -> None:
    workspace.catalogs.store(scan(skill("tools/a")))
    with pytest.raises(UsageError, match=r"/tools, not from /elsewhere; choose another name"):
        workspace.catalogs.store(scan(skill("tools/z"), source="/elsewhere"))
    assert ids(workspace) == ["tools/a"]


def test_id_of_another_catalog_is_left_out_and_said(workspace: Workspace) -> None:
    workspace.catalogs.store(scan(skill("shared"), name="first", source="/first"))
    second = scan(skill("shared", body="Mine."), skill("own"), name="second", source="/second")
    report = workspace.catalogs.store(second)
    assert counts(report) == (1, 0, 0, 0)
    reason = "id 'shared' already belongs to catalog 'first'"
    expected = (ImportIssue("shared/SKILL.md", None, reason, imported=False),)
    assert report.issues == workspace.catalogs.issues("second") == expected
    assert workspace.catalogs.skill("shared").body == "Do it."


def test_id_freed_by_one_catalog_can_go_to_another(workspace: Workspace) -> None:
    workspace.catalogs.store(scan(skill("shared"), name="first", source="/first"))
    workspace.catalogs.remove("first")
    workspace.catalogs.store(scan(skill("shared", body="Mine."), name="second", source="/second"))
    assert workspace.catalogs.search().rows[0].catalog == "second"
    kinds = [event.kind for event in workspace.catalogs.history("shared")]
    assert kinds == ["added", "removed", "added"]


def test_same_id_twice_and_endless_ids_are_left_out_and_said(workspace: Workspace) -> None:
    endless = skill("tools/" + "x" * 600, path="x/SKILL.md")
    twin = skill("tools/a", body="Twin.", path="A/SKILL.md")
    report = workspace.catalogs.store(scan(skill("tools/a"), twin, endless))
    assert counts(report) == (1, 0, 0, 0)
    assert [(issue.path, issue.imported) for issue in report.issues] == [
        ("A/SKILL.md", False),
        ("x/SKILL.md", False),
    ]
    assert workspace.catalogs.skill("tools/a").body == "Do it."


def test_removed_catalog_keeps_history_and_comes_back(workspace: Workspace) -> None:
    workspace.catalogs.store(scan(skill("tools/a")))
    assert workspace.catalogs.remove("tools") == 1
    assert workspace.catalogs.all() == ()
    assert workspace.catalogs.search().total == 0
    assert [event.kind for event in workspace.catalogs.history("tools/a")] == ["added", "removed"]
    report = workspace.catalogs.store(scan(skill("tools/a"), source="/moved"))
    assert counts(report) == (1, 0, 0, 0)
    assert workspace.catalogs.all()[0].source == "/moved"


@pytest.mark.parametrize("call", ["remove", "issues", "resync", "skills"])
def test_unknown_catalog_is_named_with_the_known(workspace: Workspace, call: str) -> None:
    workspace.catalogs.store(scan())
    with pytest.raises(NotFoundError, match=r"no catalog 'nope'; there are: tools"):
        getattr(workspace.catalogs, call)("nope")


def test_issues_are_those_of_the_latest_sync(workspace: Workspace) -> None:
    issues = (ImportIssue("b", 3, "bad", imported=False), ImportIssue("a", None, "odd", True))
    assert workspace.catalogs.store(scan(issues=issues)).issues == issues
    assert workspace.catalogs.issues("tools") == issues
    workspace.catalogs.store(scan())
    assert workspace.catalogs.issues("tools") == ()


# ---------------------------------------------------------------------------- texts


def test_text_that_databases_refuse_is_mended_and_hashed_as_stored(workspace: Workspace) -> None:
    odd = skill("tools/a\x00", body="NUL \x00 and \ud83d.", description="\udfff")
    workspace.catalogs.store(scan(odd))
    (stored,) = workspace.catalogs.skills()
    assert stored.body == "NUL \ufffd and \ufffd."
    assert stored.description == "\ufffd"
    assert workspace.catalogs.hashes() == {"tools/a\ufffd": stored.content_hash}
    assert counts(workspace.catalogs.store(scan(odd))) == (0, 0, 0, 1)


def test_skill_comes_back_whole(workspace: Workspace) -> None:
    whole = skill(
        "tools/日本",
        body="x" * 500_000,
        category="c",
        source="https://host/repo",
        problems=(Problem.TOO_LONG, Problem.BAD_ENCODING),
    )
    workspace.catalogs.store(scan(whole))
    assert workspace.catalogs.skill("tools/日本") == whole
    assert workspace.catalogs.skills_by_id(["tools/日本", "tools/nope"]) == {"tools/日本": whole}


# ---------------------------------------------------------------------------- fingerprint


def test_fingerprint_follows_the_live_texts_only(workspace: Workspace) -> None:
    a, b = skill("tools/a"), skill("tools/b")
    seen = [workspace.catalogs.fingerprint()]

    def after(*skills) -> str:
        workspace.catalogs.store(scan(*skills))
        return workspace.catalogs.fingerprint()

    both = after(a, b)
    assert both not in seen
    assert after(a, b) == both
    assert after(replace(a, category="other"), b) == both
    assert after(replace(a, body="New."), b) != both
    assert after(a) != both
    assert after(b, a) == both
    workspace.catalogs.remove("tools")
    assert workspace.catalogs.fingerprint() != both


def test_fingerprint_is_the_same_for_the_same_skills_elsewhere(tmp_path: Path) -> None:
    prints = []
    for name in ("one", "two"):
        with Workspace.open(tmp_path / name) as ws:
            ws.catalogs.store(scan(skill("tools/a"), skill("tools/b")))
            prints.append(ws.catalogs.fingerprint())
    assert prints[0] == prints[1]


# ---------------------------------------------------------------------------- search


@pytest.fixture
def stocked(workspace: Workspace) -> Workspace:
    workspace.catalogs.store(
        scan(
            skill("tools/pdf", name="PDF Tools", description="Merge 100% of PDFs", category="docs"),
            skill("tools/csv", name="csv_tools", description="Split tables", category="data"),
            skill("tools/uml", name="Ümlaut", description="ÄRGER mit Straßen", category="docs"),
            skill("tools/gone", name="PDF tools", category="gone"),
        )
    )
    other = skill("other/pdf", name="pdf-tools", category="", problems=(Problem.NO_DESCRIPTION,))
    workspace.catalogs.store(scan(other, name="other", source="/other"))
    workspace.catalogs.store(
        scan(*(item for item in workspace.catalogs.skills("tools") if item.category != "gone"))
    )
    return workspace


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["other/pdf", "tools/csv", "tools/pdf", "tools/uml"]),
        ({"text": "pdf"}, ["other/pdf", "tools/pdf"]),
        ({"text": "  TOOLS merge "}, ["tools/pdf"]),
        ({"text": "ärger"}, ["tools/uml"]),
        ({"text": "STRASSEN"}, ["tools/uml"]),
        ({"text": "100%"}, ["tools/pdf"]),
        ({"text": "%"}, ["tools/pdf"]),
        ({"text": "csv_t"}, ["tools/csv"]),
        ({"text": "_"}, ["tools/csv"]),
        ({"text": "/"}, ["other/pdf", "tools/csv", "tools/pdf", "tools/uml"]),
        ({"text": "' OR 1=1 --"}, []),
        ({"text": "a\x00"}, []),
        ({"catalog": "other"}, ["other/pdf"]),
        ({"catalog": "nope"}, []),
        ({"category": "docs"}, ["tools/pdf", "tools/uml"]),
        ({"category": "docs", "text": "merge"}, ["tools/pdf"]),
        ({"problem": "no description"}, ["other/pdf"]),
        ({"problem": "duplicate name"}, ["other/pdf", "tools/pdf"]),
        ({"problem": "duplicate name", "catalog": "tools"}, ["tools/pdf"]),
        ({"problem": "too long"}, []),
        ({"among": frozenset(["tools/uml", "tools/pdf", "gone"])}, ["tools/pdf", "tools/uml"]),
        ({"among": frozenset(["tools/uml", "tools/pdf"]), "text": "merge"}, ["tools/pdf"]),
        ({"among": frozenset()}, []),
    ],
)
def test_search_finds(stocked: Workspace, wanted: dict[str, str], found: list[str]) -> None:
    assert ids(stocked, **wanted) == found


def test_search_refuses_an_unknown_problem(stocked: Workspace) -> None:
    with pytest.raises(UsageError, match="'too green'; choose one of: no description"):
        ids(stocked, problem="too green")


def test_pages_fit_together(workspace: Workspace) -> None:
    workspace.catalogs.store(many(23))
    pages = [workspace.catalogs.search(limit=10, offset=start) for start in (0, 10, 20, 30)]
    assert [len(page.rows) for page in pages] == [10, 10, 3, 0]
    assert {page.total for page in pages} == {23}
    among = frozenset(row.skill_id for row in pages[1].rows)
    last = workspace.catalogs.search(SkillFilter(among=among), limit=4, offset=8)
    assert ([row.skill_id for row in last.rows], last.total) == (sorted(among)[8:], 10)
    listed = [row.skill_id for page in pages for row in page.rows]
    assert listed == sorted(item.skill_id for item in workspace.catalogs.skills())


def test_row_says_what_a_list_shows(stocked: Workspace) -> None:
    row = stocked.catalogs.search(SkillFilter(text="merge")).rows[0]
    assert (row.name, row.description, row.category) == ("PDF Tools", "Merge 100% of PDFs", "docs")
    assert (row.catalog, row.body_chars) == ("tools", len("Do it."))
    assert row.problems == (Problem.DUPLICATE_NAME,)


def test_duplicate_names_count_live_skills_only(stocked: Workspace) -> None:
    assert stocked.catalogs.health() == {Problem.NO_DESCRIPTION: 1, Problem.DUPLICATE_NAME: 2}
    both = (Problem.NO_DESCRIPTION, Problem.DUPLICATE_NAME)
    assert stocked.catalogs.skill("other/pdf").problems == both
    stocked.catalogs.remove("other")
    assert stocked.catalogs.health() == {}
    assert stocked.catalogs.skill("tools/pdf").problems == ()


def test_names_without_letters_are_no_duplicates(workspace: Workspace) -> None:
    workspace.catalogs.store(scan(skill("tools/a", name="---"), skill("tools/b", name="!!")))
    assert workspace.catalogs.health() == {}


def test_categories_are_those_of_live_skills(stocked: Workspace) -> None:
    assert stocked.catalogs.categories() == ("data", "docs")


# ---------------------------------------------------------------------------- reading a source


def test_folder_is_imported_and_synced_again(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        (folder / name / "SKILL.md").write_text(f"---\nname: {name}\n---\nDo {name}.\n")
    report = workspace.catalogs.sync(str(folder))
    assert counts(report) == (2, 0, 0, 0)
    (folder / "a" / "SKILL.md").write_text("---\nname: a\n---\nDo more.\n")
    (folder / "b" / "SKILL.md").unlink()
    assert counts(workspace.catalogs.resync(report.catalog)) == (0, 1, 1, 0)


# ---------------------------------------------------------------------------- stopping midway


class StopAt:
    """A listener that stops the work in a stage, once some of it is done."""

    def __init__(self, stage: str) -> None:
        self.stage = stage

    def __call__(self, progress: Progress) -> None:
        if progress.stage == self.stage and progress.done:
            raise Cancelled("stop")


@pytest.mark.parametrize("stage", ["Storing texts", "Updating the catalog"])
def test_cancelled_sync_leaves_the_catalog_as_it_was(workspace: Workspace, stage: str) -> None:
    workspace.catalogs.store(many(30))
    before = (workspace.catalogs.hashes(), workspace.catalogs.fingerprint())
    with pytest.raises(Cancelled):
        workspace.catalogs.store(many(40, version="2"), StopAt(stage))
    assert (workspace.catalogs.hashes(), workspace.catalogs.fingerprint()) == before
    assert len(workspace.catalogs.history("big/s00001")) == 1
    assert counts(workspace.catalogs.store(many(40, version="2"))) == (10, 30, 0, 0)


KILLED = """
import os, signal, sys
from pathlib import Path
from skillrouter_core.workspace import Workspace
from tests.stores import many

home, url, stage = sys.argv[1:]

def listener(progress):
    if progress.stage == stage and progress.done:
        os.kill(os.getpid(), signal.SIGKILL)

with Workspace.open(Path(home), url) as ws:
    ws.catalogs.store(many(5000, version="2"), listener)
"""


@pytest.mark.parametrize("stage", ["Storing texts", "Updating the catalog"])
def test_killed_sync_leaves_the_catalog_as_it_was(workspace: Workspace, stage: str) -> None:
    workspace.catalogs.store(many(4000))
    before = (workspace.catalogs.hashes(), workspace.catalogs.fingerprint())
    issues = workspace.catalogs.issues("big")
    arguments = [str(workspace.home), workspace.database_url, stage]
    done = subprocess.run([sys.executable, "-c", KILLED, *arguments], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert (workspace.catalogs.hashes(), workspace.catalogs.fingerprint()) == before
    assert workspace.catalogs.issues("big") == issues
    report = workspace.catalogs.store(many(5000, version="2"))
    assert counts(report) == (1000, 4000, 0, 0)
    assert {len(workspace.catalogs.history(f"big/s{n:05d}")) for n in (0, 3999)} == {2}


def test_killed_sync_leaves_a_sound_file(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Workspace.open(home) as ws:
        arguments = [str(home), ws.database_url, "Updating the catalog"]
    subprocess.run([sys.executable, "-c", KILLED, *arguments], cwd=ROOT, check=False)
    plain = sqlite3.connect(home / "skillrouter.db")
    checks = [plain.execute(f"PRAGMA {name}").fetchall() for name in ("integrity_check",)]
    broken_keys = plain.execute("PRAGMA foreign_key_check").fetchall()
    plain.close()
    assert (checks, broken_keys) == ([[("ok",)]], [])


def test_syncs_at_once_queue_up(workspace: Workspace) -> None:
    """Eight threads store the same texts in four catalogs; none fails, nothing is lost."""
    errors: list[Exception] = []

    def store(name: str) -> None:
        try:
            workspace.catalogs.store(many(60, name=name))
        except Exception as error:  # noqa: BLE001  # a thread cannot raise into the test
            errors.append(error)

    threads = [threading.Thread(target=store, args=(f"c{n % 4}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [catalog.skills for catalog in workspace.catalogs.all()] == [60] * 4
    assert len(workspace.catalogs.hashes()) == 240
    kinds = {len(workspace.catalogs.history(skill_id)) for skill_id in workspace.catalogs.hashes()}
    assert kinds == {1}


# ---------------------------------------------------------------------------- opening


def test_open_makes_the_folders(tmp_path: Path) -> None:
    with Workspace.open(tmp_path / "deep" / "home") as ws:
        inside = {path.name for path in ws.home.iterdir()}
    assert {"vectors", "index", "models", "jobs", "skillrouter.db"} <= inside


def test_open_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLROUTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SKILLROUTER_DATABASE_URL", f"sqlite:///{tmp_path / 'else.db'}")
    with Workspace.open() as ws:
        assert ws.home == tmp_path / "home"
    assert (tmp_path / "else.db").is_file()
    assert not (tmp_path / "home" / "skillrouter.db").exists()


def test_open_defaults_to_the_users_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SKILLROUTER_HOME", raising=False)
    monkeypatch.delenv("SKILLROUTER_DATABASE_URL", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with Workspace.open() as ws:
        assert tmp_path in ws.home.parents
        assert ws.home.name == "skillrouter"


def test_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(WorkspaceError, match=r"home cannot be written to .*SKILLROUTER_HOME"):
        Workspace.open(tmp_path / "home")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_home_without_permission_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o500)
    with pytest.raises(WorkspaceError, match="SKILLROUTER_HOME"):
        Workspace.open(tmp_path / "home")
