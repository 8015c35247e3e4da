"""How far everybody agrees, and every two people, from verdicts.

Responsible for laying verdicts out as tables and for summing up each two people. Must not know
the arithmetic of alpha, nor where verdicts are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.labelling.agreement import alpha_interval, meeting_counts
from skillrouter_core.labelling.consensus import grade_table
from skillrouter_core.records import Judgement
from skillrouter_core.records.agreement import GRADES, AgreementReport, TwoPeople

MOST_TWOS = 100
"""Of more than this many twos of people, only those with most pairs in common are told."""

Floats = NDArray[np.float64]


def agreement_report(
    judgements: Sequence[Judgement], *, most_twos: int = MOST_TWOS
) -> AgreementReport:
    """Return alpha over everybody and over every two people who graded the same pairs.

    `judgements` are those that count. Twos come with most pairs in common first; beyond
    `most_twos` they are only counted, in `people_left_out`.
    """
    table, names = grade_table(judgements)
    twos = sorted(_shared(table), key=lambda each: (-each[0], each[1:]))
    return AgreementReport(
        alpha=alpha_interval(table),
        people=tuple(_two(table, names, one, other) for _, one, other in twos[:most_twos]),
        people_left_out=max(len(twos) - most_twos, 0),
        meetings=tuple(tuple(row) for row in meeting_counts(table, GRADES).tolist()),
        annotators=names,
        verdicts=len(judgements),
        unsure=sum(one.grade is None for one in judgements),
    )


def _shared(table: Floats) -> Iterator[tuple[int, int, int]]:
    """Yield how many pairs two people both graded, where any, with the two columns."""
    graded = (~np.isnan(table)).astype(np.int64)
    together = graded.T @ graded
    for one, other in combinations(range(table.shape[1]), 2):
        if together[one, other]:
            yield int(together[one, other]), one, other


def _two(table: Floats, names: Sequence[str], one: int, other: int) -> TwoPeople:
    both = table[:, [one, other]]
    both = both[~np.isnan(both).any(axis=1)]
    changes = both[:, 1] - both[:, 0]
    return TwoPeople(
        one=names[one],
        other=names[other],
        alpha=alpha_interval(both),
        equal=float((changes == 0).mean()),
        difference=float(changes.mean()),
    )
