"""Pairs and lists to train on: what answers a query, and what only looks like it.

Responsible for queries written for skills, for hard negatives, for the false-negative filter of
PAPER section "Training", for the guard against leaks, and for the files a run keeps of all
this. Must not know models, losses or the database.
"""

from skillrouter_core.mining.files import (
    HELD_OUT,
    LABELS,
    LISTS,
    PAIRS,
    Texts,
    read_labels,
    read_lists,
    read_pairs,
    write_labels,
    write_lists,
    write_pairs,
    write_texts,
    write_whole,
)
from skillrouter_core.mining.filtering import (
    FALSE_NEGATIVE_COSINE,
    FALSE_NEGATIVE_JACCARD,
    FalseNegativeFilter,
    false_negative_layer,
    jaccard,
    word_trigrams,
)
from skillrouter_core.mining.leakage import HeldOut, Leak, LeakageGuard
from skillrouter_core.mining.lists import (
    CandidateList,
    ListMiner,
    ListQuery,
    Scored,
    hard_list,
)
from skillrouter_core.mining.negatives import (
    JudgedQuery,
    MiningPool,
    Negative,
    NegativeMiner,
)
from skillrouter_core.mining.pairs import (
    MAX_QUERY_CHARS,
    MIN_QUERY_CHARS,
    Pair,
    derived_pairs,
    stratified,
)
from skillrouter_core.mining.queries import (
    DescriptionQueries,
    Generated,
    QueryGenerator,
    generate,
    names_skill,
)

__all__ = [
    "FALSE_NEGATIVE_COSINE",
    "FALSE_NEGATIVE_JACCARD",
    "HELD_OUT",
    "LABELS",
    "LISTS",
    "MAX_QUERY_CHARS",
    "MIN_QUERY_CHARS",
    "PAIRS",
    "CandidateList",
    "DescriptionQueries",
    "FalseNegativeFilter",
    "Generated",
    "HeldOut",
    "JudgedQuery",
    "Leak",
    "LeakageGuard",
    "ListMiner",
    "ListQuery",
    "MiningPool",
    "Negative",
    "NegativeMiner",
    "Pair",
    "QueryGenerator",
    "Scored",
    "Texts",
    "derived_pairs",
    "false_negative_layer",
    "generate",
    "hard_list",
    "jaccard",
    "names_skill",
    "read_labels",
    "read_lists",
    "read_pairs",
    "stratified",
    "word_trigrams",
    "write_labels",
    "write_lists",
    "write_pairs",
    "write_texts",
    "write_whole",
]
