import pytest

from skillrouter_core.errors import UsageError
from skillrouter_core.texts import (
    PRESETS,
    encoder_document,
    encoder_query,
    lexical_document,
    preset_named,
    reranker_document,
    reranker_prompt,
    reranker_query,
)
from tests.fakes import skill

LONG = skill("pool/deploy", "d" * 9000, "b" * 9000)


@pytest.mark.parametrize(
    ("preset", "encoder_chars", "reranker_chars", "query_chars"),
    [("paper", (300, 2500), (500, 2000), 1500), ("released-eval", (500, 8000), (500, 8000), 2000)],
)
def test_caps_are_the_published_ones(preset, encoder_chars, reranker_chars, query_chars):
    chosen = PRESETS[preset]
    for text, (description, body) in (
        (encoder_document(LONG, chosen), encoder_chars),
        (reranker_document(LONG, chosen), reranker_chars),
    ):
        assert text == f"deploy | {'d' * description} | {'b' * body}"
    assert encoder_query("q" * 5000, chosen).endswith("\nQuery: " + "q" * query_chars)


def test_the_papers_templates_word_for_word():
    paper = PRESETS["paper"]
    assert encoder_query("bake bread", paper) == (
        "Instruct: Given a task description, retrieve the most relevant skill document that "
        "would help an agent complete the task\nQuery: bake bread"
    )
    assert reranker_prompt("bake bread", "n | d | b", paper) == (
        "<Instruct>: Given a task description, judge whether the skill document is relevant and "
        "useful for completing the task\n\n<Query>: bake bread\n\n<Document>: n | d | b"
    )
    assert "coding task description" in encoder_query("x", PRESETS["released-eval"])


def test_compact_reads_no_instruction():
    assert encoder_query("bake bread", PRESETS["compact"]) == "bake bread"
    assert reranker_query("q" * 2000, PRESETS["compact"]) == "q" * 1000


def test_hiding_the_body_hides_it_everywhere():
    one = skill("pool/deploy", "short", "SECRET")
    for template in (encoder_document, reranker_document, lexical_document):
        assert "SECRET" in template(one, PRESETS["paper"])
        assert "SECRET" not in template(one, PRESETS["paper"], body=False)


def test_versions_tell_apart_what_gives_different_vectors():
    versions = {p.version(body=body) for p in PRESETS.values() for body in (True, False)}
    assert len(versions) == 2 * len(PRESETS)
    assert PRESETS["paper"].version() == preset_named("paper").version(body=True)


def test_an_unknown_preset_names_the_known_ones():
    with pytest.raises(UsageError, match=r"papr.*paper, released-eval, compact"):
        preset_named("papr")
