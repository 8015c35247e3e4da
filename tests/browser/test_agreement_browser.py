"""The page for agreement in a real browser: keys alone, deep links, reloads, hostile text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from skillrouter_core.workspace import Workspace
from tests.browser.conftest import SECONDS, Visit, _index_words, serving
from tests.browser.hostile import HOSTILE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(SECONDS * 5)]

QUESTION = "Can these labels be trusted?"
SKILLS = {
    "pdf-merge": ("PDF merge", "Merge several PDF files into one report.", "Join the files.\n"),
    "pdf-split": ("PDF split", "Cut a PDF file into chapters.", "Split by page ranges.\n"),
    "evil": (HOSTILE, HOSTILE, f"# {HOSTILE}\n\nmerge pdf {HOSTILE}\n\n`{HOSTILE}`\n"),
}
MERGE = "merge pdf files"
GRADES = {
    (MERGE, "mine/pdf-merge"): (0, 3),
    (MERGE, "mine/pdf-split"): (2, 0),
    (HOSTILE, "mine/evil"): (1, 2),
    (HOSTILE, "mine/pdf-merge"): (0, 0),
}
Start = Callable[[str], Visit]


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    """A workspace in which two people differ on three pairs of four."""
    source, home = tmp_path / "skills", tmp_path / "home"
    for name, (title, description, body) in SKILLS.items():
        path = source / name / "SKILL.md"
        path.parent.mkdir(parents=True)
        head = f"---\nname: {title!r}\ndescription: {description!r}\n---\n"
        path.write_text(head + body, encoding="utf-8")
    with Workspace.open(home) as ws:
        ws.catalogs.sync(str(source), "mine")
        _index_words(ws)
        for (query, skill_id), grades in GRADES.items():
            for name, grade in zip((HOSTILE[:80], "bob"), grades, strict=True):
                ws.labels.judge(query, skill_id, grade, name, seconds=4, note=HOSTILE)
    return home


@pytest.fixture
def window(judged: Path, visit: Start) -> Iterator[Visit]:
    with serving(judged) as base:
        yield visit(base)


def settled(home: Path) -> list[tuple[str, int | None, str]]:
    """Every settlement that counts, oldest first: skill, grade, note."""
    with Workspace.open(home) as ws:
        return [(one.skill_id, one.grade, one.note) for one in ws.labels.settlements()]


def opened(window: Visit, address: str, text: str) -> None:
    """Open the page and wait until all of it is drawn: keys go to buttons that are there."""
    window.open(address)
    window.sees(text)
    window.page.get_by_label("Note on the settlement").wait_for()
    at_rest(window)


def at_rest(window: Visit) -> None:
    window.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def press(window: Visit, key: str, told: str) -> None:
    """Press a key once the page has come to rest, and wait until it says so."""
    at_rest(window)
    window.page.keyboard.press(key)
    window.page.get_by_text(told).first.wait_for()


def test_conflicts_are_settled_by_keyboard_alone(window: Visit, judged: Path) -> None:
    opened(window, "agreement?show=conflicts", "3 conflicts to settle")
    note = window.page.get_by_label("Note on the settlement")
    window.page.keyboard.press("m")
    expect(note).to_be_focused()
    window.page.keyboard.type("m 3 2 1 0 tun")
    window.page.wait_for_function("location.search.includes('why=m+3')")
    assert settled(judged) == []
    window.page.keyboard.press("Tab")
    press(window, "3", "Saved: pdf-merge is 3 right")
    window.sees("2 conflicts to settle")
    expect(note).to_have_value("")
    press(window, "u", "Undone: pdf-merge is 3 right")
    expect(note).to_have_value("m 3 2 1 0 tun")
    press(window, "2", "Saved: pdf-merge is 2 useful")
    window.sees("2 conflicts to settle")
    press(window, "n", "number 2 is open")
    press(window, "p", "number 1 is open")
    press(window, "t", "Saved: pdf-split is can't tell")
    window.sees("1 conflict to settle")
    press(window, "0", "Saved: evil is 0 wrong")
    window.sees("Every conflict is settled.")
    assert settled(judged) == [
        ("mine/pdf-merge", 2, "m 3 2 1 0 tun"),
        ("mine/pdf-split", None, ""),
        ("mine/evil", 0, ""),
    ]


def test_deep_link_opened_first_and_reloaded_keeps_conflict_and_note(window: Visit) -> None:
    opened(window, "agreement?show=conflicts", "3 conflicts to settle")
    press(window, "n", "number 2 is open")
    window.page.wait_for_function("location.search.includes('pair=')")
    window.page.keyboard.press("m")
    window.page.keyboard.type("half a thought")
    window.page.wait_for_function("location.search.includes('thought')")
    window.page.reload()
    window.sees("number 2 is open")
    note = window.page.get_by_label("Note on the settlement")
    expect(note).to_have_value("half a thought")


def test_hostile_names_and_texts_are_shown_as_text(window: Visit) -> None:
    for show in ("agreement", "conflicts&state=all", "progress", "drift"):
        window.open(f"agreement?show={show}")
        window.sees(QUESTION)
        at_rest(window)
        if show != "drift":
            window.page.locator(".figures table, .rows table").first.wait_for()
        assert window.page.evaluate("window.hacked") is None
        for selector in ("[data-testid=stMarkdownContainer]", ".rows", ".figures"):
            drawn = window.page.locator(selector)
            for bad in ("img", "script", "b", ".katex", "a[href*='evil.example']"):
                assert drawn.locator(bad).count() == 0, (show, selector, bad)
