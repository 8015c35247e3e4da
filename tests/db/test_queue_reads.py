"""What the label queue reads: the token of the saved queries, their copies, and what is new."""

from __future__ import annotations

from datetime import UTC, datetime

from db import queue_reads
from db.columns import text_key
from skillrouter_core.records import Split
from tests.stores import scan, skill


def read(workspace, function, *parts):
    with workspace.database.read() as session:
        return function(session, *parts)


def token(workspace):
    return read(workspace, queue_reads.token)


def test_the_token_changes_when_a_query_comes_or_goes_and_not_with_a_verdict(workspace):
    workspace.catalogs.store(scan(skill("tools/a")))
    seen = {token(workspace)}
    first = workspace.labels.save_query("bread")
    seen.add(token(workspace))
    workspace.labels.judge("bread", "tools/a", 3, "ada")
    assert token(workspace) in seen
    # The newest number may be given to the next query: the moment still tells them apart.
    workspace.labels.remove_query(first.query_id)
    seen.add(token(workspace))
    workspace.labels.save_query("soup")
    seen.add(token(workspace))
    assert len(seen) == 3  # nothing, bread, soup; nothing again after the removal
    assert [text for _, text, _ in read(workspace, queue_reads.texts)] == ["soup"]


def test_copies_of_a_text_come_with_their_suites_oldest_first(workspace):
    workspace.labels.save_query("bread", "daily", ["tools/a"])
    workspace.labels.save_query("bread", "weekly")
    (found,) = read(workspace, queue_reads.copies, {text_key("bread"), text_key("tea")}).values()
    assert [(one.suite, one.expected) for one in found] == [("daily", ("tools/a",)), ("weekly", ())]
    assert len({one.split for one in found}) == 1
    assert found[0].split in set(Split)


def test_only_what_is_new_is_read_again(workspace):
    workspace.catalogs.store(scan(skill("tools/a"), skill("tools/b")))
    now = datetime.now(UTC)

    def news(known, newest):
        return read(workspace, queue_reads.news, "ada", now, known, newest)

    first = workspace.labels.judge("bread", "tools/a", 3, "ada")
    workspace.labels.skip("bread", "tools/b", "ada")
    before = news("-", 0)
    assert [one.skill_id for one in before.verdicts] == ["tools/a"]
    assert before.verdicts[0].grade == 3
    assert before.skipped == ((text_key("bread"), "tools/b"),)
    assert (news(before.version, 0).verdicts, news(before.version, 0).undone) == ((), frozenset())
    workspace.labels.judge("bread", "tools/b", 1, "bob")
    workspace.labels.undo(first.judgement_id, "ada")
    after = news(before.version, before.verdicts[-1].judgement_id)
    assert [(one.skill_id, one.annotator) for one in after.verdicts] == [("tools/b", "bob")]
    assert after.undone == {first.judgement_id}
