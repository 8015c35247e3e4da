"""Text to the terms BM25 counts.

Responsible for where a word starts and ends, which words carry no meaning, and
which spellings count as one term. Must not know what is counted, stored or
scored. The same rules serve indexing, querying and the highlighting of
evidence, so a term that scored is a term that can be shown.

The rules, chosen on the 3,417 training queries:

- A word is a run of letters and digits; `snake_case` and `kebab-case` fall apart.
  Splitting camelCase as well changed no figure and is left out.
- Words are normalised (NFKC), lowered and stemmed (Snowball English, which leaves
  other alphabets alone).
- Scripts written without spaces between words give character bigrams.
- English function words and lone characters are dropped, except the names of
  programming languages (C, R, C++, C#).
"""

from __future__ import annotations

import itertools
import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Set
from typing import NamedTuple

import Stemmer

TOKENS_VERSION = 1
"""Goes up with every change of the rules: an index of another version must be rebuilt."""

MAX_WORD_CHARS = 64
"""Longer words (hashes, base64) are dropped: nobody types them into a query."""

MAX_CACHED_WORDS = 1_000_000
"""Beyond so many different spellings the cache starts again (about 200 MB)."""

# Thai to Myanmar, Khmer, kana, ideographs, Hangul, half-width kana, ideographs of the planes above.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U000323af"
)
# Combining marks are no letters to `re`, yet they end no word (decomposed accents, vowel signs).
_MARKS = "\u0300-\u036f\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
_LETTER = rf"[^\W_{_UNSPACED}]"
_WORD = re.compile(rf"[{_UNSPACED}]+|[A-Za-z](?:\+\+|#)(?!\w)|{_LETTER}+(?:[{_MARKS}]+{_LETTER}*)*")
_UNSPACED_START = re.compile(rf"[{_UNSPACED}]")

_LANGUAGES = frozenset({"c", "r"})

_STOP_WORDS = (
    "a about all also am an and any are as at be been being but by can could did do does doing "
    "done down each for from had has have he her here his how i if in into is it its just me "
    "more most my need no nor not of on once only or other our out over own please same she "
    "should so some such than that the their them then there these they this to too up us very "
    "want was we were what when where which who why will with would you your "
)
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""English words that fill sentences; dropping them is worth 2 points of Hit@1 in training."""


class Occurrence(NamedTuple):
    """A term and the half-open character range of the original text it stands for."""

    term: str
    start: int
    end: int


class Tokeniser:
    """Turns text into terms; safe to share between threads."""

    def __init__(self) -> None:
        """Start with an empty cache of spellings."""
        self._cache = _TermCache()

    def terms(self, text: str) -> list[str]:
        """Return the terms of one text in order, repetitions included."""
        cache = self._cache
        return [term for word in _WORD.findall(text) for term in cache[word]]

    def tokenise(self, texts: Iterable[str]) -> list[list[str]]:
        """Return the terms of each text, in the order given."""
        return [self.terms(text) for text in texts]

    def occurrences(self, text: str, wanted: Set[str] | None = None) -> Iterator[Occurrence]:
        """Yield each term of `text` (only the `wanted` ones if given) with its characters.

        Ranges are of the original text, whatever normalising did to its length.
        """
        cache = self._cache
        for match in _WORD.finditer(text):
            word = match.group()
            terms = cache[word]
            if not terms or (wanted is not None and wanted.isdisjoint(terms)):
                continue
            start, width = match.start(), len(word)
            if _UNSPACED_START.match(word):
                width = min(width, 2)
            for offset, term in enumerate(terms):
                if wanted is None or term in wanted:
                    yield Occurrence(term, start + offset, start + offset + width)


class _TermCache(dict[str, tuple[str, ...]]):
    """Spelling -> its terms: each spelling is normalised and stemmed once, not each time it occurs.

    PyStemmer's stemmers must not be shared between threads unguarded, hence the lock.
    """

    def __init__(self) -> None:
        super().__init__()
        self._stemmer = Stemmer.Stemmer("english", 0)
        self._lock = threading.Lock()

    def __missing__(self, word: str) -> tuple[str, ...]:
        if _UNSPACED_START.match(word):
            terms = _bigrams(word)
        elif len(word) > MAX_WORD_CHARS:
            return ()
        else:
            terms = self._stemmed(word)
        if len(word) <= MAX_WORD_CHARS:
            if len(self) >= MAX_CACHED_WORDS:
                self.clear()
            self[word] = terms
        return terms

    def _stemmed(self, word: str) -> tuple[str, ...]:
        low = unicodedata.normalize("NFKC", word).lower()
        if low in STOP_WORDS or (len(low) < 2 and low not in _LANGUAGES):
            return ()
        with self._lock:
            return (self._stemmer.stemWord(low),)


def _bigrams(run: str) -> tuple[str, ...]:
    """Return overlapping pairs of characters, each normalised; a lone character stands alone."""
    if len(run) == 1:
        return (unicodedata.normalize("NFKC", run),)
    return tuple(unicodedata.normalize("NFKC", a + b) for a, b in itertools.pairwise(run))
