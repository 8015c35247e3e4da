"""Keep where queries come from, how verdicts came about, claims, settlements and suite runs.

Responsible for the schema of version 0004 alone; must not import the models,
which go on to change.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
HASH = sa.String(64)
SKILL_ID = sa.String(500)
NAME = sa.String(200)
HELD_OUT_PERCENT = 20


def upgrade() -> None:
    """Add columns and tables; queries that are there get the split their text decides."""
    _extend_queries()
    _extend_judgements()
    _create_skips_and_claims()
    _create_settlements()
    _create_suite_runs()


def downgrade() -> None:
    """Refuse: going back would lose what people said and what suites were answered."""
    raise NotImplementedError(
        "version 0004 holds people's judgements and settlements; restore a backup instead"
    )


def _extend_queries() -> None:
    # Only with a default can a column that is never NULL join rows that are there.
    empty, train = sa.text("''"), sa.text("'train'")
    op.add_column("queries", sa.Column("source", NAME, nullable=False, server_default=empty))
    op.add_column(
        "queries", sa.Column("split", sa.String(20), nullable=False, server_default=train)
    )
    op.create_index("ix_queries_split", "queries", ["split"])
    queries = sa.table("queries", sa.column("text_key"), sa.column("split"))
    keys = set(op.get_bind().scalars(sa.select(queries.c.text_key)))
    for key in sorted(key for key in keys if int(key[:8], 16) % 100 < HELD_OUT_PERCENT):
        op.execute(queries.update().where(queries.c.text_key == key).values(split="held-out"))


def _extend_judgements() -> None:
    empty = sa.text("''")
    for column in (
        sa.Column("seconds", sa.Double()),
        sa.Column("note", sa.Text(), nullable=False, server_default=empty),
        sa.Column("origin", sa.String(50), nullable=False, server_default=empty),
        sa.Column("token", HASH),
    ):
        op.add_column("judgements", column)
    # An index: for a constraint SQLite would copy and drop a table that undos refer to.
    op.create_index("uq_judgements_token", "judgements", ["token"], unique=True)
    op.add_column(
        "judgement_undos", sa.Column("author", NAME, nullable=False, server_default=empty)
    )


def _create_skips_and_claims() -> None:
    op.create_table(
        "label_skips",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("query_key", HASH, nullable=False),
        sa.Column("skill_id", SKILL_ID, nullable=False),
        sa.Column("annotator", NAME, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("token", HASH),
        sa.PrimaryKeyConstraint("id", name="pk_label_skips"),
        sa.UniqueConstraint("token", name="uq_label_skips_token"),
    )
    op.create_index("ix_label_skips_annotator", "label_skips", ["annotator"])
    op.create_table(
        "label_claims",
        sa.Column("query_key", HASH, nullable=False),
        sa.Column("skill_id", SKILL_ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("annotator", NAME, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("query_key", "skill_id", "place", name="pk_label_claims"),
    )
    op.create_index("ix_label_claims_annotator", "label_claims", ["annotator"])


def _create_settlements() -> None:
    op.create_table(
        "settlements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("query_key", HASH, nullable=False),
        sa.Column("query_text", sa.Text(), nullable=False),
        sa.Column("skill_id", SKILL_ID, nullable=False),
        sa.Column("content_hash", HASH, nullable=False),
        sa.Column("grade", sa.Integer()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("author", NAME, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_settlements"),
    )
    op.create_index("ix_settlements_query_key", "settlements", ["query_key"])
    op.create_table(
        "settlement_undos",
        sa.Column("settlement_id", sa.Integer(), nullable=False),
        sa.Column("author", NAME, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("settlement_id", name="pk_settlement_undos"),
        sa.ForeignKeyConstraint(
            ["settlement_id"],
            ["settlements.id"],
            name="fk_settlement_undos_settlement_id_settlements",
        ),
    )


def _create_suite_runs() -> None:
    op.create_table(
        "suite_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("suite", NAME, nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("index_version", sa.Text(), nullable=False),
        sa.Column("models", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_suite_runs"),
    )
    op.create_index("ix_suite_runs_suite", "suite_runs", ["suite"])
    op.create_table(
        "suite_answers",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("query_key", HASH, nullable=False),
        sa.Column("query_text", sa.Text(), nullable=False),
        sa.Column("expected", sa.JSON(), nullable=False),
        sa.Column("stage1_ranking", sa.JSON(), nullable=False),
        sa.Column("ranking", sa.JSON(), nullable=False),
        sa.Column("confidence", sa.Double()),
        sa.Column("none_fits", sa.Boolean(), nullable=False),
        sa.Column("milliseconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "query_key", name="pk_suite_answers"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["suite_runs.id"], name="fk_suite_answers_run_id_suite_runs"
        ),
    )
