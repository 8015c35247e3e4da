"""The page for queries in a real browser: a file in, a file out, sets by click, hostile text."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from skillrouter_core.workspace import Workspace
from tests.browser.conftest import SECONDS, Visit, serving
from tests.browser.hostile import HOSTILE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(SECONDS * 5)]

QUESTION = "Which requests do we label and test with?"
WISHES = "Wish;Skills;Fold\nmerge these reports;pdf-merge;test\ncut it;nope;\n"
Start = Callable[[str], Visit]


@pytest.fixture
def own_home(home: Path, tmp_path: Path) -> Path:
    """A copy, so that other tests find no queries of these."""
    return Path(shutil.copytree(home, tmp_path / "home"))


@pytest.fixture
def own(own_home: Path) -> Iterator[str]:
    with serving(own_home) as base:
        yield base


def test_file_comes_in_and_leaves_again(
    own: str, own_home: Path, visit: Start, tmp_path: Path
) -> None:
    file = tmp_path / "wishes.csv"
    file.write_text(WISHES, encoding="utf-8")
    window = visit(own)
    window.open("queries?add=file")
    page = window.page
    page.locator("input[type=file]").set_input_files(str(file))
    window.sees("from 2 rows, 1 row unusable.")
    page.get_by_role("button", name="Import 1 request").click()
    window.sees("1 request added, 0 changed, 0 there already. 1 row left out.")
    page.get_by_text("Write requests and labels to files").click()
    with page.expect_download() as started:
        offers = page.get_by_test_id("stDownloadButton")
        offers.filter(has_text="Requests").get_by_role("button").click()
    text = Path(started.value.path()).read_text(encoding="utf-8")
    assert text.splitlines()[1].startswith("merge these reports,mine/documents/pdf-merge,held-out,")
    with Workspace.open(own_home) as ws:
        assert [one.expected for one in ws.labels.queries()] == [("mine/documents/pdf-merge",)]


def test_set_is_chosen_by_click_and_stays_in_the_address(
    own: str, own_home: Path, visit: Start
) -> None:
    with Workspace.open(own_home) as ws:
        ws.labels.save_query("merge these reports", "nightly")
        ws.labels.save_query(HOSTILE, HOSTILE[:100])
    window = visit(own)
    window.open("queries")
    page = window.page
    page.get_by_role("cell", name="nightly").or_(page.get_by_text("nightly")).first.click()
    page.wait_for_url("**set=nightly**")
    window.sees("1 to 1 of 1 request")
    page.reload()
    window.sees("1 to 1 of 1 request")
    expect(page.get_by_role("button", name="Remove this set")).to_be_visible()


def test_hostile_request_is_shown_as_text(own: str, own_home: Path, visit: Start) -> None:
    with Workspace.open(own_home) as ws:
        ws.labels.save_query(HOSTILE, HOSTILE[:100])
    window = visit(own)
    window.open("queries")
    window.sees(QUESTION)
    page = window.page
    table = page.get_by_test_id("stDataFrame").last
    table.locator("canvas").first.wait_for()
    table.click(position={"x": 15, "y": 50})
    page.get_by_role("button", name="Remove 1 request").click()
    window.sees("What people graded stays")
    assert page.evaluate("window.hacked") is None
    drawn = page.get_by_test_id("stMarkdownContainer")
    for selector in ("img", "script", "b", ".katex", "a[href*='evil'], a[href*='javascript']"):
        assert drawn.locator(selector).count() == 0, selector
