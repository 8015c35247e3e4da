"""Where agents keep skills, on a made-up home and project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from skillrouter_core.agents import AGENTS, agent_skill_folders, agent_skill_roots
from skillrouter_core.errors import UsageError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return folder(tmp_path / "home")


@pytest.fixture
def repository(home: Path) -> Path:
    folder(home / "work/project/.git")
    return home / "work/project"


def folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


PERSONAL = {
    "claude": [(".claude/skills", "personal/claude")],
    "codex": [(".codex/skills", "personal/codex"), (".agents/skills", "personal/agents")],
    "hermes": [(".hermes/skills", "personal/hermes")],
    "openclaw": [
        (".openclaw/skills", "personal/openclaw"),
        (".openclaw/workspace/skills", "personal/workspace"),
        (".agents/skills", "personal/agents"),
    ],
}
PROJECT = {
    "claude": [(".claude/skills", "project/claude")],
    "codex": [(".agents/skills", "project/agents"), (".codex/skills", "project/codex")],
    "hermes": [(".hermes/skills", "project/hermes"), (".agents/skills", "project/agents")],
    "openclaw": [("skills", "project/skills"), (".agents/skills", "project/agents")],
}


@pytest.mark.parametrize("agent", AGENTS)
def test_personal_and_project_folders(agent: str, home: Path, repository: Path) -> None:
    for place, _ in PERSONAL[agent]:
        folder(home / place)
    for place, _ in PROJECT[agent]:
        folder(repository / place)
    roots = agent_skill_roots(agent, home=home, cwd=repository)
    expected = [(label, home / place, home) for place, label in PERSONAL[agent]]
    expected += [(label, repository / place, repository) for place, label in PROJECT[agent]]
    assert [(root.label, root.folder, root.boundary) for root in roots] == expected
    folders = agent_skill_folders(agent, home=home, cwd=repository)
    assert folders == tuple(root.folder for root in roots)


@pytest.mark.parametrize("agent", AGENTS)
def test_no_folder_no_root(agent: str, home: Path) -> None:
    assert agent_skill_folders(agent, home=home, cwd=home) == ()


def test_unknown_agent_names_the_known_ones(home: Path) -> None:
    with pytest.raises(UsageError, match=r"'emacs'.*claude, codex, hermes, openclaw"):
        agent_skill_roots("emacs", home=home, cwd=home)


def test_project_folders_up_to_the_repository_root(home: Path, repository: Path) -> None:
    folder(repository / ".agents/skills")
    folder(repository / "packages/web/.agents/skills")
    folder(home / "work/.agents/skills")  # above the repository: somebody else's
    roots = agent_skill_roots("codex", home=home, cwd=repository / "packages/web")
    labels = {root.label: root.folder for root in roots}
    assert labels == {
        "project/packages/web/agents": repository / "packages/web/.agents/skills",
        "project/agents": repository / ".agents/skills",
    }


def test_without_a_repository_only_the_folder_itself(home: Path) -> None:
    folder(home / "notes/.claude/skills")
    cwd = folder(home / "notes/deep")
    assert agent_skill_folders("claude", home=home, cwd=cwd) == ()


def test_home_is_not_a_project_of_its_own(home: Path) -> None:
    folder(home / ".git")
    folder(home / ".claude/skills")
    cwd = folder(home / "deep")
    (root,) = agent_skill_roots("claude", home=home, cwd=cwd)
    assert root.label == "personal/claude"


def test_folder_reached_twice_is_named_once(home: Path) -> None:
    skills = folder(home / ".claude/skills")
    (home / ".codex").mkdir()
    (home / ".agents").mkdir()
    (home / ".codex/skills").symlink_to(skills)
    (home / ".agents/skills").symlink_to(skills)
    assert len(agent_skill_folders("codex", home=home, cwd=home)) == 1


def test_agents_home_may_be_moved(home: Path, tmp_path: Path) -> None:
    moved = folder(tmp_path / "elsewhere/skills")
    environ = {"CODEX_HOME": str(moved.parent)}
    (root,) = agent_skill_roots("codex", home=home, cwd=home, environ=environ)
    assert (root.label, root.folder) == ("personal/codex", moved)


def test_installed_plugins_of_claude(home: Path) -> None:
    plugins = folder(home / ".claude/plugins")
    installed = folder(plugins / "cache/market/tool/1.0.0/skills")
    folder(plugins / "cache/market/tool/0.9.0/skills")  # an old version, no longer listed
    listing = {
        "version": 2,
        "plugins": {
            "tool@market": [{"scope": "user", "installPath": str(installed.parent)}],
            "gone@market": [{"installPath": str(plugins / "nowhere")}],
            "odd@market": [{}, 3],
            "null@market": None,
        },
    }
    (plugins / "installed_plugins.json").write_text(json.dumps(listing))
    (root,) = agent_skill_roots("claude", home=home, cwd=home)
    assert (root.label, root.folder) == ("plugin/tool@market", installed)
    assert root.boundary == installed.parent


@pytest.mark.parametrize("text", ["", "{", "[]", '{"plugins": 3}', "\ufeff{}", "[" * 100_000])
def test_damaged_plugin_list_is_no_list(text: str, home: Path) -> None:
    folder(home / ".claude/skills")
    folder(home / ".claude/plugins")
    (home / ".claude/plugins/installed_plugins.json").write_text(text)
    assert len(agent_skill_folders("claude", home=home, cwd=home)) == 1
