"""Figures of evaluations in words: means, changes, tests.

Responsible for wording alone. Pure; must not know streamlit.
"""

from __future__ import annotations

from skillrouter_core.workspace.evaluation_views import Figure, PairedDifference

HELP = {
    "Hit@1": "Share of queries whose first answer is right.",
    "Hit@1, copies allowed": "The same, a near-copy of the right skill counted as right: body "
    "Jaccard above 0.6 or cosine above 0.92.",
    "Stage-1 Hit@1": "What stage 1 alone would have answered right.",
    "Recall@20": "Share of the right skills among the 20 candidates: what stage 2 can find.",
}
P_VALUE = (
    "Chance of so uneven a split if neither were better: the exact sign test, McNemar's for hits"
)


def interval(figure: Figure) -> str:
    """Return a mean with its interval."""
    return f"{figure.mean:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def difference(change: PairedDifference) -> str:
    """Return a change with its interval."""
    return f"{change.difference:+.3f} [{change.low:+.3f}, {change.high:+.3f}]"


def p_value(change: PairedDifference) -> str:
    """Return the exact test of a change in three decimals."""
    return "<.001" if change.p_value < 0.0005 else f"{change.p_value:.3f}"
