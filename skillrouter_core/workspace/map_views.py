"""What the points of a map are coloured by, and the table of its clusters.

Responsible for joining a map with what the catalogs, the scan, the labels and the saved
queries say of each skill. Must not know positions, files or how anything is drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from db import maps as stored
from skillrouter_core.records.maps import (
    NOISE,
    CatalogMap,
    Channel,
    ChannelName,
    ClusterRow,
    LegendEntry,
    Level,
    SkillFacts,
)
from skillrouter_core.workspace.map_colours import (
    Codes,
    cluster_channel,
    cluster_row,
    counted,
    hit,
    kinds,
    per_cluster,
    scale,
)

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.duplicate_views import GroupsView
    from skillrouter_core.workspace.scans import Scans

Value = TypeVar("Value")

TRAFFIC_DEPTH = 10
"""A skill counts as an answer of a stored query if it is among its first ten."""

COPIES = (
    "no near-copy",
    "kept one of an open group",
    "near-copy in an open group",
    "in a group decided or skipped",
    "came after the scan",
)
IN_GROUPS = (1, 2, 3)
"""Those of `COPIES` that are in some group of near-copies."""

LABELLED = ("no label", "1 label", "2 to 4 labels", "5 labels or more")
NO_SCAN = "No scan for near-copies has been made yet; look for duplicates first."
NO_ANSWERS = "No saved query has been answered yet; save queries, then look for duplicates."


class MapViews:
    """Channels and cluster tables of one workspace's maps, kept until their facts change."""

    def __init__(self, workspace: Workspace) -> None:
        """Bind to a workspace; nothing is read yet."""
        self._workspace = workspace
        self._kept: dict[Hashable, tuple[Hashable, Any]] = {}
        self._own_scans: Scans | None = None
        self._lock = RLock()

    def channel(self, made: CatalogMap, name: ChannelName, profile: str) -> Channel:
        """Return a map's rows as codes or values with a legend."""
        makers: dict[ChannelName, Callable[[], Channel]] = {
            ChannelName.COARSE: lambda: cluster_channel(made, Level.COARSE),
            ChannelName.FINE: lambda: cluster_channel(made, Level.FINE),
            ChannelName.CATEGORY: lambda: self._by_fact(
                made, name, "Category", "no category", lambda fact: fact.category
            ),
            ChannelName.SOURCE: lambda: self._by_fact(
                made, name, "Source", "no source", lambda fact: fact.source
            ),
            ChannelName.CATALOG: lambda: self._by_fact(
                made, name, "Catalog", "not in a catalog any more", lambda fact: fact.catalog
            ),
            ChannelName.DUPLICATES: lambda: self._duplicates(made, profile),
            ChannelName.LABELS: lambda: self._labels(made),
            ChannelName.TRAFFIC: lambda: self._traffic(made, profile),
            ChannelName.AGE: lambda: self._age(made),
        }
        return makers[name]()

    def clusters(self, made: CatalogMap, level: Level, profile: str) -> tuple[ClusterRow, ...]:
        """Return the clusters of a level, largest first, with what is known of their skills."""
        numbers = made.numbers(level)
        copies = self._copy_states(made, profile)
        near = None if copies is None else per_cluster(numbers, np.isin(copies, IN_GROUPS))
        labels = per_cluster(numbers, self._label_counts(made))
        asked = self._asked(made, numbers, profile)
        return tuple(
            cluster_row(
                one,
                None if near is None else near[one.number],
                labels[one.number],
                asked.get(one.number, ()),
            )
            for one in made.at(level)
        )

    # ------------------------------------------------------------------ what catalogs know

    def live(self, skill_ids: Iterable[str]) -> list[str]:
        """Return those of some skills that are still in a catalog, in order."""
        _, facts = self._facts()
        return [one for one in skill_ids if one in facts]

    def _facts(self) -> tuple[Hashable, Mapping[str, SkillFacts]]:
        """Return the facts of all skills, read again when they change, and their token."""
        catalogs = self._workspace.catalogs
        synced = tuple((one.name, one.skills, one.synced_at) for one in catalogs.all())
        token = (catalogs.fingerprint(), synced, catalogs.categories_token())

        def read() -> Mapping[str, SkillFacts]:
            with self._workspace.database.read() as session:
                return stored.facts(session)

        return token, self._keep("facts", token, read)

    def _by_fact(
        self,
        made: CatalogMap,
        name: ChannelName,
        title: str,
        absent: str,
        value: Callable[[SkillFacts], str],
    ) -> Channel:
        token, facts = self._facts()

        def make() -> Channel:
            values = [value(facts[one]) if one in facts else "" for one in made.ids]
            codes, legend, muted = kinds(values, absent)
            return Channel(name, title, False, codes, legend, muted)

        return self._keep(name, (made.version, token), make)

    def _age(self, made: CatalogMap) -> Channel:
        _, facts = self._facts()
        now = datetime.now(UTC)
        days = [
            (now - facts[one].changed_at).total_seconds() / 86_400 if one in facts else np.nan
            for one in made.ids
        ]
        values = np.array(days, dtype=np.float32)
        return scale(ChannelName.AGE, "Days since the text changed", values, "today")

    # ------------------------------------------------------------------ what people and scans say

    def _duplicates(self, made: CatalogMap, profile: str) -> Channel:
        states = self._copy_states(made, profile)
        title = "Near-copies"
        if states is None:
            codes = np.zeros(len(made), dtype=np.uint16)
            unknown = (LegendEntry("not known", 0, len(made)),)
            return Channel(ChannelName.DUPLICATES, title, False, codes, unknown, 0, NO_SCAN)
        legend = counted(COPIES, states)
        stale = self._workspace.duplicates.stale(profile)
        note = "The catalog has changed since the scan; scan again." if stale else ""
        return Channel(ChannelName.DUPLICATES, title, False, states, legend, 0, note)

    def _copy_states(self, made: CatalogMap, profile: str) -> Codes | None:
        """Return the position in `COPIES` of each row, None before the first scan."""
        from skillrouter_core.dedup import GroupStatus

        if not self._workspace.duplicates.version(profile):
            return None
        view = self._workspace.duplicates.groups(profile=profile)

        def make() -> tuple[GroupsView, Codes]:
            state = np.zeros(len(view.scan.ids) + 1, dtype=np.uint16)
            for group, status in zip(view.grouping.groups, view.statuses, strict=True):
                is_open = status is GroupStatus.UNDECIDED
                state[list(group.members)] = 2 if is_open else 3
                if is_open:
                    state[group.keeper] = 1
            state[-1] = 4
            row_of = {one: row for row, one in enumerate(view.scan.ids)}
            return view, state[[row_of.get(one, -1) for one in made.ids]]

        # The view is kept with its states, so that no other one can get its number.
        return self._keep("copies", (made.version, id(view)), make)[1]

    def _label_counts(self, made: CatalogMap) -> NDArray[np.int64]:
        counts = Counter(one.skill_id for one in self._workspace.labels.judgements())
        return np.array([counts.get(one, 0) for one in made.ids], dtype=np.int64)

    def _labels(self, made: CatalogMap) -> Channel:
        codes = np.digitize(self._label_counts(made), [1, 2, 5]).astype(np.uint16)
        legend = counted(LABELLED, codes)
        return Channel(ChannelName.LABELS, "Labels", False, codes, legend, 0)

    def _rankings(self, profile: str) -> Mapping[str, Sequence[str]]:
        """Return the stored answers, skill ids in final order, by the text of the query."""
        from skillrouter_core.workspace.scans import Scans

        with self._lock:
            if self._own_scans is None:
                self._own_scans = Scans(self._workspace)
        return self._own_scans.answers(profile).rankings

    def _traffic(self, made: CatalogMap, profile: str) -> Channel:
        rankings = self._rankings(profile)
        counts = Counter(one for ids in rankings.values() for one in ids[:TRAFFIC_DEPTH])
        values = np.array([counts.get(one, 0) for one in made.ids], dtype=np.float32)
        title = f"Saved queries with the skill among the first {TRAFFIC_DEPTH}"
        channel = scale(ChannelName.TRAFFIC, title, values, "none")
        if rankings:
            return channel
        return Channel(channel.name, title, True, values, channel.legend, None, NO_ANSWERS)

    def _asked(
        self, made: CatalogMap, numbers: NDArray[np.int16], profile: str
    ) -> dict[int, tuple[bool | None, ...]]:
        """Return by cluster, for each saved query that expects one of its skills, whether it hits.

        None stands for a query without a stored answer.
        """
        rankings = self._rankings(profile)
        number_of = dict(zip(made.ids, numbers.tolist(), strict=True))
        found: dict[int, tuple[bool | None, ...]] = {}
        for query in self._workspace.labels.queries():
            clusters = {number_of[one] for one in query.expected if one in number_of} - {NOISE}
            first = hit(query, rankings)
            for number in clusters:
                found[number] = (*found.get(number, ()), first)
        return found

    def _keep(self, key: Hashable, token: Hashable, make: Callable[[], Value]) -> Value:
        with self._lock:
            before = self._kept.get(key)
            if before is None or before[0] != token:
                before = (token, make())
                self._kept[key] = before
        value: Value = before[1]
        return value
