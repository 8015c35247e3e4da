"""The training runs and the evaluations that `bench_ablations.py` compares.

Responsible for a workspace over the drawn pool, for what each run starts from and learns from,
and for doing nothing twice. Must not know how queries were drawn or how a table looks.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from ablation_pool import CATALOG, Drawn
from compact_data import PRESET, SEED, Written
from transformers import AutoModelForTokenClassification

from skillrouter_core.backbone import load_network
from skillrouter_core.mining import LABELS, LISTS
from skillrouter_core.mining.files import TEXTS
from skillrouter_core.models import EMBEDDED, LATE, MANIFEST, find_model
from skillrouter_core.progress import Progress
from skillrouter_core.records import NewQuery, RouteOptions, Split, Stage1
from skillrouter_core.records.evaluations import Evaluation
from skillrouter_core.records.exchange import ImportOptions
from skillrouter_core.records.training import (
    MiningOptions,
    Objective,
    TrainConfig,
    TrainingRun,
    TrainKind,
    TrainOptions,
)
from skillrouter_core.train.delta import write_delta
from skillrouter_core.train.output import point_to
from skillrouter_core.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

BOTH, UNFILTERED, POINTWISE = "both", "encoder-unfiltered", "reranker-pointwise"
"""The runs: `skillrouter train both`, and the two that leave one thing out."""

READ = 10
"""Candidates that stage 2 reads over the drawn pool: half of what it reads by default, and half the
time."""

TELL_EVERY = 30.0
"""Seconds between two lines about one stage."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How all runs learn; smaller than the program's own recipe, so that one core does them all.

    Four negatives a query, none of them easy: the nearest by meaning and by words.
    """

    encoder: TrainConfig
    reranker: TrainConfig
    mining: MiningOptions
    list_size: int


RECIPE = Recipe(
    TrainConfig(learning_rate=5e-5, batch_size=8, seed=SEED),
    TrainConfig(learning_rate=5e-5, batch_size=4, seed=SEED),
    MiningOptions(semantic=2, lexical=2, category=0, random=0, depth=10),
    list_size=6,
)


class Bench:
    """Runs and evaluations in one workspace; made anew whenever the script goes on."""

    def __init__(
        self,
        ws: Workspace,
        drawn: Drawn,
        recipe: Recipe,
        *,
        base: str = EMBEDDED,
        shipped: str = "compact",
    ) -> None:
        """Bind to a workspace of the bench's own.

        `base` is the sentence encoder to start from, `shipped` the profile to compare with.
        """
        self.ws, self._drawn, self._recipe, self._base = ws, drawn, recipe, base
        self.shipped = shipped
        self.start = ws.home / "start"
        self._seconds = ws.home / "seconds.json"

    # ------------------------------------------------------------------ before

    def prepare(self) -> None:
        """Import the pool and the queries, make the start and its index, unless they are there."""
        drawn, ws = self._drawn, self.ws
        with self.timed("import"):
            ws.catalogs.sync(str(drawn.folder / drawn.tier), CATALOG, say)
            tasks = ws.exchange.read_benchmark(drawn.folder)
            declared = ImportOptions(suite="benchmark", author="bench", held_out=True)
            ws.exchange.keep_queries(tasks, declared)
            sides = ((drawn.training, Split.TRAIN), (drawn.held_out, Split.HELD_OUT))
            rows = [
                NewQuery(one.query, (one.skill.skill_id,), side)
                for written, side in sides
                for one in written
            ]
            ws.labels.save_queries(rows, "written", "bench", "upload")
        write_start(self._base, self.start)
        with self.timed("index of the base"):
            ws.indexing.build(say, str(self.start))

    # ------------------------------------------------------------------ runs

    def both(self) -> TrainingRun:
        """Return the run of encoder and reranker, trained as the program trains them."""
        return self._trained(BOTH, self._options(TrainKind.BOTH))

    def unfiltered(self) -> TrainingRun:
        """Return an encoder trained on the same queries, its negatives not filtered."""
        mining = replace(self._recipe.mining, filtered=False)
        return self._trained(UNFILTERED, self._options(TrainKind.ENCODER, mining=mining))

    def pointwise(self) -> TrainingRun:
        """Return a reranker trained on the very lists of `both`, each candidate by itself."""
        model = self.both()
        second = self.ws.home / "second"
        point_to(str(model.folder / "encoder"), second / "encoder", PRESET, "encoder")
        point_to(str(self.start / "reranker"), second / "reranker", PRESET, LATE)
        options = replace(
            self._options(TrainKind.RERANKER),
            profile=str(second),
            objective=Objective.POINTWISE,
        )
        if self._known(POINTWISE) is None:
            self.ws.training.prepare(POINTWISE, options, say)
        folder = self.ws.training.run(POINTWISE).folder
        if not (folder / LISTS).exists():
            for name in (TEXTS, LABELS, LISTS):
                shutil.copyfile(model.folder / name, folder / name)
        return self._trained(POINTWISE, options)

    def _options(self, kind: TrainKind, **changes: Any) -> TrainOptions:
        recipe = self._recipe
        options = TrainOptions(
            kind,
            str(self.start),
            encoder=recipe.encoder,
            reranker=recipe.reranker,
            mining=recipe.mining,
            list_size=recipe.list_size,
            generated=0,
            seed=SEED,
        )
        return replace(options, **changes)

    def _known(self, name: str) -> TrainingRun | None:
        return next((run for run in self.ws.training.runs() if run.name == name), None)

    def _trained(self, name: str, options: TrainOptions) -> TrainingRun:
        run = self._known(name)
        if run is None or run.finished_at is None:
            run = self.ws.training.train(name, None if run else options, say)
        return run

    # ------------------------------------------------------------------ asking

    def asked(self, profile: str, options: RouteOptions | None = None) -> Evaluation:
        """Return what a profile answers to every held-out query over the drawn pool."""
        options = options or RouteOptions()
        # unfolded, as a folded candidate is kept without its score
        options = replace(options, profile=profile, candidates=READ, fold=False)
        return self._kept(None, "", options)

    def asked_whole(self, folder: Path, tier: str, *, body: bool) -> Evaluation:
        """Return what the shipped models answer to a whole benchmark."""
        return self._kept(folder, tier, RouteOptions(profile=self.shipped, body=body))

    def _kept(self, folder: Path | None, tier: str, options: RouteOptions) -> Evaluation:
        """Return the evaluation that was kept with this note, or make it."""
        where = folder.resolve().name if folder else "drawn pool"
        how = f"{options.stage1}{', reranked' if options.rerank else ''}"
        note = f"{where}, {Path(options.profile).name}, {how}{'' if options.body else ', no body'}"
        for info in self.ws.evaluation.kept():
            if info.note == note:
                return self.ws.evaluation.load(info.evaluation_id)
        with self.timed(note):
            return self.ws.evaluation.keep(folder, tier, options=options, note=note, listener=say)

    # ------------------------------------------------------------------ time

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add a step's seconds to those that are kept, once it is done."""
        began = time.monotonic()
        yield
        known = self.seconds()
        known[step] = known.get(step, 0.0) + time.monotonic() - began
        self._seconds.write_text(json.dumps(known, indent=1), encoding="utf-8")

    def seconds(self) -> dict[str, float]:
        """Return the seconds of each step that was done, training runs among them."""
        known: dict[str, float] = {}
        if self._seconds.is_file():
            known = json.loads(self._seconds.read_text(encoding="utf-8"))
        return known | {run.name: run.seconds for run in self.ws.training.runs()}


def write_start(base: str, folder: Path) -> None:
    """Write the profile that runs start from: a sentence encoder, and itself read token by token.

    The reranker compares tokens, as the shipped one does, each counting alike; a cross-encoder
    with a fresh head would learn nothing from so few lists. Left alone where it is there.
    """
    if (folder / "reranker" / MANIFEST).is_file():
        return
    point_to(base, folder / "encoder", PRESET, "encoder")
    network = load_network(
        find_model(base),
        AutoModelForTokenClassification,
        device=torch.device("cpu"),
        dtype=torch.float32,
        num_labels=1,
    )
    with torch.no_grad():
        for parameter in network.classifier.parameters():
            parameter.zero_()
    frozen = (f"{network.base_model_prefix}.",)
    write_delta(network, base, folder / "reranker", PRESET, LATE, {}, frozen)


def of_queries(evaluation: Evaluation, queries: Sequence[Written]) -> list[Any]:
    """Return the tasks that ask some written queries."""
    texts = {one.query.strip() for one in queries}
    return [task for task in evaluation.tasks if task.query.strip() in texts]


def by_text(evaluation: Evaluation) -> Evaluation:
    """Return an evaluation as if the reranker's own score alone had ordered what it read."""
    tasks = []
    for task in evaluation.tasks:
        read = [
            (one.text_score, one.skill_id) for one in task.candidates if one.text_score is not None
        ]
        head = [skill_id for _, skill_id in sorted(read, key=lambda one: -one[0])]
        rest = [skill_id for skill_id in task.final if skill_id not in head]
        tasks.append(replace(task, final=(*head, *rest)))
    return replace(evaluation, tasks=tuple(tasks))


def dense() -> RouteOptions:
    """Return how an encoder is asked alone."""
    return RouteOptions(stage1=Stage1.DENSE, rerank=False)


def _teller() -> Callable[[Progress], None]:
    told: dict[str, float] = {}

    def tell(progress: Progress) -> None:
        now, stage = time.monotonic(), progress.stage.partition(",")[0]
        if now - told.get(stage, 0.0) < TELL_EVERY and progress.done < progress.total:
            return
        told[stage] = now
        left = progress.remaining_seconds or 0
        print(f"{progress.stage} {progress.done}/{progress.total}, {left:.0f} s left", flush=True)

    return tell


say = _teller()
"""Prints a line now and then."""
