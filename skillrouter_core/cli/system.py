"""`skillrouter doctor` and `skillrouter app`.

Responsible for their arguments and what they print. Must not know what is checked, nor what
the app draws.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.cli.console import Console, plain, table
from skillrouter_core.cli.options import Commands, add_json, command, port
from skillrouter_core.errors import SkillRouterError

if TYPE_CHECKING:
    from skillrouter_core.doctor import Check

APP = Path(__file__).parents[2] / "app.py"
LOCAL = "127.0.0.1"
DEFAULT_PORT = 8501


def register(commands: Commands) -> None:
    """Add both commands."""
    parser = command(commands, "doctor", run_doctor, "check that everything needed is in place")
    add_json(parser)
    parser = command(commands, "app", run_app, "open the app in the browser, on this machine only")
    parser.add_argument(
        "--port", type=port, default=DEFAULT_PORT, help=f"port to listen on ({DEFAULT_PORT})"
    )


def run_doctor(args: argparse.Namespace, console: Console) -> int:
    """Run every check; 1 when one failed, warnings are fine."""
    from skillrouter_core.doctor import Status, examine

    checks = examine()
    if args.json:
        console.document({"checks": checks})
    else:
        console.say(*doctor_lines(checks))
    return int(any(check.status is Status.FAIL for check in checks))


def doctor_lines(checks: tuple[Check, ...]) -> list[str]:
    """Return a line for each check and a remedy below where one is needed."""
    aligned = table([(check.status.value, check.name, plain(check.detail)) for check in checks])
    lines = []
    for check, line in zip(checks, aligned, strict=True):
        lines.append(line)
        if check.remedy:
            lines.append(f"      {plain(check.remedy)}")
    return lines


def run_app(args: argparse.Namespace, console: Console) -> int:
    """Become the app's server; Ctrl-C ends it. Returns only where it cannot be started."""
    if not APP.is_file():
        raise SkillRouterError(
            f"{APP} is missing. Start the app from a clone of the repository: pip install -e ."
        )
    console.note(f"Opening http://localhost:{args.port} (Ctrl-C ends it)")
    console.flush()
    os.execv(sys.executable, app_command(args.port))  # noqa: S606  # a fixed program, no shell


def app_command(number: int) -> list[str]:
    """Return the arguments of the app's server: this machine only, nothing sent elsewhere."""
    return [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(APP),
        f"--server.address={LOCAL}",
        f"--server.port={number}",
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
    ]
