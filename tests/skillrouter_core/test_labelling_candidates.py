"""The file of candidate lists: what a kill, a second writer and a rewrite leave of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from skillrouter_core.errors import WorkspaceError
from skillrouter_core.labelling.candidates import (
    FILE,
    CandidateBook,
    CandidateList,
    StoredCandidate,
)

ROOT = Path(__file__).parents[2]


def listed(text: str, version: str = "1", skills: int = 2) -> CandidateList:
    candidates = tuple(
        StoredCandidate(f"pool/s{at}", "ab" * 32, at + 1, skills - at, 1.5 - at, None, 2.0, None)
        for at in range(skills)
    )
    return CandidateList(text, version, candidates, 0.25, notes=("a note",))


def test_lists_come_back_as_they_were_and_the_newest_counts(tmp_path):
    book = CandidateBook(tmp_path)
    assert book.lists() == {}
    awkward = listed('line\nbreak\u2028 "quotes" \ud800 é')
    for one in (listed("bread"), awkward, listed("bread", "2", 3)):
        book.add(one)
    fresh = CandidateBook(tmp_path).lists()
    assert fresh == {"bread": listed("bread", "2", 3), awkward.query_text: awkward}
    assert fresh == book.lists()


def test_the_score_that_decided_is_that_of_the_last_stage():
    one = listed("bread").candidates[0]
    assert one.deciding == 1.5
    reranked = StoredCandidate("a", "b", 1, 1, 1.5, -3.0, None, None)
    assert reranked.deciding == -3.0


def test_a_reader_sees_what_another_one_appends_and_its_token_changes(tmp_path):
    reader, writer = CandidateBook(tmp_path), CandidateBook(tmp_path)
    before, lists = reader.read()
    writer.add(listed("bread"))
    after, more = reader.read()
    assert before != after
    assert (lists, set(more)) == ({}, {"bread"})
    assert reader.read() == (after, more)


@pytest.mark.parametrize("kept", [1, 30, -1])
def test_a_line_cut_short_waits_again_and_harms_no_other(tmp_path, kept):
    book = CandidateBook(tmp_path)
    book.add(listed("bread"))
    start = (tmp_path / FILE).stat().st_size
    book.add(listed("soup"))
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[: start + kept] if kept > 0 else whole[:kept])
    assert set(CandidateBook(tmp_path).lists()) == {"bread"}
    CandidateBook(tmp_path).add(listed("tea"))
    found = CandidateBook(tmp_path).lists()
    # All but the line's end was written: the next writer ends it, and nothing was lost.
    assert set(found) == ({"bread", "tea"} if kept > 0 else {"bread", "soup", "tea"})


def test_lines_of_another_format_are_passed_over(tmp_path):
    book = CandidateBook(tmp_path)
    book.add(listed("bread"))
    for line in (b'{"format": 0, "query": "old"}\n', b"null\n", b"[1]\n", b'{"format": 1}\n'):
        with (tmp_path / FILE).open("ab") as file:
            file.write(line)
    book.add(listed("soup"))
    assert set(book.lists()) == set(CandidateBook(tmp_path).lists()) == {"bread", "soup"}


def test_rewriting_keeps_the_newest_of_what_is_wanted_and_readers_follow(tmp_path):
    book, reader = CandidateBook(tmp_path), CandidateBook(tmp_path)
    for version in "12345":
        book.add(listed("bread", version))
    book.add(listed("gone"))
    reader.lists()
    assert not book.compact({"bread", "gone"}, superseded=3)
    assert book.compact({"bread"}, superseded=3)
    assert len((tmp_path / FILE).read_bytes().splitlines()) == 2  # the head and one list
    assert reader.lists() == book.lists() == {"bread": listed("bread", "5")}
    assert not book.compact({"bread"})
    book.add(listed("soup"))
    assert set(reader.lists()) == {"bread", "soup"}


def test_a_file_that_vanished_is_an_empty_one(tmp_path):
    book = CandidateBook(tmp_path)
    book.add(listed("bread"))
    book.lists()
    (tmp_path / FILE).unlink()
    assert book.lists() == {}


def test_whoever_waits_too_long_for_another_writer_is_told(tmp_path):
    with (
        FileLock(tmp_path / ".lock"),
        pytest.raises(WorkspaceError, match="another process has been writing"),
    ):
        CandidateBook(tmp_path, lock_seconds=0.05).add(listed("bread"))
    CandidateBook(tmp_path, lock_seconds=0.05).add(listed("bread"))


WRITER = """
import sys
from pathlib import Path
from skillrouter_core.labelling.candidates import CandidateBook
from tests.skillrouter_core.test_labelling_candidates import listed
book = CandidateBook(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    book.add(listed(f"{sys.argv[2]} {number}", skills=20))
    print(number, flush=True)
"""


def writer(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), name, str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_two_processes_append_at_once_and_nothing_is_lost(tmp_path):
    with writer(tmp_path, "one", 40) as one, writer(tmp_path, "two", 40) as two:
        one.communicate()
        two.communicate()
    assert (one.returncode, two.returncode) == (0, 0)
    names = {f"{name} {number}" for name in ("one", "two") for number in range(40)}
    assert set(CandidateBook(tmp_path).lists()) == names
    for line in (tmp_path / FILE).read_bytes().splitlines():
        json.loads(line)


def test_what_was_added_before_a_kill_is_there_after_it(tmp_path):
    with writer(tmp_path, "one", 10_000) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(15)]
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    done = {f"one {int(line)}" for line in said}
    book = CandidateBook(tmp_path)
    assert done <= set(book.lists())
    book.add(listed("after"))
    assert "after" in CandidateBook(tmp_path).lists()
