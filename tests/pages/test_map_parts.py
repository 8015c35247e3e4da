"""The map's pure parts: messages, polygons, colours, orders and exports."""

from __future__ import annotations

import csv
import io
import re
import struct

import numpy as np
import pytest

from pages.common import map_component
from pages.common.map_arrays import (
    HIDDEN,
    MATCH,
    PAINT,
    POINTS,
    corners,
    paint_message,
    points_message,
    polygon_of,
    polygon_text,
)
from pages.common.map_colours import COLOURS, STEPS, colouring, slots_of
from pages.common.map_rows import as_csv, as_json
from pages.common.map_space import shade
from skillrouter_core.records.maps import Channel, ChannelName, LegendEntry


def head(message: bytes) -> tuple[int, int]:
    return struct.unpack("<II", message[:8])


def test_points_message_is_a_head_and_floats() -> None:
    xy = np.array([[0.5, -0.25], [1, 0]], dtype=np.float32)
    message = points_message(xy)
    assert head(message) == (POINTS, 2)
    assert np.array_equal(np.frombuffer(message[16:], "<f4").reshape(-1, 2), xy)


def test_paint_message_is_a_head_classes_and_marks() -> None:
    message = paint_message(np.array([3, HIDDEN, 0]), np.array([2]))
    assert head(message) == (PAINT, 3)
    assert np.frombuffer(message[16:22], "<u2").tolist() == [3, HIDDEN, 0]
    assert list(message[22:]) == [0, 0, MATCH]


def test_messages_say_by_their_version_whether_they_changed() -> None:
    one, same, other = (paint_message(np.array(codes)) for codes in ([1, 2], [1, 2], [2, 1]))
    assert one[8:16] == same[8:16] != other[8:16]


def test_polygon_survives_the_address() -> None:
    flat = [0, 0, 1_000_000, 0, 0, -250_000]
    assert polygon_of(polygon_text(flat)) == flat
    assert corners(flat) == [(0, 0), (1, 0), (0, -0.25)]


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "1_2",
        "1_2_3_4",
        "1_2_3_4_5",
        "a_b_c_d_e_f",
        "1_2_3_4_5_1e9",
        "_".join("1" * 5000),
        "1_2_3_4_5_99999999999999999999",
    ],
)
def test_nonsense_in_the_address_is_no_polygon(text: str | None) -> None:
    assert polygon_of(text) == []


def kinds(name: ChannelName, counts: list[int], muted: int | None = None) -> Channel:
    codes = np.repeat(np.arange(len(counts)), counts).astype(np.uint16)
    legend = tuple(LegendEntry(f"kind {code}", code, count) for code, count in enumerate(counts))
    return Channel(name, "Kinds", False, codes, legend, muted)


def test_first_kinds_get_a_colour_each_and_the_rest_one_line() -> None:
    channel = kinds(ChannelName.CATEGORY, list(range(20, 4, -1)), muted=15)
    slots = slots_of(channel)
    assert slots == [*range(COLOURS), None, None, None, None]
    items = colouring(channel).legend["items"]
    assert [item["label"] for item in items[COLOURS:]] == ["3 more", "kind 15"]
    assert sum(item["count"] for item in items) == len(channel.values)
    assert sorted(code for item in items for code in item["classes"]) == list(range(16))


def test_clusters_share_colours_for_the_map_names_them() -> None:
    channel = kinds(ChannelName.COARSE, [2] * 14, muted=13)
    assert slots_of(channel) == [*range(COLOURS), 0, None]


def test_near_copies_are_coloured_by_what_they_mean() -> None:
    channel = kinds(ChannelName.DUPLICATES, [5, 1, 2, 1, 1], muted=0)
    assert slots_of(channel) == [None, "warn", "bad", "good", None]


def test_kinds_that_nobody_has_are_not_in_the_legend() -> None:
    items = colouring(kinds(ChannelName.LABELS, [3, 0, 1, 0], muted=0)).legend["items"]
    assert [item["label"] for item in items] == ["kind 0", "kind 2"]


def scale(name: ChannelName, values: list[float], top: float) -> Channel:
    legend = (LegendEntry("least", 0.0), LegendEntry("most", top))
    return Channel(name, "Scale", True, np.array(values, dtype=np.float32), legend)


def test_scale_runs_over_its_steps_and_leaves_the_unknown_grey() -> None:
    found = colouring(scale(ChannelName.AGE, [0, 5, 10, np.nan], 10))
    assert found.classes.tolist() == [0, 120, STEPS - 1, STEPS]
    assert (found.legend["low"], found.legend["high"]) == ("least", "most")
    assert found.legend["slots"][0] == "r0"
    assert found.legend["slots"][STEPS - 1 :] == ["r1000", None]


def test_skills_without_traffic_are_the_ground() -> None:
    assert colouring(scale(ChannelName.TRAFFIC, [0, 4], 4)).classes.tolist() == [STEPS, STEPS - 1]


def test_scale_of_nothing_has_no_ends() -> None:
    channel = scale(ChannelName.TRAFFIC, [0, 0], 0)
    only = Channel(channel.name, channel.title, True, channel.values, channel.legend[:1])
    assert colouring(only).legend["low"] == ""


@pytest.mark.parametrize("slot", [0, 13, None, "good", "r0", "r500", "r1000"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_slot_has_a_shade_in_space(slot: int | str | None, theme: str) -> None:
    assert re.fullmatch(r"#[0-9a-f]{6}", shade(slot, map_component.PALETTE[theme]))


def test_ramp_runs_from_its_first_colour_over_the_middle_to_its_last() -> None:
    palette = map_component.PALETTE["light"]
    ends = [shade(slot, palette) for slot in ("r0", "r500", "r1000")]
    assert ends == palette["ramp"]


def test_csv_holds_every_line_and_no_formula() -> None:
    found = [
        {"id": "a", "name": "=1+1", "body_chars": 3},
        {"id": "b", "name": 'x,"y"\n', "body_chars": 0},
    ]
    read = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert [line["name"] for line in read] == ["'=1+1", 'x,"y"\n']
    assert as_csv([]) == ""


def test_json_holds_the_texts_as_they_are() -> None:
    assert '"=1+1 é"' in as_json([{"name": "=1+1 é"}])


def test_joined_modules_import_nothing_and_export_one_function() -> None:
    for names in (map_component._PART, map_component._MAP):
        text = map_component.joined(names)
        assert "\nimport " not in text
        assert text.count("\nexport ") == 1
        assert "innerHTML" not in text


def test_every_module_of_the_drawing_is_joined() -> None:
    written = {path.name for path in map_component._FOLDER.glob("*.js")}
    assert written == {*map_component._PART, *map_component._MAP}
