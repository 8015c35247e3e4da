"""The gate on one workspace: seconds by step for new skills, and the slider, as Markdown tables.

    python benchmarks/bench_gate.py HOME [--probes 20] [--edited 0.02]

HOME is a workspace whose catalogs are imported and indexed; a scan and the answers of its saved
queries are added to it where they are missing. Probes are skills of the catalog spread over all
ids, under a new name, with a share of their body's words replaced: near-copies of their
originals. Prints how many of them fail the gate.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import tempfile
import time
from pathlib import Path

import numpy as np

from skillrouter_core.records import CheckReport, Skill, Thresholds
from skillrouter_core.workspace import Workspace
from skillrouter_core.workspace.gate import CheckOptions

STEPS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9)


def main() -> None:
    """Measure both and print."""
    options = _options()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with Workspace.open(options.home) as workspace, tempfile.TemporaryDirectory() as folder:
        if workspace.duplicates.stale():
            workspace.duplicates.scan()
        _slider(workspace)
        files = _probes(workspace, Path(folder), options.probes, options.edited)
        first = workspace.duplicates.check(files[0])
        print(f"\nFirst check, models not loaded yet: {_steps(first)}")
        _gate(workspace, files)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--probes", type=int, default=20)
    parser.add_argument("--edited", type=float, default=0.02, help="share of words replaced")
    return parser.parse_args()


def _slider(workspace: Workspace) -> None:
    """Ask for groups at thresholds never asked for before."""
    started = time.monotonic()
    view = workspace.duplicates.groups()
    first = time.monotonic() - started
    taken = []
    for jaccard in STEPS:
        started = time.monotonic()
        workspace.duplicates.groups(Thresholds(jaccard, 0.93))
        taken.append(time.monotonic() - started)
    print(f"\n{len(view.scan.ids):,} skills, {len(view.scan.pairs):,} pairs kept")
    print(f"First groups {first * 1e3:,.0f} ms; a move of the slider {_spread(taken)}")


def _probes(workspace: Workspace, root: Path, count: int, edited: float) -> list[Path]:
    """Write skills of the catalog as new ones, some of their words replaced."""
    ids = list(workspace.catalogs.hashes())
    chosen = ids[:: max(1, len(ids) // count)][:count]
    skills = workspace.catalogs.skills_by_id(chosen)
    return [
        _write(root / f"probe-{place}", skills[one], edited) for place, one in enumerate(chosen)
    ]


def _write(folder: Path, skill: Skill, edited: float) -> Path:
    draw = random.Random(skill.skill_id)
    words = skill.body.split(" ")
    for place in draw.sample(range(len(words)), round(edited * len(words))):
        words[place] = f"word{draw.randrange(1000)}"
    folder.mkdir()
    head = f"name: {json.dumps(folder.name)}\ndescription: {json.dumps(skill.description)}"
    file = folder / "SKILL.md"
    file.write_text(f"---\n{head}\n---\n{' '.join(words)}\n", encoding="utf-8", newline="")
    return file


def _gate(workspace: Workspace, files: list[Path]) -> None:
    """Check each file by itself, then all at once."""
    reports = [workspace.duplicates.check(file) for file in files]
    together = workspace.duplicates.check(files, CheckOptions())
    print("\n| skills checked | fail | saved queries | seconds | by step |")
    print("|---:|---:|---:|---|---|")
    seconds = _spread([sum(one.seconds.values()) for one in reports])
    failed = sum(one.failed for one in reports)
    print(f"| 1 ({len(reports)} times) | {failed} | {reports[0].queries} | {seconds} | |")
    total = sum(together.seconds.values())
    print(
        f"| {len(files)} | {together.duplicates} | {together.queries} | {total:.1f} s "
        f"| {_steps(together)} |"
    )


def _steps(report: CheckReport) -> str:
    return ", ".join(f"{step} {seconds:.2f} s" for step, seconds in report.seconds.items())


def _spread(seconds: list[float]) -> str:
    low, middle, high = np.percentile(seconds, [0, 50, 100])
    return f"median {middle * 1e3:,.0f} ms ({low * 1e3:,.0f} to {high * 1e3:,.0f})"


if __name__ == "__main__":
    main()
