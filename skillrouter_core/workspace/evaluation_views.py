"""What people read of a kept evaluation: figures, parts, changes, misses, its confidence.

Responsible for naming, for whoever draws, what `evaluate` computes of an evaluation in hand.
Must not know how any of it is drawn.
"""

from __future__ import annotations

from skillrouter_core.evaluate.comparing import (
    FIGURES,
    Comparison,
    Figure,
    Part,
    compare,
    compare_parts,
    misses,
    part_of,
    parts,
    stage2_effect,
)
from skillrouter_core.evaluate.reliability import (
    Bin,
    Threshold,
    calibration_error,
    reliability,
    thresholds,
)
from skillrouter_core.metrics import PairedDifference

__all__ = [
    "FIGURES",
    "Bin",
    "Comparison",
    "Figure",
    "PairedDifference",
    "Part",
    "Threshold",
    "calibration_error",
    "compare",
    "compare_parts",
    "misses",
    "part_of",
    "parts",
    "reliability",
    "stage2_effect",
    "thresholds",
]
