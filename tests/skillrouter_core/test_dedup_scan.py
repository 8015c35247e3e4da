"""A scan finds every pair that comparing all with all finds, and keeps what it learnt."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from skillrouter_core.dedup import (
    PairTable,
    Scan,
    ScanOptions,
    exact_pairs,
    load_scan,
    save_scan,
    scan,
)
from skillrouter_core.demo import PlantedKind, demo_skills, planted
from skillrouter_core.errors import Cancelled, IndexNotReadyError, UsageError
from skillrouter_core.mining import jaccard, word_trigrams
from skillrouter_core.progress import Progress
from skillrouter_core.records import Layer, Skill, Thresholds
from tests.fakes import HashEncoder, skill

NUMBERS = np.random.default_rng(11)
VOCABULARY = [f"word{number}" for number in range(400)]


def prose(count: int) -> list[str]:
    return [VOCABULARY[place] for place in NUMBERS.integers(0, len(VOCABULARY), count)]


def edited(words: list[str], changes: int) -> list[str]:
    found = list(words)
    for place in NUMBERS.choice(len(found), changes, replace=False):
        found[place] = "changed"
    return found


def catalog() -> list[Skill]:
    """Forty texts, each with four copies edited more and more."""
    skills = []
    for family in range(40):
        words = prose(150)
        for copy, changes in enumerate((0, 3, 8, 15, 30)):
            body = " ".join(edited(words, changes))
            skills.append(skill(f"c/{family:02d}-{copy}", f"job {family}", body, source="s"))
    return skills


def encoded(skills: list[Skill]) -> np.ndarray:
    return HashEncoder(48).encode_queries([f"{one.description} {one.body}" for one in skills])


def found_pairs(result: Scan) -> dict[tuple[str, str], int]:
    a, b = result.pairs.a.tolist(), result.pairs.b.tolist()
    ids = result.ids
    return {(ids[i], ids[j]): place for place, (i, j) in enumerate(zip(a, b, strict=True))}


def test_text_pairs_are_those_of_brute_force(tmp_path: Path) -> None:
    skills = catalog()
    result = scan(skills, None, tmp_path)
    grams = {one.skill_id: word_trigrams(one.body) for one in skills}
    slow = {
        pair: value
        for pair in combinations(sorted(grams), 2)
        if (value := jaccard(grams[pair[0]], grams[pair[1]])) > 0.4
    }
    found = found_pairs(result)
    sure = {pair for pair, value in slow.items() if value > 0.6}
    assert len(sure) > 80
    assert len(sure & found.keys()) >= 0.98 * len(sure)
    assert found.keys() <= slow.keys()
    for pair, place in found.items():
        assert result.pairs.jaccard[place] == pytest.approx(slow[pair])
        assert result.pairs.raw_jaccard[place] == pytest.approx(slow[pair])
        assert np.isnan(result.pairs.cosine[place])


def test_embedding_pairs_are_those_of_brute_force(tmp_path: Path) -> None:
    skills = sorted(catalog(), key=lambda one: one.skill_id)
    vectors = encoded(skills)
    result = scan(skills, vectors, tmp_path, options=ScanOptions(neighbours=len(skills)))
    cosines = vectors @ vectors.T
    wanted = {(a, b) for a, b in combinations(range(len(skills)), 2) if cosines[a, b] > 0.8}
    assert wanted
    pairs = set(zip(result.pairs.a.tolist(), result.pairs.b.tolist(), strict=True))
    assert wanted <= pairs
    np.testing.assert_allclose(
        result.pairs.cosine, cosines[result.pairs.a, result.pairs.b], atol=1e-5
    )


def test_rows_are_sorted_whatever_the_order_given(tmp_path: Path) -> None:
    skills = catalog()[:30]
    vectors = encoded(skills)
    turned = scan(skills[::-1], vectors[::-1], tmp_path / "b")
    straight = scan(skills, vectors, tmp_path / "a")
    assert straight.ids == turned.ids == tuple(sorted(one.skill_id for one in skills))
    assert straight.hashes == turned.hashes
    assert straight.chars.tolist() == [len(one.body) for one in skills]
    for column in fields(PairTable):
        one, other = getattr(straight.pairs, column.name), getattr(turned.pairs, column.name)
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_the_same_name_is_kept_without_any_likeness(tmp_path: Path) -> None:
    skills = [
        skill("a", body="one two three four", name="PDF-Reader"),
        skill("b", body="five six seven eight", name="pdf reader"),
        skill("c", body="nine ten eleven twelve", name="???"),
        skill("d", body="x y z", name="!!!"),
    ]
    pairs = scan(skills, None, tmp_path).pairs
    assert (pairs.a.tolist(), pairs.b.tolist()) == ([0], [1])
    assert pairs.same_name.tolist() == [True]
    assert pairs.pair(0, ("a", "b")).layers(Thresholds()) == (Layer.NAME,)


def test_a_template_does_not_make_duplicates_and_a_copy_does(tmp_path: Path) -> None:
    template = " ".join(prose(300))
    skills = [
        skill(f"t/{row:02d}", body=f"{template} {' '.join(prose(30))}", source="t")
        for row in range(8)
    ]
    skills.append(replace(skills[0], skill_id="t/99", name="copy"))
    options = ScanOptions(boilerplate_skills=6)
    vectors = np.ones((9, 2), dtype=np.float32) / np.float32(2**0.5)  # the template fills them
    result = scan(skills, vectors, tmp_path, options=options)
    duplicates = result.pairs.take(result.pairs.duplicates(Thresholds()))
    assert (duplicates.a.tolist(), duplicates.b.tolist()) == ([0], [8])
    pairs = result.pairs
    assert len(pairs) == 36  # nothing hidden: the others are kept with what was discounted
    others = pairs.raw_jaccard < 1
    assert (pairs.raw_jaccard[others] > 0.6).all()
    assert (pairs.jaccard[others] < 0.1).all()
    assert (pairs.shared_boilerplate[others] > 0.9).all()
    assert "298 boilerplate trigrams were discounted: t 298" in result.notes


def test_a_template_in_another_source_counts(tmp_path: Path) -> None:
    template = " ".join(prose(300))
    skills = [skill(f"t/{row}", body=f"{template} x{row} y z", source="t") for row in range(6)]
    skills.append(skill("u/0", body=f"{template} x0 y z", source="u"))
    skills.append(skill("u/1", body=f"{template} quite different", source="u"))
    result = scan(skills, None, tmp_path, options=ScanOptions(boilerplate_skills=6))
    found = found_pairs(result)
    assert result.pairs.jaccard[found["t/0", "u/0"]] == 1
    assert result.pairs.jaccard[found["u/0", "u/1"]] > 0.9


def test_negations_are_cut_and_set_apart(tmp_path: Path) -> None:
    clause = "not for scanned pages and photographs of text in several columns, use scan-reader"
    skills = [
        skill("a", f"reads text. {clause}.", f"open and read it.\n{clause}", name="text reader"),
        skill("b", "reads scans.", f"start the ocr engine.\n{clause}", name="Scan Reader"),
    ]
    vectors = np.array([[1, 0], [1, 0]], dtype=np.float32)
    result = scan(skills, vectors, tmp_path)
    pair = result.pairs.pair(0, result.ids)
    assert pair.raw_jaccard == 0
    assert pair.set_apart
    assert not pair.is_duplicate(Thresholds())
    assert pair.cosine == pytest.approx(1.0)
    assert result.notes == ('2 clauses such as "not for X" in 2 skills were not compared',)


def test_character_trigrams_are_an_option(tmp_path: Path) -> None:
    skills = [skill("a", body="configuration"), skill("b", body="configurations")]
    assert len(scan(skills, None, tmp_path).pairs) == 0
    result = scan(skills, None, tmp_path, options=ScanOptions(shingles="char"))
    assert result.pairs.jaccard.tolist() == pytest.approx([11 / 12])
    assert exact_pairs(result, tmp_path, None, [(0, 1)]).jaccard[0] == pytest.approx(11 / 12)


def test_text_without_blanks_is_compared_by_characters(tmp_path: Path) -> None:
    text = "读取文件并提取其中的表格然后保存为新的格式"
    skills = [skill("a", body=text), skill("b", body=text.replace("新的", "别的"))]
    assert scan(skills, None, tmp_path).pairs.jaccard[0] > 0.6


@pytest.mark.parametrize("count", [0, 1])
def test_a_catalog_without_pairs_is_scanned(tmp_path: Path, count: int) -> None:
    skills = [skill("a", body="one two three")][:count]
    for vectors in (None, np.ones((count, 1), dtype=np.float32)):
        result = scan(skills, vectors, tmp_path)
        assert len(result.ids) == count
        assert len(result.pairs) == 0


def test_equal_texts_under_two_ids_are_one_text_on_disk(tmp_path: Path) -> None:
    skills = [skill(key, body="one two three four", name="same") for key in "ab"]
    assert scan(skills, None, tmp_path).pairs.jaccard.tolist() == [1.0]


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.ones((1, 2), dtype=np.float32), "one row a skill"),
        (np.ones(2, dtype=np.float32), "one row a skill"),
        (np.array([[1, 0], [np.nan, 0]], dtype=np.float32), "not finite"),
    ],
)
def test_vectors_that_do_not_fit_are_refused(
    tmp_path: Path, vectors: np.ndarray, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        scan([skill("a"), skill("b")], vectors, tmp_path)


class Log:
    """Remembers each stage's last count; stops the work at a stage if told."""

    def __init__(self, stop: str = "") -> None:
        self.seen: dict[str, tuple[int, int]] = {}
        self._stop = stop

    def __call__(self, progress: Progress) -> None:
        self.seen[progress.stage] = (progress.done, progress.total)
        if progress.stage == self._stop:
            raise Cancelled("stopped")


def test_only_changed_texts_are_prepared_again(tmp_path: Path) -> None:
    skills = catalog()[:20]
    first, second, third = Log(), Log(), Log()
    scan(skills, None, tmp_path, listener=first)
    again = scan(skills, None, tmp_path, listener=second)
    skills[3] = replace(skills[3], body=f"{skills[3].body} more")
    changed = scan(skills, None, tmp_path, listener=third)
    assert [log.seen["new texts"] for log in (first, second, third)] == [(20, 20), (0, 0), (1, 1)]
    afresh = scan(skills, None, tmp_path / "other")
    for column in fields(PairTable):
        np.testing.assert_array_equal(
            getattr(changed.pairs, column.name), getattr(afresh.pairs, column.name)
        )
    assert changed.hashes[3] != again.hashes[3]


def test_a_stopped_scan_keeps_its_texts(tmp_path: Path) -> None:
    skills = catalog()[:20]
    with pytest.raises(Cancelled):
        scan(skills, None, tmp_path, listener=Log(stop="boilerplate"))
    log = Log()
    scan(skills, None, tmp_path, listener=log)
    assert log.seen["new texts"] == (0, 0)
    assert log.seen["exact values"] == (1, 1)


def test_exact_pairs_agree_with_the_scan_after_saving(tmp_path: Path) -> None:
    skills = sorted(catalog(), key=lambda one: one.skill_id)
    vectors = encoded(skills)
    save_scan(tmp_path, scan(skills, vectors, tmp_path, options=ScanOptions(boilerplate_skills=9)))
    result = load_scan(tmp_path)
    assert result is not None
    pairs = np.stack([result.pairs.a, result.pairs.b], axis=1)
    for given in (pairs, [(int(b), int(a)) for a, b in pairs]):
        exact = exact_pairs(result, tmp_path, vectors, given)
        for column in fields(PairTable):
            one, other = getattr(exact, column.name), getattr(result.pairs, column.name)
            np.testing.assert_allclose(one, other, atol=1e-6)
    unlike = exact_pairs(result, tmp_path, None, [(0, 199)])
    assert np.isnan(unlike.cosine).all()
    assert len(exact_pairs(result, tmp_path, None, [])) == 0
    with pytest.raises(UsageError, match="itself"):
        exact_pairs(result, tmp_path, None, [(3, 3)])
    with pytest.raises(IndexNotReadyError, match="again"):
        exact_pairs(result, tmp_path / "elsewhere", None, [(0, 1)])


def test_planted_copies_of_the_demo_are_found_and_namesakes_are_not(tmp_path: Path) -> None:
    result = scan(demo_skills(), None, tmp_path)
    found, hidden = found_pairs(result), planted()
    text = result.pairs.text(Thresholds())
    for pair in hidden.duplicates:
        place = found.get((min(pair.a, pair.b), max(pair.a, pair.b)))
        copied = pair.kind is not PlantedKind.REWORDED_TWIN
        assert (place is not None and bool(text[place])) is copied
    assert int(text.sum()) == sum(
        pair.kind is not PlantedKind.REWORDED_TWIN for pair in hidden.duplicates
    )
    for a, b in hidden.same_name_different_job:
        pair = result.pairs.pair(found[min(a, b), max(a, b)], result.ids)
        assert pair.layers(Thresholds()) == (Layer.NAME,)
