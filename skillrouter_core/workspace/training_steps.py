"""The steps of a training run: labels, negatives, encoder, lists, reranker.

Responsible for doing each step once, whatever happens between two of them: what a step makes is
in the run's folder, whole, before the next begins. Must not know who asked for the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from skillrouter_core.errors import TrainingError
from skillrouter_core.mining import (
    HELD_OUT,
    LABELS,
    LISTS,
    PAIRS,
    Generated,
    LeakageGuard,
    Pair,
    Texts,
    generate,
    read_labels,
    read_lists,
    read_pairs,
    write_labels,
    write_lists,
    write_pairs,
    write_texts,
)
from skillrouter_core.models import MANIFEST, Profile
from skillrouter_core.progress import ProgressListener
from skillrouter_core.records.training import (
    LabelRole,
    LabelSource,
    MiningReport,
    TrainingRun,
    TrainKind,
)
from skillrouter_core.registry import write_fitted
from skillrouter_core.texts import preset_named
from skillrouter_core.train.config import recipe
from skillrouter_core.workspace.training_data import TrainingData, with_categories
from skillrouter_core.workspace.training_labels import (
    Collected,
    Collector,
    TrainQuery,
    queries_from,
)
from skillrouter_core.workspace.training_numbers import Numbers, mix_of, reads_wording
from skillrouter_core.workspace.training_terms import (
    DESCRIPTION,
    FEWEST,
    base_of,
    generator_named,
    too_few,
)

if TYPE_CHECKING:
    from skillrouter_core.train.runner import Order
    from skillrouter_core.workspace import Workspace


class Steps:
    """Does the steps of one run; made anew whenever the run goes on."""

    def __init__(
        self,
        workspace: Workspace,
        run: TrainingRun,
        listener: ProgressListener,
        write: Callable[[TrainingRun], None],
    ) -> None:
        """Bind to a run, whose folder exists; `write` keeps what is known of it."""
        self._ws, self.run, self._listener, self._write = workspace, run, listener, write
        self._folder = run.folder
        models = run.models
        self._profile = Profile(
            run.options.profile, models["encoder"], models["reranker"] or None, models["preset"], ""
        )
        self._preset = preset_named(self._profile.preset)
        self._numbers = Numbers(workspace, run, self._profile, listener)

    def collect(self) -> None:
        """Write the labels of the run, unless they are there, and count them."""
        if (self._folder / LABELS).exists():
            return
        options = self.run.options
        collector = self._collector()
        collected = collector.collect()
        made = self._generated(collector, collected.guard)
        queries = (*collected.queries, *map(_of_pair, made.pairs))
        every = (*queries, *collected.held_out)
        write_texts(
            self._folder,
            (skill for one in every for skill in (*one.rights, *one.wrong, *one.related)),
        )
        self._keep(counts=_counts(collected, made, options.generated))
        held_out = [label for one in collected.held_out for label in one.labels()]
        write_labels(self._folder, held_out, HELD_OUT)
        write_labels(self._folder, [label for one in queries for label in one.labels()])

    def guard(self) -> None:
        """Raise LeakageError where a label of the run is held out by now, however it got there."""
        texts = Texts(self._folder)
        guard = self._collector().collect().guard
        guard.require_none(
            (label.query, texts.skill(label.skill_id, label.content_hash), _generated(label.source))
            for label in read_labels(self._folder)
            if label.role is LabelRole.TARGET
        )

    def require(self) -> None:
        """Raise, before hours of work, where a later step would: too few labels, too little memory.

        TrainingError or ModelTooLargeError, with figures.
        """
        queries = self._queries()
        for part in self.run.options.parts:
            if (self._folder / part.value / MANIFEST).exists():
                continue
            usable = [one for one in queries if part is TrainKind.ENCODER or not self._quoted(one)]
            found = sum(len(one.targets) for one in usable)
            if found < FEWEST[part]:
                raise TrainingError(too_few(part, found))
            self._require_memory(self._order(part))

    def _require_memory(self, order: Order) -> None:
        from skillrouter_core.devices import pick_device
        from skillrouter_core.train.memory import require_training_memory, training_bytes
        from skillrouter_core.workspace.training_plan import load_of

        load = load_of(order.part, self.run.options, order.config, self._preset)
        device = pick_device()
        needed = training_bytes(order.base, order.config, load, device)
        require_training_memory(order.base, needed, device)

    def mine_pairs(self) -> None:
        """Mine the encoder's negatives, unless it is done."""
        if (self._folder / PAIRS).exists():
            return
        data = TrainingData(self._ws, self._profile)
        pairs, report = data.pairs(self._queries(), self.run.options, self._listener)
        self._mined(TrainKind.ENCODER, report)
        write_pairs(self._folder, pairs)

    def mine_lists(self) -> None:
        """Make the reranker's lists, unless it is done.

        Of a run that trains both, the candidates are those of the encoder it trained.
        """
        if (self._folder / LISTS).exists():
            return
        profile, encoder = replace(self._profile, reranker=None), self._numbers.former("encoder")
        if TrainKind.ENCODER in self.run.options.parts:
            profile, encoder = self._numbers.indexed(), self._numbers.fitted("encoder")
        data = TrainingData(self._ws, profile)
        queries = [one for one in self._queries() if not self._quoted(one)]
        lists, report = data.lists(
            queries,
            self.run.options,
            mix_of(encoder),
            self._listener,
            worded=reads_wording(self._numbers.known()),
        )
        self._mined(TrainKind.RERANKER, report)
        write_lists(self._folder, lists)

    def train(self, part: TrainKind) -> None:
        """Train one network from what was mined; raise TrainingError where that is too little."""
        from skillrouter_core.train.launch import train_on_all
        from skillrouter_core.train.runner import write_order
        from skillrouter_core.workspace.training_plan import Planner

        found = read_pairs(self._folder) if part is TrainKind.ENCODER else read_lists(self._folder)
        if len(found) < FEWEST[part]:
            raise TrainingError(too_few(part, len(found)))
        order = self._order(part)
        self._require_memory(order)
        if not (self._folder / f"{part}.json").exists():  # its checkpoint belongs to that one
            write_order(self._folder, order)
        report = train_on_all(self._folder, part, self._listener)
        self._keep(reports={**self.run.reports, part.value: report})
        Planner(self._ws).learn_from(self._folder, part, self._profile, self.run.options)

    def fit_encoder(self) -> None:
        """Fit the mix and stage 1's confidence around the trained encoder, unless it is done."""
        self._note(self._numbers.fit_encoder(self._held_out))

    def fit_reranker(self) -> None:
        """Fit stage 2 and its confidence around the run's pair, unless it is done."""
        self._note(self._numbers.fit_reranker(self._held_out))

    def complete(self) -> None:
        """Let the network that was not trained be the base profile's, numbers around it too."""
        from skillrouter_core.train.output import point_to

        places = {
            TrainKind.ENCODER: self._profile.encoder,
            TrainKind.RERANKER: self._profile.reranker,
        }
        for part, location in places.items():
            folder = self._folder / part.value
            if part in self.run.options.parts or location is None or (folder / MANIFEST).exists():
                continue
            point_to(location, folder, self._preset, part.value)
            if part is TrainKind.ENCODER:
                write_fitted(folder, self._numbers.former(part.value))

    def _mined(self, part: TrainKind, report: MiningReport) -> None:
        self._keep(mining={**self.run.mining, part.value: report})

    def _keep(self, **changes: Any) -> None:
        """Write down what a step did; its file follows, so that a kill between repeats the step."""
        self.run = replace(self.run, **changes)
        self._write(self.run)

    def _note(self, notes: tuple[str, ...]) -> None:
        if notes:
            self._keep(notes=tuple(dict.fromkeys((*self.run.notes, *notes))))

    def _held_out(self) -> tuple[TrainQuery, ...]:
        """Return the run's held-out queries that nobody declared a benchmark's since."""
        if not (self._folder / HELD_OUT).exists():
            return ()  # a run that was begun before queries were kept to fit on
        still = {one.text for one in self._collector().collect().held_out}
        kept = queries_from(read_labels(self._folder, HELD_OUT), Texts(self._folder))
        return tuple(one for one in kept if one.text in still)

    def _collector(self) -> Collector:
        options = self.run.options
        return Collector(self._ws, shared_answers=options.shared_answers, profile=options.profile)

    def _queries(self) -> tuple[TrainQuery, ...]:
        return queries_from(read_labels(self._folder), Texts(self._folder))

    def _quoted(self, query: TrainQuery) -> bool:
        """Return whether a query is a piece of its skill's text: BM25 finds that one anyway."""
        return query.source is LabelSource.GENERATED and self.run.options.generator == DESCRIPTION

    def _generated(self, collector: Collector, guard: LeakageGuard) -> Generated:
        options = self.run.options
        if not options.generated:
            return Generated(())

        def refuse(pair: Pair) -> str | None:
            leak = guard.query_leak(pair.query) or guard.answer_leak(pair.skill, generated=True)
            return "held out" if leak else None

        return generate(
            with_categories(self._ws, list(collector.live.values())),
            generator_named(options.generator),
            limit=options.generated,
            seed=options.seed,
            refuse=refuse,
            listener=self._listener,
        )

    def _order(self, part: TrainKind) -> Order:
        from skillrouter_core.train.runner import Order

        options, profile = self.run.options, self._profile
        chosen = options.encoder if part is TrainKind.ENCODER else options.reranker
        config = replace(chosen or recipe(part, profile.preset), seed=options.seed)
        base = base_of(profile, part)
        weights = self._numbers.known() if part is TrainKind.RERANKER else (0.0, 0.0)
        return Order(part, base, profile.preset, config, options.objective, weights)


def _counts(collected: Collected, made: Generated, asked: int) -> dict[str, int]:
    """Return how many labels a run uses, and what was left out, by reason."""
    queries = collected.queries
    return {
        "queries": len(queries),
        "right": sum(len(one.targets) for one in queries),
        "related": sum(len(one.related) for one in queries),
        "wrong": sum(len(one.wrong) for one in queries),
        "generated": len(made.pairs),
        "asked to generate": asked,
        **{f"left out: {why}": count for why, count in collected.left_out.items()},
        **{f"not generated: {why}": count for why, count in made.rejected.items()},
    }


def _of_pair(pair: Pair) -> TrainQuery:
    return TrainQuery(pair.query, (pair.skill,), (), (), (), frozenset(), LabelSource.GENERATED)


def _generated(source: LabelSource) -> bool:
    return source is LabelSource.GENERATED
