"""What stage 1 searches: the catalog's rows, their BM25 indexes and their vectors.

Responsible for writing, publishing and loading index generations. A generation is
first complete without vectors, so BM25 answers while they are made:

    with building(folder):
        generation = write_lexical(folder, skills, preset)
        attach_dense(generation, {FULL: DenseSource(matrix, model_key, text_version)})
    index = SkillIndex.load(folder)

Must not know how texts become vectors, how retrievers are mixed, or the database.
"""

from skillrouter_core.index.dense import EXACT_ROWS, DenseIndex
from skillrouter_core.index.generations import (
    FULL,
    NO_BODY,
    VIEWS,
    DensePart,
    IndexManifest,
    building,
    current_generation,
    current_model,
    current_promotion,
    current_version,
    fingerprint,
    publish,
    sign,
)
from skillrouter_core.index.holding import (
    HeldBack,
    discard_held,
    held_back,
    hold,
    publish_held,
    publish_over,
    release,
)
from skillrouter_core.index.skills import DenseSource, SkillIndex, attach_dense, write_lexical

__all__ = [
    "EXACT_ROWS",
    "FULL",
    "NO_BODY",
    "VIEWS",
    "DenseIndex",
    "DensePart",
    "DenseSource",
    "HeldBack",
    "IndexManifest",
    "SkillIndex",
    "attach_dense",
    "building",
    "current_generation",
    "current_model",
    "current_promotion",
    "current_version",
    "discard_held",
    "fingerprint",
    "held_back",
    "hold",
    "publish",
    "publish_held",
    "publish_over",
    "release",
    "sign",
    "write_lexical",
]
