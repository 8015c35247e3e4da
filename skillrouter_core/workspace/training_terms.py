"""What a plan and a run go by alike: bases, least numbers, generators.

Responsible for these terms alone. Must not know how a run is done or planned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skillrouter_core.models import Profile, root_of, target_of
from skillrouter_core.records.training import TrainKind

if TYPE_CHECKING:
    from skillrouter_core.mining import QueryGenerator

DESCRIPTION = "description"

FEWEST = {TrainKind.ENCODER: 16, TrainKind.RERANKER: 8}
"""Pairs, or lists, below which what a network learns is chance."""


def base_of(profile: Profile, part: TrainKind) -> str:
    """Return the model that a network is trained from.

    A profile without a reranker gets one from the model its encoder stands on.
    """
    if part is TrainKind.ENCODER:
        return target_of(profile.encoder)
    return target_of(profile.reranker) if profile.reranker else root_of(profile.encoder)


def generator_named(name: str) -> QueryGenerator:
    """Return the generator of that name: "description", or a model's folder or hub id."""
    if name == DESCRIPTION:
        from skillrouter_core.mining import DescriptionQueries

        return DescriptionQueries()
    from skillrouter_core.train.instruct import InstructQueries

    return InstructQueries(name)


def too_few(part: TrainKind, found: int) -> str:
    """Return why a run cannot start, with figures."""
    if part is TrainKind.ENCODER:
        return (
            f"{found} pairs of a query and a right skill are too few for an encoder; "
            f"{FEWEST[part] - found} more are needed. Label more, or let more queries be generated."
        )
    return (
        f"{found} labelled queries whose right skill can be retrieved are too few for a reranker; "
        f"{FEWEST[part] - found} more are needed. Label more queries."
    )
