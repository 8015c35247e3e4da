"""From a named source to the skills in it.

Responsible for recognising the kinds of source, for a skill's identity
`<catalog>/<folder>` and for reporting whatever could not be taken. Must not know
how a catalog is stored or searched.
"""

from __future__ import annotations

from skillrouter_core.catalog.jsonl import read_records
from skillrouter_core.catalog.naming import check_name, derived_name
from skillrouter_core.catalog.sources import KINDS, CatalogScan, read_source

__all__ = ["KINDS", "CatalogScan", "check_name", "derived_name", "read_records", "read_source"]
