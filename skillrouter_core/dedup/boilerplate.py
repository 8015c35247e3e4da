"""Which trigrams are a source's boilerplate, and how many of them each skill holds.

Responsible for the rule and its counts. Must not know how pairs are proposed or compared.

A trigram found in at least `least` skills of one source is that source's boilerplate: a
template, a licence footer. It is discounted for every pair with a skill of that source: a stray
copy of a template in another source would otherwise be near to all that was made from it.

Bodies that are nearly all boilerplate and differ in little have no rule of their own. Of a pool
of 20,121 skills 269,900 pairs share more than 0.8 of their trigrams; the discount turns down
263,346 of the 265,088 below 0.9, nearly all of them one template of 850 skills in which only a
product's name differs, 37 of the 2,688 up to 0.95, which are empty forms under different names,
and none of the 2,124 above. A rule such as "above 0.95 it is a copy" would change nothing there
and would let a long template make duplicates by itself. These were counted while pairs of two
sources were discounted only for what is boilerplate of both.

What is given up: more than `least` edited copies of one text inside one source look like a
template; equal copies are still found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.dedup.atoms import Atoms, IntVector
from skillrouter_core.dedup.shingles import Bags, GramVector, pack

NO_SOURCE = -1
"""The column of a source without boilerplate."""


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """Each source's boilerplate, ascending; only sources that have any.

    `columns` numbers those sources in alphabetical order.
    """

    grams: Mapping[str, GramVector]

    @property
    def columns(self) -> dict[str, int]:
        """The number of each source that has boilerplate."""
        return {source: place for place, source in enumerate(sorted(self.grams))}

    def of(self, source: str) -> GramVector:
        """Return the trigrams of one source; none where it has no boilerplate."""
        return self.grams.get(source, np.empty(0, dtype=np.uint64))


@dataclass(frozen=True, slots=True)
class Marked:
    """Atoms that are boilerplate: entry i says that atom `atoms[i]` is one of `sources[i]`."""

    atoms: IntVector
    sources: IntVector


def mark(atoms: Atoms, source_of: IntVector, least: int) -> Marked:
    """Return which atoms occur in at least `least` skills of which source."""
    candidates = np.flatnonzero(atoms.skills >= least)
    if not len(candidates):
        nothing = np.empty(0, dtype=np.int64)
        return Marked(nothing, nothing)
    width = int(source_of.max()) + 1
    often = np.repeat(atoms.skills >= least, atoms.skills)
    owners = np.repeat(candidates, atoms.skills[candidates])
    codes, counts = np.unique(owners * width + source_of[atoms.rows[often]], return_counts=True)
    found = codes[counts >= least]
    return Marked(found // width, found % width)


def boilerplate(atoms: Atoms, marked: Marked, names: Sequence[str]) -> Boilerplate:
    """Return the trigrams behind the marked atoms; `names` are the sources by number."""
    order = np.argsort(atoms.atom_of, kind="stable")
    starts = np.cumsum(atoms.weights) - atoms.weights
    found: dict[str, GramVector] = {}
    for number in np.unique(marked.sources).tolist():
        chosen = marked.atoms[marked.sources == number]
        members = [order[starts[atom] : starts[atom] + atoms.weights[atom]] for atom in chosen]
        found[names[number]] = np.sort(atoms.grams[np.concatenate(members)])
    return Boilerplate(found)


def contains(ascending: GramVector, values: GramVector) -> NDArray[np.bool_]:
    """Return which of `values` occur in an ascending set."""
    if not len(ascending):
        return np.zeros(len(values), dtype=np.bool_)
    places = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    return np.asarray(ascending[places] == values)


def strip(bags: Bags, rows: IntVector, sources: Sequence[str], found: Boilerplate) -> Bags:
    """Return the sets of `rows` without their own sources' boilerplate; `sources` is by row."""
    left = []
    for row in rows.tolist():
        grams = bags.row(row)
        left.append(grams[~contains(found.of(sources[row]), grams)])
    return pack(left)
