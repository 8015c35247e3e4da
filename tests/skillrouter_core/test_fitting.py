"""Numbers around a pair: fitted on all queries and without each share; and when they stay."""

import json
from collections import Counter

import numpy as np
import pytest

from skillrouter_core.errors import ModelIntegrityError
from skillrouter_core.fitting import (
    Looked,
    fit_stage_one,
    fit_stage_two_around,
    lacking,
    likelihood,
)
from skillrouter_core.models import MANIFEST
from skillrouter_core.records import Stage1
from skillrouter_core.registry.fitted import (
    FITTED,
    FOLDS,
    Fitted,
    fitted_from,
    fitted_values,
    fold_of,
    read_fitted,
    write_fitted,
)
from skillrouter_core.rerank import StageTwoWeights
from skillrouter_core.tuning import FEWEST_QUERIES, JudgedCandidates
from tests.tiny_models import tiny_bert


def looked(count: int, signal: str = "text") -> list[Looked]:
    """Return queries with eight candidates whose right one stands out in one number alone."""
    rng, made = np.random.default_rng(3), []
    for number in range(count):
        names = ("bm25", "dense", "text")
        numbers = {name: rng.normal(0, 1, 8).astype(np.float32) for name in names}
        right = int(rng.integers(8))
        numbers[signal][right] += 2
        numbers["bm25"] = np.exp(numbers["bm25"]).astype(np.float32)
        made.append(Looked(f"query {number}", JudgedCandidates(**numbers, right=right)))
    return made


def test_shares_are_even_and_none_of_the_digits_that_hold_out():
    counts = Counter(fold_of(f"query {number}") for number in range(1000))
    assert set(counts) == set(range(FOLDS))
    assert max(counts.values()) < 140
    assert fold_of(" query 1\n") == fold_of("query 1")


@pytest.mark.parametrize("count", [0, 20, 31])
def test_too_few_leave_the_numbers_and_say_how_many_are_missing(count):
    made = looked(count)
    texts = [one.text for one in made]
    missing = lacking(texts)
    assert missing >= FEWEST_QUERIES - count > 0 or (count == 31 and missing > 0)
    former = Fitted({"fusion": {"bm25": 1.0, "dense": 3.5}})
    fits = fit_stage_one(made, former, mix=True)
    assert fits.fitted is former
    assert not fits.done
    assert f"{count} held-out queries" in fits.notes[0]
    assert f"{missing} more are needed" in fits.notes[0]


def test_the_mix_follows_the_queries_and_not_those_set_aside():
    made = looked(60, "dense")
    odd = [number for number, one in enumerate(made) if fold_of(one.text) == 4]
    fits = fit_stage_one(made, Fitted(), mix=True)
    assert fits.fitted.whole["fusion"]["dense"] > 1
    assert set(fits.fitted.whole["calibration"]) == {"hybrid", "bm25", "dense"}
    assert fits.fitted.queries == {one.text for one in made}
    # what fold 4 says changes nothing of the numbers that its queries are measured by
    other = looked(60, "bm25")
    mixed = [other[n] if n in odd else one for n, one in enumerate(made)]
    again = fit_stage_one(mixed, Fitted(), mix=True)
    assert again.fitted.fold(4) == fits.fitted.fold(4)
    assert again.fitted.fold(5) != fits.fitted.fold(5)
    assert again.fitted.whole != fits.fitted.whole


def test_a_kept_encoder_keeps_its_mix():
    former = Fitted({"fusion": {"bm25": 1.0, "dense": 3.5}})
    fits = fit_stage_one(looked(60, "dense"), former, mix=False)
    assert fits.fitted.whole["fusion"] == {"bm25": 1.0, "dense": 3.5}
    assert set(fits.fitted.whole["calibration"]) == {"hybrid", "bm25", "dense"}


def test_stage_two_is_fitted_where_that_does_better():
    former = Fitted({"stage2": {"hybrid": {"text": 0.0, "bm25": 9.0}}})
    made = {Stage1.HYBRID: looked(80)}
    fits = fit_stage_two_around(made, former, weighs=True)
    weights = StageTwoWeights(**fits.fitted.whole["stage2"]["hybrid"])
    assert weights.text > 1
    assert abs(weights.bm25) < weights.text / 3
    assert "fitted, better by" in fits.notes[0]
    assert 0 < fits.fitted.whole["none_fits_below"] < 1
    assert "hybrid+rerank" in fits.fitted.whole["calibration"]
    assert len({json.dumps(one["stage2"]) for one in fits.fitted.folds}) == FOLDS


def test_weights_that_do_better_than_fitted_ones_stay():
    made = {Stage1.HYBRID: looked(45)}
    right = {"text": 3.0, "bm25": 0.0, "dense": 0.0}  # what the queries were made with
    fits = fit_stage_two_around(made, Fitted({"stage2": {"hybrid": right}}), weighs=True)
    kept = fits.fitted.whole["stage2"]["hybrid"]
    assert {name: kept[name] for name in right} == right
    assert "weights kept" in fits.notes[0]
    assert "hybrid+rerank" in fits.fitted.whole["calibration"]


def test_a_profile_whose_reranker_stands_alone_stays_so():
    fits = fit_stage_two_around({Stage1.HYBRID: looked(60)}, Fitted(), weighs=False)
    assert fits.fitted.whole["stage2"]["hybrid"]["bm25"] == 0.0
    assert fits.fitted.whole["stage2"]["hybrid"]["text"] == 1.0


def test_a_kind_that_finds_too_few_keeps_its_numbers():
    lost = [
        Looked(one.text, one.candidates.without_right()) if number > 20 else one
        for number, one in enumerate(looked(60))
    ]
    former = Fitted({"stage2": {"bm25": {"text": 0.5}}})
    made = {Stage1.HYBRID: looked(60), Stage1.BM25: lost}
    fits = fit_stage_two_around(made, former, weighs=True)
    assert fits.fitted.whole["stage2"]["bm25"] == {"text": 0.5}
    assert set(fits.fitted.whole["calibration"]) == {"hybrid+rerank"}
    assert any(note.startswith("bm25: 21 held-out queries") for note in fits.notes)


def test_numbers_are_none_where_no_first_answer_is_right():
    """A curve needs both outcomes; the former one stays."""
    made = [
        Looked(
            f"query {n}",
            JudgedCandidates(
                bm25=np.array([2.0, 1.0], np.float32),
                dense=np.array([2.0, 1.0], np.float32),
                text=np.array([2.0, 1.0], np.float32),
                right=1,
            ),
        )
        for n in range(60)
    ]
    fits = fit_stage_one(made, Fitted({"calibration": {"bm25": {"bias": 1.0}}}), mix=True)
    assert fits.fitted.whole["calibration"] == {"bm25": {"bias": 1.0}}


def test_the_likelihood_is_that_of_a_softmax():
    query = looked(1)[0].candidates
    scores = query.combined(StageTwoWeights(text=2.0)).astype(float)
    share = np.exp(scores[query.right]) / np.exp(scores).sum()
    assert likelihood(query, StageTwoWeights(text=2.0)) == pytest.approx(np.log(share))
    with pytest.raises(ValueError, match="not among"):
        likelihood(query.without_right(), StageTwoWeights())


# ------------------------------------------------------------------------ kept beside a model


def folds(value: float) -> tuple[dict, ...]:
    return tuple({"fusion": {"dense": value + number}} for number in range(FOLDS))


def test_numbers_come_back_as_they_were_and_by_query(tmp_path):
    folder = tiny_bert(tmp_path / "encoder")
    (folder / MANIFEST).write_text(json.dumps({"preset": "compact", "stage2": {"old": {}}}))
    fitted = Fitted({"fusion": {"dense": 3.0}}, folds(10), frozenset({"q"}))
    write_fitted(folder, fitted)
    found = read_fitted(str(folder))
    assert found == fitted
    assert found.whole == {"fusion": {"dense": 3.0}}
    assert found.unseen(" q ") == {"fusion": {"dense": 10 + fold_of("q")}}
    assert found.unseen("another") == {"fusion": {"dense": 3.0}}
    assert json.loads((folder / MANIFEST).read_text())["preset"] == "compact"
    assert fitted_from(json.loads(json.dumps(fitted_values(found)))).folds == fitted.folds


def test_a_pointer_has_the_numbers_of_what_it_points_to_unless_its_own(tmp_path):
    folder = tiny_bert(tmp_path / "encoder")
    (folder / MANIFEST).write_text("{}")
    write_fitted(folder, Fitted({"fusion": {"dense": 3.0}}, folds(10), frozenset({"q"})))
    pointer = tmp_path / "pointer"
    pointer.mkdir()
    (pointer / MANIFEST).write_text(json.dumps({"same_as": str(folder)}))
    assert read_fitted(str(pointer)).unseen("q") == {"fusion": {"dense": 10 + fold_of("q")}}
    write_fitted(pointer, Fitted({"fusion": {"dense": 4.0}}, folds(20), frozenset({"r"})))
    assert read_fitted(str(pointer)).whole == {"fusion": {"dense": 4.0}}
    assert read_fitted(str(pointer)).queries == {"r"}
    assert read_fitted(str(folder)).whole == {"fusion": {"dense": 3.0}}


def test_new_numbers_join_those_of_before_key_by_key():
    former = Fitted({"stage2": {"bm25": {"text": 1.0}}, "none_fits_below": 0.3})
    both = former.with_fits(
        {"stage2": {"hybrid": {"text": 2.0}}},
        [{"stage2": {"hybrid": {"text": float(n)}}} for n in range(FOLDS)],
        ["q "],
    )
    assert both.whole["stage2"] == {"bm25": {"text": 1.0}, "hybrid": {"text": 2.0}}
    assert both.fold(3) == {
        "stage2": {"bm25": {"text": 1.0}, "hybrid": {"text": 3.0}},
        "none_fits_below": 0.3,
    }
    assert both.queries == {"q"}


@pytest.mark.parametrize("text", ["{", "[]", '{"folds": [{}], "queries": []}', '{"folds": []}'])
def test_damaged_numbers_are_refused(text, tmp_path):
    folder = tiny_bert(tmp_path / "encoder")
    (folder / FITTED).write_text(text)
    with pytest.raises(ModelIntegrityError, match=FITTED):
        read_fitted(str(folder))
