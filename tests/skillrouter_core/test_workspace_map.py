"""The workspace's map: built from the published index, asked where things lie."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from skillrouter_core.errors import IndexNotReadyError, UsageError, WorkspaceError
from skillrouter_core.kinds import function_of
from skillrouter_core.progress import silent
from skillrouter_core.records.maps import ChannelName, Level
from skillrouter_core.workspace import Workspace
from skillrouter_core.workspace.mapping import Mapping
from tests.fakes import FakeModels

ROOT = Path(__file__).parents[2]
TOPICS = ("bread dough oven", "docker image registry", "violin bow string")
EACH = 8
CIRCLE = [(2 * math.cos(math.tau * k / 16), 2 * math.sin(math.tau * k / 16)) for k in range(16)]


def write_pool(folder, each=EACH):
    """Write `each` skills of every topic; 24 in all stay below what UMAP needs."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "skill_id": f"{topic.split()[0]}-{number}",
            "name": f"{topic.split()[0]}-{number}",
            "description": f"{topic} {topic} number{number}",
            "body": f"{topic} word{number}",
            "category": topic.split()[0] if number else "",
        }
        for topic in TOPICS
        for number in range(each)
    ]
    (folder / "pool.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return str(folder)


@pytest.fixture
def empty(tmp_path):
    with Workspace.open(tmp_path / "home", models=FakeModels()) as opened:
        yield opened


@pytest.fixture
def indexed(empty, tmp_path):
    empty.catalogs.sync(write_pool(tmp_path / "pool"), name="pool")
    empty.indexing.build()
    return empty


@pytest.fixture
def mapped(indexed):
    indexed.map.build()
    return indexed


def codes_by_label(channel):
    return {one.label: one.count for one in channel.legend}


# ------------------------------------------------------------------ making and reading


def test_before_an_index_there_is_nothing_to_draw(empty):
    assert (empty.map.version(), empty.map.load(), empty.map.stale()) == ("", None, False)
    with pytest.raises(IndexNotReadyError, match="skillrouter index"):
        empty.map.build()


def test_before_the_first_map_every_question_says_so(indexed):
    assert indexed.map.stale()
    for ask in (
        lambda: indexed.map.place("bread"),
        lambda: indexed.map.inside(CIRCLE),
        lambda: indexed.map.channel("cluster"),
        lambda: indexed.map.clusters("fine"),
        lambda: indexed.map.matching("bread"),
    ):
        with pytest.raises(IndexNotReadyError, match="no map yet"):
            ask()


def test_map_has_the_rows_of_the_index_and_is_kept_in_memory(mapped):
    made = mapped.map.load()
    assert made.ids == mapped.routing.index().ids
    assert mapped.map.load() is made
    assert mapped.map.version() == made.version
    assert not mapped.map.stale()
    assert "24 skills are too few for UMAP" in made.note


def test_reading_a_map_loads_neither_umap_nor_a_model(mapped):
    script = (
        "import sys; from pathlib import Path; from skillrouter_core.workspace import Workspace\n"
        "with Workspace.open(Path(sys.argv[1])) as ws:\n"
        "    ws.map.load(), ws.map.stale(), ws.map.inside([(-9, -9), (9, -9), (0, 9)])\n"
        "    ws.map.matching('bread'), ws.map.channel('category'), ws.map.clusters('fine')\n"
        "print(*{'umap', 'numba', 'sklearn', 'torch'}.intersection(sys.modules))"
    )
    command = [sys.executable, "-c", script, str(mapped.home)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_another_index_makes_the_map_stale_until_it_is_built_again(mapped, tmp_path):
    before = mapped.map.load()
    write_pool(tmp_path / "pool", EACH + 1)
    mapped.catalogs.resync("pool")
    assert not mapped.map.stale()  # the index is still the old one
    mapped.indexing.build()
    assert mapped.map.stale()
    after = mapped.map.build()
    assert (len(before), len(after)) == (24, 27)
    assert mapped.map.load().version == after.version != before.version


def test_only_the_plane_and_space_can_be_drawn(indexed):
    with pytest.raises(UsageError, match="choose 2 or 3"):
        indexed.map.build(dimensions=4)
    assert indexed.map.build(dimensions=3).xyz.shape == (24, 3)


def test_two_runs_at_once_do_not_mix(indexed):
    other = Mapping(indexed, lock_seconds=0.01)

    def meanwhile(progress):
        with pytest.raises(WorkspaceError, match="another process"):
            other.build()

    assert len(indexed.map.build(meanwhile)) == 24


# ------------------------------------------------------------------ asking


def test_a_query_lies_amid_its_topic(mapped):
    made = mapped.map.load()
    x, y = mapped.map.place("violin bow")
    nearest = np.argsort(np.hypot(made.xy[:, 0] - x, made.xy[:, 1] - y))[:3]
    assert all("violin" in made.ids[row] for row in nearest)


def test_a_vector_is_placed_like_its_text(mapped):
    vector = mapped.models.encoder_fake.encode_queries(["violin bow"])[0]
    by_meaning = mapped.map.meaning("violin bow", limit=3)
    assert len(by_meaning.rows) == 3
    assert np.isfinite(mapped.map.place(vector)).all()


@pytest.mark.parametrize("ask", ["place", "meaning"])
def test_an_empty_query_is_refused(mapped, ask):
    with pytest.raises(UsageError, match="empty"):
        getattr(mapped.map, ask)("  ")


def test_words_find_rows_in_names_and_descriptions(mapped):
    ids = mapped.map.load().ids
    found = mapped.map.matching("VIOLIN number3")
    assert [ids[row] for row in found.rows] == ["pool/violin-3"]
    assert len(mapped.map.matching("docker").rows) == EACH
    assert len(mapped.map.matching("  ").rows) == 0


def test_meaning_finds_the_nearest_first_with_their_cosines(mapped):
    ids = mapped.map.load().ids
    found = mapped.map.meaning("bread dough oven", limit=5)
    assert all("bread" in ids[row] for row in found.rows)
    assert (np.diff(found.scores) <= 0).all()


def test_a_lasso_around_everything_holds_everything(mapped):
    assert mapped.map.inside(CIRCLE).tolist() == list(range(24))


def test_rows_and_texts_of_skills(mapped):
    rows = mapped.map.rows(["pool/violin-1", "pool/none", "pool/bread-2"])
    assert rows[1] == -1
    texts = mapped.map.texts(rows[[0, 2]].tolist())
    assert [one.name for one in texts] == ["violin-1", "bread-2"]
    assert texts[0].description.startswith("violin bow string")


# ------------------------------------------------------------------ colours


@pytest.mark.parametrize("name", list(ChannelName))
def test_every_channel_has_a_value_a_row_and_a_legend_that_explains_it(mapped, name):
    channel = mapped.map.channel(name)
    assert channel.name is name
    assert len(channel.values) == 24
    if channel.scale:
        assert channel.values.dtype == np.float32
        return
    assert channel.values.dtype == np.uint16
    assert [one.value for one in channel.legend] == list(range(len(channel.legend)))
    counted = np.bincount(channel.values, minlength=len(channel.legend))
    assert [one.count for one in channel.legend] == counted.tolist()


def test_an_unknown_colour_is_refused(mapped):
    with pytest.raises(UsageError, match="choose one of: cluster"):
        mapped.map.channel("shoe size")


def test_categories_are_counted_and_those_without_are_muted(mapped):
    channel = mapped.map.channel("category")
    assert codes_by_label(channel) == {"bread": 7, "docker": 7, "violin": 7, "no category": 3}
    assert channel.muted == 3


def test_assigned_category_colours_the_map_at_once(mapped):
    strings = [one for one in mapped.map.load().ids if one.endswith(("violin-1", "violin-2"))]
    before = codes_by_label(mapped.map.channel("category"))
    assert "strings" not in before
    mapped.catalogs.assign_category(strings, "strings", "ann")
    after = codes_by_label(mapped.map.channel("category"))
    assert after == before | {"strings": 2, "violin": before["violin"] - 2}
    mapped.catalogs.clear_category(strings, "ann")
    assert codes_by_label(mapped.map.channel("category")) == before


def test_only_live_skills_of_rows_are_named(mapped):
    made = mapped.map.load()
    rows = [len(made) - 1, 0]
    assert mapped.map.live_ids(rows) == [made.ids[row] for row in rows]
    mapped.catalogs.remove("pool")
    assert mapped.map.live_ids(rows) == []


def test_labels_are_counted_by_skill(mapped):
    for annotator in ("ann", "ben"):
        mapped.labels.judge("bake", "pool/bread-0", 3, annotator)
    mapped.labels.judge("bake", "pool/bread-1", 0, "ann")
    channel = mapped.map.channel("labels")
    assert [one.count for one in channel.legend] == [22, 1, 1, 0]


def test_without_a_scan_near_copies_are_not_known(mapped):
    channel = mapped.map.channel("duplicates")
    assert "look for duplicates" in channel.note
    assert mapped.map.clusters("coarse")[0].near_duplicates is None


def test_scan_and_answers_colour_the_map(mapped):
    answer = mapped.routing.route("violin bow").ranking[0]
    mapped.labels.save_query("violin bow", expected=[answer])
    mapped.labels.save_query("docker image", expected=["pool/bread-0"])
    mapped.duplicates.scan()
    traffic = mapped.map.channel("traffic")
    assert "save queries" in traffic.note
    mapped.duplicates.answer_queries()
    traffic = mapped.map.channel("traffic")
    assert traffic.note == ""
    assert traffic.values.sum() == 20  # ten answers to each
    assert [one.label for one in traffic.legend] == ["none", f"{traffic.values.max():g}"]
    known = mapped.map.channel("duplicates")
    grouped = sum(one.count for one in known.legend[1:4])
    (row,) = mapped.map.clusters(Level.COARSE)
    assert row.near_duplicates == pytest.approx(grouped / 24)
    assert (row.queries, row.labels) == (2, 0)
    assert row.hit_at_1 == 0.5


def test_age_counts_from_the_last_change_of_the_text(mapped):
    channel = mapped.map.channel("age")
    assert (channel.values >= 0).all()
    assert channel.values.max() < 1
    assert channel.legend[0].label == "today"


# ------------------------------------------------------------------ the job


def test_the_job_says_what_it_made(indexed):
    message = function_of("map")(indexed, {"dimensions": "3"}, silent)
    assert message.startswith("24 skills on the map, 1 coarse clusters, 1 fine clusters.")
    assert indexed.map.load().xyz is not None


def test_the_job_can_be_asked_for_a_fresh_layout(mapped):
    before = mapped.map.version()
    function_of("map")(mapped, {}, silent)
    assert mapped.map.version() == before
    function_of("map")(mapped, {"recompute": "yes"}, silent)
    assert mapped.map.version() != before


def test_the_job_fails_with_a_sentence_before_there_is_an_index(empty):
    with pytest.raises(IndexNotReadyError, match="no index yet"):
        function_of("map")(empty, {}, silent)
