import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import AutoModel

from skillrouter_core import models
from skillrouter_core.backbone import changed_tensors, load_network
from skillrouter_core.devices import require_memory
from skillrouter_core.errors import (
    ModelIntegrityError,
    ModelNotFoundError,
    ModelTooLargeError,
    UsageError,
)
from skillrouter_core.models import EMBEDDED, find_model, profile_named
from skillrouter_core.texts import PRESETS
from skillrouter_core.train.delta import write_delta
from tests.tiny_models import tiny_bert


@pytest.fixture
def base(tmp_path):
    return tiny_bert(tmp_path / "base")


def delta_of(base: Path, folder: Path, change: float = 1.0) -> Path:
    """Write a delta over `base` whose layers are moved by `change`."""
    network = load_network(find_model(str(base)), AutoModel, dtype=torch.float32)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "embeddings." not in name:
                parameter.add_(change)
    write_delta(network, str(base), folder, PRESETS["compact"], "encoder", {}, ("embeddings.",))
    return folder


def test_the_embedded_model_is_verified_and_named_by_its_digest():
    files = find_model(EMBEDDED)
    assert files.key == "minilm-53aa51172d14"
    assert (files.base / "config.json").is_file()


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("/no/such/folder", "No model folder '/no/such/folder'"),
        ("not-a-hub-id", "No model folder 'not-a-hub-id'"),
    ],
)
def test_a_missing_model_says_what_to_give(location, message):
    with pytest.raises(ModelNotFoundError, match=message):
        find_model(location)


def test_an_unreachable_hub_names_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelNotFoundError, match="choose the profile 'compact'"):
        find_model("nobody/never-published")


def test_weights_that_could_run_code_are_refused(base):
    (base / "model.safetensors").rename(base / "pytorch_model.bin")
    with pytest.raises(ModelIntegrityError, match="safetensors"):
        find_model(str(base))


def test_a_folder_without_a_configuration_is_no_model(tmp_path):
    with pytest.raises(ModelNotFoundError, match=r"config\.json is missing"):
        find_model(str(tmp_path))


def test_equal_weights_have_equal_keys_and_others_differ(base, tmp_path):
    other = tiny_bert(tmp_path / "elsewhere" / "base", seed=1)
    assert find_model(str(base)).key == find_model(str(base)).key
    assert find_model(str(base)).key != find_model(str(other)).key


def test_a_delta_changes_the_layers_and_keeps_the_embeddings(base, tmp_path):
    plain = load_network(find_model(str(base)), AutoModel, dtype=torch.float32)
    files = find_model(str(delta_of(base, tmp_path / "delta")))
    moved = load_network(files, AutoModel, dtype=torch.float32)
    for (name, before), after in zip(plain.state_dict().items(), moved.state_dict().values()):  # noqa: B905
        expected = before if "embeddings." in name else before + 1.0
        torch.testing.assert_close(after, expected, atol=2e-3, rtol=0, msg=name)


def test_a_delta_holds_only_what_differs(base):
    network = load_network(find_model(str(base)), AutoModel, dtype=torch.float32)
    names = changed_tensors(network, ("embeddings.",))
    assert names
    assert not [name for name in names if "embeddings." in name]
    assert {tensor.dtype for tensor in names.values()} == {torch.float16}


def test_a_tampered_delta_is_refused(base, tmp_path):
    folder = delta_of(base, tmp_path / "delta")
    path = folder / models.DELTA
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelIntegrityError, match="damaged"):
        find_model(str(folder))


def test_a_delta_over_the_wrong_base_names_the_tensor(base, tmp_path):
    folder = tmp_path / "delta"
    folder.mkdir()
    save_file({"pooler.dense.bias": torch.zeros(99)}, folder / models.DELTA)
    manifest = {"base": str(base), "sha256": models._sha256(folder / models.DELTA)}
    (folder / models.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ModelIntegrityError, match=r"'pooler\.dense\.bias' \(99,\)"):
        load_network(find_model(str(folder)), AutoModel)


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_broken_manifest_is_named(base, content):
    (base / models.MANIFEST).write_text(content)
    with pytest.raises(ModelIntegrityError, match=r"skillrouter\.json"):
        find_model(str(base))


def test_a_profile_folder_is_a_profile(base, tmp_path):
    delta_of(base, tmp_path / "mine" / "encoder")
    profile = profile_named(str(tmp_path / "mine"))
    assert profile.reranker is None
    assert profile.preset == "compact"
    assert find_model(profile.encoder).delta is not None


def test_an_unknown_profile_names_the_known_ones():
    with pytest.raises(UsageError, match=r"'huge'.*compact, minilm, skillrouter-0\.6b"):
        profile_named("huge")


def test_a_model_beyond_memory_is_refused_before_it_is_loaded():
    with pytest.raises(ModelTooLargeError, match=r"needs about 1300000\.0 GB on cpu"):
        require_memory("vast", 10**15, torch.device("cpu"))
    require_memory("small", 1000, torch.device("cpu"))
