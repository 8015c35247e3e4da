"""A pair to be graded as the browser gets it: JSON with every text cut into pieces.

Responsible for that form, and for marking passages in the texts they come from. Offsets never
leave Python: a browser counts characters differently. Pure; must not know streamlit, nor what
the browser does with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pages.common.scores import score
from pages.common.skill_text import SHOWN_CHARS
from pages.common.verdicts import GRADE_WORDS
from skillrouter_core.records import Judgement, LabelAction, Passage, Span
from skillrouter_core.records.queues import LabelItem
from skillrouter_core.workspace.marking import marker

NAME_CHARS = 300
DESCRIPTION_CHARS = 3000
"""Characters of a name and a description that the desk shows; the skill's page has them all."""
PLAIN, PASSAGE, MATCH = 0, 1, 2
"""What a piece of text is: nothing special, inside a passage, a word of the request."""
_RUNS = re.compile(rb"\x00+|\x01+|\x02+")

Pieces = list[tuple[str, int]]


def item_data(item: LabelItem, others: Iterable[Judgement] = ()) -> dict[str, Any]:
    """Return what `static/label` draws of an item; `others` are other people's verdicts on it."""
    skill = item.skill
    words = marker(item.query_text)
    passages = [passage for passage in item.evidence if passage.field == "body"]
    return {
        "token": item.token,
        "query": item.query_text,
        "suite": item.suite,
        "split": item.split.value,
        "skill": skill.skill_id,
        "hash": skill.content_hash,
        "name": marked(skill.name, words, NAME_CHARS),
        "description": marked(skill.description, words, DESCRIPTION_CHARS),
        "category": skill.category,
        "evidence": [_passage(item, passage) for passage in passages],
        "body": marked(skill.body, words, SHOWN_CHARS, passages),
        "chars": len(skill.body.strip()),
        "cut": len(skill.body) > SHOWN_CHARS,
        "notes": list(item.notes),
        "facts": _facts(item, others),
        "reason": item.reason,
        "origin": item.origin,
        "open": item.open,
        "judged": None if item.judged is None else _judged(item.judged),
    }


def action_data(action: LabelAction, name: str) -> dict[str, Any]:
    """Return one of a person's last verdicts; `name` is what the skill is called by."""
    return {
        "token": action.token,
        "kind": action.kind.value,
        "grade": action.grade,
        "query": action.query_text,
        "skill": action.skill_id,
        "name": name,
        "note": action.note,
        "at": action.at.timestamp() * 1000,
        "undone": action.undone,
    }


def marked(
    text: str,
    words: Callable[[str], Iterable[Span]],
    limit: int,
    passages: Sequence[Passage] = (),
) -> Pieces:
    """Return the first `limit` characters of a text in pieces, passages and words marked."""
    shown = text[:limit]
    kinds = bytearray(len(shown))
    spans = [(each.start, each.start + len(each.text), PASSAGE) for each in passages]
    spans += [(each.start, each.end, MATCH) for each in words(shown)]
    for start, end, kind in spans:
        length = min(end, len(shown)) - start
        if length > 0:
            kinds[start : start + length] = bytes([kind]) * length
    pieces = [(shown[run.start() : run.end()], run[0][0]) for run in _RUNS.finditer(bytes(kinds))]
    return [*pieces, ("…", PLAIN)] if len(text) > limit else pieces


def _passage(item: LabelItem, passage: Passage) -> dict[str, Any]:
    at, pieces = 0, []
    for span in sorted(passage.matches, key=lambda each: each.start):
        pieces += [
            (passage.text[at : span.start], PLAIN),
            (passage.text[span.start : span.end], MATCH),
        ]
        at = span.end
    end = passage.start + len(passage.text)
    return {
        "text": [piece for piece in (*pieces, (passage.text[at:], PLAIN)) if piece[0]],
        "before": passage.start > 0,
        "after": end < len(item.skill.body.rstrip()),
    }


def _facts(item: LabelItem, others: Iterable[Judgement]) -> list[tuple[str, str]]:
    """Return what a blind annotator sees only after the verdict."""
    scores = item.scores
    facts = [
        ("stage 1", _place(item.stage1_rank)),
        ("final", _place(item.place)),
        ("BM25", score(scores.bm25)),
        ("cosine", score(scores.dense)),
        ("stage 2", score(scores.stage2)),
    ]
    if scores.confidence is not None:
        facts.append(("answer's confidence", score(scores.confidence)))
    if item.expected:
        facts.append(("expected", "yes"))
    if item.repeat:
        facts.append(("seen before", "yes"))
    return facts + [(one.annotator, GRADE_WORDS[one.grade]) for one in others]


def _place(rank: int | None) -> str:
    return "not found" if rank is None else f"place {rank}"


def _judged(judgement: Judgement) -> dict[str, Any]:
    return {"grade": judgement.grade, "note": judgement.note}
