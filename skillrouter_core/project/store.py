"""Maps on disk: written beside the one in use, published in one step.

Responsible for the files of a layout and of the maps drawn from it. Must not know how either
is computed. Arrays are .npy, the rest JSON; nothing here is ever unpickled.

    map/<profile>/CURRENT           the name of the map to load
    map/<profile>/<number>/         one map: rows, positions, clusters, manifest
    map/<profile>/fit-<number>/     one layout: what later skills are placed beside

A folder is complete before its name is published, and never changed afterwards. One process
writes at a time: the caller keeps others out.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.errors import WorkspaceError
from skillrouter_core.project.coordinates import LayoutOptions
from skillrouter_core.project.neighbours import FloatMatrix
from skillrouter_core.project.placing import Labels
from skillrouter_core.records.maps import CatalogMap, Cluster, Level

FORMAT = 1
"""Goes up when the files change; maps of another format are made anew."""

MANIFEST = "manifest.json"
REMEDY = "delete the folder `map` in the workspace and compute the map again"


@dataclass(frozen=True, slots=True)
class Content:
    """What a map shows: `fingerprint` of the index's rows, and whose vectors lay them out."""

    fingerprint: str
    model_key: str
    text_version: str

    def key(self, options: LayoutOptions) -> str:
        """Return 16 hex digits over the content and every parameter of the layout."""
        parts = [FORMAT, asdict(self), asdict(options)]
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A layout: rows with distinct texts, `hashes[i]` at `xy[i]`, in clusters as of a map.

    `vectors` are the rows' unit vectors in half precision (float16 [n, d]), which is enough to
    find neighbours by. `names` and `terms` are by level, in order of the clusters' numbers.
    `seen` holds the first 16 hex digits of every text's hash that was in the catalog then
    (uint64, sorted), `total` how many texts these were: more than rows where that was a sample.
    """

    hashes: tuple[str, ...]
    vectors: NDArray[np.float16]
    xy: FloatMatrix
    xyz: FloatMatrix | None
    coarse: Labels
    fine: Labels
    parents: Labels
    names: Mapping[str, Sequence[str]]
    terms: Mapping[str, Sequence[Sequence[str]]]
    seen: NDArray[np.uint64]
    content: Content
    options: LayoutOptions

    @property
    def total(self) -> int:
        """How many distinct texts there were when this was laid out."""
        return len(self.seen)


def current_version(folder: Path) -> str:
    """Return a token that changes with every published map; empty where there is none to read."""
    manifest = _published(folder)
    return "" if manifest is None else str(manifest["version"])


def current_key(folder: Path) -> str:
    """Return the published map's `Content.key`; empty where there is no map."""
    manifest = _published(folder)
    return "" if manifest is None else str(manifest["key"])


def load_map(folder: Path) -> CatalogMap | None:
    """Return the published map, or None; raise WorkspaceError where it is damaged."""
    manifest = _published(folder)
    if manifest is None:
        return None
    home = folder / str(manifest["name"])
    rows = _read_json(home / "rows.json")
    clusters = tuple(_cluster(value) for value in _read_json(home / "clusters.json"))
    found = CatalogMap(
        ids=tuple(rows["ids"]),
        hashes=tuple(rows["hashes"]),
        xy=_array(home / "xy.npy"),
        xyz=_array(home / "xyz.npy") if (home / "xyz.npy").exists() else None,
        coarse=_array(home / "coarse.npy"),
        fine=_array(home / "fine.npy"),
        clusters=clusters,
        **{name: manifest[name] for name in ("sampled", "seed", "version", "placed", "note")},
    )
    if {len(found.ids)} != {len(part) for part in (found.hashes, found.xy, found.coarse)}:
        raise WorkspaceError(f"{home}: rows and positions differ in number; {REMEDY}")
    return found


def save_map(folder: Path, made: CatalogMap, key: str, fit: str) -> CatalogMap:
    """Write a map drawn from the layout named `fit`, publish it, and return it with its version.

    Maps but this and the one before it are removed, and the layouts that neither needs.
    """
    home = _next_folder(folder, "")
    version = f"{home.name}-{key}"
    _write_json(home / "rows.json", {"ids": made.ids, "hashes": made.hashes})
    _write_json(home / "clusters.json", [asdict(cluster) for cluster in made.clusters])
    _write_arrays(home, {"xy": made.xy, "coarse": made.coarse, "fine": made.fine, "xyz": made.xyz})
    facts = {"sampled": made.sampled, "seed": made.seed, "placed": made.placed, "note": made.note}
    named = {"format": FORMAT, "name": home.name, "version": version, "key": key, "fit": fit}
    _write_json(home / MANIFEST, named | facts)
    before = _current_name(folder)
    _write_text(folder / "CURRENT", home.name)
    _clear(folder, {home.name, before})
    found = load_map(folder)
    if found is None:
        raise WorkspaceError(f"{home}: the map just written is gone; compute it again")
    return found


def current_fit(folder: Path) -> tuple[str, Fit] | None:
    """Return the published map's layout with its name, or None where there is no map."""
    manifest = _published(folder)
    if manifest is None:
        return None
    home = folder / str(manifest["fit"])
    facts = _read_json(home / MANIFEST)
    return home.name, Fit(
        hashes=tuple(facts["hashes"]),
        vectors=_array(home / "vectors.npy"),
        xy=_array(home / "xy.npy"),
        xyz=_array(home / "xyz.npy") if (home / "xyz.npy").exists() else None,
        coarse=_array(home / "coarse.npy"),
        fine=_array(home / "fine.npy"),
        parents=_array(home / "parents.npy"),
        names=facts["names"],
        terms=facts["terms"],
        seen=_array(home / "seen.npy"),
        content=Content(**facts["content"]),
        options=LayoutOptions(**facts["options"]),
    )


def save_fit(folder: Path, fit: Fit) -> str:
    """Write a layout and return its name; it counts once a map drawn from it is published."""
    home = _next_folder(folder, "fit-")
    names = ("vectors", "xy", "xyz", "coarse", "fine", "parents", "seen")
    _write_arrays(home, {name: getattr(fit, name) for name in names})
    facts = {"hashes": fit.hashes, "names": fit.names, "terms": fit.terms}
    settings = {"content": asdict(fit.content), "options": asdict(fit.options)}
    _write_json(home / MANIFEST, facts | settings)
    return home.name


# ------------------------------------------------------------------------ files


def _published(folder: Path) -> dict[str, Any] | None:
    """Return the published map's manifest; None where there is none of this format."""
    name = _current_name(folder)
    if not name:
        return None
    manifest = _read_json(folder / name / MANIFEST)
    return manifest if manifest.get("format") == FORMAT else None


def _current_name(folder: Path) -> str:
    try:
        return (folder / "CURRENT").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def _next_folder(folder: Path, prefix: str) -> Path:
    """Make and return the next numbered folder."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = [old.name[len(prefix) :] for old in folder.iterdir() if old.name.startswith(prefix)]
    number = max((int(name) for name in taken if name.isdecimal()), default=0) + 1
    home = folder / f"{prefix}{number:08d}"
    home.mkdir()
    return home


def _clear(folder: Path, kept: set[str]) -> None:
    """Remove all maps but those kept, and the layouts that these do not need.

    The map before stays for readers that have just looked up its name.
    """
    needed = {
        str(_read_json(folder / name / MANIFEST)["fit"])
        for name in kept
        if name and (folder / name / MANIFEST).exists()
    }
    for old in folder.iterdir():
        if old.is_dir() and old.name not in kept | needed:
            shutil.rmtree(old, ignore_errors=True)  # a reader on Windows may still hold it


def _cluster(value: dict[str, Any]) -> Cluster:
    return Cluster(
        Level(value["level"]),
        value["number"],
        value["name"],
        tuple(value["terms"]),
        value["size"],
        (value["centre"][0], value["centre"][1]),
        (value["box"][0], value["box"][1], value["box"][2], value["box"][3]),
        value["parent"],
    )


def _array(path: Path) -> Any:
    """Return a saved array, mapped and read-only."""
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise WorkspaceError(f"{path}: unreadable ({error}); {REMEDY}") from error


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WorkspaceError(f"{path}: unreadable ({error}); {REMEDY}") from error


def _write_arrays(home: Path, arrays: Mapping[str, NDArray[Any] | None]) -> None:
    for name, array in arrays.items():
        if array is not None:
            with (home / f"{name}.npy").open("wb") as file:
                np.save(file, array, allow_pickle=False)


def _write_json(path: Path, value: Any) -> None:
    _write_text(path, json.dumps(value))


def _write_text(path: Path, text: str) -> None:
    """Replace a file in one step: a reader sees the old text or the new."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
