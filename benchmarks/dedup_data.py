"""Catalogs for `bench_dedup.py`: a workspace's, the demo's, and one replicated to any size.

Responsible for skills and their vectors. Must not know what is measured on them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from skillrouter_core.dedup.values import FloatMatrix
from skillrouter_core.index import SkillIndex
from skillrouter_core.records import Skill
from skillrouter_core.workspace import Workspace


def workspace(home: Path) -> tuple[list[Skill], FloatMatrix]:
    """Return the skills of an indexed workspace, sorted by id, and their vectors."""
    with Workspace.open(home) as opened:
        skills = sorted(opened.catalogs.skills(), key=lambda skill: skill.skill_id)
    index = SkillIndex.load(home / "index" / "compact")
    dense = index.dense()
    if dense is None:
        raise SystemExit(f"{home}: no vectors; run `skillrouter index` there first")
    rows = [index.row(skill.skill_id) for skill in skills]
    return skills, np.ascontiguousarray(dense.matrix[rows])


def demo_workspace(home: Path | None) -> tuple[list[Skill], FloatMatrix | None]:
    """Return the demo catalog, with vectors where a workspace has them."""
    if home is not None:
        return workspace(home)
    from skillrouter_core.demo import demo_skills

    return list(demo_skills()), None


def replicated(
    pool: Sequence[Skill], vectors: FloatMatrix, count: int
) -> tuple[list[Skill], FloatMatrix]:
    """Return `count` skills: the pool, then edited copies with turned vectors."""
    numbers, generator = random.Random(0), np.random.default_rng(0)
    skills, rows = list(pool[:count]), [vectors[:count]]
    copy = 0
    while len(skills) < count:
        copy += 1
        part = pool[: count - len(skills)]
        skills += [_edited(skill, copy, numbers) for skill in part]
        rows.append(_turned(vectors[: len(part)], generator))
    return skills, np.concatenate(rows)


def _edited(skill: Skill, copy: int, numbers: random.Random) -> Skill:
    lines, share = skill.body.split(" "), numbers.uniform(0.02, 0.3)
    for place in numbers.sample(range(len(lines)), int(share * len(lines))):
        lines[place] = f"w{numbers.randrange(50_000)}"
    return replace(
        skill,
        skill_id=f"{skill.skill_id}~{copy}",
        name=skill.name if numbers.random() < 0.5 else f"{skill.name} {copy}",
        body=" ".join(lines),
        source=f"{skill.source}~{copy}",
    )


def _turned(vectors: FloatMatrix, generator: np.random.Generator) -> FloatMatrix:
    noise = generator.normal(size=vectors.shape).astype(np.float32)
    noise -= np.einsum("ij,ij->i", noise, vectors)[:, None] * vectors
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    cosine = generator.uniform(0.90, 0.99, size=(len(vectors), 1)).astype(np.float32)
    turned: FloatMatrix = cosine * vectors + np.sqrt(1 - cosine**2) * noise
    return turned
