"""The answers to the saved queries, kept so that a merge or a new skill can be held against them.

Responsible for routing every saved query once per index and for the file they are kept in.
Must not know what is done with them: `merging` and `gate` do that.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.errors import WorkspaceError
from skillrouter_core.progress import Meter, ProgressListener
from skillrouter_core.records import RouteOptions, SavedQuery, Stage1
from skillrouter_core.texts import encoder_query

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

FloatVector = NDArray[np.float32]

FORMAT = 1
"""Goes up when the file's layout changes; an older file is made anew."""

FILE = "answers.json"


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """One query's answer and what a newcomer would have to beat.

    `ranking` are skill ids in final order, 50 deep. `used` is what stage 1 really was. `cut` is
    the stage-1 score of the last candidate, None where there were fewer candidates than places;
    `best` is the first answer's deciding score, of stage 2 where `reranked`. `vector` is the
    query's own, None where BM25 answered alone.
    """

    text: str
    ranking: tuple[str, ...]
    used: Stage1
    cut: float | None
    best: float | None
    reranked: bool
    vector: FloatVector | None = field(hash=False, compare=False)


@dataclass(frozen=True, slots=True)
class AnswerBook:
    """All answers of one index; `version` is that index's."""

    version: str
    answers: Mapping[str, StoredAnswer] = field(hash=False)

    @property
    def rankings(self) -> dict[str, tuple[str, ...]]:
        """Skill ids in final order, by the text of the query."""
        return {text: answer.ranking for text, answer in self.answers.items()}


def unanswered(book: AnswerBook, version: str, queries: Sequence[SavedQuery]) -> tuple[str, ...]:
    """Return the texts that the book does not answer for that index, each once."""
    known = book.answers if book.version == version else {}
    return tuple(dict.fromkeys(query.text for query in queries if query.text not in known))


def answer_all(ws: Workspace, folder: Path, profile: str, listener: ProgressListener) -> AnswerBook:
    """Route the saved queries that have no answer of the published index; return all answers.

    Loads models only if some query waits. What was answered before a stop is kept. Raises
    IndexNotReadyError before the first index, and the ModelError family.
    """
    version, queries = ws.routing.version(profile), ws.labels.queries()
    book = load_answers(folder)
    waiting = unanswered(book, version, queries)
    known = dict(book.answers) if book.version == version else {}
    texts = {query.text for query in queries}
    answers = {text: answer for text, answer in known.items() if text in texts}
    meter = Meter(listener, "answering saved queries", len(waiting), unit="queries")
    try:
        for text in waiting:
            answers[text] = _answer(ws, text, profile)
            meter.advance()
    finally:
        book = AnswerBook(version, answers)
        save_answers(folder, book)
    return book


def _answer(ws: Workspace, text: str, profile: str) -> StoredAnswer:
    from skillrouter_core.retrieve import retrieve

    options = RouteOptions(profile=profile, top=1)
    route = ws.routing.route(text, options)
    index, chosen = ws.routing.serving(profile)
    vector = None if index.dense() is None else _vector(ws, text, profile)
    hits = retrieve(
        index, text, vector, options.stage1, options.candidates, ws.models.tuning(chosen).fusion
    )
    first = route.candidates[0] if route.candidates else None
    score = None if first is None else first.stage2_score
    return StoredAnswer(
        text=text,
        ranking=route.ranking,
        used=hits.used,
        cut=hits.hits[-1].score if len(hits.hits) == options.candidates else None,
        best=first.stage1_score if first is not None and score is None else score,
        reranked=score is not None,
        vector=vector if hits.used is not Stage1.BM25 else None,
    )


def _vector(ws: Workspace, text: str, profile: str) -> FloatVector:
    encoder, preset = ws.routing.encoder(profile)
    return np.asarray(encoder.encode_queries([encoder_query(text, preset)])[0], dtype=np.float32)


def load_answers(folder: Path) -> AnswerBook:
    """Return the answers kept in a folder; an empty book where there are none of this format."""
    path = folder / FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return AnswerBook("", {})
    except (OSError, ValueError) as error:
        raise WorkspaceError(
            f"{path}: unreadable ({error}); delete it and look for duplicates again"
        ) from error
    if document.get("format") != FORMAT:
        return AnswerBook("", {})
    answers = map(_from_json, document["answers"])
    return AnswerBook(document["index"], {answer.text: answer for answer in answers})


def save_answers(folder: Path, book: AnswerBook) -> None:
    """Replace the answers kept in a folder in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "format": FORMAT,
        "index": book.version,
        "answers": [_to_json(answer) for answer in book.answers.values()],
    }
    fresh = folder / f"{FILE}.{os.getpid()}.new"
    fresh.write_text(json.dumps(document), encoding="utf-8")
    fresh.replace(folder / FILE)


def _to_json(answer: StoredAnswer) -> dict[str, Any]:
    vector = answer.vector
    packed = None if vector is None else base64.b64encode(vector.astype("<f4").tobytes()).decode()
    return {
        "text": answer.text,
        "ranking": list(answer.ranking),
        "used": answer.used.value,
        "cut": answer.cut,
        "best": answer.best,
        "reranked": answer.reranked,
        "vector": packed,
    }


def _from_json(item: dict[str, Any]) -> StoredAnswer:
    packed = item["vector"]
    vector = None if packed is None else np.frombuffer(base64.b64decode(packed), dtype="<f4")
    return StoredAnswer(
        text=item["text"],
        ranking=tuple(item["ranking"]),
        used=Stage1(item["used"]),
        cut=item["cut"],
        best=item["best"],
        reranked=item["reranked"],
        vector=None if vector is None else vector.astype(np.float32),
    )
