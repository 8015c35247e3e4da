"""The sentences of a skill that speak for it.

Responsible for cutting a skill's description and body into pieces a person can
read, and for choosing those that hold the query's rare words. Must not know how
the skill was ranked.

A piece is a paragraph, a list item, a heading, a table row or a few lines of
code; long ones are cut at sentence ends. Pieces never overlap.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from skillrouter_core.records import Passage, Skill, Span
from skillrouter_core.tokens import Occurrence, Tokeniser

PASSAGE_CHARS = 300
"""No piece is longer: what can be read at a glance."""

CODE_CHARS = 160
"""Code is cut at the first line end beyond this: it says less than prose of that length."""

SCANNED_CHARS = 40_000
"""Of a longer body only the beginning is searched, to keep twenty candidates within a blink."""

REPEATED_WORTH = 0.3
"""What a term is worth in a further passage once a chosen one has it: variety over repetition."""

LEAST_SHARE = 0.2
"""Further passages worth less than this share of the first are not shown."""

_FIELDS = ("description", "body")
_BLOCK_START = re.compile(r"\s*(?:[-*+•]\s|\d+[.)]\s|#{1,6}\s|\||>)")
_HEADING = re.compile(r"\s*#{1,6}\s")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_SENTENCE_END = re.compile(r"[.!?]+[\"')\]]*\s+|[。！？]+|\n")
_TOKENISER = Tokeniser()


@dataclass(frozen=True, slots=True)
class _Piece:
    field: str
    start: int
    end: int
    found: tuple[Occurrence, ...]

    @property
    def terms(self) -> frozenset[str]:
        return frozenset(occurrence.term for occurrence in self.found)


def evidence(
    query: str,
    skill: Skill,
    idf: Callable[[str], float],
    limit: int = 3,
    *,
    tokeniser: Tokeniser = _TOKENISER,
    scanned_chars: int = SCANNED_CHARS,
) -> tuple[Passage, ...]:
    """Return up to `limit` passages that hold the query's rarest words, best first.

    `idf` gives a term's rarity (`LexicalIndex.idf`). A passage's score is the summed rarity of
    the distinct terms it holds; what it is chosen by is less for length and for terms already
    shown. `skill.<field>[start:start + len(text)] == text`, and `matches` count from the start of
    `text`. Where no word matches, the start of the description (else body, else name) comes back
    with score 0, so that there is something to read unless the skill is empty.
    """
    rarity = {term: idf(term) for term in tokeniser.terms(query)}
    pieces: list[_Piece] = []
    for field in _FIELDS:
        text = getattr(skill, field)[:scanned_chars]
        found = tokeniser.occurrences(text, rarity.keys()) if rarity else ()
        pieces.extend(_matching_pieces(field, text, found))
    chosen = _choose(pieces, rarity, limit)
    if chosen or limit < 1:
        return tuple(_passage(skill, piece, rarity) for piece in chosen)
    return _opening(skill)


def _matching_pieces(field: str, text: str, found: Iterable[Occurrence]) -> list[_Piece]:
    occurrences = list(found)
    if not occurrences:
        return []
    spans = list(_pieces(text))
    starts = [start for start, _ in spans]
    inside: dict[int, list[Occurrence]] = {}
    for occurrence in occurrences:
        at = bisect_right(starts, occurrence.start) - 1
        if at >= 0 and occurrence.end <= spans[at][1]:
            inside.setdefault(at, []).append(occurrence)
    return [_Piece(field, *spans[at], tuple(members)) for at, members in inside.items()]


def _choose(pieces: list[_Piece], rarity: Mapping[str, float], limit: int) -> list[_Piece]:
    """Take the most telling piece, then the one that adds most to it, and so on."""
    left = [(piece, piece.terms) for piece in pieces]
    chosen: list[_Piece] = []
    shown: set[str] = set()
    first = 0.0
    while left and len(chosen) < limit:
        worth = [_worth(piece, terms, shown, rarity) for piece, terms in left]
        best = max(range(len(left)), key=worth.__getitem__)  # the earliest of equals
        if chosen and worth[best] < LEAST_SHARE * first:
            break
        first = first or worth[best]
        piece, terms = left.pop(best)
        chosen.append(piece)
        shown |= terms
    return chosen


def _worth(
    piece: _Piece, terms: frozenset[str], shown: set[str], rarity: Mapping[str, float]
) -> float:
    summed = sum(rarity[term] * (REPEATED_WORTH if term in shown else 1.0) for term in terms)
    return summed / (1 + (piece.end - piece.start) / (2 * PASSAGE_CHARS))


def _passage(skill: Skill, piece: _Piece, rarity: Mapping[str, float]) -> Passage:
    text = getattr(skill, piece.field)[piece.start : piece.end]
    score = sum(rarity[term] for term in sorted(piece.terms))
    return Passage(piece.field, text, piece.start, score, _merged(piece))


def _merged(piece: _Piece) -> tuple[Span, ...]:
    """Return where the terms stand inside the piece; overlapping pairs of characters as one."""
    spans: list[Span] = []
    for _, start, end in piece.found:
        span = Span(start - piece.start, end - piece.start)
        if spans and span.start < spans[-1].end:
            spans[-1] = Span(spans[-1].start, max(spans[-1].end, span.end))
        else:
            spans.append(span)
    return tuple(spans)


def _opening(skill: Skill) -> tuple[Passage, ...]:
    for field in (*_FIELDS, "name"):
        text = getattr(skill, field)[: 4 * PASSAGE_CHARS]
        for start, end in _pieces(text):
            return (Passage(field, text[start:end], start, 0.0),)
    return ()


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield the half-open ranges of a text's pieces in order, without white space around them."""
    for start, end in _blocks(text):
        for begin, stop in _windows(text, start, end):
            piece = text[begin:stop]
            begin += len(piece) - len(piece.lstrip())
            stop -= len(piece) - len(piece.rstrip())
            if begin < stop:
                yield begin, stop


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Yield ranges of whole lines that belong together."""
    start = position = 0
    code = False
    for line in text.splitlines(keepends=True):
        end = position + len(line)
        fence = _FENCE.match(line) is not None
        if fence or not line or line.isspace():
            yield start, position
            start = end
            code = code != fence
        elif code:
            if end - start > CODE_CHARS:
                yield start, end
                start = end
        elif _BLOCK_START.match(line):
            yield start, position
            start = position
            if _HEADING.match(line):
                yield start, end
                start = end
        position = end
    yield start, position


def _windows(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a long block into pieces of at most PASSAGE_CHARS, at sentence ends where it can."""
    while end - start > PASSAGE_CHARS:
        stop = start + PASSAGE_CHARS
        cuts = [match.end() for match in _SENTENCE_END.finditer(text, start, stop)]
        space = text.rfind(" ", start + 1, stop)
        cut = cuts[-1] if cuts else (space if space > start else stop)
        yield start, cut
        start = cut
    yield start, end
