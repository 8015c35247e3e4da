"""Decisions about near-duplicates: append-only, undone by an event, never lost to a race."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from db import decisions as stored
from db.columns import utc_now
from db.decisions import ID_CHUNK, NewDecision
from db.migrate import open_database
from db.session import Database
from skillrouter_core.errors import NotFoundError
from skillrouter_core.records import Decision, Verdict
from tests.stores import BACKENDS, database_url

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from pathlib import Path
from db import decisions as stored
from db.migrate import open_database
from tests.db.test_decisions import made

database = open_database(sys.argv[1], Path(sys.argv[2]))
sys.stdin.readline()
for number in range(int(sys.argv[4])):
    with database.write() as session:
        stored.add(session, [made(f"tools/s{number}", author=sys.argv[3])])
"""


def made(skill_id: str, verdict: Verdict = Verdict.KEEP, **changes: str) -> NewDecision:
    """Return a decision to store, its hash made up."""
    values = {"other_id": "", "other_hash": "", "note": "", "author": "ann", **changes}
    return NewDecision(verdict, skill_id, "a" * 64, **values)


@pytest.fixture(params=BACKENDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with database_url(request.param, tmp_path) as url:
        opened = open_database(url, tmp_path)
        yield opened
        opened.close()


def add(database: Database, *decisions: NewDecision) -> tuple[Decision, ...]:
    with database.write() as session:
        return stored.add(session, decisions)


def undo(database: Database, *numbers: int, author: str = "bob") -> tuple[Decision, ...]:
    with database.write() as session:
        return stored.undo(session, numbers, author)


def listed(database: Database, *ids: str, undone: bool = False) -> tuple[Decision, ...]:
    with database.read() as session:
        return stored.decisions(session, ids or None, undone=undone)


def token(database: Database) -> tuple[int, int, int]:
    with database.read() as session:
        return stored.token(session)


def test_decision_comes_back_as_it_was_made(database: Database) -> None:
    new = made(
        "tools/a", Verdict.MERGE, other_id="tools/b", other_hash="b" * 64, note="same\njob \x00"
    )
    (decision,) = add(database, new)
    assert listed(database) == (decision,)
    assert (decision.verdict, decision.skill_id, decision.other_id) == (
        Verdict.MERGE,
        "tools/a",
        "tools/b",
    )
    assert (decision.content_hash, decision.other_hash) == ("a" * 64, "b" * 64)
    assert (decision.author, decision.undone_at, decision.undone_by) == ("ann", None, "")
    assert decision.note == "same\njob \ufffd"
    assert abs(utc_now() - decision.created_at) < timedelta(minutes=5)


def test_later_decision_leaves_the_earlier_one_in_place(database: Database) -> None:
    (first,) = add(database, made("tools/a"))
    (second,) = add(database, made("tools/a", Verdict.RETIRE))
    assert listed(database) == (first, second)
    assert second.decision_id > first.decision_id


def test_undo_is_an_event_with_author_and_time(database: Database) -> None:
    (decision,) = add(database, made("tools/a"))
    (after,) = undo(database, decision.decision_id)
    assert (after.decision_id, after.undone_by) == (decision.decision_id, "bob")
    assert after.undone_at is not None
    assert after.undone_at >= decision.created_at
    assert listed(database) == ()
    assert listed(database, undone=True) == (after,)


def test_second_undo_changes_nothing(database: Database) -> None:
    (decision,) = add(database, made("tools/a"))
    first = undo(database, decision.decision_id)
    assert undo(database, decision.decision_id, author="eve") == first


def test_undo_of_an_unknown_number_undoes_nothing(database: Database) -> None:
    (decision,) = add(database, made("tools/a"))
    with pytest.raises(NotFoundError, match="4711"):
        undo(database, decision.decision_id, 4711)
    assert listed(database) == (decision,)


def test_listing_by_skill_finds_either_side(database: Database) -> None:
    first, second, _ = add(
        database,
        made("tools/a"),
        made("tools/b", Verdict.MERGE, other_id="tools/a"),
        made("tools/c"),
    )
    assert listed(database, "tools/a") == (first, second)
    assert listed(database, "tools/b", "tools/nope") == (second,)


def test_listing_by_more_skills_than_a_statement_takes(database: Database) -> None:
    ids = [f"tools/s{number}" for number in range(2 * ID_CHUNK + 1)]
    wanted = add(database, *(made(one) for one in ids))
    add(database, made("tools/other"))
    assert listed(database, *ids) == wanted
    assert undo(database, *(one.decision_id for one in wanted))[-1].undone_by == "bob"
    assert [one.skill_id for one in listed(database)] == ["tools/other"]


def test_last_is_the_authors_newest_that_counts(database: Database) -> None:
    first, second, _ = add(
        database, made("tools/a"), made("tools/b"), made("tools/c", author="bob")
    )
    undo(database, second.decision_id)
    with database.read() as session:
        assert stored.last(session, "ann") == first
        assert stored.last(session, "nobody") is None


def test_token_changes_with_every_event(database: Database) -> None:
    seen = [token(database)]
    (decision,) = add(database, made("tools/a"))
    seen.append(token(database))
    undo(database, decision.decision_id)
    seen.append(token(database))
    assert len(set(seen)) == 3


def test_failure_half_way_stores_none_of_a_batch(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            stored.add(session, [made("tools/a"), made("tools/b")])
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fail()
    assert listed(database) == ()


@pytest.mark.parametrize("backend", BACKENDS)
def test_two_processes_deciding_at_once_lose_nothing(backend: str, tmp_path: Path) -> None:
    each = 25
    with database_url(backend, tmp_path) as url:
        database = open_database(url, tmp_path)
        people = {name: _writer(url, tmp_path, name, each) for name in ("ann", "bob")}
        for person in people.values():
            person.stdin.write("go\n")
            person.stdin.flush()
        said = [person.communicate()[1] for person in people.values()]
        assert [person.returncode for person in people.values()] == [0, 0], said
        kept = listed(database)
        database.close()
    assert len({one.decision_id for one in kept}) == 2 * each
    for name in people:
        mine = [one.skill_id for one in kept if one.author == name]
        assert mine == [f"tools/s{number}" for number in range(each)]


def _writer(url: str, folder: Path, author: str, count: int) -> subprocess.Popen[str]:
    """Start a process that decides `count` times once it is told to."""
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, url, str(folder), author, str(count)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_threads_taking_one_back_at_once(database: Database) -> None:
    decisions = add(database, *(made(f"tools/s{number}") for number in range(20)))
    numbers = [one.decision_id for one in decisions]
    both = threading.Barrier(2)

    def take_back(author: str, order: list[int]) -> Callable[[], None]:
        def run() -> None:
            both.wait()
            for number in order:
                undo(database, number, author=author)

        return run

    failures: list[BaseException] = []
    _together(failures, take_back("ann", numbers), take_back("bob", numbers[::-1]))
    assert failures == []
    after = listed(database, undone=True)
    assert all(one.undone_by in {"ann", "bob"} for one in after)
    assert len(after) == len(numbers)


def _together(failures: list[BaseException], *work: Callable[[], None]) -> None:
    def guarded(function: Callable[[], None]) -> None:
        try:
            function()
        except Exception as error:  # noqa: BLE001  # handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
