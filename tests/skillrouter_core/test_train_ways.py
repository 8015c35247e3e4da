"""The ways to train: decoders, LoRA, mined negatives, objectives; and what cannot go on."""

import json
from dataclasses import asdict, replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel

from skillrouter_core.backbone import load_network
from skillrouter_core.encode import TransformerEncoder
from skillrouter_core.errors import Cancelled, ModelIntegrityError, TrainingError
from skillrouter_core.mining import CandidateList, Pair, Scored
from skillrouter_core.models import DELTA, LATE, MANIFEST, find_model, profile_named
from skillrouter_core.records.training import Method, Objective
from skillrouter_core.rerank import LateInteraction, PairClassifier, YesNoJudge
from skillrouter_core.texts import PRESETS, reranker_document
from skillrouter_core.train import TrainConfig, loop, train_encoder, train_reranker
from skillrouter_core.train.curve import read_curve
from skillrouter_core.train.encoder import batch_documents, left_out
from skillrouter_core.train.network import learning, trainable
from skillrouter_core.train.output import point_to
from skillrouter_core.train.readers import reader_of
from skillrouter_core.train.workers import Workers, alone
from tests.fakes import skill
from tests.tiny_models import tiny_bert, tiny_qwen

COMPACT, PAPER = PRESETS["compact"], PRESETS["paper"]
CONFIG = TrainConfig(learning_rate=1e-2, batch_size=3, epochs=15, seed=7)
TOPICS = [
    ("deploy a service", "helm", "charts " * 10),
    ("bake bread", "judge", "bread " * 10),
    ("cluster", "yes", "to the with " * 4),
]
SKILLS = [skill(f"pool/{i}", body=body, name=name) for i, (_, name, body) in enumerate(TOPICS)]
PAIRS = [Pair(topic[0], one) for topic, one in zip(TOPICS, SKILLS, strict=True)]
LISTS = [
    CandidateList(
        query,
        tuple(Scored(one, 1.0, 0.5) for one in (SKILLS[i], *SKILLS[:i], *SKILLS[i + 1 :])),
    )
    for i, (query, _, _) in enumerate(TOPICS)
]


def encoder_finds(folder, preset):
    """Return which skill the trained encoder puts first for each topic's query."""
    encoder = TransformerEncoder(find_model(str(folder)), max_tokens=64)
    task = f"Instruct: {preset.retrieve_instruction}\nQuery: " if preset is PAPER else ""
    queries = encoder.encode_queries([task + query for query, _, _ in TOPICS])
    documents = encoder.encode_queries([f"{one.name} |  | {one.body}" for one in SKILLS])
    return (queries @ documents.T).argmax(1).tolist()


# ------------------------------------------------------------------------ decoders


def test_a_decoder_pools_its_last_token_and_is_written_whole(tmp_path):
    base = str(tiny_qwen(tmp_path / "base"))
    report = train_encoder(PAIRS, base, tmp_path / "out", preset=PAPER, config=CONFIG)
    assert report.last_loss < report.first_loss / 2
    assert encoder_finds(tmp_path / "out", PAPER) == [0, 1, 2]
    plain = AutoModel.from_pretrained(tmp_path / "out")
    assert plain.dtype is torch.bfloat16
    assert not (tmp_path / "out" / DELTA).exists()
    assert json.loads((tmp_path / "out" / MANIFEST).read_text())["preset"] == "paper"


def test_a_yes_no_judge_learns_and_is_written_whole(tmp_path):
    base = str(tiny_qwen(tmp_path / "base", causal=True))
    options = {"preset": PAPER, "config": CONFIG, "feature_weights": (0.0, 0.0)}
    report = train_reranker(LISTS, base, tmp_path / "out", **options)
    assert report.last_loss < report.first_loss / 2
    judge = YesNoJudge(find_model(str(tmp_path / "out")), PAPER)
    for i, (query, _, _) in enumerate(TOPICS):
        texts = [reranker_document(one, PAPER) for one in SKILLS]
        assert judge.score(query, texts).argmax() == i


def tiny_late(folder):
    """Write a network that marks tokens, with a manifest that says how it is to be read."""
    tiny_bert(folder, tokens=True)
    (folder / MANIFEST).write_text(json.dumps({"kind": LATE, "stage2": {"hybrid": {"text": 0.5}}}))
    return folder


def test_late_interaction_learns_and_stays_what_it_is(tmp_path):
    base = str(tiny_late(tmp_path / "base"))
    options = {"preset": COMPACT, "config": CONFIG, "feature_weights": (0.0, 0.0)}
    report = train_reranker(LISTS, base, tmp_path / "out", **options)
    assert report.last_loss < report.first_loss / 2
    files = find_model(str(tmp_path / "out"))
    assert files.manifest["kind"] == LATE
    assert files.manifest["stage2"] == {"hybrid": {"text": 0.5}}
    reader = LateInteraction(files, COMPACT)
    for i, (query, _, _) in enumerate(TOPICS):
        texts = [reranker_document(one, COMPACT) for one in SKILLS]
        assert reader.score(query, texts).argmax() == i


@pytest.mark.parametrize(
    ("make", "preset", "scorer"),
    [
        (tiny_late, COMPACT, LateInteraction),
        (lambda folder: tiny_qwen(folder, causal=True), PAPER, YesNoJudge),
        (lambda folder: tiny_bert(folder, classify=True), COMPACT, PairClassifier),
    ],
)
def test_what_learns_reads_as_what_answers_does(make, preset, scorer, tmp_path):
    files = find_model(str(make(tmp_path / "base")))
    reader = reader_of(files, preset)
    workers = Workers(torch.device("cpu"))
    network = trainable(files, reader.auto_class, CONFIG, workers, (), **reader.settings).eval()
    texts = [reranker_document(one, preset) for one in SKILLS]
    with torch.no_grad():
        learnt = reader.scores(network, [("bake bread", text) for text in texts])
    answered = scorer(files, preset, torch.device("cpu")).score("bake bread", texts)
    scale = max(1.0, float(abs(answered).max()))
    assert learnt.tolist() == pytest.approx(answered.tolist(), abs=0.05 * scale)  # bfloat16


# ------------------------------------------------------------------------ LoRA

LORA = replace(CONFIG, method=Method.LORA, lora_rank=8, epochs=60)


@pytest.mark.parametrize(
    ("make", "preset"), [(tiny_bert, COMPACT), (tiny_qwen, PAPER)], ids=["delta", "whole"]
)
def test_lora_learns_few_numbers_and_leaves_a_plain_model(make, preset, tmp_path):
    base = str(make(tmp_path / "base"))
    train_encoder(PAIRS, base, tmp_path / "out", preset=preset, config=LORA)
    assert encoder_finds(tmp_path / "out", preset) == [0, 1, 2]
    names = load_file(next((tmp_path / "out").glob("*.safetensors"))).keys()
    assert names
    assert not [name for name in names if "lora" in name]
    network = trainable(find_model(base), AutoModel, LORA, alone(), ())
    assert all("lora" in name for name in learning(network))


def test_lora_trains_a_new_classifiers_head_whole(tmp_path):
    base = str(tiny_bert(tmp_path / "base"))
    options = {"preset": COMPACT, "config": LORA, "feature_weights": (0.0, 0.0)}
    report = train_reranker(LISTS, base, tmp_path / "out", **options)
    assert report.last_loss < report.first_loss / 2
    reranker = PairClassifier(find_model(str(tmp_path / "out")), COMPACT)
    texts = [reranker_document(one, COMPACT) for one in SKILLS]
    assert [reranker.score(query, texts).argmax() for query, _, _ in TOPICS] == [0, 1, 2]


# ------------------------------------------------------------------------ negatives and steps


def test_mined_negatives_join_the_batch_and_right_answers_do_not():
    other = skill("pool/other", body="other")
    twin = skill("pool/twin", body="twin", name="judge")
    batch = [
        replace(PAIRS[0], negatives=(other,), rights=frozenset(["pool/0", "pool/2"])),
        replace(PAIRS[1], negatives=(twin,)),
        PAIRS[2],
    ]
    documents = batch_documents(batch)
    assert documents == [*SKILLS, other, twin]
    rows = torch.eye(5)
    rows[3] = rows[0]  # the model thinks that the mined negative is the positive
    assert left_out(batch, rows).int().tolist() == [
        [1, 0, 1, 0, 0],  # itself, another right answer; its own negative stays
        [0, 1, 0, 0, 0],  # a namesake as its own negative was judged or filtered: it stays
        [0, 0, 1, 0, 0],
    ]
    assert left_out([PAIRS[1], replace(PAIRS[0], negatives=(twin,))], torch.eye(3)).tolist() == [
        [True, False, True],
        [False, True, False],
    ]


def test_a_model_that_cannot_tell_documents_apart_yet_does_not_silence_the_loss():
    same = torch.ones(3, 1)
    assert left_out(PAIRS, same).tolist() == torch.eye(3, dtype=torch.bool).tolist()


def test_a_mined_negative_is_pushed_away(tmp_path):
    """One pair alone has nothing to learn from; with a negative it has."""
    base = str(tiny_bert(tmp_path / "base"))
    config = replace(CONFIG, batch_size=1, epochs=10)
    options = {"preset": COMPACT, "config": config}
    alone_report = train_encoder(PAIRS[:1], base, tmp_path / "a", **options)
    assert alone_report.first_loss == pytest.approx(0, abs=1e-6)
    pair = replace(PAIRS[0], negatives=(SKILLS[1],))
    report = train_encoder([pair], base, tmp_path / "b", **options)
    assert report.last_loss < report.first_loss


def test_pointwise_training_is_another_objective(tmp_path):
    base = str(tiny_bert(tmp_path / "base", classify=True))
    options = {"preset": COMPACT, "config": CONFIG, "feature_weights": (0.0, 0.0)}
    listwise = train_reranker(LISTS, base, tmp_path / "a", **options)
    pointwise = train_reranker(
        LISTS, base, tmp_path / "b", objective=Objective.POINTWISE, **options
    )
    assert pointwise.last_loss < pointwise.first_loss
    assert pointwise.first_loss != pytest.approx(listwise.first_loss)


def test_pointwise_training_does_not_hang_on_where_scores_lie(tmp_path):
    options = {"preset": COMPACT, "config": CONFIG, "feature_weights": (0.0, 0.0)}
    options |= {"objective": Objective.POINTWISE}
    losses = []
    for name, bias in (("a", 0.0), ("b", 40.0)):
        base = tiny_bert(tmp_path / name, classify=True)
        weights = load_file(base / "model.safetensors")
        weights["classifier.bias"] += bias
        save_file(weights, base / "model.safetensors", {"format": "pt"})
        report = train_reranker(LISTS, str(base), tmp_path / f"of-{name}", **options)
        losses.append(report.first_loss)
    assert losses[1] == pytest.approx(losses[0], abs=0.05)  # half precision near 40


@pytest.mark.parametrize(
    "change", [{"batch_size": 1, "accumulation": 3}, {"gradient_checkpointing": True}]
)
def test_accumulation_and_checkpointing_change_no_weight(change, tmp_path, monkeypatch):
    monkeypatch.setattr("skillrouter_core.train.network.pick_dtype", lambda device: torch.float32)
    base = str(tiny_bert(tmp_path / "base", classify=True))
    config = replace(CONFIG, epochs=2)
    options = {"preset": COMPACT, "feature_weights": (0.0, 0.0)}
    train_reranker(LISTS, base, tmp_path / "a", config=config, **options)
    train_reranker(LISTS, base, tmp_path / "b", config=replace(config, **change), **options)
    one, other = load_file(tmp_path / "a" / DELTA), load_file(tmp_path / "b" / DELTA)
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=0, atol=2e-2)


def test_the_curve_has_every_step_and_the_listener_the_loss(tmp_path):
    base = str(tiny_bert(tmp_path / "base"))
    told = []
    train_encoder(
        PAIRS,
        base,
        tmp_path / "out",
        preset=COMPACT,
        config=CONFIG,
        listener=told.append,
        curve=tmp_path / "curve.jsonl",
    )
    points = read_curve(tmp_path / "curve.jsonl")
    assert [point.step for point in points] == list(range(1, 16))
    assert {(point.part, point.steps) for point in points} == {("encoder", 15)}
    rates = [point.learning_rate for point in points]
    assert rates[0] == pytest.approx(1e-2)
    assert rates == sorted(rates, reverse=True)
    assert (told[0].stage, told[0].done) == ("Training the encoder", 0)
    assert told[-1].stage.startswith("Training the encoder, loss ")
    assert (told[-1].done, told[-1].total, told[-1].unit) == (15, 15, "steps")


def test_half_a_line_of_a_curve_counts_not(tmp_path):
    base = str(tiny_bert(tmp_path / "base"))
    curve = tmp_path / "curve.jsonl"
    curve.write_text('{"part": "enc')
    assert read_curve(curve) == ()
    config = replace(CONFIG, epochs=2)
    train_encoder(PAIRS, base, tmp_path / "o", preset=COMPACT, config=config, curve=curve)
    assert len(read_curve(curve)) == 2


# ------------------------------------------------------------------------ what cannot go on


def test_a_loss_that_is_no_number_stops_the_run(tmp_path):
    base = str(tiny_bert(tmp_path / "base"))
    wild = replace(CONFIG, learning_rate=1e30)
    with pytest.raises(TrainingError, match=r"gone astray. Lower the learning rate"):
        train_encoder(PAIRS, base, tmp_path / "out", preset=COMPACT, config=wild)


def test_stopping_keeps_every_finished_step(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "TELL_EVERY", 0)
    base = str(tiny_bert(tmp_path / "base"))
    options = {"preset": COMPACT, "config": CONFIG, "curve": tmp_path / "curve.jsonl"}

    def enough(progress):
        if progress.done == 7:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        train_encoder(PAIRS, base, tmp_path / "out", listener=enough, **options)
    done = []
    train_encoder(PAIRS, base, tmp_path / "out", listener=lambda p: done.append(p.done), **options)
    assert done[0] == 7
    whole = train_encoder(PAIRS, base, tmp_path / "whole", preset=COMPACT, config=CONFIG)
    assert whole.steps == len(read_curve(tmp_path / "curve.jsonl"))
    one, other = load_file(tmp_path / "out" / DELTA), load_file(tmp_path / "whole" / DELTA)
    assert all(torch.equal(one[name], other[name]) for name in one | other)


def test_a_checkpoint_from_before_a_setting_was_known_still_counts(tmp_path):
    from safetensors import safe_open
    from safetensors.torch import save_file

    base = str(tiny_bert(tmp_path / "base"))
    config = replace(CONFIG, epochs=loop.CHECKPOINT_EVERY)
    train_encoder(PAIRS, base, tmp_path / "out", preset=COMPACT, config=config)
    state = tmp_path / "out" / "checkpoint" / "state.safetensors"
    with safe_open(state, framework="pt") as file:
        note = dict(file.metadata())
    values = json.loads(note["config"])
    assert values == asdict(config)
    old = {key: values[key] for key in ("learning_rate", "batch_size", "epochs", "seed")}
    save_file(load_file(state), state, {"config": json.dumps(old), "losses": note["losses"]})
    report = train_encoder(PAIRS, base, tmp_path / "out", preset=COMPACT, config=config)
    assert report.steps == loop.CHECKPOINT_EVERY


# ------------------------------------------------------------------------ folders of models


def test_a_model_trained_from_a_delta_stands_on_its_root(tmp_path):
    base = str(tiny_bert(tmp_path / "base"))
    first, second = tmp_path / "first", tmp_path / "second"
    train_encoder(PAIRS, base, first, preset=COMPACT, config=CONFIG)
    note = json.loads((first / MANIFEST).read_text()) | {"fusion": {"bm25": 1.0, "dense": 3.5}}
    (first / MANIFEST).write_text(json.dumps(note))
    still = replace(CONFIG, learning_rate=0.0, weight_decay=0.0, epochs=1)
    train_encoder(PAIRS, str(first), second, preset=COMPACT, config=still)
    manifest = json.loads((second / MANIFEST).read_text())
    assert manifest["base"] == base
    assert manifest["fusion"] == {"bm25": 1.0, "dense": 3.5}  # fitted around the first: inherited
    one, other = (load_network(find_model(str(f)), AutoModel).state_dict() for f in (first, second))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_pointer_shares_weights_and_their_key(tmp_path):
    base = tiny_bert(tmp_path / "base")
    train_encoder(PAIRS, str(base), tmp_path / "run" / "encoder", preset=COMPACT, config=CONFIG)
    trained = tmp_path / "run" / "encoder"
    point_to(str(trained), tmp_path / "other" / "encoder", COMPACT, "encoder")
    found = find_model(str(tmp_path / "other" / "encoder"))
    assert (found.key, found.delta) == (find_model(str(trained)).key, trained / DELTA)
    assert profile_named(str(tmp_path / "other")).preset == "compact"
    again = tmp_path / "third" / "encoder"
    point_to(str(tmp_path / "other" / "encoder"), again, COMPACT, "encoder")
    assert json.loads((again / MANIFEST).read_text())["same_as"] == str(trained)


def test_a_pointer_to_a_pointer_is_refused(tmp_path):
    for name, target in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        note = {"same_as": str(tmp_path / target)}
        (tmp_path / name / MANIFEST).write_text(json.dumps(note))
    with pytest.raises(ModelIntegrityError, match="is a pointer itself"):
        find_model(str(tmp_path / "a"))
