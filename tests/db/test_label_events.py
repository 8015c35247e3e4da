"""What annotators send: kept once and whole, whoever sends at once and whoever is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from db import label_events, label_version
from db.migrate import open_database
from skillrouter_core.records import EventKind, LabelAction, LabelEvent
from skillrouter_core.workspace import Workspace
from tests.stores import BACKENDS, database_url, scan, skill

ROOT = Path(__file__).parents[2]
SKILLS = tuple(skill(f"tools/s{number}") for number in range(5))

SENDER = """
import sys
from pathlib import Path
from skillrouter_core.workspace import Workspace
from tests.db.test_label_events import batches, made

home, url, annotator, prefix, count, first = sys.argv[1:]
with Workspace.open(Path(home), url) as ws:
    sys.stdin.readline()
    for batch in batches(made(prefix, int(count))[int(first) :]):
        for ack in ws.labels.record(batch, annotator):
            print(f"{ack.token} {ack.ok}\\n", end="", flush=True)
"""


def made(prefix: str, count: int) -> list[LabelEvent]:
    """Return verdicts and skips with some of both taken back, the same for the same prefix."""
    events: list[LabelEvent] = []
    for number in range(count):
        token, text, skill_id = f"{prefix}{number}", f"query {number % 7}", f"tools/s{number % 5}"
        if number % 4 == 3:
            undone = events[number - 1 - number % 3]
            events.append(LabelEvent(token, EventKind.UNDO, undoes=undone.undoes or undone.token))
        elif number % 5 == 2:
            events.append(LabelEvent(token, EventKind.SKIP, text, skill_id))
        else:
            grade = number % 4 if number % 9 else None
            events.append(LabelEvent(token, EventKind.GRADE, text, skill_id, None, grade, 1.5))
    return events


def batches(events: Sequence[LabelEvent]) -> list[Sequence[LabelEvent]]:
    """Return the events three by three."""
    return [events[start : start + 3] for start in range(0, len(events), 3)]


def sender(
    home: Path, url: str, annotator: str, prefix: str, count: int, first: int = 0
) -> subprocess.Popen[str]:
    """Start a process that records events once it is told to, and says what was acknowledged."""
    return subprocess.Popen(
        [sys.executable, "-c", SENDER, str(home), url, annotator, prefix, str(count), str(first)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def known(ws: Workspace, annotator: str) -> list[tuple[object, ...]]:
    """Return all that is known of a person, numbers and moments left out, oldest first."""
    return [_without_number(one) for one in ws.labels.recent(annotator, 10**6)[::-1]]


def _without_number(one: LabelAction) -> tuple[object, ...]:
    return (one.token, one.kind, one.skill_id, one.grade, one.undone)


def kept_in_one_go(folder: Path, events: Sequence[LabelEvent]) -> list[tuple[object, ...]]:
    """Return what the events come to where nobody interferes."""
    folder.mkdir()
    with Workspace.open(folder) as ws:
        ws.catalogs.store(scan(*SKILLS))
        assert all(ack.ok for ack in ws.labels.record(events, "ann"))
        return known(ws, "ann")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_writer_loses_nothing_acknowledged_and_doubles_nothing(
    backend: str, seed: int, tmp_path: Path
) -> None:
    """Kill the writer twice at any moment; resending what was not acknowledged ends it.

    Then everything is sent again.
    """
    count, dice, acknowledged, ends = 200, random.Random(seed), 0, {0}
    events = made("e", count)
    with (
        database_url(backend, tmp_path) as url,
        Workspace.open(tmp_path / "home", url) as ws,
    ):
        ws.catalogs.store(scan(*SKILLS))
        for _ in range(2):
            process = sender(ws.home, url, "ann", "e", count, acknowledged)
            go(process)
            ends |= set(range(acknowledged, count, 3))
            said = _kill_after(process, dice.randrange(1, 60), dice)
            assert all(line.endswith("True") for line in said), said
            acknowledged += len(said)
            there = [one[0] for one in known(ws, "ann")]
            # All of a batch or nothing: what is there ends where a batch ended.
            assert there in [_shown(events[:end]) for end in ends if end >= acknowledged]
        assert 0 < acknowledged < count
        ws.labels.record(events[acknowledged:], "ann")
        whole = known(ws, "ann")
        ws.labels.record(events, "ann")
        assert known(ws, "ann") == whole
    assert whole == kept_in_one_go(tmp_path / "undisturbed", events)


def _shown(events: Sequence[LabelEvent]) -> list[str]:
    """Return the tokens that a list of actions shows of some events."""
    return [one.token for one in events if one.undoes is None]


def _kill_after(process: subprocess.Popen[str], lines: int, dice: random.Random) -> list[str]:
    """Kill a process soon after it has said so many lines; return all the lines it said."""
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(lines)]
    # A few milliseconds: about as long as a batch takes, so that the kill falls anywhere in one.
    threading.Event().wait(dice.random() / 100)
    os.kill(process.pid, signal.SIGKILL)
    # Not communicate(): it reads past what readline() has taken in and not handed out.
    rest = process.stdout.read()
    _, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors
    # A line cut off by the kill was never an answer.
    return [line.strip() for line in (*said, *rest.splitlines(keepends=True)) if "\n" in line]


@pytest.mark.parametrize("backend", BACKENDS)
def test_two_people_recording_at_once_lose_nothing(backend: str, tmp_path: Path) -> None:
    count = 45
    with (
        database_url(backend, tmp_path) as url,
        Workspace.open(tmp_path / "home", url) as ws,
    ):
        ws.catalogs.store(scan(*SKILLS))
        people = [sender(ws.home, url, name, name, count) for name in ("ann", "bob")]
        _together(people)
        for name in ("ann", "bob"):
            tokens = [one[0] for one in known(ws, name)]
            assert tokens == _shown(made(name, count))
        numbers = [key.judgement_id for key in ws.labels.verdict_keys()]
        assert numbers == sorted(numbers)


@pytest.mark.parametrize("backend", BACKENDS)
def test_two_tabs_sending_the_same_events_at_once_double_nothing(
    backend: str, tmp_path: Path
) -> None:
    count = 45
    with (
        database_url(backend, tmp_path) as url,
        Workspace.open(tmp_path / "home", url) as ws,
    ):
        ws.catalogs.store(scan(*SKILLS))
        tabs = [sender(ws.home, url, "ann", "e", count) for _ in range(2)]
        for said in _together(tabs):
            assert [line.split()[1] for line in said.splitlines()] == ["True"] * count
        whole = known(ws, "ann")
    assert whole == kept_in_one_go(tmp_path / "undisturbed", made("e", count))


def _together(processes: Sequence[subprocess.Popen[str]]) -> list[str]:
    """Let processes go at once; return what they said."""
    for process in processes:
        go(process)
    ended = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), ended
    return [said for said, _ in ended]


@pytest.mark.parametrize("backend", BACKENDS)
def test_event_sent_while_its_twin_is_being_kept_waits_for_it(backend: str, tmp_path: Path) -> None:
    events, failures = made("e", 3), []
    with (
        database_url(backend, tmp_path) as url,
        Workspace.open(tmp_path / "home", url) as ws,
    ):
        ws.catalogs.store(scan(*SKILLS))

        def send() -> None:
            try:
                assert all(ack.ok for ack in ws.labels.record(events, "ann"))
            except Exception as error:  # noqa: BLE001  # handed to the test's own thread
                failures.append(error)

        with ws.database.write() as session:
            label_version.lock(session)
            label_events.record(session, events, "ann")
            other = threading.Thread(target=send)
            other.start()
            # Time to look for the token, see none and try to keep it, if nothing holds it up.
            other.join(0.5)
            assert other.is_alive()
        other.join()
        assert failures == []
        assert [one[0] for one in known(ws, "ann")] == _shown(events)


@pytest.mark.parametrize("backend", BACKENDS)
def test_first_writers_at_once_all_get_their_turn(backend: str, tmp_path: Path) -> None:
    """The row that is locked does not exist yet: on PostgreSQL all of them try to make it."""
    people, failures, seen = 6, [], []
    with database_url(backend, tmp_path) as url:
        databases = [open_database(url, tmp_path) for _ in range(people)]
        ready = threading.Barrier(people)

        def write(number: int) -> None:
            try:
                with databases[number].write() as session:
                    ready.wait() if backend == "postgresql" else None
                    label_version.touch(session)
                    seen.append(label_version.version(session))
            except Exception as error:  # noqa: BLE001  # handed to the test's own thread
                failures.append(error)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(people)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with databases[0].read() as session:
            last = label_version.version(session)
        for database in databases:
            database.close()
    assert failures == []
    assert len(set(seen)) == people
    assert last in seen
