"""The texts behind labels, for training data outside the workspace.

Responsible for reading the judged versions and for telling near-copies. Must not know how the
lines are laid out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from skillrouter_core.errors import NotFoundError
from skillrouter_core.labelling.exchange.training import TrainingLines, listwise, triplets
from skillrouter_core.mining.filtering import FalseNegativeFilter
from skillrouter_core.models import profile_named
from skillrouter_core.records import RouteOptions, Skill
from skillrouter_core.records.exchange import LabelFormat, LabelRow
from skillrouter_core.texts import encoder_document, preset_named, reranker_document

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace


class JudgedTexts:
    """The versions of skills that some labels are about."""

    def __init__(self, ws: Workspace, rows: Sequence[LabelRow]) -> None:
        """Read them: present ones together, earlier versions one by one."""
        self._rows = rows
        present = ws.catalogs.skills_by_id(sorted({row.skill_id for row in rows}))
        by_hash = {skill.content_hash: skill for skill in present.values()}
        self._skills: dict[str, Skill] = {}
        self._missing = 0
        self._filter = FalseNegativeFilter()
        for digest in dict.fromkeys(row.content_hash for row in rows):
            try:
                self._skills[digest] = by_hash.get(digest) or ws.catalogs.version(digest)
            except NotFoundError:
                self._missing += 1

    @property
    def notes(self) -> tuple[str, ...]:
        """Say how many texts are not known."""
        return (f"Texts that no catalog has any more: {self._missing:,}.",) * bool(self._missing)

    def lines(self, kind: LabelFormat) -> TrainingLines:
        """Return triplets or lists in the texts that the default models see."""
        preset = preset_named(profile_named(RouteOptions().profile).preset)
        write = triplets if kind is LabelFormat.TRIPLETS else listwise
        document = encoder_document if kind is LabelFormat.TRIPLETS else reranker_document
        texts = {digest: document(skill, preset) for digest, skill in self._skills.items()}
        return write(self._rows, texts, self._is_copy)

    def _is_copy(self, row: LabelRow, right: Sequence[LabelRow]) -> bool:
        """Return whether a skill has the name or nearly the body of a right one."""
        skills = [self._skills[one.content_hash] for one in right]
        return self._filter.layer(self._skills[row.content_hash], skills, cosine=0.0) is not None
