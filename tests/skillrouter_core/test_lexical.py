"""BM25 against its formula written out, and what is saved against what was built."""

import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from skillrouter_core.errors import IndexNotReadyError, WorkspaceError
from skillrouter_core.lexical import Bm25Parameters, LexicalIndex
from skillrouter_core.tokens import Tokeniser

TEXTS = [
    "deploy containers to a cluster, deploy again",
    "chart the quarterly sales data",
    "",
    "sales forecast: chart, table and a long explanation of seasonal data series",
    "數據分析 chart",
]


def reference_scores(query: str, texts: list[str], k1: float, b: float) -> list[float]:
    """Lucene's BM25, term by term, document by document."""
    documents = Tokeniser().tokenise(texts)
    mean = sum(map(len, documents)) / len(documents)
    scores = []
    for document in documents:
        counts, total = Counter(document), 0.0
        for term in set(Tokeniser().terms(query)):
            df = sum(term in other for other in documents)
            idf = math.log(1 + (len(documents) - df + 0.5) / (df + 0.5))
            tf = counts[term]
            total += idf * tf / (tf + k1 * (1 - b + b * len(document) / mean))
        scores.append(total)
    return scores


@pytest.mark.parametrize("query", ["deploy a chart", "sales sales data", "分析", "seasonal"])
@pytest.mark.parametrize(("k1", "b"), [(1.5, 0.75), (0.9, 0.4), (2.0, 0.0)])
def test_scores_follow_the_formula(query: str, k1: float, b: float) -> None:
    index = LexicalIndex.build(TEXTS, Bm25Parameters(k1, b))
    expected = reference_scores(query, TEXTS, k1, b)
    scores = index.scores(query)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("query", ["", "the of", "unheardof", "!!!"])
def test_queries_without_known_terms_score_nothing(query: str) -> None:
    assert not LexicalIndex.build(TEXTS).scores(query).any()


@pytest.mark.parametrize("texts", [[], [""], ["the", "of and"]])
def test_texts_without_terms_can_be_indexed_saved_and_asked(
    texts: list[str], tmp_path: Path
) -> None:
    index = LexicalIndex.build(texts)
    index.save(tmp_path)
    for again in (index, LexicalIndex.load(tmp_path)):
        assert len(again) == len(texts)
        assert again.scores("deploy").tolist() == [0.0] * len(texts)
        assert again.document_frequency("deploy") == 0


@pytest.mark.parametrize("row", [0, 1, 3])
def test_average_length_is_worked_back_from_any_text(row: int) -> None:
    mean = sum(map(len, Tokeniser().tokenise(TEXTS))) / len(TEXTS)
    index = LexicalIndex.build(TEXTS)
    assert index.average_terms(row, TEXTS[row]) == pytest.approx(mean, rel=1e-4)
    assert index.average_terms(2, TEXTS[2]) == 0.0


@pytest.mark.parametrize("query", ["deploy a chart", "sales sales data", "分析", "unheardof"])
@pytest.mark.parametrize(("k1", "b"), [(1.5, 0.75), (2.0, 0.0)])
def test_text_of_the_index_scores_alike_as_an_unseen_one(query: str, k1: float, b: float) -> None:
    index = LexicalIndex.build(TEXTS, Bm25Parameters(k1, b))
    average = index.average_terms(3, TEXTS[3])
    unseen = [index.score_unseen(query, index.count_terms(text), average) for text in TEXTS]
    np.testing.assert_allclose(unseen, index.scores(query), rtol=1e-4, atol=1e-6)


def test_term_that_only_the_unseen_text_has_counts_like_the_rarest() -> None:
    index = LexicalIndex.build(TEXTS)
    average = index.average_terms(0, TEXTS[0])
    new = index.count_terms("frobnicate the data")
    known = index.score_unseen("data", new, average)
    both = index.score_unseen("frobnicate data", new, average)
    held_back = 1.5 * (1 - 0.75 + 0.75 * 2 / average)
    assert both - known == pytest.approx(math.log(1 + 4.5 / 1.5) / (1 + held_back))
    assert LexicalIndex.build([]).score_unseen("data", new, average) == 0.0


def test_idf_is_rarity() -> None:
    index = LexicalIndex.build(TEXTS)
    assert index.document_frequency("chart") == 3
    assert index.idf("chart") == pytest.approx(math.log(1 + 2.5 / 3.5))
    assert index.idf("deploy") == pytest.approx(math.log(1 + 4.5 / 1.5))
    assert index.idf("unheardof") > index.idf("deploy") > index.idf("chart")


def test_a_saved_index_answers_the_same_from_mapped_files(tmp_path: Path) -> None:
    built = LexicalIndex.build(TEXTS)
    built.save(tmp_path / "lexical")
    loaded = LexicalIndex.load(tmp_path / "lexical")
    np.testing.assert_array_equal(loaded.scores("sales chart"), built.scores("sales chart"))
    assert loaded.idf("chart") == built.idf("chart")
    assert not [path for path in tmp_path.rglob("*") if path.suffix in {".pkl", ".pickle"}]


def test_building_prints_nothing(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    LexicalIndex.build(TEXTS).save(tmp_path)
    LexicalIndex.load(tmp_path).scores("chart")
    assert capfd.readouterr() == ("", "")


def test_no_index_says_how_to_build_one(tmp_path: Path) -> None:
    with pytest.raises(IndexNotReadyError, match="skillrouter index"):
        LexicalIndex.load(tmp_path)


def test_an_index_of_other_token_rules_is_refused(tmp_path: Path) -> None:
    LexicalIndex.build(TEXTS).save(tmp_path)
    manifest = json.loads((tmp_path / "lexical.json").read_text())
    (tmp_path / "lexical.json").write_text(json.dumps(manifest | {"tokens_version": 0}))
    with pytest.raises(IndexNotReadyError, match="token rules 0"):
        LexicalIndex.load(tmp_path)


@pytest.mark.parametrize(
    "name", ["lexical.json", "vocab.index.json", "data.csc.index.npy", "params.index.json"]
)
def test_a_damaged_file_is_named(name: str, tmp_path: Path) -> None:
    LexicalIndex.build(TEXTS).save(tmp_path)
    (tmp_path / name).write_bytes(b"{")
    with pytest.raises(WorkspaceError, match="skillrouter index"):
        LexicalIndex.load(tmp_path)
