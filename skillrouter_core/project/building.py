"""Skills and their vectors to a saved map: laid out once, later ones placed beside.

Responsible for the order of the work and for what is kept from an earlier map. Must not know
the database, nor where vectors come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.progress import Progress, ProgressListener, silent
from skillrouter_core.project.clusters import cluster
from skillrouter_core.project.coordinates import UMAP_FROM, Layout, LayoutOptions, layout
from skillrouter_core.project.drawing import Canvas, described
from skillrouter_core.project.names import cluster_terms, names
from skillrouter_core.project.neighbours import FloatMatrix
from skillrouter_core.project.placing import Labels, join, neighbours_of, place
from skillrouter_core.project.store import (
    Content,
    Fit,
    current_fit,
    current_key,
    load_map,
    save_fit,
    save_map,
)
from skillrouter_core.project.words import read_terms
from skillrouter_core.records import Skill
from skillrouter_core.records.maps import NOISE, CatalogMap, Level

DEFAULTS = LayoutOptions()

ALL_SKILLS = "All skills"
"""What the one cluster of a catalog is called that has no crowds, or too few skills for any."""

LEAST_FITTED = 0.5
"""Where less than this share of the texts was in the layout, it is made anew unasked."""

TextsOf = Callable[[Sequence[str]], Sequence[Skill]]
"""Returns skills with bodies in the order of their ids; asked only when clusters get names."""


@dataclass(frozen=True, slots=True)
class Source:
    """The rows to draw: row i is skill `ids[i]` with content `hashes[i]` and unit `vectors[i]`."""

    ids: Sequence[str]
    hashes: Sequence[str]
    vectors: FloatMatrix
    content: Content
    texts: TextsOf


def build_map(
    folder: Path,
    source: Source,
    *,
    options: LayoutOptions = DEFAULTS,
    dimensions: int = 2,
    recompute: bool = False,
    listener: ProgressListener = silent,
    compute: Layout = layout,
) -> CatalogMap:
    """Return the map of `source`, saved and published in `folder`; 3 `dimensions` add a space.

    The very same content costs nothing. Where only some texts are new they are placed on the
    map there is; it is laid out anew on request, for other vectors or parameters, for fewer
    than `UMAP_FROM` texts (that is instant), and where too little of the catalog was in the
    layout (`LEAST_FITTED`). Nothing is published before all is done: `listener` may raise to
    stop, and a killed run leaves the old map.
    """
    key = source.content.key(options)
    before = load_map(folder)
    wants_space = dimensions == 3
    same = before is not None and not recompute and current_key(folder) == key
    if same and before is not None and (before.xyz is not None or not wants_space):
        return before
    found = None if recompute else current_fit(folder)
    if found is not None and _serves(found[1], source, options):
        name, fit = found
        kept = before
    else:
        name, fit, kept = "", _fitted(source, options, listener, compute), None
    if wants_space and fit.xyz is None:
        vectors = np.asarray(fit.vectors, dtype=np.float32)
        fit = replace(fit, xyz=compute(vectors, 3, options, listener))
        name, kept = "", None
    made = _drawn(source, fit, kept, listener)
    listener(Progress("saving", 0, 0, 0.0, ""))
    return save_map(folder, made, key, name or save_fit(folder, fit))


def _serves(fit: Fit, source: Source, options: LayoutOptions) -> bool:
    """Return whether a layout may serve these rows: same vectors, same rules, enough of them."""
    same = (fit.content.model_key, fit.content.text_version, fit.options) == (
        source.content.model_key,
        source.content.text_version,
        options,
    )
    texts = set(source.hashes)
    if not same or len(texts) < UMAP_FROM:
        return False
    known = len(texts.intersection(fit.hashes))
    return known >= LEAST_FITTED * min(len(texts), options.sample)


# ------------------------------------------------------------------------ a layout


def _fitted(
    source: Source, options: LayoutOptions, listener: ProgressListener, compute: Layout
) -> Fit:
    rows = _sample(source.hashes, options.sample)
    vectors = np.ascontiguousarray(source.vectors[rows], dtype=np.float32)
    xy = compute(vectors, 2, options, listener)
    clusters = cluster(xy, vectors, listener)
    called, terms = _names(source, rows, clusters.coarse, clusters.fine, clusters.parents, listener)
    return Fit(
        hashes=tuple(source.hashes[row] for row in rows),
        vectors=vectors.astype(np.float16),
        xy=xy,
        xyz=None,
        coarse=clusters.coarse,
        fine=clusters.fine,
        parents=clusters.parents,
        names=called,
        terms=terms,
        seen=np.unique(_short(source.hashes)),
        content=source.content,
        options=options,
    )


def _sample(hashes: Sequence[str], most: int) -> NDArray[np.int64]:
    """Return the first row of each distinct text, at most `most` of them.

    The sample is those with the smallest hashes: as good as drawn by lot, the same every time,
    and mostly the same after skills came or went.
    """
    first: dict[str, int] = {}
    for row, value in enumerate(hashes):
        first.setdefault(value, row)
    return np.array(sorted(first[value] for value in sorted(first)[:most]), dtype=np.int64)


def _names(
    source: Source,
    rows: NDArray[np.int64],
    coarse: Labels,
    fine: Labels,
    parents: Labels,
    listener: ProgressListener,
) -> tuple[dict[str, list[str]], dict[str, list[list[str]]]]:
    """Return the clusters' names and distinctive terms, by level."""
    if len(parents) == 1:
        one: list[str] = []
        return ({level: [ALL_SKILLS] for level in Level}, {level: [one] for level in Level})
    terms = read_terms(source.texts([source.ids[row] for row in rows]), listener)
    upper, lower = cluster_terms(terms, coarse, fine, parents)
    above = names(upper, terms, [NOISE] * len(upper), [])
    below = names(lower, terms, parents.tolist(), above)
    spelled: dict[str, list[list[str]]] = {
        level: [[terms.spellings[term] for term in ranked] for ranked in part]
        for level, part in ((Level.COARSE, upper), (Level.FINE, lower))
    }
    return {Level.COARSE: above, Level.FINE: below}, spelled


# ------------------------------------------------------------------------ a map


def _drawn(
    source: Source, fit: Fit, before: CatalogMap | None, listener: ProgressListener
) -> CatalogMap:
    """Return the map of all rows: laid out, kept from the map before, or placed now."""
    canvas = Canvas.blank(len(source.ids), fit.xyz is not None)
    open_rows = np.ones(len(source.ids), dtype=bool)
    for other in (fit, before):
        if other is not None:
            rows, at = _matches(source.hashes, other.hashes, open_rows)
            canvas.copy(rows, other, at)
            open_rows[rows] = False
    _place_open(source, fit, np.flatnonzero(open_rows), canvas, listener)
    placed = int((~np.isin(_short(source.hashes), fit.seen)).sum())
    return described(source.ids, source.hashes, canvas, fit, placed)


def _matches(
    hashes: Sequence[str], known: Sequence[str], wanted: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the wanted rows whose text is known, and where."""
    place_of: Mapping[str, int] = {value: row for row, value in enumerate(known)}
    pairs = [
        (row, place_of[hashes[row]])
        for row in np.flatnonzero(wanted).tolist()
        if hashes[row] in place_of
    ]
    return (
        np.array([row for row, _ in pairs], dtype=np.int64),
        np.array([at for _, at in pairs], dtype=np.int64),
    )


def _place_open(
    source: Source,
    fit: Fit,
    rows: NDArray[np.int64],
    canvas: Canvas,
    listener: ProgressListener,
) -> None:
    """Place the rows beside their nearest neighbours in the layout."""
    if not len(rows):
        return
    fitted = np.asarray(fit.vectors, dtype=np.float32)
    around, weight = neighbours_of(source.vectors[rows], fitted, listener)
    canvas.xy[rows] = place(fit.xy[around], weight)
    if canvas.xyz is not None and fit.xyz is not None:
        canvas.xyz[rows] = place(fit.xyz[around], weight)
    canvas.coarse[rows], canvas.fine[rows] = join(
        np.asarray(fit.coarse), np.asarray(fit.fine), np.asarray(fit.parents), around, weight
    )


def _short(hashes: Sequence[str]) -> NDArray[np.uint64]:
    return np.array([int(value[:16], 16) for value in hashes], dtype=np.uint64)
