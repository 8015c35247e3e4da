import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
)

from skillrouter_core.backbone import write_plain
from skillrouter_core.errors import ModelIntegrityError
from skillrouter_core.models import LATE, MANIFEST, PROFILES, find_model
from skillrouter_core.records import Stage1
from skillrouter_core.rerank import (
    CHAT_HEAD,
    CHAT_TAIL,
    LateInteraction,
    PairClassifier,
    StageTwoWeights,
    YesNoJudge,
    late_interaction,
    load_reranker,
    stage_two_weights,
    token_shares,
)
from skillrouter_core.texts import PRESETS, reranker_prompt
from tests.tiny_models import tiny_bert, tiny_qwen

DOCUMENTS = ["deploy a service", "bake bread with the charts", "helm"]


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    return tiny_bert(tmp_path_factory.mktemp("pairs"), classify=True)


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    return tiny_qwen(tmp_path_factory.mktemp("judge"), causal=True)


def test_the_yes_no_judge_follows_the_chat_template(judge):
    reranker = load_reranker(replace(PROFILES["skillrouter-0.6b"], reranker=str(judge)))
    assert isinstance(reranker, YesNoJudge)
    scores = reranker.score("deploy", DOCUMENTS)
    tokenizer = AutoTokenizer.from_pretrained(judge)
    network = AutoModelForCausalLM.from_pretrained(judge)
    yes, no = tokenizer.convert_tokens_to_ids(["yes", "no"])
    for document, score in zip(DOCUMENTS, scores, strict=True):
        prompt = reranker_prompt("deploy", document, PRESETS["paper"])
        ids = tokenizer(CHAT_HEAD + prompt + CHAT_TAIL, return_tensors="pt")
        with torch.inference_mode():
            logits = network(**ids).logits[0, -1]
        assert score == pytest.approx(float(logits[yes] - logits[no]), abs=0.02)


def test_a_long_document_never_pushes_the_answer_out(judge):
    preset = PRESETS["paper"]
    short = replace(preset, reranker=replace(preset.reranker, max_tokens=120))
    reranker = YesNoJudge(find_model(str(judge)), short)
    assert np.isfinite(reranker.score("deploy", ["bread " * 4000])).all()
    tokens = reranker._encode("deploy", "bread " * 4000)["input_ids"]
    assert len(tokens) == 120
    assert tokens[-3:] == reranker._tail[-3:]


def test_the_pair_classifier_is_the_models_own_logit(classifier):
    reranker = load_reranker(replace(PROFILES["compact"], reranker=str(classifier)))
    assert isinstance(reranker, PairClassifier)
    scores = reranker.score("deploy a service", DOCUMENTS)
    tokenizer = AutoTokenizer.from_pretrained(classifier)
    network = AutoModelForSequenceClassification.from_pretrained(classifier)
    for document, score in zip(DOCUMENTS, scores, strict=True):
        with torch.inference_mode():
            logit = network(**tokenizer("deploy a service", document, return_tensors="pt")).logits
        assert score == pytest.approx(float(logit), abs=0.02)


@pytest.fixture(scope="module")
def late(tmp_path_factory):
    """A network that marks tokens, and says in its manifest how it is to be read."""
    folder = tiny_bert(tmp_path_factory.mktemp("late"), tokens=True)
    (folder / MANIFEST).write_text(json.dumps({"kind": LATE, "preset": "compact"}))
    return folder


def late_reference(folder, query, document):
    """Late interaction in numpy, one document at a time, no padding."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = AutoModelForTokenClassification.from_pretrained(folder).eval()

    def read(text):
        with torch.inference_mode():
            found = network(**tokenizer(text, return_tensors="pt"), output_hidden_states=True)
        states = found.hidden_states[-1][0].numpy()
        return states / np.linalg.norm(states, axis=1, keepdims=True), found.logits[0, :, 0].numpy()

    (asked, logits), (told, _) = read(query), read(document)
    shares = np.exp(logits) / np.exp(logits).sum()
    return 20 * float((asked @ told.T).max(1) @ shares)


def test_late_interaction_follows_its_formula(late):
    reranker = load_reranker(replace(PROFILES["compact"], reranker=str(late)))
    assert isinstance(reranker, LateInteraction)
    scores = reranker.score("deploy a service with helm", DOCUMENTS)
    expected = [late_reference(late, "deploy a service with helm", one) for one in DOCUMENTS]
    np.testing.assert_allclose(scores, expected, atol=0.4)  # bfloat16 on some machines
    assert max(expected) - min(expected) > 2


def test_padding_and_order_change_no_late_score(late):
    reranker = load_reranker(replace(PROFILES["compact"], reranker=str(late)))
    long = "bake bread with the charts " * 6
    together = reranker.score("helm charts", [*DOCUMENTS, long])
    alone = [reranker.score("helm charts", [one])[0] for one in [*DOCUMENTS, long]]
    np.testing.assert_allclose(together, alone, atol=0.4)
    turned = reranker.score("helm charts", [long, *reversed(DOCUMENTS)])
    np.testing.assert_allclose(turned, together[::-1], atol=0.4)


def test_a_document_that_repeats_the_query_scores_highest(late):
    reranker = load_reranker(replace(PROFILES["compact"], reranker=str(late)))
    same, other = reranker.score("bake bread", ["bake bread", "deploy to the cluster"])
    assert same == pytest.approx(20.0, abs=0.2)
    assert other < same


def test_written_plain_it_reads_as_before(late, tmp_path):
    write_plain(find_model(str(late)), tmp_path / "plain", classifies=False)
    (tmp_path / "plain" / MANIFEST).write_text(json.dumps({"kind": LATE}))
    one, other = (
        LateInteraction(find_model(str(folder)), PRESETS["compact"])
        for folder in (late, tmp_path / "plain")
    )
    asked = "deploy a service with helm"
    np.testing.assert_allclose(one.score(asked, DOCUMENTS), other.score(asked, DOCUMENTS))


def test_masked_tokens_have_no_share_and_match_nothing():
    states = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    shares = token_shares(lambda x: x.sum(-1, keepdim=True), states, torch.tensor([[1, 0]]))
    assert shares.tolist() == [[1.0, 0.0]]
    documents = torch.tensor([[[0.6, 0.8], [5.0, 0.0]], [[-2.0, 0.0], [3.0, 0.0]]])
    mask = torch.tensor([[1, 1], [1, 0]])
    assert late_interaction(states, shares, documents, mask).tolist() == [[20.0, -20.0]]


@pytest.mark.parametrize("kind", ["classifier", "late"])
def test_no_documents_no_scores(kind, request):
    folder = request.getfixturevalue(kind)
    reranker = load_reranker(replace(PROFILES["compact"], reranker=str(folder)))
    assert reranker.score("deploy", []).shape == (0,)


def test_a_tokenizer_without_yes_is_refused(tmp_path):
    folder = tiny_qwen(tmp_path, causal=True)
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text())
    content["pre_tokenizer"]["pattern"] = {"Regex": "."}
    path.write_text(json.dumps(content))
    with pytest.raises(ModelIntegrityError, match="splits 'yes' into 3 tokens"):
        load_reranker(replace(PROFILES["skillrouter-0.6b"], reranker=str(folder)))


def test_a_profile_without_a_reranker_has_none():
    assert load_reranker(PROFILES["minilm"]) is None


def test_features_join_as_the_manifest_says():
    manifest = {"stage2": {"hybrid": {"text": 2.0, "bm25": 0.5, "dense": 3.0}}}
    weights = stage_two_weights(manifest)
    assert weights[Stage1.BM25] == StageTwoWeights(1.0, 0.0, 0.0)
    ones = np.ones(1, dtype=np.float32)
    combined = weights[Stage1.HYBRID].combine(ones, np.array([np.e - 1], np.float32), ones * 0.5)
    assert combined == pytest.approx([2.0 + 0.5 + 1.5])
