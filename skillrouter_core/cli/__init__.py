"""The command line `skillrouter`, thin over the workspace.

Responsible for the parser, exit codes and what becomes of errors. Must not know how
anything is done: each command lies in the module of its subject and asks the workspace.

Exit codes: 0 fine, 1 found or failed, 2 wrong usage, 130 stopped with Ctrl-C, 141 the
reader of the output went away. Heavy modules are imported inside the commands that need
them, so that `skillrouter --help` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout

from skillrouter_core import __version__
from skillrouter_core.cli import (
    catalogs,
    duplicates,
    evaluation,
    labels,
    models,
    routing,
    system,
    training,
)
from skillrouter_core.cli.console import Console
from skillrouter_core.errors import SkillRouterError, UsageError

FAILED, WRONG_USAGE, INTERRUPTED, READER_GONE = 1, 2, 130, 141

EPILOG = """\
SKILLROUTER_HOME names the workspace folder (default: a per-user data folder).
Commands with --json print one JSON document on standard output and nothing else;
progress and messages go to standard error.
Exit codes: 0 fine, 1 found or failed, 2 wrong usage.
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every command; each sets `handler`."""
    parser = argparse.ArgumentParser(
        prog="skillrouter",
        description="Find the right skill for a request among many, in two stages.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"skillrouter {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for subject in (catalogs, routing, duplicates, labels, training, models, evaluation, system):
        subject.register(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; wrong arguments exit with 2 as argparse does."""
    args = build_parser().parse_args(arguments)
    console = Console(sys.stdout, sys.stderr)
    try:
        # Whatever a library prints must not mix with the document on standard output.
        with redirect_stdout(sys.stderr):
            code: int = args.handler(args, console)
        console.flush()
    except SkillRouterError as error:
        console.fail(str(error))
        return WRONG_USAGE if isinstance(error, UsageError) else FAILED
    except KeyboardInterrupt:
        console.fail("stopped")
        return INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return READER_GONE
    return code


def _forget_stdout() -> None:
    """Keep the interpreter from complaining at exit about output that nobody reads."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
