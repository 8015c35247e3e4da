"""Model folders of a few kilobytes with random weights, in the real formats."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3Model,
)

WORDS = [
    *("yes", "no", "judge", "deploy", "a", "service", "to", "the", "cluster", "with", "helm"),
    *("charts", "bake", "bread", "|", ":", ".", ",", "<", ">"),
]


def tiny_bert(folder: Path, *, classify: bool = False, tokens: bool = False, seed: int = 0) -> Path:
    """Write a two-layer BERT (16 dimensions): an encoder, or a one-output classifier.

    The classifier reads whole texts, or with `tokens` each token.
    """
    torch.manual_seed(seed)
    tokenizer = _tokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]"], "[PAD]", "[UNK]")
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        num_labels=1,
        initializer_range=0.5,  # or all vectors of an untrained network look alike
    )
    kind = BertForSequenceClassification if classify else BertModel
    network = (BertForTokenClassification if tokens else kind)(config)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_qwen(folder: Path, *, causal: bool = False, seed: int = 0) -> Path:
    """Write a two-layer Qwen3 decoder (16 dimensions), as an embedder or a language model."""
    torch.manual_seed(seed)
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<unk>"]
    tokenizer = _tokenizer(special, "<|endoftext|>", "<unk>")
    if not causal:  # the embedding models end each text with this token and pool there
        tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
            single="$A <|endoftext|>", special_tokens=[("<|endoftext|>", 0)]
        )
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=8,
        intermediate_size=32,
        max_position_embeddings=512,
    )
    network = Qwen3ForCausalLM(config) if causal else Qwen3Model(config)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(special: list[str], pad: str, unknown: str) -> PreTrainedTokenizerFast:
    vocabulary = {word: i for i, word in enumerate([*special, *WORDS])}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token=unknown))
    backend.pre_tokenizer = pre_tokenizers.Split(Regex(r"\w+|[^\w\s]"), "removed", invert=True)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token=pad,
        unk_token=unknown,
        additional_special_tokens=[t for t in special if t not in (pad, unknown)],
    )
