"""A trained network to a model folder.

Responsible for writing only what differs from the base, with a manifest that vouches
for it by digest. Must not know how the network was trained.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save_file

from skillrouter_core.backbone import changed_tensors
from skillrouter_core.models import DELTA, MANIFEST
from skillrouter_core.texts import TextPreset

FROZEN = ("embeddings.",)
"""Left as the base has them: half of a MiniLM's weights, and no pair here could improve them."""

FROZEN_ENCODER = (*FROZEN, "pooler.")
"""A mean-pooled encoder does not use BERT's pooler."""


def write_delta(
    network: Any,
    base: str,
    folder: Path,
    preset: TextPreset,
    kind: str,
    config: dict[str, Any],
    frozen: tuple[str, ...],
    *,
    below: Path | None = None,
    fitted: Mapping[str, Any] | None = None,
) -> None:
    """Write delta.safetensors and its manifest; the manifest last, as it vouches for the file.

    `below` is a delta between the base and this network, whose tensors differ from the base too,
    frozen or not. `fitted` goes into the manifest: what was fitted around the network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / DELTA
    replaced = _names(below)
    everything = changed_tensors(network, ()) if replaced else {}
    inherited = {name: one for name, one in everything.items() if name in replaced}
    save_file(inherited | changed_tensors(network, frozen), path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    manifest = {
        "name": folder.name,
        "kind": kind,
        "base": base,
        "sha256": digest,
        "preset": preset.name,
        "training": config,
        **(fitted or {}),
    }
    write_manifest(folder, manifest)


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write a model folder's manifest in one step."""
    fresh = folder / f"{MANIFEST}.new"
    fresh.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    fresh.replace(folder / MANIFEST)


def _names(delta: Path | None) -> frozenset[str]:
    if delta is None:
        return frozenset()
    with safe_open(delta, framework="pt") as file:
        return frozenset(file.keys())
