"""How much memory a training run wants, worked out before anything is loaded.

Responsible for the estimate and for refusing what will not fit. Must not know data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from safetensors import safe_open
from transformers import AutoConfig

from skillrouter_core.devices import free_bytes
from skillrouter_core.errors import ModelTooLargeError
from skillrouter_core.models import ModelFiles, find_model
from skillrouter_core.records.training import Method, TrainConfig

ACTIVATION_BYTES = 34
"""Bytes a token, layer and hidden unit that a transformer keeps for the way back, in half
precision and without the attention matrix (Korthikanti et al. 2022, equation 2)."""

MARGIN = 1.2
"""For what the estimate leaves out: buffers, logits, fragmentation."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one forward pass carries: so many texts of at most so many tokens."""

    texts: int
    tokens: int


def parameters(files: ModelFiles) -> int:
    """Return how many numbers a model's weights are, from the files' headers alone."""
    total = 0
    for path in sorted(files.base.glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            total += sum(math.prod(file.get_slice(key).get_shape()) for key in file.keys())  # noqa: SIM118
    return total


def training_bytes(location: str, config: TrainConfig, load: Load, device: torch.device) -> int:
    """Return about how many bytes training a model takes on each device.

    Full training: 16 bytes a weight (float32 weight, gradient, two moments); LoRA: the weights.
    """
    files = find_model(location)
    shape = AutoConfig.from_pretrained(files.base, local_files_only=True)
    half = config.method is Method.LORA and device.type == "cuda"
    each = 16 if config.method is Method.FULL else 2 if half else 4
    layer = load.texts * load.tokens * int(shape.hidden_size)
    layers = int(shape.num_hidden_layers)
    kept = (
        ACTIVATION_BYTES + 2 * layers
        if config.gradient_checkpointing
        else (ACTIVATION_BYTES * layers)
    )
    return int((parameters(files) * each + layer * kept) * MARGIN)


def require_training_memory(name: str, needed: int, device: torch.device) -> None:
    """Raise ModelTooLargeError, saying how much is missing, unless the bytes are free."""
    free = free_bytes(device)
    if free is None or needed <= free:
        return
    raise ModelTooLargeError(
        f"Training {name!r} takes about {needed / 1e9:.1f} GB on {device.type}, where "
        f"{free / 1e9:.1f} GB are free: {(needed - free) / 1e9:.1f} GB are missing. Lower the "
        f"batch size, switch gradient checkpointing on, train with LoRA, or close other programs."
    )
