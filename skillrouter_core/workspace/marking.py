"""Where the words of a request stand in a text, for screens that mark them.

Responsible for handing on how the word index cuts words. Must not know what is marked, nor how.
"""

from __future__ import annotations

from collections.abc import Callable

from skillrouter_core.records import Span
from skillrouter_core.tokens import Tokeniser

_TOKENISER = Tokeniser()


def marker(query: str) -> Callable[[str], tuple[Span, ...]]:
    """Return what finds a request's words in a text, in order: other endings too, no stop words."""
    terms = frozenset(_TOKENISER.terms(query))

    def found(text: str) -> tuple[Span, ...]:
        occurrences = _TOKENISER.occurrences(text, terms) if terms else ()
        return tuple(Span(start, end) for _, start, end in occurrences)

    return found
