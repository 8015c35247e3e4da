"""The BM25 index: which texts share rare words with a query.

Responsible for building, saving, loading and scoring one bm25s index. Must not
know what the texts are or which rows belong to which skill.

bm25s computes every term's score in every document when the index is built, so
a query adds up the columns of its own terms only.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.errors import IndexNotReadyError, WorkspaceError
from skillrouter_core.tokens import TOKENS_VERSION, Tokeniser

if TYPE_CHECKING:
    import bm25s

FloatVector = NDArray[np.float32]

_MANIFEST = "lexical.json"
_REBUILD = "run `skillrouter index` to rebuild it"
_RENEW = "delete the numbered folder it lies in and run `skillrouter index`"


@dataclass(frozen=True, slots=True)
class Bm25Parameters:
    """How fast repetition saturates (`k1`) and how much long texts are held back (`b`).

    The usual values; of 15 pairs tried on the training queries none was better.
    """

    k1: float = 1.5
    b: float = 0.75


class LexicalIndex:
    """BM25 (Lucene's form) over a fixed list of texts; row i is the i-th text.

    A term counts once however often the query repeats it: worth 0.3 points of Hit@1 on the
    training queries, whose tasks repeat words that say little.
    """

    def __init__(self, bm25: bm25s.BM25 | None, rows: int, tokeniser: Tokeniser) -> None:
        """Wrap a built index; `bm25` is None where no text holds a single term."""
        self._bm25, self._rows, self._tokeniser = bm25, rows, tokeniser

    @classmethod
    def build(
        cls,
        texts: Iterable[str],
        parameters: Bm25Parameters = Bm25Parameters(),
        tokeniser: Tokeniser | None = None,
    ) -> LexicalIndex:
        """Return the index of `texts`, which are read once and not kept."""
        tokeniser = tokeniser or Tokeniser()
        columns: dict[str, int] = {}
        rows: list[list[int]] = []
        for text in texts:
            terms = tokeniser.terms(text)
            rows.append([columns.setdefault(term, len(columns)) for term in terms])
        if not columns:
            return cls(None, len(rows), tokeniser)
        import bm25s  # here: it takes 0.7 s to import

        bm25 = bm25s.BM25(k1=parameters.k1, b=parameters.b, method="lucene", backend="numpy")
        bm25.index((rows, columns), create_empty_token=False, show_progress=False)
        return cls(bm25, len(rows), tokeniser)

    def __len__(self) -> int:
        """Return the number of texts."""
        return self._rows

    def scores(self, query: str) -> FloatVector:
        """Return each row's BM25 score, float32 [rows]; 0 where no term of the query occurs."""
        columns = self._columns(query)
        if self._bm25 is None or not columns:
            return np.zeros(self._rows, dtype=np.float32)
        scores: FloatVector = self._bm25.get_scores_from_ids(columns)
        return scores

    def _columns(self, query: str) -> list[int]:
        if self._bm25 is None:
            return []
        known = self._bm25.vocab_dict
        return [
            known[term] for term in dict.fromkeys(self._tokeniser.terms(query)) if term in known
        ]

    def document_frequency(self, term: str) -> int:
        """Return in how many texts a term (as the tokeniser writes it) occurs."""
        column = None if self._bm25 is None else self._bm25.vocab_dict.get(term)
        if self._bm25 is None or column is None:
            return 0
        ends = self._bm25.scores["indptr"]
        return int(ends[column + 1] - ends[column])

    def idf(self, term: str) -> float:
        """Return a term's rarity ln(1 + (n - df + 0.5) / (df + 0.5)); unknown terms are rarest."""
        occurring = self.document_frequency(term)
        return math.log(1 + (self._rows - occurring + 0.5) / (occurring + 0.5))

    def rarity(self, term: str) -> float:
        """Return a term's idf; one that no indexed text has counts like one that a single has."""
        return min(self.idf(term), math.log(1 + (self._rows - 0.5) / 1.5))

    def terms(self, text: str) -> list[str]:
        """Return the terms of a text in order, as the index reads them."""
        return self._tokeniser.terms(text)

    def average_terms(self, row: int, text: str) -> float:
        """Return how many terms the indexed texts have on average.

        The index does not hold that number, only scores it went into: it is worked back from
        those of one known `text`, that of `row`. 0 where nothing can be worked out.
        """
        terms = self._tokeniser.terms(text)
        counts = Counter(terms)
        held_back = [
            self.idf(term) * count / score - count
            for term, count in counts.items()
            if (score := self._score(row, term)) > 0
        ]
        if self._bm25 is None or not held_back:
            return 0.0
        k1, b = float(self._bm25.k1), float(self._bm25.b)
        if b == 0:  # length plays no part: any number will do
            return float(len(terms))
        share = float((median(held_back) / k1 - (1 - b)) / b)
        return len(terms) / share if share > 0 else 0.0

    def score_unseen(self, query: str, terms: Counter[str], average: float) -> float:
        """Return the BM25 score of a text that is not indexed, by this index's statistics.

        `terms` are its terms counted (`count_terms`), `average` comes from `average_terms`. A term
        that no indexed text has counts like one that a single text has.
        """
        if self._bm25 is None or average <= 0:
            return 0.0
        k1, b = float(self._bm25.k1), float(self._bm25.b)
        held_back = k1 * (1 - b + b * terms.total() / average)
        return sum(
            self.rarity(term) * terms[term] / (terms[term] + held_back)
            for term in dict.fromkeys(self._tokeniser.terms(query))
            if term in terms
        )

    def count_terms(self, text: str) -> Counter[str]:
        """Return how often each term occurs in a text."""
        return Counter(self._tokeniser.terms(text))

    def _score(self, row: int, term: str) -> float:
        """Return one entry of the score matrix; 0 where the text lacks the term."""
        column = None if self._bm25 is None else self._bm25.vocab_dict.get(term)
        if self._bm25 is None or column is None:
            return 0.0
        matrix = self._bm25.scores
        start, end = matrix["indptr"][column], matrix["indptr"][column + 1]
        found = np.flatnonzero(matrix["indices"][start:end] == row)
        return float(matrix["data"][start + found[0]]) if len(found) else 0.0

    def save(self, folder: Path) -> None:
        """Write the index into `folder` (made if missing) as JSON and .npy files, no pickle.

        Not atomic: write into a fresh folder and swap that.
        """
        folder.mkdir(parents=True, exist_ok=True)
        if self._bm25 is not None:
            self._bm25.save(folder, show_progress=False)
        manifest = _Manifest(self._rows, self._bm25 is None, TOKENS_VERSION)
        (folder / _MANIFEST).write_text(json.dumps(asdict(manifest)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, tokeniser: Tokeniser | None = None) -> LexicalIndex:
        """Return the index saved in `folder`; its arrays stay on disk, mapped into memory.

        Raises IndexNotReadyError where there is none or it was built by other token rules,
        WorkspaceError where its files are damaged.
        """
        manifest = _read_manifest(folder)
        tokeniser = tokeniser or Tokeniser()
        if manifest.empty:
            return cls(None, manifest.rows, tokeniser)
        import bm25s  # here: it takes 0.7 s to import

        try:
            bm25: Any = bm25s.BM25.load(folder, mmap=True, show_progress=False)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WorkspaceError(f"{folder}: BM25 index damaged ({error}); {_RENEW}") from error
        return cls(bm25, manifest.rows, tokeniser)


@dataclass(frozen=True, slots=True)
class _Manifest:
    rows: int
    empty: bool
    tokens_version: int


def _read_manifest(folder: Path) -> _Manifest:
    path = folder / _MANIFEST
    try:
        manifest = _Manifest(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise IndexNotReadyError(f"{folder}: no BM25 index here; {_REBUILD}") from error
    except (OSError, ValueError, TypeError) as error:
        raise WorkspaceError(f"{path}: unreadable ({error}); {_RENEW}") from error
    if manifest.tokens_version != TOKENS_VERSION:
        found = f"token rules {manifest.tokens_version}, this program has {TOKENS_VERSION}"
        raise IndexNotReadyError(f"{folder}: built by {found}; {_REBUILD}")
    return manifest
