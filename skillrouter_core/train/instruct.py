"""Queries written by a language model on this machine.

Responsible for the prompt, for sampling with a seed, and for cutting the answer down to the
request. Must not know which skills are drawn nor what is trained on. A skill's text comes from
strangers: whatever it talks the model into is kept as a query or rejected, nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from skillrouter_core.backbone import load_network, load_tokenizer
from skillrouter_core.mining import Pair, names_skill
from skillrouter_core.models import find_model
from skillrouter_core.records import Skill

TASK = (
    "Below is a document that teaches an agent a skill. Write one realistic request from a "
    "user whose task needs exactly this skill. Describe the situation and the goal in 60 to 160 "
    "words, as the user would. Do not mention the skill, its name, or that a document exists. "
    "Answer with the request alone."
)
DESCRIPTION_CHARS, BODY_CHARS = 500, 2500
NEW_TOKENS = 320
TEMPERATURE = 0.8
TRIES = 3
"""How often a request that names its skill is written anew before it is given up."""

_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)


class InstructQueries:
    """Asks a causal language model, a local folder or a hub id, for a request per skill."""

    def __init__(self, location: str, *, new_tokens: int = NEW_TOKENS) -> None:
        """Load the model; raises the ModelError family."""
        files = find_model(location)
        self.name = f"{location} ({files.key})"
        self._tokenizer = load_tokenizer(files, padding_side="left")
        self._network = load_network(files, AutoModelForCausalLM)
        self._new_tokens = new_tokens

    def write(self, skills: Sequence[Skill], seed: int) -> Sequence[Pair | None]:
        """Return a pair for each skill; the document stays whole, as nothing is quoted from it."""
        written: list[str] = [""] * len(skills)
        open_rows = list(range(len(skills)))
        for attempt in range(TRIES):
            if not open_rows:
                break
            answers = self._answers([skills[row] for row in open_rows], f"{seed}/{attempt}")
            for row, answer in zip(open_rows, answers, strict=True):
                written[row] = answer
            open_rows = [row for row in open_rows if names_skill(written[row], skills[row])]
        return [
            Pair(text, one) if text else None for text, one in zip(written, skills, strict=True)
        ]

    def _answers(self, skills: Sequence[Skill], seed: str) -> list[str]:
        prompts = [self._prompt(one) for one in skills]
        batch = self._tokenizer(
            prompts, return_tensors="pt", padding=True, add_special_tokens=False
        ).to(self._network.device)
        batch.pop("token_type_ids", None)
        ids = "\x1f".join([seed, *(one.skill_id for one in skills)])
        torch.manual_seed(_number(ids))
        made = self._network.generate(
            **batch,
            max_new_tokens=self._new_tokens,
            do_sample=True,
            temperature=TEMPERATURE,
            pad_token_id=self._tokenizer.pad_token_id or self._tokenizer.eos_token_id,
        )
        new = made[:, batch["input_ids"].shape[1] :]
        return [
            request_in(text) for text in self._tokenizer.batch_decode(new, skip_special_tokens=True)
        ]

    def _prompt(self, skill: Skill) -> str:
        text = (
            f"{TASK}\n\n---\n{skill.name}\n{skill.description[:DESCRIPTION_CHARS]}\n\n"
            f"{skill.body[:BODY_CHARS]}\n---"
        )
        if not self._tokenizer.chat_template:
            return f"{text}\n\nRequest:"
        messages: list[dict[str, Any]] = [{"role": "user", "content": text}]
        prompt: str = self._tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, tokenize=False, enable_thinking=False
        )
        return prompt


def request_in(answer: str) -> str:
    """Return the request in a model's answer: no thoughts, no label, no quotation marks."""
    text = " ".join(_THOUGHT.sub("", answer).split())
    text = re.sub(r"^(?:user )?(?:request|query)\s*:\s*", "", text, flags=re.IGNORECASE)
    return text.strip("\"'“”` ")


def _number(text: str) -> int:
    """Return a seed that is the same in every process."""
    return int.from_bytes(sha256(text.encode("utf-8", "surrogatepass")).digest()[:7])
