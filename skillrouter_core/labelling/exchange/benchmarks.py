"""Between agreed labels and a benchmark in the Eval-Core layout.

Responsible for which queries become tasks and what is right for each, and for a benchmark's
tasks as queries. Must not know how the folder is read or written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from skillrouter_core.benchmark import GENERIC_ONLY, Relevance, Task
from skillrouter_core.labelling.exchange.ids import KnownSkills
from skillrouter_core.labelling.exchange.limits import Limits
from skillrouter_core.labelling.exchange.trec import query_id
from skillrouter_core.parsing import clean_text
from skillrouter_core.records import NewQuery, Split
from skillrouter_core.records.exchange import LabelRow, MappedQueries, RowError

RIGHT, USEFUL = 3, 2


@dataclass(frozen=True, slots=True)
class BenchmarkParts:
    """What of a benchmark comes from labels: the pool is missing. `notes` say what is left out."""

    tasks: tuple[Task, ...]
    relevance: Mapping[str, Relevance] = field(hash=False)
    notes: tuple[str, ...] = ()


def benchmark_parts(
    rows: Iterable[LabelRow], expected: Mapping[str, Sequence[str]], pool: Collection[str]
) -> BenchmarkParts:
    """Return a task for each query with a right skill in the pool, in order of first mention.

    `rows` are agreed grades, `expected` the skills that each query names, all queries among its
    keys. A skill graded 3 is right; so is an expected one that nobody graded. 2 is auxiliary.
    """
    grades: dict[str, dict[str, float]] = {text: {} for text in expected}
    gone = 0
    for row in rows:
        if row.skill_id not in pool:
            gone += 1
        elif row.grade is not None:
            grades.setdefault(row.query, {})[row.skill_id] = row.grade
    for text, skills in expected.items():
        for skill_id in skills:
            if skill_id in pool:
                grades[text].setdefault(skill_id, RIGHT)
    entries = {text: _relevance(found) for text, found in grades.items()}
    kept = {text: entry for text, entry in entries.items() if entry.right}
    return BenchmarkParts(
        tuple(Task(query_id(text), text) for text in kept),
        {query_id(text): entry for text, entry in kept.items()},
        _notes(len(entries) - len(kept), gone),
    )


def _relevance(grades: Mapping[str, float]) -> Relevance:
    return Relevance(
        right=frozenset(each for each, grade in grades.items() if grade == RIGHT),
        auxiliary=frozenset(each for each, grade in grades.items() if grade == USEFUL),
        grades=grades,
    )


def _notes(unanswered: int, gone: int) -> tuple[str, ...]:
    notes = []
    if unanswered:
        notes.append(f"Queries without a right skill, left out: {unanswered:,}.")
    if gone:
        notes.append(f"Labels on skills that are in no catalog now, left out: {gone:,}.")
    return tuple(notes)


def benchmark_queries(
    tasks: Sequence[Task],
    relevance: Mapping[str, Relevance],
    known: KnownSkills,
    limits: Limits | None = None,
) -> MappedQueries:
    """Return a benchmark's tasks as held-out queries that expect their right skills.

    A right skill that no catalog has is left out; a task none of whose right skills is known is
    an error, its row the task's place. Tasks that are never scored are passed over.
    """
    limits = limits or Limits()
    queries: dict[str, NewQuery] = {}
    errors: list[RowError] = []
    unknown = generic = 0
    for row, task in enumerate(tasks, 1):
        entry = relevance.get(task.task_id, Relevance(frozenset()))
        if entry.task_type == GENERIC_ONLY:
            generic += 1
            continue
        found = {written: known.find(written) for written in sorted(entry.right)}
        expected = tuple(dict.fromkeys(each for each in found.values() if each))
        error = _unusable(row, task, found, expected, known, limits)
        if error is not None:
            errors.append(error)
            continue
        unknown += sum(each is None for each in found.values())
        text = clean_text(task.query).strip()
        queries.setdefault(text, NewQuery(text, expected, Split.HELD_OUT))
    notes = []
    if generic:
        notes.append(f"Tasks that are never scored ({GENERIC_ONLY}), passed over: {generic:,}.")
    if unknown:
        notes.append(f"Right skills that no catalog here has, left out: {unknown:,}.")
    return MappedQueries(tuple(queries.values()), tuple(errors), len(tasks), tuple(notes))


def _unusable(
    row: int,
    task: Task,
    found: Mapping[str, str | None],
    expected: Sequence[str],
    known: KnownSkills,
    limits: Limits,
) -> RowError | None:
    if len(task.query) > limits.text_chars:
        reason = f"{len(task.query):,} characters, more than {limits.text_chars:,}"
        return RowError(row, "instruction_text", task.query, reason, "shorten the query")
    if len(expected) > limits.expected:
        reason = f"more than {limits.expected} right skills"
        return RowError(row, "core_gt_ids", task.task_id, reason, "name those that answer it best")
    if found and not expected:
        written = next(iter(found))
        reason, remedy = known.why_not(written)
        return RowError(row, "core_gt_ids", written, reason, remedy)
    return None
