"""The queue of skills to be labelled: each waits once, oldest first, nothing is deleted."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from db.models import QueuedRemovalRow, QueuedRow
from skillrouter_core.errors import NotFoundError, UsageError
from skillrouter_core.workspace import Workspace
from tests.stores import scan, skill

A, B, C = skill("tools/a"), skill("tools/b"), skill("tools/c")


@pytest.fixture
def stocked(workspace: Workspace) -> Workspace:
    workspace.catalogs.store(scan(A, B, C))
    return workspace


def waiting(ws: Workspace) -> list[str]:
    return [one.skill_id for one in ws.labels.queued()]


def test_queued_skill_names_its_text_and_who_queued_it(stocked: Workspace) -> None:
    assert stocked.labels.enqueue(["tools/a"], " ann ", " looks odd ") == 1
    (one,) = stocked.labels.queued()
    assert (one.skill_id, one.content_hash) == ("tools/a", A.content_hash)
    assert (one.author, one.note) == ("ann", "looks odd")
    assert one.created_at.tzinfo is not None
    assert stocked.labels.queued_ids() == {"tools/a"}


def test_each_waits_once_and_oldest_first(stocked: Workspace) -> None:
    assert stocked.labels.enqueue(["tools/c", "tools/a", "tools/c"], "ann") == 2
    assert stocked.labels.enqueue(["tools/b", "tools/a"], "bob") == 1
    assert waiting(stocked) == ["tools/c", "tools/a", "tools/b"]


def test_taken_out_and_queued_again_waits_at_the_end(stocked: Workspace) -> None:
    stocked.labels.enqueue(["tools/a", "tools/b"], "ann")
    assert stocked.labels.dequeue(["tools/a", "tools/c"], "bob") == 1
    assert stocked.labels.dequeue(["tools/a"], "bob") == 0
    assert waiting(stocked) == ["tools/b"]
    assert stocked.labels.enqueue(["tools/a"], "cid") == 1
    assert waiting(stocked) == ["tools/b", "tools/a"]


def test_taking_out_deletes_nothing(stocked: Workspace) -> None:
    stocked.labels.enqueue(["tools/a", "tools/b"], "ann")
    stocked.labels.dequeue(["tools/a", "tools/b"], "bob")
    with stocked.database.read() as session:
        assert session.scalar(select(func.count()).select_from(QueuedRow)) == 2
        removals = session.scalars(select(QueuedRemovalRow)).all()
    assert [one.author for one in removals] == ["bob", "bob"]


def test_new_text_and_removed_skill_wait_on(stocked: Workspace) -> None:
    stocked.labels.enqueue(["tools/a", "tools/b"], "ann")
    stocked.catalogs.store(scan(replace(A, body="New."), C))
    assert [one.content_hash for one in stocked.labels.queued()] == [
        A.content_hash,
        B.content_hash,
    ]
    assert stocked.labels.enqueue(["tools/a"], "ann") == 0
    assert stocked.labels.dequeue(["tools/b"], "ann") == 1


def test_unknown_or_removed_skill_queues_nothing(stocked: Workspace) -> None:
    with pytest.raises(NotFoundError, match="tools/nope"):
        stocked.labels.enqueue(["tools/a", "tools/nope"], "ann")
    stocked.catalogs.store(scan(A, B))
    with pytest.raises(NotFoundError, match="tools/c"):
        stocked.labels.enqueue(["tools/c"], "ann")
    assert waiting(stocked) == []


def test_queueing_needs_a_name_and_a_note_of_bounded_length(stocked: Workspace) -> None:
    with pytest.raises(UsageError, match="author"):
        stocked.labels.enqueue(["tools/a"], " ")
    with pytest.raises(UsageError, match="author"):
        stocked.labels.dequeue(["tools/a"], "x" * 201)
    with pytest.raises(UsageError, match="10001 characters"):
        stocked.labels.enqueue(["tools/a"], "ann", "x" * 10_001)
    assert waiting(stocked) == []


def test_two_writers_at_once_queue_each_skill_once(workspace: Workspace) -> None:
    skills = [skill(f"tools/s{number:02}") for number in range(30)]
    workspace.catalogs.store(scan(*skills))
    ids = [one.skill_id for one in skills]
    both, counts, failures = threading.Barrier(2), [], []

    def write(author: str, order: list[str]) -> None:
        try:
            both.wait()
            for start in range(0, len(order), 5):
                counts.append(workspace.labels.enqueue(order[start : start + 5], author))
        except Exception as error:  # noqa: BLE001  # handed to the test's own thread
            failures.append(error)

    threads = [
        threading.Thread(target=write, args=("ann", ids)),
        threading.Thread(target=write, args=("bob", ids[::-1])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sum(counts) == len(ids)
    assert sorted(waiting(workspace)) == ids
