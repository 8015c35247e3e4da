"""The page for agreement, drawn over a real workspace in which people disagree."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.common.agreement.state import pair_name
from pages.common.agreement.words import alpha_words, number, rate, span, trust
from skillrouter_core.records import NewJudgement, Split
from skillrouter_core.records.agreement import Alpha, Pace
from skillrouter_core.workspace import Workspace
from tests.pages.conftest import HOSTILE, ROOT, SECONDS, Studio, texts

MERGE = "merge pdf files"
RESTART = "why does my pod restart"
PDF, SPLIT = "mine/documents/pdf-merge", "mine/documents/pdf-split"
POD, MINUTES = "mine/devops/pod-restarts", "mine/writing/minutes"
ME = "cyn"
GRADED = {
    (MERGE, PDF): (3, 3),
    (MERGE, SPLIT): (1, 2),  # one says useful, the other does not
    (MERGE, MINUTES): (0, 1),  # mild
    (RESTART, POD): (3, 0),
    (RESTART, PDF): (0, 0),
}
WORST, NEXT = pair_name(RESTART, POD), pair_name(MERGE, SPLIT)


@pytest.fixture
def judged(studio: Studio) -> Studio:
    """Two people graded five pairs; two of them are conflicts and one is a mild difference."""
    studio.fill()
    studio.ws.labels.save_query(MERGE, "pdf")
    for (query, skill_id), grades in GRADED.items():
        for name, grade in zip(("ada", "bob"), grades, strict=True):
            note = "wrong tool" if grade == 0 else ""
            studio.ws.labels.judge(query, skill_id, grade, name, seconds=6, note=note)
    return studio


def opened(studio: Studio, **address: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=SECONDS)
    at.switch_page("agreement.py")
    at.session_state["annotator"] = ME
    for name, value in address.items():
        at.query_params[name] = value
    return at.run()


def press(at: AppTest, key: str) -> AppTest:
    return at.button(key=key).click().run()


def table(at: AppTest, label: str) -> list[list]:
    """The rows of the table whose label begins so; a cell with a bar as its text."""
    found = (json.loads(each.proto.json) for each in at.get("bidi_component"))
    rows = next(data["rows"] for data in found if data.get("label", "").startswith(label))
    return [[cell["text"] if isinstance(cell, dict) else cell for cell in row] for row in rows]


def settled(ws: Workspace) -> list[tuple[str, int | None, str, str]]:
    return [(one.skill_id, one.grade, one.author, one.note) for one in ws.labels.settlements()]


# ------------------------------------------------------------------ nothing there yet


def test_empty_workspace_offers_the_demo(studio: Studio) -> None:
    assert "There is no skill in this workspace yet." in texts(opened(studio))


def test_no_verdict_says_what_to_do(studio: Studio) -> None:
    studio.fill(index=False)
    assert "Nobody has graded anything yet." in texts(opened(studio))


def test_one_opinion_says_what_to_do(studio: Studio) -> None:
    studio.fill(index=False)
    for skill_id in (PDF, SPLIT):
        studio.ws.labels.judge(MERGE, skill_id, 2, "ada")
    at = opened(studio)
    assert "Nobody can tell yet:" in texts(at)
    assert "2 verdicts by 1 person, and no pair was graded by two." in texts(at)
    assert "No two people graded a pair differently." in "".join(
        each.value for each in opened(studio, show="conflicts").success
    )
    assert "Nobody has judged a pair twice yet." in texts(opened(studio, show="drift"))
    said = texts(opened(studio, show="progress"))
    assert "2 verdicts by 1 person on 2 pairs, 0 of them by two people or more" in said


# ------------------------------------------------------------------ agreement


def test_agreement_in_figures(judged: Studio) -> None:
    at = opened(judged)
    found = judged.ws.agreement.report().alpha
    assert alpha_words(found) in texts(at)
    assert "2 conflicts to settle" in texts(at)
    (everybody,) = table(at, "Agreement of everybody")
    assert everybody[2] == "5"
    assert everybody[3].startswith(number(found.value))
    assert everybody[4] == "40%"
    assert table(at, "How often each grade met")[0][1:] == ["1", "1", "0", "1"]
    assert "5 pairs are few" in texts(at)


def test_every_two_people_have_a_line(judged: Studio) -> None:
    for query, skill_id in GRADED:
        judged.ws.labels.judge(query, skill_id, 3, "dan")
    rows = table(opened(judged), "Agreement of everybody")
    assert [row[:2] for row in rows] == [
        ["everybody", ""],
        ["ada", "bob"],
        ["ada", "dan"],
        ["bob", "dan"],
    ]
    assert rows[2][5] == "+1.60"


@pytest.mark.parametrize(
    ("low", "value", "high", "word"),
    [
        (0.81, 0.85, 0.9, "**Yes.**"),
        (0.7, 0.82, 0.9, "**With care.**"),
        (0.6, 0.7, 0.8, "**Not proven.**"),
        (0.3, 0.4, 0.5, "**No.**"),
    ],
)
def test_answer_follows_the_whole_interval(
    low: float, value: float, high: float, word: str
) -> None:
    assert trust(Alpha(value, low, high, 100, 200)).startswith(word)


def test_short_numbers() -> None:
    assert (number(-0.25), number(-0.001), number(0.5, sign=True)) == ("−0.25", "0.00", "+0.50")
    assert (span(48), span(720), span(9000)) == ("48 s", "12 min", "2.5 h")
    assert (rate(Pace(9, 4, 36)), rate(Pace(9))) == ("400", "–")


# ------------------------------------------------------------------ conflicts


def test_worst_conflict_is_open_with_who_said_what_and_both_texts(judged: Studio) -> None:
    at = opened(judged, show="conflicts")
    assert at.query_params["pair"] == WORST
    rows = table(at, "Conflicts")
    assert rows == [[RESTART, POD, "3 0"], [MERGE, SPLIT, "1 2"]]
    said = texts(at)
    assert "**3 right** :small[:gray[ada, " in said
    assert "**0 wrong** :small[:gray[bob, " in said
    assert "“wrong tool”" in said
    assert "Find out why a pod restarts." in said
    assert "Read the last state" in said
    assert f"query]]  \n{RESTART}" in said
    assert "yellow-background[pod]" in said


@pytest.mark.parametrize(
    ("key", "grade", "word"),
    [("3", 3, "3 right"), ("2", 2, "2 useful"), ("1", 1, "1 related"), ("0", 0, "0 wrong")],
)
def test_key_settles_and_goes_on(judged: Studio, key: str, grade: int, word: str) -> None:
    at = press(opened(judged, show="conflicts"), f"settle {key}")
    assert settled(judged.ws) == [(POD, grade, ME, "")]
    assert f"pod-restarts is {word}" in at.toast[0].value.replace("\\", "")
    assert at.query_params["pair"] == NEXT
    assert "1 conflict to settle" in texts(at)


def test_whole_list_is_settled_and_looked_at_again(judged: Studio) -> None:
    at = press(press(opened(judged, show="conflicts"), "settle T"), "settle 1")
    assert settled(judged.ws) == [(POD, None, ME, ""), (SPLIT, 1, ME, "")]
    assert "Every conflict is settled." in at.success[0].value
    assert "pair" not in at.query_params
    at = opened(judged, show="conflicts", state="settled")
    assert "Settled: **can't tell**" in texts(at)
    at = press(at, "reopen")
    assert settled(judged.ws) == [(SPLIT, 1, ME, "")]
    assert at.query_params["pair"] == WORST
    assert "It is not among the conflicts listed." in texts(at)


def test_mild_differences_have_their_own_list(judged: Studio) -> None:
    at = opened(judged, show="conflicts", state="mild")
    assert table(at, "Conflicts") == [[MERGE, MINUTES, "0 1"]]


def test_undo_takes_back_the_last_with_its_note_and_returns(judged: Studio) -> None:
    at = opened(judged, show="conflicts", why="agreed by phone")
    at = press(at, "settle 2")
    assert settled(judged.ws) == [(POD, 2, ME, "agreed by phone")]
    assert at.text_input(key="why").value == ""
    at = press(at, "undo")
    assert settled(judged.ws) == []
    assert at.query_params["pair"] == WORST
    assert at.text_input(key="why").value == "agreed by phone"


def test_undo_leaves_the_settlements_of_others_alone(judged: Studio) -> None:
    judged.ws.labels.settle(RESTART, POD, 1, "eve")
    at = press(opened(judged, show="conflicts"), "undo")
    assert settled(judged.ws) == [(POD, 1, "eve", "")]
    assert "nothing that could be undone" in at.toast[0].value


def test_moves_go_around_and_notes_stay_with_their_conflict(judged: Studio) -> None:
    at = opened(judged, show="conflicts")
    at = at.text_input(key="why").set_value("ask ada").run()
    at = press(at, "go N")
    assert at.query_params["pair"] == NEXT
    assert at.text_input(key="why").value == ""
    at = press(at, "go N")
    assert at.query_params["pair"] == WORST
    assert at.text_input(key="why").value == "ask ada"
    assert press(at, "go P").query_params["pair"] == NEXT
    assert settled(judged.ws) == []


def test_key_pressed_before_the_next_is_drawn_settles_nothing(judged: Studio) -> None:
    at = opened(judged, show="conflicts")
    at.session_state["pair"] = NEXT  # where the first press has moved on to
    at = press(at, "settle 3")
    assert settled(judged.ws) == []
    assert "not drawn yet" in at.toast[0].value


def test_conflicts_can_be_narrowed_to_a_person(judged: Studio) -> None:
    judged.ws.labels.judge(MERGE, PDF, 0, "dan")
    at = opened(judged, show="conflicts", who="dan")
    assert [row[1] for row in table(at, "Conflicts")] == [PDF]


def test_what_changed_since_the_verdicts_is_said(judged: Studio) -> None:
    name, description, _ = "Pod restarts", "Find out why.", ""
    judged.write("devops/pod-restarts", name, description, "Quite another text.")
    judged.sync(index=False)
    at = opened(judged, show="conflicts", pair=WORST)
    assert "The skill has another text by now" in texts(at)
    assert "Read the last state" in texts(at)
    press(at, "settle 1")
    (one,) = [each for each in judged.ws.agreement.consensus() if each.settled]
    assert (one.grade, one.skill_id, one.judges) == (1, POD, ("ada", "bob"))
    (judged.source / "devops" / "pod-restarts" / "SKILL.md").unlink()
    judged.sync(index=False)
    at = opened(judged, show="conflicts", state="settled", pair=WORST)
    assert "This skill left its catalog" in texts(at)


def test_verdicts_on_an_earlier_text_are_counted_apart(judged: Studio) -> None:
    judged.write("documents/pdf-split", "PDF split", "Cut files.", "Quite another text.")
    judged.sync(index=False)
    for name, grade in (("dan", 0), ("eve", 3)):
        judged.ws.labels.judge(MERGE, SPLIT, grade, name)
    at = opened(judged, show="conflicts", pair=NEXT)
    assert "2 verdicts on an earlier text no longer count." in texts(at)


# ------------------------------------------------------------------ progress, coverage, drift


def test_progress_in_figures(judged: Studio) -> None:
    judged.ws.labels.undo(judged.ws.labels.judge(RESTART, PDF, None, "bob").judgement_id, "bob")
    at = opened(judged, show="progress")
    assert "10 verdicts in 1 min of active time (600 an hour)" in texts(at)
    assert "on 5 pairs, 5 of them by two people or more; 2 to settle, 0 settled." in texts(at)
    assert table(at, "Verdicts by the hour")[-1][1:] == ["10", "600", "2"]
    assert [row[1] for row in table(at, "Pairs by grade")] == [
        "1 (20%)",
        "0 (0%)",
        "2 (40%)",
        "2 (40%)",
        "0 (0%)",
    ]
    people = table(at, "What each person said")
    assert people[1][:8] == ["bob", "5", "5", "600", "6.0 s", "1 / 1 / 1 / 2", "0", "1"]
    held_out = str(int(judged.ws.labels.split(MERGE) is Split.HELD_OUT))
    assert table(at, "Query sets") == [["pdf", "1", held_out, "1 (100%)", "3", "6"]]
    assert "There is no map yet" in texts(at)


def test_coverage_of_the_clusters(judged: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = tuple(sorted(judged.ws.catalogs.hashes()))
    monkeypatch.setattr(judged.ws.map, "load", lambda profile: _map(ids))
    at = opened(judged, show="progress")
    assert table(at, "Clusters") == [
        ["files", "2", "2 (100%)", "3", "1"],
        ["in no cluster", "2", "2 (100%)", "2", "0"],
    ]
    assert "4 of 4 skills have a verdict; 0 of 2 clusters have none." in texts(at)


def _map(ids: tuple[str, ...]) -> object:
    """A map made by hand: the real layout would take half a minute."""
    from skillrouter_core.records.maps import CatalogMap, Cluster, Level

    numbers = np.array([0 if "pdf" in one else -1 for one in ids], dtype=np.int16)
    files = Cluster(Level.COARSE, 0, "files", (), 2, (0, 0), (0, 0, 0, 0), 0)
    xy = np.zeros((len(ids), 2), dtype=np.float32)
    return CatalogMap(ids, ids, xy, None, numbers, numbers, (files,), None, 0, "v", 0, "")


def test_drift_in_figures(judged: Studio) -> None:
    before = datetime.now(UTC) - timedelta(days=1)
    rows = [
        NewJudgement(MERGE, PDF, 2, "ada", created_at=before),
        NewJudgement(MERGE, SPLIT, 1, "ada", created_at=before),
        NewJudgement(MERGE, MINUTES, None, "ada", created_at=before),
    ]
    judged.ws.labels.add_judgements(rows)
    at = opened(judged, show="drift")
    assert "**2 repeats**" in texts(at)
    assert "1 repeat with a “can't tell” left out." in texts(at)
    assert table(at, "Repeats by person") == [
        ["ada", "2", "50% (0% to 100%)", "+0.50 (0.00 to +1.00)", "no drift seen"]
    ]
    assert [row[2:] for row in table(at, "Over time")] == [["2", "50%", "+0.50"]]


# ------------------------------------------------------------------ strangers' text


def test_hostile_text_stays_text(studio: Studio) -> None:
    studio.write("evil/one", HOSTILE, HOSTILE, f"{HOSTILE}\n" * 3)
    studio.sync()
    for name, grade in ((HOSTILE, 3), ("bob", 0)):
        studio.ws.labels.judge(HOSTILE, "mine/evil/one", grade, name, note=HOSTILE)
    for show in ("agreement", "conflicts", "progress", "drift"):
        at = opened(studio, show=show, why=HOSTILE)
        texts(at)
        assert not any(each.allow_html for each in at.markdown)
        assert ":red[no]" not in "\n".join(each.value for each in at.markdown)
    press(opened(studio, show="conflicts", why=HOSTILE), "settle 1")
    assert settled(studio.ws) == [("mine/evil/one", 1, ME, HOSTILE)]
