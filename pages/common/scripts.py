"""Our own scripts for the browser, written as modules and handed over as one.

Responsible for joining ES modules. Must not know what any of them does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

STATIC = Path(__file__).parents[1] / "static"
_IMPORT = re.compile(r"^import\s[^;]*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?:class|const|function) (\w+)", re.MULTILINE)


def joined(folder: Path, names: Sequence[str]) -> str:
    """Return ES modules as one, since a component may be given a single script.

    Each keeps a scope of its own; what it exports is named for those after it. `names` are in
    import order: each module imports only from those before it.
    """
    *parts, last = ((folder / name).read_text(encoding="utf-8") for name in names)
    return "\n".join([*(_scoped(part) for part in parts), _IMPORT.sub("", last)])


def _scoped(text: str) -> str:
    exported = ", ".join(_EXPORT.findall(text))
    body = re.sub(r"^export ", "", _IMPORT.sub("", text), flags=re.MULTILINE)
    return f"const {{ {exported} }} = (() => {{\n{body}return {{ {exported} }};\n}})();"
