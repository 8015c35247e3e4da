"""The catalog's map: computed in a job, read by the page, asked where a query lies.

Responsible for joining the published index, the texts and the map on disk. Must not know how
a position or a name is found, nor how a map is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from db import maps as stored
from skillrouter_core.errors import IndexNotReadyError, UsageError, WorkspaceError
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.records import Skill
from skillrouter_core.records.maps import (
    CatalogMap,
    Channel,
    ChannelName,
    ClusterRow,
    Level,
    MapMatches,
    PointText,
)
from skillrouter_core.texts import encoder_query
from skillrouter_core.workspace.map_views import MapViews

if TYPE_CHECKING:
    from skillrouter_core.index import DenseIndex, SkillIndex
    from skillrouter_core.project import LayoutOptions, Polygon
    from skillrouter_core.project.store import Content
    from skillrouter_core.workspace import Workspace

PROFILE = "compact"
Rows = NDArray[np.int64]

LOCK_SECONDS = 10.0
"""How long a second run waits for the first before it gives up."""

MEANT = 100
"""So many skills are the matches of a search by meaning, unless asked for another number."""

NO_MAP = "There is no map yet. Compute it on the Map page, or start a job of the kind `map`."


class Mapping:
    """Computes and reads maps; one instance per workspace, safe to share between threads."""

    def __init__(self, workspace: Workspace, *, lock_seconds: float = LOCK_SECONDS) -> None:
        """Bind to a workspace; nothing is loaded yet."""
        self._workspace = workspace
        self._lock_seconds = lock_seconds
        self._views = MapViews(workspace)
        self._maps: dict[str, tuple[CatalogMap, dict[str, int]]] = {}
        self._lock = RLock()

    # ------------------------------------------------------------------ making and reading

    def build(
        self,
        listener: ProgressListener = silent,
        profile: str = PROFILE,
        recompute: bool = False,
        dimensions: int = 2,
        options: LayoutOptions | None = None,
    ) -> CatalogMap:
        """Bring the map up to date with the published index and return it.

        Unchanged content costs nothing, new skills are placed on the map there is, `recompute`
        lays all of it out anew; see `project.build_map`. Loads UMAP: call it in a job only.
        Raises IndexNotReadyError before there are vectors, WorkspaceError where another run
        holds the folder, UsageError for dimensions other than 2 and 3, what the listener raises.
        """
        from skillrouter_core.project import LayoutOptions, Source, build_map

        if dimensions not in (2, 3):
            raise UsageError(f"a map of {dimensions!r} dimensions; choose 2 or 3")
        index, dense = self._index(profile)
        source = Source(
            index.ids, index.hashes, dense.matrix, self._content(index), self._texts_in_order
        )
        with self._alone(profile):
            return build_map(
                self._folder(profile),
                source,
                options=options or LayoutOptions(),
                dimensions=dimensions,
                recompute=recompute,
                listener=listener,
            )

    def version(self, profile: str = PROFILE) -> str:
        """Return a token that changes with every map; empty before the first."""
        from skillrouter_core.project import current_version

        return current_version(self._folder(profile))

    def load(self, profile: str = PROFILE) -> CatalogMap | None:
        """Return the newest map, None before the first; kept in memory until another is made."""
        return self._loaded(profile)[0] if self.version(profile) else None

    def stale(self, profile: str = PROFILE) -> bool:
        """Return whether the published index holds other skills or vectors than the map shows.

        True where there is an index and no map; False while there are no vectors to draw.
        """
        from skillrouter_core.project import LayoutOptions, current_key

        try:
            index, _ = self._index(profile)
        except IndexNotReadyError:
            return False
        return current_key(self._folder(profile)) != self._content(index).key(LayoutOptions())

    # ------------------------------------------------------------------ asking

    def place(
        self, query: str | NDArray[np.float32], profile: str = PROFILE
    ) -> tuple[float, float]:
        """Return where a query, or its unit vector, lies: amid its nearest skills.

        That is the weighted geometric median of the ten nearest skills' positions, as for a new
        skill. Text loads the profile's encoder. Raises IndexNotReadyError before the first map.
        """
        from skillrouter_core.project import NEIGHBOURS, place, weights

        made, row_of = self._loaded(profile)
        index, dense = self._index(profile)
        vector = self._encoded(query, profile) if isinstance(query, str) else query
        rows, cosines = dense.search(vector, NEIGHBOURS)
        known = [place_ for place_, row in enumerate(rows) if index.ids[row] in row_of]
        if not known:
            raise IndexNotReadyError(
                "none of the skills nearest to the query is on the map; compute the map again"
            )
        at = [row_of[index.ids[rows[one]]] for one in known]
        found = place(made.xy[at][None], weights(cosines[known])[None])[0]
        return float(found[0]), float(found[1])

    def rows(self, skill_ids: Sequence[str], profile: str = PROFILE) -> Rows:
        """Return the rows of some skills in their order, -1 for those not on the map."""
        row_of = self._loaded(profile)[1]
        return np.array([row_of.get(one, -1) for one in skill_ids], dtype=np.int64)

    def inside(self, polygon: Polygon, profile: str = PROFILE) -> Rows:
        """Return the rows inside a polygon of (x, y) corners on the plane, ascending.

        Raises UsageError for fewer than three corners.
        """
        from skillrouter_core.project import inside

        return inside(self._loaded(profile)[0].xy, polygon)

    def matching(self, text: str, profile: str = PROFILE) -> MapMatches:
        """Return the rows whose name, description or id hold every word of `text`, ascending."""
        row_of = self._loaded(profile)[1]
        with self._workspace.database.read() as session:
            ids = stored.matching(session, text) if text.strip() else []
        rows = np.array(sorted(row_of[one] for one in ids if one in row_of), dtype=np.int64)
        return MapMatches(rows, np.ones(len(rows), dtype=np.float32))

    def meaning(self, text: str, limit: int = MEANT, profile: str = PROFILE) -> MapMatches:
        """Return the `limit` rows nearest to `text` by meaning, nearest first, with cosines.

        Loads the profile's encoder.
        """
        row_of = self._loaded(profile)[1]
        index, dense = self._index(profile)
        found, cosines = dense.search(self._encoded(text, profile), limit)
        rows = np.array([row_of.get(index.ids[row], -1) for row in found], dtype=np.int64)
        return MapMatches(rows[rows >= 0], cosines[rows >= 0])

    def texts(self, rows: Sequence[int], profile: str = PROFILE) -> tuple[PointText, ...]:
        """Return what is shown of some rows, in their order; skills gone since are left out."""
        ids = [self._loaded(profile)[0].ids[row] for row in rows]
        with self._workspace.database.read() as session:
            found = stored.texts(session, ids)
        return tuple(found[one] for one in ids if one in found)

    def live_ids(self, rows: Sequence[int], profile: str = PROFILE) -> list[str]:
        """Return the ids of some rows, in their order; skills gone since are left out."""
        ids = self._loaded(profile)[0].ids
        return self._views.live(ids[row] for row in rows)

    def channel(self, name: ChannelName | str, profile: str = PROFILE) -> Channel:
        """Return one value a row to colour by, with its legend; kept until its facts change."""
        try:
            wanted = ChannelName(name)
        except ValueError:
            known = ", ".join(ChannelName)
            raise UsageError(f"no colour by {name!r}; choose one of: {known}") from None
        return self._views.channel(self._loaded(profile)[0], wanted, profile)

    def clusters(self, level: Level | str, profile: str = PROFILE) -> tuple[ClusterRow, ...]:
        """Return the clusters of a level, largest first, with what is known of their skills."""
        return self._views.clusters(self._loaded(profile)[0], Level(level), profile)

    # ------------------------------------------------------------------ inside

    def _loaded(self, profile: str) -> tuple[CatalogMap, dict[str, int]]:
        from skillrouter_core.project import load_map

        version = self.version(profile)
        with self._lock:
            kept = self._maps.get(profile)
            if kept is None or kept[0].version != version:
                made = load_map(self._folder(profile))
                if made is None:
                    raise IndexNotReadyError(NO_MAP)
                kept = (made, {skill_id: row for row, skill_id in enumerate(made.ids)})
                self._maps[profile] = kept
            return kept

    def _folder(self, profile: str) -> Path:
        name = self._workspace.indexing.place(profile).name
        return self._workspace.home / "map" / name

    def _index(self, profile: str) -> tuple[SkillIndex, DenseIndex]:
        index = self._workspace.routing.index(profile)
        dense = index.dense()
        if dense is None or not len(index):
            raise IndexNotReadyError(
                "no skill has a vector yet; import a catalog, run `skillrouter index` and wait "
                "for it to end"
            )
        return index, dense

    def _content(self, index: SkillIndex) -> Content:
        from skillrouter_core.index import FULL
        from skillrouter_core.project import Content

        part = index.manifest.dense[FULL]
        return Content(index.manifest.fingerprint, part.model_key, part.text_version)

    def _texts_in_order(self, ids: Sequence[str]) -> list[Skill]:
        """Return the skills of `ids`; one that left since it was indexed has no text."""
        found = self._workspace.catalogs.skills_by_id(ids)
        return [found.get(one) or Skill(one, "", "", "") for one in ids]

    def _encoded(self, text: str, profile: str) -> NDArray[np.float32]:
        if not text.strip():
            raise UsageError("the query is empty; write what the agent should do")
        encoder, preset = self._workspace.routing.encoder(profile)
        vectors = encoder.encode_queries([encoder_query(text, preset)])
        return np.asarray(vectors[0], dtype=np.float32)

    def _alone(self, profile: str) -> FileLock:
        folder = self._folder(profile)
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock", timeout=self._lock_seconds)
        try:
            lock.acquire()
        except Timeout as error:
            raise WorkspaceError(
                f"{folder}: another process is computing this map; wait for it or stop it, then "
                "try again"
            ) from error
        return lock
