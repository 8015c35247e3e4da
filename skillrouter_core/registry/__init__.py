"""Trained models: their folders, what is told of them, which was promoted when.

Responsible for model folders and the history of promotions. Must not know how a model is
trained, nor the database.
"""

from skillrouter_core.registry.card import card
from skillrouter_core.registry.fitted import Fitted, read_fitted, write_fitted
from skillrouter_core.registry.folders import (
    CARD,
    METRICS,
    RUN,
    SHIPPED,
    Damaged,
    checked_name,
    damaged_records,
    find_trained,
    read_record,
    standing_on,
    trained_names,
)
from skillrouter_core.registry.history import Promotion, note, noting, promotions

__all__ = [
    "CARD",
    "METRICS",
    "RUN",
    "SHIPPED",
    "Damaged",
    "Fitted",
    "Promotion",
    "card",
    "checked_name",
    "damaged_records",
    "find_trained",
    "note",
    "noting",
    "promotions",
    "read_fitted",
    "read_record",
    "standing_on",
    "trained_names",
    "write_fitted",
]
