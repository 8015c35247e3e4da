"""The vector store: what it keeps, what it refuses, and what no crash may break."""

import resource
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from skillrouter_core.errors import (
    IndexNotReadyError,
    ModelError,
    UsageError,
    WorkspaceError,
)
from skillrouter_core.vectors import FloatMatrix, VectorStore, store_folder

DIMENSION = 4
ROOT = Path(__file__).parents[2]


def hashes(*names: object) -> list[str]:
    return [sha256(str(name).encode()).hexdigest() for name in names]


def vectors(*names: object) -> FloatMatrix:
    """A unit row per name, the same for the same name."""
    rows = []
    for name in names:
        seed = int.from_bytes(sha256(str(name).encode()).digest()[:4])
        row = np.random.default_rng(seed).normal(size=DIMENSION)
        rows.append(row / np.linalg.norm(row))
    return np.array(rows, dtype=np.float32).reshape(len(names), DIMENSION)


def store(folder: Path, **options: float) -> VectorStore:
    return VectorStore(folder, "model", "v1", DIMENSION, **options)


def filled(folder: Path, *names: object) -> VectorStore:
    opened = store(folder)
    opened.append(hashes(*names), vectors(*names))
    return opened


def test_vectors_come_back_in_the_order_asked(tmp_path: Path) -> None:
    filled(tmp_path, *range(5))
    again = store(tmp_path)
    assert len(again) == 5
    np.testing.assert_array_equal(again.gather(hashes(3, 0, 3)), vectors(3, 0, 3))
    assert again.gather([]).shape == (0, DIMENSION)


def test_missing_names_each_text_once(tmp_path: Path) -> None:
    opened = filled(tmp_path, "a", "b")
    assert opened.missing(hashes("a", "c", "b", "d", "c")) == [1, 3]


def test_nothing_is_stored_twice(tmp_path: Path) -> None:
    opened = filled(tmp_path, "a")
    assert opened.append(hashes("a", "b", "b"), vectors("x", "b", "y")) == 1
    np.testing.assert_array_equal(opened.gather(hashes("a", "b")), vectors("a", "b"))
    assert len(store(tmp_path)) == 2


def test_readers_see_what_another_store_appends(tmp_path: Path) -> None:
    reader = store(tmp_path)
    filled(tmp_path, "a")
    np.testing.assert_array_equal(reader.gather(hashes("a")), vectors("a"))


def test_appends_larger_than_one_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skillrouter_core.vectors.APPEND_RECORDS", 3)
    opened = filled(tmp_path, *range(8))
    np.testing.assert_array_equal(opened.gather(hashes(*range(8))), vectors(*range(8)))


def test_gathering_an_unknown_text_says_how_many_lack(tmp_path: Path) -> None:
    with pytest.raises(IndexNotReadyError, match="2 of 3 texts have no vector"):
        filled(tmp_path, "a").gather(hashes("a", "b", "c"))


@pytest.mark.parametrize(
    ("row", "message"),
    [([np.nan, 0, 0, 0], "length nan"), ([2, 0, 0, 0], "length 2"), ([0, 0, 0, 0], "length 0")],
)
def test_rows_that_are_no_unit_vectors_are_refused_whole(
    row: list[float], message: str, tmp_path: Path
) -> None:
    opened = store(tmp_path)
    matrix = np.vstack([vectors("a"), np.array([row], dtype=np.float32)])
    with pytest.raises(ModelError, match=message):
        opened.append(hashes("a", "b"), matrix)
    assert len(store(tmp_path)) == 0


@pytest.mark.parametrize("shape", [(1, DIMENSION), (2, DIMENSION + 1), (2 * DIMENSION,)])
def test_a_matrix_of_another_shape_is_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="shape"):
        store(tmp_path).append(hashes("a", "b"), np.ones(shape, dtype=np.float32))


@pytest.mark.parametrize("value", ["", "abc", "Z" * 64, "A" * 64])
def test_a_key_that_is_no_hash_is_refused(value: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no content hash"):
        store(tmp_path).missing([value])


@pytest.mark.parametrize(
    "other", [("other", "v1", DIMENSION), ("model", "v2", DIMENSION), ("model", "v1", 8)]
)
def test_another_models_folder_is_refused(other: tuple[str, str, int], tmp_path: Path) -> None:
    filled(tmp_path, "a")
    with pytest.raises(WorkspaceError, match="embed again"):
        VectorStore(tmp_path, *other)


def test_records_without_a_manifest_are_refused_and_left_alone(tmp_path: Path) -> None:
    filled(tmp_path, "a")
    (tmp_path / "manifest.json").unlink()
    before = (tmp_path / "records.bin").read_bytes()
    with pytest.raises(WorkspaceError, match="without a manifest"):
        VectorStore(tmp_path, "model", "v1", 8)
    assert (tmp_path / "records.bin").read_bytes() == before


def test_a_broken_manifest_is_named(tmp_path: Path) -> None:
    filled(tmp_path, "a")
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(WorkspaceError, match=r"manifest\.json"):
        store(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="permissions"):
        store(tmp_path / "file" / "below")


def test_stores_of_different_models_have_different_folders(tmp_path: Path) -> None:
    pairs = [("a/b", "v"), ("a-b", "v"), ("a/b", "w"), ("../..", "v"), ("", "v"), ("模型", "v")]
    folders = {store_folder(tmp_path, *pair) for pair in pairs}
    assert len(folders) == len(pairs)
    assert {folder.parent for folder in folders} == {tmp_path}


# ------------------------------------------------------------------ crashes


def test_a_file_cut_anywhere_in_its_last_record_keeps_the_others(tmp_path: Path) -> None:
    filled(tmp_path, "a", "b", "c")
    path = tmp_path / "records.bin"
    whole = path.read_bytes()
    record = len(whole) // 3
    for length in range(2 * record, 3 * record):
        path.write_bytes(whole[:length])
        opened = store(tmp_path)
        assert len(opened) == 2
        assert opened.missing(hashes("a", "b", "c")) == [2]
        opened.append(hashes("c"), vectors("c"))
        assert path.read_bytes() == whole


@pytest.mark.parametrize("at", [0, 31, 33, 40])
def test_a_damaged_record_of_the_last_append_is_dropped_with_what_follows(
    at: int, tmp_path: Path
) -> None:
    """A power cut may leave a file of the right length with a hole in it."""
    filled(tmp_path, "a", "b", "c")
    path = tmp_path / "records.bin"
    data = bytearray(path.read_bytes())
    data[len(data) // 3 + at] ^= 0xFF
    path.write_bytes(data)
    opened = store(tmp_path)
    assert opened.missing(hashes("a", "b", "c")) == [1, 2]
    opened.append(hashes("b", "c"), vectors("b", "c"))
    np.testing.assert_array_equal(opened.gather(hashes(*"abc")), vectors(*"abc"))


def test_a_store_emptied_under_a_reader_is_empty(tmp_path: Path) -> None:
    reader = filled(tmp_path, "a", "b")
    (tmp_path / "records.bin").unlink()
    assert reader.missing(hashes("a", "b")) == [0, 1]
    filled(tmp_path, "b")
    assert reader.missing(hashes("a", "b")) == [0]


APPEND_FOREVER = """
import sys
from pathlib import Path
from tests.skillrouter_core.test_vectors import hashes, store, vectors
opened = store(Path(sys.argv[1]))
number = len(opened)
print("ready", flush=True)
while True:
    names = range(number, number + 7)
    opened.append(hashes(*names), vectors(*names))
    number += 7
"""


def test_a_killed_writer_loses_nothing_it_had_stored(tmp_path: Path) -> None:
    known = 0
    for _ in range(3):
        command = [sys.executable, "-c", APPEND_FOREVER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            _wait_for_more(tmp_path / "records.bin")
            writer.send_signal(signal.SIGKILL)
        opened = store(tmp_path)
        names = range(len(opened))
        assert len(opened) > known
        np.testing.assert_array_equal(opened.gather(hashes(*names)), vectors(*names))
        known = len(opened)
    size = (tmp_path / "records.bin").stat().st_size
    assert size // (32 + 4 + 4 * DIMENSION) == known  # none twice


def _wait_for_more(path: Path) -> None:
    before = path.stat().st_size if path.exists() else 0
    deadline = time.monotonic() + 60
    while not path.exists() or path.stat().st_size < before + 2000:
        assert time.monotonic() < deadline
        time.sleep(0.002)


# ------------------------------------------------------------------ two writers


def test_a_second_writer_gives_up_with_a_remedy(tmp_path: Path) -> None:
    opened = store(tmp_path, lock_seconds=0.01)
    with (
        FileLock(tmp_path / ".lock"),
        pytest.raises(WorkspaceError, match="another process"),
    ):
        opened.append(hashes("a"), vectors("a"))
    assert opened.append(hashes("a"), vectors("a")) == 1


def test_appending_within_a_writing_block(tmp_path: Path) -> None:
    opened = store(tmp_path)
    with opened.writing():
        opened.append(hashes("a"), vectors("a"))
        with pytest.raises(WorkspaceError):
            store(tmp_path, lock_seconds=0.01).append(hashes("b"), vectors("b"))
    assert store(tmp_path).append(hashes("b"), vectors("b")) == 1


def test_a_write_that_fails_midway_is_reported_and_leaves_a_usable_store(tmp_path: Path) -> None:
    opened = filled(tmp_path, "a")
    size = (tmp_path / "records.bin").stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + size // 2, limits[1]))
    try:
        with pytest.raises(WorkspaceError, match="make room"):
            opened.append(hashes("b"), vectors("b"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "records.bin").stat().st_size == size + size // 2
    assert opened.append(hashes("b"), vectors("b")) == 1
    np.testing.assert_array_equal(store(tmp_path).gather(hashes("a", "b")), vectors("a", "b"))
