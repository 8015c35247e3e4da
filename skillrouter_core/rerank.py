"""Stage 2: read query and skill together and score them.

Responsible for the Reranker protocol, the paper's yes/no cross-encoder, a sequence classifier
and the compact profile's late interaction. Must not know how candidates were found; the stage-1
scores a compact profile adds are combined here, from numbers handed in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from skillrouter_core.backbone import load_network, load_tokenizer
from skillrouter_core.encode import TOKENS_PER_BATCH, plan_batches
from skillrouter_core.errors import ModelIntegrityError
from skillrouter_core.models import LATE, ModelFiles, Profile, find_model
from skillrouter_core.records import Stage1
from skillrouter_core.texts import TextPreset, preset_named, reranker_prompt
from skillrouter_core.wording import Wording

FloatVector = NDArray[np.float32]
IntVector = NDArray[np.int64]

# The Qwen3-Reranker chat, word for word (PAPER section "The pipeline").
CHAT_HEAD = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query "
    'and the Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>\n'
    "<|im_start|>user\n"
)
CHAT_TAIL = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"


LATE_QUERY_TOKENS = 128
"""A query's tokens that LateInteraction compares: of a longer one the beginning."""

LATE_SCALE = 20.0
"""Logits to a cosine of 1 (a temperature of 0.05): what a listwise loss can work with."""


@dataclass(frozen=True, slots=True)
class StageTwoWeights:
    """How the text score and the stage-1 features add up to the stage-2 score.

    score = text * reranker + bm25 * ln(1 + BM25) + dense * cosine + the wording's four numbers,
    each times its weight. The paper's profiles use the text alone; the compact profile's weights
    are fitted on held-out training queries.
    """

    text: float = 1.0
    bm25: float = 0.0
    dense: float = 0.0
    cover: float = 0.0
    phrases: float = 0.0
    likelihood: float = 0.0
    length: float = 0.0

    @property
    def wording(self) -> FloatVector:
        """The weights [4] of the wording's numbers, in the order of its fields."""
        return np.array([self.cover, self.phrases, self.likelihood, self.length], np.float32)

    @property
    def reads_wording(self) -> bool:
        """Whether any of the wording's numbers counts."""
        return bool(self.wording.any())

    def combine(
        self,
        text: FloatVector,
        bm25: FloatVector,
        dense: FloatVector,
        wording: Wording | None = None,
    ) -> FloatVector:
        """Return stage-2 scores [n]; a stage-1 feature that was not computed is given as zeros."""
        scores = self.text * text + self.bm25 * np.log1p(bm25) + self.dense * dense
        if wording is not None:
            scores = scores + self.wording @ wording.rows()
        return np.asarray(scores, dtype=np.float32)


class Reranker(Protocol):
    """Anything that scores documents against a query, higher is better.

    `weights` says, per stage-1 kind, how stage-1 scores join in.
    """

    model_key: str
    weights: Mapping[Stage1, StageTwoWeights]

    def score(self, query: str, documents: Sequence[str]) -> FloatVector:
        """Return one score per document [n], in order."""
        ...


class _Scorer:
    """Shared: a loaded network with its tokenizer, and batches by token budget."""

    padding_side = "right"

    def __init__(
        self, files: ModelFiles, preset: TextPreset, auto_class: Any, device: Any, **config: Any
    ) -> None:
        self._preset = preset
        self._tokenizer = load_tokenizer(files, padding_side=self.padding_side)
        self._network = load_network(files, auto_class, device=device, **config)
        self._tokenizing = Lock()  # a fast tokenizer serves one thread at a time
        self.model_key = files.key
        self.weights: Mapping[Stage1, StageTwoWeights] = stage_two_weights(files.manifest)

    def _passes(self, tokens: Sequence[Mapping[str, Any]]) -> Iterator[tuple[IntVector, Any]]:
        """Yield positions and their padded tensors, as many at once as fit the device."""
        budget = TOKENS_PER_BATCH[self._network.device.type]
        for rows in plan_batches([len(one["input_ids"]) for one in tokens], budget):
            with self._tokenizing:
                batch = self._tokenizer.pad([tokens[row] for row in rows], return_tensors="pt")
            yield rows, batch.to(self._network.device)


class _JointScorer(_Scorer, ABC):
    """Shared by networks that read query and document as one text."""

    def score(self, query: str, documents: Sequence[str]) -> FloatVector:
        """Return one score per document [n], in order."""
        with self._tokenizing:
            tokens = [self._encode(query, document) for document in documents]
        scores = np.empty(len(tokens), dtype=np.float32)
        for rows, batch in self._passes(tokens):
            with torch.inference_mode():
                scores[rows] = self._read(batch).float().cpu().numpy()
        return scores

    @abstractmethod
    def _encode(self, query: str, document: str) -> dict[str, list[int]]:
        """Return one pair as the tokenizer's fields."""

    @abstractmethod
    def _read(self, batch: Any) -> torch.Tensor:
        """Return the scores [n] of a padded batch."""


class PairClassifier(_JointScorer):
    """A sequence-classification cross-encoder with one output."""

    def __init__(self, files: ModelFiles, preset: TextPreset, device: Any = None) -> None:
        """Load the network; raises the ModelError family."""
        super().__init__(files, preset, AutoModelForSequenceClassification, device, num_labels=1)

    def _encode(self, query: str, document: str) -> dict[str, list[int]]:
        cap = self._preset.reranker.max_tokens
        encoded = self._tokenizer(query, document, truncation=True, max_length=cap)
        return dict(encoded)

    def _read(self, batch: Any) -> torch.Tensor:
        logits: torch.Tensor = self._network(**batch).logits
        return logits[:, 0]


class LateInteraction(_Scorer):
    """Query and document read apart, then compared token by token: the compact profile's stage 2.

    A score is LATE_SCALE times the mean, over the query's tokens, of the highest cosine each has
    with a token of the document; a token's share in the mean is the softmax of the network's one
    label for it.
    """

    def __init__(self, files: ModelFiles, preset: TextPreset, device: Any = None) -> None:
        """Load the network; raises the ModelError family."""
        super().__init__(files, preset, AutoModelForTokenClassification, device, num_labels=1)

    def score(self, query: str, documents: Sequence[str]) -> FloatVector:
        """Return one score per document [n], in order."""
        scores = np.empty(len(documents), dtype=np.float32)
        asked = self._tokens([query], LATE_QUERY_TOKENS)
        told = self._tokens(documents, self._preset.reranker.max_tokens)
        with torch.inference_mode():
            ((_, batch),) = self._passes(asked)
            states = self._states(batch)
            shares = token_shares(self._network.classifier, states, batch["attention_mask"])
            for rows, batch in self._passes(told):
                best = late_interaction(
                    states, shares, self._states(batch), batch["attention_mask"]
                )
                scores[rows] = best[0].cpu().numpy()
        return scores

    def _tokens(self, texts: Sequence[str], cap: int) -> list[dict[str, list[int]]]:
        with self._tokenizing:
            return [dict(self._tokenizer(one, truncation=True, max_length=cap)) for one in texts]

    def _states(self, batch: Any) -> torch.Tensor:
        states: torch.Tensor = self._network.base_model(**batch).last_hidden_state
        return states


def token_shares(head: Any, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return each token's share [n, t] in its text's score: the softmax of a one-label head."""
    logits = head(states)[..., 0].float()
    shares: torch.Tensor = logits.masked_fill(mask == 0, float("-inf")).softmax(-1)
    return shares


def late_interaction(
    asked: torch.Tensor, shares: torch.Tensor, told: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Return the scores [n, m] of m documents for n queries.

    `asked` [n, i, d] and `told` [m, j, d] are hidden states, `shares` [n, i] the query tokens'
    shares, 0 where padded; `mask` [m, j] marks the documents' real tokens.
    """
    a, b = (functional.normalize(states.float(), dim=-1) for states in (asked, told))
    cosines = torch.einsum("nid,mjd->nmij", a, b)
    best = cosines.masked_fill(mask[None, :, None, :] == 0, -2.0).amax(-1)
    scores: torch.Tensor = LATE_SCALE * (best * shares[:, None, :]).sum(-1)
    return scores


class YesNoJudge(_JointScorer):
    """The Qwen3 cross-encoder: logit("yes") - logit("no") at the last position."""

    padding_side = "left"

    def __init__(self, files: ModelFiles, preset: TextPreset, device: Any = None) -> None:
        """Load the network; raises the ModelError family."""
        super().__init__(files, preset, AutoModelForCausalLM, device)
        self._head = self._ids(CHAT_HEAD)
        self._tail = self._ids(CHAT_TAIL)
        self._yes, self._no = self._answer("yes"), self._answer("no")

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _answer(self, word: str) -> int:
        ids = self._ids(word)
        if len(ids) != 1:
            raise ModelIntegrityError(
                f"Model {self.model_key!r}: its tokenizer splits {word!r} into {len(ids)} tokens, "
                f"so it is no yes/no reranker. Choose a Qwen3-Reranker or a sequence classifier."
            )
        return ids[0]

    def _encode(self, query: str, document: str) -> dict[str, list[int]]:
        room = self._preset.reranker.max_tokens - len(self._head) - len(self._tail)
        middle = self._ids(reranker_prompt(query, document, self._preset))[:room]
        ids = [*self._head, *middle, *self._tail]
        return {"input_ids": ids, "attention_mask": [1] * len(ids)}

    def _read(self, batch: Any) -> torch.Tensor:
        last: torch.Tensor = self._network(**batch, logits_to_keep=1).logits[:, -1]
        return last[:, self._yes] - last[:, self._no]


def stage_two_weights(manifest: Mapping[str, Any]) -> dict[Stage1, StageTwoWeights]:
    """Return the weights per stage-1 kind of a model's manifest; the text alone where none."""
    fitted = manifest.get("stage2", {})
    return {kind: StageTwoWeights(**fitted.get(kind.value, {})) for kind in Stage1}


def load_reranker(profile: Profile, *, device: Any = None) -> Reranker | None:
    """Return the profile's reranker, or None where it has none; raises the ModelError family.

    What its manifest calls late becomes late interaction; a causal language model becomes a
    YesNoJudge; other deltas and any `...ForSequenceClassification` a PairClassifier.
    """
    if profile.reranker is None:
        return None
    files = find_model(profile.reranker)
    preset = preset_named(profile.preset)
    if files.manifest.get("kind") == LATE:
        return LateInteraction(files, preset, device)
    architectures = AutoConfig.from_pretrained(files.base, local_files_only=True).architectures
    if any("CausalLM" in name for name in architectures or ()):
        return YesNoJudge(files, preset, device)
    return PairClassifier(files, preset, device)
