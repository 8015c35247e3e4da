"""The kinds of source, and what each yields.

Responsible for telling one kind from another, for the normalised source a
re-sync starts from, and for putting identities on skills. Must not know how any
kind of file is read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from skillrouter_core.agents import AGENTS, agent_skill_roots
from skillrouter_core.archives import clone, is_git_url, is_skill_file, open_archive
from skillrouter_core.catalog.folders import FoundSkill, read_folder, read_skill_file
from skillrouter_core.catalog.jsonl import SUFFIXES, Record, read_skill_records, shards
from skillrouter_core.catalog.naming import check_name, derived_name
from skillrouter_core.errors import SourceError
from skillrouter_core.parsing import health
from skillrouter_core.progress import Meter, ProgressListener, silent
from skillrouter_core.records import ImportIssue, Skill

KINDS = (
    "a folder of SKILL.md folders, a SKILL.md file, a .zip, a .jsonl or .jsonl.gz, a folder of "
    f"those, a git URL (https://, ssh://, file://, user@host:path), demo, {', '.join(AGENTS)}"
)
"""The kinds of source in words, for messages and help."""

DEMO = "demo"


@dataclass(frozen=True, slots=True)
class CatalogScan:
    """What a source holds at this moment.

    `source` is normalised so that reading it again works from any folder; skills are in
    order of identity as found, each identity once.
    """

    name: str
    source: str
    skills: tuple[Skill, ...]
    issues: tuple[ImportIssue, ...]


@dataclass(slots=True)
class _Reading:
    """One reading under way: the catalog, and what has come of it so far."""

    name: str
    source: str
    listener: ProgressListener
    skills: dict[str, Skill] = field(default_factory=dict)
    issues: list[ImportIssue] = field(default_factory=list)

    def add(self, skill: Skill, line: int | None = None) -> None:
        """Keep a skill; a second one of the same identity is listed, not kept."""
        first = self.skills.setdefault(skill.skill_id, skill)
        if first is not skill:
            reason = f"its identity {skill.skill_id!r} is already taken by {first.path}"
            self.issues.append(ImportIssue(skill.path, line, reason, imported=False))


_Reader = Callable[[_Reading], None]


def read_source(
    source: str,
    *,
    name: str | None = None,
    home: Path | None = None,
    cwd: Path | None = None,
    listener: ProgressListener = silent,
) -> CatalogScan:
    """Return the skills of `source`, one of `KINDS`, under the catalog name `name`.

    `home` and `cwd` (default: the person's own) are where agents' folders and relative
    paths are looked for. Without `name` the catalog is named after the source. Raises
    SourceError where nothing can be read or no skill is found, UsageError for a bad name;
    single bad files only become issues.
    """
    environ = os.environ if home is None else {}
    home, cwd = home or Path.home(), (cwd or Path.cwd()).absolute()
    source = source.strip()
    if not source:
        raise SourceError(f"the source is empty. A source is {KINDS}")
    default, normalised, reader = _recognise(source, home, cwd, environ)
    chosen = check_name(default if name is None else name)
    reading = _Reading(chosen, normalised, listener)
    reader(reading)
    if not reading.skills:
        raise SourceError(_empty(source, reading.issues))
    return CatalogScan(chosen, normalised, tuple(reading.skills.values()), tuple(reading.issues))


def _recognise(
    source: str, home: Path, cwd: Path, environ: Mapping[str, str]
) -> tuple[str, str, _Reader]:
    """Return the default name, the normalised source and what reads it."""
    agent, _, project = source.partition(":")
    if source == DEMO:
        return DEMO, DEMO, _read_demo
    if agent in AGENTS and not project.startswith("/" * 2):
        place = cwd / project
        normalised = f"{agent}:{place}"
        return agent, normalised, lambda reading: _read_agent(reading, agent, home, place, environ)
    if is_git_url(source):
        return derived_name(urlsplit(source).path or source), source, _read_git
    path = cwd / (home / source[2:] if source.startswith("~/") else source)
    path = Path(os.path.normpath(path))
    return derived_name(_named_after(path).name), str(path), _file_reader(source, path)


def _named_after(path: Path) -> Path:
    return path.parent if is_skill_file(path.name) else path


def _file_reader(source: str, path: Path) -> _Reader:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        reason = "no such file or folder" if isinstance(error, FileNotFoundError) else str(error)
        raise SourceError(f"unknown source {source!r} ({reason}). A source is {KINDS}") from error
    except ValueError as error:
        raise SourceError(f"unknown source {source!r} ({error}). A source is {KINDS}") from error
    lower = path.name.lower()
    if stat.S_ISDIR(mode):
        return lambda reading: _read_folder_or_shards(reading, path)
    if is_skill_file(path.name):
        return lambda reading: _read_single(reading, path)
    if lower.endswith(".zip"):
        return lambda reading: _read_zip(reading, path)
    if lower.endswith(SUFFIXES):
        return lambda reading: _read_jsonl(reading, [path])
    raise SourceError(
        f"unknown source {source!r}: not a kind of file read here. A source is {KINDS}"
    )


def _empty(source: str, issues: list[ImportIssue]) -> str:
    if not issues:
        return f"{source!r} holds no skill. A source is {KINDS}"
    first = issues[0]
    where = first.path if first.line is None else f"{first.path}, line {first.line}"
    return (
        f"{source!r} holds no skill that can be read; {len(issues)} entries were left out, "
        f"the first: {where}: {first.reason}"
    )


# ------------------------------------------------------------------------- by kind


def _read_demo(reading: _Reading) -> None:
    from skillrouter_core.demo import demo_folder

    _read_folder(reading, demo_folder() / "skills", DEMO)


def _read_folder(reading: _Reading, root: Path, top: str) -> None:
    """Take the skills below `root`; one directly in the root goes by the name `top`."""
    for found in read_folder(root, reading.issues, reading.listener, top=top):
        reading.add(_from_file(reading, found, top))


def _read_folder_or_shards(reading: _Reading, path: Path) -> None:
    _read_folder(reading, path, path.name)
    records = shards(path)
    if not reading.skills:
        _read_jsonl(reading, list(records))
        return
    for file in records:
        reason = "not read: this folder holds SKILL.md files; import this file by itself"
        reading.issues.append(ImportIssue(file.name, None, reason, imported=False))


def _read_single(reading: _Reading, file: Path) -> None:
    folder = file.parent.name
    parsed = read_skill_file(file, file.name, reading.issues, folder)
    if parsed is not None:
        found = FoundSkill("", file.name, parsed.category, parsed)
        reading.add(_from_file(reading, found, folder))


def _read_zip(reading: _Reading, path: Path) -> None:
    with open_archive(path, reading.listener) as unpacked:
        reading.issues.extend(unpacked.issues)
        inside = list(unpacked.folder.iterdir())
        if len(inside) == 1 and inside[0].is_dir():  # packaging, not a place
            _read_folder(reading, inside[0], inside[0].name)
        else:
            _read_folder(reading, unpacked.folder, derived_name(path.name))


def _read_git(reading: _Reading) -> None:
    with clone(reading.source, reading.listener) as unpacked:
        reading.issues.extend(unpacked.issues)
        _read_folder(reading, unpacked.folder, derived_name(reading.source))


def _read_agent(
    reading: _Reading, agent: str, home: Path, project: Path, environ: Mapping[str, str]
) -> None:
    roots = agent_skill_roots(agent, home=home, cwd=project, environ=environ)
    if not roots:
        raise SourceError(
            f"no skill folder of {agent} in {home} or {project}: start in the project, or import "
            "the folder by its path"
        )
    for root in roots:
        walk = read_folder(
            root.folder,
            reading.issues,
            reading.listener,
            top=root.label,
            boundary=root.boundary,
        )
        for found in walk:
            reading.add(_from_file(reading, found, root.label, f"{root.label}/"))


def _read_jsonl(reading: _Reading, files: list[Path]) -> None:
    meter = Meter(reading.listener, "reading skills", 0)
    for file in files:
        for record in read_skill_records(file, file.name, reading.issues):
            reading.add(_from_record(reading, record, file.name), record.line)
            meter.advance()


def _from_file(reading: _Reading, found: FoundSkill, top: str, prefix: str = "") -> Skill:
    folder = f"{prefix}{found.folder}" if found.folder else top
    return Skill(
        skill_id=f"{reading.name}/{folder}",
        name=found.parsed.name,
        description=found.parsed.description,
        body=found.parsed.body,
        category=found.category,
        source=reading.source,
        path=f"{prefix}{found.path}",
        problems=found.parsed.problems,
    )


def _from_record(reading: _Reading, record: Record, file: str) -> Skill:
    return Skill(
        skill_id=f"{reading.name}/{record.skill_id}",
        name=record.name,
        description=record.description,
        body=record.body,
        category=record.category,
        source=record.source or reading.source,
        path=record.path or f"{file}:{record.line}",
        problems=health(record.description, record.body),
    )
