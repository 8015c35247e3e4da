"""The page for suites in a real browser: deep links, keys alone, an index that is held back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pages.common.suites.state import query_name
from skillrouter_core.workspace import Workspace
from tests.browser.conftest import SECONDS, Visit, serving
from tests.browser.hostile import HOSTILE
from tests.fakes import FakeModels

pytestmark = [pytest.mark.browser, pytest.mark.timeout(SECONDS * 5)]

QUESTION = "Does every saved query still get its answer?"
JOIN, PODS = "join the files with pdfunite", "read the last state and the exit code"
SKILLS = {
    "a/pdf-merge": ("PDF merge", "Merge PDF files.", "Join the files with pdfunite.\n" * 5),
    "a/pdf-split": ("PDF split", "Cut a PDF file.", "Split by page ranges with qpdf.\n" * 5),
    "a/pods": ("Pod restarts", "", "Read the last state and the exit code of the pod.\n" * 5),
    "evil/one": (HOSTILE, HOSTILE, f"{HOSTILE}\n" * 9),
}
MERGE, POD = "mine/a/pdf-merge", "mine/a/pods"
HELD = "A new index is held back: 1 of 3 saved queries would break."
Start = Callable[[str], Visit]


@pytest.fixture
def holding(tmp_path: Path) -> Path:
    """A workspace with three saved queries, one hostile, and an index that would break one."""
    source, home = tmp_path / "skills", tmp_path / "home"
    for name, (title, description, body) in SKILLS.items():
        path = source / name / "SKILL.md"
        path.parent.mkdir(parents=True)
        head = f"---\nname: {title!r}\ndescription: {description!r}\n---\n"
        path.write_text(head + body, encoding="utf-8")
    with Workspace.open(home, models=FakeModels()) as ws:
        ws.catalogs.sync(str(source), "mine")
        ws.indexing.build()
        for text, right in ((JOIN, MERGE), (PODS, POD), (HOSTILE, "mine/evil/one")):
            ws.labels.save_query(text, "daily", [right], "ada")
        ws.suites.run("daily")
        (source / "a" / "pdf-merge" / "SKILL.md").unlink()
        ws.catalogs.sync(str(source), "mine")
        assert ws.indexing.build().held is not None
    return home


@pytest.fixture
def window(holding: Path, visit: Start) -> Iterator[Visit]:
    with serving(holding) as base:
        yield visit(base)


def at_rest(window: Visit) -> None:
    window.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def press(window: Visit, shortcut: str, button: str) -> None:
    """Press a button's keys once it is drawn, which may be a moment after the script has ended."""
    expect(window.page.get_by_role("button", name=button)).to_be_enabled()
    at_rest(window)
    window.page.keyboard.press(shortcut)


def test_deep_link_opened_first_then_the_trend_then_hostile_text(window: Visit) -> None:
    window.open(f"suites?set=daily&standing=right&query={query_name(PODS)}")
    window.sees(QUESTION)
    rows = window.page.get_by_role("table", name=re.compile("^Queries in order"))
    expect(rows.locator("[aria-current]")).to_contain_text(PODS)
    window.page.get_by_text(f"answer: {POD}").wait_for()
    window.page.reload()
    expect(rows.locator("[aria-current]")).to_contain_text(PODS)
    assert "standing=right" in window.page.url
    window.open("suites?see=trend")
    window.sees("Hit@1 over")
    chart = window.page.get_by_test_id("stVegaLiteChart")
    chart.locator("canvas, svg").first.wait_for()
    window.open(f"suites?query={query_name(HOSTILE)}")
    expect(rows.locator("[aria-current]")).to_contain_text(HOSTILE[:60])
    window.sees("Skills that should answer it")
    assert window.page.evaluate("window.hacked") is None


def test_what_would_break_is_seen_and_published_by_keyboard(window: Visit, holding: Path) -> None:
    window.open("route")
    window.sees("A new index is held back")
    window.page.get_by_role("link", name="See what would break").click()
    window.sees(HELD)
    row = window.page.get_by_role("table", name=re.compile("^Queries that would break"))
    row.get_by_role("row", name=re.compile(JOIN)).focus()
    window.page.keyboard.press("Enter")
    window.sees("broken: right before, wrong now.")
    window.page.wait_for_function("location.search.includes('against=')")
    press(window, "Alt+p", "Publish anyway")
    expect(window.page.get_by_text(HELD)).to_have_count(0)
    at_rest(window)
    with Workspace.open(holding, models=FakeModels()) as ws:
        assert ws.indexing.held() is None
        assert MERGE not in ws.routing.route(JOIN).ranking


def test_the_old_index_is_kept_and_says_so(window: Visit, holding: Path) -> None:
    window.open("suites")
    window.sees(HELD)
    press(window, "Alt+k", "Keep the old index")
    window.sees("its new index was thrown away")
    with Workspace.open(holding, models=FakeModels()) as ws:
        assert ws.routing.route(JOIN).ranking[0] == MERGE
