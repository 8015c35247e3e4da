"""Agreement over a real database: what changes with a verdict, a settlement, an undo."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from skillrouter_core.errors import NotFoundError
from skillrouter_core.labelling.agreement import TOO_FEW
from skillrouter_core.labelling.agreement_report import agreement_report
from skillrouter_core.records import NewJudgement
from skillrouter_core.workspace import Workspace
from tests.label_records import said

QUERY = "merge my files"
PDF, POD = "mine/pdf", "mine/pod"


def write(folder: Path, name: str, body: str) -> None:
    path = folder / name / "SKILL.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\nname: {name}\ndescription: Merge {name} files.\n---\n{body}\n")


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    for name in ("pdf", "pod"):
        write(tmp_path / "skills", name, f"How to merge {name}.")
    with Workspace.open(tmp_path / "home") as opened:
        opened.catalogs.sync(str(tmp_path / "skills"), "mine")
        yield opened


def test_nothing_said(ws: Workspace) -> None:
    assert ws.agreement.consensus() == ()
    assert ws.agreement.conflicts() == ()
    assert ws.agreement.drift() == ()
    assert ws.agreement.report().alpha.reason == TOO_FEW
    found = ws.agreement.progress()
    assert (found.all.verdicts, found.pairs, found.people, found.suites) == (0, 0, (), ())
    assert len(found.hours) == 12
    assert ws.agreement.coverage() is None


def test_what_is_kept_changes_with_every_word(ws: Workspace) -> None:
    ws.labels.judge(QUERY, PDF, 3, "ada")
    (agreed,) = ws.agreement.consensus()
    assert (agreed.grade, agreed.judges, agreed.contested) == (3, ("ada",), False)
    wrong = ws.labels.judge(QUERY, PDF, 0, "bob")
    (agreed,) = ws.agreement.consensus()
    assert (agreed.grade, agreed.judges, agreed.contested) == (1, ("ada", "bob"), True)
    (conflict,) = ws.agreement.conflicts()
    settled = ws.labels.settle(QUERY, PDF, 2, "cyn", content_hash=conflict.content_hash)
    (agreed,) = ws.agreement.consensus()
    assert (agreed.grade, agreed.settled, agreed.contested) == (2, True, False)
    assert ws.agreement.conflicts()[0].settlement == settled
    ws.labels.undo_settlement(settled.settlement_id, "cyn")
    assert ws.agreement.conflicts()[0].settlement is None
    ws.labels.undo(wrong.judgement_id)
    assert ws.agreement.conflicts() == ()
    assert ws.agreement.consensus()[0].grade == 3


def test_the_same_answer_is_kept_while_nothing_is_said(ws: Workspace) -> None:
    ws.labels.judge(QUERY, PDF, 3, "ada")
    assert ws.agreement.consensus() is ws.agreement.consensus()
    assert ws.agreement.report() is ws.agreement.report()


def test_settling_leaves_what_depends_on_verdicts_alone(ws: Workspace) -> None:
    ws.labels.judge(QUERY, PDF, 3, "ada")
    gone = ws.labels.judge(QUERY, PDF, 0, "bob")
    report, drift = ws.agreement.report(), ws.agreement.drift()
    ws.labels.settle(QUERY, PDF, 2, "cyn")
    assert ws.agreement.report() is report
    assert ws.agreement.drift() is drift
    assert ws.agreement.consensus()[0].settled
    ws.labels.undo(gone.judgement_id)
    assert ws.agreement.report().annotators == ("ada",)


def test_verdict_of_another_process_is_seen(ws: Workspace) -> None:
    ws.labels.judge(QUERY, PDF, 3, "ada")
    assert len(ws.agreement.consensus()) == 1
    with Workspace.open(ws.home) as other:
        other.labels.judge(QUERY, POD, 0, "bob")
    assert len(ws.agreement.consensus()) == 2


def test_judged_text_outlives_a_change_and_the_skill(ws: Workspace, tmp_path: Path) -> None:
    ws.labels.judge(QUERY, PDF, 3, "ada")
    (agreed,) = ws.agreement.consensus()
    text = ws.agreement.judged_text(agreed)
    assert (text.skill.skill_id, text.present, text.changed) == (PDF, True, False)
    write(tmp_path / "skills", "pdf", "Something else.")
    ws.catalogs.sync(str(tmp_path / "skills"), "mine")
    text = ws.agreement.judged_text(agreed)
    assert (text.present, text.changed) == (True, True)
    assert text.skill.body.strip() == "How to merge pdf."
    (tmp_path / "skills" / "pdf" / "SKILL.md").unlink()
    ws.catalogs.sync(str(tmp_path / "skills"), "mine")
    text = ws.agreement.judged_text(agreed)
    assert (text.present, text.changed, text.skill.name) == (False, False, "pdf")


def test_text_never_seen_is_refused(ws: Workspace) -> None:
    ws.labels.judge(QUERY, PDF, 3, "ada")
    ws.labels.judge(QUERY, PDF, 0, "bob")
    (conflict,) = ws.agreement.conflicts()
    unseen = type(conflict)(QUERY, PDF, "0" * 64, conflict.verdicts, (), True, None)
    with pytest.raises(NotFoundError):
        ws.agreement.judged_text(unseen)


def test_no_evidence_before_the_first_index(ws: Workspace) -> None:
    assert ws.agreement.evidence(QUERY, ws.catalogs.skill(PDF)) == ()


def test_progress_and_drift_from_what_was_said(ws: Workspace) -> None:
    ws.labels.save_query(QUERY, "mine")
    ws.labels.save_query("something else", "mine")
    now = datetime.now(UTC)
    before = now - timedelta(days=2)
    ws.labels.add_judgements(
        [
            NewJudgement(QUERY, PDF, 1, "ada", created_at=before, seconds=10),
            NewJudgement(QUERY, POD, 0, "ada", created_at=before, seconds=8),
        ]
    )
    ws.labels.judge(QUERY, PDF, 2, "ada", seconds=6)
    ws.labels.judge(QUERY, PDF, None, "bob")
    ws.labels.undo(ws.labels.judge(QUERY, POD, 3, "bob").judgement_id, "bob")
    found = ws.agreement.progress(now + timedelta(seconds=5))
    assert (found.all.verdicts, found.all.seconds) == (4, 24)
    assert (found.pairs, found.doubled, found.balance) == (2, 1, (1, 0, 1, 0, 0))
    assert [(one.suite, one.queries, one.judged) for one in found.suites] == [("mine", 2, 1)]
    assert [(one.annotator, one.taken_back) for one in found.people] == [("ada", 0), ("bob", 1)]
    (drift,) = ws.agreement.drift()
    assert (drift.annotator, drift.repeats, drift.equal, drift.change) == ("ada", 1, 0, 1)


# ------------------------------------------------------------------ every two people


def test_twos_have_their_own_alpha_and_direction() -> None:
    judgements = [
        *(said("ada", grade, skill=f"s{at}") for at, grade in enumerate((0, 1, 2, 3, 1, 0))),
        *(said("bob", grade, skill=f"s{at}") for at, grade in enumerate((1, 2, 3, 3, 1))),
        *(said("cyn", grade, skill=f"s{at}") for at, grade in enumerate((0, None))),
    ]
    report = agreement_report(judgements)
    assert report.annotators == ("ada", "bob", "cyn")
    assert (report.verdicts, report.unsure, report.people_left_out) == (13, 1, 0)
    first = report.people[0]
    assert (first.one, first.other, first.alpha.pairs) == ("ada", "bob", 5)
    assert first.equal == pytest.approx(2 / 5)
    assert first.difference == pytest.approx(3 / 5)
    assert [one.alpha.reason for one in report.people[1:]] == [TOO_FEW, TOO_FEW]
    assert sum(map(sum, report.meetings)) == 7
    assert report.meetings[0] == (1, 2, 0, 0)


def test_twos_beyond_the_cap_are_counted() -> None:
    judgements = [said(name, 1) for name in "abcd"]
    report = agreement_report(judgements, most_twos=2)
    assert (len(report.people), report.people_left_out) == (2, 4)
