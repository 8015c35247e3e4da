from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

from skillrouter_core.errors import ModelIntegrityError
from skillrouter_core.models import PROFILES
from skillrouter_core.records import Stage1
from skillrouter_core.rerank import (
    CHAT_HEAD,
    CHAT_TAIL,
    PairClassifier,
    StageTwoWeights,
    YesNoJudge,
    load_reranker,
    stage_two_weights,
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
    from skillrouter_core.models import find_model

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


def test_no_documents_no_scores(classifier):
    reranker = load_reranker(replace(PROFILES["compact"], reranker=str(classifier)))
    assert reranker.score("deploy", []).shape == (0,)


def test_a_tokenizer_without_yes_is_refused(tmp_path):
    import json

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
