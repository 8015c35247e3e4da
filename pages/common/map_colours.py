"""A channel of the map as classes, a legend, and the slots of colour they take.

Responsible for which class gets which slot; the colours themselves are the theme's, in
`static/map/theme.js`. Pure; must not know streamlit or the workspace.

A slot is the number of a colour for kinds, "r0" to "r1000" for a place on the ramp, "good",
"warn" or "bad", or None for grey.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pages.common.safe_text import one_line
from skillrouter_core.records.maps import Channel, ChannelName

COLOURS = 12
"""Kinds that get a colour of their own; with more the eye no longer tells them apart."""
STEPS = 240
"""Classes of a scale; the class after them is for rows of which nothing is known."""
LABEL_CHARS = 60
Slot = int | str | None
_MEANINGS: dict[ChannelName, tuple[Slot, ...]] = {
    ChannelName.DUPLICATES: (None, "warn", "bad", "good", None),
    ChannelName.LABELS: (None, "r250", "r600", "r1000"),
}
"""Channels whose kinds mean something good or bad, or more and more of it."""
_CLUSTERS = (ChannelName.COARSE, ChannelName.FINE)


@dataclass(frozen=True, slots=True)
class Colouring:
    """One class per row, uint16 [n], and the legend as `static/map/panel.js` reads it."""

    classes: NDArray[np.uint16]
    legend: dict[str, Any]


def colouring(channel: Channel) -> Colouring:
    """Return a channel's rows as classes with their legend."""
    return _scale(channel) if channel.scale else _kinds(channel)


def slots_of(channel: Channel) -> list[Slot]:
    """Return each kind's slot, in the order of the channel's legend."""
    given = _MEANINGS.get(channel.name)
    if given and len(given) >= len(channel.legend):
        return list(given[: len(channel.legend)])
    cycle = channel.name in _CLUSTERS
    # Clusters carry their names on the map, so that two may share a colour.
    slots: list[Slot] = [
        place % COLOURS if cycle or place < COLOURS else None
        for place in range(len(channel.legend))
    ]
    if channel.muted is not None:
        slots[channel.muted] = None
    return slots


def _kinds(channel: Channel) -> Colouring:
    slots = slots_of(channel)
    shown = [(place, entry) for place, entry in enumerate(channel.legend) if entry.count]
    named = [(place, entry) for place, entry in shown if place < COLOURS or place == channel.muted]
    rest = [(place, entry) for place, entry in shown if (place, entry) not in named]
    items = [
        _item(one_line(entry.label, LABEL_CHARS), entry.count, slots[place], [place])
        for place, entry in named
    ]
    if rest:
        total = sum(entry.count for _, entry in rest)
        places = [place for place, _ in rest]
        items.insert(COLOURS, _item(f"{len(rest):,} more", total, None, places))
    legend = _legend(channel.title, slots, items)
    return Colouring(channel.values.astype(np.uint16), legend)


def _scale(channel: Channel) -> Colouring:
    top = max((entry.value for entry in channel.legend), default=0.0)
    known = np.isfinite(channel.values)
    # Where zero means "none", those rows are the ground on which the others stand out.
    empty = (channel.values == 0) if channel.name is ChannelName.TRAFFIC else ~known
    part = np.clip(np.where(known, channel.values, 0) / (top or 1.0), 0, 1)
    classes = np.round(part * (STEPS - 1)).astype(np.uint16)
    classes[empty | ~known] = STEPS
    slots: list[Slot] = [f"r{round(1000 * step / (STEPS - 1))}" for step in range(STEPS)]
    legend = _legend(channel.title, [*slots, None], [])
    if len(channel.legend) > 1:
        legend |= {"low": channel.legend[0].label, "high": channel.legend[-1].label}
    return Colouring(classes, legend)


def _item(label: str, count: int, slot: Slot, classes: list[int]) -> dict[str, Any]:
    return {"label": label, "count": count, "slot": slot, "classes": classes}


def _legend(title: str, slots: list[Slot], items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"title": title, "slots": slots, "items": items, "low": "", "high": ""}
