"""A new skill is held against the catalog with the values a scan would give it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skillrouter_core.dedup import Prober, Scan, ScanOptions, scan
from skillrouter_core.errors import IndexNotReadyError
from skillrouter_core.records import DuplicatePair, Skill
from tests.fakes import HashEncoder, skill

TEMPLATE = " ".join(f"common{number}" for number in range(120))
OPTIONS = ScanOptions(boilerplate_skills=4)


def catalog() -> list[Skill]:
    """Six skills of a template, six of another source that shares half of it, two alone."""
    half = " ".join(TEMPLATE.split()[:60])
    skills = [own(f"t/{row}", f"{TEMPLATE} {special(row)}", "t") for row in range(6)]
    skills += [own(f"u/{row}", f"{half} {special(20 + row)}", "u") for row in range(6)]
    return [*skills, own("v/0", TEMPLATE, "v"), own("v/1", special(40), "v")]


def special(row: int) -> str:
    return " ".join(f"own{row}x{number}" for number in range(30))


def own(skill_id: str, body: str, source: str) -> Skill:
    return skill(skill_id, f"does {skill_id}", body, source=source)


def encoded(skills: list[Skill]) -> np.ndarray:
    return HashEncoder(32).encode_queries([one.body for one in skills])


@pytest.fixture
def scanned(tmp_path: Path) -> tuple[Scan, Path, list[Skill]]:
    skills = catalog()
    return scan(skills, encoded(skills), tmp_path, options=OPTIONS), tmp_path, skills


@pytest.mark.parametrize("row", [0, 7, 12, 13])
def test_values_are_those_of_a_scan_with_the_skill(
    scanned: tuple[Scan, Path, list[Skill]], tmp_path: Path, row: int
) -> None:
    result, cache, skills = scanned
    vectors = encoded(skills)
    probe = replace(skills[row], skill_id="w/new", name="newcomer")
    pairs = Prober(result, cache, vectors).nearest(probe, vectors[row], 100)
    assert len(pairs) == len(skills)
    assert {pair.a for pair in pairs} == {"w/new"}
    # The same boilerplate as before: one more copy lifts no trigram over the limit here.
    whole = scan([*skills, probe], encoded([*skills, probe]), tmp_path / "w", options=OPTIONS)
    wanted = {
        whole.ids[a]: whole.pairs.pair(place, whole.ids)
        for place, (a, b) in enumerate(zip(whole.pairs.a, whole.pairs.b, strict=True))
        if whole.ids[b] == "w/new"
    }
    assert wanted
    for pair in pairs:
        if pair.b in wanted:
            assert values(pair) == pytest.approx(values(wanted[pair.b]), abs=1e-5)


def values(pair: DuplicatePair) -> tuple[float, ...]:
    return (pair.jaccard, pair.raw_jaccard, pair.cosine or 0.0, pair.shared_boilerplate)


def test_the_best_comes_first_and_the_limit_holds(scanned: tuple[Scan, Path, list[Skill]]) -> None:
    result, cache, skills = scanned
    probe = replace(skills[3], skill_id="new", body=skills[3].body + " one more line")
    pairs = Prober(result, cache, None).nearest(probe, None, 2)
    assert pairs[0].b == "t/3"
    assert len(pairs) == 2
    assert pairs[0].jaccard > 0.8
    assert pairs[0].cosine is None
    assert Prober(result, cache, None).nearest(probe, None, 0) == ()


def test_a_skill_is_not_held_against_itself(scanned: tuple[Scan, Path, list[Skill]]) -> None:
    result, cache, skills = scanned
    pairs = Prober(result, cache, None).nearest(skills[3], None, 100)
    assert "t/3" not in {pair.b for pair in pairs}
    assert len(pairs) == len(skills) - 1


def test_a_new_source_s_skill_of_a_known_template_is_no_copy(
    scanned: tuple[Scan, Path, list[Skill]],
) -> None:
    result, cache, _ = scanned
    probe = own("n/0", f"{TEMPLATE} {special(77)}", "nobody")
    by_id = {pair.b: pair for pair in Prober(result, cache, None).nearest(probe, None, 100)}
    assert by_id["t/0"].jaccard < 0.05
    assert by_id["t/0"].raw_jaccard > 0.6
    assert by_id["v/0"].jaccard > 0.6  # v has no boilerplate: what they share counts


def test_names_and_negations_are_told(scanned: tuple[Scan, Path, list[Skill]]) -> None:
    result, cache, _ = scanned
    probe = skill("new", "Like others. Not for 1, see there.", "text of its own", name="0!")
    by_id = {pair.b: pair for pair in Prober(result, cache, None).nearest(probe, None, 100)}
    assert {key for key, pair in by_id.items() if pair.same_name} == {"t/0", "u/0", "v/0"}
    assert {key for key, pair in by_id.items() if pair.set_apart} == {"t/1", "u/1", "v/1"}


def test_an_empty_probe_and_an_empty_catalog(tmp_path: Path) -> None:
    nothing = scan([], None, tmp_path)
    assert Prober(nothing, tmp_path, None).nearest(skill("a", body="x y z"), None, 5) == ()
    one = scan([skill("a", body="x y z")], None, tmp_path)
    (pair,) = Prober(one, tmp_path, None).nearest(skill("b"), None, 5)
    assert (pair.jaccard, pair.raw_jaccard) == (0, 0)


def test_without_the_texts_it_says_so(scanned: tuple[Scan, Path, list[Skill]]) -> None:
    result, cache, _ = scanned
    with pytest.raises(IndexNotReadyError, match="scan for duplicates again"):
        Prober(result, cache / "elsewhere", None)
