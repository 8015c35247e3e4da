"""Keep the categories that people assign, and the queue of skills to be labelled.

Responsible for the schema of version 0003 alone; must not import the models,
which go on to change.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add columns and tables; the category that each skill has is its source's."""
    # Only with a default can a column that is never NULL join rows that are there.
    empty = sa.text("''")
    op.add_column(
        "skills", sa.Column("own_category", sa.String(200), nullable=False, server_default=empty)
    )
    op.add_column("skills", sa.Column("assigned_category", sa.String(200)))
    op.execute("UPDATE skills SET own_category = category")
    _create_category_events()
    _create_label_queue()


def downgrade() -> None:
    """Refuse: going back would lose what people assigned and queued."""
    raise NotImplementedError(
        "version 0003 holds people's categories and queue; restore a backup instead"
    )


def _create_category_events() -> None:
    op.create_table(
        "category_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("skill_id", sa.String(500), nullable=False),
        sa.Column("category", sa.String(200)),
        sa.Column("previous", sa.String(200)),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_category_events"),
        sa.ForeignKeyConstraint(
            ["skill_id"], ["skills.skill_id"], name="fk_category_events_skill_id_skills"
        ),
    )
    op.create_index("ix_category_events_skill_id", "category_events", ["skill_id"])
    op.create_index("ix_category_events_author_at", "category_events", ["author", "at"])


def _create_label_queue() -> None:
    op.create_table(
        "label_queue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("skill_id", sa.String(500), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_label_queue"),
    )
    op.create_index("ix_label_queue_skill_id", "label_queue", ["skill_id"])
    op.create_table(
        "label_queue_removals",
        sa.Column("queued_id", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("queued_id", name="pk_label_queue_removals"),
        sa.ForeignKeyConstraint(
            ["queued_id"], ["label_queue.id"], name="fk_label_queue_removals_queued_id_label_queue"
        ),
    )
