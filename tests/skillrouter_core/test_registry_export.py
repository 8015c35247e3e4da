"""An exported model: plain transformers gives the vectors and scores that this program gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
)

from skillrouter_core import backbone
from skillrouter_core.encode import load_encoder
from skillrouter_core.errors import ModelIntegrityError, UsageError
from skillrouter_core.models import LATE, profile_named
from skillrouter_core.rerank import load_reranker
from skillrouter_core.texts import preset_named
from skillrouter_core.train.delta import FROZEN, FROZEN_ENCODER, write_delta
from skillrouter_core.workspace import Workspace
from tests.tiny_models import tiny_bert, tiny_qwen

TEXTS = ["deploy a service to the cluster", "bake bread with charts", "judge"]
ASKED = "deploy a service"


@pytest.fixture(autouse=True)
def single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute as plain transformers does by default: some processors would take bfloat16."""
    monkeypatch.setattr(backbone, "pick_dtype", lambda device: torch.float32)


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.open(tmp_path / "home") as opened:
        yield opened


def trained(ws: Workspace, tmp_path: Path, kind: str) -> str:
    """Make a model of tiny networks, deltas over bases of their own; return its name."""
    folder = ws.registry.folder / "mine"
    base = tiny_bert(tmp_path / "base-encoder")
    network = AutoModel.from_pretrained(tiny_bert(tmp_path / "other", seed=1))
    _delta(network, base, folder / "encoder", "encoder", FROZEN_ENCODER)
    late = kind == LATE
    base = tiny_bert(tmp_path / "base-reranker", classify=not late, tokens=late)
    other = tiny_bert(tmp_path / "another", classify=not late, tokens=late, seed=2)
    head = AutoModelForTokenClassification if late else AutoModelForSequenceClassification
    _delta(head.from_pretrained(other, num_labels=1), base, folder / "reranker", kind, FROZEN)
    (folder / "run.json").write_text(json.dumps({"state": "done"}))
    return "mine"


def _delta(
    network: torch.nn.Module, base: Path, folder: Path, kind: str, frozen: tuple[str, ...]
) -> None:
    fitted = {"stage2": {"hybrid": {"text": 2.0, "bm25": 1.0}}}
    write_delta(
        network, str(base), folder, preset_named("compact"), kind, {}, frozen, fitted=fitted
    )


def test_the_encoder_gives_the_same_vectors(ws: Workspace, tmp_path: Path) -> None:
    name = trained(ws, tmp_path, "reranker")
    written = ws.registry.export(name, tmp_path / "out") / "encoder"
    tokenizer, network = AutoTokenizer.from_pretrained(written), AutoModel.from_pretrained(written)
    batch = tokenizer(TEXTS, padding=True, return_tensors="pt")
    with torch.inference_mode():
        states = network(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1)
    vectors = functional.normalize((states * mask).sum(1) / mask.sum(1), dim=-1).numpy()
    own = load_encoder(ws.profile(name)).encode_queries(TEXTS)
    np.testing.assert_allclose(vectors, own, atol=1e-5)
    base = load_encoder(profile_named(str(_profile_of(tmp_path)))).encode_queries(TEXTS)
    assert np.abs(base - own).max() > 0.01  # the delta is in it


def _profile_of(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    folder.mkdir()
    (tmp_path / "base-encoder").rename(folder / "encoder")
    return folder


def test_a_classifier_gives_the_same_scores(ws: Workspace, tmp_path: Path) -> None:
    name = trained(ws, tmp_path, "reranker")
    written = ws.registry.export(name, tmp_path / "out") / "reranker"
    tokenizer = AutoTokenizer.from_pretrained(written)
    network = AutoModelForSequenceClassification.from_pretrained(written)
    batch = tokenizer([ASKED] * len(TEXTS), TEXTS, padding=True, return_tensors="pt")
    with torch.inference_mode():
        scores = network(**batch).logits[:, 0].numpy()
    reranker = load_reranker(ws.profile(name))
    assert reranker is not None
    np.testing.assert_allclose(scores, reranker.score(ASKED, TEXTS), atol=1e-5)


@pytest.mark.parametrize("kind", ["reranker", LATE])
def test_this_program_reads_the_folder_as_it_reads_the_model(
    ws: Workspace, tmp_path: Path, kind: str
) -> None:
    name = trained(ws, tmp_path, kind)
    exported = profile_named(str(ws.registry.export(name, tmp_path / "out")))
    own, other = load_reranker(ws.profile(name)), load_reranker(exported)
    assert own is not None
    assert other is not None
    assert type(own) is type(other)
    assert own.weights == other.weights
    np.testing.assert_allclose(own.score(ASKED, TEXTS), other.score(ASKED, TEXTS), atol=1e-5)
    assert exported.preset == ws.profile(name).preset == "compact"


def test_a_late_reranker_keeps_the_head_that_weighs_tokens(ws: Workspace, tmp_path: Path) -> None:
    name = trained(ws, tmp_path, LATE)
    written = ws.registry.export(name, tmp_path / "out") / "reranker"
    network = AutoModelForTokenClassification.from_pretrained(written)
    delta = load_file(ws.registry.folder / name / "reranker" / "delta.safetensors")
    head = delta["classifier.weight"].float()
    torch.testing.assert_close(network.classifier.weight.detach(), head)


def test_a_language_model_keeps_its_head(ws: Workspace, tmp_path: Path) -> None:
    folder = ws.registry.folder / "mine"
    tiny_qwen(folder / "encoder")
    tiny_qwen(folder / "reranker", causal=True)
    for part in ("encoder", "reranker"):
        (folder / part / "skillrouter.json").write_text(json.dumps({"preset": "paper"}))
    written = ws.registry.export("mine", tmp_path / "out")
    network = AutoModelForCausalLM.from_pretrained(written / "reranker")
    whole = AutoModelForCausalLM.from_pretrained(folder / "reranker")
    torch.testing.assert_close(network.lm_head.weight, whole.lm_head.weight)
    own, other = (load_encoder(profile_named(str(one))) for one in (folder, written))
    np.testing.assert_allclose(own.encode_queries(TEXTS), other.encode_queries(TEXTS), atol=1e-5)


def test_the_card_lies_beside_and_names_no_place_of_this_machine(
    ws: Workspace, tmp_path: Path
) -> None:
    name = trained(ws, tmp_path, "reranker")
    written = ws.registry.export(name, tmp_path / "out")
    card = (written / "README.md").read_text()
    assert "# mine" in card
    everything = "".join(path.read_text() for path in written.rglob("*.json"))
    assert str(tmp_path) not in card + everything


def test_a_damaged_model_leaves_nothing_behind(ws: Workspace, tmp_path: Path) -> None:
    name = trained(ws, tmp_path, "reranker")
    path = ws.registry.folder / name / "reranker" / "delta.safetensors"
    tensors = {key: one + 1 for key, one in load_file(path).items()}
    save_file(tensors, path)
    with pytest.raises(ModelIntegrityError):
        ws.registry.export(name, tmp_path / "new" / "out")
    assert list((tmp_path / "new").iterdir()) == []


def test_it_is_written_into_an_empty_folder_but_over_nothing(ws: Workspace, tmp_path: Path) -> None:
    name = trained(ws, tmp_path, "reranker")
    (tmp_path / "out").mkdir()
    ws.registry.export(name, tmp_path / "out")
    for target in (tmp_path / "out", tmp_path / "out" / "README.md"):
        with pytest.raises(UsageError, match="is there already"):
            ws.registry.export(name, target)
