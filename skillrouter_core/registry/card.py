"""A model's card: what it is, what it was trained on, how, and what was measured.

Responsible for the Markdown. Must not know where a run or its figures come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LICENCE = (
    "The weights are derived from the base model named above and fall under its licence; "
    "all-MiniLM-L6-v2 and all-mpnet-base-v2 are under Apache 2.0."
)

TOLD = ("created_at", "revision", "options", "counts", "mining", "reports", "notes", "machine")
"""Of a run's record so much is told on the card."""

USE = """\
```python
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("encoder")
encoder = AutoModel.from_pretrained("encoder")
```
"""


def card(
    name: str,
    encoder: str,
    reranker: str | None,
    preset: str,
    run: Mapping[str, Any],
    metrics: Mapping[str, Any],
) -> str:
    """Return the card; what nobody kept is said to be unknown."""
    parts = [
        f"# {name}",
        "A pair of models that routes a request to the skill that does it, in two stages "
        "(SkillRouter, arXiv 2603.22455).",
        _models(encoder, reranker, preset),
        "## Training",
        _training(run),
        "## Figures",
        _figures(metrics),
        "## Licence",
        LICENCE,
        "## Use",
        "After `skillrouter models export` the folders hold whole weights that plain transformers "
        "loads:",
        USE,
    ]
    return "\n\n".join(parts)


def _models(encoder: str, reranker: str | None, preset: str) -> str:
    rows = [
        "| part | kept in |",
        "|---|---|",
        f"| encoder | `{_short(encoder)}` |",
        f"| reranker | `{_short(reranker) if reranker else 'none: stage 1 decides'}` |",
        f"| text preset | `{preset}` |",
    ]
    return "\n".join(rows)


def _training(run: Mapping[str, Any]) -> str:
    if not run:
        return "No record of its training lies beside it."
    lines = [f"- {key.replace('_', ' ')}: {_value(run[key])}" for key in TOLD if run.get(key)]
    return "\n".join(lines) or "Its record says nothing of labels or settings."


def _figures(metrics: Mapping[str, Any]) -> str:
    rows = metrics.get("rows") or []
    if not rows:
        return "Not measured yet."
    lines = [
        f"{metrics.get('tasks', 0)} queries of {metrics.get('benchmark', 'an unnamed benchmark')}, "
        f"over {metrics.get('pool', 0)} skills, asked of {metrics.get('before', 'another model')} "
        "(before) and of this one (after); 95% bootstrap intervals, the change is paired by query.",
        *_served(metrics.get("fitted_on", 0)),
        "",
        "| figure | before | after | change |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row['name']} | {row['before']} | {row['after']} | {row['change']} |" for row in rows
    ]
    return "\n".join(lines)


def _served(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    return (
        f"{count} of them served to fit the numbers around the networks; each is answered by "
        "numbers fitted without it.",
    )


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {_value(item)}" for key, item in value.items() if item is not None)
    if isinstance(value, list | tuple):
        return ", ".join(_value(item) for item in value)
    return str(value).replace("\n", " ").replace("|", "\\|")


def _short(location: str) -> str:
    """Return a location without the folders above the model's own: they are of one machine."""
    return "/".join(location.replace("\\", "/").rstrip("/").split("/")[-2:])
