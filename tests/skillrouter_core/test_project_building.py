"""A map is laid out once; later skills are placed on it, and nothing half done is published."""

import json
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from skillrouter_core.errors import Cancelled, WorkspaceError
from skillrouter_core.project import Content, LayoutOptions, Source, build_map
from skillrouter_core.project.building import ALL_SKILLS
from skillrouter_core.project.coordinates import principal, scaled
from skillrouter_core.project.store import current_fit, current_version, load_map
from skillrouter_core.records.maps import Level
from tests.crowds import crowds, unit_rows
from tests.fakes import skill

CROWDS, EACH = 4, 20
TOPICS = ("sourdough bread", "Docker images", "VAT number", "violin bow")


class QuickLayout:
    """Principal components in place of UMAP; counts what it was asked for."""

    def __init__(self):
        self.calls = []

    def __call__(self, vectors, dimensions, options, listener):
        self.calls.append((len(vectors), dimensions))
        return scaled(principal(vectors, dimensions))


@pytest.fixture
def quick():
    return QuickLayout()


def digest(text):
    return sha256(text.encode()).hexdigest()


def source(rows=None, vectors=None, model="model"):
    """Return the rows of a catalog of four topics, all of them or those named."""
    made, crowd = crowds(CROWDS, EACH)
    vectors = made if vectors is None else vectors
    crowd = np.resize(crowd, len(vectors))
    rows = range(len(vectors)) if rows is None else rows
    ids = [f"a/{row:04d}" for row in rows]
    hashes = [digest(str(row)) for row in rows]
    content = Content(digest("".join(hashes))[:16], model, "v1")
    topic_of = dict(zip(ids, (TOPICS[crowd[row]] for row in rows), strict=True))

    def texts(wanted):
        return [skill(one, f"All about the {topic_of[one]}") for one in wanted]

    return Source(ids, hashes, vectors[list(rows)], content, texts)


def same(one, other):
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("xy", "coarse", "fine", "ids", "hashes", "clusters")
    )


# ------------------------------------------------------------------ a layout


def test_map_has_a_place_a_cluster_and_a_name_for_every_crowd(tmp_path, quick):
    made = build_map(tmp_path, source(), compute=quick)
    assert made.xy.shape == (CROWDS * EACH, 2)
    assert made.xyz is None
    assert (made.sampled, made.placed, made.note) == (None, 0, "")
    names = " ".join(one.name for one in made.at(Level.FINE)).casefold()
    assert all(topic.casefold() in names for topic in TOPICS)
    for level in Level:
        numbers = made.numbers(level)
        for one in made.at(level):
            assert one.size == (numbers == one.number).sum()
            assert np.abs(made.xy - one.centre).sum(axis=1).min() < 1e-6  # a member lies there


def test_unchanged_content_costs_nothing(tmp_path, quick):
    first = build_map(tmp_path, source(), compute=quick)
    again = build_map(tmp_path, source(), compute=quick)
    assert len(quick.calls) == 1
    assert again.version == first.version == current_version(tmp_path)
    assert same(first, again)


def test_recompute_gives_the_same_picture_under_another_version(tmp_path, quick):
    first = build_map(tmp_path, source(), compute=quick)
    again = build_map(tmp_path, source(), recompute=True, compute=quick)
    assert len(quick.calls) == 2
    assert again.version != first.version
    assert same(first, again)


@pytest.mark.parametrize(
    "change",
    [
        lambda: {"source": source(model="another")},
        lambda: {"source": source(), "options": LayoutOptions(seed=7)},
    ],
)
def test_other_vectors_or_parameters_are_laid_out_anew(tmp_path, quick, change):
    build_map(tmp_path, source(), compute=quick)
    arguments = change()
    build_map(tmp_path, arguments.pop("source"), compute=quick, **arguments)
    assert len(quick.calls) == 2


def test_copies_of_one_text_lie_on_one_point(tmp_path, quick):
    given = source()
    hashes = [*given.hashes]
    hashes[5] = hashes[3]
    vectors = given.vectors.copy()
    vectors[5] = vectors[3]
    made = build_map(tmp_path, replace(given, hashes=hashes, vectors=vectors), compute=quick)
    assert quick.calls == [(CROWDS * EACH - 1, 2)]
    assert (made.xy[5] == made.xy[3]).all()


# ------------------------------------------------------------------ skills that come and go


def test_new_skills_are_placed_in_their_crowd_and_the_rest_stays(tmp_path, quick):
    known = [row for row in range(CROWDS * EACH) if row % EACH]
    first = build_map(tmp_path, source(known), compute=quick)
    second = build_map(tmp_path, source(), compute=quick)
    assert len(quick.calls) == 1
    assert second.placed == CROWDS
    assert "4 skills came since the layout" in second.note
    assert (second.xy[known] == first.xy).all()
    crowd = np.arange(CROWDS * EACH) // EACH
    for row in range(0, CROWDS * EACH, EACH):
        nearest = np.argsort(np.linalg.norm(second.xy - second.xy[row], axis=1))[1:6]
        assert (crowd[nearest] == row // EACH).all()


def test_a_placed_skill_stays_where_it_was_put(tmp_path, quick):
    build_map(tmp_path, source(range(60)), compute=quick)
    second = build_map(tmp_path, source(range(70)), compute=quick)
    third = build_map(tmp_path, source(range(72)), compute=quick)
    assert (third.xy[:70] == second.xy).all()
    assert third.placed == 12


def test_a_removed_skill_leaves_and_its_cluster_counts_less(tmp_path, quick):
    first = build_map(tmp_path, source(), compute=quick)
    second = build_map(tmp_path, source(range(1, 80)), compute=quick)
    assert len(second) == 79
    assert (second.xy == first.xy[1:]).all()
    assert sum(one.size for one in second.at(Level.COARSE)) == (second.coarse >= 0).sum()


def test_a_renamed_skill_keeps_its_place(tmp_path, quick):
    first = build_map(tmp_path, source(), compute=quick)
    given = source()
    renamed = replace(given, ids=[f"b/{one}" for one in given.ids])
    second = build_map(
        tmp_path, replace(renamed, content=replace(given.content, fingerprint="f")), compute=quick
    )
    assert second.ids[0] == "b/a/0000"
    assert (second.xy == first.xy).all()


def test_too_small_a_part_of_the_catalog_is_no_ground_to_build_on(tmp_path, quick):
    build_map(tmp_path, source(range(35)), compute=quick)
    made = build_map(tmp_path, source(), compute=quick)
    assert quick.calls == [(35, 2), (80, 2)]
    assert (made.placed, made.note) == (0, "")


def test_beyond_the_sample_the_rest_is_placed_and_the_note_says_so(tmp_path, quick):
    options = LayoutOptions(sample=50)
    made = build_map(tmp_path, source(), options=options, compute=quick)
    assert quick.calls == [(50, 2)]
    assert (made.sampled, made.placed) == (50, 0)
    assert "a sample of 50 of 80 texts" in made.note
    assert (made.xy != 0).any(axis=1).all()
    later = build_map(tmp_path, source(range(79)), options=options, compute=quick)
    assert len(quick.calls) == 1
    assert (later.xy == made.xy[:79]).all()


# ------------------------------------------------------------------ a third dimension


def test_space_is_added_to_the_plane_that_there_is(tmp_path, quick):
    flat = build_map(tmp_path, source(), compute=quick)
    solid = build_map(tmp_path, source(), dimensions=3, compute=quick)
    assert quick.calls == [(80, 2), (80, 3)]
    assert solid.xyz.shape == (80, 3)
    assert same(flat, solid)
    assert build_map(tmp_path, source(), compute=quick).xyz is not None
    assert len(quick.calls) == 2


def test_new_skills_are_placed_in_space_too(tmp_path, quick):
    build_map(tmp_path, source(range(70)), dimensions=3, compute=quick)
    made = build_map(tmp_path, source(), dimensions=3, compute=quick)
    assert len(quick.calls) == 2
    assert (made.xyz != 0).any(axis=1).all()


# ------------------------------------------------------------------ few skills


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (1, "One skill"),
        (2, "2 skills are too few for UMAP, which needs 30 different ones: they are drawn on a"),
        (3, "by their two principal components"),
        (12, "12 skills are too few"),
    ],
)
def test_few_skills_are_drawn_with_a_note_as_one_cluster(tmp_path, rows, said):
    vectors = unit_rows(rows)
    made = build_map(tmp_path, source(range(rows), vectors))
    assert said in made.note
    assert np.isfinite(made.xy).all()
    assert [one.name for one in made.clusters] == [ALL_SKILLS] * 2
    assert [one.size for one in made.clusters] == [rows] * 2


def test_few_skills_are_drawn_anew_as_they_grow(tmp_path):
    vectors = unit_rows(12)
    build_map(tmp_path, source(range(11), vectors))
    assert build_map(tmp_path, source(range(12), vectors)).placed == 0


# ------------------------------------------------------------------ what goes wrong


@pytest.mark.parametrize("stage", ["finding clusters", "reading terms", "saving"])
def test_a_stopped_run_leaves_the_map_before(tmp_path, quick, stage):
    first = build_map(tmp_path, source(range(60)), compute=quick)

    def stop(progress):
        if progress.stage == stage:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        build_map(tmp_path, source(), recompute=True, listener=stop, compute=quick)
    assert current_version(tmp_path) == first.version
    assert same(load_map(tmp_path), first)


class DiskFullError(OSError):
    pass


@pytest.mark.parametrize("file", ["rows.json", "clusters.json", "manifest.json", "CURRENT"])
def test_a_write_that_fails_leaves_the_map_before(tmp_path, quick, monkeypatch, file):
    first = build_map(tmp_path, source(range(60)), compute=quick)
    write = type(tmp_path).write_text

    def failing(path, *arguments, **named):
        if path.name.startswith(file):
            raise DiskFullError("no space left on device")
        return write(path, *arguments, **named)

    monkeypatch.setattr(type(tmp_path), "write_text", failing)
    with pytest.raises(DiskFullError):
        build_map(tmp_path, source(), recompute=True, compute=quick)
    monkeypatch.undo()
    assert same(load_map(tmp_path), first)
    made = build_map(tmp_path, source(), recompute=True, compute=quick)
    assert len(made) == 80
    assert same(load_map(tmp_path), made)


def test_an_array_that_cannot_be_written_leaves_the_map_before(tmp_path, quick, monkeypatch):
    first = build_map(tmp_path, source(range(60)), compute=quick)

    def failing(file, *arguments, **named):
        file.write(b"half")
        raise DiskFullError("no space left on device")

    monkeypatch.setattr(np, "save", failing)
    with pytest.raises(DiskFullError):
        build_map(tmp_path, source(), compute=quick)
    monkeypatch.undo()
    assert same(load_map(tmp_path), first)
    assert build_map(tmp_path, source(), compute=quick).placed == 20


def test_only_this_map_and_the_one_before_stay_with_their_layouts(tmp_path, quick):
    for rows in (60, 61, 62, 63):
        build_map(tmp_path, source(range(rows)), compute=quick)
    names = sorted(one.name for one in tmp_path.iterdir() if one.is_dir())
    assert names == ["00000003", "00000004", "fit-00000001"]
    build_map(tmp_path, source(), recompute=True, compute=quick)
    build_map(tmp_path, source(range(79)), compute=quick)
    names = sorted(one.name for one in tmp_path.iterdir() if one.is_dir())
    assert names == ["00000005", "00000006", "fit-00000002"]


@pytest.mark.parametrize("file", ["xy.npy", "rows.json", "manifest.json", "clusters.json"])
def test_damage_is_named_with_its_remedy(tmp_path, quick, file):
    build_map(tmp_path, source(), compute=quick)
    (tmp_path / "00000001" / file).write_bytes(b"\x93")
    with pytest.raises(WorkspaceError, match=r"delete the folder `map`"):
        load_map(tmp_path)


def test_rows_of_another_length_are_damage(tmp_path, quick):
    build_map(tmp_path, source(), compute=quick)
    path = tmp_path / "00000001" / "rows.json"
    rows = json.loads(path.read_text())
    path.write_text(json.dumps({name: values[:-1] for name, values in rows.items()}))
    with pytest.raises(WorkspaceError, match="differ in number"):
        load_map(tmp_path)


def test_a_map_of_another_format_is_made_anew(tmp_path, quick):
    build_map(tmp_path, source(), compute=quick)
    path = tmp_path / "00000001" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 0}))
    assert (current_version(tmp_path), load_map(tmp_path), current_fit(tmp_path)) == (
        "",
        None,
        None,
    )
    assert build_map(tmp_path, source(), compute=quick).version.startswith("00000002")


def test_before_the_first_map_there_is_none(tmp_path):
    assert current_version(tmp_path / "none") == ""
    assert load_map(tmp_path / "none") is None
