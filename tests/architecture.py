"""The rules of who may import whom, as a checker over a source tree.

Reads Python files without running them. Must not know the project's present
modules: the order of the layers is handed in, so that the checker itself can be
tested on a made-up tree.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CORE = "skillrouter_core"
DATABASE_USERS = frozenset({"workspace", "jobs"})
TENSOR_LAYERS = frozenset(
    {"devices", "models", "backbone", "encode", "rerank", "losses", "train", "tuning"}
)
DB_MAY_IMPORT = frozenset({"errors", "progress", "records", "listing"})
PAGES_MAY_IMPORT = frozenset({"errors", "jobs", "listing", "progress", "records", "workspace"})
TENSORS = frozenset({"torch", "transformers"})
USER_INTERFACE = frozenset({"app", "pages", "streamlit"})
DATABASE_LIBRARIES = frozenset({"alembic", "sqlalchemy"})
MODULE_LINES, PAGE_LINES, FUNCTION_LINES = 300, 150, 60


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One parsed file; `module` is its dotted name, a package's own file named like the package."""

    path: Path
    module: str
    lines: int
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def area(self) -> str:
        """The top folder (or module): skillrouter_core, db, pages, app."""
        return self.module.split(".")[0]

    @property
    def layer(self) -> str:
        """The layer inside the core; empty for the core's own `__init__` and other areas."""
        parts = self.module.split(".")
        return parts[1] if parts[0] == CORE and len(parts) > 1 else ""


@dataclass(frozen=True, slots=True)
class Import:
    """One import wherever it stands in a file: at the top, in a function, under TYPE_CHECKING."""

    module: str
    line: int

    @property
    def area(self) -> str:
        return self.module.split(".")[0]

    @property
    def layer(self) -> str:
        parts = self.module.split(".")
        return parts[1] if parts[0] == CORE and len(parts) > 1 else ""


def sources(root: Path) -> tuple[SourceFile, ...]:
    """Parse app.py and every file of the engine, the database and the pages below `root`."""
    found = [root / "app.py"] if (root / "app.py").exists() else []
    for area in (CORE, "db", "pages"):
        found += sorted((root / area).rglob("*.py"))
    return tuple(_parse(path, root) for path in found)


def _parse(path: Path, root: Path) -> SourceFile:
    text = path.read_text(encoding="utf-8")
    parts = path.relative_to(root).with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return SourceFile(path.relative_to(root), module, len(text.splitlines()), ast.parse(text))


def imports(source: SourceFile) -> Iterator[Import]:
    """Yield every import statement of a file, relative ones resolved, and literal dynamic ones."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(source, node)
            # `from package import name` may name a module or something inside the package.
            yield from (Import(f"{base}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and _is_dynamic_import(node.func) and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield Import(name.value, node.lineno)


def _absolute(source: SourceFile, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = source.module.split(".") if source.is_package else source.module.split(".")[:-1]
    kept = package[: len(package) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _is_dynamic_import(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in {"import_module", "__import__"}


def violations(root: Path, layers: Sequence[str]) -> list[str]:
    """Return one line for every broken rule, `file:line: what`; an empty list when all is well."""
    found: list[str] = []
    for source in sources(root):
        found += _shape(source)
        if source.layer and source.layer not in layers:
            found.append(f"{source.path}:1: layer {source.layer} is not in LAYERS")
        for used in imports(source):
            reason = _forbidden(source, used, layers)
            if reason:
                found.append(f"{source.path}:{used.line}: {reason}")
    return found


def _forbidden(source: SourceFile, used: Import, layers: Sequence[str]) -> str:
    """Return why `source` may not import `used`, or an empty string."""
    reason = _forbidden_library(source, used)
    if reason:
        return reason
    if source.area == CORE:
        return _forbidden_in_core(source, used, layers)
    if source.area == "db" and used.area == CORE and used.layer not in DB_MAY_IMPORT:
        return f"db imports {used.module}; it may know only {', '.join(sorted(DB_MAY_IMPORT))}"
    if source.area == "db" and used.area in USER_INTERFACE:
        return f"db imports {used.module}, a part of the user interface"
    if source.area in {"pages", "app"} and used.area == "db":
        return "the user interface imports db; ask the workspace"
    if source.area in {"pages", "app"} and used.area == CORE:
        allowed = used.layer in PAGES_MAY_IMPORT
        return "" if allowed else f"the user interface imports {used.module}; ask the workspace"
    return ""


def _forbidden_library(source: SourceFile, used: Import) -> str:
    if used.area in TENSORS and source.layer not in TENSOR_LAYERS:
        return f"{used.area} outside the layers where tensors live"
    if used.area == "faiss" and source.area != CORE:
        return "faiss outside the engine"
    if used.area in DATABASE_LIBRARIES and source.area != "db":
        return f"{used.area} outside db"
    return ""


def _forbidden_in_core(source: SourceFile, used: Import, layers: Sequence[str]) -> str:
    if used.area in USER_INTERFACE:
        return f"the engine imports {used.module}"
    if used.area == "db" and source.layer not in DATABASE_USERS:
        return f"db outside {' and '.join(sorted(DATABASE_USERS))}"
    if used.area != CORE or used.layer not in layers or used.layer == source.layer:
        return ""
    if source.layer not in layers:
        return f"the package itself imports {used.module}" if not source.layer else ""
    if layers.index(used.layer) > layers.index(source.layer):
        return f"{source.layer} imports {used.layer}, which comes after it"
    return ""


def _shape(source: SourceFile) -> list[str]:
    """Return what breaks the house style in size and docstring."""
    found = []
    limit = PAGE_LINES if source.area == "pages" else MODULE_LINES
    if source.lines > limit:
        found.append(f"{source.path}:1: {source.lines} lines, over {limit}")
    if not ast.get_docstring(source.tree):
        found.append(f"{source.path}:1: no module docstring")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                found.append(
                    f"{source.path}:{node.lineno}: {node.name} has {length} lines, "
                    f"over {FUNCTION_LINES}"
                )
    return found
