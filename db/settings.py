"""The few choices that hold for a whole workspace, by name.

Responsible for reading and replacing one. Must not know what any of them means.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.models import MetaRow


def value(session: Session, key: str) -> str | None:
    """Return what a setting was set to; None where nobody set it."""
    return session.scalar(select(MetaRow.value).where(MetaRow.key == key))


def put(session: Session, key: str, new: str) -> None:
    """Set a setting; of two at once the later one counts."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement: Any = dialect.insert(MetaRow).values(key=key, value=new)
    session.execute(
        statement.on_conflict_do_update(index_elements=[MetaRow.key], set_={"value": new})
    )
