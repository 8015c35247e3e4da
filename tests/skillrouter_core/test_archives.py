"""Real zips and real git repositories, most of them hostile."""

from __future__ import annotations

import os
import stat
import subprocess
import time
import zipfile
import zlib
from pathlib import Path

import pytest

from skillrouter_core.archives import (
    MAX_SKILL_BYTES,
    clone,
    entries,
    is_git_url,
    open_archive,
    zips,
)
from skillrouter_core.errors import Cancelled, SourceError, UnsafeArchiveError
from skillrouter_core.progress import Progress
from skillrouter_core.records import ImportIssue

SKILL = b"---\nname: a\ndescription: b\n---\nBody\n"


def pack(path: Path, files: dict[str, bytes], modes: dict[str, int] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (modes or {}).get(name, stat.S_IFREG | 0o644) << 16
            archive.writestr(info, data)
    return path


def unpack(path: Path) -> tuple[dict[str, bytes], tuple[ImportIssue, ...]]:
    with open_archive(path) as unpacked:
        return contents(unpacked.folder), unpacked.issues


def contents(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if not file.is_dir())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


# ------------------------------------------------------------------------------ zips


def test_only_skill_files_are_unpacked(tmp_path: Path) -> None:
    files = {"a/SKILL.md": SKILL, "b/skill.md": SKILL, "a/run.sh": b"x", "SKILL.md.bak": b"y"}
    unpacked, issues = unpack(pack(tmp_path / "x.zip", files))
    assert unpacked == {"a/SKILL.md": SKILL, "b/skill.md": SKILL}
    assert issues == ()


def test_other_files_are_unpacked_where_asked_for(tmp_path: Path) -> None:
    files = {"a/tasks.jsonl": b"{}", "a/SKILL.md": SKILL, "a/big.jsonl": b"x" * 30}
    path = pack(tmp_path / "x.zip", files)
    with open_archive(path, wanted=lambda name: name.endswith(".jsonl"), max_bytes=20) as unpacked:
        assert contents(unpacked.folder) == {"a/tasks.jsonl": b"{}"}
    assert [issue.reason for issue in unpacked.issues] == [
        "30 bytes, more than the 20 this file may have"
    ]


def test_folder_is_gone_afterwards(tmp_path: Path) -> None:
    with open_archive(pack(tmp_path / "x.zip", {"SKILL.md": SKILL})) as unpacked:
        folder = unpacked.folder
    assert not folder.exists()


@pytest.mark.parametrize(
    "name",
    [
        "../SKILL.md",
        "a/../../SKILL.md",
        "/etc/SKILL.md",
        "..\\SKILL.md",
        "C:\\SKILL.md",
        "../x.txt",
    ],
)
def test_traversal_refuses_the_whole_zip(name: str, tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", {"a/SKILL.md": SKILL, name: SKILL})
    with pytest.raises(UnsafeArchiveError, match="leaves its folder"), open_archive(path):
        pytest.fail("an unsafe zip was opened")
    assert not (tmp_path / "SKILL.md").exists()


@pytest.mark.parametrize("target", [b"/etc/passwd", b"../../secret", b"..", b"\\\\host\\share"])
def test_links_that_lead_out_refuse_the_whole_zip(target: bytes, tmp_path: Path) -> None:
    files = {"a/SKILL.md": SKILL, "b/link": target}
    path = pack(tmp_path / "x.zip", files, {"b/link": stat.S_IFLNK | 0o777})
    if target == b"..":
        assert unpack(path)[0] == {"a/SKILL.md": SKILL}  # stays inside: b/.. is the root
        return
    with pytest.raises(UnsafeArchiveError, match="link that leaves"), open_archive(path):
        pytest.fail("an unsafe zip was opened")


def test_links_inside_are_listed_not_made(tmp_path: Path) -> None:
    files = {"a/SKILL.md": SKILL, "b/SKILL.md": b"../a/SKILL.md", "c": b"a"}
    modes = {"b/SKILL.md": stat.S_IFLNK | 0o777, "c": stat.S_IFLNK | 0o777}
    unpacked, issues = unpack(pack(tmp_path / "x.zip", files, modes))
    assert unpacked == {"a/SKILL.md": SKILL}
    (issue,) = issues
    assert (issue.path, issue.imported) == ("b/SKILL.md", False)
    assert "link" in issue.reason


def test_oversized_skill_is_listed_with_size_and_cap(tmp_path: Path) -> None:
    files = {"a/SKILL.md": SKILL, "b/SKILL.md": b"x" * (MAX_SKILL_BYTES + 1)}
    unpacked, issues = unpack(pack(tmp_path / "x.zip", files))
    assert unpacked == {"a/SKILL.md": SKILL}
    assert str(MAX_SKILL_BYTES + 1) in issues[0].reason
    assert f"{MAX_SKILL_BYTES} " in issues[0].reason


def test_size_in_the_directory_may_be_a_lie(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", {"SKILL.md": b"x" * (MAX_SKILL_BYTES + 5)})
    raw = bytearray(path.read_bytes())
    true, small = (MAX_SKILL_BYTES + 5).to_bytes(4, "little"), (10).to_bytes(4, "little")
    path.write_bytes(bytes(raw).replace(true, small))
    unpacked, issues = unpack(path)
    assert all(len(data) <= 10 for data in unpacked.values())
    assert unpacked or issues


@pytest.mark.parametrize(
    ("cap", "value", "message"),
    [
        ("MAX_UNPACKED_BYTES", 1_000, "caps: 1000 bytes"),
        ("RATIO_FROM_BYTES", 1_000, "200 times"),
        ("MAX_ENTRIES", 2, "more than"),
    ],
)
def test_bombs(
    cap: str, value: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"{number}/SKILL.md": bytes(100_000) for number in range(3)}
    path = pack(tmp_path / "x.zip", files)
    monkeypatch.setattr(zips, cap, value)  # a smaller cap stands for a larger bomb
    with pytest.raises(UnsafeArchiveError, match=message), open_archive(path):
        pytest.fail("a bomb was unpacked")


def test_encrypted_skill_is_listed(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", {"a/SKILL.md": SKILL, "b/SKILL.md": SKILL})
    raw = path.read_bytes()
    at = raw.rindex(b"PK\x01\x02")  # the directory entry of b
    path.write_bytes(raw[: at + 8] + b"\x01" + raw[at + 9 :])
    unpacked, issues = unpack(path)
    assert list(unpacked) == ["a/SKILL.md"]
    assert "encrypted" in issues[0].reason


def test_damaged_skill_is_listed(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", {"a/SKILL.md": SKILL, "b/SKILL.md": SKILL})
    raw = bytearray(path.read_bytes())
    deflated = zlib.compressobj(6, zlib.DEFLATED, -15)
    data = deflated.compress(SKILL) + deflated.flush()
    raw[raw.index(data) : raw.index(data) + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(bytes(raw))
    unpacked, issues = unpack(path)
    assert list(unpacked) == ["b/SKILL.md"]
    assert "damaged" in issues[0].reason


def test_name_taken_twice_and_name_too_long_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    long = f"{'x' * 300}/SKILL.md"
    pack(path, {"a/SKILL.md": SKILL, "./a/SKILL.md": b"second", long: SKILL})
    unpacked, issues = unpack(path)
    assert unpacked == {"a/SKILL.md": SKILL}
    assert [issue.path for issue in issues] == ["a/SKILL.md", long]


@pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\x03\x04 cut off"])
def test_not_a_zip(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(SourceError, match="not a readable zip"), open_archive(tmp_path / "x.zip"):
        pytest.fail("opened")


# ------------------------------------------------------------------------------- git


def git(folder: Path, *arguments: str, stdin: bytes | None = None) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    permissive = ["-c", "protocol.file.allow=always"]
    done = subprocess.run(
        ["git", *identity, *permissive, *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        check=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
    )
    return done.stdout.decode().strip()


def repository(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")
    return folder


def fetched(folder: Path) -> tuple[dict[str, bytes], tuple[ImportIssue, ...]]:
    with clone(f"file://{folder}") as unpacked:
        return contents(unpacked.folder), unpacked.issues


def test_clone_takes_skill_files_of_the_newest_commit(tmp_path: Path) -> None:
    crlf = SKILL.replace(b"\n", b"\r\n")
    files = {"a/SKILL.md": crlf, "b c/skill.md": "正文".encode(), "run.sh": b"x", "e/SKILL.md": b""}
    origin = repository(tmp_path / "origin", files)
    (origin / "a/SKILL.md").write_bytes(SKILL)
    git(origin, "commit", "-q", "-am", "y")
    unpacked, issues = fetched(origin)
    assert unpacked == {
        "a/SKILL.md": SKILL,
        "b c/skill.md": "正文".encode(),
        "e/SKILL.md": b"",
    }
    assert issues == ()


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Plant hooks, filters and helpers wherever git looks; each leaves a file in this folder."""
    folder, home, hooks = tmp_path / "marks", tmp_path / "home", tmp_path / "home/template/hooks"
    folder.mkdir()
    hooks.mkdir(parents=True)
    for hook in ("post-checkout", "post-merge", "reference-transaction"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch {folder}/{hook}\n")
        (hooks / hook).chmod(0o755)
    (home / ".gitconfig").write_text(
        f"[core]\n hooksPath = {hooks}\n"
        f'[filter "evil"]\n smudge = "touch {folder}/smudge; cat"\n required = true\n'
    )
    planted = {
        "HOME": str(home),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": str(hooks),
        "GIT_TEMPLATE_DIR": str(hooks.parent),
    }
    for name, value in planted.items():
        monkeypatch.setenv(name, value)
    return folder


def test_nothing_of_a_hostile_repository_runs(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    files = {"a/SKILL.md": SKILL, ".gitattributes": b"* filter=evil\n"}
    origin = repository(tmp_path / "origin", files)
    marks: Path = request.getfixturevalue("marks")
    plain = ["git", "clone", "-q", f"file://{origin}", "plain"]
    subprocess.run(plain, cwd=tmp_path, check=True)
    assert {"smudge", "post-checkout"} <= {file.name for file in marks.iterdir()}
    for file in marks.iterdir():
        file.unlink()
    assert fetched(origin)[0] == {"a/SKILL.md": SKILL}
    assert list(marks.iterdir()) == []


def test_submodules_and_links_are_not_followed(tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", {"SKILL.md": SKILL})
    origin = repository(tmp_path / "origin", {"a/SKILL.md": SKILL})
    git(origin, "submodule", "--quiet", "add", f"file://{inner}", "sub")
    (origin / "b").mkdir()
    (origin / "b/SKILL.md").symlink_to("/etc/passwd")
    git(origin, "add", "-A")
    git(origin, "commit", "-q", "-m", "y")
    unpacked, issues = fetched(origin)
    assert unpacked == {"a/SKILL.md": SKILL}
    assert [(issue.path, issue.imported) for issue in issues] == [("b/SKILL.md", False)]


def test_tree_that_climbs_out_is_refused(tmp_path: Path) -> None:
    origin = repository(tmp_path / "origin", {"x": b"x"})
    blob = git(origin, "hash-object", "-w", "--stdin", stdin=SKILL)
    entry = b"100644 SKILL.md\0" + bytes.fromhex(blob)
    tree = git(origin, "hash-object", "-w", "-t", "tree", "--stdin", "--literally", stdin=entry)
    above = b"40000 ..\0" + bytes.fromhex(tree)
    top = git(origin, "hash-object", "-w", "-t", "tree", "--stdin", "--literally", stdin=above)
    commit = git(origin, "commit-tree", top, "-m", "z")
    git(origin, "update-ref", "HEAD", commit)
    with pytest.raises(UnsafeArchiveError, match="leaves its folder"):
        fetched(origin)


def test_oversized_blob_is_listed(tmp_path: Path) -> None:
    files = {"a/SKILL.md": SKILL, "b/SKILL.md": b"x" * (MAX_SKILL_BYTES + 1)}
    unpacked, issues = fetched(repository(tmp_path / "origin", files))
    assert list(unpacked) == ["a/SKILL.md"]
    assert str(MAX_SKILL_BYTES) in issues[0].reason


REFUSED = [
    "ext::sh -c touch% /tmp/x",
    "ext::sh",
    "fd::17",
    "http://example.org/x",
    "git://example.org/x",
    "ftp://example.org/x",
    "--upload-pack=touch",
    "-u",
    "ssh://-oProxyCommand=touch/x",
    "https://-x/y",
    "https:///x",
    "https://user:secret@example.org/x",
    "https://example.org/x\n",
    "a@-oProxyCommand=x:y",
    "a@b:-x",
]


@pytest.mark.parametrize("url", REFUSED)
def test_refused_urls(url: str) -> None:
    with pytest.raises(SourceError) as caught, clone(url):
        pytest.fail("cloned")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("https://example.org/a/b", True),
        ("file:///a", True),
        ("git@example.org:a/b.git", True),
        ("ssh://git@example.org/a", True),
        ("ext::sh", True),
        ("http://example.org", True),
        ("./a", False),
        ("/a/b.git", False),
        ("claude", False),
        ("claude:/a", False),
        ("C:\\skills", False),
    ],
)
def test_is_git_url(source: str, expected: bool) -> None:
    assert is_git_url(source) is expected


def test_missing_repository_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere could not be fetched.*Check the address"):
        fetched(tmp_path / "nowhere")


def test_empty_repository_is_named(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "origin")
    with pytest.raises(SourceError, match="origin could not be fetched"):
        fetched(tmp_path / "origin")


def test_missing_git_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="git is not installed"):
        fetched(tmp_path)


@pytest.fixture
def slow_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a git first on the PATH that writes its process id and then never ends."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "git"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return tmp_path / "pid"


def gone(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_timeout_ends_git(slow_git: Path) -> None:
    with (
        pytest.raises(SourceError, match=r"not fetched within 0\.3 seconds"),
        clone("https://example.org/x", timeout=0.3),
    ):
        pytest.fail("cloned")
    assert gone(int(slow_git.read_text()))


def test_cancelling_ends_git(slow_git: Path) -> None:
    def stop(progress: Progress) -> None:
        if slow_git.exists():
            raise Cancelled("enough")

    with pytest.raises(Cancelled), clone("https://example.org/x", stop):
        pytest.fail("cloned")
    assert gone(int(slow_git.read_text()))


@pytest.mark.parametrize("name", ["a/SKILL.md", "a\\SKILL.md", "./a//SKILL.md"])
def test_safe_names(name: str) -> None:
    assert entries.safe_parts(name, "x") == ("a", "SKILL.md")
