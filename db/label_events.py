"""What one event of an annotator writes: a verdict, a skip, or the taking back of either.

An event sent twice is kept once, by its token. Writers hold the lock of `db.label_version`. Must
not know what a grade means, nor who sends events.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import claims, labels, skips, text_hashes
from db.columns import text_key
from db.models import QueryRow
from skillrouter_core.errors import NotFoundError, SkillRouterError, UsageError
from skillrouter_core.records import (
    EventKind,
    Judgement,
    LabelAck,
    LabelAction,
    LabelEvent,
    NewJudgement,
    PastJudgement,
    Skip,
)

NUMBERED = re.compile(r"(judgement|skip):(\d{1,18})")
"""What stands for the token of an action that was sent without one; tokens hold no colon."""


def record(
    session: Session, events: Sequence[LabelEvent | LabelAck], annotator: str
) -> tuple[LabelAck, ...]:
    """Keep events in their order; one that cannot be kept is refused, the others are kept.

    An answer among them (an event refused already) is passed on.
    """
    return tuple(
        event if isinstance(event, LabelAck) else _answer(session, event, annotator)
        for event in events
    )


def _answer(session: Session, event: LabelEvent, annotator: str) -> LabelAck:
    try:
        _keep(session, event, annotator)
    except SkillRouterError as error:
        # Everything is looked up before anything is written: nothing of this event was.
        return LabelAck(event.token, False, str(error))
    return LabelAck(event.token, True)


def _keep(session: Session, event: LabelEvent, annotator: str) -> None:
    if event.kind == EventKind.UNDO:
        take_back(session, event.undoes or "", annotator)
    elif event.kind == EventKind.SKIP:
        skip(session, event.query_text, event.skill_id, annotator, event.token)
    else:
        grade(session, _verdict(event, annotator))


def _verdict(event: LabelEvent, annotator: str) -> NewJudgement:
    return NewJudgement(
        query_text=event.query_text,
        skill_id=event.skill_id,
        grade=event.grade,
        annotator=annotator,
        content_hash=event.content_hash,
        seconds=event.seconds,
        note=event.note,
        origin=event.origin,
        token=event.token,
    )


def grade(session: Session, new: NewJudgement) -> Judgement:
    """Keep a verdict and give its pair back; return it, or the first one sent with its token.

    Raises `NotFoundError` for a skill never imported or a text never seen.
    """
    if new.token is not None:
        if skips.by_token(session, new.token) is not None:
            raise UsageError(f"token {new.token!r} is that of a skip; send another token")
        first = labels.by_token(session, new.token)
        if first is not None:
            return first
    made = labels.add(session, new, text_hashes.hash_of(session, new.skill_id, new.content_hash))
    claims.release(session, new.annotator, [(text_key(new.query_text), new.skill_id)])
    return made


def skip(
    session: Session, query_text: str, skill_id: str, annotator: str, token: str | None
) -> Skip:
    """Keep a skip and give its pair back; return it, or the first one sent with its token.

    Raises `NotFoundError` for a skill never imported.
    """
    if token is not None:
        if labels.by_token(session, token) is not None:
            raise UsageError(f"token {token!r} is that of a verdict; send another token")
        first = skips.by_token(session, token)
        if first is not None:
            return first
    text_hashes.present_hashes(session, [skill_id])
    made = skips.add(session, query_text, skill_id, annotator, token)
    claims.release(session, annotator, [(text_key(query_text), skill_id)])
    return made


def take_back(session: Session, token: str, annotator: str) -> None:
    """Take back what a person sent with a token; a second time changes nothing.

    "judgement:17" and "skip:17" stand for the tokens of actions that were sent without one.
    Raises `NotFoundError` where there is no such action, `UsageError` for another person's.
    """
    made = _action(session, token)
    if made is None:
        raise NotFoundError(f"no verdict and no skip has the token {token!r}; list them again")
    if made.annotator != annotator:
        raise UsageError(
            f"{token!r} is what {made.annotator!r} said, not {annotator!r}; "
            "take back what you said yourself"
        )
    if isinstance(made, Judgement):
        labels.undo(session, made.judgement_id, annotator)
    else:
        skips.undo(session, made.skip_id, annotator)


def _action(session: Session, token: str) -> Judgement | Skip | None:
    numbered = NUMBERED.fullmatch(token)
    if numbered is None:
        return labels.by_token(session, token) or skips.by_token(session, token)
    what, number = numbered[1], int(numbered[2])
    return labels.find(session, number) if what == "judgement" else skips.find(session, number)


def recent(session: Session, annotator: str, limit: int) -> tuple[LabelAction, ...]:
    """Return a person's last verdicts and skips, newest first, those taken back among them."""
    verdicts = [_graded(past, token) for past, token in labels.latest(session, annotator, limit)]
    left = skips.latest(session, annotator, limit)
    words = _texts(session, {one.query_key for one, _, _ in left})
    skipped = [_skipped(one, token, undone, words) for one, token, undone in left]
    # Of the same moment, the verdict first: any order will do, so long as it stays.
    merged = sorted([*verdicts, *skipped], key=lambda one: (one.at, one.kind, one.id))
    return tuple(merged[::-1][:limit])


def _texts(session: Session, keys: set[str]) -> dict[str, str]:
    """Return what is known of the texts of skipped queries; few, so one statement asks."""
    saved = select(QueryRow.text_key, func.min(QueryRow.text)).where(QueryRow.text_key.in_(keys))
    found = {row[0]: row[1] for row in session.execute(saved.group_by(QueryRow.text_key))}
    return labels.query_texts(session, keys - found.keys()) | found


def _graded(past: PastJudgement, token: str) -> LabelAction:
    made = past.judgement
    return LabelAction(
        kind=EventKind.GRADE,
        id=made.judgement_id,
        token=token or f"judgement:{made.judgement_id}",
        query_text=made.query_text,
        skill_id=made.skill_id,
        grade=made.grade,
        note=made.note,
        at=made.created_at,
        undone=past.undone,
    )


def _skipped(one: Skip, token: str, undone: bool, words: dict[str, str]) -> LabelAction:
    return LabelAction(
        kind=EventKind.SKIP,
        id=one.skip_id,
        token=token or f"skip:{one.skip_id}",
        query_text=words.get(one.query_key, ""),
        skill_id=one.skill_id,
        grade=None,
        note="",
        at=one.created_at,
        undone=undone,
    )
