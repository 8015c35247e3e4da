"""A training run from what is asked of it to what it did.

Responsible for the records of options, labels, mining, plans and runs. Must not know how a
negative is found, a network trained, or a run kept on disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any


class TrainKind(StrEnum):
    """Which networks a run trains; both: the encoder first, then the reranker on its answers."""

    ENCODER = "encoder"
    RERANKER = "reranker"
    BOTH = "both"


class Method(StrEnum):
    """Whether all weights learn, or small matrices beside them that are merged at the end."""

    FULL = "full"
    LORA = "lora"


class Objective(StrEnum):
    """How a reranker learns: from whole lists, or from each pair alone (the paper's ablation)."""

    LISTWISE = "listwise"
    POINTWISE = "pointwise"


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Hyperparameters of one network's training (PAPER section "Training").

    `batch_size` counts pairs or lists a forward pass, `accumulation` the passes an optimiser
    step. `lora_rank` is read by `Method.LORA` alone.
    """

    learning_rate: float
    batch_size: int
    accumulation: int = 1
    epochs: int = 1
    warmup_share: float = 0.05
    weight_decay: float = 0.01
    seed: int = 13
    method: Method = Method.FULL
    lora_rank: int = 16
    gradient_checkpointing: bool = False


class NegativeSource(StrEnum):
    """Where a negative came from, in the order in which they are drawn."""

    JUDGED = "judged wrong"
    SEMANTIC = "semantic"
    LEXICAL = "lexical"
    CATEGORY = "same category"
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class MiningOptions:
    """How many negatives of each kind a query gets (PAPER: 4, 3, 2, 1, from the top 50).

    `filtered` False leaves the false-negative filter out, to show what it is worth.
    """

    semantic: int = 4
    lexical: int = 3
    category: int = 2
    random: int = 1
    depth: int = 50
    filtered: bool = True

    @property
    def size(self) -> int:
        """How many negatives a query gets in all."""
        return self.semantic + self.lexical + self.category + self.random


@dataclass(frozen=True, slots=True)
class MiningReport:
    """What mining did over all queries; counts are of negatives unless said otherwise.

    `filtered` counts, by layer, those found to be right answers themselves; `shortfalls` what a
    source could not give, `filled` which source gave instead. `related` were judged related and
    serve as hard negatives. `contradicted` were judged wrong, but their text is a near-copy of
    a right one. `short` queries got fewer than asked for, `dropped` queries none at all or were
    left out, by reason.
    """

    queries: int
    negatives: Mapping[str, int] = field(hash=False)
    filtered: Mapping[str, int] = field(hash=False)
    shortfalls: Mapping[str, int] = field(hash=False)
    filled: Mapping[str, int] = field(hash=False)
    related: int = 0
    contradicted: int = 0
    short: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def filtered_share(self) -> float:
        """The share of drawn negatives that the filter took out (PAPER: about a tenth)."""
        removed, kept = sum(self.filtered.values()), sum(self.negatives.values())
        return removed / (removed + kept) if removed else 0.0


class LabelSource(StrEnum):
    """Where a label of a run came from."""

    JUDGED = "judged"
    IMPORTED = "imported"
    EXPECTED = "expected"
    GENERATED = "generated"


class LabelRole(StrEnum):
    """What a label is to a run.

    A target is a right answer to be found; a protected skill answers the query too, but is not
    trained on; an unsure one serves as nothing.
    """

    TARGET = "target"
    PROTECTED = "protected"
    RELATED = "related"
    WRONG = "wrong"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class TrainLabel:
    """One query and one skill as a run uses them; `content_hash` is the text's.

    Of a generated query that text lacks the part that the query was made from. An unsure label
    names no text.
    """

    query: str
    skill_id: str
    content_hash: str
    role: LabelRole
    source: LabelSource


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What a run is asked to do.

    `encoder` and `reranker` None take the recipe that fits the profile's models. `generated`
    skills get a written query by `generator`: "description", or a local instruct model (folder
    or hub id). `list_size` candidates make a reranker's list. `shared_answers` lets training
    see, under other queries, skills that held-out queries ask for; a benchmark's never.
    """

    kind: TrainKind
    profile: str = "compact"
    encoder: TrainConfig | None = None
    reranker: TrainConfig | None = None
    mining: MiningOptions = MiningOptions()
    objective: Objective = Objective.LISTWISE
    list_size: int = 20
    generated: int = 200
    generator: str = "description"
    shared_answers: bool = False
    seed: int = 13

    @property
    def parts(self) -> tuple[TrainKind, ...]:
        """The networks trained, in order."""
        both = (TrainKind.ENCODER, TrainKind.RERANKER)
        return both if self.kind is TrainKind.BOTH else (self.kind,)


@dataclass(frozen=True, slots=True)
class TrainReport:
    """What a run did: optimiser steps, and the mean loss over its first and last tenth."""

    steps: int
    first_loss: float
    last_loss: float
    folder: Path


@dataclass(frozen=True, slots=True)
class LabelCount:
    """Labels of one source on one side of the split: queries, right answers, wrong ones."""

    source: str
    split: str
    queries: int
    right: int
    related: int
    wrong: int


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What a run would use, before anything is computed.

    `left_out` counts queries that are not trained on, by reason. `missing` says why the run
    cannot start, in sentences; empty: it can. `steps` is by network; `minutes` is None where
    nothing was measured on this machine yet, `minutes_from` says what it was taken from.
    Memory is in bytes; `free_bytes` None where nobody can tell.
    """

    options: TrainOptions
    labels: tuple[LabelCount, ...]
    queries: int
    pairs: int
    lists: int
    generated: int
    left_out: Mapping[str, int] = field(hash=False)
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    steps: Mapping[str, int] = field(hash=False)
    minutes: float | None
    minutes_from: str
    memory_bytes: int
    free_bytes: int | None

    @property
    def ready(self) -> bool:
        """Whether the run can start."""
        return not self.missing


class RunState(StrEnum):
    """Where a run stands; `interrupted` means its process died, and it can go on."""

    PREPARED = "prepared"
    RUNNING = "running"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"
    FAILED = "failed"
    DONE = "done"


RESUMABLE = frozenset({RunState.PREPARED, RunState.PAUSED, RunState.INTERRUPTED, RunState.FAILED})


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """A run as its folder tells it.

    `folder` holds `encoder/` and, where there is one, `reranker/`: a profile once `state` is
    done. `models` names what it trains from, as it was when it began: "encoder", "reranker" (empty
    for none) and "preset". `counts` says how many labels it uses, by kind, and what was left out;
    `mining` has a report by network, `reports` its steps with first and last loss. `revision` is
    the code's, empty where it is no git checkout. `notes` say on what the numbers around the
    networks were fitted, or why they were not.
    """

    name: str
    folder: Path
    state: RunState
    message: str
    options: TrainOptions
    models: Mapping[str, str] = field(hash=False)
    counts: Mapping[str, int] = field(hash=False)
    mining: Mapping[str, MiningReport] = field(hash=False)
    reports: Mapping[str, TrainReport] = field(hash=False)
    revision: str
    machine: Mapping[str, Any] = field(hash=False)
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def resumable(self) -> bool:
        """Whether the run can go on from where it stands."""
        return self.state in RESUMABLE


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One optimiser step of a run: its loss, its learning rate, the seconds trained until then."""

    part: str
    step: int
    steps: int
    loss: float
    learning_rate: float
    seconds: float
