"""Near-copies in a workspace: scans, groups, decisions that survive, what a merge does."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from skillrouter_core.dedup import GroupStatus
from skillrouter_core.errors import (
    Cancelled,
    IndexNotReadyError,
    ModelError,
    NotFoundError,
    UsageError,
)
from skillrouter_core.kinds import function_of
from skillrouter_core.progress import Progress, silent
from skillrouter_core.records import Choice, Layer, Skill, Thresholds, Verdict
from skillrouter_core.rerank import FloatVector
from skillrouter_core.workspace import Workspace
from skillrouter_core.workspace.answers import load_answers
from skillrouter_core.workspace.scans import NO_VECTORS
from tests.fakes import FakeModels, OverlapReranker
from tests.near_copies import BREAD, SHIP, TAX
from tests.stores import BACKENDS, database_url, scan


def skill(skill_id: str, body: str, description: str = "") -> Skill:
    name = skill_id.rsplit("/", 1)[-1]
    path = f"{skill_id.partition('/')[2]}/SKILL.md"
    return Skill(skill_id, name, description or f"About {name}.", body, source="/a", path=path)


SKILLS = (
    skill("a/bread", BREAD, "Bake a loaf of sourdough bread with a starter of your own."),
    skill("a/loaf", f"{BREAD} Let it cool."),
    skill("a/baking", f"{BREAD} Eat it."),
    skill("a/ship", SHIP),
    skill("a/rollout", f"{SHIP} Tell the team."),
    skill("a/tax", TAX),
)


@pytest.fixture
def models() -> FakeModels:
    return FakeModels()


@pytest.fixture(params=BACKENDS)
def ws(request: pytest.FixtureRequest, tmp_path: Path, models: FakeModels) -> Iterator[Workspace]:
    with (
        database_url(request.param, tmp_path) as url,
        Workspace.open(tmp_path / "home", url, models=models) as opened,
    ):
        store(opened, SKILLS)
        yield opened


def store(ws: Workspace, skills: Sequence[Skill], name: str = "a") -> None:
    ws.catalogs.store(scan(*skills, name=name, source=f"/{name}"))


def members(ws: Workspace, **limits: float) -> list[tuple[str, ...]]:
    """Return the groups' members as folders, the keeper first."""
    view = ws.duplicates.groups(Thresholds(**limits))
    return [
        tuple(view.scan.ids[row].partition("/")[2] for row in group.members)
        for group in view.grouping.groups
    ]


def status_of(ws: Workspace, skill_id: str) -> GroupStatus:
    return ws.duplicates.group(skill_id).status


# --------------------------------------------------------------------------- scans


def test_before_the_first_scan_groups_say_what_to_run(ws: Workspace) -> None:
    assert ws.duplicates.version() == ""
    assert ws.duplicates.load() is None
    assert ws.duplicates.stale()
    with pytest.raises(IndexNotReadyError, match="skillrouter dedup"):
        ws.duplicates.groups()


def test_without_an_index_texts_and_names_are_compared(ws: Workspace) -> None:
    found = ws.duplicates.scan()
    assert NO_VECTORS in found.notes
    assert members(ws) == [("bread", "baking", "loaf"), ("rollout", "ship")]
    assert all(pair.cosine is None for pair in ws.duplicates.group("a/ship").pairs)


def test_scan_takes_the_vectors_of_the_published_index(ws: Workspace, models: FakeModels) -> None:
    ws.indexing.build()
    models.encoder_fake.encoded = 0
    assert ws.duplicates.scan().notes == ()
    assert models.encoder_fake.encoded == 0
    (pair,) = ws.duplicates.group("a/ship").pairs
    assert (pair.a, pair.b) == ("a/rollout", "a/ship")
    assert pair.cosine is not None
    assert pair.cosine > 0.9
    assert pair.layers(Thresholds()) == (Layer.TEXT, Layer.EMBEDDING)


def test_skill_without_a_vector_has_no_cosine(ws: Workspace) -> None:
    ws.indexing.build()
    store(ws, [*SKILLS, skill("a/deploy", f"{SHIP} Be quick.")])
    found = ws.duplicates.scan()
    assert [note for note in found.notes if note.startswith("1 skills have no vector")]
    known = {(pair.a, pair.b): pair.cosine for pair in ws.duplicates.group("a/ship").pairs}
    assert known["a/rollout", "a/ship"] is not None
    assert known["a/deploy", "a/ship"] is None
    assert known["a/deploy", "a/rollout"] is None


def test_scan_is_stale_once_texts_or_vectors_change(ws: Workspace) -> None:
    ws.duplicates.scan()
    assert not ws.duplicates.stale()
    ws.indexing.build()
    assert ws.duplicates.stale()
    ws.duplicates.scan()
    assert not ws.duplicates.stale()
    store(ws, SKILLS[1:])
    assert ws.duplicates.stale()


def test_scan_that_was_stopped_leaves_the_one_before(ws: Workspace) -> None:
    ws.duplicates.scan()
    version = ws.duplicates.version()
    store(ws, SKILLS[:2])

    def stop(progress: Progress) -> None:
        raise Cancelled("stopped on request")

    with pytest.raises(Cancelled):
        ws.duplicates.scan(stop)
    assert ws.duplicates.version() == version
    assert ws.duplicates.stale()
    assert len(ws.duplicates.groups().scan.ids) == len(SKILLS)


def test_scan_killed_before_its_last_file_counts_as_stale(ws: Workspace) -> None:
    ws.duplicates.scan()
    (ws.home / "duplicates" / "compact" / "made-of.json").unlink()
    assert ws.duplicates.stale()
    assert members(ws)


def test_another_workspace_on_the_same_folder_sees_a_new_scan(ws: Workspace) -> None:
    ws.duplicates.scan()
    with Workspace.open(ws.home, ws.database_url) as other:
        before = other.duplicates.groups()
        store(ws, SKILLS[3:])
        ws.duplicates.scan()
        after = other.duplicates.groups()
    assert before.version != after.version
    assert len(after.grouping.groups) == 1


# --------------------------------------------------------------------------- groups


def test_thresholds_move_without_another_scan(ws: Workspace) -> None:
    ws.duplicates.scan()
    version = ws.duplicates.version()
    assert members(ws, jaccard=0.99) == []
    assert len(members(ws, jaccard=0.5)) == 2
    assert ws.duplicates.version() == version


def test_groups_are_kept_until_something_changes(ws: Workspace) -> None:
    ws.duplicates.scan()
    first = ws.duplicates.groups()
    assert ws.duplicates.groups() is first
    assert ws.duplicates.groups(Thresholds(0.7)) is not first
    assert ws.duplicates.groups() is first
    ws.duplicates.decide(Verdict.KEEP, "a/loaf", author="ann")
    second = ws.duplicates.groups()
    assert second is not first
    ws.labels.save_query("bake", expected=["a/baking"])
    assert ws.duplicates.groups() is not second


@pytest.mark.parametrize("limits", [Thresholds(0.1), Thresholds(cosine=0.5), Thresholds(1.1)])
def test_thresholds_outside_the_scan_are_refused(ws: Workspace, limits: Thresholds) -> None:
    ws.duplicates.scan()
    with pytest.raises(UsageError, match="choose a value"):
        ws.duplicates.groups(limits)


def test_keeper_is_the_one_with_most_to_say_and_the_reasons_tell(ws: Workspace) -> None:
    ws.duplicates.scan()
    detail = ws.duplicates.group("a/loaf")
    assert detail.group.keeper == "a/bread"
    assert [member.skill.skill_id for member in detail.members] == list(detail.group.members)
    assert any("description" in reason for reason in detail.group.reasons)
    assert {(pair.a, pair.b) for pair in detail.pairs} == {
        ("a/baking", "a/bread"),
        ("a/baking", "a/loaf"),
        ("a/bread", "a/loaf"),
    }


def test_saved_queries_speak_for_a_keeper(ws: Workspace) -> None:
    ws.duplicates.scan()
    ws.labels.save_query("a fresh loaf", expected=["a/loaf"])
    assert ws.duplicates.group("a/bread").group.keeper == "a/loaf"


@pytest.mark.parametrize("skill_id", ["a/tax", "a/nowhere"])
def test_skill_in_no_group_is_named(ws: Workspace, skill_id: str) -> None:
    ws.duplicates.scan()
    with pytest.raises(NotFoundError, match=skill_id):
        ws.duplicates.group(skill_id)


def test_members_are_shown_as_they_are_now(ws: Workspace) -> None:
    ws.duplicates.scan()
    store(ws, [replace(SKILLS[0], body="Buy it."), *SKILLS[2:]])
    detail = ws.duplicates.group("a/bread")
    by_id = {member.skill.skill_id: member for member in detail.members}
    assert by_id["a/bread"].skill.body == "Buy it."
    assert by_id["a/bread"].rescan
    assert not by_id["a/loaf"].present
    assert by_id["a/loaf"].skill.body == SKILLS[1].body
    assert by_id["a/baking"].present
    assert not by_id["a/baking"].rescan
    assert any("scan again" in note for note in detail.notes)


# --------------------------------------------------------------------------- decisions


def test_decision_names_the_texts_it_was_made_on(ws: Workspace) -> None:
    made = ws.duplicates.decide(
        Verdict.MERGE, "a/loaf", other_id="a/bread", note=" the same ", author=" ann "
    )
    assert made.content_hash == SKILLS[1].content_hash
    assert made.other_hash == SKILLS[0].content_hash
    assert (made.note, made.author) == ("the same", "ann")
    assert ws.duplicates.decisions() == (made,)
    assert ws.duplicates.last("ann") == made
    assert ws.duplicates.last("bob") is None


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice(Verdict.MERGE, "a/loaf"), "names no other skill"),
        (Choice(Verdict.DISTINCT, "a/loaf"), "names no other skill"),
        (Choice(Verdict.MERGE, "a/loaf", "a/loaf"), "same skill twice"),
        (Choice(Verdict.KEEP, "a/loaf", "a/bread"), "about one skill"),
        (Choice(Verdict.RETIRE, "a/loaf", "a/bread"), "about one skill"),
        (Choice(Verdict.KEEP, "a/loaf", note="x" * 10_001), "10001 characters"),
    ],
)
def test_decisions_that_mean_nothing_are_refused(ws: Workspace, choice: Choice, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ws.duplicates.decide_all([Choice(Verdict.KEEP, "a/bread"), choice], author="ann")
    assert ws.duplicates.decisions() == ()


@pytest.mark.parametrize("author", ["", "  ", "x" * 201])
def test_decisions_need_a_name(ws: Workspace, author: str) -> None:
    with pytest.raises(UsageError, match="author"):
        ws.duplicates.decide(Verdict.KEEP, "a/bread", author=author)


def test_unknown_skill_takes_the_whole_batch_down(ws: Workspace) -> None:
    choices = [Choice(Verdict.KEEP, "a/bread"), Choice(Verdict.RETIRE, "a/nowhere")]
    with pytest.raises(NotFoundError, match="a/nowhere"):
        ws.duplicates.decide_all(choices, author="ann")
    assert ws.duplicates.decisions() == ()


def test_group_is_decided_once_all_but_the_keeper_are(ws: Workspace) -> None:
    ws.duplicates.scan()
    assert status_of(ws, "a/bread") is GroupStatus.UNDECIDED
    ws.duplicates.decide(Verdict.SKIP, "a/loaf", author="ann")
    assert status_of(ws, "a/bread") is GroupStatus.SKIPPED
    ws.duplicates.decide(Verdict.MERGE, "a/loaf", other_id="a/bread", author="ann")
    ws.duplicates.decide(Verdict.RETIRE, "a/baking", author="bob")
    assert status_of(ws, "a/bread") is GroupStatus.DECIDED
    assert ws.duplicates.groups().open_groups == 1
    last = ws.duplicates.last("bob")
    assert last is not None
    ws.duplicates.undo(last.decision_id, "ann")
    assert status_of(ws, "a/bread") is GroupStatus.UNDECIDED


def test_distinct_skills_are_never_in_one_group(ws: Workspace) -> None:
    ws.duplicates.scan()
    ws.duplicates.decide(Verdict.DISTINCT, "a/rollout", other_id="a/ship", author="ann")
    assert members(ws) == [("bread", "baking", "loaf")]
    ws.duplicates.scan()
    assert members(ws) == [("bread", "baking", "loaf")]


def test_undo_all_takes_back_one_go(ws: Workspace) -> None:
    made = ws.duplicates.decide_all(
        [Choice(Verdict.KEEP, "a/bread"), Choice(Verdict.RETIRE, "a/loaf")], author="ann"
    )
    ws.duplicates.undo_all([one.decision_id for one in made], "bob")
    assert ws.duplicates.decisions() == ()
    assert {one.undone_by for one in ws.duplicates.decisions(undone=True)} == {"bob"}


def test_decision_survives_rescan_change_of_text_and_rename(ws: Workspace) -> None:
    ws.duplicates.scan()
    made = ws.duplicates.decide(Verdict.MERGE, "a/loaf", other_id="a/bread", author="ann")

    def standing(skill_id: str) -> tuple[object, ...]:
        ws.duplicates.scan()
        found = {one.skill.skill_id: one for one in ws.duplicates.group(skill_id).members}
        member = found[skill_id]
        inherited = member.standing.inherited if member.standing else False
        return member.decision, member.text_changed, inherited

    assert standing("a/loaf") == (made, False, False)
    store(ws, [SKILLS[0], replace(SKILLS[1], body=f"{BREAD} Let it cool down."), *SKILLS[2:]])
    assert standing("a/loaf") == (made, True, False)
    store(ws, [SKILLS[0], replace(SKILLS[1], skill_id="a/white-loaf"), *SKILLS[2:]])
    assert standing("a/white-loaf") == (made, False, True)


def test_decision_survives_a_catalog_imported_under_another_name(ws: Workspace) -> None:
    made = ws.duplicates.decide(Verdict.RETIRE, "a/loaf", author="ann")
    ws.catalogs.remove("a")
    store(ws, [replace(one, skill_id=f"b{one.skill_id[1:]}") for one in SKILLS], name="b")
    ws.duplicates.scan()
    view = ws.duplicates.groups()
    gone = [view.scan.ids[row] for row in view.settled.gone]
    assert gone == ["b/loaf"]
    detail = ws.duplicates.group("b/loaf")
    assert [one.decision for one in detail.members if one.decision] == [made]


def test_two_people_deciding_at_once_are_both_heard(ws: Workspace) -> None:
    ws.duplicates.scan()
    both = threading.Barrier(2)

    def decide(author: str, verdict: Verdict, into: str) -> None:
        both.wait()
        for one in ("a/loaf", "a/baking", "a/rollout"):
            ws.duplicates.decide(verdict, one, other_id=into, author=author)
            ws.duplicates.groups()

    people = [
        threading.Thread(target=decide, args=("ann", Verdict.RETIRE, "")),
        threading.Thread(target=decide, args=("bob", Verdict.MERGE, "a/bread")),
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    kept = ws.duplicates.decisions()
    assert len(kept) == 6
    assert {one.author for one in kept} == {"ann", "bob"}
    member = ws.duplicates.group("a/loaf").members[1]
    assert member.standing is not None
    assert member.standing.contested
    assert {one.author for one in member.standing.history} == {"ann", "bob"}


# --------------------------------------------------------------------------- saved queries


@pytest.fixture
def answered(ws: Workspace) -> Workspace:
    ws.indexing.build()
    ws.duplicates.scan()
    ws.labels.save_query("bake bread with a starter", expected=["a/bread"])
    ws.labels.save_query("send the tax return", expected=["a/tax"])
    ws.duplicates.answer_queries()
    return ws


def test_queries_are_routed_once_an_index(answered: Workspace, models: FakeModels) -> None:
    calls = models.reranker_fake.calls
    assert answered.duplicates.unanswered() == 0
    assert answered.duplicates.answer_queries() == 0
    assert models.reranker_fake.calls == calls
    answered.labels.save_query("roll out the image")
    assert answered.duplicates.answer_queries() == 1
    assert models.reranker_fake.calls == calls + 1
    store(answered, SKILLS[:5])
    assert answered.indexing.build().held is not None  # an expected answer would be gone
    assert answered.duplicates.unanswered() == 0
    answered.indexing.publish_held()
    assert answered.duplicates.unanswered() == 3


def test_stored_answers_are_those_of_the_router(answered: Workspace) -> None:
    book = load_answers(answered.home / "duplicates" / "compact")
    for text, answer in book.answers.items():
        route = answered.routing.route(text)
        assert answer.ranking == route.ranking
        assert answer.best == pytest.approx(route.candidates[0].stage2_score)
        assert answer.cut is None  # fewer skills than places among the candidates
        assert answer.vector is not None


def test_answers_of_removed_queries_are_dropped(answered: Workspace) -> None:
    first = answered.labels.queries()[0]
    answered.labels.remove_query(first.query_id)
    answered.labels.save_query("anything else")
    answered.duplicates.answer_queries()
    book = load_answers(answered.home / "duplicates" / "compact")
    assert sorted(book.answers) == ["anything else", "send the tax return"]


def test_failure_half_way_keeps_the_answers_it_has(answered: Workspace, models: FakeModels) -> None:
    for number in range(3):
        answered.labels.save_query(f"query {number}")

    class Tired(OverlapReranker):
        def score(self, query: str, documents: Sequence[str]) -> FloatVector:
            if self.calls == 2:
                raise ModelError("out of memory; close other programs")
            return super().score(query, documents)

    models.reranker_fake = Tired()
    with pytest.raises(ModelError):
        answered.duplicates.answer_queries()
    assert answered.duplicates.unanswered() == 1
    models.reranker_fake = OverlapReranker()
    assert answered.duplicates.answer_queries() == 1


def test_member_lists_the_queries_it_answers_or_should(answered: Workspace) -> None:
    detail = answered.duplicates.group("a/bread")
    answers = {one.skill.skill_id: one.answers for one in detail.members}
    (only,) = answers["a/bread"]
    assert (only.query.text, only.expected) == ("bake bread with a starter", True)
    assert only.place is not None
    assert only.answers is (only.place == 1)


def test_merge_tells_whose_answer_changes(answered: Workspace) -> None:
    book = load_answers(answered.home / "duplicates" / "compact")
    first, second, *_ = book.answers["bake bread with a starter"].ranking
    assert answered.duplicates.merge_effect([second], first) == ()
    (effect,) = answered.duplicates.merge_effect([first])
    assert (effect.before, effect.after) == (first, second)
    assert effect.lost is (first == "a/bread")
    assert effect.query.text == "bake bread with a starter"


def test_job_scans_and_answers(ws: Workspace) -> None:
    ws.labels.save_query("bake bread")
    message = function_of("duplicates")(ws, {}, silent)
    assert message.startswith("6 skills compared")
    assert "queries" not in message
    ws.indexing.build()
    assert "1 saved queries answered" in function_of("duplicates")(ws, {}, silent)
    assert not ws.duplicates.stale()


# --------------------------------------------------------------------------- exports


def test_exports_hold_the_groups_and_what_was_decided(ws: Workspace) -> None:
    store(ws, [replace(each, name=each.name.title()) for each in SKILLS])
    ws.duplicates.scan()
    ws.duplicates.decide(Verdict.MERGE, "a/loaf", other_id="a/bread", note="twin", author="ann")
    document = json.loads(ws.duplicates.export("json"))
    assert {"pairs", "groups", "same_name", "seconds"} <= document.keys()
    (first, second) = document["groups"]
    assert (first["keeper"], first["members"][0]) == ("a/bread", "a/bread")
    assert set(first["weakest"]) >= {"a", "b", "name", "jaccard", "cosine"}
    assert (first["status"], second["members"]) == ("undecided", ["a/rollout", "a/ship"])
    rows = list(csv.DictReader(io.StringIO(ws.duplicates.export("csv"))))
    assert [row["note"] for row in rows if row["skill_id"] == "a/loaf"] == ["twin"]
    written = {skill.skill_id: skill.name for skill in ws.catalogs.skills()}
    assert {row["skill_id"]: row["name"] for row in rows}.items() <= written.items()
    assert "`a/loaf`" in ws.duplicates.export("markdown")
    assert json.loads(ws.duplicates.export("sarif"))["version"] == "2.1.0"
    assert ws.duplicates.export("script").startswith("#!/bin/sh")
    with pytest.raises(UsageError, match="pdf"):
        ws.duplicates.export("pdf")
