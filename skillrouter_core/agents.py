"""Where installed agents keep their skills.

Responsible for naming the folders, personal and project, that exist on this
machine. Must not read a skill, and must not know what a catalog is.

What was checked against published documentation:

- Claude Code: `~/.claude/skills`, `.claude/skills` and `<plugin>/skills`
  (code.claude.com/docs, "Skills" and "Plugins"). That installed plugins are listed in
  `~/.claude/plugins/installed_plugins.json` by `installPath` was seen in public tools and
  fixtures, not in the documentation.
- Codex: `.agents/skills` from the current folder up to the repository's root and
  `~/.agents/skills` (developers.openai.com/codex/skills); `$CODEX_HOME/skills`
  (`~/.codex/skills`) and `.codex/skills` are the older places, still in wide use.
- Hermes: `$HERMES_HOME/skills`, by default `~/.hermes/skills`
  (hermes-agent.nousresearch.com/docs). It reads project folders only where
  `skills.external_dirs` names them; `.hermes/skills` and `.agents/skills` are the usual two.
- OpenClaw: `~/.openclaw/skills`, `~/.agents/skills`, `<workspace>/skills` and
  `<workspace>/.agents/skills`, the workspace being `~/.openclaw/workspace` unless
  configured (docs.openclaw.ai/tools/skills and /concepts/agent-workspace).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from skillrouter_core.errors import UsageError


@dataclass(frozen=True, slots=True)
class _Places:
    """Folders of one agent: below home (or what a variable names), and below a project."""

    personal: tuple[str, ...]
    project: tuple[str, ...]
    home_variable: str = ""
    home_folder: str = ""


_AGENTS = {
    "claude": _Places((".claude/skills",), (".claude/skills",), "CLAUDE_CONFIG_DIR", ".claude"),
    "codex": _Places(
        (".codex/skills", ".agents/skills"),
        (".agents/skills", ".codex/skills"),
        "CODEX_HOME",
        ".codex",
    ),
    "hermes": _Places(
        (".hermes/skills",), (".hermes/skills", ".agents/skills"), "HERMES_HOME", ".hermes"
    ),
    "openclaw": _Places(
        (".openclaw/skills", ".openclaw/workspace/skills", ".agents/skills"),
        ("skills", ".agents/skills"),
        "OPENCLAW_STATE_DIR",
        ".openclaw",
    ),
}

AGENTS = tuple(_AGENTS)
"""The agents whose skill folders are known, by the name a source uses."""


@dataclass(frozen=True, slots=True)
class SkillRoot:
    """One folder of skills.

    `label` is short, unlike that of any other root and the same on every visit
    ("personal/claude", "project/agents", "plugin/<name>"), so that it can begin a skill's
    identity. Links inside `folder` may lead anywhere below `boundary`: people link one
    checkout into several agents.
    """

    label: str
    folder: Path
    boundary: Path


def agent_skill_folders(
    agent: str, *, home: Path, cwd: Path, environ: Mapping[str, str] | None = None
) -> tuple[Path, ...]:
    """Return the existing skill folders of `agent`, personal first; see `agent_skill_roots`."""
    roots = agent_skill_roots(agent, home=home, cwd=cwd, environ=environ)
    return tuple(root.folder for root in roots)


def agent_skill_roots(
    agent: str, *, home: Path, cwd: Path, environ: Mapping[str, str] | None = None
) -> tuple[SkillRoot, ...]:
    """Return the existing skill folders of `agent`: personal, plugins, then project.

    Project folders are looked for from `cwd` up to its repository's root. `environ` may
    move an agent's home (`CLAUDE_CONFIG_DIR`, `CODEX_HOME`, ...). A folder reached twice
    is returned once. Raises UsageError for an agent that is not known.
    """
    places = _AGENTS.get(agent)
    if places is None:
        raise UsageError(f"unknown agent {agent!r}: use one of {', '.join(AGENTS)}")
    found: dict[Path, SkillRoot] = {}
    for root in _candidates(agent, places, home, cwd, environ or {}):
        if root.folder.is_dir():
            found.setdefault(root.folder.resolve(), root)
    return tuple(found.values())


def _candidates(
    agent: str, places: _Places, home: Path, cwd: Path, environ: Mapping[str, str]
) -> Iterator[SkillRoot]:
    base = home / places.home_folder
    moved = environ.get(places.home_variable, "").strip()
    agent_home = Path(moved).expanduser() if moved else base
    for place in places.personal:
        inside = Path(place)
        own = inside.parts[0] == places.home_folder
        folder = agent_home.joinpath(*inside.parts[1:]) if own else home / inside
        yield SkillRoot(f"personal/{_tool(inside)}", folder, home)
    if agent == "claude":
        yield from _claude_plugins(agent_home / "plugins")
    yield from _project(places, home, cwd)


def _project(places: _Places, home: Path, cwd: Path) -> Iterator[SkillRoot]:
    top = _project_top(cwd, home)
    chain = [cwd, *cwd.parents]
    for level in chain[: chain.index(top) + 1]:
        inside = level.relative_to(top).as_posix()
        middle = "" if inside == "." else f"{inside}/"
        for place in places.project:
            label = f"project/{middle}{_tool(Path(place))}"
            yield SkillRoot(label, level / place, top)


def _project_top(cwd: Path, home: Path) -> Path:
    """Return the root of the repository `cwd` is in, else `cwd`; home is nobody's project."""
    for level in (cwd, *cwd.parents):
        if level == home:
            break
        if (level / ".git").exists():
            return level
    return cwd


def _claude_plugins(plugins: Path) -> Iterator[SkillRoot]:
    """Yield the skill folders of installed plugins; an unreadable list is no list."""
    try:
        listed = json.loads((plugins / "installed_plugins.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        listed = None
    entries = listed.get("plugins") if isinstance(listed, dict) else None
    for name, installs in sorted(entries.items()) if isinstance(entries, dict) else ():
        for install in installs if isinstance(installs, list) else [installs]:
            path = install.get("installPath") if isinstance(install, dict) else None
            if isinstance(path, str) and path:
                folder = Path(path)
                yield SkillRoot(f"plugin/{name}", folder / "skills", folder)


def _tool(place: Path) -> str:
    """Return the short name of a place: `.claude/skills` is claude, `skills` is skills."""
    owner = place.parent.name or place.name
    return owner.removeprefix(".")
