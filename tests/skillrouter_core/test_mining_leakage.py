"""What is held out never trains anything, and the error names what would have."""

from dataclasses import replace

import numpy as np
import pytest

from skillrouter_core.errors import LeakageError, TrainingError
from skillrouter_core.mining import HeldOut, LeakageGuard
from tests.fakes import skill

HELD = "Fill the fields of this tax form from my spreadsheet of answers, please"
BODY = "open the form and then copy every value of the sheet into its field by name"
ANSWER = skill("pool/form-filler", "fills forms", BODY)
OTHER = skill("pool/other", "else", "a text that has nothing whatever to do with it at all")


def guard(*, benchmark: bool = False, shared: bool = False, **options) -> LeakageGuard:
    held_out = [HeldOut(HELD, (ANSWER,), benchmark)]
    return LeakageGuard(held_out, shared_answers=shared, **options)


@pytest.mark.parametrize(
    ("text", "leaks"),
    [
        (HELD, "the same text"),
        (HELD.upper() + " !!", "the same text"),
        (HELD.replace("  ", " ").replace(",", ""), "the same text"),
        (HELD.replace("my", "a"), "nearly"),
        (f"Context: {HELD} And afterwards send it by mail to the accountant in town", "quotes"),
        ("Fill the fields of this tax form", None),
        ("Fill the fields of this tax form from my spreadsheet", "nearly"),
        ("Book a train to Berlin for next Monday morning", None),
        ("", None),
    ],
)
def test_a_held_out_text_is_known_in_any_spelling(text, leaks):
    found = guard().query_leak(text)
    assert (found is None) == (leaks is None)
    if leaks:
        assert found[0].startswith(leaks)
        assert found[1] == HELD


ALIKE = {
    "itself": ANSWER,
    "a copy under another id": replace(ANSWER, skill_id="q/copy", name="copy"),
    "an older text of it": replace(ANSWER, body="an entirely different text it once had"),
    "a near-copy": skill("q/near", "x", BODY + " and save"),
    "a namesake": skill("q/form_filler", "x", "an unlike body"),
}


@pytest.mark.parametrize("kind", ALIKE)
@pytest.mark.parametrize("benchmark", [False, True])
def test_a_held_out_answer_is_no_training_answer(kind, benchmark):
    found = guard(benchmark=benchmark).leaks([("some query", ALIKE[kind], False)])
    assert [(one.query, one.skill_id, one.held_out) for one in found] == [
        ("some query", ALIKE[kind].skill_id, HELD)
    ]


def test_by_meaning_where_there_are_vectors():
    vectors = {
        ANSWER.content_hash: np.array([1, 0], dtype=np.float32),
        OTHER.content_hash: np.array([0.95, 0.3122499], dtype=np.float32),
    }
    assert guard(vectors=vectors).answer_leak(OTHER, generated=False)[1] == HELD
    assert guard().answer_leak(OTHER, generated=False) is None
    away = vectors | {OTHER.content_hash: np.array([0.92, 0.3919], dtype=np.float32)}
    assert guard(vectors=away).answer_leak(OTHER, generated=False) is None


@pytest.mark.parametrize(
    ("benchmark", "generated", "leaks"),
    [(False, False, False), (False, True, True), (True, False, True), (True, True, True)],
)
def test_shared_answers_are_for_judged_queries_of_no_benchmark(benchmark, generated, leaks):
    found = guard(benchmark=benchmark, shared=True).answer_leak(ANSWER, generated=generated)
    assert (found is not None) == leaks


def test_the_error_names_every_kind_and_counts_the_rest():
    labels = [(HELD, OTHER, False), ("another query", ANSWER, False)]
    with pytest.raises(LeakageError) as caught:
        guard().require_none(labels)
    message = str(caught.value)
    assert message.startswith("2 training labels")
    assert "pool/other" in message
    assert "pool/form-filler" in message
    assert HELD[:40] in message
    assert isinstance(caught.value, TrainingError)
    with pytest.raises(LeakageError, match="and 4 more"):
        guard().require_none([(HELD, OTHER, False)] * 9)


def test_nothing_leaks_from_what_is_apart():
    assert guard().leaks([("Book a train to Berlin", OTHER, False)]) == ()
    assert LeakageGuard([]).leaks([(HELD, ANSWER, True)]) == ()
    guard().require_none([("Book a train to Berlin", OTHER, False)])
