"""The plan as a shell script, really run: by default it only prints, and never leaves its root."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from skillrouter_core.dedup.report import DuplicateReport
from skillrouter_core.dedup.script import to_script
from tests.decisions import Log
from tests.reports import HOSTILE, report_of

SHELLS = [shell for shell in ("bash", "dash") if shutil.which(shell)]


def skill_folder(root: Path, folder: str, file: str = "SKILL.md") -> Path:
    path = root / folder
    path.mkdir(parents=True)
    (path / file).write_text("text", encoding="utf-8")
    (path / "helper.py").write_text("", encoding="utf-8")
    return path


def plan_of(
    steps: Sequence[tuple[str, ...]],
    ids: Sequence[str],
    paths: Mapping[str, str] | None = None,
    authors: Sequence[str] = (),
) -> DuplicateReport:
    """Return a report with decisions (verdict, skill, other); paths are `<folder>/SKILL.md`."""
    log = Log({skill_id: skill_id for skill_id in ids})
    for number, (verdict, skill_id, *other) in enumerate(steps):
        log.add(verdict, skill_id, *other, author=authors[number] if authors else "ann")
    files = {skill_id: f"{skill_id.partition('/')[2]}/SKILL.md" for skill_id in ids}
    return report_of(ids, {}, log.decisions, paths=files | dict(paths or {}))


def run(
    tmp_path: Path, script: str, *arguments: str, shell: str = SHELLS[0]
) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "remove.sh"
    file.write_text(script, encoding="utf-8")
    work = tmp_path / "elsewhere"
    work.mkdir(exist_ok=True)
    return subprocess.run(
        [shell, str(file), *arguments],
        cwd=work, capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "catalog root"
    for name in ("keep", "copy", "old"):
        skill_folder(folder, f"group/{name}")
    return folder


IDS = ("cat/group/copy", "cat/group/keep", "cat/group/old")
STEPS = [("merge", "cat/group/copy", "cat/group/keep"), ("retire", "cat/group/old")]


def left(root: Path) -> set[str]:
    return {path.parent.name for path in root.rglob("SKILL.md")}


@pytest.mark.parametrize("shell", SHELLS)
def test_it_prints_and_removes_nothing_by_default(tmp_path: Path, root: Path, shell: str) -> None:
    done = run(tmp_path, to_script(plan_of(STEPS, IDS), {"cat": str(root)}), shell=shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "would remove: cat/group/copy (goes into cat/group/keep)",
        "would remove: cat/group/old (retired)",
        "2 skills would be removed. Nothing was: call again with --apply.",
    ]
    assert left(root) == {"keep", "copy", "old"}


@pytest.mark.parametrize("shell", SHELLS)
def test_it_removes_whole_folders_when_told(tmp_path: Path, root: Path, shell: str) -> None:
    script = to_script(plan_of(STEPS, IDS), {"cat": str(root)})
    done = run(tmp_path, script, "--apply", shell=shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert left(root) == {"keep"}
    assert not (root / "group" / "copy").exists()
    assert (root / "group" / "keep" / "helper.py").exists()
    again = run(tmp_path, script, "--apply", shell=shell)
    assert again.returncode == 0
    assert "not there any more: cat/group/copy" in again.stdout


@pytest.mark.parametrize("arguments", [["--force"], ["--root", "cat"], ["-h"], ["--root"], ["x"]])
def test_wrong_usage_removes_nothing(tmp_path: Path, root: Path, arguments: list[str]) -> None:
    script = to_script(plan_of(STEPS, IDS), {"cat": str(root)})
    done = run(tmp_path, script, "--apply", *arguments)
    assert done.returncode == 2
    assert "usage: sh" in done.stderr
    assert left(root) == {"keep", "copy", "old"}


def test_root_may_be_given_when_it_runs(tmp_path: Path, root: Path) -> None:
    script = to_script(plan_of(STEPS, IDS), {})
    unknown = run(tmp_path, script, "--apply")
    assert unknown.returncode == 1
    assert "give --root" in unknown.stderr
    assert left(root) == {"keep", "copy", "old"}
    other = run(tmp_path, script, "--root", "dog", str(root), "--apply")
    assert other.returncode == 2
    relative = run(tmp_path, script, "--apply", "--root", "cat", "../catalog root")
    assert relative.returncode == 0
    assert left(root) == {"keep"}


def test_a_root_that_is_not_there(tmp_path: Path) -> None:
    done = run(tmp_path, to_script(plan_of(STEPS, IDS), {"cat": str(tmp_path / "no")}), "--apply")
    assert done.returncode == 1
    assert "its catalog is not at the folder given" in done.stderr


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_folder_names_do_what_their_names_say(
    tmp_path: Path, root: Path, name: str, shell: str
) -> None:
    """A folder of any name is removed, or left out with a reason; nothing else happens."""
    bad = f"cat/group/{name}"
    skill_folder(root, f"group/{name}")
    ids = sorted(["cat/group/keep", bad])
    script = to_script(plan_of([("merge", bad, "cat/group/keep")], ids), {"cat": str(root)})
    assert not set(script) & {"\x1b", "\u202e", "\r"}
    dry = run(tmp_path, script, shell=shell)
    assert (root / "group" / name / "SKILL.md").exists()
    done = run(tmp_path, script, "--apply", shell=shell)
    hidden = name in {"two\nlines", "\x1b[31mred", "\u202egnp.exe"}
    assert (root / "group" / name).exists() is hidden
    assert (dry.returncode, done.returncode) == ((1, 1) if hidden else (0, 0))
    assert left(root) - {name} == {"keep", "copy", "old"}
    assert not list(tmp_path.rglob("pwned"))
    assert not (tmp_path / "elsewhere" / "1").exists()
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_ids_stay_words(tmp_path: Path, root: Path, name: str) -> None:
    """Ids need not be folders: those of a catalog of records may hold anything."""
    bad = f"cat/{name}"
    paths = {bad: "group/copy/SKILL.md", "cat/group/keep": "group/keep/SKILL.md"}
    report = plan_of([("merge", bad, "cat/group/keep")], sorted(paths), paths)
    done = run(tmp_path, to_script(report, {"cat": str(root)}), "--apply")
    assert done.returncode == 0
    assert left(root) == {"keep", "old"}
    assert len(done.stdout.splitlines()) == 2
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize(
    "path",
    [
        "../outside/SKILL.md",
        "group/../../outside/SKILL.md",
        "/etc/SKILL.md",
        "./group/copy/SKILL.md",
        "group//copy/SKILL.md",
        "group/copy\n/SKILL.md",
        "SKILL.md",
        "group/copy/README.md",
        "skills.jsonl:3",
        "",
    ],
)
def test_paths_that_cannot_be_trusted_are_left_out(tmp_path: Path, root: Path, path: str) -> None:
    skill_folder(tmp_path, "outside")
    (root / "SKILL.md").write_text("text", encoding="utf-8")
    report = plan_of([("retire", "cat/group/copy")], IDS, {"cat/group/copy": path})
    done = run(tmp_path, to_script(report, {"cat": str(root)}), "--apply")
    assert done.returncode == 1
    assert done.stderr.startswith("refused: cat/group/copy: ")
    assert "0 skills removed." in done.stdout
    assert {"copy", "outside", root.name} <= {p.parent.name for p in tmp_path.rglob("SKILL.md")}


def test_links_are_not_followed_out_or_about(tmp_path: Path, root: Path) -> None:
    outside = skill_folder(tmp_path, "outside/precious")
    (root / "group" / "out").symlink_to(outside)
    (root / "aside").symlink_to(root / "group")
    ids = ("cat/aside/keep", "cat/group/out")
    report = plan_of([("retire", each) for each in ids], ids)
    done = run(tmp_path, to_script(report, {"cat": str(root)}), "--apply")
    assert done.returncode == 1
    assert done.stderr.count("a symbolic link leads elsewhere") == 2
    assert (outside / "helper.py").exists()
    assert left(root) == {"keep", "copy", "old"}


def test_a_root_that_is_a_link_is_fine(tmp_path: Path, root: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    done = run(tmp_path, to_script(plan_of(STEPS, IDS), {"cat": str(tmp_path / "link")}), "--apply")
    assert done.returncode == 0
    assert left(root) == {"keep"}


def test_a_folder_that_holds_another_skill_stays(tmp_path: Path, root: Path) -> None:
    skill_folder(root, "group/copy/inner")
    done = run(tmp_path, to_script(plan_of(STEPS, IDS), {"cat": str(root)}), "--apply")
    assert done.returncode == 1
    assert "holds other skills" in done.stderr
    assert left(root) == {"keep", "copy", "inner"}


def test_inner_folders_go_before_outer_ones(tmp_path: Path, root: Path) -> None:
    skill_folder(root, "group/copy/inner")
    ids = (*IDS, "cat/group/copy/inner")
    report = plan_of([*STEPS, ("retire", "cat/group/copy/inner")], ids)
    done = run(tmp_path, to_script(report, {"cat": str(root)}), "--apply")
    assert done.returncode == 0
    assert left(root) == {"keep"}


def test_nothing_goes_into_a_skill_that_is_not_there(tmp_path: Path, root: Path) -> None:
    shutil.rmtree(root / "group" / "keep")
    done = run(tmp_path, to_script(plan_of(STEPS, IDS), {"cat": str(root)}), "--apply")
    assert done.returncode == 1
    assert "the skill it goes into is not there" in done.stderr
    assert left(root) == {"copy"}


def test_contested_skills_are_left_out(tmp_path: Path, root: Path) -> None:
    steps = [("keep", "cat/group/old"), ("retire", "cat/group/old")]
    report = plan_of(steps, IDS, authors=("ann", "bob"))
    done = run(tmp_path, to_script(report, {"cat": str(root)}), "--apply")
    assert done.returncode == 1
    assert "people disagree" in done.stderr
    assert left(root) == {"keep", "copy", "old"}


def test_two_catalogs_have_two_roots(tmp_path: Path, root: Path) -> None:
    other = tmp_path / "other"
    skill_folder(other, "x/copy")
    ids = ("cat/group/keep", "dog/x/copy")
    report = plan_of([("merge", "dog/x/copy", "cat/group/keep")], ids)
    done = run(tmp_path, to_script(report, {"cat": str(root), "dog": str(other)}), "--apply")
    assert done.returncode == 0
    assert left(other) == set()
    assert left(root) == {"keep", "copy", "old"}


def test_one_folder_read_as_two_catalogs_is_not_removed(tmp_path: Path, root: Path) -> None:
    """On paper a copy in each catalog, on disk one skill."""
    ids = ("cat/group/copy", "dog/group/copy")
    report = plan_of([("merge", "dog/group/copy", "cat/group/copy")], ids)
    for other in (str(root), f"{root}/./", str(root.parent)):
        done = run(tmp_path, to_script(report, {"cat": other, "dog": str(root)}), "--apply")
        assert done.returncode == 1
        assert "its folder belongs to catalog cat too" in done.stderr
        assert left(root) == {"keep", "copy", "old"}


def test_nor_when_the_folders_are_given_later_or_by_a_link(tmp_path: Path, root: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    ids = ("cat/group/copy", "dog/group/copy")
    report = plan_of([("merge", "dog/group/copy", "cat/group/copy")], ids)
    roots = ("--root", "cat", str(root), "--root", "dog", str(root))
    linked = {"cat": str(tmp_path / "link"), "dog": str(root)}
    for script, arguments in ((to_script(report, {}), roots), (to_script(report, linked), ())):
        done = run(tmp_path, script, "--apply", *arguments)
        assert done.returncode == 1
        assert "the skill it goes into lies in the same folder" in done.stderr
        assert left(root) == {"keep", "copy", "old"}


def test_the_skill_that_stays_must_be_in_sight(tmp_path: Path, root: Path) -> None:
    ids = ("cat/group/copy", "dog/x/keep")
    report = plan_of([("merge", "cat/group/copy", "dog/x/keep")], ids)
    done = run(tmp_path, to_script(report, {"cat": str(root)}), "--apply")
    assert done.returncode == 1
    assert "where the skill it goes into lies is not known" in done.stderr
    assert left(root) == {"keep", "copy", "old"}


def test_an_empty_plan_is_a_script_too(tmp_path: Path) -> None:
    done = run(tmp_path, to_script(plan_of([], IDS), {}), "--apply")
    assert (done.returncode, done.stdout) == (0, "0 skills removed.\n")
