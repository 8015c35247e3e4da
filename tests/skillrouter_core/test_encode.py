import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModel, AutoTokenizer

from skillrouter_core.encode import (
    Pooling,
    TransformerEncoder,
    load_encoder,
    plan_batches,
    pool,
    pooling_of,
)
from skillrouter_core.models import PROFILES, find_model
from tests.tiny_models import tiny_bert, tiny_qwen

TEXTS = ["deploy a service", "bake bread", "deploy a service to the cluster with helm charts", ""]


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return tiny_bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def qwen(tmp_path_factory):
    return tiny_qwen(tmp_path_factory.mktemp("qwen"))


def test_mean_pooling_by_hand():
    states = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [9.0, 9.0]]])
    mask = torch.tensor([[1, 1, 0]])
    assert pool(states, mask, Pooling.MEAN).tolist() == [[2.0, 3.0]]
    assert pool(states, mask, Pooling.LAST).tolist() == [[9.0, 9.0]]
    assert pool(states, mask, Pooling.CLS).tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"pooling_mode_mean_tokens": True}, Pooling.MEAN),
        ({"pooling_mode_cls_token": True}, Pooling.CLS),
        ({"pooling_mode_lasttoken": True}, Pooling.LAST),
    ],
)
def test_a_models_own_pooling_file_decides(config, expected, tmp_path):
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(config))
    assert pooling_of(tmp_path, "qwen3") is expected


@pytest.mark.parametrize(("family", "pooling"), [("bert", Pooling.MEAN), ("qwen", Pooling.LAST)])
def test_vectors_are_the_models_own_one_text_at_a_time(family, pooling, request):
    folder = request.getfixturevalue(family)
    encoder = TransformerEncoder(find_model(str(folder)), max_tokens=64)
    assert encoder.pooling is pooling
    vectors = encoder.encode_queries(TEXTS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    tokenizer, network = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    for text, vector in zip(TEXTS, vectors, strict=True):
        with torch.inference_mode():
            states = network(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        expected = states[-1] if pooling is Pooling.LAST else states.mean(0)
        expected = expected / expected.norm()
        # bfloat16 keeps eight bits of each number
        assert float(expected @ torch.from_numpy(vector)) > 0.999


def test_batches_cover_every_text_once(bert):
    encoder = TransformerEncoder(find_model(str(bert)), max_tokens=64)
    rows = np.concatenate([batch.rows for batch in encoder.encode_batches(TEXTS * 40)])
    assert sorted(rows) == list(range(len(TEXTS) * 40))


def test_a_long_text_is_cut_to_the_models_positions(bert):
    encoder = TransformerEncoder(find_model(str(bert)), max_tokens=10_000)
    assert encoder.encode_queries(["bread " * 500]).shape == (1, 16)


@given(st.lists(st.integers(0, 300), max_size=60), st.integers(1, 400))
def test_batches_keep_the_budget(lengths, budget):
    batches = list(plan_batches(lengths, budget))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    for batch in batches:
        longest = max(lengths[row] for row in batch)
        assert len(batch) == 1 or longest * len(batch) <= budget
    firsts = [max(lengths[row] for row in batch) for batch in batches]
    assert firsts == sorted(firsts, reverse=True)


def test_a_profile_of_local_folders_loads(bert):
    profile = replace(PROFILES["compact"], encoder=str(bert))
    assert load_encoder(profile).dimension == 16
