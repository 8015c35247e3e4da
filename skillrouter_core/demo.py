"""The demo catalog that ships with the package, and the answers known for it.

Responsible for finding the demo's files and reading them into records: skills, graded
queries, planted duplicates. Must not know how a catalog is stored, how a query is routed,
or that duplicates are looked for at all.

Layout of `demo_folder()`:

    skills/<category>/<folder>/SKILL.md    the catalog; the category is the folder above
    tasks.jsonl, relevance.json            60 graded queries in the Eval-Core layout
    planted.json                           which skills are duplicates on purpose, and which only
                                           share a name

Ids in these files are `<category>/<folder>`; imported as the catalog `demo` a skill's id is
`demo/<category>/<folder>`.

How the queries are graded: every query has one core answer, or two to three where it asks for
several jobs; all of them grade 3. The core never holds two copies of one job, so Hit@1 counts
one answer. A planted twin of a core answer is auxiliary: grade 3 where it is a renamed copy or
a light edit (the same instructions), grade 2 where it is a re-worded twin (the same job in other
words, without the details asked for). Other auxiliary skills help with a part (2) or are merely
related (1).

Planted duplicates: of a renamed copy and a light edit the bodies share more than 0.6 of their
word trigrams (Jaccard); a re-worded twin shares almost none, only the meaning agrees. Pairs with
the same name and a different job are no duplicates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from shutil import copyfile

from skillrouter_core.errors import UsageError
from skillrouter_core.parsing import parse_skill
from skillrouter_core.records import Skill

SKILL_FILE = "SKILL.md"
TASKS_FILE, RELEVANCE_FILE = "tasks.jsonl", "relevance.json"
TIER = "easy"
"""The one pool of the demo benchmark."""


@dataclass(frozen=True, slots=True)
class DemoQuery:
    """One graded query: `core` are the right skills, `relevance` the grade (1 to 3) by skill id.

    `style` is task (a request in full), short (a few words) or spec (numbered demands).
    """

    task_id: str
    text: str
    style: str
    core: tuple[str, ...]
    relevance: Mapping[str, int] = field(hash=False)


class PlantedKind(StrEnum):
    """How a planted duplicate was made from its original."""

    RENAMED_COPY = "renamed-copy"
    LIGHT_EDIT = "light-edit"
    REWORDED_TWIN = "reworded-twin"


@dataclass(frozen=True, slots=True)
class PlantedDuplicate:
    """Two skills that do the same job: `b` was made from `a`."""

    a: str
    b: str
    kind: PlantedKind


@dataclass(frozen=True, slots=True)
class Planted:
    """What was hidden in the demo catalog, by skill id."""

    duplicates: tuple[PlantedDuplicate, ...]
    same_name_different_job: tuple[tuple[str, str], ...]


def demo_folder() -> Path:
    """Return the folder of the demo's files; its skills lie in `skills` below it."""
    return Path(__file__).parent / "data" / "demo"


def demo_skills() -> tuple[Skill, ...]:
    """Return the demo catalog in the order of its ids, `<category>/<folder>`."""
    root = demo_folder() / "skills"
    files = sorted(root.glob(f"*/*/{SKILL_FILE}"), key=lambda file: file.parent.parts[-2:])
    return tuple(_read(file) for file in files)


def _read(file: Path) -> Skill:
    category, folder = file.parent.parts[-2:]
    skill_id = f"{category}/{folder}"
    path = f"{skill_id}/{SKILL_FILE}"
    parsed = parse_skill(file.read_bytes(), path=path, fallback_name=folder)
    return Skill(
        skill_id=skill_id,
        name=parsed.name,
        description=parsed.description,
        body=parsed.body,
        category=parsed.category or category,
        source="demo",
        path=path,
        problems=parsed.problems,
    )


def demo_queries() -> tuple[DemoQuery, ...]:
    """Return the graded queries in the order of the file."""
    grades = json.loads(_text(RELEVANCE_FILE))
    tasks = (json.loads(line) for line in _text(TASKS_FILE).splitlines())
    return tuple(
        DemoQuery(
            task_id=task["task_id"],
            text=task["instruction_text"],
            style=task["style"],
            core=tuple(grades[task["task_id"]]["core_gt_ids"]),
            relevance=grades[task["task_id"]]["relevance"],
        )
        for task in tasks
    )


def planted() -> Planted:
    """Return the duplicates and the namesakes that were planted in the catalog."""
    found = json.loads(_text("planted.json"))
    return Planted(
        duplicates=tuple(
            PlantedDuplicate(pair["a"], pair["b"], PlantedKind(pair["kind"]))
            for pair in found["duplicates"]
        ),
        same_name_different_job=tuple(
            (pair["a"], pair["b"]) for pair in found["same_name_different_job"]
        ),
    )


def _text(name: str) -> str:
    return (demo_folder() / name).read_text(encoding="utf-8")


def demo_benchmark(target: Path) -> Path:
    """Write the demo as an Eval-Core folder into `target` and return it.

    The pool is `easy/pool.jsonl` with skill_id, name, description, body and category a line.
    Files of the same name are replaced, others are left alone. Raises `UsageError` where
    `target` cannot be written.
    """
    try:
        (target / TIER).mkdir(parents=True, exist_ok=True)
        for name in (TASKS_FILE, RELEVANCE_FILE):
            copyfile(demo_folder() / name, target / name)
        lines = "".join(f"{_record(skill)}\n" for skill in demo_skills())
        (target / TIER / "pool.jsonl").write_text(lines, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{target} cannot take the demo benchmark ({error.strerror}). "
            "Name a folder that can be written."
        ) from error
    return target


def _record(skill: Skill) -> str:
    fields = ("skill_id", "name", "description", "body", "category")
    return json.dumps({name: getattr(skill, name) for name in fields}, ensure_ascii=False)
