"""Which skill a file means by an id.

Responsible for matching ids written by people with those of the catalogs. Must not know where
either comes from.
"""

from __future__ import annotations

from collections.abc import Iterable

SHOWN = 3
"""Skills that a message names where an id fits several."""


class KnownSkills:
    """The ids there are; finds one by its exact id, or by a tail of its folders that is unique.

    `easy/tools/pdf-merge` is found by itself, by `tools/pdf-merge` and by `pdf-merge`.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        """Index the ids; two skills with one tail make that tail useless, not the ids."""
        self._ids = frozenset(ids)
        self._tails: dict[str, list[str]] = {}
        for skill_id in sorted(self._ids):
            parts = skill_id.split("/")
            for start in range(1, len(parts)):
                self._tails.setdefault("/".join(parts[start:]), []).append(skill_id)

    def __contains__(self, skill_id: str) -> bool:
        """Tell whether this is the exact id of a skill."""
        return skill_id in self._ids

    def find(self, written: str) -> str | None:
        """Return the id meant; None where no skill or more than one fits."""
        if written in self._ids:
            return written
        fitting = self._tails.get(written.strip("/"), ())
        return fitting[0] if len(fitting) == 1 else None

    def why_not(self, written: str) -> tuple[str, str]:
        """Return (reason, remedy) for an id that `find` does not find."""
        fitting = self._tails.get(written.strip("/"), ())
        if not fitting:
            return (
                "no skill of any catalog has this id",
                "write its id as its page shows it, or import its catalog first",
            )
        named = ", ".join(fitting[:SHOWN]) + (", …" if len(fitting) > SHOWN else "")
        return f"{len(fitting):,} skills end so ({named})", "write the whole id"
