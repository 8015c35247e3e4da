"""SKILL.md files on disk that the gate is to look at, and which indexed skills they replace.

Responsible for reading files and folders as an import would, and for recognising the next
version of a skill that is indexed already. Must not know what they are compared with.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.errors import NotFoundError, SourceError, UsageError
from skillrouter_core.progress import ProgressListener
from skillrouter_core.records import Catalog, ImportIssue, Skill

if TYPE_CHECKING:
    from skillrouter_core.catalog.folders import FoundSkill
    from skillrouter_core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Probe:
    """One file to be checked.

    `file` is its path as a person would write it, relative to the working folder where it lies
    below. `before` is the indexed skill that it is the next version of, None for a new one.
    """

    skill: Skill
    file: str
    before: Skill | None

    @property
    def unchanged(self) -> bool:
        """Whether the catalog holds this very text for it."""
        return self.before is not None and self.before.content_hash == self.skill.content_hash


@dataclass(frozen=True, slots=True)
class _Place:
    """A folder whose skills are those of a catalog.

    `prefix` comes before a skill's folder in its id, `top` is the folder of one in the root.
    """

    root: Path
    catalog: Catalog
    prefix: str = ""
    top: str = ""


def read_probes(
    ws: Workspace, paths: Sequence[Path], catalog: str, listener: ProgressListener
) -> tuple[tuple[Probe, ...], tuple[ImportIssue, ...]]:
    """Return the skills below `paths` in the order given, each file once, and what was left out.

    `catalog` names the catalog that all paths are a working copy of, as in CI; without it a file
    belongs to the catalog that was read from a folder around it, if any. Raises SourceError for
    a path without skills, UsageError for a file that is none, NotFoundError for an unknown
    catalog.
    """
    issues: list[ImportIssue] = []
    found: dict[Path, Skill] = {}
    for path in paths:
        for file, skill in _read(path, issues, listener):
            found.setdefault(file, skill)
    places = _places(ws, catalog, list(found))
    homes = {file: _home(file, places) for file in found}
    ids = {file: _identity(file, homes[file]) for file in found}
    before = ws.catalogs.skills_by_id([one for one in ids.values() if one])
    probes = [
        _probe(file, skill, ids[file], homes[file], before.get(ids[file]))
        for file, skill in found.items()
    ]
    return tuple(probes), tuple(issues)


def _read(
    path: Path, issues: list[ImportIssue], listener: ProgressListener
) -> Iterator[tuple[Path, Skill]]:
    """Yield the skills of one path with their resolved files."""
    from skillrouter_core.archives import is_skill_file
    from skillrouter_core.catalog.folders import FoundSkill, read_folder, read_skill_file

    if path.is_dir():
        found = list(read_folder(path, issues, listener, top=path.resolve().name))
        if not found:
            raise SourceError(f"{path} holds no SKILL.md; name a skill's folder or file")
        for one in found:
            yield (path / one.path).resolve(), _skill(one)
    elif not path.exists():
        raise SourceError(f"{path} does not exist; name a SKILL.md or a folder that holds some")
    elif not is_skill_file(path.name):
        raise UsageError(f"{path} is no SKILL.md; name a skill's folder or its SKILL.md")
    else:
        parsed = read_skill_file(path, str(path), issues, path.resolve().parent.name)
        if parsed is not None:
            yield path.resolve(), _skill(FoundSkill("", path.name, parsed.category, parsed))


def _skill(found: FoundSkill) -> Skill:
    parsed = found.parsed
    return Skill("", parsed.name, parsed.description, parsed.body, found.category)


def _places(ws: Workspace, named: str, files: Sequence[Path]) -> tuple[_Place, ...]:
    """Return where catalogs lie, inner folders first."""
    catalogs = {catalog.name: catalog for catalog in ws.catalogs.all()}
    if named and named not in catalogs:
        known = ", ".join(catalogs) or "none yet"
        raise NotFoundError(f"no catalog {named!r}; there are: {known}")
    places = [place for catalog in catalogs.values() for place in _read_from(catalog)]
    if named:
        copies = {_copy_root(file) for file in files}
        places += [_Place(root, catalogs[named]) for root in copies]
        places = [place for place in places if place.catalog.name == named]
    return tuple(sorted(places, key=lambda place: len(place.root.parts), reverse=True))


def _read_from(catalog: Catalog) -> Iterator[_Place]:
    """Yield the folders on this machine that a catalog was read from, if any."""
    from skillrouter_core.agents import AGENTS, agent_skill_roots
    from skillrouter_core.archives import is_skill_file

    agent, _, project = catalog.source.partition(":")
    if agent in AGENTS and project:
        found = agent_skill_roots(agent, home=Path.home(), cwd=Path(project), environ=os.environ)
        for one in found:
            yield _Place(one.folder.resolve(), catalog, f"{one.label}/", one.label)
        return
    path = Path(catalog.source)
    if path.is_absolute() and path.is_dir():
        yield _Place(path.resolve(), catalog)
    elif path.is_absolute() and is_skill_file(path.name):
        yield _Place(path.resolve().parent, catalog)


def _copy_root(file: Path) -> Path:
    """Return the root of the working copy that a file lies in: its repository, else the cwd."""
    for folder in file.parents:
        if (folder / ".git").exists():
            return folder
    return Path.cwd().resolve()


def _home(file: Path, places: Sequence[_Place]) -> _Place | None:
    return next((place for place in places if file.is_relative_to(place.root)), None)


def _identity(file: Path, home: _Place | None) -> str:
    """Return the id that an import gives the skill; empty for a file of no catalog."""
    if home is None:
        return ""
    folder = file.parent.relative_to(home.root).as_posix()
    inside = (home.top or home.root.name) if folder == "." else f"{home.prefix}{folder}"
    return f"{home.catalog.name}/{inside}"


def _probe(
    file: Path, skill: Skill, skill_id: str, home: _Place | None, before: Skill | None
) -> Probe:
    shown = _shown(file)
    source = "" if home is None else home.catalog.source
    found = replace(
        skill,
        skill_id=skill_id or shown,
        source=source if before is None else before.source,
        path=shown,
    )
    return Probe(found, shown, before)


def _shown(file: Path) -> str:
    here = Path.cwd().resolve()
    return file.relative_to(here).as_posix() if file.is_relative_to(here) else file.as_posix()
