"""Where the focus goes: from member to member, from group to group.

Responsible for the order alone. Pure; must not know streamlit, nor what is decided.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence


def stepped(ids: Sequence[str], current: str, step: int) -> str:
    """Return the id `step` places on, around the ends; the first for a `current` not there."""
    if not ids:
        return ""
    if current not in ids:
        return ids[0]
    return ids[(ids.index(current) + step) % len(ids)]


def following(ids: Sequence[str], current: str, wanted: Collection[str]) -> str:
    """Return the first of `wanted` that comes after `current` in `ids`, around the end; or ""."""
    at = ids.index(current) + 1 if current in ids else 0
    return next((each for each in (*ids[at:], *ids[:at]) if each in wanted), "")
