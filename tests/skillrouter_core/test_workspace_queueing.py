"""The label queue over a workspace: who is handed what, from which candidates."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from skillrouter_core import kinds
from skillrouter_core.errors import (
    Cancelled,
    IndexNotReadyError,
    ModelNotFoundError,
    NotFoundError,
    UsageError,
)
from skillrouter_core.progress import silent
from skillrouter_core.records import (
    EventKind,
    LabelEvent,
    NewQuery,
    QuerySource,
    Split,
    Verdict,
)
from skillrouter_core.records.maps import Level
from skillrouter_core.records.queues import QueueSpec, Remaining, Strategy
from skillrouter_core.workspace import Workspace
from skillrouter_core.workspace.queue_items import CHANGED, TAKEN
from tests.fakes import FakeModels
from tests.stores import BACKENDS, database_url

ROOT = Path(__file__).parents[2]
TOPICS = {"bread": "dough oven", "docker": "image registry", "violin": "bow string"}
EACH = 8
QUERIES = ("bread from the oven", "push an image", "a new string for the bow")
DOUBT = QueueSpec()


def write_pool(folder, changed=""):
    """Write eight skills a topic; the bread ones come in near-copies of two."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for topic, words in TOPICS.items():
        for number in range(EACH):
            kind = number // 2 if topic == "bread" else number
            body = " ".join(f"{topic}{kind}word{one}" for one in range(30))
            name = f"{topic}-{number}"
            text = f"{words} {topic}{' again' if name == changed else ''}"
            rows.append(
                {
                    "skill_id": name,
                    "name": name,
                    "description": text,
                    "body": body,
                    "category": topic,
                }
            )
    (folder / "pool.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return str(folder)


@pytest.fixture(params=BACKENDS)
def indexed(request, tmp_path):
    with (
        database_url(request.param, tmp_path) as url,
        Workspace.open(tmp_path / "home", url, models=FakeModels()) as ws,
    ):
        ws.catalogs.sync(write_pool(tmp_path / "pool"), name="pool")
        ws.indexing.build()
        for text in QUERIES:
            ws.labels.save_query(text, "daily", ["pool/bread-0"], "eve")
        ws.queue.set_overlap(0)
        yield ws


@pytest.fixture
def ws(indexed):
    indexed.queue.prepare()
    return indexed


def pairs(items):
    return [(one.query_text, one.skill.skill_id) for one in items]


def ids(items):
    return [one.skill.skill_id for one in items]


def grade(ws, item, who, value=1):
    event = LabelEvent(
        token=item.token,
        kind=EventKind.GRADE,
        query_text=item.query_text,
        skill_id=item.skill.skill_id,
        content_hash=item.skill.content_hash,
        grade=value,
        origin=item.origin,
    )
    (answer,) = ws.labels.record([event], who)
    assert answer.ok, answer
    return answer


def skip(ws, item, who, token):
    event = LabelEvent(
        token=token,
        kind=EventKind.SKIP,
        query_text=item.query_text,
        skill_id=item.skill.skill_id,
    )
    (answer,) = ws.labels.record([event], who)
    assert answer.ok, answer


# ------------------------------------------------------------------ candidates


def test_before_an_index_nothing_can_be_prepared_and_nothing_is_asked(tmp_path):
    with Workspace.open(tmp_path / "home", models=FakeModels()) as ws:
        ws.labels.save_query("bread")
        with pytest.raises(IndexNotReadyError, match="skillrouter index"):
            ws.queue.prepare()
        assert ws.queue.next(DOUBT, "ada") == ()
        assert ws.queue.remaining(DOUBT, "ada") == Remaining(0, 0, 0, 1)


def test_preparing_routes_every_query_once_an_index(indexed, tmp_path):
    first = indexed.queue.prepare()
    assert (first.routed, first.ready, first.queries, first.notes) == (3, 3, 3, ())
    assert indexed.queue.prepare().routed == 0
    indexed.labels.save_query("tea")
    assert indexed.queue.prepare().routed == 1
    assert indexed.queue.prepare(suite="default").queries == 1
    write_pool(tmp_path / "pool", changed="bread-0")
    indexed.catalogs.resync("pool")
    indexed.indexing.build()
    # The earlier index's candidates still serve, but are not those of this one.
    left = indexed.queue.remaining(DOUBT, "ada")
    assert (left.pairs, left.prepared_queries, left.all_queries) == (80, 0, 4)
    assert indexed.queue.prepare().routed == 4


def test_a_stopped_run_keeps_what_it_routed(indexed):
    def impatient(progress):
        if progress.done:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        indexed.queue.prepare(impatient)
    ready = indexed.queue.remaining(DOUBT, "ada").prepared_queries
    assert ready >= 1
    assert indexed.queue.prepare().routed == 3 - ready


def test_the_job_says_what_it_did(indexed):
    job = kinds.function_of("candidates")
    assert job(indexed, {"suite": "daily"}, silent) == "3 queries routed, 3 of 3 ready"
    assert job(indexed, {}, silent) == "0 queries routed, 3 of 3 ready"


class NoModels(FakeModels):
    """Models that are not to be had."""

    asked = 0

    def encoder(self, profile):
        self.asked += 1
        raise ModelNotFoundError("no model here; fetch it")


def test_without_models_words_alone_find_candidates_and_say_so(indexed):
    with Workspace.open(indexed.home, indexed.database_url, models=NoModels()) as plain:
        done = plain.queue.prepare()
        assert done.ready == 3
        assert "BM25 answered alone: no model here; fetch it" in done.notes[0]
        assert plain.models.asked == 1
        item = plain.queue.next(DOUBT, "ada", 1)[0]
        assert (item.scores.dense, item.scores.stage2) == (None, None)
        assert item.scores.bm25 > 0
    # With models again the same queries are routed anew.
    assert indexed.queue.prepare().routed == 3


def test_a_job_says_that_words_alone_answered(indexed):
    with Workspace.open(indexed.home, indexed.database_url, models=NoModels()) as plain:
        said = kinds.function_of("candidates")(plain, {}, silent)
    assert said.startswith("3 queries routed, 3 of 3 ready. The models cannot be used")


# ------------------------------------------------------------------ what an item holds


def test_an_item_has_all_that_a_screen_shows(ws):
    item = ws.queue.next(DOUBT, "ada", 1)[0]
    assert item.query_text in QUERIES
    assert (item.suite, item.origin, item.repeat, item.open) == (
        "daily",
        "least-certain",
        False,
        True,
    )
    assert item.split in set(Split)
    assert item.skill == ws.catalogs.skill(item.skill.skill_id)
    assert item.evidence[0].text
    assert item.reason
    assert item.place
    assert item.stage1_rank
    scores = item.scores
    assert None not in (scores.bm25, scores.dense, scores.stage1, scores.stage2)
    assert item.expected == (item.skill.skill_id == "pool/bread-0")
    assert item.notes == ()
    assert item.judged is None


def test_expected_skills_are_marked_whatever_suite_expects_them(ws):
    ws.labels.save_query(QUERIES[0], "weekly", ["pool/bread-3"], source=QuerySource.TYPED)
    spec = QueueSpec(Strategy.QUERY, suite="weekly", query=QUERIES[0])
    items = ws.queue.next(spec, "ada", 20)
    assert {one.skill.skill_id for one in items if one.expected} == {"pool/bread-0", "pool/bread-3"}
    assert {one.suite for one in items} == {"weekly"}


def test_a_changed_text_is_said_and_a_skill_that_left_is_not_asked(ws, tmp_path):
    before = {one.skill.skill_id for one in ws.queue.of_query(QUERIES[0], "ada")}
    ws.queue.release("ada")
    write_pool(tmp_path / "pool", changed="bread-0")
    kept = (tmp_path / "pool" / "pool.jsonl").read_text().splitlines()
    (tmp_path / "pool" / "pool.jsonl").write_text("\n".join(kept[:2] + kept[3:]))
    ws.catalogs.resync("pool")
    items = ws.queue.next(QueueSpec(Strategy.QUERY, query=QUERIES[0]), "ada", 20)
    assert set(ids(items)) == before - {"pool/bread-2"}
    notes = {one.skill.skill_id: one.notes for one in items}
    assert notes["pool/bread-0"] == (CHANGED,)
    assert notes["pool/bread-1"] == ()


# ------------------------------------------------------------------ who is handed what


def test_asking_again_hands_out_the_same_until_it_is_graded(ws):
    first = ws.queue.next(DOUBT, "ada")
    assert len(first) == 5
    assert ws.queue.next(DOUBT, "ada") == first
    grade(ws, first[0], "ada")
    after = ws.queue.next(DOUBT, "ada")
    assert after[:4] == first[1:]
    assert pairs(after)[4] not in pairs(first)


def test_nobody_is_handed_what_another_holds_or_has_graded(ws):
    ada, bob = ws.queue.next(DOUBT, "ada", 30), ws.queue.next(DOUBT, "bob", 60)
    assert len(ada) == 30
    assert len(ada) + len(bob) == ws.queue.remaining(DOUBT, "cy").pairs == 60
    assert not set(pairs(ada)) & set(pairs(bob))
    assert ws.queue.next(DOUBT, "cy") == ()
    assert ws.queue.release("ada") == 30
    assert pairs(ws.queue.next(DOUBT, "cy", 30)) == pairs(ada)
    grade(ws, bob[0], "bob")
    assert ws.queue.remaining(DOUBT, "cy").pairs == 59


def test_a_verdict_taken_back_brings_the_pair_back_with_a_token_of_its_own(ws):
    item = ws.queue.next(DOUBT, "ada", 1)[0]
    grade(ws, item, "ada")
    assert item.token not in [one.token for one in ws.queue.next(DOUBT, "ada", 60)]
    undo = LabelEvent(token="undo-1", kind=EventKind.UNDO, undoes=item.token)
    ws.labels.record([undo], "ada")
    again = next(
        one
        for one in ws.queue.next(DOUBT, "ada", 60)
        if (one.query_text, one.skill.skill_id) == (item.query_text, item.skill.skill_id)
    )
    assert again.token != item.token
    assert not again.repeat


def test_two_tabs_that_show_one_item_count_once(ws):
    item = ws.queue.next(DOUBT, "ada", 1)[0]
    same = ws.queue.next(DOUBT, "ada", 1)[0]
    grade(ws, item, "ada", 3)
    grade(ws, same, "ada", 0)
    assert [one.grade for one in ws.labels.judgements()] == [3]


def test_a_skipped_pair_comes_last_and_once_more(ws):
    spec = QueueSpec(Strategy.QUERY, query=QUERIES[0])
    first = ws.queue.next(spec, "ada", 1)[0]
    skip(ws, first, "ada", "skip-1")
    everything = ws.queue.next(spec, "ada", 60)
    assert pairs(everything)[-1] == pairs([first])[0]
    skip(ws, first, "ada", "skip-2")
    assert pairs([first])[0] not in pairs(ws.queue.next(spec, "ada", 60))
    assert ws.queue.remaining(spec, "ada").pairs == 19
    assert ws.queue.remaining(spec, "bob").pairs == 20


def test_a_share_of_the_pairs_goes_to_two_people(ws):
    ws.queue.set_overlap(1)
    assert ws.queue.overlap() == 1
    ada, bob = ws.queue.next(DOUBT, "ada"), ws.queue.next(DOUBT, "bob")
    assert pairs(ada) == pairs(bob)
    assert not set(pairs(ws.queue.next(DOUBT, "cy"))) & set(pairs(ada))
    grade(ws, ada[0], "ada")
    grade(ws, bob[0], "bob")
    assert pairs(ada)[0] not in pairs(ws.queue.next(DOUBT, "cy", 60))
    with pytest.raises(UsageError, match="from 0 to 1"):
        ws.queue.set_overlap(1.5)


def test_a_tenth_is_the_share_until_somebody_sets_it(tmp_path):
    with Workspace.open(tmp_path / "home") as ws:
        assert ws.queue.overlap() == 0.1


def test_after_fifty_verdicts_one_pair_comes_again_blind(ws):
    ws.queue.set_overlap(0)
    first = ws.queue.next(DOUBT, "ada", 60)
    assert not any(one.repeat for one in first)
    for item in first[:51]:
        grade(ws, item, "ada")
    ws.queue.release("ada")
    items = ws.queue.next(DOUBT, "ada")
    repeated = [one for one in items if one.repeat]
    assert pairs(repeated) == pairs(first[:1])
    assert (repeated[0].origin, repeated[0].judged) == ("repeat", None)
    assert repeated[0].token != first[0].token
    assert ws.queue.next(DOUBT, "ada") == items
    grade(ws, repeated[0], "ada", 2)
    assert not any(one.repeat for one in ws.queue.next(DOUBT, "ada"))
    assert len(ws.labels.history("ada")) == 52


def test_a_verdict_given_elsewhere_counts(ws):
    item = ws.queue.next(DOUBT, "ada", 1)[0]
    ws.labels.judge(item.query_text, item.skill.skill_id, 2, "bob")
    assert pairs([item])[0] not in pairs(ws.queue.next(DOUBT, "cy", 60))


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_somebody_without_a_name_is_refused(ws, name):
    for ask in (
        lambda: ws.queue.next(DOUBT, name),
        lambda: ws.queue.of_query(QUERIES[0], name),
        lambda: ws.queue.remaining(DOUBT, name),
        lambda: ws.queue.release(name),
    ):
        with pytest.raises(UsageError, match="annotator"):
            ask()


# ------------------------------------------------------------------ strategies


def test_a_suite_and_a_query_narrow_any_order(ws):
    ws.labels.save_query("tea and bread", "weekly")
    ws.queue.prepare()
    assert ws.queue.remaining(QueueSpec(suite="weekly"), "ada") == Remaining(20, 1, 1, 1)
    assert ws.queue.remaining(QueueSpec(suite="none"), "ada") == Remaining(0, 0, 0, 0)
    spec = QueueSpec(Strategy.RANDOM, query=QUERIES[1])
    assert {one.query_text for one in ws.queue.next(spec, "ada", 60)} == {QUERIES[1]}
    assert ws.queue.remaining(spec, "ada") == Remaining(20, 1, 1, 1)


def test_a_removed_query_is_no_longer_asked(ws):
    gone = ws.labels.queries()[0]
    assert ws.queue.remaining(DOUBT, "ada").queries == 3
    ws.labels.remove_query(gone.query_id)
    assert ws.queue.remaining(DOUBT, "ada").queries == 2


def test_random_is_another_order_than_doubt(ws):
    doubt = ws.queue.next(DOUBT, "ada", 60)
    ws.queue.release("ada")
    drawn = ws.queue.next(QueueSpec(Strategy.RANDOM), "ada", 60)
    assert set(pairs(doubt)) == set(pairs(drawn))
    assert pairs(doubt) != pairs(drawn)
    assert {one.reason for one in drawn} == {"Drawn at random."}


def test_one_catalog_alone(ws, tmp_path):
    ws.catalogs.sync(write_pool(tmp_path / "other"), name="other")
    ws.indexing.build()
    ws.queue.prepare()
    spec = QueueSpec(Strategy.CATALOG, catalog="other")
    found = ids(ws.queue.next(spec, "ada", 60))
    assert found
    assert all(one.startswith("other/") for one in found)


@pytest.mark.parametrize(
    ("spec", "lacking"),
    [
        (QueueSpec(Strategy.CATALOG), "choose a catalog"),
        (QueueSpec(Strategy.CLUSTER), "choose a cluster"),
        (QueueSpec(Strategy.QUERY, query=" "), "choose a query"),
    ],
)
def test_a_strategy_without_what_it_is_about_is_refused(ws, spec, lacking):
    with pytest.raises(UsageError, match=lacking):
        ws.queue.next(spec, "ada")


def test_a_cluster_of_the_map(ws):
    spec = QueueSpec(Strategy.CLUSTER, cluster=(Level.FINE, 0))
    with pytest.raises(IndexNotReadyError, match="no map yet"):
        ws.queue.next(spec, "ada")
    made = ws.map.build()
    numbers = dict(zip(made.ids, made.numbers(Level.FINE).tolist(), strict=True))
    wanted = made.at(Level.FINE)[0].number
    spec = replace(spec, cluster=(Level.FINE, wanted))
    found = ids(ws.queue.next(spec, "ada", 60))
    assert found
    assert {numbers[one] for one in found} == {wanted}
    with pytest.raises(NotFoundError, match="no fine cluster 999"):
        ws.queue.next(replace(spec, cluster=(Level.FINE, 999)), "ada")


def test_skills_put_aside_come_with_the_queries_that_hold_them_else_the_nearest(ws):
    held = ws.queue.next(DOUBT, "bob", 1)[0]
    ws.queue.release("bob")
    holding = {
        text for text in QUERIES if held.skill.skill_id in ids(ws.queue.of_query(text, "bob"))
    }
    ws.queue.release("bob")
    shown = {one for text in QUERIES for one in ids(ws.queue.of_query(text, "bob"))}
    ws.queue.release("bob")
    spec = QueueSpec(Strategy.SELECTION)
    assert ws.queue.next(spec, "ada") == ()
    ws.labels.enqueue([held.skill.skill_id], "eve", "looks odd")
    items = ws.queue.next(spec, "ada", 60)
    assert {one.query_text for one in items} == holding
    assert set(ids(items)) == {held.skill.skill_id}
    assert all(one.reason.startswith("Put aside by eve: looks odd.") for one in items)
    # A skill that no list of 20 can hold, as the queries it is near to have no candidates yet.
    ws.labels.save_query("tune the violin string", "weekly")
    narrow = replace(spec, suite="weekly")
    assert held.skill.skill_id in shown
    found = ws.queue.next(narrow, "cy", 60)
    expected = "violin" in held.skill.skill_id
    assert [one.query_text for one in found] == (["tune the violin string"] if expected else [])
    ws.labels.enqueue(["pool/violin-7"], "eve")
    lone = next(one for one in ws.queue.next(narrow, "di", 60) if one.skill.name == "violin-7")
    assert (lone.place, lone.stage1_rank, lone.scores.stage1) == (None, None, None)
    assert lone.reason.startswith("Put aside by eve. No query's candidates hold it; ")
    ws.labels.dequeue(["pool/violin-7", held.skill.skill_id], "eve")
    assert ws.queue.remaining(spec, "ada").pairs == 0


def test_near_copies_graded_by_halves_are_asked_with_the_reason(ws):
    spec = QueueSpec(Strategy.DUPLICATES)
    with pytest.raises(IndexNotReadyError, match="no scan yet"):
        ws.queue.next(spec, "ada")
    ws.duplicates.scan()
    assert ws.queue.next(spec, "ada") == ()
    ws.labels.judge(QUERIES[0], "pool/bread-0", 3, "bob")
    (item,) = ws.queue.next(spec, "ada", 60)
    assert (item.query_text, item.skill.skill_id) == (QUERIES[0], "pool/bread-1")
    assert (
        "near-copy pool/bread-0 was graded 3 for this query, this one has no grade" in item.reason
    )
    grade(ws, item, "ada", 0)
    items = ws.queue.next(spec, "cy", 60)
    assert sorted(ids(items)) == ["pool/bread-0", "pool/bread-1"]
    assert "was graded 0 for this query, this one has 3" in items[0].reason + items[1].reason
    # People who say that the two are distinct end the matter.
    ws.duplicates.decide(Verdict.DISTINCT, "pool/bread-0", other_id="pool/bread-1", author="eve")
    ws.queue.release("cy")
    assert ws.queue.next(spec, "cy", 60) == ()


def test_skills_contested_among_duplicates_are_asked(ws):
    ws.duplicates.scan()
    spec = QueueSpec(Strategy.DUPLICATES)
    ws.duplicates.decide(Verdict.MERGE, "pool/bread-2", other_id="pool/bread-3", author="eve")
    ws.duplicates.decide(Verdict.KEEP, "pool/bread-2", author="bob")
    items = ws.queue.next(spec, "ada", 60)
    assert set(ids(items)) == {"pool/bread-2"}
    assert "People disagree on the Duplicates page" in items[0].reason


# ------------------------------------------------------------------ one query as a list


def test_a_query_is_a_list_with_the_persons_own_verdicts(ws):
    ws.labels.judge(QUERIES[0], "pool/bread-0", 3, "ada")
    ws.labels.judge(QUERIES[0], "pool/bread-1", 2, "bob")
    taken = ws.queue.next(QueueSpec(Strategy.QUERY, query=QUERIES[0]), "cy", 1)[0]
    items = ws.queue.of_query(QUERIES[0], "ada")
    assert [one.place for one in items] == list(range(1, 21))
    by_id = {one.skill.skill_id: one for one in items}
    assert by_id["pool/bread-0"].judged.grade == 3
    assert by_id["pool/bread-0"].open
    assert by_id["pool/bread-1"].judged is None
    for name in ("pool/bread-1", taken.skill.skill_id):
        assert (by_id[name].open, by_id[name].notes) == (False, (TAKEN,))
    assert sum(one.open for one in items) == 18
    assert ws.queue.next(QueueSpec(Strategy.QUERY, query=QUERIES[0]), "di") == ()
    assert items[0].reason == "Place 1 of 20 candidates."


def test_a_query_without_candidates_is_routed_when_it_is_asked_for(indexed):
    items = indexed.queue.of_query("bread nobody saved", "ada")
    assert len(items) == 20
    assert {(one.suite, one.expected) for one in items} == {("", False)}
    assert indexed.queue.next(DOUBT, "ada") == ()
    spec = QueueSpec(Strategy.QUERY, query=f" {QUERIES[0]} ")
    assert indexed.queue.next(spec, "ada", 1)[0].query_text == QUERIES[0]
    assert indexed.queue.remaining(DOUBT, "bob").prepared_queries == 1


# ------------------------------------------------------------------ one pair, one query


def test_one_pair_alone_comes_back_after_its_verdict_was_taken_back(ws):
    item = ws.queue.next(DOUBT, "ada", 1)[0]
    grade(ws, item, "ada")
    undo = LabelEvent(token="undo-1", kind=EventKind.UNDO, undoes=item.token)
    ws.labels.record([undo], "ada")
    again = ws.queue.pair(DOUBT, item.query_text, item.skill.skill_id, "ada")
    assert replace(again, token=item.token) == item
    assert again.token != item.token
    # It is in ada's hands, and nothing else is.
    assert ws.queue.release("ada") == 1
    ws.queue.next(DOUBT, "bob", 1)
    assert not ws.queue.pair(DOUBT, item.query_text, item.skill.skill_id, "ada").open


def test_a_pair_that_no_list_holds_is_shown_and_one_without_a_text_is_not(indexed):
    item = indexed.queue.pair(DOUBT, " tea ", "pool/violin-1", "ada")
    assert (item.query_text, item.place, item.open) == ("tea", None, True)
    assert indexed.queue.pair(DOUBT, "tea", "pool/nobody", "ada") is None


def test_the_next_query_is_one_with_something_left_and_not_the_one_before(ws):
    first = ws.queue.next_query(DOUBT, "ada")
    second = ws.queue.next_query(DOUBT, "ada", after=f" {first} ")
    assert {first, second} < set(QUERIES)
    assert first != second
    assert ws.queue.release("ada") == 0
    for text in (first, second):
        ws.queue.of_query(text, "bob")
    (last,) = set(QUERIES) - {first, second}
    assert ws.queue.next_query(DOUBT, "ada") == last
    assert ws.queue.next_query(DOUBT, "ada", after=last) is None


# ------------------------------------------------------------------ several processes

TAKER = """
import sys
from pathlib import Path
from skillrouter_core.records import EventKind, LabelEvent
from skillrouter_core.records.queues import QueueSpec
from skillrouter_core.workspace import Workspace
from tests.fakes import FakeModels
home, url, who, count = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
with Workspace.open(home, url, models=FakeModels()) as ws:
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(count):
        for one in ws.queue.next(QueueSpec(), who, 1):
            event = LabelEvent(
                token=one.token, kind=EventKind.GRADE, query_text=one.query_text,
                skill_id=one.skill.skill_id, content_hash=one.skill.content_hash, grade=1,
            )
            ws.labels.record([event], who)
            print(one.query_text, one.skill.skill_id, sep="|", flush=True)
"""


def taker(ws, who, count):
    command = [sys.executable, "-c", TAKER, str(ws.home), ws.database_url, who, str(count)]
    child = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def test_two_processes_at_once_never_hand_out_a_pair_twice(ws):
    children = [taker(ws, who, 40) for who in ("ada", "bob")]
    said = []
    for child in children:
        child.stdin.write("\n")
        child.stdin.flush()
    for child in children:
        said += child.communicate()[0].splitlines()
        assert child.returncode == 0
    # Sixty pairs, each once, and then there is nothing left.
    assert len(said) == len(set(said)) == 60
    assert len(ws.labels.judgements()) == 60
    assert ws.queue.next(DOUBT, "cy") == ()


PREPARER = """
import sys
from pathlib import Path
from skillrouter_core.workspace import Workspace
from tests.fakes import FakeModels

def listen(progress):
    print(progress.done, flush=True)

with Workspace.open(Path(sys.argv[1]), sys.argv[2], models=FakeModels()) as ws:
    ws.queue.prepare(listen)
"""


def test_a_run_that_was_killed_goes_on_where_it_stopped(indexed):
    indexed.labels.save_queries(
        [NewQuery(f"bread number {number}") for number in range(400)], "many", "eve", "upload"
    )
    command = [sys.executable, "-c", PREPARER, str(indexed.home), indexed.database_url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        while int(child.stdout.readline() or 403) < 5:
            pass
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    ready = indexed.queue.remaining(DOUBT, "ada").prepared_queries
    assert 5 <= ready < 403
    done = indexed.queue.prepare()
    assert (done.routed, done.ready) == (403 - ready, 403)
