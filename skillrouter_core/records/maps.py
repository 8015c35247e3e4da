"""The catalog as a picture: points, named clusters, and what a point may be coloured by.

Responsible for the records of the map. Must not know how a position, a cluster or a name is
found; arrays are only named here, so that importing the records stays cheap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NOISE = -1
"""The cluster number of a skill that belongs to none."""


class Level(StrEnum):
    """How finely the catalog is cut: some ten to forty clusters, or some fifty to three hundred."""

    COARSE = "coarse"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A named crowd of skills; `number` is what `CatalogMap.coarse` or `.fine` holds of it.

    `terms` are its distinctive words, best first, and `name` the few that people read. `centre`
    is the member nearest to the middle, so that a label lies on the cluster whatever its shape;
    `box` is (left, bottom, right, top) of nine tenths of its members. `parent` is the number of
    the coarse cluster that a fine one lies in, its own number for a coarse one.
    """

    level: Level
    number: int
    name: str
    terms: tuple[str, ...]
    size: int
    centre: tuple[float, float]
    box: tuple[float, float, float, float]
    parent: int


@dataclass(frozen=True, slots=True, eq=False)
class CatalogMap:
    """Where every skill of an index lies; row i everywhere is `ids[i]` with content `hashes[i]`.

    `xy` is float32 [n, 2], `xyz` float32 [n, 3] or None where no third dimension was asked for;
    both lie within -1 to 1 around the middle. `coarse` and `fine` are int16 [n], -1 for noise.
    `sampled` is how many skills the layout was computed on where that was not all of them,
    `placed` how many were placed beside it since. `note` says in a sentence or two what of this
    is not as usual; empty where all is. `version` differs between any two maps.
    """

    ids: tuple[str, ...]
    hashes: tuple[str, ...]
    xy: NDArray[np.float32]
    xyz: NDArray[np.float32] | None
    coarse: NDArray[np.int16]
    fine: NDArray[np.int16]
    clusters: tuple[Cluster, ...]
    sampled: int | None
    seed: int
    version: str
    placed: int
    note: str

    def __len__(self) -> int:
        """Return the number of skills."""
        return len(self.ids)

    def numbers(self, level: Level) -> NDArray[np.int16]:
        """Return each skill's cluster at a level, int16 [n], -1 for noise."""
        return self.coarse if level is Level.COARSE else self.fine

    def at(self, level: Level) -> tuple[Cluster, ...]:
        """Return the clusters of one level, largest first."""
        return tuple(one for one in self.clusters if one.level is level)


class ChannelName(StrEnum):
    """What the points of a map can be coloured by."""

    COARSE = "cluster"
    FINE = "fine cluster"
    CATEGORY = "category"
    SOURCE = "source"
    CATALOG = "catalog"
    DUPLICATES = "duplicates"
    LABELS = "labels"
    TRAFFIC = "traffic"
    AGE = "age"


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One colour and what it stands for.

    Of a channel of kinds, `value` is the code in `Channel.values` and `count` how many skills
    have it; of a scale, `value` is a position on it and `count` is 0.
    """

    label: str
    value: float
    count: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One value a skill, in the rows of the map it was made for.

    Kinds (`scale` False): `values` is uint16 [n], the position in `legend` of each skill's kind.
    A scale: `values` is float32 [n], NaN where nothing is known, and `legend` holds its ends and
    what lies between. `muted` is the code of those that belong to no kind (noise, no category),
    to be drawn in grey; None where there are none. `note` says what is missing and how to get it.
    """

    name: ChannelName
    title: str
    scale: bool
    values: NDArray[np.uint16] | NDArray[np.float32]
    legend: tuple[LegendEntry, ...]
    muted: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """A cluster with what is known of its skills.

    `near_duplicates` is the share (0 to 1) in some group of near-copies, None before a scan.
    `labels` counts judgements of its skills. `queries` counts the saved queries that expect one
    of its skills, `hit_at_1` the share of them answered first by an expected one; None where
    there is no such query, or none has been answered yet.
    """

    cluster: Cluster
    near_duplicates: float | None
    labels: int
    queries: int
    hit_at_1: float | None


@dataclass(frozen=True, slots=True, eq=False)
class MapMatches:
    """The rows that a search found, best first, and their cosines; 1 for a match of words."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PointText:
    """What is shown of a point under the pointer, and of a selection as a table."""

    skill_id: str
    name: str
    description: str
    category: str
    source: str
    body_chars: int


@dataclass(frozen=True, slots=True)
class SkillFacts:
    """What the catalogs know of a skill besides its text; `changed_at` is when that changed."""

    category: str
    source: str
    catalog: str
    changed_at: datetime
