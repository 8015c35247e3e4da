"""Claims: no pair in two people's hands, whoever asks at the same moment and whoever dies."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from db import claims
from db.claims import CHUNK, Pair
from db.migrate import open_database
from db.session import Database
from skillrouter_core.records import Claim
from tests.stores import BACKENDS, database_url

ROOT = Path(__file__).parents[2]
NOW = datetime(2025, 3, 3, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)
A, B, C = ("k1", "tools/a"), ("k1", "tools/b"), ("k2", "tools/a")


@pytest.fixture(params=BACKENDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with database_url(request.param, tmp_path) as url:
        opened = open_database(url, tmp_path)
        yield opened
        opened.close()


def claim(
    database: Database,
    annotator: str,
    *pairs: Pair,
    places: int = 1,
    now: datetime = NOW,
    until: datetime = LATER,
) -> tuple[Pair, ...]:
    with database.write() as session:
        return claims.claim(session, pairs, annotator, dict.fromkeys(pairs, places), now, until)


def held(database: Database, now: datetime = NOW) -> list[tuple[Pair, int, str]]:
    with database.read() as session:
        return [
            ((one.query_key, one.skill_id), one.place, one.annotator)
            for one in claims.held(session, now)
        ]


def release(database: Database, annotator: str, *pairs: Pair) -> int:
    with database.write() as session:
        return claims.release(session, annotator, pairs or None)


def test_claim_is_listed_with_its_moment(database: Database) -> None:
    assert claim(database, "ann", C, A) == (C, A)
    with database.read() as session:
        assert claims.held(session, NOW) == (
            Claim(*A, 1, "ann", LATER),
            Claim(*C, 1, "ann", LATER),
        )
        assert claims.held(session, LATER) == ()


def test_second_person_gets_what_is_left(database: Database) -> None:
    claim(database, "ann", A, B)
    assert claim(database, "bob", C, B, A) == (C,)
    assert held(database) == [(A, 1, "ann"), (B, 1, "ann"), (C, 1, "bob")]


def test_two_places_take_two_people_and_no_third(database: Database) -> None:
    assert claim(database, "ann", A, places=2) == (A,)
    assert claim(database, "ann", A, places=2) == (A,)
    assert held(database) == [(A, 1, "ann")]
    assert claim(database, "bob", A, places=2) == (A,)
    assert claim(database, "cid", A, places=2) == ()
    assert held(database) == [(A, 1, "ann"), (A, 2, "bob")]
    release(database, "ann")
    assert claim(database, "cid", A, places=1) == ()
    assert claim(database, "cid", A, places=2) == (A,)
    assert held(database) == [(A, 1, "cid"), (A, 2, "bob")]


def test_pair_without_a_number_of_places_has_one(database: Database) -> None:
    with database.write() as session:
        assert claims.claim(session, [A, A], "ann", {}, NOW, LATER) == (A,)
        assert claims.claim(session, [A], "bob", {}, NOW, LATER) == ()
        assert claims.claim(session, [B], "bob", {B: 0}, NOW, LATER) == ()
        assert claims.claim(session, [], "bob", {}, NOW, LATER) == ()


def test_place_is_taken_over_once_its_moment_has_passed(database: Database) -> None:
    claim(database, "ann", A, B)
    nearly = LATER - timedelta(microseconds=1)
    assert claim(database, "bob", A, now=nearly, until=LATER) == ()
    assert claim(database, "bob", A, now=LATER, until=LATER + timedelta(hours=1)) == (A,)
    assert held(database, LATER) == [(A, 1, "bob")]
    assert release(database, "ann", A) == 0


def test_asking_again_keeps_the_pair_for_longer(database: Database) -> None:
    claim(database, "ann", A)
    longer = LATER + timedelta(minutes=5)
    assert claim(database, "ann", A, now=NOW + timedelta(minutes=5), until=longer) == (A,)
    assert claim(database, "bob", A, now=LATER, until=longer) == ()


def test_only_what_is_still_held_is_extended(database: Database) -> None:
    claim(database, "ann", A, B)
    claim(database, "bob", C)
    longer = LATER + timedelta(hours=1)
    with database.write() as session:
        assert claims.extend(session, [A, C], "ann", NOW, longer) == 1
        assert claims.extend(session, [B], "ann", LATER, longer) == 0
    assert held(database, LATER) == [(A, 1, "ann")]


def test_given_back_is_only_ones_own(database: Database) -> None:
    claim(database, "ann", A, B)
    claim(database, "bob", C)
    assert release(database, "ann", A, C) == 1
    assert held(database) == [(B, 1, "ann"), (C, 1, "bob")]
    assert release(database, "ann") == 1
    assert release(database, "ann") == 0
    assert held(database) == [(C, 1, "bob")]


def test_more_pairs_than_a_statement_takes(database: Database) -> None:
    pairs = [(f"k{number:05d}", "tools/a") for number in range(2 * CHUNK + 1)]
    assert claim(database, "ann", *pairs[::2]) == tuple(pairs[::2])
    assert claim(database, "bob", *pairs) == tuple(pairs[1::2])
    assert len(held(database)) == len(pairs)


def test_failure_half_way_claims_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            claims.claim(session, [A, B], "ann", {}, NOW, LATER)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fail()
    assert held(database) == []


def test_claim_asked_for_while_another_is_being_made_waits_for_it(database: Database) -> None:
    got: list[object] = []

    def ask() -> None:
        try:
            got.append(claim(database, "bob", A, B))
        except Exception as error:  # noqa: BLE001  # handed to the test's own thread
            got.append(error)

    with database.write() as session:
        claims.claim(session, [A], "ann", {}, NOW, LATER)
        other = threading.Thread(target=ask)
        other.start()
        # Time to look for claims, see none and make one, if nothing holds it up.
        other.join(0.5)
        assert other.is_alive()
    other.join()
    assert got == [(B,)]


CLAIMER = """
import json, sys
from datetime import datetime
from pathlib import Path
from db import claims
from db.migrate import open_database

url, folder, annotator, pairs, now, until = sys.argv[1:]
pairs = [tuple(pair) for pair in json.loads(pairs)]
moments = [datetime.fromisoformat(each) for each in (now, until)]
places = {pair: 2 if pair[1] == "tools/twice" else 1 for pair in pairs}
database = open_database(url, Path(folder))
sys.stdin.readline()
for start in range(0, len(pairs), 5):
    asked = pairs[start : start + 5]
    with database.write() as session:
        got = claims.claim(session, asked, annotator, places, *moments)
    print(json.dumps(got), flush=True)
"""


def claimer(url: str, folder: Path, annotator: str, pairs: Sequence[Pair]) -> subprocess.Popen[str]:
    """Start a process that claims pairs five by five once it is told to, and says what it got."""
    given = [url, str(folder), annotator, json.dumps(pairs), NOW.isoformat(), LATER.isoformat()]
    return subprocess.Popen(
        [sys.executable, "-c", CLAIMER, *given],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def go(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


def pairs_got(said: str) -> list[Pair]:
    return [tuple(pair) for line in said.splitlines() for pair in json.loads(line)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_three_processes_asking_at_once_share_the_pairs(backend: str, tmp_path: Path) -> None:
    once = [(f"k{number:03d}", "tools/once") for number in range(60)]
    twice = [(f"k{number:03d}", "tools/twice") for number in range(60)]
    pairs = [pair for both in zip(once, twice, strict=True) for pair in both]
    orders = {"ann": pairs, "bob": pairs[::-1], "cid": pairs}
    with database_url(backend, tmp_path) as url:
        database = open_database(url, tmp_path)
        people = {name: claimer(url, tmp_path, name, order) for name, order in orders.items()}
        go(*people.values())
        ended = {name: process.communicate() for name, process in people.items()}
        assert [process.returncode for process in people.values()] == [0, 0, 0], ended
        rows = held(database)
        database.close()
    got = {name: pairs_got(said) for name, (said, _) in ended.items()}
    assert sorted(pair for each in got.values() for pair in each) == sorted(once + twice + twice)
    assert all(len(set(each)) == len(each) for each in got.values())
    assert sorted((pair, name) for name, each in got.items() for pair in each) == sorted(
        (pair, name) for pair, _, name in rows
    )
    assert {place for pair, place, _ in rows if pair[1] == "tools/once"} == {1}


@pytest.mark.parametrize("backend", BACKENDS)
def test_pairs_of_a_killed_process_are_free_after_a_while(backend: str, tmp_path: Path) -> None:
    pairs = [(f"k{number:04d}", "tools/a") for number in range(2000)]
    with database_url(backend, tmp_path) as url:
        database = open_database(url, tmp_path)
        process = claimer(url, tmp_path, "ann", pairs)
        go(process)
        assert process.stdout is not None
        said = "".join(process.stdout.readline() for _ in range(3))
        process.kill()
        # Not communicate()'s: it reads past what readline() has taken in and not handed out.
        said += process.stdout.read()
        process.communicate()
        got, there = pairs_got(said), [pair for pair, _, _ in held(database)]
        assert got == there[: len(got)]
        # The last five may be held though the process died before it could say so.
        assert len(there) - len(got) in {0, 5}
        assert claim(database, "bob", *pairs) == tuple(pairs[len(there) :])
        after = LATER + timedelta(minutes=15)
        assert claim(database, "cid", *pairs, now=LATER, until=after) == tuple(pairs)
        database.close()
