"""A report of near-copies made by hand, with whatever ids and decisions a test wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from skillrouter_core.dedup.groups import build_groups
from skillrouter_core.dedup.plan import Settled, settle
from skillrouter_core.dedup.report import DuplicateReport, build_report
from skillrouter_core.records import Decision, DuplicatePair, Thresholds
from tests.decisions import START
from tests.scans import scan_of

HOSTILE = (
    "it's",
    'say "hi"',
    "two\nlines",
    "$(touch pwned)",
    "`touch pwned`",
    "-rf",
    "--apply",
    "a;touch pwned",
    "a b",
    "*",
    "~",
    "&& touch pwned",
    "\\",
    "${HOME}",
    "!!",
    "#hash",
    "é-日本",
    "\x1b[31mred",
    "\u202egnp.exe",
    "=1+1",
    "|cell|",
    "[link](x)",
    "@everyone",
    "<b>bold",
)
"""Names that mean something to a shell, a terminal, a spreadsheet or Markdown."""


def report_of(
    ids: Sequence[str],
    pairs: Mapping[tuple[int, int], float | DuplicatePair],
    decisions: Sequence[Decision] = (),
    *,
    paths: Mapping[str, str] | None = None,
    thresholds: Thresholds = Thresholds(),  # noqa: B008  # frozen
    reasons: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> DuplicateReport:
    """Return the report of a scan of `ids`; the hash of a skill is its id."""
    scan = scan_of(len(ids), pairs, ids=ids, names=ids, hashes=ids, notes=notes)
    settled: Settled = settle(ids, ids, dict.fromkeys(ids, START), decisions)
    grouping = build_groups(
        scan,
        thresholds,
        np.zeros(len(ids), dtype=np.float32),
        apart=settled.apart,
        kept=settled.kept,
        gone=settled.gone,
    )
    return build_report(
        scan, thresholds, grouping, settled, paths=paths, reasons=lambda _group: reasons
    )
