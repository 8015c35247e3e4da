"""The README tells the truth: its tree, its commands, its targets and its variables exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from skillrouter_core import LAYERS
from skillrouter_core.cli import build_parser
from skillrouter_core.models import PROFILES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
PROSE = re.sub(r"^```\n.*?^```", "", README, flags=re.DOTALL | re.MULTILINE)
TREE = next(block for block in BLOCKS if block.startswith("app.py"))
BUILD_OUTPUTS = {"build", "dist", "__pycache__"}


def spoken(program: str) -> list[str]:
    """Return every call of a program in the README: lines of blocks and spans of code."""
    lines = [line for block in BLOCKS for line in block.splitlines()]
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", PROSE)]
    return sorted({line for line in [*lines, *spans] if line.split()[:1] == [program]})


def tree_entries() -> tuple[list[str], list[str]]:
    """Return what the tree names at the top, and inside the engine."""
    top = re.findall(r"^(\S+) ", TREE, re.MULTILINE)
    inside = re.findall(r"^  (\S+) ", TREE, re.MULTILINE)
    return top, inside


def holds_python(folder: Path) -> bool:
    return any(folder.rglob("*.py"))


def test_tree_names_every_folder_and_only_what_exists() -> None:
    top, _ = tree_entries()
    folders = {
        f"{path.name}/"
        for path in ROOT.iterdir()
        if path.is_dir()
        and not path.name.startswith(".")
        and path.name not in BUILD_OUTPUTS
        and holds_python(path)
    }
    assert {entry for entry in top if entry.endswith("/")} == folders
    assert [entry for entry in top if not (ROOT / entry).exists()] == []


def test_tree_names_every_layer_in_order() -> None:
    _, inside = tree_entries()
    assert tuple(inside) == LAYERS


def test_every_module_of_the_engine_is_a_layer() -> None:
    core = ROOT / "skillrouter_core"
    modules = {path.stem for path in core.glob("*.py")} - {"__init__"}
    packages = {path.parent.name for path in core.glob("*/__init__.py")}
    assert modules | packages == set(LAYERS)


def test_readme_names_commands_at_all() -> None:
    assert len(spoken("skillrouter")) > 10


@pytest.mark.parametrize("line", spoken("skillrouter"))
def test_command_parses(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    if "--help" in words:
        with pytest.raises(SystemExit) as stopped:
            build_parser().parse_args(words)
        assert stopped.value.code == 0
    else:
        assert callable(build_parser().parse_args(words).handler)


def test_every_command_is_in_the_table() -> None:
    usage = build_parser().format_help()
    registered = set(re.findall(r"^    ([a-z]+)  ", usage, re.MULTILINE))
    listed = set(re.findall(r"^\| `skillrouter ([a-z]+)", README, re.MULTILINE))
    assert listed == registered


@pytest.mark.parametrize("line", spoken("make"))
def test_make_target_exists(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    targets = [word for word in words if "=" not in word]
    assert targets
    for target in targets:
        assert re.search(rf"^{target}:.* ## ", MAKEFILE, re.MULTILINE), target


def test_variables_are_those_the_sources_read() -> None:
    read = set(re.findall(r"SKILLROUTER_[A-Z]+(?:_[A-Z]+)*", MAKEFILE))
    for folder in ("skillrouter_core", "db", "pages"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            read |= set(re.findall(r"SKILLROUTER_[A-Z]+(?:_[A-Z]+)*", text))
    assert set(re.findall(r"^\| `(SKILLROUTER_[A-Z_]+)`", README, re.MULTILINE)) == read


def test_profiles_are_those_the_program_has() -> None:
    table = README.split("## Models and GPUs")[1].split("```")[0]
    assert re.findall(r"^\| `([^`]+)`", table, re.MULTILINE) == list(PROFILES)


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)]+)\)", README)
    local = [target for target in targets if not target.startswith("https://")]
    assert [target for target in local if not (ROOT / target).exists()] == []
