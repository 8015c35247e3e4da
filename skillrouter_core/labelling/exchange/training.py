"""Labels as training data that sentence-transformers reads: triplets and lists, as JSON lines.

Responsible for which labelled skills stand where. Texts come from whoever calls; what may not
serve as a negative is theirs to say too. Must not know models.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from skillrouter_core.records.exchange import LabelRow

RIGHT, USEFUL = 3, 2
TRIPLETS_A_QUERY = 100
"""A query with many right and wrong skills gives no more triplets than this."""

IsCopy = Callable[[LabelRow, Sequence[LabelRow]], bool]
"""Tells whether a skill is a near-copy of one of the right ones, so no negative for them."""


@dataclass(frozen=True, slots=True)
class TrainingLines:
    """JSON lines of training data: how many, of how many queries, what was left out."""

    text: str
    lines: int
    queries: int
    notes: tuple[str, ...] = ()


def by_query(rows: Iterable[LabelRow]) -> dict[str, list[LabelRow]]:
    """Return graded rows by query, best grade first, else in their order."""
    found: dict[str, list[LabelRow]] = {}
    for row in rows:
        if row.grade is not None:
            found.setdefault(row.query, []).append(row)
    for graded in found.values():
        graded.sort(key=lambda row: -(row.grade or 0))
    return found


def triplets(rows: Iterable[LabelRow], texts: Mapping[str, str], is_copy: IsCopy) -> TrainingLines:
    """Return lines {"anchor", "positive", "negative"}, of each right and each worse skill.

    Positives are the skills graded 3, where none is those graded 2; negatives the ones graded 0
    or 1. `texts` has the text by content hash; a skill without one is left out.
    """
    lines: list[str] = []
    queries = copies = cut = 0
    for query, graded in by_query(_with_text(rows, texts)).items():
        right = [row for row in graded if row.grade == max(graded[0].grade or 0, USEFUL)]
        worse = [row for row in graded if (row.grade or 0) < USEFUL]
        negatives = [row for row in worse if not is_copy(row, right)]
        copies += len(worse) - len(negatives) if right else 0
        pairs = list(islice(product(right, negatives), TRIPLETS_A_QUERY))
        cut += len(right) * len(negatives) > len(pairs)
        queries += bool(pairs)
        lines += [_triplet(query, one, other, texts) for one, other in pairs]
    return TrainingLines("".join(lines), len(lines), queries, _notes(copies, cut))


def _triplet(query: str, right: LabelRow, wrong: LabelRow, texts: Mapping[str, str]) -> str:
    return _line(
        {
            "anchor": query,
            "positive": texts[right.content_hash],
            "negative": texts[wrong.content_hash],
        }
    )


def listwise(rows: Iterable[LabelRow], texts: Mapping[str, str], is_copy: IsCopy) -> TrainingLines:
    """Return lines {"query", "documents", "labels"}: a query's graded skills, labels 0 to 3.

    A query whose skills all have one grade teaches no order and is left out.
    """
    lines: list[str] = []
    copies = 0
    for query, graded in by_query(_with_text(rows, texts)).items():
        right = [row for row in graded if row.grade == RIGHT]
        kept = [row for row in graded if (row.grade or 0) >= USEFUL or not is_copy(row, right)]
        copies += len(graded) - len(kept)
        if len({row.grade for row in kept}) > 1:
            documents = [texts[row.content_hash] for row in kept]
            labels = [row.grade for row in kept]
            lines.append(_line({"query": query, "documents": documents, "labels": labels}))
    return TrainingLines("".join(lines), len(lines), len(lines), _notes(copies, 0))


def _with_text(rows: Iterable[LabelRow], texts: Mapping[str, str]) -> Iterator[LabelRow]:
    return (row for row in rows if row.content_hash in texts)


def _line(record: Mapping[str, object]) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"


def _notes(copies: int, cut: int) -> tuple[str, ...]:
    notes = []
    if copies:
        notes.append(f"Low grades of near-copies of a right skill, left out: {copies:,}.")
    if cut:
        notes.append(f"Queries cut to {TRIPLETS_A_QUERY} triplets: {cut:,}.")
    return tuple(notes)
