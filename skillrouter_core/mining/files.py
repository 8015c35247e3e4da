"""What a run keeps of its data: labels, pairs, lists, and the texts they speak of.

Responsible for the files `labels.jsonl`, `held-out.jsonl`, `pairs.jsonl`, `lists.jsonl` and
`texts.jsonl` of a run's folder, each written whole or not at all. With them a run can be
repeated, resumed or moved to another machine without the database. Must not know what is trained.

A text is kept once, under its content hash; rows name (skill id, hash) of each skill.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from skillrouter_core.errors import TrainingError
from skillrouter_core.mining.lists import CandidateList, Scored
from skillrouter_core.mining.pairs import Pair
from skillrouter_core.records import Skill
from skillrouter_core.records.training import LabelRole, LabelSource, TrainLabel

LABELS, PAIRS, LISTS, TEXTS = "labels.jsonl", "pairs.jsonl", "lists.jsonl", "texts.jsonl"
HELD_OUT = "held-out.jsonl"
"""Labels of the queries that nothing is trained on, in the form of LABELS."""

Key = tuple[str, str]
"""(skill id, content hash)."""


def write_labels(folder: Path, labels: Sequence[TrainLabel], file: str = LABELS) -> None:
    """Write the exact labels of a run, or those it is fitted on around its networks."""
    _write(folder / file, (asdict(label) for label in labels))


def read_labels(folder: Path, file: str = LABELS) -> tuple[TrainLabel, ...]:
    """Return a run's labels; raise TrainingError where they are missing or damaged."""
    return tuple(
        TrainLabel(**{**row, "source": LabelSource(row["source"]), "role": LabelRole(row["role"])})
        for row in _rows(folder / file)
    )


def write_texts(folder: Path, skills: Iterable[Skill]) -> None:
    """Add skills' texts to those the folder holds; a text that is there stays as it is."""
    known = {row["content_hash"]: row for row in _rows(folder / TEXTS, missing_ok=True)}
    for skill in skills:
        digest = skill.content_hash
        if digest not in known:
            known[digest] = {
                "content_hash": digest,
                "name": skill.name,
                "description": skill.description,
                "body": skill.body,
            }
    _write(folder / TEXTS, known.values())


class Texts:
    """The texts of a run's folder, as skills."""

    def __init__(self, folder: Path) -> None:
        """Read them all; raise TrainingError where they are missing or damaged."""
        self._path = folder / TEXTS
        self._rows = {row["content_hash"]: row for row in _rows(self._path)}

    def skill(self, skill_id: str, content_hash: str) -> Skill:
        """Return a skill with that text; raise TrainingError where the folder lacks it."""
        row = self._rows.get(content_hash)
        if row is None:
            raise TrainingError(
                f"{self._path} lacks the text {content_hash} of {skill_id!r}; the run's folder is "
                f"damaged: delete the run and start it again"
            )
        return Skill(skill_id, row["name"], row["description"], row["body"])


def write_pairs(folder: Path, pairs: Sequence[Pair]) -> None:
    """Write an encoder's pairs with their negatives, and the texts they speak of."""
    write_texts(folder, (skill for one in pairs for skill in (one.skill, *one.negatives)))
    _write(
        folder / PAIRS,
        (
            {
                "query": one.query,
                "right": _key(one.skill),
                "negatives": [_key(skill) for skill in one.negatives],
                "rights": sorted(one.rights),
            }
            for one in pairs
        ),
    )


def read_pairs(folder: Path) -> tuple[Pair, ...]:
    """Return an encoder's pairs; raise TrainingError where they are missing or damaged."""
    texts = Texts(folder)
    return tuple(
        Pair(
            row["query"],
            texts.skill(*row["right"]),
            tuple(texts.skill(*key) for key in row["negatives"]),
            frozenset(row["rights"]),
        )
        for row in _rows(folder / PAIRS)
    )


def write_lists(folder: Path, lists: Sequence[CandidateList]) -> None:
    """Write a reranker's lists, and the texts they speak of."""
    write_texts(folder, (entry.skill for one in lists for entry in one.candidates))
    _write(
        folder / LISTS,
        (
            {
                "query": one.query,
                "candidates": [
                    {
                        "skill": _key(entry.skill),
                        "bm25": entry.bm25,
                        "dense": entry.dense,
                        "wording": entry.wording,
                    }
                    for entry in one.candidates
                ],
            }
            for one in lists
        ),
    )


def read_lists(folder: Path) -> tuple[CandidateList, ...]:
    """Return a reranker's lists; raise TrainingError where they are missing or damaged."""
    texts = Texts(folder)
    return tuple(
        CandidateList(
            row["query"],
            tuple(
                Scored(
                    texts.skill(*entry["skill"]),
                    entry["bm25"],
                    entry["dense"],
                    tuple(entry.get("wording", ())),
                )
                for entry in row["candidates"]
            ),
        )
        for row in _rows(folder / LISTS)
    )


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one step, on disk before it takes its name."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _key(skill: Skill) -> Key:
    return skill.skill_id, skill.content_hash


def _write(path: Path, rows: Iterable[Any]) -> None:
    write_whole(path, "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows))


def _rows(path: Path, *, missing_ok: bool = False) -> Iterator[Any]:
    if missing_ok and not path.exists():
        return
    try:
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{path}: cannot be read ({error}); delete the run and start it again"
        ) from error
