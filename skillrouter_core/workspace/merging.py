"""What a merge does to the saved queries, from the answers stored beforehand.

Responsible for the first answer that is left once skills are gone. Must not know how
queries are routed: removing a document shifts BM25's statistics a little and lets a 21st
candidate into stage 2, which only routing again would show.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from skillrouter_core.records import QueryAnswer, QueryEffect, SavedQuery

Rankings = Mapping[str, Sequence[str]]
"""Skill ids in final order, by the text of the query."""


def answers_of(
    skill_ids: Collection[str], queries: Sequence[SavedQuery], rankings: Rankings
) -> dict[str, tuple[QueryAnswer, ...]]:
    """Return by skill the queries that it answers first or should answer, in their order."""
    found: dict[str, list[QueryAnswer]] = {one: [] for one in skill_ids}
    for query in queries:
        ranking = rankings.get(query.text)
        if ranking is None:
            continue
        for one in dict.fromkeys((*ranking[:1], *query.expected)):
            if one in found:
                place = ranking.index(one) + 1 if one in ranking else None
                found[one].append(QueryAnswer(query, place, one in query.expected))
    return {one: tuple(answers) for one, answers in found.items()}


def effects(
    removed: Collection[str], into: str, queries: Sequence[SavedQuery], rankings: Rankings
) -> Iterator[QueryEffect]:
    """Yield the queries whose first answer changes when `removed` are gone.

    `into` is the skill that takes over from them, empty where none does.
    """
    gone = frozenset(removed) - {into}
    for query in queries:
        ranking = rankings.get(query.text, ())
        if not ranking or ranking[0] not in gone:
            continue
        after = next((one for one in ranking if one not in gone), "")
        right = set(query.expected)
        if into and not right.isdisjoint(gone):
            right.add(into)
        lost = ranking[0] in right and after not in right
        yield QueryEffect(query, query.expected, ranking[0], after, lost)
