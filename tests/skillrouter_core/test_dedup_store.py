"""A saved scan comes back whole, whatever happened to the process that saved it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from skillrouter_core.dedup.boilerplate import Boilerplate
from skillrouter_core.dedup.pairs import PairTable, Scan
from skillrouter_core.dedup.store import (
    current_scan_version,
    load_boilerplate,
    load_scan,
    save_boilerplate,
    save_scan,
)
from skillrouter_core.errors import IndexNotReadyError, WorkspaceError
from skillrouter_core.records import Thresholds

ROOT = Path(__file__).parents[2]


def made(count: int = 2) -> Scan:
    """Return a scan of `count` skills with one pair for each two neighbours."""
    numbers = np.linspace(0.5, 1, max(count - 1, 0), dtype=np.float32)
    rows = np.arange(count - 1, dtype=np.int32)
    flags = rows % 2 == 0
    unknown = np.full(len(rows), np.nan, dtype=np.float32)
    table = PairTable(rows, rows + 1, flags, numbers, numbers, unknown, numbers, ~flags)
    return Scan(
        ids=tuple(f"s{row}" for row in range(count)),
        hashes=tuple("0" * 64 for _ in range(count)),
        names=tuple(f"naïve {row}" for row in range(count)),
        sources=("x",) * count,
        chars=np.arange(count, dtype=np.int64),
        pairs=table,
        floors=Thresholds(0.4, 0.8),
        seconds={"texts": 0.5},
        notes=("one note",),
    )


def assert_same(one: Scan | None, other: Scan) -> None:
    assert one is not None
    for part in ("ids", "hashes", "names", "sources", "floors", "seconds", "notes"):
        assert getattr(one, part) == getattr(other, part)
    assert np.array_equal(one.chars, other.chars)
    for column in fields(PairTable):
        mine, theirs = getattr(one.pairs, column.name), getattr(other.pairs, column.name)
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)


def test_there_is_nothing_before_the_first(tmp_path: Path) -> None:
    assert current_scan_version(tmp_path / "none") == ""
    assert load_scan(tmp_path / "none") is None


@pytest.mark.parametrize("count", [1, 2, 50])
def test_a_scan_comes_back(tmp_path: Path, count: int) -> None:
    version = save_scan(tmp_path, made(count))
    assert current_scan_version(tmp_path) == version != ""
    assert_same(load_scan(tmp_path), made(count))


def test_the_newest_counts_and_few_are_kept(tmp_path: Path) -> None:
    versions = [save_scan(tmp_path, made(count)) for count in (2, 3, 4, 5)]
    assert len(set(versions)) == 4
    assert current_scan_version(tmp_path) == versions[-1]
    assert_same(load_scan(tmp_path), made(5))
    assert len(list(tmp_path.glob("scan-*.npz"))) == 2


@pytest.mark.parametrize("left", [0, 10, 500, -1])
def test_a_torn_scan_is_named_with_what_to_do(tmp_path: Path, left: int) -> None:
    path = tmp_path / f"{save_scan(tmp_path, made(50))}.npz"
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(WorkspaceError, match="scan for duplicates again"):
        load_scan(tmp_path)


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / f"{save_scan(tmp_path, made(50))}.npz"
    whole = bytearray(path.read_bytes())
    whole[whole.index(b'"naive' if b'"naive' in whole else b"na\\u00efve") + 1] ^= 1
    path.write_bytes(whole)
    with pytest.raises(WorkspaceError, match="damaged"):
        load_scan(tmp_path)


def test_a_version_that_points_nowhere_is_damage(tmp_path: Path) -> None:
    (tmp_path / "CURRENT").write_text("scan-gone")
    with pytest.raises(WorkspaceError, match="damaged"):
        load_scan(tmp_path)


def test_boilerplate_comes_back_for_the_same_texts_only(tmp_path: Path) -> None:
    found = Boilerplate({"x": np.array([3, 9], dtype=np.uint64), "": np.array([1], np.uint64)})
    save_boilerplate(tmp_path, ["h"], ["x"], "char", found)
    kind, again = load_boilerplate(tmp_path, ["h"], ["x"])
    assert kind == "char"
    assert {name: grams.tolist() for name, grams in again.grams.items()} == {"": [1], "x": [3, 9]}
    assert again.columns == {"": 0, "x": 1}
    with pytest.raises(IndexNotReadyError, match="scan for duplicates again"):
        load_boilerplate(tmp_path, ["h"], ["y"])


def test_no_boilerplate_comes_back_as_none(tmp_path: Path) -> None:
    save_boilerplate(tmp_path, [], [], "word", Boilerplate({}))
    kind, again = load_boilerplate(tmp_path, [], [])
    assert (kind, dict(again.grams)) == ("word", {})


def test_damaged_boilerplate_is_named(tmp_path: Path) -> None:
    save_boilerplate(tmp_path, ["h"], ["x"], "word", Boilerplate({}))
    path = next(tmp_path.glob("boilerplate-*.npz"))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(WorkspaceError, match="damaged"):
        load_boilerplate(tmp_path, ["h"], ["x"])


WRITER = """
import sys
from pathlib import Path
from tests.skillrouter_core.test_dedup_store import made
from skillrouter_core.dedup.store import save_scan

scan = made(3000)
while True:
    print(save_scan(Path(sys.argv[1]), scan), flush=True)
"""


@pytest.mark.parametrize("delay", [0.0, 0.004, 0.013])
def test_a_killed_writer_leaves_a_whole_scan(tmp_path: Path, delay: float) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        written = [process.stdout.readline().strip() for _ in range(3)]
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
    assert current_scan_version(tmp_path) >= written[-1]
    assert_same(load_scan(tmp_path), made(3000))
