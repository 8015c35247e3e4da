"""The terms of skills' texts that a cluster can be named after.

Responsible for which words and pairs of words count, in which skill, and how people write
them. Must not know clusters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.progress import Meter, ProgressListener, silent
from skillrouter_core.records import Skill
from skillrouter_core.tokens import Occurrence, Tokeniser

NAME_WEIGHT, DESCRIPTION_WEIGHT, BODY_WEIGHT = 3.0, 2.0, 1.0
"""What a term counts by the best of the places it stands in: a skill has each term once."""

BODY_CHARS = 1_000
"""Characters of a body that are read: what it is about stands at its start."""

DESCRIPTION_CHARS = 1_000
"""The same for descriptions; the few longer ones repeat themselves."""

LEAST_SKILLS = 2
"""Terms of fewer skills' names and descriptions name nothing."""

MOST_TERMS = 40_000
"""The most frequent terms that are kept; bites from some 20,000 skills on, at terms of two."""

_GENERIC = (
    "skill use user guide guidelines help task work create make build provide support include "
    "handle manage need want wish best practice tool etc via like based specific comprehensive "
    "expert mention ask say trigger invoke activate request phrase cover feature follow "
    "proactive automatically automate must never always first two one implement configure "
    "generate identify prepare perform enable ensure apply get set add run across through "
    "between before after every both without instead per existing clear modern advanced basic "
    "simple complete full concrete actionable ready guidance fundamental overview category auto "
    "prerequisite part step keep check read new execution example discover available current "
    "return wants needs against above met http https www com md "
    "\u4f7f\u7528 \u7528\u6237 \u6280\u80fd \u7528\u4e8e \u63d0\u4f9b \u751f\u6210"
)
"""English, and at the end six Chinese words of the same kind; statistics find most others."""

SENTENCE = 1_000
"""A spelling in a description outweighs so many in names, which are in small letters by habit."""

Key = tuple[str, ...]

_JOINERS = frozenset(" -_/.&")
_LONG_OR_CAPITAL = re.compile(r"[^\W\d_]{3}|[A-Z].|[A-Za-z](?:\+\+|#)|[\u3400-\u9fff]{2}")
# Thai to Myanmar, Khmer, kana, Hangul: a pair of their characters is a syllable or two.
_SYLLABLES = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Terms:
    """Which terms each skill has: `ids[starts[i]:starts[i + 1]]` with as many `weights`.

    `spellings[t]` is how people write term t most often; `keys[t]` its stemmed words;
    `generic[t]` whether it cannot name a subject: a word of it is listed, or it is a mere syllable.
    """

    keys: tuple[Key, ...]
    spellings: tuple[str, ...]
    generic: NDArray[np.bool_]
    ids: NDArray[np.int32]
    weights: NDArray[np.float32]
    starts: NDArray[np.int64]


def read_terms(
    skills: Sequence[Skill], listener: ProgressListener = silent, *, most: int = MOST_TERMS
) -> Terms:
    """Return the terms of the skills' names, descriptions and first lines of bodies.

    Terms are single words and pairs of neighbouring words, by their stems. Those of fewer than
    `LEAST_SKILLS` skills' names and descriptions are left out, and all but the `most` frequent.
    """
    tokeniser = Tokeniser()
    meter = Meter(listener, "reading terms", 2 * len(skills))
    counts: Counter[Key] = Counter()
    for skill in skills:
        headline = f"{_spaced(skill.name)}\n{skill.description[:DESCRIPTION_CHARS]}"
        counts.update({key for key, _ in _spelled(tokeniser, headline)})
        meter.advance()
    frequent = [key for key, count in counts.items() if count >= LEAST_SKILLS]
    keys = sorted(sorted(frequent, key=lambda key: (-counts[key], key))[:most])
    return _weighed(skills, tuple(keys), tokeniser, meter)


def _spaced(name: str) -> str:
    return name.replace("-", " ").replace("_", " ")


def _weighed(
    skills: Sequence[Skill], keys: tuple[Key, ...], tokeniser: Tokeniser, meter: Meter
) -> Terms:
    number_of = {key: number for number, key in enumerate(keys)}
    written: list[Counter[str]] = [Counter() for _ in keys]
    ids, weights, starts = [], [], [0]
    for skill in skills:
        weight: dict[int, float] = {}
        for text, worth, votes in (
            (skill.body[:BODY_CHARS], BODY_WEIGHT, 0),
            (skill.description[:DESCRIPTION_CHARS], DESCRIPTION_WEIGHT, SENTENCE),
            (_spaced(skill.name), NAME_WEIGHT, 1),
        ):
            for key, spelling in _spelled(tokeniser, text):
                number = number_of.get(key)
                if number is not None:
                    weight[number] = worth
                    if votes:
                        written[number][spelling] += votes
        ids.append(np.fromiter(weight.keys(), dtype=np.int32, count=len(weight)))
        weights.append(np.fromiter(weight.values(), dtype=np.float32, count=len(weight)))
        starts.append(starts[-1] + len(weight))
        meter.advance()
    spellings = tuple(min(one.items(), key=lambda item: (-item[1], item[0]))[0] for one in written)
    return Terms(
        keys,
        spellings,
        _generic(keys, spellings, tokeniser),
        np.concatenate([*ids, np.empty(0, dtype=np.int32)]),
        np.concatenate([*weights, np.empty(0, dtype=np.float32)]),
        np.array(starts, dtype=np.int64),
    )


def _generic(
    keys: Sequence[Key], spellings: Sequence[str], tokeniser: Tokeniser
) -> NDArray[np.bool_]:
    """Return which terms hold a listed word or mean nothing on their own.

    The latter are two small letters (js, de), and pairs of characters cut from a script without
    spaces, unless both are ideographs.
    """
    listed = set(tokeniser.terms(_GENERIC))
    return np.array(
        [
            not listed.isdisjoint(key)
            or not _LONG_OR_CAPITAL.search(spelling)
            or bool(_SYLLABLES.search(spelling))
            for key, spelling in zip(keys, spellings, strict=True)
        ],
        dtype=bool,
    )


def _spelled(tokeniser: Tokeniser, text: str) -> Iterator[tuple[Key, str]]:
    """Yield each word and each pair of neighbours as stems, with how the text writes it."""
    before: Occurrence | None = None
    for one in tokeniser.occurrences(text):
        if one.term.isdigit():
            before = None
            continue
        yield (one.term,), text[one.start : one.end]
        if before is not None and text[before.end : one.start] in _JOINERS:
            yield (before.term, one.term), text[before.start : one.end].replace("_", " ")
        before = one
