"""What a run is told and what it reports.

Responsible for the two records every other module of the package shares. Must not
know tensors.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Hyperparameters of one run (PAPER section "Training" where not said otherwise)."""

    learning_rate: float
    batch_size: int
    accumulation: int = 1
    epochs: int = 1
    warmup_share: float = 0.05
    weight_decay: float = 0.01
    seed: int = 13


@dataclass(frozen=True, slots=True)
class TrainReport:
    """What a run did: optimiser steps, and the mean loss over its first and last tenth."""

    steps: int
    first_loss: float
    last_loss: float
    folder: Path
