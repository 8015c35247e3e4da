"""Near-duplicates of a catalog: pairs with evidence, groups that do not chain, a plan.

Responsible for finding and grouping. Must not know the database, models or pages: texts and
vectors come in, records go out. Read in this order: `pairs` (the table), `scan` (how it is
filled; `shingles`, `negations`, `boilerplate`, `proposals` and `values` are its steps),
`groups` (stars), `evidence` (inside one group), `plan` (what people decided), `report` and its
formats.
"""

from skillrouter_core.dedup.evidence import (
    PairValues,
    Split,
    describe_group,
    describe_groups,
    group_pairs,
    splits,
)
from skillrouter_core.dedup.exports import as_document, pair_document, to_csv, to_json
from skillrouter_core.dedup.groups import OVERSIZE, Grouping, RowGroup, build_groups
from skillrouter_core.dedup.lookups import Prober, exact_pairs
from skillrouter_core.dedup.markdown import to_markdown
from skillrouter_core.dedup.overview import Overview, SourcePair, overview, same_name
from skillrouter_core.dedup.pairs import PairTable, Scan
from skillrouter_core.dedup.plan import GroupStatus, Settled, Standing, settle
from skillrouter_core.dedup.report import (
    DuplicateReport,
    ReportGroup,
    ReportMember,
    build_report,
)
from skillrouter_core.dedup.scan import RULES, ScanOptions, scan
from skillrouter_core.dedup.script import to_script
from skillrouter_core.dedup.store import current_scan_version, load_scan, save_scan

__all__ = [
    "OVERSIZE",
    "RULES",
    "DuplicateReport",
    "GroupStatus",
    "Grouping",
    "Overview",
    "PairTable",
    "PairValues",
    "Prober",
    "ReportGroup",
    "ReportMember",
    "RowGroup",
    "Scan",
    "ScanOptions",
    "Settled",
    "SourcePair",
    "Split",
    "Standing",
    "as_document",
    "build_groups",
    "build_report",
    "current_scan_version",
    "describe_group",
    "describe_groups",
    "exact_pairs",
    "group_pairs",
    "load_scan",
    "overview",
    "pair_document",
    "same_name",
    "save_scan",
    "scan",
    "settle",
    "splits",
    "to_csv",
    "to_json",
    "to_markdown",
    "to_script",
]
