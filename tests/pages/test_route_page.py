"""The page for routing, drawn over a real workspace with models that need no weights."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from skillrouter_core.calibrate import Calibration
from skillrouter_core.errors import ModelNotFoundError
from skillrouter_core.records import QuerySource
from skillrouter_core.route import Tuning
from tests.pages.conftest import Studio, texts

QUERY = "merge pdf files into one report"


def button(at: AppTest, label: str) -> object:
    return next(each for each in at.button if each.label == label)


def test_empty_workspace_says_what_to_do(studio: Studio) -> None:
    at = studio.open("route")
    assert "There is no skill in this workspace yet." in texts(at)
    assert [each.label for each in at.button] == ["Import the demo catalog"]


def test_without_a_query_examples_are_offered_and_a_click_asks_one(studio: Studio) -> None:
    studio.fill()
    at = studio.open("route")
    example = at.button(key="example 2")
    at = example.click().run()
    assert at.text_area(key="q").value.startswith("prove that we can get the database back")
    assert "Stage 1: the candidates" in texts(at)


def test_query_of_the_address_is_answered_with_evidence(studio: Studio) -> None:
    studio.fill()
    said = texts(studio.open("route", q=QUERY))
    assert "**PDF merge** would be loaded." in said
    assert "Stage 2: the final order" in said
    assert "mine/documents/pdf-merge" in said
    assert "yellow-background[" in said
    assert "ms: encode" in said


def test_switches_of_the_address_are_obeyed(studio: Studio) -> None:
    studio.fill()
    said = texts(studio.open("route", q=QUERY, stage1="bm25", rerank="false"))
    assert "Final order: stage 1's" in said
    assert studio.models.reranks.calls == 0


@pytest.fixture
def calibrated(studio: Studio) -> None:
    """A tuning whose confidence is 0.73 whatever the scores are."""
    curve = Calibration(bias=1.0, score=0.0, lead=0.0, field=0.0)
    studio.models.tuned = Tuning(calibrations={"hybrid+rerank": curve}, none_fits_below=0.4)


@pytest.mark.usefixtures("calibrated")
def test_threshold_moves_the_verdict_without_routing_again(studio: Studio) -> None:
    studio.fill()
    at = studio.open("route", q=QUERY)
    assert "would be loaded. Confidence 0.73, threshold 0.40." in texts(at)
    calls = studio.models.reranks.calls
    at = at.slider(key="threshold").set_value(0.8).run()
    assert "**None fits.** The best, PDF merge, is too unsure." in texts(at)
    assert "Confidence 0.73, threshold 0.80." in texts(at)
    assert studio.models.reranks.calls == calls


@pytest.mark.usefixtures("calibrated")
def test_threshold_of_the_address_is_obeyed(studio: Studio) -> None:
    studio.fill()
    assert "**None fits.**" in texts(studio.open("route", q=QUERY, threshold="0.9"))


def test_thumb_becomes_a_judgement_and_undo_takes_it_back(studio: Studio) -> None:
    studio.fill()
    at = studio.open("route", q=QUERY)
    thumb = at.feedback[0]
    at = thumb.set_value(1).run()
    (saved,) = studio.ws.labels.judgements(QUERY)
    assert (saved.skill_id, saved.grade) == ("mine/documents/pdf-merge", 3)
    assert "saved: right" in texts(at)
    at = button(at, "Undo").click().run()
    assert studio.ws.labels.judgements(QUERY) == ()
    assert "saved:" not in texts(at)


def test_thumb_down_is_wrong_and_survives_a_reload(studio: Studio) -> None:
    studio.fill()
    studio.open("route", q=QUERY).feedback[1].set_value(0).run()
    (saved,) = studio.ws.labels.judgements(QUERY)
    assert saved.grade == 0
    again = studio.open("route", q=QUERY)
    assert again.feedback[1].value == 0


def test_query_is_saved_with_what_should_answer_it(studio: Studio) -> None:
    studio.fill()
    at = studio.open("route", q=QUERY)
    at.multiselect[0].set_value(["mine/documents/pdf-merge"])
    at = at.button(key="save query").click().run()
    (saved,) = studio.ws.labels.queries()
    assert (saved.text, saved.suite, saved.expected) == (
        QUERY,
        "default",
        ("mine/documents/pdf-merge",),
    )
    assert saved.source == QuerySource.ROUTE
    assert "Your saved queries:" in texts(studio.open("route"))


def test_compare_draws_both_settings(studio: Studio) -> None:
    studio.fill()
    at = studio.open("route", q=QUERY, compare="true", b_stage1="bm25", b_rerank="false", b_k="1")
    said = texts(at)
    assert "A: hybrid, reranked, 20 candidates, compact" in said
    assert "B: bm25, not reranked, 1 candidates, compact" in said
    assert "only here" in said


def test_bm25_answers_while_models_load(studio: Studio) -> None:
    studio.fill()
    studio.models.warm = False
    at = studio.open("route", q=QUERY)
    assert "Meanwhile BM25 answers alone." in texts(at)
    assert "**PDF merge** would be loaded." in texts(at)
    assert studio.models.reranks.calls <= 1  # the warm-up's own


def test_models_that_cannot_load_are_named_and_bm25_answers(studio: Studio) -> None:
    studio.fill()
    studio.models.warm = False
    studio.models.refuse = ModelNotFoundError("no model at /nowhere; choose another profile")
    at = studio.open("route", q=QUERY)
    for _ in range(100):
        said = texts(at)
        if "nowhere" in said:
            break
        at = at.run()
    assert "no model at /nowhere" in said
    assert "**PDF merge** would be loaded." in said


def test_skills_without_an_index_get_a_button(studio: Studio) -> None:
    studio.fill(index=False)
    at = studio.open("route", q=QUERY)
    assert "4 skills wait for an index" in texts(at)
    assert button(at, "Update the index")


def test_changed_catalog_is_said_to_be_newer_than_its_index(studio: Studio) -> None:
    studio.fill()
    studio.write("documents/pdf-merge", "PDF merge", "Merge.", "Another text.\n" * 30)
    studio.sync(index=False)
    assert "The catalog changed after its index was made" in texts(studio.open("route", q=QUERY))


def test_nothing_in_common_is_said(studio: Studio) -> None:
    studio.fill()
    said = texts(studio.open("route", q="zzz", stage1="bm25", rerank="false"))
    assert "**None fits.**" in said
