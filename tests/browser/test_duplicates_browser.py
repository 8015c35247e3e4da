"""The page for duplicates in a real browser: keys alone, deep links, reloads, hostile text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from skillrouter_core.workspace import Workspace
from tests.browser.conftest import SECONDS, Visit, _index_words, serving
from tests.browser.hostile import HOSTILE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(SECONDS * 5)]

QUESTION = "Which skills are copies of each other, and which should stay?"
JOIN_BODY = "Join the files with pdfunite, keep the bookmarks, and number the pages anew.\n" * 5
POD_BODY = "Read the last state, the exit code and the limits, then raise the memory limit.\n" * 5
SKILLS = {
    "a/pdf-merge": ("PDF merge", "Merge several PDF files into one report.", JOIN_BODY),
    "b/pdf-join": ("PDF join", "Join PDF files.", JOIN_BODY + "Check the result.\n"),
    "c/pdf-glue": ("PDF glue", "", JOIN_BODY + "Check each page of the result.\n"),
    "a/pods": ("Pod restarts", "Find out why a pod restarts.", POD_BODY),
    "b/pods": ("Pod crashes", "", POD_BODY + "Tell the owner of the pod.\n"),
    "evil/one": (HOSTILE, HOSTILE, f"{HOSTILE}\n" * 9),
    "evil/two": (HOSTILE, HOSTILE, f"{HOSTILE}\n" * 9 + f"more {HOSTILE}\n"),
}
KEEPER, COPY = "mine/a/pdf-merge", "mine/c/pdf-glue"
Start = Callable[[str], Visit]


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """A workspace with groups of three, two and two copies, one of them hostile; scanned."""
    source, home = tmp_path / "skills", tmp_path / "home"
    for name, (title, description, body) in SKILLS.items():
        path = source / name / "SKILL.md"
        path.parent.mkdir(parents=True)
        head = f"---\nname: {title!r}\ndescription: {description!r}\n---\n"
        path.write_text(head + body, encoding="utf-8")
    with Workspace.open(home) as ws:
        ws.catalogs.sync(str(source), "mine")
        _index_words(ws)
        ws.duplicates.scan()
    return home


@pytest.fixture
def window(copies: Path, visit: Start) -> Iterator[Visit]:
    with serving(copies) as base:
        yield visit(base)


def decided(home: Path) -> list[tuple[str, str, str]]:
    """Every decision that counts, oldest first: verdict, skill, note."""
    with Workspace.open(home) as ws:
        found = ws.duplicates.decisions()
    return [(each.verdict.value, each.skill_id, each.note) for each in found]


def opened(window: Visit, address: str, text: str) -> None:
    """Open the page and wait until all of it is drawn: keys go to buttons that are there."""
    window.open(address)
    window.sees(text)
    window.page.locator(".diff section").first.wait_for()
    window.page.wait_for_function("location.search.includes('member=')")


def in_focus(window: Visit, member: str) -> None:
    """Wait until a member is in focus, in the address and on the page."""
    wanted = f"new URLSearchParams(location.search).get('member')?.startsWith('{member}')"
    window.page.wait_for_function(wanted)
    row = window.page.get_by_role("table", name=re.compile("^Members")).locator("[aria-current]")
    expect(row).to_contain_text(member)


def press(window: Visit, key: str, told: str) -> None:
    """Press a key once the page has come to rest, and wait until it says so."""
    window.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    window.page.keyboard.press(key)
    window.page.get_by_text(told).first.wait_for()


def test_deep_link_to_a_group_opened_first_after_a_server_start(window: Visit) -> None:
    window.open(f"duplicates?jaccard=0.65&status=all&group={KEEPER}&member={COPY}&note=ask+Bob")
    window.sees(QUESTION)
    expect(window.page.get_by_label("Note")).to_have_value("ask Bob")
    window.page.locator("ins", has_text="Check each page of the result.").wait_for()
    window.page.get_by_text("Against the keeper").wait_for()
    assert f"member={COPY}".replace("/", "%2F") in window.page.url
    window.page.reload()
    expect(window.page.get_by_label("Note")).to_have_value("ask Bob")
    window.page.locator("ins", has_text="Check each page of the result.").wait_for()


def test_whole_queue_is_decided_by_keyboard_alone(window: Visit, copies: Path) -> None:
    opened(window, "duplicates", "and 2 copies")
    in_focus(window, "mine/b/pdf-join")
    press(window, "m", "Saved: merged pdf-join")
    in_focus(window, COPY)
    press(window, "u", "Undone: merged pdf-join")
    in_focus(window, "mine/b/pdf-join")
    press(window, "k", "Saved: kept pdf-join")
    press(window, "u", "Undone: kept pdf-join")
    in_focus(window, "mine/b/pdf-join")
    press(window, "Shift+M", "Saved: merged 2 skills")
    window.sees("1 of 3 groups decided")
    in_focus(window, "mine/b/pods")
    press(window, "d", "Saved: told apart pods")
    window.sees("1 of 2 groups decided")
    in_focus(window, "mine/evil/")
    press(window, "x", "Saved: retired")
    window.sees("Every group is decided or skipped.")
    kinds = [verdict for verdict, _, _ in decided(copies)]
    assert kinds == ["merge", "merge", "distinct", "retire"]


def test_letters_in_the_note_are_text_and_decide_nothing(window: Visit, copies: Path) -> None:
    opened(window, f"duplicates?group={KEEPER}&member={COPY}", "and 2 copies")
    note = window.page.get_by_label("Note")
    note.click()
    note.press_sequentially("mkdxsu n")
    window.page.wait_for_function("location.search.includes('note=mkdxsu')")
    assert decided(copies) == []
    note.press("Tab")
    press(window, "k", "Saved: kept")
    assert decided(copies) == [("keep", COPY, "mkdxsu n")]
    expect(note).to_have_value("")


def test_rows_are_reached_and_opened_by_keyboard(window: Visit) -> None:
    opened(window, "duplicates", "and 2 copies")
    rows = window.page.get_by_role("table", name=re.compile("^Groups in the queue")).locator("tr")
    rows.nth(1).focus()
    rows.nth(1).press("ArrowDown")
    window.page.keyboard.press("Enter")
    expect(rows.nth(2)).to_have_attribute("aria-current", "true")
    window.sees("and 1 copy")


def test_slider_moves_the_counts(window: Visit) -> None:
    window.open("duplicates?jaccard=0.99")
    window.sees("is a copy of another")
    slider = window.page.get_by_role("slider").first
    slider.focus()
    for _ in range(4):
        slider.press("PageDown")
    window.sees("of another one")


def test_hostile_skills_are_shown_as_text(window: Visit) -> None:
    opened(window, "duplicates?group=mine/evil/one", "and 1 copy")
    window.page.locator(".diff .row", has_text=re.compile(r":red\[stop\]")).first.wait_for()
    press(window, "m", "Saved: merged")
    for tab in ("groups&status=all&group=mine/evil/one", "history", "overview", "export"):
        window.open(f"duplicates?tab={tab}")
        window.sees(QUESTION)
        window.page.wait_for_timeout(500)
        assert window.page.evaluate("window.hacked") is None
        for selector in ("[data-testid=stMarkdownContainer]", ".rows", ".diff"):
            drawn = window.page.locator(selector)
            for bad in ("img", "script", "b", ".katex", "a[href*='evil.example']"):
                assert drawn.locator(bad).count() == 0, (tab, selector, bad)


def test_script_is_downloaded(window: Visit) -> None:
    opened(window, "duplicates", "and 2 copies")
    press(window, "Shift+M", "Saved: merged 2 skills")
    window.page.get_by_text("export", exact=True).click()
    with window.page.expect_download() as download:
        window.page.get_by_role("button", name="Shell script").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert download.value.suggested_filename == "remove-duplicates.sh"
    assert "--apply" in text
    assert COPY.rpartition("/")[2] in text
