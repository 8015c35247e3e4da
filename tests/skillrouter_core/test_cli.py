"""The command line: streams, exit codes, JSON shapes, and text that cannot steer a terminal."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrouter_core import errors
from skillrouter_core.benchmark import load_benchmark
from skillrouter_core.cli import build_parser, main
from skillrouter_core.cli.catalogs import ISSUES_SHOWN, sync_lines
from skillrouter_core.cli.console import Console, describe, duration, plain, shorten, table
from skillrouter_core.cli.routing import route_json, route_lines
from skillrouter_core.cli.system import APP, app_command
from skillrouter_core.evaluate import RankedAnswer, TierReport, evaluate
from skillrouter_core.progress import Progress
from skillrouter_core.records import (
    Candidate,
    ImportIssue,
    Passage,
    Route,
    RouteOptions,
    Skill,
    SyncReport,
    Timings,
)
from skillrouter_core.workspace import Workspace
from skillrouter_core.workspace.indexing import IndexReport, IndexStatus

ROOT = Path(__file__).parents[2]


# --------------------------------------------------------------------------- material


def skill(skill_id: str, name: str = "", description: str = "") -> Skill:
    return Skill(skill_id, name or skill_id.rsplit("/", 1)[-1], description, "body")


def route(**changes: Any) -> Route:
    first = Candidate(
        skill=skill("demo/pdf/merge", "Merge PDFs", "Joins files"),
        rank=1,
        place=1,
        stage1_rank=3,
        stage1_score=1.5,
        stage2_score=4.25,
        bm25=7.0,
        dense=0.5,
        text_score=2.0,
        folded=(skill("demo/pdf/merge-copy"),),
        evidence=(Passage("body", "joins several\nPDF files", 0, 3.0),),
    )
    second = Candidate(skill("demo/pdf/split"), 2, 3, 1, 2.5, 1.125, 9.0, 0.25, 0.5)
    values: dict[str, Any] = {
        "query": "join files",
        "options": RouteOptions(),
        "candidates": (first, second),
        "ranking": ("demo/pdf/merge", "demo/pdf/merge-copy", "demo/pdf/split"),
        "stage1_ranking": ("demo/pdf/split", "demo/pdf/merge-copy", "demo/pdf/merge"),
        "confidence": 0.75,
        "threshold": 0.5,
        "timings": Timings(10.0, 2.0, 100.0, 112.5),
        "notes": ("vectors are still being made: BM25 alone",),
    }
    return Route(**(values | changes))


class Services:
    """Stands in for an open workspace: every service answers what the test gave it."""

    def __init__(self, **answers: Callable[..., Any]) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self._answers = answers
        self.catalogs = self.indexing = self.routing = self.evaluation = self

    def __enter__(self) -> Services:
        return self

    def __exit__(self, *details: object) -> None:
        self.calls.append(("close", (), {}))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            self.calls.append((name, args, more))
            return self._answers[name](*args, **more)

        return call


Serve = Callable[..., Services]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    def replace(**answers: Callable[..., Any]) -> Services:
        services = Services(**answers)
        monkeypatch.setattr(Workspace, "open", lambda: services)
        return services

    return replace


def run(arguments: Sequence[str], **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the real program in a process of its own."""
    command = [sys.executable, "-m", "skillrouter_core.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **more)


# --------------------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    "line",
    [
        "",
        "no-such-command",
        "route",
        "route a b",
        "route q --top 0",
        "route q --top many",
        "route q --stage1 magic",
        "route q --none-fits-below 1.5",
        "route q --jso",
        "import",
        "evaluate",
        "score predictions.json folder",
        "app --port 0",
        "app --port 65536",
    ],
)
def test_wrong_usage_exits_with_2(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(line.split())
    assert stopped.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "usage: skillrouter" in err


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    for name in ("import", "index", "route", "dedup", "evaluate", "score", "doctor", "app"):
        assert f"\n    {name} " in shown


def test_route_defaults_are_the_records_defaults() -> None:
    args = build_parser().parse_args(["route", "q"])
    defaults = RouteOptions()
    for name in ("top", "candidates", "rerank", "body", "profile", "none_fits_below"):
        assert getattr(args, name) == getattr(defaults, name)
    assert args.stage1 == defaults.stage1.value


# --------------------------------------------------------------------------- exit codes


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (errors.UsageError("no profile 'x'"), 2),
        (errors.SkillRouterError("plain"), 1),
        (errors.IndexNotReadyError("build it"), 1),
        (errors.DatabaseVersionError("newer"), 1),
        (errors.ModelNotFoundError("gone"), 1),
    ],
)
def test_errors_become_one_line_and_an_exit_code(
    raised: Exception, code: int, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*args: Any) -> None:
        raise raised

    services = serve(route=fail)
    assert main(["route", "q", "--json"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"skillrouter: {raised}\n"
    assert services.calls[-1][0] == "close"


def test_error_with_line_breaks_and_escapes_stays_one_line(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*args: Any) -> None:
        raise errors.SourceError("first\nsecond \x1b[31mred")

    serve(route=fail)
    assert main(["route", "q"]) == 1
    assert capsys.readouterr().err == "skillrouter: first second \ufffd[31mred\n"


def test_a_bug_keeps_its_traceback(serve: Serve) -> None:
    def fail(*args: Any) -> None:
        raise ZeroDivisionError

    serve(route=fail)
    with pytest.raises(ZeroDivisionError):
        main(["route", "q"])


def test_ctrl_c_exits_with_130_and_no_traceback(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*args: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    serve(sync=interrupt)
    assert main(["import", "demo"]) == 130
    assert capsys.readouterr().err == "skillrouter: stopped\n"


FAKE_WORKSPACE = """
import signal, sys, time
from skillrouter_core.cli import main
from skillrouter_core.records import SyncReport
from skillrouter_core.workspace import Workspace

class Fake:
    catalogs = property(lambda self: self)

    def __enter__(self):
        return self

    def __exit__(self, *details):
        pass

    def sync(self, source, name, listener):
        {body}

Workspace.open = Fake
# A parent that runs in the background hands down an ignored Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main(['import', 'demo']))
"""


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_ends_a_running_process_quietly() -> None:
    body = "sys.stderr.write('working\\n'); sys.stderr.flush(); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", FAKE_WORKSPACE.format(body=body)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "working\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "skillrouter: stopped\n")


def test_reader_that_went_away_is_no_fault() -> None:
    body = "return SyncReport('x' * 200_000, 1, 0, 0, 0)"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", FAKE_WORKSPACE.format(body=body)],
        cwd=ROOT,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


# --------------------------------------------------------------------------- import and index


def report(issues: int = 0, left_out: int = 0) -> SyncReport:
    found = [ImportIssue(f"a{n}/SKILL.md", n, "bad YAML", imported=True) for n in range(issues)]
    found += [
        ImportIssue(f"b{n}/SKILL.md", None, "a link", imported=False) for n in range(left_out)
    ]
    return SyncReport("mine", 3, 2, 1, 1000, tuple(found))


def test_import_passes_its_arguments_on(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    services = serve(sync=lambda *args, **more: report())
    assert main(["import", "./here", "--name", "mine"]) == 0
    name, args, _ = services.calls[0]
    assert (name, args) == ("sync", ("./here", "mine"))
    assert capsys.readouterr().out == (
        "Catalog mine: 1,005 skills (3 added, 2 changed, 1 removed, 1,000 unchanged)\n"
    )


def test_import_as_json_lists_every_issue(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    serve(sync=lambda *args, **more: report(issues=30, left_out=1))
    assert main(["import", "demo", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["skills"] == 1005
    assert document["removed"] == 1
    assert len(document["issues"]) == 31
    assert document["issues"][30] == {
        "path": "b0/SKILL.md",
        "line": None,
        "reason": "a link",
        "imported": False,
    }


def test_import_says_how_many_issues_it_does_not_name() -> None:
    lines = sync_lines(report(issues=ISSUES_SHOWN, left_out=2))
    assert lines[1] == f"{ISSUES_SHOWN} problems repaired, 2 files left out:"
    assert lines[2] == "  a0/SKILL.md:0: bad YAML"
    assert lines[-1] == "  and 2 more; --json lists all"
    assert len(lines) == ISSUES_SHOWN + 3


def test_whatever_a_library_prints_stays_out_of_the_document(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    def chatty(*args: Any, **more: Any) -> SyncReport:
        sys.stdout.write("loading weights\n")
        more["listener"](Progress("read", 10, 10, 2.0))
        return report()

    serve(sync=chatty)
    assert main(["import", "demo", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["catalog"] == "mine"
    assert "loading weights" in err
    assert "read: 10 of 10 skills, 5.0 skills/s" in err


def test_index_names_what_it_did(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    before = IndexStatus(1200, 1193, True, True, True, "1")
    services = serve(build=lambda **more: IndexReport(1200, 7, 3.2), status=lambda profile: before)
    assert main(["index", "--profile", "minilm"]) == 0
    asked = {name: more for name, _, more in services.calls}
    assert asked["build"]["profile"] == "minilm"
    shown = "Index minilm: 1,200 skills, 7 texts embedded anew, 3 s\n"
    assert capsys.readouterr().out == shown
    assert main(["index", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {"skills": 1200, "embedded": 7, "seconds": 3.2}


# --------------------------------------------------------------------------- route


def test_route_passes_its_options_on(serve: Serve) -> None:
    services = serve(route=lambda *args: route())
    line = "route --top 3 --candidates 7 --stage1 bm25 --no-rerank --no-body --profile minilm"
    assert main([*line.split(), "--none-fits-below", "0.4", "  join files "]) == 0
    _, (query, options), _ = services.calls[0]
    assert query == "join files"
    assert options == RouteOptions("bm25", False, False, 3, 7, "minilm", 0.4)


def test_route_reads_a_long_query_from_standard_input(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = serve(route=lambda *args: route())
    monkeypatch.setattr(sys, "stdin", io.StringIO("line one\nline two\n"))
    assert main(["route", "-"]) == 0
    assert services.calls[0][1][0] == "line one\nline two"


def test_empty_query_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["route", "  "]) == 2
    assert "empty" in capsys.readouterr().err


def test_route_json_has_the_promised_shape(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(route=lambda *args: route())
    assert main(["route", "join files", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["query"] == "join files"
    assert document["confidence"] == 0.75
    assert document["none_fits"] is False
    assert document["timings_ms"] == {
        "encode": 10.0,
        "stage1": 2.0,
        "stage2": 100.0,
        "total": 112.5,
    }
    first, second = document["candidates"]
    promised = {
        "skill_id": "demo/pdf/merge",
        "name": "Merge PDFs",
        "rank": 1,
        "place": 1,
        "stage1_rank": 3,
        "stage1_score": 1.5,
        "stage2_score": 4.25,
        "folded": ["demo/pdf/merge-copy"],
        "evidence": ["joins several\nPDF files"],
    }
    assert promised.items() <= first.items()
    assert (second["folded"], second["evidence"]) == ([], [])


def test_route_text_shows_ranks_evidence_twins_and_times() -> None:
    lines = route_lines(route())
    assert lines == [
        "   stage 1  score  skill",
        "1        3  4.250  Merge PDFs  [demo/pdf/merge]",
        "      joins several PDF files",
        "      near-identical: demo/pdf/merge-copy",
        "2        1  1.125  split  [demo/pdf/split]",
        "",
        "Confidence: 0.75",
        "Time: 112 ms (encode 10, stage 1 2, stage 2 100)",
    ]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"confidence": 0.25},
            "Confidence: 0.25, below 0.50: none fits well enough to be loaded",
        ),
        ({"confidence": 0.5}, "Confidence: 0.50"),
        ({"confidence": None}, "Confidence: unknown (not calibrated for these settings)"),
    ],
)
def test_route_text_says_when_none_fits(changes: dict[str, Any], line: str) -> None:
    assert line in route_lines(route(**changes))


def test_route_without_candidates() -> None:
    empty = route(candidates=(), ranking=(), confidence=None)
    assert route_lines(empty)[0] == "No skill was found."
    assert route_json(empty)["none_fits"] is True


def test_notes_of_a_route_go_to_standard_error(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(route=lambda *args: route())
    assert main(["route", "q"]) == 0
    out, err = capsys.readouterr()
    assert "BM25 alone" in err
    assert "BM25 alone" not in out


# --------------------------------------------------------------------------- score


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    """Two tasks that count (one right answer each), one generic; a pool of four skills."""
    folder = tmp_path / "bench"
    (folder / "easy").mkdir(parents=True)
    tasks = [{"task_id": t, "instruction_text": f"do {t}"} for t in ("t1", "t2", "t3")]
    pool = [{"skill_id": s, "name": s, "description": "", "body": ""} for s in "abcd"]
    relevance = {
        "t1": {"core_gt_ids": ["a"], "relevance": {"a": 3}, "task_type": "single"},
        "t2": {"core_gt_ids": ["b"], "relevance": {"b": 3}, "task_type": "single"},
        "t3": {"core_gt_ids": ["c"], "relevance": {"c": 3}, "task_type": "generic_only"},
    }
    (folder / "tasks.jsonl").write_text("\n".join(map(json.dumps, tasks)), encoding="utf-8")
    (folder / "easy" / "pool.jsonl").write_text("\n".join(map(json.dumps, pool)), encoding="utf-8")
    (folder / "relevance.json").write_text(json.dumps(relevance), encoding="utf-8")
    return folder


def write_predictions(folder: Path, predictions: dict[str, list[str]]) -> str:
    path = folder / "predictions.json"
    path.write_text(json.dumps(predictions), encoding="utf-8")
    return str(path)


def test_score_needs_neither_a_model_nor_a_workspace(benchmark: Path, tmp_path: Path) -> None:
    predictions = write_predictions(tmp_path, {"t1": ["a", "b"]})
    unusable = {**os.environ, "SKILLROUTER_HOME": "/dev/null/nowhere"}
    done = run(["score", predictions, str(benchmark), "--tier", "easy", "--json"], env=unusable)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)["easy"]
    assert report["all"]["Hit@1"] == 1.0
    assert report["all"]["count"] == 1
    assert report["multi"]["count"] == 0
    assert "t2" in done.stderr
    assert "t3" in done.stderr


def test_score_counts_missing_tasks_as_wrong_when_asked(
    benchmark: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    predictions = write_predictions(tmp_path, {"t1": ["a", "b"]})
    line = ["score", predictions, str(benchmark), "--tier", "easy", "--missing-as-wrong"]
    assert main([*line, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["easy"]["all"]["Hit@1"] == 0.5
    assert main(line) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].split()[:3] == ["tier", "tasks", "count"]
    assert shown[1].split()[:4] == ["easy", "all", "2", "0.500"]
    assert shown[3].split()[:4] == ["easy", "multi", "0", "-"]


@pytest.mark.parametrize("tier", ["hard", "../easy", ""])
def test_score_of_an_unknown_tier_fails(
    tier: str, benchmark: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    predictions = write_predictions(tmp_path, {"t1": ["a"]})
    assert main(["score", predictions, str(benchmark), "--tier", tier, "--json"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "easy" in err


# --------------------------------------------------------------------------- evaluate


class Alphabet:
    """Ranks the pool in alphabetical order; stage 2 puts `b` first."""

    def rank(self, query: str) -> RankedAnswer:
        return RankedAnswer(tuple("abcd"), tuple("bacd"), 1.0, 2.0, 3.0, 7.0)


@pytest.fixture
def evaluating(serve: Serve, benchmark: Path) -> Services:
    def answer(folder: Path, tiers: Sequence[str] | None, **more: Any) -> tuple[TierReport, ...]:
        loaded = load_benchmark(folder)
        return tuple(evaluate(loaded, tier, Alphabet()) for tier in tiers or loaded.tiers)

    return serve(run=answer)


def test_evaluate_json_has_the_promised_shape(
    evaluating: Services, benchmark: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(benchmark), "--tier", "easy", "--no-body", "--json"]) == 0
    name, args, more = evaluating.calls[0]
    assert (name, args) == ("run", (benchmark,))
    assert more["tiers"] == ["easy"]
    assert more["options"] == RouteOptions(body=False)
    document = json.loads(capsys.readouterr().out)
    for stage in ("retrieval", "pipeline"):
        assert list(document["easy"][stage]) == ["all", "single", "multi"]
        assert document["easy"][stage]["all"]["Hit@1"] == 0.5
        assert document["easy"][stage]["all"]["count"] == 2
        assert len(document["easy"][stage]["all"]["Hit@1_ci95"]) == 2


def test_evaluate_text_shows_both_stages_gain_and_latency(
    evaluating: Services, benchmark: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(benchmark)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("easy, retrieval  all")
    assert lines[4].startswith("easy, pipeline   all")
    assert "+0.000" in lines[-1]
    assert "1 fixed, 1 spoiled" in lines[-1]
    assert "7 ms (p50), 7 ms (p95)" in lines[-1]


def test_evaluate_writes_predictions_that_score_reads(
    evaluating: Services, benchmark: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.json"
    assert main(["evaluate", str(benchmark), "--json", "--predictions", str(out)]) == 0
    evaluated = json.loads(capsys.readouterr().out)["easy"]["pipeline"]
    assert main(["score", str(out), str(benchmark), "--tier", "easy", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["easy"] == evaluated


def test_evaluate_writes_a_file_for_each_of_several_tiers(
    evaluating: Services, benchmark: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(benchmark / "easy", benchmark / "hard")
    assert main(["evaluate", str(benchmark), "--predictions", str(tmp_path / "out.json")]) == 0
    assert sorted(path.name for path in tmp_path.glob("*.json")) == [
        "out.easy.json",
        "out.hard.json",
    ]
    assert "out.hard.json" in capsys.readouterr().err


def test_predictions_into_a_missing_folder_are_refused_before_the_work(
    evaluating: Services, benchmark: Path, tmp_path: Path
) -> None:
    out = tmp_path / "no" / "mine.json"
    assert main(["evaluate", str(benchmark), "--predictions", str(out)]) == 2
    assert evaluating.calls == []


# --------------------------------------------------------------------------- all of it


SKILLS = {
    "merge-pdf": ("Join PDF files", "Concatenates several PDF files into one and keeps bookmarks."),
    "bake-bread": ("Bake bread", "Kneads flour, water and yeast; proves and bakes the loaf."),
    "tune-guitar": ("Tune a guitar", "Tunes the six strings by ear or against a pitch pipe."),
}


@pytest.mark.model
def test_from_files_to_an_answer_with_the_shipped_models(tmp_path: Path) -> None:
    home = {**os.environ, "SKILLROUTER_HOME": str(tmp_path / "home")}
    for folder, (description, body) in SKILLS.items():
        path = tmp_path / "skills" / folder / "SKILL.md"
        path.parent.mkdir(parents=True)
        text = f"---\nname: {folder}\ndescription: {description}\n---\n{body}\n"
        path.write_text(text, encoding="utf-8")

    def answer(*arguments: str) -> dict[str, Any]:
        done = run([*arguments, "--json"], env=home)
        assert done.returncode == 0, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    assert answer("import", str(tmp_path / "skills"), "--name", "mine")["added"] == 3
    assert answer("index")["skills"] == 3
    assert answer("index")["embedded"] == 0
    found = answer("route", "combine my PDF documents into a single file")
    assert found["candidates"][0]["skill_id"] == "mine/merge-pdf"
    assert found["candidates"][0]["stage2_score"] is not None
    assert found["notes"] == []
    checks = {check["name"]: check["status"] for check in answer("doctor")["checks"]}
    assert (checks["catalogs"], checks["index"], checks["encoder"]) == ("ok", "ok", "ok")


# --------------------------------------------------------------------------- app


def test_app_listens_on_this_machine_only() -> None:
    command = app_command(8600)
    assert "--server.address=127.0.0.1" in command
    assert "--server.port=8600" in command
    assert "--browser.gatherUsageStats=false" in command
    assert APP == ROOT / "app.py"
    assert APP.is_file()


# --------------------------------------------------------------------------- console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def consoles(err: io.StringIO, times: Sequence[float] = ()) -> tuple[Console, io.StringIO]:
    """Return a console over memory; its clock gives `times` one after the other, then stays."""
    out, left = io.StringIO(), list(times) or [0.0]
    return Console(out, err, lambda: left.pop(0) if len(left) > 1 else left[0]), out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("  two\n\tlines ", "two lines"),
        ("\x1b]0;title\x07", "\ufffd]0;title\ufffd"),
        ("a\u202eb", "a\ufffdb"),
        ("a\ud800b", "a\ufffdb"),
        ("中文 é", "中文 é"),
    ],
)
def test_plain_text_cannot_steer_a_terminal(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text())
def test_plain_is_one_printable_line(text: str) -> None:
    shown = plain(text)
    assert len(shown.splitlines()) <= 1
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in shown)
    assert plain(shown) == shown


def test_shorten_and_table() -> None:
    assert shorten("one two three", 8) == "one two…"
    assert shorten("one two", 7) == "one two"
    assert table([("a", "1"), ("bcd", "22")], right=frozenset({1})) == ["a     1", "bcd  22"]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.4, "0 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")],
)
def test_duration(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (Progress("embed", 0, 120, 0.0), "embed: 0 of 120 skills"),
        (Progress("embed", 60, 120, 2.0), "embed: 60 of 120 skills, 30.0 skills/s, 2 s left"),
        (Progress("embed", 120, 120, 4.0), "embed: 120 of 120 skills, 30.0 skills/s"),
        (Progress("read", 1500, 0, 1.0, "files"), "read: 1,500 files, 1,500.0 files/s"),
    ],
)
def test_progress_names_rate_and_remaining_time(progress: Progress, line: str) -> None:
    assert describe(progress) == line


def test_progress_on_a_terminal_rewrites_one_line() -> None:
    err = Terminal()
    console, out = consoles(err)
    console.progress(Progress("embed", 1, 2, 1.0))
    console.progress(Progress("embed", 2, 2, 2.0))
    console.say("done")
    assert err.getvalue().count("\r\x1b[2K") == 2
    assert err.getvalue().count("\n") == 1
    assert out.getvalue() == "done\n"


def test_interrupted_progress_line_is_closed_before_the_reason() -> None:
    err = Terminal()
    console, _ = consoles(err)
    console.progress(Progress("embed", 1, 2, 1.0))
    console.fail("stopped")
    assert err.getvalue().endswith("\nskillrouter: stopped\n")


def test_progress_elsewhere_is_a_line_now_and_then() -> None:
    err = io.StringIO()
    console, _ = consoles(err, times=[0.0, 1.0, 11.0, 11.0, 12.0])
    for done in (1, 2, 3):
        console.progress(Progress("embed", done, 5, 1.0))
    console.progress(Progress("embed", 5, 5, 1.0))
    assert [line.split(",")[0] for line in err.getvalue().splitlines()] == [
        "embed: 2 of 5 skills",
        "embed: 5 of 5 skills",
    ]


def stream(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("text", ["中文", "é", "\ud800", "😀"])
def test_document_is_valid_json_on_any_stream(encoding: str, text: str) -> None:
    out = stream(encoding)
    Console(out, stream(encoding)).document({"text": text})
    out.flush()
    assert json.loads(out.buffer.getvalue().decode(encoding)) == {"text": text}  # type: ignore[attr-defined]


def test_document_refuses_what_json_does_not_have() -> None:
    console, _ = consoles(io.StringIO())
    with pytest.raises(ValueError, match="not JSON compliant"):
        console.document({"mean": float("nan")})
    with pytest.raises(TypeError, match="set has no JSON form"):
        console.document({"ids": {1}})
