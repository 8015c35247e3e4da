"""Benchmarks run with the workspace's models.

Responsible for indexing a benchmark's own pool, its vectors shared with the catalogs by
content, and for routing its tasks. Must not know how reports are printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.models import Profile, profile_named
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.records import RouteOptions, Skill
from skillrouter_core.texts import preset_named

if TYPE_CHECKING:
    from skillrouter_core.evaluate import RankedAnswer, TierReport
    from skillrouter_core.route import Router
    from skillrouter_core.workspace import Workspace


class _Ranking:
    """A Router behind evaluate's RankingRouter protocol."""

    def __init__(self, router: Router, options: RouteOptions) -> None:
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


class Evaluation:
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
        reports = []
        for tier in tiers or benchmark.tiers:
            pool = load_pool(folder, tier)
            router = _Ranking(self._router(folder, tier, pool, options, listener), options)
            router.rank("warm up")
            ids = frozenset(skill.skill_id for skill in pool)
            reports.append(evaluate(benchmark, tier, router, listener=listener, pool_ids=ids))
        return tuple(reports)

    def _router(
        self,
        folder: Path,
        tier: str,
        pool: Sequence[Skill],
        options: RouteOptions,
        listener: ProgressListener,
    ) -> Router:
        from skillrouter_core.index import FULL, NO_BODY, SkillIndex
        from skillrouter_core.route import Router
        from skillrouter_core.workspace.building import BuildPlan, attach_views, ensure_lexical

        profile = profile_named(options.profile)
        preset = preset_named(profile.preset)
        views = (FULL if options.body else NO_BODY,)
        plan = BuildPlan(
            self._folder(folder, tier, profile), self._workspace.home / "vectors", preset, views
        )
        models = self._workspace.models
        encoder = models.encoder(profile)
        attach_views(plan, ensure_lexical(plan, pool), pool, encoder, listener)
        by_id = {skill.skill_id: skill for skill in pool}
        return Router(
            SkillIndex.load(plan.folder),
            lambda ids: {one: by_id[one] for one in ids if one in by_id},
            preset,
            encoder=encoder,
            reranker=models.reranker(profile) if options.rerank else None,
            tuning=models.tuning(profile),
        )

    def _folder(self, folder: Path, tier: str, profile: Profile) -> Path:
        place = f"{folder.resolve()}\x1f{tier}\x1f{profile.name}"
        name = f"{folder.resolve().name}-{tier}-{sha256(place.encode()).hexdigest()[:8]}"
        return self._workspace.home / "index" / "benchmarks" / name
