"""What the command line writes, and where: answers, notes and progress.

Responsible for the two streams, for JSON, and for keeping text that strangers wrote from
steering the terminal. Must not know any command.
"""

from __future__ import annotations

import dataclasses
import io
import json
import time
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from skillrouter_core.progress import Progress

LINE_EVERY_SECONDS = 10.0
"""How often progress becomes a new line where the stream is no terminal."""

BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def plain(text: str) -> str:
    """Return text as one line without anything that a terminal acts on.

    Runs of white space become one space; control characters, direction overrides and
    lone surrogates become U+FFFD.
    """
    return "".join(
        "\ufffd" if unicodedata.category(char) in {"Cc", "Cs"} or char in BIDI_CONTROLS else char
        for char in " ".join(text.split())
    )


def shorten(text: str, width: int) -> str:
    """Return `plain(text)` cut to at most `width` characters, with an ellipsis where it was cut."""
    line = plain(text)
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def table(rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()) -> list[str]:
    """Return rows as aligned lines; the columns in `right` are aligned to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def duration(seconds: float) -> str:
    """Return seconds as 48 s, 3 min 20 s or 2 h 05 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


class Console:
    """Standard output for the answer, standard error for everything else."""

    def __init__(
        self, out: TextIO, err: TextIO, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Wrap two streams; characters that a stream cannot carry are written as escapes."""
        for stream in (out, err):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        self._out, self._err, self._clock = out, err, clock
        self._told = clock()
        self._line_open = False

    def say(self, *lines: str) -> None:
        """Write lines of the answer."""
        self._close_line()
        for line in lines:
            self._out.write(line + "\n")

    def document(self, value: Any) -> None:
        """Write the one JSON document that `--json` promises; dataclasses become objects.

        Numbers that JSON does not have (NaN, infinities) raise ValueError.
        """
        # ASCII stays valid JSON on any stream; others are written as they are.
        unicode_stream = (self._out.encoding or "utf-8").lower().replace("-", "") == "utf8"
        text = json.dumps(
            value, ensure_ascii=not unicode_stream, allow_nan=False, indent=2, default=_jsonable
        )
        self.say(text)

    def note(self, *lines: str) -> None:
        """Write lines for the person watching, not for the reader of the answer."""
        self._close_line()
        for line in lines:
            self._err.write(plain(line) + "\n")

    def fail(self, reason: str) -> None:
        """Write why the command failed, as one line."""
        self.note(f"skillrouter: {reason}")

    def flush(self) -> None:
        """Hand over what is buffered; raises BrokenPipeError where nobody reads."""
        self._close_line()
        self._out.flush()

    def progress(self, progress: Progress) -> None:
        """Listen to work: one line rewritten on a terminal, else a line now and then."""
        finished = bool(progress.total) and progress.done >= progress.total
        if self._err.isatty():
            self._err.write("\r\x1b[2K" + describe(progress))
            self._line_open = True
            if finished:
                self._close_line()
        elif finished or self._clock() - self._told >= LINE_EVERY_SECONDS:
            self._told = self._clock()
            self._err.write(describe(progress) + "\n")
        self._err.flush()

    def _close_line(self) -> None:
        if self._line_open:
            self._err.write("\n")
            self._line_open = False


def describe(progress: Progress) -> str:
    """Return one line: stage, how many of how many, rate, time left."""
    counted = f"{progress.done:,} of {progress.total:,}" if progress.total else f"{progress.done:,}"
    parts = [f"{plain(progress.stage)}: {counted} {progress.unit}"]
    if progress.rate:
        parts.append(f"{progress.rate:,.1f} {progress.unit}/s")
    remaining = progress.remaining_seconds
    if remaining:
        parts.append(f"{duration(remaining)} left")
    return ", ".join(parts)


def _jsonable(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
