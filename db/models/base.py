"""What all tables share: the base class, naming of constraints, lengths of columns.

Responsible for conventions. Must not know any table.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import MetaData, String
from sqlalchemy.orm import DeclarativeBase

from db.columns import StoredText, UtcDateTime

HASH = String(64)
ID_CHARS = 500
"""Longest skill id kept (characters); a longer one is left out of an import, with an issue."""
NAME_CHARS = 200
"""Longest catalog, category, suite or annotator name (characters)."""
CATALOG_FINGERPRINT = "catalog_fingerprint"
"""Name of the `meta` row that holds the digest over all live skills; writers lock this row."""


class Base(DeclarativeBase):
    """Base of all models; constraints get predictable names, so migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: StoredText, datetime: UtcDateTime}  # noqa: RUF012
