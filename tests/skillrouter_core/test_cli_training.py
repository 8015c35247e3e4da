"""`skillrouter mine` and `skillrouter train` over a workspace of tiny models."""

import json

import pytest

from skillrouter_core.cli import main
from skillrouter_core.cli.training import mining_lines
from skillrouter_core.records.training import MiningReport
from skillrouter_core.workspace import Workspace
from tests.training_runs import ask, fill, profile

QUICK = ["--batch-size", "4", "--learning-rate", "1e-3", "--generate", "0"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return profile(tmp_path_factory.mktemp("profile"))


@pytest.fixture
def home(tmp_path, tiny, monkeypatch):
    monkeypatch.setenv("SKILLROUTER_HOME", str(tmp_path / "home"))
    with Workspace.open() as ws:
        fill(ws, tiny)
        ask(ws, range(18))
    return tmp_path / "home"


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_plan_is_told_and_its_lack_is_a_failure(home, tiny, capsys):
    code, out, _ = run(capsys, "train", "both", "--plan", "--profile", tiny, "--generate", "0")
    assert code == 0
    assert "18 queries to train on: 18 pairs (0 generated), 18 lists at most" in out
    with Workspace.open() as ws:
        for query in ws.labels.queries()[5:]:
            ws.labels.remove_query(query.query_id)
    code, out, _ = run(capsys, "train", "encoder", "--plan", "--profile", tiny, "--generate", "0")
    assert code == 1
    assert "cannot start: 5 pairs" in out
    code, out, _ = run(
        capsys, "train", "encoder", "--plan", "--json", "--profile", tiny, "--generate", "0"
    )
    assert (code, json.loads(out)["pairs"]) == (1, 5)


def test_mine_reports_and_train_goes_on_from_it(home, tiny, capsys):
    code, out, _ = run(capsys, "mine", "--name", "m", "--profile", tiny, "--generate", "0")
    assert code == 0
    assert "false negatives removed: name" in out
    assert "skillrouter train resume --name m" in out
    code, out, err = run(capsys, "train", "resume", "--name", "m")
    assert code == 0
    assert "encoder:" in out
    assert "skillrouter models promote m" in out
    assert "The run is called m" in err
    assert (home / "models" / "m" / "encoder" / "skillrouter.json").is_file()
    code, _, err = run(capsys, "train", "resume", "--name", "m")
    assert code == 2
    assert "is done" in err


def test_json_is_one_document_on_standard_output(home, tiny, capsys):
    code, out, _ = run(capsys, "train", "reranker", "--json", "--profile", tiny, *QUICK)
    assert code == 0
    made = json.loads(out)
    assert made["state"] == "done"
    assert made["options"]["reranker"]["batch_size"] == 4
    assert made["options"]["encoder"] is None
    assert made["models"]["encoder"] == f"{tiny}/encoder"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["resume"], "--name NAME"),
        (["resume", "--name", "x"], "give options"),
        (["encoder", "--name", "../x"], "cannot be called"),
        (["encoder", "--generate", "-1"], "give 0 or more"),
        (["encoder", "--profile", "nowhere"], "No profile"),
    ],
)
def test_wrong_usage_exits_with_2(home, capsys, arguments, message):
    code, _, err = run(capsys, "train", *arguments)
    assert code == 2
    assert message in err


def test_a_report_in_words():
    report = MiningReport(
        queries=2,
        negatives={"semantic": 8, "random": 1},
        filtered={"name": 1, "jaccard": 0, "cosine": 0},
        shortfalls={"lexical": 3},
        filled={"random": 1},
        related=1,
        contradicted=2,
        short=1,
        dropped={"no negatives": 1},
    )
    assert mining_lines(report) == [
        "negatives  count",
        "semantic       8",
        "random         1",
        "false negatives removed: name 1, jaccard 0, cosine 0 (10.0% of those drawn)",
        "short of lexical: 3",
        "filled from random: 1",
        "1 left out: no negatives",
        "1 queries with fewer negatives than asked for",
        "1 judged related, taken as hard negatives",
        "2 judged wrong, but near-copies of a right answer: left out",
    ]
