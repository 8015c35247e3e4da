"""Which model was promoted when and by whom; append-only.

Responsible for the file that says so. Must not know what promoting is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from skillrouter_core.errors import ModelIntegrityError, WorkspaceError

LOCK_SECONDS = 60.0
"""How long a second writer waits for the first, which needs milliseconds."""

FILE = "promotions.jsonl"


@dataclass(frozen=True, slots=True)
class Promotion:
    """A model taking over a profile; empty names stand for the profile's own models."""

    profile: str
    model: str
    previous: str
    author: str
    at: datetime


def promotions(models: Path, profile: str | None = None) -> tuple[Promotion, ...]:
    """Return the history, of one profile if named, oldest first.

    A last line that a crash cut short is passed over; raises ModelIntegrityError for any other
    that cannot be read.
    """
    try:
        text = (models / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    lines = text.splitlines()
    found = []
    for number, line in enumerate(lines, 1):
        try:
            values = json.loads(line)
            moment = datetime.fromisoformat(values.pop("at"))
            found.append(Promotion(**values, at=moment))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if number == len(lines) and not text.endswith("\n"):
                break
            raise ModelIntegrityError(
                f"{models / FILE}:{number}: unreadable ({error}); repair or remove the line"
            ) from error
    return tuple(one for one in found if profile in (None, one.profile))


@contextmanager
def noting(models: Path) -> Iterator[None]:
    """Keep other processes from writing history while the block looks what to write."""
    models.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(models / ".promotions.lock", timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise WorkspaceError(
            f"{models / FILE}: another process has been writing for over {LOCK_SECONDS:g} s; stop "
            "it, then try again"
        ) from error


def note(
    models: Path, profile: str, model: str, author: str, at: datetime | None = None
) -> Promotion | None:
    """Append that a model answers for a profile, unless the newest line says so; return the line.

    `at` defaults to now. Call it inside `noting` where other processes may write.
    """
    earlier = promotions(models, profile)
    previous = earlier[-1].model if earlier else ""
    if model == previous:
        return None
    made = Promotion(profile, model, previous, author, at or datetime.now(UTC))
    line = json.dumps(asdict(made) | {"at": made.at.isoformat()}) + "\n"
    path = models / FILE
    _drop_half_line(path)
    with path.open("ab") as file:
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())
    return made


def _drop_half_line(path: Path) -> None:
    """Cut off what a crash left of a line that nobody has read."""
    text = path.read_bytes() if path.exists() else b""
    if text and not text.endswith(b"\n"):
        os.truncate(path, text.rfind(b"\n") + 1)
