"""What only a browser can show: deep links, reloads, no outside requests, hostile text."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SECONDS, Visit, serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(SECONDS * 5)]

ROUTE = "Which skill would the agent load for this request?"
CATALOG = "What is in the catalog, and what is unhealthy?"
WORDS_ONLY = "stage1=bm25&rerank=false&threshold=0"
"""BM25 alone, so that no model is loaded, and an answer whatever the confidence."""
STOP = re.compile(r":\W?red\[stop\]")
"""A directive shown as it was written; an invisible joiner may stand behind the colon."""
Start = Callable[[str], Visit]


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("", ROUTE),
        (f"route?q=merge+pdf&{WORDS_ONLY}", "PDF merge"),
        ("catalog?find=chapters", CATALOG),
        ("skill?id=mine/documents/pdf-split", "Cut a PDF file into chapters."),
    ],
)
def test_deep_link_opened_first_after_a_server_start(
    home: Path, visit: Start, address: str, text: str
) -> None:
    with serving(home) as base:
        window = visit(base)
        window.open(address)
        window.sees(text)
        links = window.page.get_by_test_id("stTopNavLink").all_inner_texts()
        assert links[:4] == ["Route", "Catalog", "Duplicates", "Map"]
        assert links[4:8] == ["Queries", "Label", "Agreement", "Suites"]


def test_bare_address_keeps_its_parameters(server: str, visit: Start) -> None:
    window = visit(server)
    window.open(f"?q=merge+pdf&{WORDS_ONLY}")
    window.sees("would be loaded.")
    assert "/route?" in window.page.url
    assert "q=merge" in window.page.url


def test_typed_query_and_switches_survive_a_reload(server: str, visit: Start) -> None:
    window = visit(server)
    window.open(f"route?{WORDS_ONLY}")
    box = window.page.get_by_label("Request")
    box.fill("merge pdf files")
    box.press("Control+Enter")
    window.sees("would be loaded.")
    window.page.get_by_text("Read bodies").click()
    window.page.wait_for_url("**body=false**")
    window.page.reload()
    window.sees("would be loaded.")
    expect(window.page.get_by_label("Request")).to_have_value("merge pdf files")
    assert "body=false" in window.page.url


def test_query_typed_but_not_sent_survives_a_reload_and_a_switch(server: str, visit: Start) -> None:
    window = visit(server)
    window.open(f"route?{WORDS_ONLY}")
    box = window.page.get_by_label("Request")
    window.page.locator(".draft").wait_for(state="attached")
    box.press_sequentially("cut a pdf")
    window.page.wait_for_function("location.search.includes('q=cut+a+pdf')")
    window.page.reload()
    window.sees("would be loaded.")
    expect(box).to_have_value("cut a pdf")
    box.fill("split pdf")
    window.page.get_by_text("Compare with another setting").click()
    window.page.wait_for_function("location.search.includes('q=split+pdf')")
    expect(window.page.get_by_label("Request")).to_have_value("split pdf")


def test_thumb_is_saved_and_undone(server: str, visit: Start) -> None:
    window = visit(server)
    window.open(f"route?q=split+pdf&{WORDS_ONLY}")
    window.sees("would be loaded.")
    window.page.get_by_role("radio", name="Thumbs up").first.click()
    window.sees("saved: right")
    window.page.get_by_role("button", name="Undo").first.click()
    expect(window.page.get_by_text("saved: right")).to_have_count(0)


@pytest.mark.parametrize("view", ["rendered", "raw", "history"])
def test_hostile_skill_is_shown_as_text(server: str, visit: Start, view: str) -> None:
    window = visit(server)
    window.open(f"skill?id=mine/evil/evil&view={view}")
    window.sees(STOP)
    check_harmless(window)


def test_hostile_candidate_is_shown_as_text(server: str, visit: Start) -> None:
    window = visit(server)
    window.open(f"route?q=hacked+onerror+bold&{WORDS_ONLY}")
    window.sees("would be loaded.")
    check_harmless(window)
    window.page.get_by_role("button", name="Read").first.click()
    window.page.get_by_role("dialog").get_by_text("mine/evil/evil").wait_for()
    check_harmless(window)


def check_harmless(window: Visit) -> None:
    """Nothing ran, nothing was turned into an element, an icon, a formula or a link."""
    page = window.page
    assert page.evaluate("window.hacked") is None
    drawn = page.get_by_test_id("stMarkdownContainer")
    for selector in ("img", "script", "b", ".katex", "a[href*='evil'], a[href*='javascript']"):
        assert drawn.locator(selector).count() == 0, selector
    page.get_by_text(STOP).first.wait_for()


def test_row_of_the_catalog_opens_the_skill_and_back_keeps_the_search(
    server: str, visit: Start
) -> None:
    window = visit(server)
    window.open("catalog?find=chapters")
    table = window.page.get_by_test_id("stDataFrame").last
    table.locator("canvas").first.wait_for()
    table.click(position={"x": 200, "y": 50})
    window.page.wait_for_url("**/skill?id=**")
    window.sees("Cut a PDF file into chapters.")
    window.page.go_back()
    window.sees(CATALOG)
    expect(window.page.get_by_role("searchbox")).to_have_value("chapters")
    window.page.wait_for_function("location.search === '?find=chapters'")
