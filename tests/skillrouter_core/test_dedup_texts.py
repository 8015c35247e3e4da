"""Prepared texts come back as they were, or are prepared again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from skillrouter_core.dedup.shingles import Shingler
from skillrouter_core.dedup.texts import MAX_FILES, Prepared, TextStore, prepare
from skillrouter_core.errors import IndexNotReadyError, WorkspaceError
from skillrouter_core.records import Skill
from tests.fakes import skill

SKILLS = [
    skill("a", "reads pdf. not for docx-tool work.", "open the file and read it\nnot for images"),
    skill("b", "", ""),
    skill("c", "", "漢字を読む " * 30),
]
HASHES = [one.content_hash for one in SKILLS]


def texts() -> Prepared:
    return prepare(SKILLS, Shingler())


def same(one: Prepared, other: Prepared) -> bool:
    return (
        np.array_equal(one.bags.values, other.bags.values)
        and np.array_equal(one.bags.offsets, other.bags.offsets)
        and np.array_equal(one.signatures, other.signatures)
        and one.stated == other.stated
        and one.cut.tolist() == other.cut.tolist()
    )


def filled(cache: Path) -> Path:
    """Return the one file of a store that holds all three texts."""
    TextStore(cache, "word").append(HASHES, texts())
    return next(cache.rglob("texts-*.bin"))


def test_preparing_cuts_and_keeps_what_is_stated() -> None:
    ready = texts()
    assert ready.cut.tolist() == [1, 0, 0]
    assert ready.stated == ("not for docx tool work", "", "")
    assert ready.bags.sizes.tolist()[:2] == [4, 0]
    kept = Shingler().shingle("open the file and read it")
    assert np.array_equal(ready.bags.row(0), kept)


def test_texts_come_back_in_any_order_from_several_files(tmp_path: Path) -> None:
    store, ready = TextStore(tmp_path, "word"), texts()
    assert store.missing([*HASHES, HASHES[0]]) == [0, 1, 2]
    store.append(HASHES[:2], prepare(SKILLS[:2], Shingler()))
    TextStore(tmp_path, "word").append(HASHES[2:], prepare(SKILLS[2:], Shingler()))
    again = TextStore(tmp_path, "word")
    assert again.missing(HASHES) == []
    assert same(again.gather(HASHES), ready)
    assert same(again.gather(HASHES[::-1]), prepare(SKILLS[::-1], Shingler()))


def test_kinds_do_not_mix(tmp_path: Path) -> None:
    filled(tmp_path)
    assert TextStore(tmp_path, "char").missing(HASHES) == [0, 1, 2]


def test_a_missing_text_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(IndexNotReadyError, match="scan for duplicates again"):
        TextStore(tmp_path, "word").gather(HASHES)


@pytest.mark.parametrize("left", [0, 5, 31, 200, -1])
def test_a_torn_file_is_passed_over(tmp_path: Path, left: int) -> None:
    path = filled(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:left])
    store = TextStore(tmp_path, "word")
    assert store.missing(HASHES) == [0, 1, 2]
    store.append(HASHES, texts())
    assert same(TextStore(tmp_path, "word").gather(HASHES), texts())


def test_a_damaged_text_counts_as_missing_and_is_replaced(tmp_path: Path) -> None:
    path = filled(tmp_path)
    whole = bytearray(path.read_bytes())
    gram = int(texts().bags.row(0)[2]).to_bytes(8, "little")
    whole[whole.index(gram)] ^= 1
    path.write_bytes(whole)
    store = TextStore(tmp_path, "word")
    assert store.missing(HASHES) == [0]
    store.append(HASHES[:1], prepare(SKILLS[:1], Shingler()))
    again = TextStore(tmp_path, "word")
    assert again.missing(HASHES) == []
    assert same(again.gather(HASHES), texts())


def test_another_file_s_magic_is_not_read(tmp_path: Path) -> None:
    path = filled(tmp_path)
    path.write_bytes(b"SOMEBODY" + path.read_bytes()[8:])
    assert TextStore(tmp_path, "word").missing(HASHES) == [0, 1, 2]


def test_files_and_dead_texts_are_tidied(tmp_path: Path) -> None:
    store = TextStore(tmp_path, "word")
    for _ in range(MAX_FILES + 1):
        store.append(HASHES, texts())
    store.tidy(HASHES[1:])
    assert len(list(tmp_path.rglob("texts-*.bin"))) == 1
    assert store.missing(HASHES) == [0]
    assert TextStore(tmp_path, "word").missing(HASHES) == [0]


def test_a_young_half_written_file_is_left_to_its_writer(tmp_path: Path) -> None:
    folder = filled(tmp_path).parent
    young, old = folder / "texts-1.bin.aa.new", folder / "texts-2.bin.bb.new"
    for path in (young, old):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    TextStore(tmp_path, "word").tidy(HASHES)
    assert young.exists()
    assert not old.exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(WorkspaceError, match="cache"):
        TextStore(tmp_path / "cache", "word").append(HASHES, texts())


WRITER = """
import sys
from pathlib import Path
from skillrouter_core.dedup.shingles import Shingler
from skillrouter_core.dedup.texts import TextStore, prepare
from skillrouter_core.records import Skill

store, number = TextStore(Path(sys.argv[1]), "word"), 0
while True:
    skills = [Skill(f"s{number}-{i}", "n", "", f"body {number} {i} " * 400) for i in range(20)]
    store.append([one.content_hash for one in skills], prepare(skills, Shingler()))
    number += 1
    print(number, flush=True)
"""


@pytest.mark.parametrize("delay", [0.0, 0.003, 0.011])
def test_a_killed_writer_leaves_whole_files(tmp_path: Path, delay: float) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        written = [process.stdout.readline() for _ in range(3)]
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
    skills = [
        Skill(f"s{batch}-{i}", "n", "", f"body {batch} {i} " * 400)
        for batch in range(int(written[-1]))
        for i in range(20)
    ]
    store = TextStore(tmp_path, "word")
    hashes = [one.content_hash for one in skills]
    assert store.missing(hashes) == []
    assert same(store.gather(hashes), prepare(skills, Shingler()))
