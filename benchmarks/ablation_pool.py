"""What `bench_ablations.py` asks, what it trains on, and a pool small enough to train over.

Responsible for which queries serve for what and which skills are drawn beside their answers. Must
not know networks, nor what comes out.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from compact_data import PRESET, SEED, Written

from skillrouter_core.benchmark import load_benchmark, load_pool
from skillrouter_core.benchmark.layout import Relevance, Task
from skillrouter_core.benchmark.writing import save_benchmark
from skillrouter_core.errors import UsageError
from skillrouter_core.labelling.splits import split_of
from skillrouter_core.lexical import LexicalIndex
from skillrouter_core.records import Skill, Split, normalised_name
from skillrouter_core.texts import lexical_document

CATALOG = "pool"
"""The catalog of the workspace that the drawn skills are imported as."""

ALIKE = 3
"""BM25's first answers to a query over the whole pool: so many of them are drawn with it."""

OWN_SHARE = 2 / 3
"""Without a file of training queries so many of the benchmark's own tasks are trained on."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is drawn: skills (0: the whole pool), training queries, held-out ones."""

    skills: int = 4000
    training: int = 400
    held_out: int = 150


@dataclass(frozen=True, slots=True)
class Drawn:
    """A benchmark over the drawn skills, and written queries over the same.

    `held_out` fell to the side that a workspace keeps for measuring, by their texts.
    """

    folder: Path
    tier: str
    training: tuple[Written, ...]
    held_out: tuple[Written, ...]


def draw(source: Path, tier: str, queries: Path | None, sizes: Sizes, place: Path) -> Drawn:
    """Return what is asked and trained on, drawn by a fixed seed; written to `place` once."""
    if not (place / "queries.json").is_file():
        _draw(source, tier, queries, sizes, place)
    said = json.loads((place / "queries.json").read_text(encoding="utf-8"))
    if said["sizes"] != _told(sizes):
        raise UsageError(
            f"{place} was drawn with {said['sizes']}; give the same numbers, or another folder"
        )
    skills = {one.skill_id: one for one in load_pool(place / "benchmark", tier)}
    sides = ([_written(row, skills) for row in said[side]] for side in ("training", "held out"))
    return Drawn(place / "benchmark", tier, *map(tuple, sides))


def _draw(source: Path, tier: str, queries: Path | None, sizes: Sizes, place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    benchmark, skills = load_benchmark(source), load_pool(source, tier)
    tasks = list(benchmark.tasks)
    if queries is None:
        tasks, training = own_split(tasks, benchmark.relevance, sizes.training)
        held_out: list[tuple[str, str]] = []
    else:
        rows = [json.loads(line) for line in queries.read_text(encoding="utf-8").splitlines()]
        pairs = [(row["query"], row["skill_id"]) for row in rows]
        training, held_out = sides_of(pairs, {one.skill_id for one in skills}, sizes)
    relevance = {task.task_id: benchmark.relevance[task.task_id] for task in tasks}
    asked = [(task.query, right) for task in tasks for right in relevance[task.task_id].right]
    kept = pool_of(skills, [*asked, *training, *held_out], sizes.skills)
    save_benchmark(place / "benchmark", tasks, relevance, tier, kept)
    text = json.dumps({"sizes": _told(sizes), "training": training, "held out": held_out})
    (place / "queries.json").write_text(text, encoding="utf-8")  # last: it vouches for the rest


def own_split(
    tasks: Sequence[Task], relevance: Mapping[str, Relevance], most: int
) -> tuple[list[Task], list[tuple[str, str]]]:
    """Return the tasks that are asked, and (query, right id) of those that are trained on."""
    order = random.Random(SEED).sample(list(tasks), len(tasks))
    count = min(int(len(order) * OWN_SHARE), most)
    training = [(one.query, min(relevance[one.task_id].right)) for one in order[:count]]
    return order[count:], training


def sides_of(
    pairs: Sequence[tuple[str, str]], ids: Iterable[str], sizes: Sizes
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return (training, held-out) queries, as the program splits them by their texts.

    Held-out ones that trained none of the shipped networks come first.
    """
    known = set(ids)
    usable = [pair for pair in pairs if pair[1] in known]
    order = random.Random(SEED).sample(usable, len(usable))
    sides = [split_of(query) for query, _ in order]
    training = [one for one, side in zip(order, sides, strict=True) if side is Split.TRAIN]
    others = [one for one, side in zip(order, sides, strict=True) if side is Split.HELD_OUT]
    others.sort(key=lambda one: not unseen(one[1]))  # stable: the draw's order stays
    return training[: sizes.training], others[: sizes.held_out]


def unseen(skill_id: str) -> bool:
    """Return whether no query of a benchmark's skill trained the shipped networks."""
    return Written("", Skill(f"{CATALOG}/{skill_id}", "", "", "")).held_out


def pool_of(
    skills: Sequence[Skill], asked: Sequence[tuple[str, str]], size: int
) -> tuple[Skill, ...]:
    """Return all right skills of (query, right id), skills like them, and a draw up to `size`.

    Alike are those with a right one's name, and BM25's first answers to each query. With a
    `size` of 0 all skills stay. Raises UsageError where the right ones alone are more.
    """
    if not size or size >= len(skills):
        return tuple(skills)
    rights = {right for _, right in asked}
    if len(rights) > size:
        raise UsageError(f"{len(rights)} right skills do not fit into {size}; draw more skills")
    names = {normalised_name(one.name) for one in skills if one.skill_id in rights} - {""}
    found = {one.skill_id for one in skills if normalised_name(one.name) in names}
    found |= _proposed(skills, dict.fromkeys(query for query, _ in asked))
    rng = random.Random(SEED)
    kept = set(rights)
    for group in (found, {one.skill_id for one in skills}):
        fresh = sorted(group - kept)
        kept |= set(rng.sample(fresh, min(len(fresh), size - len(kept))))
    return tuple(one for one in skills if one.skill_id in kept)


def _proposed(skills: Sequence[Skill], queries: Iterable[str]) -> set[str]:
    index = LexicalIndex.build(lexical_document(one, PRESET) for one in skills)
    found = set()
    for query in queries:
        best = np.argsort(-index.scores(query), kind="stable")[:ALIKE]
        found |= {skills[int(row)].skill_id for row in best}
    return found


def _written(row: Sequence[str], skills: dict[str, Skill]) -> Written:
    query, skill_id = row
    return Written(query, replace(skills[skill_id], skill_id=f"{CATALOG}/{skill_id}"))


def _told(sizes: Sizes) -> dict[str, int]:
    return {
        "skills": sizes.skills,
        "training queries": sizes.training,
        "held-out queries": sizes.held_out,
    }
