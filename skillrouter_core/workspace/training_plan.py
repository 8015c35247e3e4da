"""What a run would use, need and take, before it is started.

Responsible for the plan: counts, what is missing, memory, minutes from earlier runs or from a
probe. Must not know how a page shows it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.errors import IndexNotReadyError, TrainingError
from skillrouter_core.models import Profile
from skillrouter_core.progress import ProgressListener
from skillrouter_core.records import Skill
from skillrouter_core.records.training import (
    TrainConfig,
    TrainingPlan,
    TrainKind,
    TrainOptions,
)
from skillrouter_core.texts import TextPreset, preset_named
from skillrouter_core.train.config import recipe
from skillrouter_core.workspace.training_tally import Tallies, Tally
from skillrouter_core.workspace.training_terms import DESCRIPTION, FEWEST, base_of, too_few

if TYPE_CHECKING:
    from skillrouter_core.train.memory import Load
    from skillrouter_core.workspace import Workspace

SPEEDS = "speeds.json"
"""Below `models`: seconds a text that training took on this machine, by what was trained."""

PROBE_BATCHES = 3
"""Batches of a probe; the first is left out of the measure, as it warms the machine up."""
PROBE_SIZE = 2
"""Pairs or lists in a batch of a probe, at most."""


def load_of(
    part: TrainKind, options: TrainOptions, config: TrainConfig, preset: TextPreset
) -> Load:
    """Return what one forward pass of a training carries at most."""
    from skillrouter_core.train.memory import Load

    caps = preset.encoder if part is TrainKind.ENCODER else preset.reranker
    return Load(config.batch_size * texts_each(part, options), caps.max_tokens)


def texts_each(part: TrainKind, options: TrainOptions) -> int:
    """Return how many texts one example is: query, skill and negatives, or the list's pairs."""
    return 2 + options.mining.size if part is TrainKind.ENCODER else options.list_size


class Planner:
    """Makes plans; one instance per workspace."""

    def __init__(self, workspace: Workspace, tallies: Tallies | None = None) -> None:
        """Bind to a workspace; `tallies` keep what was counted for plans before."""
        self._ws, self._tallies = workspace, tallies or Tallies(workspace)
        self._speeds = workspace.home / "models" / SPEEDS

    def plan(self, options: TrainOptions) -> TrainingPlan:
        """Return what a run with these options would use; nothing is mined or embedded.

        Raises UsageError for an unknown profile, the ModelError family for missing models.
        """
        from skillrouter_core.devices import free_bytes, pick_device

        profile = self._ws.profile(options.profile)
        tally = self._tallies.of(options.profile, shared_answers=options.shared_answers)
        generated = min(options.generated, tally.skills)
        lists = tally.right if options.generator == DESCRIPTION else tally.right + generated
        found = {TrainKind.ENCODER: tally.right + generated, TrainKind.RERANKER: lists}
        device = pick_device()
        needed, free = self._memory(options, profile), free_bytes(device)
        minutes, minutes_from = self._minutes(options, profile, found)
        return TrainingPlan(
            options=options,
            labels=tally.counts,
            queries=tally.queries,
            pairs=found[TrainKind.ENCODER],
            lists=lists,
            generated=generated,
            left_out=tally.left_out,
            missing=tuple(self._missing(options, found, needed, free)),
            notes=tuple(_notes(options, tally)),
            steps={
                part.value: steps_of(found[part], config_of(options, part, profile))
                for part in options.parts
            },
            minutes=minutes,
            minutes_from=minutes_from,
            memory_bytes=needed,
            free_bytes=free,
        )

    def measure(self, options: TrainOptions, listener: ProgressListener) -> float:
        """Train a few batches of made-up pairs with each network, keep the speed, return minutes.

        Takes some seconds on the compact profile. Raises TrainingError where the catalogs hold
        too few skills for a batch.
        """
        profile = self._ws.profile(options.profile)
        skills = list(self._ws.catalogs.skills())
        for part in options.parts:
            config = config_of(options, part, profile)
            seconds = probe(part, profile, options, config, skills, listener)
            self.learn(part, profile, config, seconds)
        minutes = self.plan(options).minutes
        return minutes or 0.0

    def learn(
        self, part: TrainKind, profile: Profile, config: TrainConfig, seconds_a_text: float
    ) -> None:
        """Keep how fast a training was."""
        from skillrouter_core.mining.files import write_whole

        known = self._known() | {_speed_key(part, profile, config): seconds_a_text}
        write_whole(self._speeds, json.dumps(known, indent=1))

    def learn_from(
        self, folder: Path, part: TrainKind, profile: Profile, options: TrainOptions
    ) -> None:
        """Keep how fast a run was, from its curve."""
        from skillrouter_core.train.curve import CURVE, read_curve

        config = config_of(options, part, profile)
        points = [point for point in read_curve(folder / CURVE) if point.part == part.value]
        texts = config.batch_size * config.accumulation * texts_each(part, options)
        if points:
            self.learn(part, profile, config, points[-1].seconds / (len(points) * texts))

    def _known(self) -> dict[str, float]:
        try:
            found: dict[str, float] = json.loads(self._speeds.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise TrainingError(f"{self._speeds}: damaged ({error}); delete the file") from error
        return found

    def _minutes(
        self, options: TrainOptions, profile: Profile, found: Mapping[TrainKind, int]
    ) -> tuple[float | None, str]:
        known, seconds = self._known(), 0.0
        for part in options.parts:
            config = config_of(options, part, profile)
            speed = known.get(_speed_key(part, profile, config))
            if speed is None:
                return None, ""
            batches = found[part] // config.batch_size * config.epochs
            seconds += batches * config.batch_size * texts_each(part, options) * speed
        return seconds / 60, "earlier training on this machine"

    def _memory(self, options: TrainOptions, profile: Profile) -> int:
        from skillrouter_core.devices import pick_device
        from skillrouter_core.train.memory import training_bytes

        preset, device = preset_named(profile.preset), pick_device()
        needed = []
        for part in options.parts:
            config = config_of(options, part, profile)
            load = load_of(part, options, config, preset)
            needed.append(training_bytes(base_of(profile, part), config, load, device))
        return max(needed)

    def _missing(
        self,
        options: TrainOptions,
        found: Mapping[TrainKind, int],
        needed: int,
        free: int | None,
    ) -> Iterable[str]:
        for part in options.parts:
            if found[part] < FEWEST[part]:
                yield too_few(part, found[part])
        if free is not None and needed > free:
            yield (
                f"About {needed / 1e9:.1f} GB of memory are needed and {free / 1e9:.1f} GB are "
                f"free. Lower the batch size, switch gradient checkpointing on, or train with LoRA."
            )
        try:
            status = self._ws.indexing.status(options.profile)
            ready = status.vectors_ready and not status.stale
        except IndexNotReadyError:
            ready = False
        if not ready:
            yield (
                f"The index of {options.profile!r} is not up to date with the catalogs. "
                f"Build it first."
            )


def config_of(options: TrainOptions, part: TrainKind, profile: Profile) -> TrainConfig:
    """Return one network's hyperparameters: those asked for, or the recipe's."""
    chosen = options.encoder if part is TrainKind.ENCODER else options.reranker
    return replace(chosen or recipe(part, profile.preset), seed=options.seed)


def steps_of(examples: int, config: TrainConfig) -> int:
    """Return how many optimiser steps so many examples are."""
    batches = examples // config.batch_size * config.epochs
    return -(-batches // config.accumulation)


def probe(
    part: TrainKind,
    profile: Profile,
    options: TrainOptions,
    config: TrainConfig,
    skills: list[Skill],
    listener: ProgressListener,
) -> float:
    """Return the seconds that training one text takes, measured on a few batches of real skills."""
    from skillrouter_core.mining import CandidateList, Pair, Scored, write_lists, write_pairs
    from skillrouter_core.train.curve import CURVE, read_curve
    from skillrouter_core.train.runner import Order, train_part, write_order

    each = texts_each(part, options) - (part is TrainKind.ENCODER)
    batch_size = min(config.batch_size, PROBE_SIZE)
    count = batch_size * PROBE_BATCHES
    if len(skills) < each:
        raise TrainingError(
            f"{len(skills)} skills are too few to measure with; import a catalog of {each} or more"
        )
    order = Order(
        part,
        base_of(profile, part),
        profile.preset,
        replace(config, batch_size=batch_size, accumulation=1, epochs=1),
        options.objective,
    )
    rows = [[skills[(i * each + k) % len(skills)] for k in range(each)] for i in range(count)]
    with tempfile.TemporaryDirectory(prefix="skillrouter-probe-") as place:
        folder = Path(place)
        write_order(folder, order)
        if part is TrainKind.ENCODER:
            write_pairs(folder, [Pair(one[0].description, one[0], tuple(one[1:])) for one in rows])
        else:
            lists = [tuple(Scored(skill, 0.0, 0.0) for skill in one) for one in rows]
            write_lists(folder, [CandidateList(one[0].skill.description, one) for one in lists])
        train_part(folder, part, listener)
        points = read_curve(folder / CURVE)
    seconds = points[-1].seconds - points[0].seconds
    return seconds / (len(points) - 1) / (batch_size * texts_each(part, options))


def _speed_key(part: TrainKind, profile: Profile, config: TrainConfig) -> str:
    from skillrouter_core.train.machine import machine_key

    how = f"{config.method}{', checkpointing' if config.gradient_checkpointing else ''}"
    return f"{part} of {base_of(profile, part)}, {how}, {machine_key()}"


def _fitting(options: TrainOptions, held_out: Sequence[str], skills: int) -> str:
    """Return what becomes of the numbers around the networks."""
    from skillrouter_core.fitting import lacking, too_few_to_fit

    wanted = lacking(held_out)
    if wanted:
        return too_few_to_fit(len(held_out), wanted)
    alone = options.kind is TrainKind.ENCODER
    embeds = f", which takes embedding all {skills:,} skills anew" if alone else ""
    return (
        f"Mix, weights of stage 2 and confidence are fitted afterwards on {len(held_out):,} "
        f"held-out queries{embeds}."
    )


def _notes(options: TrainOptions, tally: Tally) -> Iterable[str]:
    if not tally.queries:
        yield "No labelled query can be trained on: generated queries alone would be used."
    if options.kind is TrainKind.BOTH:
        skills = f"{tally.skills:,} skills"
        yield f"Before its lists are made, the trained encoder embeds all {skills} anew."
    yield _fitting(options, tally.held_out, tally.skills)
    if tally.left_out.get("asks for what a held-out query asks for") and (
        not options.shared_answers
    ):
        yield (
            "Queries are left out because held-out queries ask for the same skills. In a small "
            "catalog that is most of them: allow shared answers then."
        )
