"""The map in a real browser: drawn, steered, selected from, and never obeying a skill's text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from skillrouter_core.workspace import Workspace
from tests.browser.conftest import SECONDS, Visit, serving
from tests.browser.hostile import HOSTILE
from tests.fakes import FakeModels

pytestmark = [pytest.mark.browser, pytest.mark.timeout(SECONDS * 5)]

SKILLS = 60
ALL = f"{SKILLS + 1} skills selected"
HEAD = "What does the whole catalog look like?"
EVIL = "mine/evil/evil"
NO_WEBGL = """
const real = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind === "webgl2" ? null : real.call(this, kind, ...rest);
};
"""
LOSE = """canvas => {
  window.taken = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
  window.taken.loseContext();
}"""
Start = Callable[[str], Visit]


@pytest.fixture(scope="session")
def map_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a map of some skills, one of them hostile."""
    folder = tmp_path_factory.mktemp("map")
    source = folder / "skills"
    texts = {
        f"many/skill-{number:02}": (f"Skill {number:02}", "Does it.") for number in range(SKILLS)
    }
    for name, (title, description) in {**texts, "evil/evil": (HOSTILE, HOSTILE)}.items():
        path = source / name / "SKILL.md"
        path.parent.mkdir(parents=True)
        head = f"---\nname: {title!r}\ndescription: {description!r}\ncategory: {name[:4]}\n---\n"
        path.write_text(f"{head}Text of {title}.", encoding="utf-8")
    with Workspace.open(folder / "home", models=FakeModels()) as ws:
        ws.catalogs.sync(str(source), "mine")
        ws.indexing.build()
        ws.map.build()
    return folder / "home"


@pytest.fixture(scope="session")
def map_server(map_home: Path) -> Iterator[str]:
    with serving(map_home) as base:
        yield base


@pytest.fixture(scope="session")
def evil_place(map_home: Path) -> tuple[float, float]:
    """Where the hostile skill lies."""
    with Workspace.open(map_home, models=FakeModels()) as ws:
        made = ws.map.load()
        assert made is not None
        row = made.ids.index(EVIL)
        return float(made.xy[row, 0]), float(made.xy[row, 1])


def drawn(window: Visit) -> None:
    window.page.locator(".map[data-drawn]").wait_for()


def view(window: Visit) -> list[float]:
    """x, y and zoom as they are drawn."""
    return [float(part) for part in window.page.locator(".map").get_attribute("data-view").split()]


def settled(window: Visit) -> list[float]:
    """The view once it is still."""
    before = view(window)
    for _ in range(100):
        window.page.wait_for_timeout(200)
        now = view(window)
        if now == before:
            return now
        before = now
    raise AssertionError("the map does not come to rest")


def around(window: Visit, key: str) -> None:
    """Draw around everything with the mouse, holding a key."""
    window.page.set_viewport_size({"width": 1280, "height": 1000})
    box = window.page.locator(".map .overlay").bounding_box()
    left, top = box["x"] + 50, box["y"] + 3
    right, bottom = box["x"] + box["width"] - 3, box["y"] + box["height"] - 3
    mouse = window.page.mouse
    window.page.keyboard.down(key)
    mouse.move(left, top)
    mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 3)):
        mouse.move(x, y, steps=5)
        if key == "Shift" and (x, y) == (right, bottom):
            break
    mouse.up()
    window.page.keyboard.up(key)


def test_deep_link_opened_first_after_a_server_start(map_home: Path, visit: Start) -> None:
    with serving(map_home) as base:
        window = visit(base)
        window.open("map?colour=category&view=0.1_0.2_3")
        window.sees(HEAD)
        drawn(window)
        assert view(window) == [0.1, 0.2, 3.0]
        assert "colour=category" in window.page.url
        links = window.page.get_by_test_id("stTopNavLink").all_inner_texts()
        assert "Map" in links


@pytest.mark.parametrize("key", ["Shift", "Alt"])
def test_what_the_mouse_surrounds_becomes_a_table(map_server: str, visit: Start, key: str) -> None:
    window = visit(map_server)
    window.open("map?sort=name")
    drawn(window)
    around(window, key)
    window.sees(ALL)
    window.page.wait_for_url("**within=**")
    expect(window.page.locator(".map .status")).to_contain_text(f"{SKILLS + 1} selected")
    window.page.reload()
    window.sees(ALL)
    drawn(window)
    expect(window.page.locator(".map .status")).to_contain_text(f"{SKILLS + 1} selected")
    window.page.get_by_role("button", name="Lift the selection").click()
    window.sees("Drag with Shift for a box")
    window.page.wait_for_function("!location.search.includes('within')")


def test_back_lifts_the_selection_and_keeps_the_view(map_server: str, visit: Start) -> None:
    window = visit(map_server)
    window.open("map")
    drawn(window)
    window.page.locator(".map .overlay").focus()
    window.page.keyboard.press("-")
    before = settled(window)
    around(window, "Shift")
    window.sees(ALL)
    window.page.wait_for_url("**within=**")
    # The page writes the address too, with the view it last heard of; the map's own one stays.
    window.page.wait_for_function("location.search.includes('view=0_0_0.6667')")
    window.page.go_back()
    window.sees("Drag with Shift for a box")
    assert "within" not in window.page.url
    assert settled(window) == before
    window.page.go_forward()
    window.sees(ALL)


def test_browser_and_server_agree_on_what_is_inside(map_server: str, visit: Start) -> None:
    window = visit(map_server)
    window.open("map?within=-1000000_-1000000_100000_-900000_300000_800000_-200000_1000000")
    drawn(window)
    status = window.page.locator(".map .status").inner_text()
    chosen = int(re.search(r"(\d+) selected", status)[1])
    assert 0 < chosen < SKILLS
    window.sees(re.compile(rf"^{chosen} skills? selected$"))


def test_recolouring_keeps_view_and_selection(map_server: str, visit: Start) -> None:
    window = visit(map_server)
    window.open("map")
    drawn(window)
    around(window, "Shift")
    window.sees(ALL)
    box = window.page.locator(".map .overlay").bounding_box()
    window.page.mouse.move(box["x"] + 200, box["y"] + 200)
    window.page.mouse.wheel(0, -500)
    before = settled(window)
    assert before[2] > 1
    painted = window.page.locator(".map").get_attribute("data-drawn")
    window.page.get_by_role("combobox", name="Colour by").click()
    window.page.get_by_role("option", name="category", exact=True).click()
    expect(window.page.locator(".map")).not_to_have_attribute("data-drawn", painted)
    expect(window.page.locator(".map .legend .title")).to_have_text("Category")
    assert settled(window) == before
    expect(window.page.locator(".map .status")).to_contain_text(f"{SKILLS + 1} selected")
    window.page.wait_for_url("**view=**")
    assert "colour=category" in window.page.url


def test_selection_gets_a_category_and_waits_for_labels(map_server: str, visit: Start) -> None:
    window = visit(map_server)
    window.open("map?find=evil&colour=category")
    drawn(window)
    page, legend = window.page, window.page.locator(".map .legend")
    page.get_by_role("button", name="Assign a category").click()
    # Typed and not yet entered: the click on the button takes it along.
    page.get_by_role("textbox", name="Or a new one").fill(HOSTILE[:190])
    page.get_by_role("button", name="Assign to 1 skill").click()
    window.sees("given to 1 skill.")
    expect(legend).to_contain_text(HOSTILE[:30])
    page.get_by_role("button", name="Undo").click()
    window.sees("Taken back: 1 skill")
    expect(legend).not_to_contain_text(HOSTILE[:30])
    page.get_by_role("button", name="Label later (1)").click()
    window.sees("1 skill waits for labels in all.")
    page.get_by_role("button", name="Take back (1)").click()
    window.sees("1 skill taken out of the queue")


def test_keys_move_zoom_pick_and_lift(map_server: str, visit: Start, evil_place: tuple) -> None:
    x, y = evil_place
    window = visit(map_server)
    everything = "-9000000_-9000000_9000000_-9000000_9000000_9000000_-9000000_9000000"
    window.open(f"map?within={everything}")
    drawn(window)
    window.sees(ALL)
    home = view(window)
    window.page.locator(".map .overlay").focus()
    window.page.keyboard.press("ArrowRight")
    moved = settled(window)
    assert moved[0] > home[0]
    assert moved[1:] == home[1:]
    window.page.keyboard.press("+")
    assert settled(window)[2] == pytest.approx(1.5)
    window.page.keyboard.press("0")
    assert settled(window) == home
    window.page.keyboard.press("Escape")
    window.sees("Drag with Shift for a box")
    window.open(f"map?view={x}_{y}_40")
    drawn(window)
    window.page.locator(".map .overlay").focus()
    window.page.keyboard.press("+")
    expect(window.page.locator(".map .tip")).to_contain_text("<script>")
    settled(window)
    window.page.keyboard.press("Enter")
    window.page.wait_for_url("**skill=mine%2Fevil%2Fevil**")
    window.sees(EVIL)


def test_hostile_names_are_text_everywhere(
    map_server: str, visit: Start, evil_place: tuple
) -> None:
    x, y = evil_place
    window = visit(map_server)
    window.open(f"map?view={x}_{y}_40&skill={EVIL}&find=script")
    drawn(window)
    box = window.page.locator(".map .overlay").bounding_box()
    window.page.locator(".map .overlay").focus()
    window.page.keyboard.press("+")
    tip = window.page.locator(".map .tip")
    expect(tip).to_contain_text("<b>bold</b>")
    assert tip.locator("b, img, script, a").count() == 0
    assert box["width"] > 300
    assert window.page.evaluate("window.hacked") is None
    drawn_text = window.page.get_by_test_id("stMarkdownContainer")
    for selector in ("img", "script", "b", ".katex", "a[href*='evil'], a[href*='javascript']"):
        assert drawn_text.locator(selector).count() == 0, selector


def test_view_is_in_the_address_and_back_returns_to_it(map_server: str, visit: Start) -> None:
    window = visit(map_server)
    window.open("map?find=05")
    drawn(window)
    window.sees("1 skill with these words")
    window.page.locator(".map .overlay").focus()
    window.page.keyboard.press("+")
    before = settled(window)
    window.page.wait_for_url("**view=**")
    window.page.get_by_test_id("stDataFrame").last.click(position={"x": 200, "y": 50})
    window.page.wait_for_url("**/skill?id=**")
    window.sees("Skill 05")
    window.page.go_back()
    window.sees(HEAD)
    drawn(window)
    assert settled(window) == before
    window.sees("1 skill with these words")


def test_cluster_list_and_tools_have_names(map_server: str, visit: Start) -> None:
    window = visit(map_server)
    window.open("map")
    drawn(window)
    assert window.page.get_by_role("application", name=f"{SKILLS + 1} skills").count() == 1
    tools = window.page.get_by_role("toolbar", name="Map tools").get_by_role("button")
    assert tools.count() == 6
    assert "A map of" in window.page.locator(".map #summary").inner_text()


def test_without_webgl_the_page_says_so_and_its_lists_work(map_server: str, visit: Start) -> None:
    window = visit(map_server)
    window.page.add_init_script(NO_WEBGL)
    window.open("map?find=skill")
    expect(window.page.locator(".map .message")).to_contain_text("no WebGL2")
    window.sees(f"{SKILLS} skills with these words")


def test_drawing_comes_back_after_the_browser_took_it(map_server: str, visit: Start) -> None:
    window = visit(map_server)
    window.open("map")
    drawn(window)
    window.page.locator(".map .points").evaluate(LOSE)
    expect(window.page.locator(".map .message")).to_contain_text("comes back by itself")
    window.page.evaluate("window.taken.restoreContext()")
    expect(window.page.locator(".map .message")).to_be_hidden()
    assert (
        window.page.locator(".map .points").evaluate(
            "canvas => canvas.getContext('webgl2').getError()"
        )
        == 0
    )
