"""What is refused before anything of it is kept: empty names, grades that mean nothing, caps.

Responsible for the rules about values that people and pages send. Must not know how any of them
is stored.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from db.columns import storable
from db.models import ID_CHARS, NAME_CHARS
from skillrouter_core.errors import UsageError
from skillrouter_core.records import EventKind, LabelEvent, NewJudgement, QuerySource

GRADES = (None, 0, 1, 2, 3)
NOTE_CHARS = 10_000
"""Longest note kept with a verdict, a settlement or a queued skill (characters); a longer one is
refused."""
SECONDS_CAP = 3600.0
"""Longest time on one pair (seconds); a longer one is a pause, and is kept as this."""
ORIGIN_CHARS = 50
"""Longest name of where a pair was shown (characters); a longer one is refused."""
CLOCK_SLACK = timedelta(hours=1)
"""How far ahead another machine's clock may be; a verdict from further in the future is refused,
since it would count before everything said until then."""

_TOKEN = re.compile(r"[0-9A-Za-z_-]{1,64}")
_HASH = re.compile(r"[0-9a-f]{64}")


def query_text(text: str) -> str:
    """Return a query without the space around it; refuse an empty one."""
    if not text.strip():
        raise UsageError("the query is empty; write what the agent should do")
    return text.strip()


def label(what: str, value: str) -> str:
    """Return a name without the space around it; refuse an empty or a long one."""
    value = value.strip()
    if not value or len(value) > NAME_CHARS:
        raise UsageError(f"{what} {value[:80]!r}; give one of 1 to {NAME_CHARS} characters")
    return storable(value)


def optional_label(what: str, value: str) -> str:
    """Return a name as `label` does, or "" where none is given."""
    return label(what, value) if value.strip() else ""


def source(value: str) -> str:
    """Return where a query came from; refuse what is no `QuerySource`, but for ""."""
    if value and value not in set(QuerySource):
        known = ", ".join(QuerySource)
        raise UsageError(f"a query's source {value[:80]!r}; give one of: {known}, or none")
    return str(value)


def grade(value: object) -> None:
    """Refuse what is no grade."""
    if isinstance(value, bool) or not isinstance(value, int | None) or value not in GRADES:
        raise UsageError(f'grade {value!r}; give 3, 2, 1, 0, or none for "can\'t tell"')


def note(text: str) -> str:
    """Return a note without the space around it; refuse a long one."""
    text = text.strip()
    if len(text) > NOTE_CHARS:
        raise UsageError(f"the note has {len(text)} characters; shorten it to at most {NOTE_CHARS}")
    return text


def seconds(value: float | None) -> float | None:
    """Return the time on a pair, at most `SECONDS_CAP`; refuse what is no time."""
    if value is None:
        return None
    number = not isinstance(value, bool) and isinstance(value, int | float)
    if not number or math.isnan(value) or value < 0:
        raise UsageError(f"{value!r} seconds on a pair; give 0 or more, or leave it out")
    return min(float(value), SECONDS_CAP)


def token(value: object) -> str:
    """Return a sender's token; refuse one that is not 1 to 64 plain characters."""
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise UsageError(
            f"token {str(value)[:80]!r}; give 1 to 64 letters, digits, hyphens or underscores"
        )
    return value


def skill_id(value: str) -> str:
    """Return a skill's id; refuse what no database could hold as one."""
    if not value or len(value) > ID_CHARS or storable(value) != value:
        raise UsageError(f"skill id {value[:80]!r}; give the id of a skill in a catalog")
    return value


def content_hash(value: str | None) -> str | None:
    """Return the hash of the text that was shown; refuse what is none."""
    if value is not None and not _HASH.fullmatch(value):
        raise UsageError(f"content hash {value[:80]!r}; give its 64 hexadecimal digits")
    return value


def judgement(new: NewJudgement) -> NewJudgement:
    """Return a verdict fit to be kept; refuse one of which any part is not."""
    grade(new.grade)
    _not_ahead(new.created_at)
    return replace(
        new,
        query_text=query_text(new.query_text),
        skill_id=skill_id(new.skill_id),
        annotator=label("annotator", new.annotator),
        content_hash=content_hash(new.content_hash),
        seconds=seconds(new.seconds),
        note=note(new.note),
        origin=_origin(new.origin),
        token=None if new.token is None else token(new.token),
    )


def event(sent: LabelEvent) -> LabelEvent:
    """Return an event fit to be kept; refuse one of which any part is not."""
    token(sent.token)
    _words(sent)
    if sent.kind not in set(EventKind):
        known = ", ".join(EventKind)
        raise UsageError(f"event of the kind {str(sent.kind)[:80]!r}; send one of: {known}")
    if sent.kind == EventKind.UNDO:
        if not sent.undoes:
            raise UsageError(f"undo {sent.token!r} names nothing; send what it undoes")
        return sent
    grade(sent.grade)
    return replace(
        sent,
        query_text=query_text(sent.query_text),
        skill_id=skill_id(sent.skill_id),
        content_hash=content_hash(sent.content_hash),
        seconds=seconds(sent.seconds),
        note=note(sent.note),
        origin=_origin(sent.origin),
    )


def _words(sent: LabelEvent) -> None:
    """Refuse an event of which any text is something else: it comes from a browser."""
    texts = {name: getattr(sent, name) for name in ("kind", "query_text", "skill_id")}
    texts |= {name: getattr(sent, name) for name in ("note", "origin")}
    texts |= {name: getattr(sent, name) or "" for name in ("content_hash", "undoes")}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise UsageError(f"{name} {value!r} of event {sent.token!r}; send a text")


def _origin(value: str) -> str:
    if len(value) > ORIGIN_CHARS:
        raise UsageError(f"origin {value[:80]!r}; give at most {ORIGIN_CHARS} characters")
    return value


def _not_ahead(moment: datetime | None) -> None:
    if moment is None:
        return
    if moment.tzinfo is None:
        raise UsageError(f"the moment {moment.isoformat()} has no time zone; add one, as +00:00")
    if moment > datetime.now(UTC) + CLOCK_SLACK:
        raise UsageError(
            f"the moment {moment.isoformat()} has not come yet; set the clock of the machine "
            "that wrote it, or leave the moment out"
        )
