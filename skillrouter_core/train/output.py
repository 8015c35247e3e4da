"""A trained network to a model folder.

Responsible for writing it so that `models.find_model` accepts it, with a manifest that says
where it came from. Must not know how the network was trained.

A small network becomes a *delta*: the tensors that differ from the base, in half precision,
vouched for by digest. A decoder, whose embeddings learn too, is written whole in bfloat16, as
plain transformers can load it.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig

from skillrouter_core.encode import DECODERS
from skillrouter_core.models import ModelFiles, root_of, target_of
from skillrouter_core.texts import TextPreset
from skillrouter_core.train.config import TrainConfig
from skillrouter_core.train.delta import FROZEN, FROZEN_ENCODER, write_delta, write_manifest

IDENTITY = frozenset({"name", "kind", "base", "sha256", "preset", "training", "same_as"})
"""Keys of a manifest that say what a model is; the others were fitted around it."""


def writes_whole(files: ModelFiles) -> bool:
    """Return whether a network over this base is written whole rather than as a delta."""
    config = AutoConfig.from_pretrained(files.base, local_files_only=True)
    return config.model_type in DECODERS


def frozen_parts(files: ModelFiles, parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return what stays as the base has it: nothing in a network that is written whole."""
    return () if writes_whole(files) else parts


def write_model(
    network: Any,
    tokenizer: Any,
    files: ModelFiles,
    base: str,
    folder: Path,
    preset: TextPreset,
    kind: str,
    config: TrainConfig,
) -> None:
    """Write a trained network over `base` to `folder`; the manifest last, as it vouches for it.

    What was fitted around the base (weights of the mix, confidence) goes along: it is the best
    guess until somebody fits it anew.
    """
    fitted = {key: value for key, value in files.manifest.items() if key not in IDENTITY}
    if not writes_whole(files):
        parts = FROZEN_ENCODER if kind == "encoder" else FROZEN
        write_delta(
            network,
            root_of(base),
            folder,
            preset,
            kind,
            asdict(config),
            parts,
            below=files.delta,
            fitted=fitted,
        )
        return
    folder.mkdir(parents=True, exist_ok=True)
    _write_whole(network, tokenizer, files, folder)
    identity = {"name": folder.name, "kind": kind, "preset": preset.name}
    write_manifest(folder, {**identity, "training": asdict(config), **fitted})


def point_to(location: str, folder: Path, preset: TextPreset, kind: str) -> None:
    """Make `folder` stand for the model at `location`, whose weights it shares."""
    folder.mkdir(parents=True, exist_ok=True)
    identity = {"name": folder.name, "kind": kind, "preset": preset.name}
    write_manifest(folder, {**identity, "same_as": target_of(location)})


def _write_whole(network: Any, tokenizer: Any, files: ModelFiles, folder: Path) -> None:
    network.to(torch.bfloat16).save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    pooling = files.base / "1_Pooling" / "config.json"
    if pooling.is_file():
        (folder / "1_Pooling").mkdir(exist_ok=True)
        shutil.copyfile(pooling, folder / "1_Pooling" / "config.json")
