"""Benchmarks run with the workspace's models.

Responsible for indexing a benchmark's own pool, its vectors shared with the catalogs by
content, for routing its tasks, and for what is kept of it. Must not know how reports are printed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.errors import UsageError
from skillrouter_core.models import PROFILES, Profile
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.records import RouteOptions, Skill, Split
from skillrouter_core.records.maps import Level
from skillrouter_core.texts import preset_named

if TYPE_CHECKING:
    from skillrouter_core.evaluate import RankedAnswer, TierReport
    from skillrouter_core.index import SkillIndex
    from skillrouter_core.records.evaluations import Evaluation, EvaluationInfo
    from skillrouter_core.rerank import Reranker
    from skillrouter_core.route import Router, Tuning
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.kept_evaluations import Subject
    from skillrouter_core.workspace.unseen import UnseenRouter

RIGHT = 3
"""The grade of a skill that answers a query."""


class _Ranking:
    """A Router behind evaluate's RankingRouter protocol."""

    def __init__(self, router: UnseenRouter, options: RouteOptions) -> None:
        self._router, self._options = router, options

    def rank(self, query: str) -> RankedAnswer:
        """Return both stages' rankings and the milliseconds each took."""
        from skillrouter_core.evaluate import RankedAnswer

        route = self._router.route(query, self._options)
        return RankedAnswer(
            stage1=route.stage1_ranking,
            final=route.ranking,
            encode_ms=route.timings.encode,
            stage1_ms=route.timings.stage1,
            stage2_ms=route.timings.stage2,
            total_ms=route.timings.total,
        )


class Evaluating:
    """Runs benchmarks in the Eval-Core layout; one instance per workspace."""

    def __init__(self, workspace: Workspace) -> None:
        """Bind to a workspace."""
        self._workspace = workspace

    def run(
        self,
        folder: Path,
        *,
        tiers: Sequence[str] | None = None,
        options: RouteOptions | None = None,
        listener: ProgressListener = silent,
    ) -> tuple[TierReport, ...]:
        """Return one report per tier of the benchmark in `folder` (all its tiers by default).

        Raises BenchmarkError for a wrong layout, the ModelError family, UsageError.
        """
        from skillrouter_core.benchmark import load_benchmark, load_pool
        from skillrouter_core.evaluate import evaluate

        options = options or RouteOptions()
        benchmark = load_benchmark(folder)
        profile = self._workspace.profile(options.profile)  # once: another may be promoted
        reports = []
        for tier in tiers or benchmark.tiers:
            pool = load_pool(folder, tier)
            index = self._index(folder, tier, pool, options, profile, listener)
            router = _Ranking(self._router(index, pool, options, profile), options)
            router.rank("warm up")
            ids = frozenset(skill.skill_id for skill in pool)
            reports.append(evaluate(benchmark, tier, router, listener=listener, pool_ids=ids))
        return tuple(reports)

    def keep(
        self,
        folder: Path | None,
        tier: str = "",
        *,
        options: RouteOptions | None = None,
        note: str = "",
        listener: ProgressListener = silent,
    ) -> Evaluation:
        """Evaluate a benchmark's tier, keep the outcome task by task and return it.

        `folder` None asks the workspace's own held-out queries over its live skills. Raises
        BenchmarkError, the ModelError family, UsageError where nothing can be asked.
        """
        from skillrouter_core.evaluate.copies import CopyFinder
        from skillrouter_core.evaluate.store import save_evaluation
        from skillrouter_core.workspace.kept_evaluations import ask

        options = options or RouteOptions()
        options = replace(options, top=options.candidates)  # every candidate is remembered
        subject = self._subject(folder, tier)
        place = folder if folder is not None else self._workspace.home
        profile = self._workspace.profile(options.profile)  # once: another may be promoted
        index = self._index(place, subject.tier, subject.pool, options, profile, listener)
        router = self._router(index, subject.pool, options, profile)
        router.route("warm up", options)
        copies = CopyFinder(_cosines(index))
        made = ask(subject, router, options, profile, copies, note=note, listener=listener)
        save_evaluation(self.kept_folder, made)
        return made

    def keep_source(
        self,
        source: str,
        tier: str = "",
        *,
        options: RouteOptions | None = None,
        note: str = "",
        listener: ProgressListener = silent,
    ) -> Evaluation:
        """Do what `keep` does for "labels", "demo" or a benchmark's folder.

        Without a `tier` the folder's only one is taken. Raises UsageError where there are several.
        """
        folder = self._folder_of(source)
        if folder is not None and not tier:
            tier = _only_tier(folder)
        return self.keep(folder, tier, options=options, note=note, listener=listener)

    def kept(self) -> tuple[EvaluationInfo, ...]:
        """Return what was kept, newest first."""
        from skillrouter_core.evaluate.store import list_evaluations

        return list_evaluations(self.kept_folder)

    def load(self, evaluation_id: str) -> Evaluation:
        """Return one kept evaluation; raises NotFoundError for an unknown one."""
        from skillrouter_core.evaluate.store import load_evaluation

        return load_evaluation(self.kept_folder, evaluation_id)

    def delete(self, evaluation_id: str) -> None:
        """Delete one kept evaluation; raises NotFoundError for an unknown one."""
        from skillrouter_core.evaluate.store import delete_evaluation

        delete_evaluation(self.kept_folder, evaluation_id)

    @property
    def kept_folder(self) -> Path:
        """Where kept evaluations lie."""
        return self._workspace.home / "evaluations"

    def held_out_right(self) -> dict[str, tuple[str, ...]]:
        """Return the skills judged or expected to be right, by the text of a held-out query.

        Where people disagree on a pair and nobody settled it, their verdicts say nothing.
        """
        right: dict[str, list[str]] = {}
        agreed_on = self._workspace.agreement.consensus()
        sides = self._workspace.labels.splits(agreed.query_text for agreed in agreed_on)
        for agreed in agreed_on:
            held_out = sides[agreed.query_text] is Split.HELD_OUT
            if held_out and agreed.grade == RIGHT and not agreed.contested:
                right.setdefault(agreed.query_text, []).append(agreed.skill_id)
        for query in self._workspace.labels.queries():
            if query.split is Split.HELD_OUT:
                right.setdefault(query.text, []).extend(query.expected)
        return {text: tuple(dict.fromkeys(ids)) for text, ids in right.items() if ids}

    def clusters(self) -> dict[str, str]:
        """Return the name of the coarse cluster by a skill's content hash; empty without a map."""
        drawn = self._workspace.map.load()
        if drawn is None:
            return {}
        names = {cluster.number: cluster.name for cluster in drawn.at(Level.COARSE)}
        numbers = zip(drawn.hashes, drawn.coarse.tolist(), strict=True)
        return {digest: names.get(number, "no cluster") for digest, number in numbers}

    def _folder_of(self, source: str) -> Path | None:
        from skillrouter_core.demo import demo_benchmark
        from skillrouter_core.workspace.kept_evaluations import DEMO, LABELS

        if source == LABELS:
            return None
        if source == DEMO:
            return demo_benchmark(self._workspace.home / "benchmarks" / DEMO)
        return Path(source).expanduser()

    def _subject(self, folder: Path | None, tier: str) -> Subject:
        from skillrouter_core.workspace.kept_evaluations import benchmark_subject, label_subject

        if folder is not None:
            return benchmark_subject(folder, tier)
        return label_subject(self.held_out_right(), self._workspace.catalogs.skills())

    def _index(
        self,
        folder: Path,
        tier: str,
        pool: Sequence[Skill],
        options: RouteOptions,
        profile: Profile,
        listener: ProgressListener,
    ) -> SkillIndex:
        from skillrouter_core.index import FULL, NO_BODY, SkillIndex
        from skillrouter_core.workspace.building import BuildPlan, attach_views, ensure_lexical

        views = (FULL if options.body else NO_BODY,)
        plan = BuildPlan(
            self._folder(folder, tier, profile),
            self._workspace.home / "vectors",
            preset_named(profile.preset),
            views,
        )
        encoder = self._workspace.models.encoder(profile)
        attach_views(plan, ensure_lexical(plan, pool), pool, encoder, listener)
        return SkillIndex.load(plan.folder)

    def _router(
        self, index: SkillIndex, pool: Sequence[Skill], options: RouteOptions, profile: Profile
    ) -> UnseenRouter:
        """Return what answers; a query that numbers were fitted on meets those that were not."""
        from skillrouter_core.route import Router
        from skillrouter_core.workspace.unseen import UnseenRouter

        models = self._workspace.models
        by_id = {skill.skill_id: skill for skill in pool}
        encoder = models.encoder(profile)
        reranker = models.reranker(profile) if options.rerank else None

        def make(network: Reranker | None, tuning: Tuning) -> Router:
            return Router(
                index,
                lambda ids: {one: by_id[one] for one in ids if one in by_id},
                preset_named(profile.preset),
                encoder=encoder,
                reranker=network,
                tuning=tuning,
            )

        own = make(reranker, models.tuning(profile))
        return UnseenRouter(profile, reranker, own, make)

    def _folder(self, folder: Path, tier: str, profile: Profile) -> Path:
        place = f"{folder.resolve()}\x1f{tier}\x1f{profile.name}"
        own = PROFILES.get(profile.name)
        if own is not None and own.encoder != profile.encoder:
            # A promoted model's index stays apart: two evaluations at once would share vectors.
            place = f"{place}\x1f{profile.encoder}"
        name = f"{folder.resolve().name}-{tier}-{sha256(place.encode()).hexdigest()[:8]}"
        return self._workspace.home / "index" / "benchmarks" / name


def _only_tier(folder: Path) -> str:
    from skillrouter_core.benchmark import load_benchmark

    tiers = load_benchmark(folder).tiers
    if len(tiers) > 1:
        raise UsageError(f"{folder} has the tiers {', '.join(tiers)}; name one of them")
    return tiers[0]


def _cosines(index: SkillIndex) -> Callable[[str, str], float | None]:
    """Return how to find the cosine of two skills of an index by id."""
    import numpy as np

    def cosine(a: str, b: str) -> float | None:
        dense = index.dense()
        if dense is None:
            return None
        return float(dense.scores(dense.matrix[index.row(a)], np.array([index.row(b)]))[0])

    return cosine
