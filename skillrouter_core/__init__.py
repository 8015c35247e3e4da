"""SkillRouter's engine: from a catalog of SKILL.md files to a two-stage answer.

This package never imports streamlit. Read its modules in the order of
`skillrouter_core.LAYERS` to follow a query, then a label.
"""

__version__ = "0.1.0"

LAYERS = (
    "errors",
    "progress",
    "records",
    "listing",
    "parsing",
    "archives",
    "agents",
    "demo",
    "catalog",
    "texts",
    "devices",
    "models",
    "backbone",
    "encode",
    "vectors",
    "tokens",
    "lexical",
    "index",
    "retrieve",
    "wording",
    "rerank",
    "passages",
    "folding",
    "calibrate",
    "route",
    "dedup",
    "project",
    "metrics",
    "benchmark",
    "evaluate",
    "labelling",
    "suites",
    "mining",
    "losses",
    "train",
    "registry",
    "tuning",
    "fitting",
    "workspace",
    "kinds",
    "jobs",
    "doctor",
    "cli",
)
"""Modules in import order: a module imports only from modules named before it."""
