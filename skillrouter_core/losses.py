"""The training objectives: pure functions of score tensors.

Responsible for the formulas of PAPER section "Training". Must not know models,
texts or optimisers.
"""

from __future__ import annotations

import torch
from torch.nn import functional

INFO_NCE_TEMPERATURE = 0.05
LISTWISE_TEMPERATURE = 1.0


def info_nce(
    queries: torch.Tensor,
    documents: torch.Tensor,
    *,
    temperature: float = INFO_NCE_TEMPERATURE,
    not_negative: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the mean in-batch InfoNCE loss (a scalar).

    `queries` [n, d] and `documents` [m >= n, d] are unit rows; document i answers query i and
    is a negative of every other query, as are documents n and beyond. `not_negative` [n, m]
    marks pairs to leave out: near-copies of the positive.
    """
    logits = queries @ documents.T / temperature
    if not_negative is not None:
        rows = torch.arange(len(queries), device=queries.device)
        keep_positive = not_negative.clone()
        keep_positive[rows, rows] = False
        logits = logits.masked_fill(keep_positive, float("-inf"))
    return functional.cross_entropy(logits, torch.arange(len(queries), device=queries.device))


def listwise_cross_entropy(
    scores: torch.Tensor, *, temperature: float = LISTWISE_TEMPERATURE
) -> torch.Tensor:
    """Return the mean listwise cross-entropy of scores [lists, candidates]; column 0 is right.

    Padding candidates carry a score of -inf.
    """
    target = torch.zeros(len(scores), dtype=torch.long, device=scores.device)
    return functional.cross_entropy(scores / temperature, target)


def pointwise_bce(scores: torch.Tensor) -> torch.Tensor:
    """Return the mean binary cross-entropy of scores [lists, candidates]; column 0 is right.

    The paper's ablation: judged alone, look-alike candidates get look-alike scores.
    """
    labels = torch.zeros_like(scores)
    labels[:, 0] = 1.0
    real = torch.isfinite(scores)
    return functional.binary_cross_entropy_with_logits(scores[real], labels[real])
