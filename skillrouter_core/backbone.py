"""Verified model files to a tokenizer and a network in memory.

Responsible for loading with safetensors only, for laying a delta over its base, and
for device and number format. Must not know what the network is used for.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
)
from transformers.utils import logging

from skillrouter_core.devices import pick_device, pick_dtype, require_memory
from skillrouter_core.errors import ModelIntegrityError
from skillrouter_core.models import LATE, MANIFEST, ModelFiles

OF_A_DELTA = frozenset({"base", "sha256", "same_as"})
"""Keys of a manifest that say where the rest of a model lies: whole weights need none."""


def load_tokenizer(files: ModelFiles, *, padding_side: str) -> Any:
    """Return the model's own tokenizer, padding on the given side ("left" or "right")."""
    return AutoTokenizer.from_pretrained(
        files.base, padding_side=padding_side, local_files_only=True
    )


def load_network(
    files: ModelFiles,
    auto_class: Any,
    *,
    device: torch.device | None = None,
    dtype: torch.dtype | None = None,
    **config: Any,
) -> Any:
    """Return the network in evaluation mode on its device, delta applied.

    `auto_class` is a transformers Auto class; `config` overrides configuration values.
    Raises ModelTooLargeError before loading, ModelIntegrityError if the delta does not fit.
    """
    device = device or pick_device()
    require_memory(files.name, files.weight_bytes, device)
    with _quiet():
        network = auto_class.from_pretrained(
            files.base,
            dtype=dtype or pick_dtype(device),
            use_safetensors=True,
            local_files_only=True,
            **config,
        )
    if files.delta is not None:
        _apply_delta(network, files)
    return network.to(device).eval()


def write_plain(files: ModelFiles, target: Path, *, classifies: bool) -> None:
    """Write a model as a folder that plain transformers can load: base and delta merged.

    Holds whole safetensors in single precision, configuration and tokenizer, and last a manifest
    with what was fitted around the weights, so that this program reads the folder as it reads the
    model. `classifies` says that the network is a reranker, with a head of its kind.
    """
    auto_class, config = _head_of(files) if classifies or _is_late(files) else (AutoModel, {})
    network = load_network(
        files, auto_class, device=torch.device("cpu"), dtype=torch.float32, **config
    )
    network.save_pretrained(target, safe_serialization=True)
    load_tokenizer(files, padding_side="right").save_pretrained(target)
    pooling = files.base / "1_Pooling" / "config.json"
    if pooling.is_file():
        (target / "1_Pooling").mkdir(exist_ok=True)
        shutil.copyfile(pooling, target / "1_Pooling" / "config.json")
    manifest = {key: value for key, value in files.manifest.items() if key not in OF_A_DELTA}
    (target / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _head_of(files: ModelFiles) -> tuple[Any, dict[str, Any]]:
    """Return the class that loads a reranker with its head, and what its configuration needs."""
    if _is_late(files):
        return AutoModelForTokenClassification, {"num_labels": 1}
    architectures = AutoConfig.from_pretrained(files.base, local_files_only=True).architectures
    if any("CausalLM" in name for name in architectures or ()):
        return AutoModelForCausalLM, {}
    return AutoModelForSequenceClassification, {"num_labels": 1}


def _is_late(files: ModelFiles) -> bool:
    return files.manifest.get("kind") == LATE


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers from drawing bars and from reporting heads that a delta brings."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _apply_delta(network: Any, files: ModelFiles) -> None:
    delta = load_file(files.delta or "")
    target = network.state_dict()
    for name, tensor in delta.items():
        if name not in target or target[name].shape != tensor.shape:
            raise ModelIntegrityError(
                f"Model {files.name!r}: tensor {name!r} {tuple(tensor.shape)} does not fit its "
                f"base. Its manifest names the wrong base model, or the file was mixed up."
            )
    network.load_state_dict(delta, strict=False)


def changed_tensors(network: Any, frozen: tuple[str, ...]) -> dict[str, torch.Tensor]:
    """Return a network's float tensors in half precision, by name: what a delta ships.

    Left out are those whose name holds a `frozen` part: training left them as the base has them.
    """
    return {
        name: tensor.detach().to("cpu", torch.float16).contiguous()
        for name, tensor in network.state_dict().items()
        if tensor.is_floating_point() and not any(part in name for part in frozen)
    }
