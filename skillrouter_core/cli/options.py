"""Arguments that several commands share.

Responsible for their names, their checks and their help. Must not know any command.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, TypeAlias

from skillrouter_core.cli.console import Console
from skillrouter_core.records import RouteOptions, Stage1

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Handler = Callable[[argparse.Namespace, Console], int]


def command(commands: Commands, name: str, handler: Handler, summary: str, **more: Any) -> Any:
    """Register one command and return its parser."""
    # An abbreviation that works today would change its meaning with the next option.
    parser = commands.add_parser(
        name, help=summary, description=summary, allow_abbrev=False, **more
    )
    parser.set_defaults(handler=handler)
    return parser


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document on standard output"
    )


def add_profile(parser: argparse.ArgumentParser) -> None:
    """Add `--profile`; an unknown name is refused where profiles are known."""
    parser.add_argument(
        "--profile",
        default=RouteOptions().profile,
        metavar="NAME",
        help="which models: %(default)s (default), another profile's name, or a local folder",
    )


def add_routing(parser: argparse.ArgumentParser) -> None:
    """Add what says how a query is to be routed; `route_options` reads it."""
    defaults = RouteOptions()
    parser.add_argument(
        "--candidates",
        type=positive,
        default=defaults.candidates,
        metavar="K",
        help="how many of stage 1 go into stage 2 (default: %(default)s)",
    )
    parser.add_argument(
        "--stage1",
        choices=[kind.value for kind in Stage1],
        default=defaults.stage1.value,
        help="which retriever fills the candidates (default: %(default)s)",
    )
    parser.add_argument(
        "--no-rerank", dest="rerank", action="store_false", help="leave stage 2 out"
    )
    parser.add_argument(
        "--no-body",
        dest="body",
        action="store_false",
        help="hide bodies from both stages, to show what that costs",
    )
    add_profile(parser)


def route_options(args: argparse.Namespace) -> RouteOptions:
    """Return what `add_routing` parsed, and defaults for the rest."""
    return RouteOptions(
        stage1=Stage1(args.stage1),
        rerank=args.rerank,
        body=args.body,
        candidates=args.candidates,
        profile=args.profile,
    )


def positive(text: str) -> int:
    """Return a whole number from 1 up."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return number


def fraction(text: str) -> float:
    """Return a number from 0 to 1."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number


def port(text: str) -> int:
    """Return a TCP port that a person may listen on."""
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 65535")
    return number
