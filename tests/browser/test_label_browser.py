"""The page for labelling in a real browser: keys alone, nothing lost, nothing doubled."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from skillrouter_core.records import Judgement
from skillrouter_core.workspace import Workspace
from tests.browser.conftest import SECONDS, Visit, free_port, server_of, serving
from tests.browser.hostile import HOSTILE
from tests.fakes import FakeModels

pytestmark = [pytest.mark.browser, pytest.mark.timeout(SECONDS * 5)]

CSP = "Content Security Policy"
QUESTION = "Does this skill do what the request asks?"
TOPICS = ("pdf", "pods", "minutes", "charts", "mail", "tests")
KINDS = ("merge", "split", "find", "write", "check")
QUERIES = tuple(f"{kind} {topic} for the team" for kind in ("merge", "find") for topic in TOPICS)
Start = Callable[[str], Visit]


@pytest.fixture(scope="session")
def label_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of 31 skills, one of them hostile, and 13 requests with their candidates."""
    folder = tmp_path_factory.mktemp("label")
    source = folder / "skills"
    texts = {
        f"{topic}/{kind}": (
            f"{kind} {topic}",
            f"How to {kind} {topic}.",
            f"To {kind} {topic}. " * 9,
        )
        for topic in TOPICS
        for kind in KINDS
    }
    texts["evil/evil"] = (HOSTILE, HOSTILE, f"# {HOSTILE}\n\nmerge {HOSTILE}\n" * 3)
    for name, (title, description, body) in texts.items():
        path = source / name / "SKILL.md"
        path.parent.mkdir(parents=True)
        head = f"---\nname: {title!r}\ndescription: {description!r}\n---\n"
        path.write_text(head + body, encoding="utf-8")
    with Workspace.open(folder / "home", models=FakeModels()) as ws:
        ws.catalogs.sync(str(source), "mine")
        ws.indexing.build()
        for text in QUERIES:
            ws.labels.save_query(text, "team")
        ws.labels.save_query(HOSTILE, HOSTILE[:100])
        ws.queue.prepare()
    return folder / "home"


@pytest.fixture
def label_home(label_template: Path, tmp_path: Path) -> Path:
    shutil.copytree(label_template, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def window(label_home: Path, visit: Start) -> Iterator[Visit]:
    with serving(label_home) as base:
        yield visit(base)


def opened(window: Visit, address: str = "label?set=team") -> Page:
    window.open(address)
    page: Page = window.page  # type: ignore[assignment]
    page.locator(".desk .skill h3").wait_for()
    return page


def pair(page: Page) -> str:
    """The token of the pair on the screen, empty where there is none."""
    return page.locator(".desk").get_attribute("data-pair") or ""


def shown(page: Page) -> str:
    """The token of the pair on the screen, once there is one: the server may be slow."""
    expect(page.locator(".desk")).to_have_attribute("data-pair", re.compile("."))
    return pair(page)


def press(page: Page, key: str) -> str:
    """Press a key that ends with another pair on the screen; return the token of the first."""
    before = shown(page)
    page.wait_for_timeout(100)  # what comes at once after a pair is taken for a bounce
    page.keyboard.press(key)
    expect(page.locator(".desk")).not_to_have_attribute("data-pair", before)
    return before


def saved(page: Page) -> None:
    expect(page.locator(".desk .state")).to_have_text("All saved")


def verdicts(home: Path) -> list[Judgement]:
    """Everything that was said and not taken back, in order."""
    with Workspace.open(home, models=FakeModels()) as ws:
        return [past.judgement for past in ws.labels.history() if not past.undone]


def tokens(home: Path) -> list[str]:
    """The token of every verdict and skip that is kept, taken back or not."""
    found = []
    with closing(sqlite3.connect(home / "skillrouter.db")) as database:
        for table in ("judgements", "label_skips"):
            found += [
                token for (token,) in database.execute(f"select token from {table} order by id")
            ]
    return found


# ---------------------------------------------------------------------- an hour of an annotator


def test_sixty_pairs_by_keyboard_alone(window: Visit, label_home: Path) -> None:
    page = opened(window)
    sent = [(press(page, key), key) for key in ("3210T"[number % 5] for number in range(60))]
    saved(page)
    kept = verdicts(label_home)
    grades = {"3": 3, "2": 2, "1": 1, "0": 0, "T": None}
    assert [each.grade for each in kept] == [grades[key] for _, key in sent]
    assert tokens(label_home) == [token for token, _ in sent]
    once = [(each.query_text, each.skill_id) for each in kept if each.origin != "repeat"]
    assert len(set(once)) == len(once) > 50
    assert all(each.seconds is not None and each.seconds > 0 for each in kept)
    expect(page.locator(".desk .progress")).to_contain_text("60 today")


def test_keys_do_nothing_while_somebody_types(window: Visit, label_home: Path) -> None:
    page = opened(window)
    before = pair(page)
    page.keyboard.press("m")
    page.keyboard.type("3 tests, but sun 0120 vh?")
    page.get_by_role("combobox", name="All sets").click()
    page.keyboard.type("3t")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="as ").first.click()
    page.get_by_role("textbox", name="Your name").press("3")
    assert pair(page) == before
    assert page.get_by_label("Note (M)").input_value() == "3 tests, but sun 0120 vh?"
    page.keyboard.press("Escape")
    page.locator(".desk .query").click()
    press(page, "2")
    saved(page)
    (kept,) = verdicts(label_home)
    assert (kept.grade, kept.note) == (2, "3 tests, but sun 0120 vh?")


def test_held_key_and_keys_of_the_browser_judge_nothing(window: Visit, label_home: Path) -> None:
    page = opened(window)
    before = pair(page)
    for chord in ("Control+3", "Alt+2", "Meta+1"):
        page.keyboard.press(chord)
    assert pair(page) == before
    page.wait_for_timeout(100)
    for _ in range(6):
        page.keyboard.down("3")  # without an up between them these are repeats
    page.keyboard.up("3")
    saved(page)
    assert len(verdicts(label_home)) == 1


# ---------------------------------------------------------------------- nothing lost or doubled


def test_kill_9_of_the_server_loses_and_doubles_nothing(label_home: Path, visit: Start) -> None:
    port = free_port()
    server = server_of(label_home, port)
    window = visit(f"http://localhost:{port}")
    page = opened(window)
    sent = [press(page, key) for key in "321"]
    saved(page)  # so that the browser has pairs in hand
    sent.append(press(page, "0"))
    server.kill()
    server.wait()
    sent += [press(page, key) for key in "1S"]
    page.keyboard.press("m")
    page.keyboard.type("half a thought")
    expect(page.locator(".desk .state")).to_contain_text("kept in this browser")
    drafted = pair(page)
    server = server_of(label_home, port)
    try:
        saved(page)
        kept = tokens(label_home)
        assert len(kept) == len(set(kept)) == len(sent)
        # A skip has a name of its own: the pair comes once more, and may be graded then.
        assert set(sent[:-1]) <= set(kept)
        assert pair(page) == drafted
        page.reload()
        page.locator(".desk .skill h3").wait_for()
        while pair(page) != drafted:
            press(page, "n")
        assert page.get_by_label("Note (M)").input_value() == "half a thought"
        assert tokens(label_home) == kept
    finally:
        server.kill()
        server.wait()


def test_what_a_closed_tab_had_not_sent_is_sent_by_the_next(label_home: Path, visit: Start) -> None:
    port = free_port()
    server = server_of(label_home, port)
    window = visit(f"http://localhost:{port}")
    page = opened(window)
    server.kill()
    server.wait()
    sent = [press(page, key) for key in "320"]
    context = page.context
    page.close()
    assert tokens(label_home) == []
    server = server_of(label_home, port)
    try:
        window.page = context.new_page()
        saved(opened(window))
        expect(window.page.locator(".desk .progress")).to_contain_text("3 today")
        assert tokens(label_home) == sent
    finally:
        server.kill()
        server.wait()


def test_one_pair_graded_in_two_tabs_counts_once(window: Visit, label_home: Path) -> None:
    one = opened(window)
    window.page = one.context.new_page()
    two = opened(window)
    assert pair(one) == pair(two)
    first = [press(one, "3"), press(one, "2")]
    assert [press(two, "3")] == first[:1]
    saved(one)
    saved(two)
    press(two, "1") if pair(two) not in first else press(two, "n")
    saved(two)
    kept = tokens(label_home)
    assert len(kept) == len(set(kept))
    pairs = [(each.query_text, each.skill_id) for each in verdicts(label_home)]
    assert len(pairs) == len(set(pairs))


def test_undo_of_the_last_and_of_any_after_a_reload(window: Visit, label_home: Path) -> None:
    page = opened(window)
    sent = [press(page, key) for key in "321"]
    saved(page)
    page.keyboard.press("u")
    expect(page.locator(".desk")).to_have_attribute("data-pair", sent[2])
    press(page, "0")
    saved(page)
    assert [each.grade for each in verdicts(label_home)] == [3, 2, 0]
    page.reload()
    page.locator(".desk .skill h3").wait_for()
    page.keyboard.press("Shift+U")
    rows = page.get_by_role("dialog").get_by_role("listitem")
    expect(rows).to_have_count(4)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    saved(page)
    grades = [each.grade for each in verdicts(label_home)]
    assert len(grades) == 2
    assert 0 in grades
    # The pair that was taken back is on the screen again, and may be graded anew.
    page.wait_for_timeout(100)
    press(page, "T")
    saved(page)
    assert None in [each.grade for each in verdicts(label_home)]


def test_skip_comes_once_more_and_can_be_taken_back(window: Visit, label_home: Path) -> None:
    page = opened(window)
    skipped = press(page, "s")
    saved(page)
    page.keyboard.press("u")
    expect(page.locator(".desk")).to_have_attribute("data-pair", skipped)
    press(page, "3")
    saved(page)
    assert [each.grade for each in verdicts(label_home)] == [3]


# ---------------------------------------------------------------------- what is seen


def test_blind_until_graded_unless_asked_otherwise(window: Visit) -> None:
    page = opened(window)
    facts = page.locator(".desk .facts")
    expect(facts).to_have_count(0)
    press(page, "s")
    page.keyboard.press("p")
    expect(facts).to_have_count(0)
    page.keyboard.press("n")
    press(page, "2")
    page.keyboard.press("p")
    expect(facts).to_contain_text("stage 1")
    expect(page.get_by_role("button", name="useful")).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("stWidgetLabel").get_by_text("Blind").click()
    page.wait_for_url("**blind=false**")
    page.reload()
    expect(facts).to_contain_text("stage 1")


def test_list_of_a_requests_candidates(window: Visit, label_home: Path) -> None:
    page = opened(window)
    page.keyboard.press("v")
    page.wait_for_function("['view=list', 'query='].every(part => location.search.includes(part))")
    rows = page.get_by_role("list", name="Candidates").get_by_role("button")
    expect(rows).to_have_count(20)
    query = page.locator(".desk .query").inner_text()
    for number in range(19):
        press(page, "3210"[number % 4])
    page.wait_for_timeout(100)
    page.keyboard.press("1")
    expect(page.locator(".desk .message")).to_contain_text("N opens the next request")
    saved(page)
    kept = verdicts(label_home)
    assert {each.query_text for each in kept} == {query}
    assert len({each.skill_id for each in kept}) == len(kept) == 20
    page.keyboard.press("n")
    expect(page.locator(".desk .query")).not_to_have_text(query)
    expect(rows).to_have_count(20)
    page.go_back()
    page.keyboard.press("v")
    expect(rows).to_have_count(0)


def test_the_next_request_opens_while_a_verdict_is_under_way(
    window: Visit, label_home: Path
) -> None:
    page = opened(window, "label?set=team&view=list")
    expect(page.get_by_role("list", name="Candidates").get_by_role("button")).to_have_count(20)
    query = page.locator(".desk .query").inner_text()
    page.wait_for_timeout(100)
    page.keyboard.press("2")
    page.keyboard.press("Shift+N")  # before the server can have answered
    expect(page.locator(".desk .query")).not_to_have_text(query)
    saved(page)
    assert [each.query_text for each in verdicts(label_home)] == [query]


def test_everything_works_without_keys(window: Visit, label_home: Path) -> None:
    page = opened(window)
    for name, grade in (("right", 3), ("useful", 2), ("related", 1), ("wrong", 0)):
        before = pair(page)
        page.wait_for_timeout(100)
        page.get_by_role("button", name=name).click()
        expect(page.locator(".desk")).not_to_have_attribute("data-pair", before)
        saved(page)
        assert verdicts(label_home)[-1].grade == grade
    page.get_by_role("button", name="Undo").click()
    saved(page)
    assert len(verdicts(label_home)) == 3
    page.get_by_role("button", name="Open the body").click()
    expect(page.get_by_role("button", name="Close the body")).to_have_attribute(
        "aria-expanded", "true"
    )
    page.get_by_role("button", name="Keys").click()
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("take the last verdict back")
    page.get_by_role("button", name="Close (Esc)").click()
    assert page.get_by_role("toolbar", name="Verdict").get_by_role("button").count() == 13
    assert page.get_by_role("region", name="Labelling").count() == 1


def test_hostile_texts_are_text(window: Visit) -> None:
    page = opened(window, "label?strategy=catalog&catalog=mine&blind=false")
    found = set()
    for _ in range(14):
        if page.locator(".desk .skill h3").inner_text().startswith("<script>"):
            found.add("skill")
        if page.locator(".desk .query").inner_text().startswith("<script>"):
            found.add("request")
        page.keyboard.press("b")
        desk = page.locator(".desk")
        for selector in ("img", "script", "a[href*='evil.example']", "a[href*='javascript']", "b"):
            inside = desk.locator(f".panes {selector}")
            assert inside.count() == 0, selector
        press(page, "n")
    window.open(f"label?strategy=query&query={quote(HOSTILE)}&view=list")
    expect(page.locator(".desk .query")).to_contain_text("<b>bold</b>")
    expect(page.get_by_role("list", name="Candidates")).to_contain_text("<script>")
    assert page.locator(".panes :is(img, script, b)").count() == 0
    assert page.evaluate("window.hacked") is None


def test_deep_link_opened_first_after_a_server_start(label_home: Path, visit: Start) -> None:
    with serving(label_home) as base:
        window = visit(base)
        refused: list[str] = []
        page = window.page
        page.on("console", lambda line: refused.append(line.text) if CSP in line.text else None)
        opened(window, "label?strategy=random&set=team&view=list")
        window.sees(QUESTION)
        assert "strategy=random" in page.url
        assert "Label" in page.get_by_test_id("stTopNavLink").all_inner_texts()
        assert refused == []
