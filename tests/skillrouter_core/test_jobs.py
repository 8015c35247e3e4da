"""Jobs in real processes: what they report, and what is said of those that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from db.models import JobRow
from skillrouter_core import jobs
from skillrouter_core.errors import NotFoundError, UsageError
from skillrouter_core.records import Job, JobState
from skillrouter_core.workspace import Workspace
from tests.fake_jobs import FAKES, MODULE

ROOT = Path(__file__).parent.parent.parent
ENDED = {JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.LOST}


@pytest.fixture(autouse=True)
def fake_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, function in FAKES.items():
        monkeypatch.setitem(jobs.KINDS, kind, function)


def begin(ws: Workspace, kind: str, **params: str) -> Job:
    return jobs.start(ws, kind, params, module=MODULE)


def wait(ws: Workspace, job: Job, until: Callable[[Job], bool]) -> Job:
    """Return the job once `until` holds; the test's own time limit ends a vain wait."""
    while not until(job):
        time.sleep(0.05)
        job = jobs.get(ws, job.job_id)
    return job


def ended(job: Job) -> bool:
    return job.state in ENDED


def counting(job: Job) -> bool:
    return job.progress is not None and job.progress.done > 0


def row(ws: Workspace, job: Job) -> JobRow:
    with ws.database.read() as session:
        return session.get_one(JobRow, job.job_id)


def make_silent(ws: Workspace, job: Job, seconds: float) -> None:
    """Move the last heartbeat into the past."""
    with ws.database.write() as session:
        session.get_one(JobRow, job.job_id).heartbeat_at -= timedelta(seconds=seconds)


# ---------------------------------------------------------------------------- ending well


def test_job_runs_reports_and_ends(workspace: Workspace) -> None:
    job = begin(workspace, "steps", steps="20")
    assert (job.state, job.progress, job.finished_at) == (JobState.QUEUED, None, None)
    seen = wait(workspace, job, counting)
    assert seen.progress.stage == "Counting"
    assert (seen.progress.total, seen.progress.unit) == (20, "steps")
    done = wait(workspace, job, ended)
    assert (done.state, done.message) == (JobState.DONE, "counted to 20")
    assert done.progress.done == 20
    assert done.finished_at > done.created_at
    assert (done.kind, done.params) == ("steps", {"steps": "20"})


def test_job_has_a_polite_process_of_its_own(workspace: Workspace) -> None:
    job = wait(workspace, begin(workspace, "describe"), ended)
    nice = min(os.nice(0) + jobs.NICENESS, 19)
    assert job.message == f"nice={nice} own_session=True safe_path=True"


def test_job_beats_while_its_work_holds_the_database(workspace: Workspace) -> None:
    job = wait(workspace, begin(workspace, "store", skills="2500"), ended)
    assert (job.state, job.message) == (JobState.DONE, "2500 added")
    assert job.progress.done == job.progress.total
    assert len(workspace.catalogs.hashes()) == 2500


def test_job_outlives_the_process_that_started_it(workspace: Workspace) -> None:
    starter = (
        "import sys, pathlib; from skillrouter_core import jobs;"
        "from skillrouter_core.workspace import Workspace; from tests.fake_jobs import *;"
        "jobs.KINDS.update(FAKES);"
        "ws = Workspace.open(pathlib.Path(sys.argv[1]), sys.argv[2]);"
        "job = jobs.start(ws, 'steps', {'steps': '10'}, module=MODULE);"
        "print(job.job_id, flush=True); import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    )
    command = [sys.executable, "-c", starter, str(workspace.home), workspace.database_url]
    started = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    assert started.returncode == -signal.SIGKILL
    job = wait(workspace, jobs.get(workspace, int(started.stdout)), ended)
    assert (job.state, job.message) == (JobState.DONE, "counted to 10")


def test_cwd_cannot_smuggle_code_into_a_job(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m` would import a catalog's own `filelock.py` from the folder it is started in."""
    (tmp_path / "filelock.py").write_text("raise SystemExit('imported from the folder')")
    monkeypatch.chdir(tmp_path)
    job = wait(workspace, begin(workspace, "steps", steps="1"), ended)
    assert job.state is JobState.DONE, job.message


# ---------------------------------------------------------------------------- ending badly


def test_expected_failure_keeps_its_message(workspace: Workspace) -> None:
    job = wait(workspace, begin(workspace, "refuse"), ended)
    assert job.state is JobState.FAILED
    assert job.message == "/nowhere is not a folder; check the path"


def test_unexpected_failure_names_itself_and_the_log(workspace: Workspace) -> None:
    job = wait(workspace, begin(workspace, "crash"), ended)
    log = jobs.log_path(workspace, job.job_id)
    assert job.state is JobState.FAILED
    assert job.message == f"ZeroDivisionError: division by zero; see {log}"
    assert "Traceback" in log.read_text()


def test_cancelled_job_stops_at_its_next_step(workspace: Workspace) -> None:
    job = wait(workspace, begin(workspace, "steps", steps="100000"), counting)
    assert jobs.cancel(workspace, job.job_id).state is JobState.RUNNING
    job = wait(workspace, job, ended)
    assert job.state is JobState.CANCELLED
    assert job.message == "stopped on request; what was finished is kept"
    assert 0 < job.progress.done < 100_000


def test_job_cancelled_while_it_waits_does_no_work(workspace: Workspace) -> None:
    job = begin(workspace, "steps", steps="100000")
    jobs.cancel(workspace, job.job_id)
    job = wait(workspace, job, ended)
    assert job.state is JobState.CANCELLED


def test_cancelling_an_ended_job_changes_nothing(workspace: Workspace) -> None:
    job = wait(workspace, begin(workspace, "steps", steps="1"), ended)
    assert jobs.cancel(workspace, job.job_id) == job


def test_killed_job_is_lost(workspace: Workspace) -> None:
    job = wait(workspace, begin(workspace, "steps", steps="100000"), counting)
    os.kill(row(workspace, job).pid, signal.SIGKILL)
    job = wait(workspace, job, ended)
    assert job.state is JobState.LOST
    assert "ended without a word" in job.message
    assert str(jobs.log_path(workspace, job.job_id)) in job.message
    assert job.finished_at is not None


def test_lost_job_quotes_its_last_words(workspace: Workspace) -> None:
    job = wait(workspace, begin(workspace, "vanish"), ended)
    assert job.state is JobState.LOST
    assert job.message.endswith("(the ground is opening)")


def test_job_killed_under_another_server_is_lost_once_silent(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a server's restart only the heartbeat and the lock tell a dead job."""
    job = wait(workspace, begin(workspace, "steps", steps="100000"), counting)
    child = jobs._CHILDREN.pop(jobs.log_path(workspace, job.job_id))
    os.kill(row(workspace, job).pid, signal.SIGKILL)
    child.wait()
    assert jobs.get(workspace, job.job_id).state is JobState.RUNNING
    make_silent(workspace, job, jobs.LOST_AFTER_SECONDS)
    assert jobs.recent(workspace)[0].state is JobState.LOST
    assert row(workspace, job).state == JobState.LOST


def test_silent_job_that_holds_its_lock_is_not_lost(workspace: Workspace) -> None:
    job = wait(workspace, begin(workspace, "steps", steps="100000"), counting)
    pid = row(workspace, job).pid
    os.kill(pid, signal.SIGSTOP)
    make_silent(workspace, job, jobs.LOST_AFTER_SECONDS)
    assert jobs.get(workspace, job.job_id).state is JobState.RUNNING
    jobs.cancel(workspace, job.job_id)
    os.kill(pid, signal.SIGCONT)
    assert wait(workspace, job, ended).state is JobState.CANCELLED


def test_job_that_never_starts_is_lost(workspace: Workspace) -> None:
    job = jobs.start(workspace, "steps", {"steps": "1"}, module="tests.no_such_module")
    job = wait(workspace, job, ended)
    assert job.state is JobState.LOST
    assert "No module named tests.no_such_module" in job.message


# ---------------------------------------------------------------------------- asking


def test_unknown_kind_and_number_are_named(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match=r"'dance'; choose one of: .*import, index"):
        jobs.start(workspace, "dance", {})
    assert jobs.recent(workspace) == ()
    for call in (jobs.get, jobs.cancel):
        with pytest.raises(NotFoundError, match="77"):
            call(workspace, 77)


def test_recent_are_newest_first(workspace: Workspace) -> None:
    started = [begin(workspace, "steps", steps="1").job_id for _ in range(3)]
    assert [job.job_id for job in jobs.recent(workspace, limit=2)] == [started[2], started[1]]
    for job in jobs.recent(workspace):
        wait(workspace, job, ended)


def test_job_runs_once(workspace: Workspace) -> None:
    job = wait(workspace, begin(workspace, "steps", steps="1"), ended)
    command = [sys.executable, "-m", MODULE, str(workspace.home), str(job.job_id)]
    environment = {**os.environ, "SKILLROUTER_DATABASE_URL": workspace.database_url}
    again = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    assert again.returncode == 1
    assert jobs.get(workspace, job.job_id) == job


def test_import_without_a_source_fails_with_its_parameters(workspace: Workspace) -> None:
    job = wait(workspace, jobs.start(workspace, "import", {"name": "x"}), ended)
    assert job.state is JobState.FAILED
    assert job.message == "the job got no 'source' (its parameters: {'name': 'x'}); name one"


def test_import_of_nowhere_fails_and_stores_nothing(workspace: Workspace, tmp_path: Path) -> None:
    params = {"source": str(tmp_path / "nowhere")}
    job = wait(workspace, jobs.start(workspace, "import", params), ended)
    assert job.state is JobState.FAILED
    assert "nowhere" in job.message
    assert workspace.catalogs.all() == ()


@pytest.mark.model
def test_import_job_reads_a_source_and_builds_its_index(
    workspace: Workspace, tmp_path: Path
) -> None:
    for name in ("merge", "split"):
        (tmp_path / "mine" / name).mkdir(parents=True)
        text = f"---\nname: {name}\ndescription: {name} PDF files\n---\nUse it to {name}.\n"
        (tmp_path / "mine" / name / "SKILL.md").write_text(text)
    params = {"source": str(tmp_path / "mine")}
    job = wait(workspace, jobs.start(workspace, "import", params), ended)
    assert (job.state, job.message[:14]) == (JobState.DONE, "mine: 2 added,"), job.message
    status = workspace.indexing.status()
    assert (status.indexed, status.vectors_ready, status.stale) == (2, True, False)
    job = wait(workspace, jobs.start(workspace, "index", {"profile": "compact"}), ended)
    assert job.message == "2 skills indexed, 0 texts embedded"
