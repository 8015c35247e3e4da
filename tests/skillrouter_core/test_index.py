"""Index generations: built beside, published in one step, searched exactly."""

import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from skillrouter_core.errors import IndexNotReadyError, UsageError, WorkspaceError
from skillrouter_core.index import (
    FULL,
    NO_BODY,
    VIEWS,
    DenseIndex,
    DenseSource,
    SkillIndex,
    attach_dense,
    building,
    current_generation,
    current_version,
    fingerprint,
    publish,
    write_lexical,
)
from skillrouter_core.index.dense import FloatMatrix, measured_recall
from skillrouter_core.records import Skill
from skillrouter_core.texts import preset_named

PRESET = preset_named("compact")
SKILLS = [
    Skill("a/deploy", "deploy", "Roll out a release.", "Use the canary."),
    Skill("a/chart", "chart", "Draw figures.", "Needs pandas."),
    Skill("b/deploy", "deploy", "Roll out again.", ""),
]


def unit_rows(rows: int, dimension: int = 8, seed: int = 0) -> FloatMatrix:
    matrix = np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def source(rows: int = 3, seed: int = 0, model: str = "model") -> DenseSource:
    return DenseSource(unit_rows(rows, seed=seed), model, "v1")


# ------------------------------------------------------------------ generations


def test_bm25_answers_before_vectors_are_made(tmp_path: Path) -> None:
    write_lexical(tmp_path, SKILLS, PRESET)
    index = SkillIndex.load(tmp_path)
    assert len(index) == 3
    assert index.ids == ("a/deploy", "a/chart", "b/deploy")
    assert index.hashes == tuple(skill.content_hash for skill in SKILLS)
    assert index.row("a/chart") == 1
    assert index.dense(FULL) is None
    assert index.lexical(FULL).scores("canary").argmax() == 0


def test_bodies_are_in_one_view_only(tmp_path: Path) -> None:
    write_lexical(tmp_path, SKILLS, PRESET)
    index = SkillIndex.load(tmp_path)
    assert index.lexical(FULL).document_frequency("canari") == 1
    assert index.lexical(NO_BODY).document_frequency("canari") == 0
    assert index.lexical(NO_BODY).document_frequency("deploy") == 2


def test_attached_vectors_are_seen_by_the_next_load(tmp_path: Path) -> None:
    generation = write_lexical(tmp_path, SKILLS, PRESET)
    before = SkillIndex.load(tmp_path)
    attach_dense(generation, {FULL: source()})
    attach_dense(generation, {NO_BODY: source(seed=1)})
    index = SkillIndex.load(tmp_path)
    for view, seed in ((FULL, 0), (NO_BODY, 1)):
        dense = index.dense(view)
        assert dense is not None
        np.testing.assert_array_equal(dense.matrix, unit_rows(3, seed=seed))
    assert index.manifest.dense[FULL].model_key == "model"
    assert before.dense(FULL) is None


def test_the_version_changes_with_whatever_is_worth_reloading(tmp_path: Path) -> None:
    seen = [current_version(tmp_path)]
    generation = write_lexical(tmp_path, SKILLS, PRESET)
    seen.append(current_version(tmp_path))
    for view, model in ((FULL, "model"), (NO_BODY, "model"), (FULL, "other")):
        attach_dense(generation, {view: source(model=model)})
        seen.append(current_version(tmp_path))
    write_lexical(tmp_path, SKILLS[:2], PRESET)
    seen.append(current_version(tmp_path))
    assert len(set(seen)) == len(seen) == 6
    assert seen[0] == ""
    assert SkillIndex.load(tmp_path).version == seen[-1]


def test_an_unpublished_generation_changes_nothing_for_readers(tmp_path: Path) -> None:
    write_lexical(tmp_path, SKILLS, PRESET)
    generation = write_lexical(tmp_path, SKILLS[:1], PRESET, published=False)
    attach_dense(generation, {FULL: source(1)})
    assert len(SkillIndex.load(tmp_path)) == 3
    assert len(SkillIndex.open_generation(generation)) == 1
    publish(tmp_path, generation)
    assert len(SkillIndex.load(tmp_path)) == 1


def test_only_the_generation_before_is_kept(tmp_path: Path) -> None:
    reader = None
    for count in (3, 2, 1, 2, 3):
        write_lexical(tmp_path, SKILLS[:count], PRESET)
        reader = reader or SkillIndex.load(tmp_path)
        reader.lexical(FULL)
    kept = sorted(path.name for path in tmp_path.iterdir() if path.is_dir())
    assert kept == ["00000004", "00000005"]
    assert reader is not None
    assert reader.lexical(FULL).scores("canary")[0] > 0  # what was loaded lives on


def lexical_files(generation: Path) -> dict[str, Path]:
    found = (path for path in generation.rglob("lexical/*") if path.is_file())
    return {str(path.relative_to(generation)): path for path in found}


def test_bm25_of_the_same_texts_is_taken_over_and_outlives_its_first_place(tmp_path: Path) -> None:
    first = write_lexical(tmp_path, SKILLS, PRESET)
    former = SkillIndex.load(tmp_path)
    second = write_lexical(tmp_path, SKILLS, PRESET, published=False, model="m", former=former)
    mine, theirs = lexical_files(second), lexical_files(first)
    assert mine.keys() == theirs.keys()
    assert len(mine) > 4
    assert all(mine[name].samefile(theirs[name]) for name in mine)
    shutil.rmtree(first)
    index = SkillIndex.open_generation(second)
    assert index.manifest.model == "m"
    assert index.lexical(FULL).scores("canary").argmax() == 0
    assert not index.lexical(NO_BODY).scores("canary").any()


def test_bm25_is_copied_where_files_have_no_second_name(tmp_path: Path, monkeypatch) -> None:
    def refused(source: str, target: str) -> None:
        raise OSError(errno.EXDEV, "another file system")

    monkeypatch.setattr(os, "link", refused)
    first = write_lexical(tmp_path, SKILLS, PRESET)
    second = write_lexical(tmp_path, SKILLS, PRESET, former=SkillIndex.open_generation(first))
    mine, theirs = lexical_files(second), lexical_files(first)
    assert [one.read_bytes() for one in mine.values()] == [
        theirs[name].read_bytes() for name in mine
    ]
    assert not any(mine[name].samefile(theirs[name]) for name in mine)


@pytest.mark.parametrize("change", ["texts", "preset", "damage"])
def test_bm25_of_other_texts_rules_or_damaged_is_made_anew(change: str, tmp_path: Path) -> None:
    first = write_lexical(tmp_path, SKILLS, PRESET)
    if change == "damage":
        lexical_files(first)["full/lexical/" + "vocab.index.json"].write_text("{")
    former = SkillIndex.open_generation(first)
    skills = SKILLS[:2] if change == "texts" else SKILLS
    preset = preset_named("paper") if change == "preset" else PRESET
    second = write_lexical(tmp_path, skills, preset, former=former)
    mine, theirs = lexical_files(second), lexical_files(first)
    assert not any(mine[name].samefile(theirs[name]) for name in mine if name in theirs)
    assert SkillIndex.open_generation(second).lexical(FULL).scores("canary").argmax() == 0


def test_publishing_again_keeps_the_generation_before(tmp_path: Path) -> None:
    first = write_lexical(tmp_path, SKILLS, PRESET)
    second = write_lexical(tmp_path, SKILLS[:1], PRESET)
    publish(tmp_path, second)
    assert first.is_dir()
    assert current_generation(tmp_path) == second


def test_a_build_that_was_killed_is_cleared_away_later(tmp_path: Path) -> None:
    write_lexical(tmp_path, SKILLS, PRESET)
    torn = tmp_path / "00000002"
    torn.mkdir()
    (torn / "rows.json").write_text("[")
    assert len(SkillIndex.load(tmp_path)) == 3
    write_lexical(tmp_path, SKILLS[:2], PRESET)
    assert not torn.exists()
    assert len(SkillIndex.load(tmp_path)) == 2


def test_an_empty_catalog_has_an_index(tmp_path: Path) -> None:
    generation = write_lexical(tmp_path, [], PRESET)
    attach_dense(generation, {FULL: DenseSource(np.empty((0, 8), np.float32), "model", "v1")})
    index = SkillIndex.load(tmp_path)
    dense = index.dense(FULL)
    assert dense is not None
    assert len(index) == len(dense) == 0
    assert dense.search(unit_rows(1)[0], 5)[0].tolist() == []


def test_the_fingerprint_follows_ids_and_texts() -> None:
    rows = [("a", "1"), ("b", "2")]
    others = [[("a", "1")], [("a", "1"), ("b", "3")], [("a", "1"), ("c", "2")], rows[::-1]]
    assert fingerprint(rows) == fingerprint(list(rows))
    assert fingerprint(rows) not in {fingerprint(other) for other in others}


def test_ids_of_any_characters_survive(tmp_path: Path) -> None:
    odd = [Skill("目錄/a\nb\ud800", "n", "d", "b\ud800")]
    write_lexical(tmp_path, odd, PRESET)
    assert SkillIndex.load(tmp_path).ids == ("目錄/a\nb\ud800",)


# ------------------------------------------------------------------ refusals


def test_no_index_says_how_to_build_one(tmp_path: Path) -> None:
    for call in (SkillIndex.load, current_generation):
        with pytest.raises(IndexNotReadyError, match="skillrouter index"):
            call(tmp_path / "none")


@pytest.mark.parametrize("key", ["format", "tokens_version"])
def test_an_index_this_program_cannot_read_counts_as_none(key: str, tmp_path: Path) -> None:
    path = write_lexical(tmp_path, SKILLS, PRESET) / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: 99}))
    with pytest.raises(IndexNotReadyError, match=r"99.*skillrouter index"):
        SkillIndex.load(tmp_path)
    assert current_version(tmp_path) == ""


@pytest.mark.parametrize("name", ["manifest.json", "rows.json"])
def test_a_damaged_file_is_named(name: str, tmp_path: Path) -> None:
    (write_lexical(tmp_path, SKILLS, PRESET) / name).write_text("{")
    with pytest.raises(WorkspaceError, match=name):
        SkillIndex.load(tmp_path)


def test_rows_that_do_not_add_up_are_refused(tmp_path: Path) -> None:
    (write_lexical(tmp_path, SKILLS, PRESET) / "rows.json").write_text("[]")
    with pytest.raises(WorkspaceError, match="0 rows where 3"):
        SkillIndex.load(tmp_path)


def test_damaged_vectors_are_named(tmp_path: Path) -> None:
    generation = write_lexical(tmp_path, SKILLS, PRESET)
    attach_dense(generation, {FULL: source()})
    (generation / SkillIndex.load(tmp_path).manifest.dense[FULL].matrix).write_bytes(b"no numbers")
    with pytest.raises(WorkspaceError, match="vectors damaged"):
        SkillIndex.load(tmp_path).dense(FULL)


@pytest.mark.parametrize("rows", [2, 4])
def test_vectors_of_other_rows_are_refused(rows: int, tmp_path: Path) -> None:
    generation = write_lexical(tmp_path, SKILLS, PRESET)
    with pytest.raises(UsageError, match="for 3 rows"):
        attach_dense(generation, {FULL: source(rows)})


def test_unknown_views_and_skills_are_named(tmp_path: Path) -> None:
    generation = write_lexical(tmp_path, SKILLS, PRESET)
    index = SkillIndex.load(tmp_path)
    for call in (index.lexical, index.dense):
        with pytest.raises(UsageError, match="full, no-body"):
            call("body")
    with pytest.raises(UsageError, match="'body'"):
        attach_dense(generation, {"body": source()})
    with pytest.raises(IndexNotReadyError, match="a/unknown"):
        index.row("a/unknown")


def test_a_second_indexing_run_gives_up_with_a_remedy(tmp_path: Path) -> None:
    with (
        FileLock(tmp_path / ".lock"),
        pytest.raises(WorkspaceError, match="another process"),
        building(tmp_path, lock_seconds=0.01),
    ):
        pass
    with building(tmp_path / "new"):
        assert list(VIEWS) == [FULL, NO_BODY]
    with building(tmp_path / "new", lock_seconds=0.01):
        pass


# ------------------------------------------------------------------ vectors


def brute_force(matrix: FloatMatrix, vector: FloatMatrix, k: int) -> list[int]:
    cosines = matrix.astype(np.float64) @ vector.astype(np.float64)
    return sorted(range(len(matrix)), key=lambda row: (-cosines[row], row))[:k]


@pytest.mark.parametrize("k", [1, 7, 150, 400, 1000])
def test_search_finds_what_brute_force_finds(k: int) -> None:
    matrix = unit_rows(400, dimension=24)
    index = DenseIndex.build(matrix)
    for vector in unit_rows(5, dimension=24, seed=1):
        rows, scores = index.search(vector, k)
        assert rows.tolist() == brute_force(matrix, vector, k)
        np.testing.assert_allclose(scores, matrix[rows] @ vector, atol=1e-6)
        np.testing.assert_array_equal(scores, index.scores(vector, rows))


def test_equal_cosines_are_ordered_by_row() -> None:
    matrix = np.repeat(unit_rows(3), 4, axis=0)
    rows, scores = DenseIndex.build(matrix).search(matrix[5], 8)
    assert rows[:4].tolist() == [4, 5, 6, 7]
    assert all(np.diff(scores) <= 0)
    assert rows[4:].tolist() == sorted(rows[4:].tolist())


def test_neighbours_leave_the_row_itself_out() -> None:
    matrix = unit_rows(50)
    matrix[20] = matrix[4]
    rows, scores = DenseIndex.build(matrix).nearest(4, 3)
    assert rows[0] == 20
    assert 4 not in rows
    assert len(rows) == len(scores) == 3
    assert scores[0] == pytest.approx(1, abs=1e-6)


def test_a_query_of_another_model_is_refused() -> None:
    index = DenseIndex.build(unit_rows(3))
    with pytest.raises(IndexNotReadyError, match="another model"):
        index.search(unit_rows(1, dimension=9)[0], 2)


def test_large_catalogs_get_a_graph_of_measured_recall(tmp_path: Path) -> None:
    matrix = unit_rows(500, dimension=16)
    many = [Skill(f"a/{number}", f"name{number}", "", "") for number in range(500)]
    generation = write_lexical(tmp_path, many, PRESET)
    attach_dense(generation, {FULL: DenseSource(matrix, "model", "v1")}, exact_rows=100)
    index = SkillIndex.load(tmp_path)
    dense = index.dense(FULL)
    assert dense is not None
    assert not dense.exact
    assert index.manifest.dense[FULL].recall > 0.95
    rows, scores = dense.search(matrix[7], 5)
    assert rows[0] == 7
    np.testing.assert_allclose(scores, matrix[rows] @ matrix[7], atol=1e-6)


class Forgetful(DenseIndex):
    """Misses every odd row, as an approximate search may."""

    def search(self, vector: FloatMatrix, k: int) -> tuple[FloatMatrix, FloatMatrix]:
        rows, scores = super().search(vector, k)
        return rows[rows % 2 == 0], scores[rows % 2 == 0]


def test_recall_is_the_share_that_was_found() -> None:
    matrix = unit_rows(60)
    index = Forgetful(matrix)
    expected = [
        sum(row % 2 == 0 for row in brute_force(matrix, vector, 20)) / 20 for vector in matrix
    ]
    assert measured_recall(index) == pytest.approx(np.mean(expected))
    assert measured_recall(DenseIndex(matrix)) == 1
