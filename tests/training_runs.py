"""A workspace small enough to train in seconds: tiny models, thirty skills, labelled queries."""

from __future__ import annotations

import json
from itertools import count, islice
from pathlib import Path

from safetensors.torch import load_file, save_file

from skillrouter_core.labelling.splits import split_of
from skillrouter_core.records import Split
from skillrouter_core.records.labels import NewQuery
from skillrouter_core.records.training import TrainConfig, TrainKind, TrainOptions
from skillrouter_core.workspace import Workspace
from tests.stores import scan, skill
from tests.tiny_models import WORDS, tiny_bert

SKILLS = 30
ENCODER = TrainConfig(1e-3, 4, accumulation=2, epochs=2)
RERANKER = TrainConfig(1e-3, 2, accumulation=2, epochs=1)


def profile(folder: Path) -> str:
    """Write a profile of tiny models and return its name."""
    _spread(tiny_bert(folder / "encoder"))
    tiny_bert(folder / "reranker", classify=True)
    (folder / "encoder" / "skillrouter.json").write_text(json.dumps({"preset": "compact"}))
    stage2 = {"hybrid": {"text": 2.0, "bm25": 1.0, "dense": 3.0}}
    (folder / "reranker" / "skillrouter.json").write_text(json.dumps({"stage2": stage2}))
    return str(folder)


def _spread(folder: Path) -> None:
    """Let words weigh more than positions, or all texts would be near-copies to the model."""
    weights = load_file(folder / "model.safetensors")
    for name, tensor in weights.items():
        if "word_embeddings" in name:
            tensor *= 8
        elif "output.dense.weight" in name:
            tensor /= 8
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def skill_id(number: int) -> str:
    return f"tools/s{number}"


def fill(ws: Workspace, name: str) -> None:
    """Import thirty skills of three categories whose texts differ, and index them."""
    skills = (
        skill(
            skill_id(number),
            body=f"{pair(number)} " * 10 + " ".join(f"own{number}x{i}" for i in range(4)),
            description=f"{pair(number)} " * 6 + f"thing{number}",
            category=f"c{number % 3}",
        )
        for number in range(SKILLS)
    )
    ws.catalogs.store(scan(*skills))
    ws.indexing.build(profile=name)


def pair(number: int) -> str:
    """Return two of the words that tiny models know; no two skills have the same two."""
    first = number % 15
    return f"{WORDS[first]} {WORDS[(first + 1 + number // 15) % 16]}"


def text(number: int, split: Split = Split.TRAIN, turn: int = 0) -> str:
    """Return a query for a skill on one side of the split, one of many."""
    tries = (f"{pair(number)} thing{number} case{attempt}a{number}" for attempt in count())
    return next(islice((one for one in tries if split_of(one) is split), turn, None))


def ask(
    ws: Workspace,
    numbers: range,
    split: Split = Split.TRAIN,
    suite: str = "s",
    *,
    turns: int = 1,
    turn: int = 0,
) -> list[str]:
    """Save a query for each of some skills, or `turns` from `turn` on, and return their texts."""
    every = range(turn, turn + turns)
    asked = [(number, text(number, split, one)) for number in numbers for one in every]
    rows = [NewQuery(one, (skill_id(number),)) for number, one in asked]
    ws.labels.save_queries(rows, suite=suite, author="", source="upload")
    return [one for _, one in asked]


def options(kind: TrainKind, name: str, **changes: object) -> TrainOptions:
    given = {"encoder": ENCODER, "reranker": RERANKER, "generated": 0, "list_size": 6}
    return TrainOptions(kind=kind, profile=name, **{**given, **changes})  # type: ignore[arg-type]
