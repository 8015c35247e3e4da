"""What `train_compact.py` learns from: written queries and the indexed pool.

Responsible for reading and searching. Must not know what is trained on it or what came out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from skillrouter_core.encode import load_encoder
from skillrouter_core.index import FULL, SkillIndex
from skillrouter_core.models import Profile
from skillrouter_core.progress import Progress
from skillrouter_core.records import Hit, Skill, Stage1
from skillrouter_core.retrieve import FusionWeights, retrieve
from skillrouter_core.texts import PRESETS, encoder_query
from skillrouter_core.tuning import JudgedCandidates
from skillrouter_core.workspace.building import BuildPlan, attach_views, ensure_lexical

SEED = 13
HELD_OUT_PERCENT = 12
CANDIDATES = 20
PRESET = PRESETS["compact"]


@dataclass(frozen=True)
class Written:
    """A written query, the skill it was written for, and its vector once there is an encoder."""

    query: str
    skill: Skill

    @property
    def held_out(self) -> bool:
        """Whether the query's skill falls to the held-out share; stable across runs."""
        benchmark_id = self.skill.skill_id.split("/", 1)[1]
        digest = sha256(benchmark_id.encode()).hexdigest()
        return int(digest[:8], 16) % 100 < HELD_OUT_PERCENT


class Pool:
    """The indexed pool with both retrievers at hand."""

    def __init__(self, skills: Sequence[Skill], work: Path, profile: Profile) -> None:
        self.skills = sorted(skills, key=lambda skill: skill.skill_id)
        plan = BuildPlan(work / "index", work / "vectors", PRESET, (FULL,))
        self.encoder = load_encoder(profile)
        generation = ensure_lexical(plan, self.skills)
        attach_views(plan, generation, self.skills, self.encoder, say)
        self.index = SkillIndex.load(plan.folder)

    def hits(self, written: Sequence[Written]) -> list[tuple[Hit, ...]]:
        """Return every query's hybrid proposals with both scores of each."""
        texts = [encoder_query(one.query, PRESET) for one in written]
        vectors = self.encoder.encode_queries(texts)
        return [
            retrieve(self.index, one.query, vector, Stage1.HYBRID, 400, FusionWeights()).hits
            for one, vector in zip(written, vectors, strict=True)
        ]


def say(progress: Progress) -> None:
    """Print one line every tenth of a stage or so."""
    step = max(progress.total // 20, 1)
    if progress.done % step == 0:
        left = progress.remaining_seconds
        print(
            f"{progress.stage} {progress.done}/{progress.total} left {left or 0:.0f} s", flush=True
        )


def read_written(path: Path, skills: Sequence[Skill]) -> list[Written]:
    """Return the written queries; ids are compared without the catalog's name."""
    by_id = {skill.skill_id.split("/", 1)[1]: skill for skill in skills}
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Written(row["query"], by_id[row["skill_id"]]) for row in rows]


def split(written: Sequence[Written]) -> tuple[list[Written], list[Written]]:
    """Return (training, held-out) queries."""
    return [one for one in written if not one.held_out], [one for one in written if one.held_out]


def judged(hits: Sequence[Hit], right_row: int, text: np.ndarray | None = None) -> JudgedCandidates:
    """Return hits as features, the right one marked."""
    rows = [hit.row for hit in hits]
    return JudgedCandidates(
        bm25=np.array([hit.bm25 or 0.0 for hit in hits], dtype=np.float32),
        dense=np.array([hit.dense or 0.0 for hit in hits], dtype=np.float32),
        text=np.zeros(len(hits), np.float32) if text is None else text,
        right=rows.index(right_row) if right_row in rows else None,
    )


def best(hits: Sequence[Hit], fusion: FusionWeights) -> list[Hit]:
    """Return the first 20 hits under the given weights."""
    return sorted(hits, key=lambda hit: -mixed(hit, fusion))[:CANDIDATES]


def mixed(hit: Hit, fusion: FusionWeights) -> float:
    """Return a hit's hybrid score."""
    return float(fusion.bm25 * np.log1p(hit.bm25 or 0.0) + fusion.dense * (hit.dense or 0.0))
