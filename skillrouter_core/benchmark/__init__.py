"""A benchmark on disk, in the Eval-Core layout of PAPER.md.

Responsible for reading tasks, relevance, pools and predictions, for writing predictions, and for
saying file, line and remedy where a file is not what it should be. Must not know how anything is
routed or scored.

Layout: `tasks.jsonl`, `relevance.json`, and one folder a tier (`easy/`, `hard/`, any name) with
the pool as `*.jsonl` or `*.jsonl.gz` shards.
"""

from skillrouter_core.benchmark.files import count_of, named
from skillrouter_core.benchmark.layout import (
    GENERIC_ONLY,
    Benchmark,
    Relevance,
    Task,
    load_benchmark,
    load_tasks,
)
from skillrouter_core.benchmark.pools import Pool, load_pool, read_pool
from skillrouter_core.benchmark.predictions import (
    Predictions,
    load_predictions,
    save_predictions,
)

__all__ = [
    "GENERIC_ONLY",
    "Benchmark",
    "Pool",
    "Predictions",
    "Relevance",
    "Task",
    "count_of",
    "load_benchmark",
    "load_pool",
    "load_predictions",
    "load_tasks",
    "named",
    "read_pool",
    "save_predictions",
]
