"""Stage 1 against a mix computed by hand over every row."""

import math
from pathlib import Path

import numpy as np
import pytest

from skillrouter_core.errors import IndexNotReadyError, UsageError
from skillrouter_core.index import (
    FULL,
    NO_BODY,
    DenseSource,
    SkillIndex,
    attach_dense,
    write_lexical,
)
from skillrouter_core.records import Skill, Stage1
from skillrouter_core.retrieve import FusionWeights, retrieve
from skillrouter_core.texts import preset_named

PRESET = preset_named("compact")
TOPICS = ("deploy", "chart", "translate", "parse", "review")
QUERY = "deploy a chart and review it"
EVEN = FusionWeights()


def skills(count: int) -> list[Skill]:
    """Skills that mention their topic in the name and another one in the body, now and then."""
    return [
        Skill(f"a/{n}", f"{TOPICS[n % 5]} {n}", "", f"{TOPICS[n % 3]} " * (n % 4) + "and so on")
        for n in range(count)
    ]


def vectors(count: int, seed: int = 0) -> np.ndarray:
    matrix = np.random.default_rng(seed).normal(size=(count, 12)).astype(np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


VECTOR = vectors(1, seed=9)[0]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> SkillIndex:
    folder = tmp_path_factory.mktemp("index")
    generation = write_lexical(folder, skills(60), PRESET)
    attach_dense(generation, {FULL: DenseSource(vectors(60), "model", "v1")})
    return SkillIndex.load(folder)


@pytest.mark.parametrize(
    "weights", [EVEN, FusionWeights(1, 0), FusionWeights(0, 1), FusionWeights(0.3, 2.5)]
)
@pytest.mark.parametrize("k", [1, 5, 60])
def test_hybrid_is_the_weighted_sum_over_all_rows(
    index: SkillIndex, weights: FusionWeights, k: int
) -> None:
    bm25 = index.lexical().scores(QUERY)
    cosines = vectors(60) @ VECTOR
    mixed = [
        weights.bm25 * math.log(1 + float(bm25[row])) + weights.dense * float(cosines[row])
        for row in range(60)
    ]
    expected = sorted(range(60), key=lambda row: (-round(mixed[row], 6), row))[:k]
    answer = retrieve(index, QUERY, VECTOR, Stage1.HYBRID, k, weights, pool=60)
    assert answer.used is Stage1.HYBRID
    assert [hit.row for hit in answer.hits] == expected
    for hit in answer.hits:
        assert hit.score == pytest.approx(mixed[hit.row], abs=1e-5)
        assert hit.bm25 == pytest.approx(bm25[hit.row])
        assert hit.dense == pytest.approx(cosines[hit.row], abs=1e-6)


def test_a_small_pool_still_scores_both_sides_exactly(index: SkillIndex) -> None:
    """Each retriever proposes its best two; what the other says of them is not imputed."""
    answer = retrieve(index, QUERY, VECTOR, Stage1.HYBRID, 2, EVEN, pool=2)
    bm25, cosines = index.lexical().scores(QUERY), vectors(60) @ VECTOR
    proposed = {*np.argsort(-bm25, kind="stable")[:2], *np.argsort(-cosines)[:2]}
    best = sorted(proposed, key=lambda row: -(math.log1p(bm25[row]) + cosines[row]))[:2]
    assert [hit.row for hit in answer.hits] == best


def test_bm25_alone(index: SkillIndex) -> None:
    answer = retrieve(index, QUERY, VECTOR, Stage1.BM25, 10, EVEN)
    scores = index.lexical().scores(QUERY)
    expected = sorted(range(60), key=lambda row: (-scores[row], row))[:10]
    assert answer.used is Stage1.BM25
    assert [hit.row for hit in answer.hits] == expected
    assert all(hit.dense is None and hit.score == hit.bm25 for hit in answer.hits)


def test_rows_without_a_term_of_the_query_are_no_bm25_hits(index: SkillIndex) -> None:
    answer = retrieve(index, "translate", None, Stage1.BM25, 60, EVEN)
    named = [hit.row for hit in answer.hits]
    assert sorted(named) == [n for n in range(60) if n % 5 == 2 or (n % 3 == 2 and n % 4)]
    assert retrieve(index, "", None, Stage1.BM25, 5, EVEN).hits == ()


def test_dense_alone(index: SkillIndex) -> None:
    answer = retrieve(index, QUERY, VECTOR, Stage1.DENSE, 10, EVEN)
    assert answer.used is Stage1.DENSE
    assert [hit.row for hit in answer.hits] == np.argsort(-(vectors(60) @ VECTOR))[:10].tolist()
    assert all(hit.bm25 is None and hit.score == hit.dense for hit in answer.hits)


@pytest.mark.parametrize(("vector", "view"), [(None, FULL), (VECTOR, NO_BODY)])
def test_hybrid_without_vectors_is_bm25_and_says_so(
    index: SkillIndex, vector: np.ndarray | None, view: str
) -> None:
    answer = retrieve(index, QUERY, vector, Stage1.HYBRID, 5, EVEN, view)
    assert answer == retrieve(index, QUERY, None, Stage1.BM25, 5, EVEN, view)
    assert answer.used is Stage1.BM25


@pytest.mark.parametrize(
    ("vector", "view", "lacking"),
    [(None, FULL, "the query has no vector"), (VECTOR, NO_BODY, "the index has no vectors")],
)
def test_dense_without_vectors_says_what_is_lacking(
    index: SkillIndex, vector: np.ndarray | None, view: str, lacking: str
) -> None:
    with pytest.raises(IndexNotReadyError, match=lacking):
        retrieve(index, QUERY, vector, Stage1.DENSE, 5, EVEN, view)


@pytest.mark.parametrize("k", [0, -3])
def test_asking_for_nothing_is_refused(index: SkillIndex, k: int) -> None:
    with pytest.raises(UsageError, match=f"k = {k}"):
        retrieve(index, QUERY, None, Stage1.BM25, k, EVEN)


@pytest.mark.parametrize("kind", list(Stage1))
def test_ties_are_ordered_by_row(kind: Stage1, tmp_path: Path) -> None:
    same = [Skill(f"a/{n}", "deploy", "", "") for n in range(300)]
    matrix = np.repeat(vectors(1), 300, axis=0)
    generation = write_lexical(tmp_path, same, PRESET)
    attach_dense(generation, {FULL: DenseSource(matrix, "model", "v1")})
    loaded = SkillIndex.load(tmp_path)
    answer = retrieve(loaded, "deploy", matrix[0], kind, 250, EVEN)
    rows = [hit.row for hit in answer.hits]
    assert rows == sorted(rows)
    assert len(rows) == 250


@pytest.mark.parametrize("kind", list(Stage1))
def test_an_empty_catalog_has_no_hits(kind: Stage1, tmp_path: Path) -> None:
    generation = write_lexical(tmp_path, [], PRESET)
    empty = DenseSource(np.empty((0, 12), np.float32), "model", "v1")
    attach_dense(generation, {FULL: empty})
    assert retrieve(SkillIndex.load(tmp_path), QUERY, VECTOR, kind, 5, EVEN).hits == ()
