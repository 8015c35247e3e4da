"""Near-duplicates of a catalog: pairs with evidence, groups that do not chain, a plan.

Responsible for finding and grouping. Must not know the database, models or pages: texts and
vectors come in, records go out.
"""

from skillrouter_core.dedup.pairs import PairTable, Scan

__all__ = ["PairTable", "Scan"]
