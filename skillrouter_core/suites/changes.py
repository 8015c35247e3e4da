"""Two runs of a suite, query by query.

Responsible for what became of each query and for the paired differences. Must not know where
runs are kept, nor how skills are found to be near-copies of one another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from skillrouter_core.metrics import paired_difference
from skillrouter_core.records.suites import (
    Estimate,
    QueryChange,
    Standing,
    SuiteAnswer,
    SuiteDiff,
)
from skillrouter_core.suites.scores import (
    Expected,
    is_right,
    retrieved_share,
    score,
    wanted_of,
)

Pairs = Sequence[tuple[str, str]]
"""Expected skills, each with the first answer that was given in its place."""

FindCopies = Callable[[Pairs], Collection[tuple[str, str]]]
"""Returns those of some pairs whose two skills are near-copies of each other."""


def no_copies(pairs: Pairs) -> Collection[tuple[str, str]]:
    """Know of no near-copies."""
    return ()


CONCERN = {standing: place for place, standing in enumerate(Standing)}
_KNOWN_BEFORE = {
    (True, True): Standing.STILL_RIGHT,
    (True, False): Standing.BROKEN,
    (False, True): Standing.FIXED,
    (False, False): Standing.STILL_WRONG,
}


def diff(
    before: Iterable[SuiteAnswer],
    after: Iterable[SuiteAnswer],
    expected: Expected | None = None,
    copies: FindCopies = no_copies,
) -> SuiteDiff:
    """Return what changed from one run to another, in order of concern, then by text.

    Both runs are judged alike: by `expected` where it names a query, else by what the newer run
    that holds the query kept. `copies` is asked once which pairs of an expected skill and a wrong
    first answer are near-copies.
    """
    old = {answer.query_text: answer for answer in before}
    new = {answer.query_text: answer for answer in after}
    changes = [
        _change(old.get(text), new.get(text), expected) for text in dict.fromkeys((*new, *old))
    ]
    alike = copies(_doubtful(changes))
    changes = [_with_copy(change, alike) for change in changes]
    changes.sort(key=lambda change: (CONCERN[change.standing], change.query_text))
    judged_by = {change.query_text: change.expected for change in changes}
    both = [change for change in changes if change.expected and change.before and change.after]
    hits = [[float(is_right(one, change.expected)) for one in _two(change)] for change in both]
    shares = [[retrieved_share(one, change.expected) for one in _two(change)] for change in both]
    return SuiteDiff(
        changes=tuple(changes),
        before=score(old.values(), judged_by),
        after=score(new.values(), judged_by),
        compared=len(both),
        hit=_gain(hits),
        recall=_gain(shares),
    )


def _doubtful(changes: Iterable[QueryChange]) -> tuple[tuple[str, str], ...]:
    """Return the pairs (expected skill, first answer) of wrong answers, each once."""
    pairs = (
        (skill_id, change.after.ranking[0])
        for change in changes
        if change.after is not None and change.after.ranking
        for skill_id in change.expected
        if change.after.ranking[0] not in change.expected
    )
    return tuple(dict.fromkeys(pairs))


def _change(
    before: SuiteAnswer | None, after: SuiteAnswer | None, expected: Expected | None
) -> QueryChange:
    newer = after or before
    if newer is None:
        raise ValueError("a query in neither run has not changed")
    wanted = wanted_of(newer, expected)
    standing = _standing(before, after, wanted)
    return QueryChange(newer.query_text, wanted, standing, before, after)


def _standing(
    before: SuiteAnswer | None, after: SuiteAnswer | None, wanted: Sequence[str]
) -> Standing:
    if after is None:
        return Standing.GONE
    if before is None:
        return Standing.NEW
    if not wanted:
        return Standing.OPEN
    standing = _KNOWN_BEFORE[is_right(before, wanted), is_right(after, wanted)]
    if standing is Standing.STILL_WRONG and not retrieved_share(after, wanted):
        return Standing.NEVER
    return standing


def _with_copy(change: QueryChange, copies: Collection[tuple[str, str]]) -> QueryChange:
    found = next((pair[0] for pair in _doubtful([change]) if pair in copies), "")
    return replace(change, copy_of=found)


def _two(change: QueryChange) -> Iterator[SuiteAnswer]:
    """Yield the answer after, then the one before."""
    for answer in (change.after, change.before):
        if answer is not None:
            yield answer


def _gain(pairs: Sequence[Sequence[float]]) -> Estimate | None:
    """Return the mean of after minus before with its paired interval."""
    if not pairs:
        return None
    found = paired_difference([after for after, _ in pairs], [before for _, before in pairs])
    return Estimate(found.difference, found.low, found.high)
