"""A network made ready to learn: precision, dropout, LoRA, what stays frozen.

Responsible for everything that differs between a network that answers and one that learns.
Must not know objectives, batches or files.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from transformers import AutoConfig

from skillrouter_core.backbone import load_network
from skillrouter_core.devices import pick_dtype
from skillrouter_core.errors import TrainingError
from skillrouter_core.models import ModelFiles
from skillrouter_core.records.training import Method, TrainConfig
from skillrouter_core.train.workers import EXTRA, Workers

DROPOUTS = (
    "hidden_dropout_prob",
    "attention_probs_dropout_prob",
    "attention_dropout",
    "hidden_dropout",
)
"""Set to 0: one epoch of distinct pairs does not overfit, and on a CPU random masks cost half
the run. It also leaves nothing random in a step, so that a resumed run is the same run."""

HEADS = ("classifier", "score")
"""Layers that a sequence classifier adds at random: they learn whole even beside LoRA."""


def trainable(
    files: ModelFiles,
    auto_class: Any,
    config: TrainConfig,
    workers: Workers,
    frozen: Sequence[str],
    **settings: Any,
) -> Any:
    """Return a network that is ready to learn.

    Full training keeps float32 weights and leaves out tensors whose name holds a part of
    `frozen`. LoRA freezes all but its own matrices and a classifier's head; on a GPU its base
    stays in bfloat16. Raises the ModelError family; TrainingError where peft is missing.
    """
    lora = config.method is Method.LORA
    torch.manual_seed(config.seed)  # a classification head, and LoRA's matrices, start at random
    shape = AutoConfig.from_pretrained(files.base, local_files_only=True)
    network = load_network(
        files,
        auto_class,
        device=workers.device,
        dtype=torch.bfloat16 if lora and workers.device.type == "cuda" else torch.float32,
        **{name: 0.0 for name in DROPOUTS if hasattr(shape, name)},
        **settings,
    )
    if config.gradient_checkpointing:
        # transformers 5 renamed it, and 4 knows the old name alone
        name = "activation_checkpointing_enable"
        enable = getattr(network, name, None) or network.gradient_checkpointing_enable
        enable({"use_reentrant": False})
    if lora:
        return _with_lora(network, config)
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(not any(part in name for part in frozen))
    return network


def merged(network: Any, config: TrainConfig) -> Any:
    """Return the network with LoRA's matrices added to the weights they stand beside."""
    return network.merge_and_unload() if config.method is Method.LORA else network


def learning(network: Any) -> dict[str, torch.nn.Parameter]:
    """Return the parameters that learn, by name."""
    return {name: one for name, one in network.named_parameters() if one.requires_grad}


def mixed_precision(device: torch.device) -> AbstractContextManager[None]:
    """Return the context of a forward pass: bfloat16 where the device multiplies it natively."""
    if pick_dtype(device) is torch.bfloat16:
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


def _with_lora(network: Any, config: TrainConfig) -> Any:
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise TrainingError(f"LoRA needs peft. {EXTRA}; or train with the method full.") from error
    heads = [name for name in HEADS if hasattr(network, name)]
    settings = LoraConfig(
        r=config.lora_rank,
        lora_alpha=2 * config.lora_rank,
        lora_dropout=0.0,
        target_modules="all-linear",
        exclude_modules=heads or None,
        modules_to_save=heads or None,
    )
    with warnings.catch_warnings():
        # peft asks transformers by a name that is on its way out
        warnings.simplefilter("ignore", FutureWarning)
        return get_peft_model(network, settings)
