import numpy as np
import pytest

from skillrouter_core.calibrate import Calibration
from skillrouter_core.errors import UsageError
from skillrouter_core.index import (
    FULL,
    NO_BODY,
    VIEWS,
    DenseSource,
    SkillIndex,
    attach_dense,
    write_lexical,
)
from skillrouter_core.records import RouteOptions, Stage1
from skillrouter_core.rerank import StageTwoWeights
from skillrouter_core.retrieve import FusionWeights
from skillrouter_core.route import NO_RERANKER, NO_VECTORS, STALE, Router, Tuning
from skillrouter_core.texts import PRESETS, encoder_document
from skillrouter_core.wording import read_wording, whole_text
from tests.fakes import HashEncoder, OverlapReranker, skill

PRESET = PRESETS["compact"]
SKILLS = [
    skill("pool/bread", "Bake sourdough bread", "Knead the dough, rest it, bake bread at 230 C."),
    skill("pool/bread-copy", "Bake bread", "Knead the dough, rest it, bake bread at 230 C."),
    skill("pool/deploy", "Ship a service", "Roll out a container with helm to the cluster."),
    skill("pool/secret", "Things to do", "Rotate the vault token and audit every lease."),
    skill("pool/soup", "Cook soup", "Boil onions and bones for three hours, then strain."),
]


@pytest.fixture
def index(tmp_path):
    generation = write_lexical(tmp_path, SKILLS, PRESET)
    encoder = HashEncoder()
    for view in VIEWS:
        texts = [encoder_document(one, PRESET, body=view == FULL) for one in SKILLS]
        matrix = encoder.encode_queries(texts)
        attach_dense(generation, {view: DenseSource(matrix, encoder.model_key, "v")})
    return SkillIndex.load(tmp_path)


def lookup(ids):
    return {one.skill_id: one for one in SKILLS if one.skill_id in ids}


def router(index, **parts):
    parts = {"encoder": HashEncoder(), "reranker": OverlapReranker()} | parts
    return Router(index, lookup, PRESET, **parts)


def test_both_stages_answer_with_their_scores_and_times(index):
    route = router(index).route("bake bread")
    first = route.candidates[0]
    assert first.skill.skill_id == "pool/bread"
    assert (first.rank, first.place) == (1, 1)
    assert first.stage2_score == first.text_score == 1.0
    assert first.bm25 > 0
    assert 0 < first.dense <= 1
    assert first.evidence[0].text
    times = route.timings
    assert min(times.encode, times.stage1, times.stage2) > 0
    assert times.total >= times.encode + times.stage1 + times.stage2
    assert route.notes == ()


def test_near_copies_fold_under_the_better_one_but_stay_in_the_ranking(index):
    route = router(index).route("bake bread")
    assert [one.skill_id for one in route.candidates[0].folded] == ["pool/bread-copy"]
    assert "pool/bread-copy" not in [c.skill.skill_id for c in route.candidates]
    assert "pool/bread-copy" in route.ranking


def test_near_copies_stand_apart_where_folding_is_not_wanted(index):
    route = router(index).route("bake bread", RouteOptions(fold=False))
    assert [one.skill.skill_id for one in route.candidates] == list(route.ranking)
    assert [one.place for one in route.candidates] == list(range(1, len(route.ranking) + 1))
    copy = next(c for c in route.candidates if c.skill.skill_id == "pool/bread-copy")
    assert copy.stage2_score is not None
    assert copy.folded == ()


def test_stage_2_moves_and_says_by_how_much(index):
    class Backwards(OverlapReranker):
        def score(self, query, documents):
            return -super().score(query, documents)

    route = router(index, reranker=Backwards()).route("roll out a container and bake bread")
    assert route.ranking[0] != route.stage1_ranking[0]
    assert sorted(route.ranking) == sorted(route.stage1_ranking)
    for one in route.candidates:
        assert one.stage1_rank == route.stage1_ranking.index(one.skill.skill_id) + 1
        assert one.place == route.ranking.index(one.skill.skill_id) + 1
        assert one.moved == one.stage1_rank - one.place


def test_only_the_first_candidates_are_reranked(index):
    route = router(index).route("bake bread", RouteOptions(candidates=2, top=5))
    scored = [one for one in route.candidates if one.stage2_score is not None]
    assert {one.skill.skill_id for one in scored} <= set(route.stage1_ranking[:2])
    assert route.ranking[2:] == route.stage1_ranking[2:]


def test_features_of_stage_1_join_the_score(index):
    weights = {kind: StageTwoWeights(2.0, 0.5, 3.0) for kind in Stage1}
    route = router(index, reranker=OverlapReranker(weights)).route("bake bread")
    for one in route.candidates:
        expected = 2 * one.text_score + 0.5 * np.log1p(one.bm25) + 3 * one.dense
        assert one.stage2_score == pytest.approx(expected, rel=1e-5)


class Indifferent(OverlapReranker):
    """Tells no document from another, and remembers what it was shown."""

    def score(self, query, documents):
        self.shown = list(documents)
        return np.zeros(len(documents), np.float32)


COVER = {kind: StageTwoWeights(text=1.0, cover=1.0, length=-0.01) for kind in Stage1}


def test_the_wording_of_whole_texts_joins_the_score(index):
    asked = "audit every lease and bake bread"
    route = router(index, reranker=Indifferent(COVER)).route(asked)
    texts = [whole_text(one.skill) for one in route.candidates]
    wording = read_wording(asked, texts, index.lexical())
    expected = wording.cover - 0.01 * wording.length
    found = [one.stage2_score for one in route.candidates]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert found == sorted(found, reverse=True)


def test_the_wording_brings_a_late_hit_before_the_reranker(index):
    asked = "rotate the vault token, bake bread and audit every lease"
    options = RouteOptions(candidates=1)
    plain = router(index, reranker=Indifferent()).route(asked, options)
    reader = Indifferent(COVER)
    route = router(index, reranker=reader).route(asked, options)
    best = max(
        SKILLS, key=lambda one: read_wording(asked, [whole_text(one)], index.lexical()).cover[0]
    )
    assert route.ranking[0] == best.skill_id
    assert len(reader.shown) == 1
    assert best.body in reader.shown[0]
    assert sorted(route.ranking) == sorted(plain.ranking)
    assert route.stage1_ranking == plain.stage1_ranking


def test_without_the_body_its_wording_is_not_read(index):
    options = RouteOptions(body=False, stage1=Stage1.BM25)
    weights = {kind: StageTwoWeights(text=0.0, cover=1.0) for kind in Stage1}
    route = router(index, reranker=Indifferent(weights)).route("knead bread", options)
    shares = {one.skill.skill_id: one.stage2_score for one in route.candidates}
    assert 0 < shares["pool/bread"] < 1


@pytest.mark.parametrize(
    ("kind", "bm25", "dense"),
    [(Stage1.BM25, True, False), (Stage1.DENSE, False, True), (Stage1.HYBRID, True, True)],
)
def test_each_kind_of_stage_1_runs_alone(index, kind, bm25, dense):
    route = router(index).route("bake bread", RouteOptions(stage1=kind, rerank=False))
    first = route.candidates[0]
    assert first.skill.skill_id.startswith("pool/bread")
    assert (first.bm25 is not None, first.dense is not None) == (bm25, dense)
    assert first.stage2_score is None


def test_hiding_the_body_hides_it_from_both_stages(index):
    asked = "rotate the vault token"
    assert router(index).route(asked).candidates[0].skill.skill_id == "pool/secret"
    seen = []

    class Watching(OverlapReranker):
        def score(self, query, documents):
            seen.extend(documents)
            return super().score(query, documents)

    blind = router(index, reranker=Watching()).route(asked, RouteOptions(body=False))
    assert not any("vault" in text for text in seen)
    assert not any(passage.field == "body" for one in blind.candidates for passage in one.evidence)
    assert all(one.bm25 == 0 for one in blind.candidates if one.skill.name == "secret")


def test_bm25_answers_while_vectors_are_missing(tmp_path):
    write_lexical(tmp_path, SKILLS, PRESET)
    route = router(SkillIndex.load(tmp_path), encoder=None).route("bake bread")
    assert route.notes == (NO_VECTORS,)
    assert route.candidates[0].skill.skill_id.startswith("pool/bread")


def test_a_profile_without_a_reranker_says_so(index):
    route = router(index, reranker=None).route("bake bread")
    assert route.notes == (NO_RERANKER,)
    assert route.ranking == route.stage1_ranking


def test_skills_that_left_the_catalog_are_left_out_and_it_is_said(index):
    gone = Router(
        index,
        lambda ids: {i: s for i, s in lookup(ids).items() if "soup" not in i},
        PRESET,
        encoder=HashEncoder(),
    )
    route = gone.route("boil onions and bones", RouteOptions(rerank=False))
    assert route.notes == (STALE,)
    assert "pool/soup" not in route.ranking


def test_confidence_comes_from_the_curve_of_the_stages_that_ran(index):
    sure, unsure = Calibration(9, 0, 0, 0), Calibration(-9, 0, 0, 0)
    tuning = Tuning(FusionWeights(), {"hybrid+rerank": sure, "hybrid": unsure}, 0.4)
    both = router(index, tuning=tuning).route("bake bread")
    assert both.confidence > 0.99
    assert not both.none_fits
    alone = router(index, tuning=tuning).route("bake bread", RouteOptions(rerank=False))
    assert alone.confidence < 0.01
    assert alone.none_fits
    assert alone.threshold == 0.4
    assert not alone.with_threshold(0.001 / 9).none_fits


def test_without_a_curve_there_is_no_confidence_and_no_verdict(index):
    route = router(index).route("bake bread")
    assert route.confidence is None
    assert not route.none_fits


def test_nothing_found_means_none_fits(index):
    route = router(index).route("zzz qqq", RouteOptions(stage1=Stage1.BM25))
    assert route.candidates == ()
    assert route.none_fits


@pytest.mark.parametrize(
    ("query", "options", "message"),
    [
        ("  ", RouteOptions(), "query is empty"),
        ("x", RouteOptions(top=0), "top is 0"),
        ("x", RouteOptions(candidates=0), "candidates is 0"),
    ],
)
def test_unusable_input_is_refused(index, query, options, message):
    with pytest.raises(UsageError, match=message):
        router(index).route(query, options)


def test_views_are_both_indexed(index):
    assert index.dense(FULL) is not None
    assert index.dense(NO_BODY) is not None
