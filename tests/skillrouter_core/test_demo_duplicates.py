"""The planted duplicates of the demo catalog, found by text alone."""

from __future__ import annotations

import numpy as np
import pytest

from skillrouter_core import demo
from skillrouter_core.dedup import Scan, build_groups, same_name, scan
from skillrouter_core.demo import PlantedKind, demo_skills
from skillrouter_core.records import Thresholds

LIMITS = Thresholds()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    return scan(demo_skills(), None, tmp_path_factory.mktemp("cache"))


def near_copies(found: Scan) -> set[frozenset[str]]:
    at = np.flatnonzero(found.pairs.duplicates(LIMITS)).tolist()
    pairs = (found.pairs.pair(position, found.ids) for position in at)
    return {frozenset((pair.a, pair.b)) for pair in pairs}


def planted(*kinds: PlantedKind) -> set[frozenset[str]]:
    return {frozenset((one.a, one.b)) for one in demo.planted().duplicates if one.kind in kinds}


def test_copies_and_light_edits_are_found_and_nothing_else(found: Scan) -> None:
    assert near_copies(found) == planted(PlantedKind.RENAMED_COPY, PlantedKind.LIGHT_EDIT)


def test_other_words_for_the_same_job_are_no_text_duplicates(found: Scan) -> None:
    assert near_copies(found).isdisjoint(planted(PlantedKind.REWORDED_TWIN))


def test_each_group_is_one_planted_pair(found: Scan) -> None:
    quality = np.zeros(len(found.ids), dtype=np.float32)
    groups = build_groups(found, LIMITS, quality).groups
    assert {frozenset(found.ids[row] for row in group.members) for group in groups} == near_copies(
        found
    )


def test_namesakes_with_another_job_have_a_lane_of_their_own(found: Scan) -> None:
    lanes = {frozenset(found.ids[row] for row in lane) for lane in same_name(found, LIMITS)}
    assert lanes == {frozenset(pair) for pair in demo.planted().same_name_different_job}
