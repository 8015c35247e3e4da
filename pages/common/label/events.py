"""What the browser sends of a person's work: verdicts, skips, what is taken back.

Responsible for reading that message, whatever is in it, and for having it recorded. Must not
know how the desk looks, nor how anything is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from skillrouter_core.errors import UsageError
from skillrouter_core.records import LabelAck, LabelEvent

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

MOST_EVENTS = 100
"""Events taken from one message; the browser sends the rest again."""
NO_EVENT = "this is no verdict, skip or undo; reload the page"


@dataclass(frozen=True, slots=True)
class Said:
    """An event and the name it was said under."""

    event: LabelEvent
    annotator: str


def events_of(sent: object) -> tuple[list[Said], list[LabelAck]]:
    """Return the events of a message in order, and refusals of what is none.

    What has not even a token cannot be answered and is passed over.
    """
    raw = sent.get("events") if isinstance(sent, Mapping) else None
    events, refused = [], []
    for each in raw[:MOST_EVENTS] if isinstance(raw, list) else ():
        if not isinstance(each, Mapping) or not isinstance(each.get("token"), str):
            continue
        said = _said(each)
        if said is None:
            refused.append(LabelAck(each["token"], False, NO_EVENT))
        else:
            events.append(said)
    return events, refused


def record(ws: Workspace, said: Iterable[Said]) -> tuple[LabelAck, ...]:
    """Keep events in order, each under its annotator; return an answer to each.

    Raises what the workspace raises where nothing can be kept now; sent again, they may be.
    """
    acks: list[LabelAck] = []
    for name, group in groupby(said, key=lambda each: each.annotator):
        events = [each.event for each in group]
        try:
            acks += ws.labels.record(events, name)
        except UsageError as error:
            acks += [LabelAck(event.token, False, str(error)) for event in events]
    return tuple(acks)


def _said(each: Mapping[str, Any]) -> Said | None:
    texts = {key: each.get(key) or "" for key in _TEXTS}
    grade, seconds = each.get("grade"), each.get("seconds")
    fine = (
        all(isinstance(text, str) for text in texts.values())
        and (grade is None or (isinstance(grade, int) and not isinstance(grade, bool)))
        and (seconds is None or _is_number(seconds))
    )
    if not fine or not texts["annotator"].strip():
        return None
    name = texts.pop("annotator")
    texts["content_hash"] = texts["content_hash"] or None
    texts["undoes"] = texts["undoes"] or None
    return Said(LabelEvent(grade=grade, seconds=seconds, **texts), name)


_TEXTS = (
    "token",
    "kind",
    "query_text",
    "skill_id",
    "content_hash",
    "note",
    "origin",
    "undoes",
    "annotator",
)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
