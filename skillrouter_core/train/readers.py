"""How a reranker reads while it learns: the same texts and the same score as in `rerank`.

Responsible for batches of query-document pairs and their scores with gradients. Must not know
objectives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from skillrouter_core.backbone import load_tokenizer
from skillrouter_core.models import LATE, ModelFiles
from skillrouter_core.rerank import (
    CHAT_HEAD,
    CHAT_TAIL,
    LATE_QUERY_TOKENS,
    late_interaction,
    token_shares,
)
from skillrouter_core.texts import TextPreset, reranker_prompt

TextPair = tuple[str, str]


class Reader(Protocol):
    """Scores (query, document) pairs with a network that learns; `kind` is its manifest's."""

    kind: str
    tokenizer: Any
    auto_class: Any
    settings: dict[str, Any]

    def scores(self, network: Any, pairs: Sequence[TextPair]) -> torch.Tensor:
        """Return one score a pair, float32 [len(pairs)]."""
        ...


def reader_of(files: ModelFiles, preset: TextPreset) -> Reader:
    """Return how this model reads; the choice is that of `rerank.load_reranker`."""
    if files.manifest.get("kind") == LATE:
        return _LateReader(files, preset)
    architectures = AutoConfig.from_pretrained(files.base, local_files_only=True).architectures
    if any("CausalLM" in name for name in architectures or ()):
        return _JudgeReader(files, preset)
    return _ClassifierReader(files, preset)


class _LateReader:
    kind = LATE
    auto_class = AutoModelForTokenClassification

    def __init__(self, files: ModelFiles, preset: TextPreset) -> None:
        self.tokenizer = load_tokenizer(files, padding_side="right")
        self.settings: dict[str, Any] = {"num_labels": 1}
        self._cap = preset.reranker.max_tokens

    def scores(self, network: Any, pairs: Sequence[TextPair]) -> torch.Tensor:
        """Read each distinct query once."""
        queries = list(dict.fromkeys(query for query, _ in pairs))
        place = {query: row for row, query in enumerate(queries)}
        asked, asked_mask = self._states(network, queries, LATE_QUERY_TOKENS)
        told, told_mask = self._states(network, [document for _, document in pairs], self._cap)
        shares = token_shares(network.classifier, asked, asked_mask)
        every = late_interaction(asked, shares, told, told_mask)
        rows = torch.tensor([place[query] for query, _ in pairs], device=every.device)
        return every[rows, torch.arange(len(pairs), device=every.device)]

    def _states(
        self, network: Any, texts: list[str], cap: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        batch = self.tokenizer(
            texts, truncation=True, max_length=cap, padding=True, return_tensors="pt"
        ).to(network.device)
        states = network(**batch, output_hidden_states=True).hidden_states[-1]
        return states, batch["attention_mask"]


class _ClassifierReader:
    kind = "reranker"
    auto_class = AutoModelForSequenceClassification

    def __init__(self, files: ModelFiles, preset: TextPreset) -> None:
        self.tokenizer = load_tokenizer(files, padding_side="right")
        self.settings: dict[str, Any] = {"num_labels": 1}
        self._cap = preset.reranker.max_tokens

    def scores(self, network: Any, pairs: Sequence[TextPair]) -> torch.Tensor:
        batch = self.tokenizer(
            list(pairs), truncation=True, max_length=self._cap, padding=True, return_tensors="pt"
        ).to(network.device)
        logits: torch.Tensor = network(**batch).logits
        return logits[:, 0].float()


class _JudgeReader:
    kind = "reranker"
    auto_class = AutoModelForCausalLM

    def __init__(self, files: ModelFiles, preset: TextPreset) -> None:
        self.tokenizer = load_tokenizer(files, padding_side="left")
        self.settings: dict[str, Any] = {}
        self._preset = preset
        self._head, self._tail = self._ids(CHAT_HEAD), self._ids(CHAT_TAIL)
        self._yes, self._no = self._ids("yes")[0], self._ids("no")[0]

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def scores(self, network: Any, pairs: Sequence[TextPair]) -> torch.Tensor:
        room = self._preset.reranker.max_tokens - len(self._head) - len(self._tail)
        prompts = [self._ids(reranker_prompt(*pair, self._preset))[:room] for pair in pairs]
        ids = [[*self._head, *prompt, *self._tail] for prompt in prompts]
        batch = self.tokenizer.pad({"input_ids": ids}, return_tensors="pt").to(network.device)
        last: torch.Tensor = network(**batch, logits_to_keep=1).logits[:, -1].float()
        return last[:, self._yes] - last[:, self._no]
