"""Every kind of source, and the mess inside them."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from skillrouter_core.archives import MAX_SKILL_BYTES
from skillrouter_core.catalog import KINDS, CatalogScan, read_records, read_source
from skillrouter_core.catalog.folders import MAX_FOLDER_DEPTH
from skillrouter_core.catalog.naming import check_name, derived_name, folder_category, slug
from skillrouter_core.errors import Cancelled, SourceError, UsageError
from skillrouter_core.progress import Progress
from skillrouter_core.records import ImportIssue, Problem

SKILL = "---\nname: {name}\ndescription: does {name}\n---\n# {name}\n"


def skill(folder: Path, name: str = "", file: str = "SKILL.md") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(SKILL.format(name=name or folder.name))
    return folder / file


def ids(scan: CatalogScan) -> list[str]:
    return [found.skill_id for found in scan.skills]


def left_out(scan: CatalogScan) -> dict[str, str]:
    return {issue.path: issue.reason for issue in scan.issues if not issue.imported}


# --------------------------------------------------------------------------- folders


def test_folder_at_any_depth(tmp_path: Path) -> None:
    root = tmp_path / "My skills"
    for place in ("a", "dev/b", "x/y/z/c", "dev/skills/d"):
        skill(root / place)
    skill(root / "e", file="skill.md")
    skill(root, name="top", file="Skill.MD")
    for skipped in (".git", "node_modules", ".venv"):
        skill(root / skipped / "hidden")
    scan = read_source(str(root))
    assert (scan.name, scan.source, scan.issues) == ("My-skills", str(root), ())
    found = {
        s.skill_id.removeprefix("My-skills/"): (s.name, s.category, s.path) for s in scan.skills
    }
    assert found == {
        "My skills": ("top", "", "Skill.MD"),
        "a": ("a", "", "a/SKILL.md"),
        "dev/b": ("b", "dev", "dev/b/SKILL.md"),
        "dev/skills/d": ("d", "", "dev/skills/d/SKILL.md"),
        "e": ("e", "", "e/skill.md"),
        "x/y/z/c": ("c", "z", "x/y/z/c/SKILL.md"),
    }
    assert {s.source for s in scan.skills} == {str(root)}


def test_frontmatter_category_wins(tmp_path: Path) -> None:
    file = skill(tmp_path / "dev/a")
    file.write_text("---\nname: a\nmetadata:\n  category: ops\n---\n")
    assert read_source(str(tmp_path)).skills[0].category == "ops"


def test_same_folder_name_twice_is_two_skills(tmp_path: Path) -> None:
    skill(tmp_path / "x/pdf")
    skill(tmp_path / "y/pdf")
    assert ids(read_source(str(tmp_path), name="c")) == ["c/x/pdf", "c/y/pdf"]


def test_two_skill_files_in_one_folder_are_both_accounted_for(tmp_path: Path) -> None:
    skill(tmp_path / "a")
    skill(tmp_path / "a", file="skill.md")
    scan = read_source(str(tmp_path), name="c")
    assert ids(scan) == ["c/a"]
    assert left_out(scan) == {"a/skill.md": "its identity 'c/a' is already taken by a/SKILL.md"}


def test_one_bad_file_never_stops_an_import(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    skill(root / "good")
    skill(outside / "secret")
    (root / "folder/SKILL.md").mkdir(parents=True)
    for name in ("broken", "self", "leak", "pipe", "big", "empty", "binary"):
        (root / name).mkdir()
    (root / "broken/SKILL.md").symlink_to("nowhere")
    (root / "self/SKILL.md").symlink_to("SKILL.md")
    (root / "leak/SKILL.md").symlink_to(outside / "secret/SKILL.md")
    (root / "leaking").symlink_to(outside)
    (root / "loop").symlink_to(root)
    (root / "twin").symlink_to(root / "good")
    os.mkfifo(root / "pipe/SKILL.md")
    (root / "big/SKILL.md").write_bytes(b"x" * (MAX_SKILL_BYTES + 1))
    (root / "empty/SKILL.md").touch()
    (root / "binary/SKILL.md").write_bytes(bytes(range(256)))
    scan = read_source(str(root), name="c")
    assert ids(scan) == ["c/binary", "c/empty", "c/good"]
    reasons = left_out(scan)
    expected = {
        "folder/SKILL.md": "a folder, not a file",
        "broken/SKILL.md": "a broken link",
        "self/SKILL.md": "a broken link",
        "leak/SKILL.md": "leads out",
        "leaking": "leads out",
        "loop": "read at its own place",
        "twin": "read at its own place",
        "pipe/SKILL.md": "not an ordinary file",
        "big/SKILL.md": f"{MAX_SKILL_BYTES + 1} bytes, more than the {MAX_SKILL_BYTES}",
    }
    assert set(reasons) == set(expected)
    for path, part in expected.items():
        assert part in reasons[path], path


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_and_folder_are_listed(tmp_path: Path) -> None:
    skill(tmp_path / "good")
    skill(tmp_path / "file").chmod(0)
    skill(tmp_path / "folder/x")
    (tmp_path / "folder").chmod(0)
    try:
        scan = read_source(str(tmp_path), name="c")
    finally:
        (tmp_path / "folder").chmod(0o755)
    assert set(left_out(scan)) == {"file/SKILL.md", "folder"}


def test_link_to_a_file_inside_is_read(tmp_path: Path) -> None:
    skill(tmp_path / "a", file="README.md")
    (tmp_path / "a/SKILL.md").symlink_to("README.md")
    assert ids(read_source(str(tmp_path), name="c")) == ["c/a"]


def test_too_deep_a_folder_is_listed(tmp_path: Path) -> None:
    skill(tmp_path / "a")
    skill(tmp_path.joinpath(*"d" * (MAX_FOLDER_DEPTH + 2)))
    scan = read_source(str(tmp_path), name="c")
    assert ids(scan) == ["c/a"]
    assert "deeper" in scan.issues[0].reason


def test_odd_file_names(tmp_path: Path) -> None:
    skill(tmp_path / "数据")
    skill(tmp_path / "two\nlines")
    os.mkdir(os.fsencode(tmp_path) + b"/\xff")  # noqa: PTH102  # a name that is not UTF-8
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff/SKILL.md")).write_text("body")
    scan = read_source(str(tmp_path), name="c")
    assert sorted(ids(scan)) == ["c/two lines", "c/数据", "c/\ufffd"]
    assert [s.name for s in scan.skills if s.body == "body"] == ["\ufffd"]


def test_text_problems_and_issues_come_through(tmp_path: Path) -> None:
    skill(tmp_path / "a").write_text("---\nname: a\ndescription: x: y\n---\n")
    (found,) = (scan := read_source(str(tmp_path))).skills
    assert found.problems == (Problem.EMPTY_BODY, Problem.BROKEN_FRONTMATTER)
    (issue,) = scan.issues
    assert (issue.path, issue.line, issue.imported) == ("a/SKILL.md", 3, True)


def test_single_skill_file(tmp_path: Path) -> None:
    file = skill(tmp_path / "pdf")
    scan = read_source(str(file))
    assert (scan.name, scan.source, ids(scan)) == ("pdf", str(file), ["pdf/pdf"])


def test_relative_and_home_paths_are_made_absolute(tmp_path: Path) -> None:
    skill(tmp_path / "work/s/a")
    for source, places in {
        "s": {"cwd": tmp_path / "work"},
        "../s/": {"cwd": tmp_path / "work/other"},
        "~/work/s": {"home": tmp_path},
        ".": {"cwd": tmp_path / "work/s"},
    }.items():
        scan = read_source(source, **places)
        assert (scan.name, scan.source) == ("s", str(tmp_path / "work/s"))
        assert read_source(scan.source, cwd=tmp_path).skills == scan.skills


# ----------------------------------------------------------------------------- jsonl

RECORDS = [
    {"skill_id": "o/a", "name": "A", "description": "d", "body": "b" * 300, "category": "ops"},
    {"skill_id": "o/b", "name": "B", "description": "", "body": "", "source": "s", "path": "p"},
]


def lines(records: list[object]) -> bytes:
    return "".join(f"{json.dumps(record)}\n" for record in records).encode()


def test_jsonl(tmp_path: Path) -> None:
    (tmp_path / "pool.jsonl").write_bytes(b"\xef\xbb\xbf" + lines([*RECORDS]) + b"\n")
    scan = read_source(str(tmp_path / "pool.jsonl"))
    first, second = scan.skills
    assert scan.issues == ()
    assert (first.skill_id, first.category, first.problems) == ("pool/o/a", "ops", ())
    assert (first.source, first.path) == (str(tmp_path / "pool.jsonl"), "pool.jsonl:1")
    assert (second.source, second.path) == ("s", "p")
    assert second.problems == (Problem.NO_DESCRIPTION, Problem.EMPTY_BODY)


def test_shards_in_order(tmp_path: Path) -> None:
    (tmp_path / "part-1.jsonl.gz").write_bytes(gzip.compress(lines(RECORDS[1:])))
    (tmp_path / "part-0.jsonl").write_bytes(lines(RECORDS[:1]))
    (tmp_path / "README.md").write_text("not a shard")
    assert ids(read_source(str(tmp_path), name="c")) == ["c/o/a", "c/o/b"]


def test_bad_lines_are_listed_and_the_rest_imported(tmp_path: Path) -> None:
    bad = [
        b"{",
        b"[1]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"query": "no skill"}',
        b"[" * 100_000,
        b'{"skill_id": "o/a", "name": "again"}',
        b'{"skill_id": "big", "body": "' + b"x" * (MAX_SKILL_BYTES + 1) + b'"}',
        b'{"n": ' + b"9" * 10_000 + b"}",
    ]
    raw = lines(RECORDS[:1]) + b"\n".join(bad) + b"\n" + lines(RECORDS[1:])
    (tmp_path / "x.jsonl").write_bytes(raw)
    scan = read_source(str(tmp_path / "x.jsonl"))
    assert ids(scan) == ["x/o/a", "x/o/b"]
    assert [issue.line for issue in scan.issues] == list(range(2, 12))
    assert not any(issue.imported for issue in scan.issues)
    assert "already taken" in scan.issues[7].reason
    assert str(MAX_SKILL_BYTES) in scan.issues[8].reason


def test_odd_values_are_coerced(tmp_path: Path) -> None:
    record = {
        "skill_id": 7,
        "name": None,
        "description": ["x", None, 2],
        "body": "a\ud800\x00\r\nb",
        "category": {"k": 1},
    }
    (tmp_path / "x.jsonl").write_bytes(lines([record]))
    (found,) = read_source(str(tmp_path / "x.jsonl")).skills
    assert (found.skill_id, found.name, found.description) == ("x/7", "7", "x, , 2")
    assert (found.body, found.category) == ("a\ufffd\nb", '{"k": 1}')


@pytest.mark.parametrize("cut", ["tail", "middle"])
def test_damaged_gzip_keeps_what_was_read(cut: str, tmp_path: Path) -> None:
    noise = [{"skill_id": str(n), "body": os.urandom(400).hex()} for n in range(200)]
    raw = bytearray(gzip.compress(lines([*noise])))
    if cut == "tail":
        raw = raw[: len(raw) // 2]
    else:
        raw[len(raw) // 2 :] = b"\xff" * (len(raw) - len(raw) // 2)
    (tmp_path / "x.jsonl.gz").write_bytes(raw)
    scan = read_source(str(tmp_path / "x.jsonl.gz"))
    assert 0 < len(scan.skills) < 200
    (issue,) = scan.issues
    assert issue.line == len(scan.skills) + 1
    assert "breaks off" in issue.reason


def test_overlong_line_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skillrouter_core.catalog.jsonl.MAX_LINE_BYTES", 500)
    long = lines([{"skill_id": "long", "body": "x" * 2_000}])
    (tmp_path / "x.jsonl").write_bytes(long + lines([*RECORDS]))
    scan = read_source(str(tmp_path / "x.jsonl"))
    assert ids(scan) == ["x/o/a", "x/o/b"]
    assert (scan.issues[0].line, "500" in scan.issues[0].reason) == (1, True)


def test_file_that_unpacks_without_end_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skillrouter_core.catalog.jsonl.MAX_TOTAL_BYTES", 600)
    (tmp_path / "x.jsonl").write_bytes(lines([*RECORDS] * 10))
    scan = read_source(str(tmp_path / "x.jsonl"))
    assert "more than 600 bytes" in scan.issues[-1].reason


def test_shards_beside_skills_are_listed(tmp_path: Path) -> None:
    skill(tmp_path / "a")
    (tmp_path / "extra.jsonl").write_bytes(lines([*RECORDS]))
    scan = read_source(str(tmp_path), name="c")
    assert ids(scan) == ["c/a"]
    assert "import this file by itself" in left_out(scan)["extra.jsonl"]


def test_read_records(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(lines([{"a": 1}]) + b"\n{\n" + lines([{"b": 2}]))
    issues: list[ImportIssue] = []
    assert list(read_records(path, issues)) == [{"a": 1}, {"b": 2}]
    assert [(issue.path, issue.line) for issue in issues] == [("x.jsonl", 3)]
    with pytest.raises(SourceError, match="line 3: not JSON"):
        list(read_records(path))


# -------------------------------------------------------------------- zip, git, agents


@pytest.mark.parametrize("wrapped", [True, False])
def test_zip(wrapped: bool, tmp_path: Path) -> None:
    skill(tmp_path / "in/repo-main/dev/a")
    skill(tmp_path / "in/repo-main/b").write_text("no header")
    base = tmp_path / ("in" if wrapped else "in/repo-main")
    archive = shutil.make_archive(str(tmp_path / "tools"), "zip", base)
    scan = read_source(archive)
    assert (scan.name, scan.source) == ("tools", archive)
    assert {s.skill_id: s.category for s in scan.skills} == {"tools/b": "", "tools/dev/a": "dev"}
    assert [issue.path for issue in scan.issues] == ["b/SKILL.md"]


@pytest.mark.parametrize("wrapped", [True, False])
def test_zip_of_one_skill(wrapped: bool, tmp_path: Path) -> None:
    skill(tmp_path / "in/pdf").write_text("no header, so named after its place")
    base = tmp_path / ("in" if wrapped else "in/pdf")
    archive = shutil.make_archive(str(tmp_path / "pdf"), "zip", base)
    (found,) = read_source(archive).skills
    assert (found.skill_id, found.name) == ("pdf/pdf", "pdf")


def test_git_repository_with_a_skill_at_its_root(tmp_path: Path) -> None:
    origin = tmp_path / "tools.git"
    skill(origin / "dev/a")
    skill(origin).write_text("no header")
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", *command], cwd=origin, check=True)
    scan = read_source(f"file://{origin}")
    assert (scan.name, scan.source) == ("tools", f"file://{origin}")
    assert {s.skill_id: s.name for s in scan.skills} == {"tools/tools": "tools", "tools/dev/a": "a"}


def test_agent_source_is_bound_to_its_project(tmp_path: Path) -> None:
    home, project = tmp_path / "home", tmp_path / "project"
    skill(home / ".claude/skills/mine")
    skill(home / "checkout/shared")
    (home / ".claude/skills/shared").symlink_to(home / "checkout/shared")
    (home / ".claude/skills/out").symlink_to("/etc")
    skill(project / ".claude/skills/ours")
    scan = read_source("claude", home=home, cwd=project)
    assert (scan.name, scan.source) == ("claude", f"claude:{project}")
    assert ids(scan) == [
        "claude/personal/claude/mine",
        "claude/personal/claude/shared",
        "claude/project/claude/ours",
    ]
    assert "leads out" in left_out(scan)["out"]
    assert read_source(scan.source, home=home, cwd=tmp_path).skills == scan.skills


def test_agent_without_folders_names_the_places(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=f"no skill folder of hermes in {tmp_path}"):
        read_source("hermes", home=tmp_path, cwd=tmp_path)


# ------------------------------------------------------------------- sources and names


@pytest.mark.parametrize("source", ["nope", "-x", "--upload-pack=x", "a\0b", "x" * 5_000, "emacs"])
def test_unknown_source_is_named_with_the_kinds(source: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read_source(source, cwd=tmp_path)
    assert repr(source) in str(caught.value)
    assert KINDS in str(caught.value)


def test_other_file_is_no_source(tmp_path: Path) -> None:
    (tmp_path / "x.tar").touch()
    with pytest.raises(SourceError, match="not a kind of file"):
        read_source("x.tar", cwd=tmp_path)


@pytest.mark.parametrize("source", ["", "  "])
def test_empty_source(source: str) -> None:
    with pytest.raises(SourceError, match="empty"):
        read_source(source)


def test_source_without_skills_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no skill"):
        read_source(str(tmp_path))
    (tmp_path / "x.jsonl").write_bytes(b"{\n")
    with pytest.raises(SourceError, match=r"x\.jsonl, line 1: not JSON"):
        read_source(str(tmp_path))


@pytest.mark.parametrize("name", ["", "a/b", "../x", "-a", ".a", "_a", "a b", "x" * 65, "a\n"])
def test_bad_names_get_a_usable_proposal(name: str, tmp_path: Path) -> None:
    skill(tmp_path / "a")
    with pytest.raises(UsageError, match="for example") as caught:
        read_source(str(tmp_path), name=name)
    assert check_name(slug(name)) in str(caught.value)


@pytest.mark.parametrize("name", ["a", "A.b_c-1", "技能", "x" * 64])
def test_good_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("/a/skills", "skills"),
        ("/a/My skills/", "My-skills"),
        ("https://example.org/o/repo.git", "repo"),
        ("git@example.org:repo.git", "repo"),
        ("/a/pool.jsonl.gz", "pool"),
        ("/a/Tools.ZIP", "Tools"),
        ("/", "catalog"),
        ("/a/.hidden", "hidden"),
        ("/a/___", "catalog"),
    ],
)
def test_derived_names(source: str, name: str) -> None:
    assert derived_name(source) == name
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("folder", "category"),
    [
        ("a", ""),
        ("dev/a", "dev"),
        ("skills/a", ""),
        ("Skills/a", ""),
        (".claude/skills/a", ""),
        (".claude/a", ""),
        ("x/dev/a", "dev"),
        ("other/part", ""),
        ("", ""),
    ],
)
def test_category_from_the_folder_above(folder: str, category: str) -> None:
    assert folder_category(folder, {"other", folder}) == category


# -------------------------------------------------------------------------- progress


def test_progress_counts_every_file(tmp_path: Path) -> None:
    for number in range(5):
        skill(tmp_path / f"s{number}")
    told: list[Progress] = []
    read_source(str(tmp_path), listener=told.append)
    assert told[0].stage == "looking for skills"
    assert (told[-1].stage, told[-1].done, told[-1].total) == ("reading skills", 5, 5)


def test_cancelling_stops_the_reading(tmp_path: Path) -> None:
    skill(tmp_path / "a")

    def stop(progress: Progress) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        read_source(str(tmp_path), listener=stop)
