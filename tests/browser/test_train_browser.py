"""From labels to a better router in a real browser: label, train, measure, promote, route.

With the shipped models, on skills of a sentence or two, so that a step takes a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from skillrouter_core.records import QuerySource, Split
from skillrouter_core.records.labels import NewQuery
from skillrouter_core.workspace import Workspace
from tests.browser.conftest import SECONDS, Visit, serving
from tests.browser.test_label_browser import press, saved

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.timeout(SECONDS * 10)]

Start = Callable[[str], Visit]
LONG = SECONDS * 4 * 1000
"""Milliseconds a job may take on a machine that does much else."""

ASKED = {
    "PDF merge": "put five invoices into a single pdf",
    "Pod restarts": "why does my kubernetes container die again and again",
    "Meeting minutes": "write down what was decided in the call",
    "Chart maker": "draw our monthly sales as bars",
    "Mail drafts": "answer an angry customer politely",
    "Flaky tests": "some checks fail only now and then in ci",
    "SQL tuning": "the report query takes forever on the orders table",
    "Photo resize": "make pictures small enough for the shop",
}
HELD_OUT = {
    "Log search": "find the error of last night on the servers",
    "Tax forms": "fill in the yearly return of a small company",
}
UNASKED = (
    "PDF split, Cut a PDF file into chapters.",
    "Slide decks, Turn notes into slides.",
    "Calendar, Find a slot that suits everybody.",
    "Translate, Carry a text over into another language.",
    "Invoices, Write a bill with the right numbers.",
    "Backups, Copy a database every night and try the copy.",
    "Certificates, Renew what encrypts a web site.",
    "Git bisect, Find the commit that broke something.",
    "Spreadsheets, Check the formulas of a workbook.",
    "Audio cut, Take the silence out of a recording.",
    "Job adverts, Describe an open position.",
    "Release notes, Tell users what has changed.",
)
ABOUT = {
    "PDF merge": "Join several PDF files into one document.",
    "Pod restarts": "Find out why a pod crashes: last state, exit code, limits.",
    "Meeting minutes": "Keep the decisions and tasks of a meeting.",
    "Chart maker": "Plot numbers as bar and line charts.",
    "Mail drafts": "Reply to complaints in a calm tone.",
    "Flaky tests": "Track down tests that fail at random.",
    "SQL tuning": "Read a query plan and add the index that is missing.",
    "Photo resize": "Scale and compress images for the web.",
    "Log search": "Look through server logs for a failure.",
    "Tax forms": "Prepare a tax return from the books.",
}


@pytest.fixture
def loop_home(tmp_path: Path) -> Path:
    """A workspace of 22 short skills, indexed, and ten requests with their candidates."""
    texts = ABOUT | dict(line.split(", ", 1) for line in UNASKED)
    for name, text in texts.items():
        path = tmp_path / "skills" / name.lower().replace(" ", "-") / "SKILL.md"
        path.parent.mkdir(parents=True)
        path.write_text(f"---\nname: {name}\ndescription: {text}\n---\n{text}\n", encoding="utf-8")
    asked = [NewQuery(text, split=Split.TRAIN) for text in ASKED.values()]
    asked += [NewQuery(text, split=Split.HELD_OUT) for text in HELD_OUT.values()]
    with Workspace.open(tmp_path / "home") as ws:
        ws.catalogs.sync(str(tmp_path / "skills"), "mine")
        ws.indexing.build()
        ws.labels.save_queries(asked, "team", "ann", QuerySource.TYPED)
        ws.queue.prepare()
    return tmp_path / "home"


@pytest.fixture
def window(loop_home: Path, visit: Start) -> Iterator[Visit]:
    with serving(loop_home) as base:
        yield visit(base)


def test_labels_become_a_router_that_answers_otherwise(window: Visit, loop_home: Path) -> None:
    query = ASKED["PDF merge"]
    before = scores(window, query)
    graded = label_40_pairs(window)
    with Workspace.open(loop_home) as ws:
        kept = {(one.query_text, one.skill_id, one.grade) for one in ws.labels.judgements()}
    assert len(kept) == 40
    assert {(text, skill) for text, skill, grade in kept if grade == 3} == graded

    name = train(window)
    measure(window)
    promote(window, name)
    after = scores(window, query)
    assert max(before, key=lambda one: float(before[one])) == "mine/pdf-merge"
    both = before.keys() & after.keys()
    assert "mine/pdf-merge" in both
    assert sum(before[one] != after[one] for one in both) > len(both) / 2
    with Workspace.open(loop_home) as ws:
        (promoted,) = ws.registry.history()
        assert (promoted.model, promoted.previous) == (name, "")
        assert ws.registry.model(name).metrics["tasks"] == len(HELD_OUT)
        assert ws.training.run(name).counts["right"] == len(ASKED)

    roll_back(window)
    assert scores(window, query) == before


def scores(window: Visit, query: str) -> dict[str, str]:
    """Route a request on the page and return each candidate's score of stage 2."""
    window.open(f"route?q={quote(query)}")
    page: Page = window.page  # type: ignore[assignment]
    # until the models are loaded, BM25 answers without a second stage
    lines = page.get_by_text(re.compile(r"^mine/\S+ · .*stage 2 "))
    lines.first.wait_for(timeout=LONG)
    settled(page)
    found = (re.match(r"(mine/\S+) · .*stage 2 (-?[\d.]+)", line) for line in texts_of(lines))
    return {match[1]: match[2] for match in found if match}


def texts_of(lines: Locator) -> list[str]:
    expect(lines).not_to_have_count(0)
    return lines.all_inner_texts()


def label_40_pairs(window: Visit) -> set[tuple[str, str]]:
    """Grade four candidates of each request by keyboard, the right one first; return those."""
    page: Page = window.page  # type: ignore[assignment]
    rights = set()
    for name, text in (ASKED | HELD_OUT).items():
        window.open(f"label?set=team&view=list&query={quote(text)}")
        rows = page.get_by_role("list", name="Candidates").get_by_role("button")
        expect(page.locator(".desk .query")).to_have_text(text)
        expect(rows).to_have_count(20)
        rows.filter(has_text=name).click()
        for key in "3010":
            press(page, key)
        rights.add((text, f"mine/{name.lower().replace(' ', '-')}"))
        saved(page)
    return rights


def train(window: Visit) -> str:
    """Train the reranker on what was labelled; return the run's name once it is done."""
    window.open("train?networks=reranker&generated=0")
    page: Page = window.page  # type: ignore[assignment]
    use = page.get_by_role("table", name="What a run would use")
    expect(use.get_by_role("row", name="queries with a right answer")).to_contain_text("8")
    settled(page)
    page.keyboard.press("Alt+t")
    page.wait_for_url(re.compile(r"[?&]run="))
    page.get_by_text(re.compile(r"train finished")).wait_for(timeout=LONG)
    found = re.search(r"[?&]run=([\w.-]+)", page.url)
    assert found is not None
    page.reload()
    page.get_by_role("button", name="Promote").wait_for()
    return found[1]


def measure(window: Visit) -> None:
    """Ask the held-out requests with and without what was trained."""
    page: Page = window.page  # type: ignore[assignment]
    settled(page)
    page.keyboard.press("Alt+m")
    figures = page.get_by_role("table", name="Figures before and after")
    expect(figures).to_contain_text("Hit@1", timeout=LONG)


def promote(window: Visit, name: str) -> None:
    """Let the run answer."""
    page: Page = window.page  # type: ignore[assignment]
    expect(page.get_by_text("Answering now: the shipped models")).to_be_visible()
    settled(page)
    page.keyboard.press("Alt+o")
    page.get_by_text(f"Answering now: {name}").wait_for(timeout=LONG)


def roll_back(window: Visit) -> None:
    """Let the shipped models answer again."""
    window.open("train")
    page: Page = window.page  # type: ignore[assignment]
    page.get_by_role("button", name="Roll back to shipped").wait_for()
    settled(page)
    page.keyboard.press("Alt+b")
    page.get_by_text("Answering now: the shipped models").wait_for(timeout=LONG)


def settled(page: Page) -> None:
    """Wait until the page is drawn and its keys are heard."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=LONG)
    page.wait_for_timeout(300)
