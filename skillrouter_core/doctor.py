"""What `skillrouter doctor` checks: that everything the program needs is there.

Responsible for one verdict per thing that can be missing or wrong, each with a remedy. A
check that finds something broken says so and lets the others run. It mends nothing; an
existing database is opened, so it is migrated as any other command would. Must not know
how its verdicts are shown.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.errors import SkillRouterError
from skillrouter_core.workspace import Workspace, default_home

if TYPE_CHECKING:
    from packaging.requirements import Requirement

DISTRIBUTION = "skillrouter-studio"
OLDEST_PYTHON, TOO_NEW_PYTHON = (3, 11), (3, 14)
FREE_GB_FAIL, FREE_GB_WARN = 0.2, 2.0
"""Below the first little can be written; 80,000 skills with vectors take about the second."""
PROFILE = "compact"


class Status(StrEnum):
    """A check's verdict; only `fail` makes the command fail."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One verdict: what was found, and what to do unless it is fine."""

    name: str
    status: Status
    detail: str
    remedy: str = ""


def examine(home: Path | None = None) -> tuple[Check, ...]:
    """Return the verdict of every check, in an order that puts causes before consequences."""
    folder = (home or default_home()).expanduser().absolute()
    checks: Sequence[tuple[str, Callable[[], Iterable[Check]]]] = (
        ("python", lambda: [check_python(sys.version_info[:2])]),
        ("packages", lambda: [check_packages(required_packages())]),
        ("git", lambda: [check_git(shutil.which("git"))]),
        ("workspace", lambda: [check_folder(folder)]),
        ("disk", lambda: [check_disk(folder, free_gb(folder))]),
        ("database", partial(check_content, folder)),
        ("models", lambda: check_models(PROFILE)),
        ("device", lambda: [check_device()]),
        ("threads", lambda: [check_threads(os.environ.get("OMP_WAIT_POLICY", "PASSIVE"))]),
    )
    return tuple(verdict for name, check in checks for verdict in _run(name, check))


def _run(name: str, check: Callable[[], Iterable[Check]]) -> list[Check]:
    try:
        return list(check())
    except SkillRouterError as error:
        return [Check(name, Status.FAIL, str(error))]
    except (ImportError, OSError) as error:
        detail = f"{type(error).__name__}: {error}"
        return [
            Check(name, Status.FAIL, detail, "Run make install again, then skillrouter doctor.")
        ]


# --------------------------------------------------------------------------- the program


def check_python(version: tuple[int, ...]) -> Check:
    """Judge a Python version (major, minor)."""
    shown = ".".join(map(str, version))
    if OLDEST_PYTHON <= version < TOO_NEW_PYTHON:
        return Check("python", Status.OK, shown)
    return Check(
        "python",
        Status.FAIL,
        f"{shown} is not one of 3.11 to 3.13",
        "Install one of them, remove .venv and run make install.",
    )


def required_packages() -> tuple[str, ...]:
    """Return the requirements the installed project declares, those of its extras left out."""
    try:
        declared = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return ()
    return tuple(line for line in declared if "extra ==" not in line)


def check_packages(requirements: Sequence[str]) -> Check:
    """Judge whether every requirement is installed in a version that it allows."""
    from packaging.requirements import Requirement

    if not requirements:
        return Check(
            "packages",
            Status.WARN,
            f"{DISTRIBUTION} is not installed here, so its packages were not checked",
            "Run make install, or pip install -c constraints.txt -e .",
        )
    wrong = [reason for line in requirements if (reason := _unmet(Requirement(line)))]
    if wrong:
        return Check(
            "packages",
            Status.FAIL,
            "; ".join(wrong),
            "Run make install, or pip install -c constraints.txt -e .",
        )
    return Check("packages", Status.OK, f"{len(requirements)} requirements met")


def _unmet(requirement: Requirement) -> str:
    """Return what is wrong with one requirement, or an empty string."""
    if requirement.marker is not None and not requirement.marker.evaluate():
        return ""
    try:
        installed = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"{requirement.name} is missing"
    if requirement.specifier.contains(installed, prereleases=True):
        return ""
    return f"{requirement.name} {installed} is outside {requirement.specifier}"


def check_git(program: str | None) -> Check:
    """Judge whether git is there; only imports from git URLs need it."""
    if program:
        return Check("git", Status.OK, program)
    return Check(
        "git", Status.WARN, "not found", "Install git to import catalogs from git repositories."
    )


# --------------------------------------------------------------------------- the workspace


def check_folder(home: Path) -> Check:
    """Judge whether the workspace folder can be used, or made; nothing is written."""
    anchor = _existing(home)
    if not anchor.is_dir() or not os.access(anchor, os.W_OK | os.X_OK):
        return Check(
            "workspace",
            Status.FAIL,
            f"{home}: {anchor} is not a folder you can write to",
            "Change its permissions, or set SKILLROUTER_HOME to a folder you own.",
        )
    made = "" if anchor == home else " (made on first use)"
    return Check("workspace", Status.OK, f"{home}{made}")


def free_gb(home: Path) -> float:
    """Return the gigabytes free where the workspace lies, or will lie."""
    return shutil.disk_usage(_existing(home)).free / 1e9


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())


def check_disk(home: Path, free: float) -> Check:
    """Judge the free space in gigabytes."""
    detail = f"{free:.1f} GB free"
    remedy = f"Free some space around {home}, or set SKILLROUTER_HOME to a larger disk."
    if free < FREE_GB_FAIL:
        return Check("disk", Status.FAIL, detail, remedy)
    if free < FREE_GB_WARN:
        return Check("disk", Status.WARN, f"{detail}; 80,000 skills take about 2 GB", remedy)
    return Check("disk", Status.OK, detail)


def check_content(home: Path) -> Iterable[Check]:
    """Judge database, catalogs and index of a workspace; one that is not there yet is fine."""
    elsewhere = os.environ.get("SKILLROUTER_DATABASE_URL")
    if not elsewhere and not (home / "skillrouter.db").exists():
        yield Check("database", Status.OK, "none yet (made on first use)")
        return
    with Workspace.open(home) as workspace:
        yield Check("database", Status.OK, f"{workspace.database.engine.dialect.name}, up to date")
        catalogs = workspace.catalogs.all()
        skills = sum(catalog.skills for catalog in catalogs)
        if not skills:
            remedy = "Run skillrouter import demo, or import your own."
            yield Check("catalogs", Status.WARN, "no skills yet", remedy)
            return
        yield Check("catalogs", Status.OK, f"{len(catalogs)} with {skills:,} skills")
        yield _index_check(workspace)


def _index_check(workspace: Workspace) -> Check:
    status = workspace.indexing.status(PROFILE)
    if status.vectors_ready and not status.stale:
        return Check("index", Status.OK, f"{status.indexed:,} skills")
    if not status.lexical_ready:
        detail = f"not built for the {status.skills:,} skills"
    elif status.stale:
        detail = f"{status.indexed:,} skills, older than the catalogs"
    elif status.other_vectors:
        detail = f"{status.indexed:,} skills with the vectors of another model: BM25 answers alone"
    else:
        detail = f"{status.indexed:,} skills without vectors: BM25 answers alone"
    return Check("index", Status.WARN, detail, "Run skillrouter index.")


# --------------------------------------------------------------------------- the models


def check_models(profile_name: str) -> Iterable[Check]:
    """Judge the files of a profile's models: there, and with the digest they should have."""
    from skillrouter_core.models import find_model, profile_named

    profile = profile_named(profile_name)
    for role, location in (("encoder", profile.encoder), ("reranker", profile.reranker)):
        if location is None:
            continue
        try:
            files = find_model(location)
        except SkillRouterError as error:
            yield Check(role, Status.FAIL, str(error))
        else:
            yield Check(role, Status.OK, f"{files.key}, digest verified")


def check_device() -> Check:
    """Say where the models will run; a CPU is fine for the compact profile."""
    from skillrouter_core.devices import free_bytes, pick_device, pick_dtype

    device = pick_device()
    number_format = str(pick_dtype(device)).removeprefix("torch.")
    free = free_bytes(device)
    memory = "" if free is None else f", {free / 1e9:.1f} GB free"
    return Check("device", Status.OK, f"{device.type}, {number_format}{memory}")


def check_threads(policy: str) -> Check:
    """Judge OpenMP's waiting policy: waiting threads that spin slow every query down."""
    cores = os.cpu_count() or 1
    if policy.upper() == "PASSIVE" or cores == 1:
        return Check("threads", Status.OK, f"{cores} cores, waiting threads sleep")
    return Check(
        "threads",
        Status.WARN,
        f"OMP_WAIT_POLICY is {policy}: waiting threads spin",
        "Unset OMP_WAIT_POLICY, or set it to PASSIVE.",
    )
