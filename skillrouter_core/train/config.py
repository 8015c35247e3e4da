"""What a run is told and what it reports, and the recipes that fit a base.

Responsible for the hyperparameters a run takes when nobody names others. Must not know
tensors.
"""

from __future__ import annotations

from skillrouter_core.records.training import Method, TrainConfig, TrainKind, TrainReport

__all__ = ["COMPACT", "PAPER", "Method", "TrainConfig", "TrainReport", "recipe"]

PAPER = {
    TrainKind.ENCODER: TrainConfig(2e-5, 8, accumulation=4, gradient_checkpointing=True),
    TrainKind.RERANKER: TrainConfig(1e-5, 1, accumulation=16, gradient_checkpointing=True),
}
"""For 0.6B decoders and above (PAPER section "Training")."""

COMPACT = {
    TrainKind.ENCODER: TrainConfig(2e-5, 8, accumulation=2),
    TrainKind.RERANKER: TrainConfig(2e-5, 1, accumulation=8),
}
"""For a MiniLM that has been trained before: small steps, so that few labels do not undo much."""


def recipe(part: TrainKind, preset: str) -> TrainConfig:
    """Return the hyperparameters for one network of a profile with that text preset."""
    return (COMPACT if preset == "compact" else PAPER)[part]
