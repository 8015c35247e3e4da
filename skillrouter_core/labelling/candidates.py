"""The candidates of every query, kept so that a queue need not route.

Responsible for what is kept of a routed query and for the file: one line a query, appended as
soon as it is routed, so that a run that was killed goes on where it stopped. The newest line of
a query counts. Must not know how a query is routed, nor who labels what.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any, BinaryIO
from uuid import uuid4

from filelock import FileLock, Timeout

from skillrouter_core.dedup.files import write_whole
from skillrouter_core.errors import WorkspaceError

FORMAT = 1
"""Goes up when a line's layout changes; lines of another format are passed over."""

FILE = "candidates.jsonl"

HEAD_BYTES = 100
"""More than the first line of a file ever has."""

LOCK_SECONDS = 30.0
"""How long a writer waits for another one's line or for the file to be rewritten."""

SUPERSEDED = 2
"""The file is rewritten once it holds over so many times the lists that count."""


@dataclass(frozen=True, slots=True)
class StoredCandidate:
    """One candidate of a query; ranks count from 1, scores are None where a stage did not run.

    `content_hash` is of the text that was scored.
    """

    skill_id: str
    content_hash: str
    place: int
    stage1_rank: int
    stage1: float
    stage2: float | None
    bm25: float | None
    dense: float | None

    @property
    def deciding(self) -> float:
        """The score that put it in its place."""
        return self.stage1 if self.stage2 is None else self.stage2


@dataclass(frozen=True, slots=True)
class CandidateList:
    """What one query was answered by one index, best first, near-copies apart.

    `complete` is False where models could not run and BM25 answered alone; `notes` say why.
    """

    query_text: str
    index_version: str
    candidates: tuple[StoredCandidate, ...]
    confidence: float | None
    complete: bool = True
    notes: tuple[str, ...] = ()


class CandidateBook:
    """The candidate lists in one folder, read as they grow; safe between threads and processes."""

    def __init__(self, folder: Path, *, lock_seconds: float = LOCK_SECONDS) -> None:
        """Bind to a folder, which need not exist; nothing is read yet."""
        self._folder, self._path = folder, folder / FILE
        self._lock_seconds = lock_seconds
        self._lists: dict[str, CandidateList] = {}
        self._head, self._offset, self._taken = b"", 0, 0
        self._memory = RLock()

    def lists(self) -> Mapping[str, CandidateList]:
        """Return the newest list of every query by its text; a line cut short is passed over."""
        return self.read()[1]

    def read(self) -> tuple[tuple[bytes, int], Mapping[str, CandidateList]]:
        """Return what `lists` does with a token that changes when they do."""
        with self._memory:
            self._catch_up()
            return (self._head, self._offset), dict(self._lists)

    def add(self, found: CandidateList) -> None:
        """Append a query's list, which from now on counts; raises WorkspaceError."""
        with self._alone():
            try:
                with self._path.open("ab+") as file:
                    file.write(_before(file) + _to_line(found))
            except OSError as error:
                raise WorkspaceError(
                    f"{self._path} cannot be written ({error.strerror or error}); make room or fix "
                    "the permissions of the workspace, then prepare the candidates again"
                ) from error

    def compact(self, texts: Collection[str], *, superseded: int = SUPERSEDED) -> bool:
        """Drop superseded lines and queries not among `texts`, if that is worth it.

        Returns whether the file was rewritten: once it holds over `superseded` times the
        lists that stay.
        """
        with self._alone(), self._memory:
            self._catch_up()
            kept = [found for text, found in self._lists.items() if text in texts]
            if self._taken <= superseded * max(len(kept), 1):
                return False
            lines = [_head(), *(_to_line(found) for found in kept)]
            write_whole(self._path, lambda file: file.writelines(lines))
            return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self._folder / ".lock", timeout=self._lock_seconds):
                yield
        except Timeout as error:
            raise WorkspaceError(
                f"{self._path}: another process has been writing for over "
                f"{self._lock_seconds:g} s; wait for it or stop it, then try again"
            ) from error

    def _catch_up(self) -> None:
        """Read the lines that came since the last call, all of them from a rewritten file."""
        try:
            with self._path.open("rb") as file:
                head = file.readline(HEAD_BYTES)
                if head != self._head or file.seek(0, os.SEEK_END) < self._offset:
                    self._forget(head)
                file.seek(self._offset)
                whole = file.read()
        except FileNotFoundError:
            self._forget(b"")
            return
        except OSError as error:
            raise WorkspaceError(
                f"{self._path}: unreadable ({error}); delete it and prepare the candidates again"
            ) from error
        whole = whole[: whole.rfind(b"\n") + 1]  # the last line may still be on its way
        self._offset += len(whole)
        for line in whole.splitlines():
            self._take(line)

    def _forget(self, head: bytes) -> None:
        self._lists, self._taken, self._offset, self._head = {}, 0, 0, head

    def _take(self, line: bytes) -> None:
        found = _from_line(line)
        if found is not None:
            self._taken += 1
            self._lists[found.query_text] = found


def _head() -> bytes:
    """Return a file's first line, which tells it from every file that was there before."""
    return json.dumps({"book": uuid4().hex}).encode() + b"\n"


def _before(file: BinaryIO) -> bytes:
    """Return what goes before a line: the head of a new file, an end for a line cut short."""
    if file.seek(0, os.SEEK_END) == 0:
        return _head()
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"


def _to_line(found: CandidateList) -> bytes:
    return json.dumps(_to_json(found), separators=(",", ":")).encode() + b"\n"


def _to_json(found: CandidateList) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "query": found.query_text,
        "index": found.index_version,
        "confidence": found.confidence,
        "complete": found.complete,
        "notes": list(found.notes),
        "candidates": [
            [
                one.skill_id,
                one.content_hash,
                one.place,
                one.stage1_rank,
                one.stage1,
                one.stage2,
                one.bm25,
                one.dense,
            ]
            for one in found.candidates
        ],
    }


def _from_line(line: bytes) -> CandidateList | None:
    """Return a line's list; None for one cut short or of another format, to be routed again."""
    try:
        item = json.loads(line)
        if item["format"] != FORMAT:
            return None
        return CandidateList(
            query_text=str(item["query"]),
            index_version=str(item["index"]),
            candidates=tuple(
                # An id stands in many lists: kept once, it takes a fifth of the memory.
                StoredCandidate(sys.intern(one[0]), sys.intern(one[1]), *one[2:])
                for one in item["candidates"]
            ),
            confidence=item["confidence"],
            complete=bool(item["complete"]),
            notes=tuple(item["notes"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
