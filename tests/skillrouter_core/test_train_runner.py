"""A run's folder trained by real processes: killed, stopped, and several at once."""

import multiprocessing
import os
import signal
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from skillrouter_core.errors import Cancelled, ModelTooLargeError, TrainingError
from skillrouter_core.mining import CandidateList, Pair, Scored, write_lists, write_pairs
from skillrouter_core.models import DELTA, find_model
from skillrouter_core.progress import silent
from skillrouter_core.records.training import Method, Objective, TrainConfig, TrainKind
from skillrouter_core.train import loop
from skillrouter_core.train.__main__ import main
from skillrouter_core.train.curve import CURVE, read_curve
from skillrouter_core.train.instruct import InstructQueries, request_in
from skillrouter_core.train.launch import train_on_all, train_together
from skillrouter_core.train.memory import Load, require_training_memory, training_bytes
from skillrouter_core.train.runner import Order, read_order, train_part, trained, write_order
from skillrouter_core.train.stopping import STOP
from tests.fakes import skill
from tests.tiny_models import WORDS, tiny_bert, tiny_qwen

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["skillrouter_core.train.__main__", "tests.tiny_models"])
ENCODER = TrainKind.ENCODER
CONFIG = TrainConfig(1e-2, 2, accumulation=2, epochs=30, seed=5)
STEPS = 60


def skills(count: int = 8) -> list:
    return [
        skill(f"p/{i}", body=f"{WORDS[i]} {WORDS[(i * 3) % 19]} " * 4, name=WORDS[i])
        for i in range(count)
    ]


@pytest.fixture
def folder(tmp_path):
    """A run's folder with 8 pairs for an encoder: 2 steps an epoch."""
    base = tiny_bert(tmp_path / "base")
    run = tmp_path / "run"
    run.mkdir()
    made = skills()
    pairs = [Pair(f"{WORDS[i + 8]} {WORDS[i]}", one, (made[i - 1],)) for i, one in enumerate(made)]
    write_pairs(run, pairs)
    write_order(run, Order(ENCODER, str(base), "compact", CONFIG))
    return run


def twin(folder: Path) -> Path:
    """Return another run's folder with the same data and order."""
    other = folder.with_name("twin")
    other.mkdir()
    for name in ("pairs.jsonl", "texts.jsonl", "encoder.json"):
        (other / name).write_bytes((folder / name).read_bytes())
    return other


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "encoder" / DELTA)


def begin(folder: Path, *, steps: int | None = None) -> BaseProcess:
    """Start a process as `python -m skillrouter_core.train` does, its imports done before.

    With `steps` it is killed, as by the system, while it does the step after so many.
    """
    child = _processes.Process(target=_train, args=(str(folder), steps))
    child.start()
    return child


def _train(folder: str, last: int | None) -> None:
    torch.set_num_threads(1)
    steps = 0

    def watch(event: str, arguments: tuple) -> None:
        nonlocal steps
        if event == "open" and str(arguments[0]).endswith(CURVE) and arguments[1] == "a":
            steps += 1
            if last is not None and steps > last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    sys.exit(main([folder, "encoder"]))


def ended(child: BaseProcess) -> int | None:
    child.join()
    return child.exitcode


def steps(folder: Path) -> int:
    points = read_curve(folder / CURVE)
    return points[-1].step if points else 0


def test_a_killed_run_ends_with_the_weights_of_an_undisturbed_one(folder):
    other = twin(folder)
    # past a checkpoint, but not on one
    child, undisturbed = begin(folder, steps=53), begin(other)
    assert ended(child) == -signal.SIGKILL
    assert steps(folder) == 53
    assert not trained(folder, ENCODER)
    assert (folder / "encoder" / "checkpoint" / "state.safetensors").exists()
    assert ended(begin(folder)) == 0
    assert ended(undisturbed) == 0
    one, whole = weights(folder), weights(other)
    assert one.keys() == whole.keys()
    assert all(torch.equal(one[name], whole[name]) for name in one)
    points = read_curve(folder / CURVE)
    assert [point.step for point in points] == list(range(1, STEPS + 1))
    whole_curve = read_curve(other / CURVE)
    assert [point.loss for point in points] == [point.loss for point in whole_curve]
    assert not (folder / "encoder" / "checkpoint").exists()


def test_the_file_stop_stops_and_the_rest_follows_when_it_is_gone(folder, monkeypatch):
    monkeypatch.setattr(loop, "TELL_EVERY", 0)

    def ask(progress):
        if progress.done == 5:
            (folder / STOP).touch()

    with pytest.raises(Cancelled):
        train_part(folder, ENCODER, ask)
    assert steps(folder) == 5
    assert not trained(folder, ENCODER)
    with pytest.raises(Cancelled):
        train_part(folder, ENCODER, silent)
    (folder / STOP).unlink()
    report = train_part(folder, ENCODER, silent)
    assert report.steps == STEPS
    assert trained(folder, ENCODER)
    assert train_part(folder, ENCODER, silent) == report  # complete: left alone


def test_two_processes_take_the_steps_of_one(folder, monkeypatch):
    """Each does every second of the accumulated batches; only the order of sums differs."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    short = TrainConfig(1e-3, 2, accumulation=2, epochs=4, seed=5)
    order = read_order(folder, ENCODER)
    write_order(folder, Order(ENCODER, order.base, "compact", short))
    other = twin(folder)
    told = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    report = train_on_all(folder, ENCODER, told.append)
    alone = train_part(other, ENCODER, silent)
    assert report.steps == alone.steps == 8
    one, two = read_curve(other / CURVE), read_curve(folder / CURVE)
    assert [p.loss for p in two] == pytest.approx([p.loss for p in one], rel=0.05)
    mine, theirs = weights(folder), weights(other)
    for name, tensor in theirs.items():  # a step moves a weight by up to 1e-3
        torch.testing.assert_close(mine[name], tensor, rtol=0, atol=1e-3)
    assert told[0].stage == "Training the encoder"


def test_processes_that_fail_say_why(folder):
    (folder / "pairs.jsonl").write_text("{")
    with pytest.raises(TrainingError, match=r"training processes failed.*cannot be read"):
        train_together(folder, ENCODER, silent, 1)


def test_an_order_comes_back_as_it_was(tmp_path):
    config = TrainConfig(1e-5, 1, method=Method.LORA)
    order = Order(TrainKind.RERANKER, "base", "paper", config, Objective.POINTWISE, (0.5, 0.0))
    write_order(tmp_path, order)
    assert read_order(tmp_path, TrainKind.RERANKER) == order


def test_a_reranker_is_trained_from_its_lists(tmp_path):
    base = tiny_bert(tmp_path / "base", classify=True)
    made = [Scored(one, 1.0, 0.5) for one in skills(4)]
    write_lists(tmp_path, [CandidateList(WORDS[i], tuple(made[i:] + made[:i])) for i in range(4)])
    config = TrainConfig(1e-2, 1, accumulation=4, epochs=5)
    for objective in Objective:
        order = Order(TrainKind.RERANKER, str(base), "compact", config, objective)
        write_order(tmp_path, order)
        report = train_part(tmp_path, TrainKind.RERANKER, silent)
        assert report.steps == 5
        (tmp_path / "reranker" / "skillrouter.json").unlink()


# ------------------------------------------------------------------------ memory


def test_memory_is_worked_out_from_headers_and_shapes(tmp_path):
    base = str(tiny_bert(tmp_path / "base"))
    cpu = torch.device("cpu")
    files = find_model(base)
    count = sum(tensor.numel() for tensor in load_file(files.base / "model.safetensors").values())
    full, lora = TrainConfig(1e-3, 1), TrainConfig(1e-3, 1, method=Method.LORA)
    nothing = Load(0, 0)
    assert training_bytes(base, full, nothing, cpu) == int(count * 16 * 1.2)
    assert training_bytes(base, lora, nothing, cpu) == int(count * 4 * 1.2)
    # 10 texts of 8 tokens, 16 hidden units, 2 layers, 34 bytes
    assert training_bytes(base, full, Load(10, 8), cpu) == int(
        (count * 16 + 10 * 8 * 16 * 2 * 34) * 1.2
    )
    less = TrainConfig(1e-3, 1, gradient_checkpointing=True)
    assert training_bytes(base, less, Load(10, 8), cpu) == int(
        (count * 16 + 10 * 8 * 16 * (34 + 4)) * 1.2
    )


def test_what_does_not_fit_is_refused_with_figures(monkeypatch):
    monkeypatch.setattr("skillrouter_core.train.memory.free_bytes", lambda device: 2_000_000_000)
    cpu = torch.device("cpu")
    require_training_memory("m", 2_000_000_000, cpu)
    with pytest.raises(ModelTooLargeError, match=r"5\.0 GB.*2\.0 GB are free: 3\.0 GB are missing"):
        require_training_memory("m", 5_000_000_000, cpu)
    monkeypatch.setattr("skillrouter_core.train.memory.free_bytes", lambda device: None)
    require_training_memory("m", 5_000_000_000, cpu)


# ------------------------------------------------------------------------ a model that writes


def test_a_language_model_writes_the_same_for_the_same_seed(tmp_path):
    writer = InstructQueries(str(tiny_qwen(tmp_path / "lm", causal=True)), new_tokens=12)
    made = skills(3)
    pairs = writer.write(made, 1)
    assert [pair.skill for pair in pairs] == made
    assert all(pair.query for pair in pairs)
    assert writer.write(made, 1) == pairs
    assert writer.write(made, 2) != pairs
    assert "lm" in writer.name


@pytest.mark.parametrize(
    ("answer", "request_text"),
    [
        ('<think>a plan</think>\n\n"Please  merge\nthese files"', "Please merge these files"),
        ("User request: do it", "do it"),
        ("<think>never ends", ""),
        ("plain", "plain"),
    ],
)
def test_the_request_is_cut_out_of_the_answer(answer, request_text):
    assert request_in(answer) == request_text
