"""The catalog as a picture: positions, clusters and their names.

Responsible for computing a map from vectors and texts and for keeping it. Must not know the
database, models or pages.
"""

from skillrouter_core.project.building import Source, build_map
from skillrouter_core.project.coordinates import UMAP_FROM, LayoutOptions
from skillrouter_core.project.geometry import Polygon, inside
from skillrouter_core.project.placing import NEIGHBOURS, place, weights
from skillrouter_core.project.store import Content, current_key, current_version, load_map

__all__ = [
    "NEIGHBOURS",
    "UMAP_FROM",
    "Content",
    "LayoutOptions",
    "Polygon",
    "Source",
    "build_map",
    "current_key",
    "current_version",
    "inside",
    "load_map",
    "place",
    "weights",
]
