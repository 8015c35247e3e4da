import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from skillrouter_core.encode import TransformerEncoder
from skillrouter_core.errors import Cancelled, TrainingError
from skillrouter_core.mining import CandidateList, Pair, Scored
from skillrouter_core.models import DELTA, MANIFEST, find_model
from skillrouter_core.rerank import PairClassifier
from skillrouter_core.texts import PRESETS
from skillrouter_core.train import TrainConfig, loop, train_encoder, train_reranker
from tests.fakes import skill
from tests.tiny_models import tiny_bert

PRESET = PRESETS["compact"]
TOPICS = [
    ("deploy a service", "helm", "charts " * 10),
    ("bake bread", "judge", "bread " * 10),
    ("cluster", "yes", "to the with " * 4),
]
CONFIG = TrainConfig(learning_rate=1e-2, batch_size=3, epochs=20, seed=7)


@pytest.fixture
def base(tmp_path):
    return str(tiny_bert(tmp_path / "base"))


@pytest.fixture
def scorer(tmp_path):
    return str(tiny_bert(tmp_path / "scorer", classify=True))


def pairs():
    return [
        Pair(query, skill(f"pool/{i}", body=body, name=name))
        for i, (query, name, body) in enumerate(TOPICS)
    ]


def lists():
    skills = [Scored(pair.skill, 1.0, 0.5) for pair in pairs()]
    return [
        CandidateList(query, (skills[i], *(s for j, s in enumerate(skills) if j != i)))
        for i, (query, _, _) in enumerate(TOPICS)
    ]


def stop_after(steps):
    def listener(progress):
        if progress.done >= steps:
            raise Cancelled("enough")

    return listener


def test_an_encoder_learns_its_pairs_and_ships_a_delta(base, tmp_path):
    report = train_encoder(pairs(), base, tmp_path / "out", preset=PRESET, config=CONFIG)
    assert report.steps == 20
    assert report.last_loss < report.first_loss / 2
    encoder = TransformerEncoder(find_model(str(tmp_path / "out")), max_tokens=64)
    queries = encoder.encode_queries([query for query, _, _ in TOPICS])
    documents = encoder.encode_queries([f"{n} |  | {b}" for _, n, b in TOPICS])
    assert (queries @ documents.T).argmax(1).tolist() == [0, 1, 2]
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_text())
    assert manifest["base"] == base
    assert manifest["training"]["seed"] == 7
    assert not [name for name in load_file(tmp_path / "out" / DELTA) if "embeddings" in name]


def test_a_reranker_learns_its_lists(scorer, tmp_path):
    report = train_reranker(
        lists(), scorer, tmp_path / "out", preset=PRESET, config=CONFIG, feature_weights=(0.0, 0.0)
    )
    assert report.last_loss < report.first_loss / 2
    reranker = PairClassifier(find_model(str(tmp_path / "out")), PRESET)
    for i, (query, _, _) in enumerate(TOPICS):
        scores = reranker.score(query, [f"{n} |  | {b}" for _, n, b in TOPICS])
        assert scores.argmax() == i


def test_what_stage_1_knows_already_costs_no_loss(scorer, tmp_path):
    """With features that decide alone, the first loss is far below that of a blind start."""
    told = [
        replace(one, candidates=(replace(one.candidates[0], dense=1.0), *one.candidates[1:]))
        for one in lists()
    ]
    short = replace(CONFIG, epochs=1)
    options = {"preset": PRESET, "config": short}
    blind = train_reranker(told, scorer, tmp_path / "a", feature_weights=(0.0, 0.0), **options)
    seeing = train_reranker(told, scorer, tmp_path / "b", feature_weights=(0.0, 20.0), **options)
    assert seeing.first_loss < 0.05 < blind.first_loss


def test_lists_of_different_lengths_are_padded(scorer, tmp_path):
    uneven = [lists()[0], replace(lists()[1], candidates=lists()[1].candidates[:2]), lists()[2]]
    report = train_reranker(
        uneven, scorer, tmp_path / "out", preset=PRESET, config=CONFIG, feature_weights=(1.0, 1.0)
    )
    assert torch.isfinite(torch.tensor(report.last_loss))


def test_an_interrupted_run_ends_with_the_same_weights(base, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 4)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    train_encoder(pairs(), base, whole, preset=PRESET, config=CONFIG)
    with pytest.raises(Cancelled):
        train_encoder(pairs(), base, broken, preset=PRESET, config=CONFIG, listener=stop_after(11))
    assert not (broken / MANIFEST).exists()
    train_encoder(pairs(), base, broken, preset=PRESET, config=CONFIG)
    assert_same(load_file(whole / DELTA), load_file(broken / DELTA))


def assert_same(a, b):
    assert a.keys() == b.keys()
    for name in a:
        assert torch.equal(a[name], b[name]), name


def test_a_checkpoint_of_another_run_is_refused(base, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 1)
    with pytest.raises(Cancelled):
        train_encoder(
            pairs(), base, tmp_path / "o", preset=PRESET, config=CONFIG, listener=stop_after(3)
        )
    other = replace(CONFIG, learning_rate=1e-3)
    with pytest.raises(TrainingError, match="other settings"):
        train_encoder(pairs(), base, tmp_path / "o", preset=PRESET, config=other)


def test_fewer_examples_than_a_batch_are_refused(base, tmp_path):
    config = replace(CONFIG, batch_size=4)
    with pytest.raises(TrainingError, match=r"3 training examples .* batch of 4"):
        train_encoder(pairs(), base, Path(tmp_path), preset=PRESET, config=config)


def test_copies_in_a_batch_are_no_negatives(base, tmp_path):
    """Two queries for one and the same skill: without the filter the loss could not fall to 0."""
    same = [Pair("bake bread", pairs()[1].skill), Pair("judge", pairs()[1].skill)]
    config = replace(CONFIG, batch_size=2, epochs=3)
    report = train_encoder(same, base, tmp_path / "out", preset=PRESET, config=config)
    assert report.first_loss == pytest.approx(0.0, abs=1e-6)
