"""Pairs and lists to model folders: `train_encoder` and `train_reranker`.

Responsible for the objectives, the loop, its checkpoints, for several GPUs, and for writing
what was learnt. Must not know where pairs come from, nor which model is in use.

What needs torch is loaded when it is first asked for: a page that draws a loss curve is not
to wait for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from skillrouter_core.train.config import TrainConfig, TrainReport

if TYPE_CHECKING:
    from skillrouter_core.train.encoder import train_encoder
    from skillrouter_core.train.reranker import train_reranker

__all__ = ["TrainConfig", "TrainReport", "train_encoder", "train_reranker"]

_LATE = {"train_encoder": "encoder", "train_reranker": "reranker"}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
