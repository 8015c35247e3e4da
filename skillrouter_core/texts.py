"""The texts models see: templates and caps, by named preset.

Responsible for turning a query and a skill into the exact strings of PAPER
section "The pipeline", and for a version that changes whenever such a string
could change. Must not know tokenizers, models or vectors.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass

from skillrouter_core.errors import UsageError
from skillrouter_core.records import Skill

RETRIEVE_TASK = (
    "Given a task description, retrieve the most relevant skill document "
    "that would help an agent complete the task"
)
RETRIEVE_CODING_TASK = RETRIEVE_TASK.replace("a task", "a coding task")
RERANK_TASK = (
    "Given a task description, judge whether the skill document is relevant "
    "and useful for completing the task"
)
RERANK_CODING_TASK = RERANK_TASK.replace("a task", "a coding task")


@dataclass(frozen=True, slots=True)
class Caps:
    """How much of each text a model sees: characters before tokenizing, then tokens."""

    query_chars: int
    description_chars: int
    body_chars: int
    max_tokens: int


@dataclass(frozen=True, slots=True)
class TextPreset:
    """One complete set of templates and caps. An empty instruction is left out."""

    name: str
    retrieve_instruction: str
    rerank_instruction: str
    encoder: Caps
    reranker: Caps

    def version(self, *, body: bool = True) -> str:
        """Return 12 hex digits that change with any template or cap an encoder text depends on."""
        shape = repr((self.retrieve_instruction, asdict(self.encoder), body, _LAYOUT))
        return hashlib.sha256(shape.encode()).hexdigest()[:12]


_LAYOUT = "name | description | body"

PRESETS = {
    preset.name: preset
    for preset in (
        TextPreset(
            "paper",
            RETRIEVE_TASK,
            RERANK_TASK,
            encoder=Caps(1500, 300, 2500, 2048),
            reranker=Caps(1500, 500, 2000, 4096),
        ),
        TextPreset(
            "released-eval",
            RETRIEVE_CODING_TASK,
            RERANK_CODING_TASK,
            encoder=Caps(2000, 500, 8000, 4096),
            reranker=Caps(2000, 500, 8000, 4096),
        ),
        # Two CPU cores: a MiniLM reads no instruction, and attention beyond these lengths
        # would cost more time than a second's answer has.
        TextPreset(
            "compact",
            "",
            "",
            encoder=Caps(1500, 300, 2500, 256),
            reranker=Caps(1000, 300, 1200, 192),
        ),
    )
}


def preset_named(name: str) -> TextPreset:
    """Return the preset of that name; raise UsageError naming the ones there are."""
    if name not in PRESETS:
        raise UsageError(f"No text preset {name!r}. Choose one of: {', '.join(PRESETS)}.")
    return PRESETS[name]


def encoder_query(text: str, preset: TextPreset) -> str:
    """Return the encoder's text of a query (PAPER, table 'The pipeline')."""
    query = text[: preset.encoder.query_chars]
    if not preset.retrieve_instruction:
        return query
    return f"Instruct: {preset.retrieve_instruction}\nQuery: {query}"


def encoder_document(skill: Skill, preset: TextPreset, *, body: bool = True) -> str:
    """Return the encoder's text of a skill; `body=False` leaves the body out."""
    return _document(skill, preset.encoder, body=body)


def reranker_document(skill: Skill, preset: TextPreset, *, body: bool = True) -> str:
    """Return the reranker's text of a skill; `body=False` leaves the body out."""
    return _document(skill, preset.reranker, body=body)


def reranker_query(text: str, preset: TextPreset) -> str:
    """Return the query as the reranker sees it, without its instruction."""
    return text[: preset.reranker.query_chars]


def reranker_prompt(query: str, document: str, preset: TextPreset) -> str:
    """Return the user turn of the yes/no cross-encoder (PAPER, table 'The pipeline')."""
    return f"<Instruct>: {preset.rerank_instruction}\n\n<Query>: {query}\n\n<Document>: {document}"


def lexical_document(skill: Skill, preset: TextPreset, *, body: bool = True) -> str:
    """Return the text BM25 indexes: name, the whole description, the encoder's share of the body.

    2,500 characters of body beat the whole body by two points of Hit@1 on a pool of 20,121
    skills: long bodies drown the terms that tell a skill apart.
    """
    parts = [skill.name, skill.description]
    if body:
        parts.append(skill.body[: preset.encoder.body_chars])
    return "\n".join(parts)


def _document(skill: Skill, caps: Caps, *, body: bool) -> str:
    parts = [skill.name, skill.description[: caps.description_chars]]
    if body:
        parts.append(skill.body[: caps.body_chars])
    return " | ".join(parts)
