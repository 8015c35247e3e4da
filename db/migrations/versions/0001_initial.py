"""Create the first tables.

Responsible for the schema of version 0001 alone; must not import the models,
which go on to change.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create all tables."""
    _create_meta()
    _create_catalogs()
    _create_skills()
    _create_people()
    _create_jobs()


def downgrade() -> None:
    """Refuse: going back would lose what people made."""
    raise NotImplementedError("version 0001 is the first; restore a backup instead")


def _create_meta() -> None:
    meta = op.create_table(
        "meta",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.bulk_insert(meta, [{"key": "catalog_fingerprint", "value": "empty"}])


def _create_catalogs() -> None:
    op.create_table(
        "catalogs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("synced_at", MOMENT),
        sa.Column("removed_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_catalogs"),
        sa.UniqueConstraint("name", name="uq_catalogs_name"),
    )
    op.create_table(
        "import_issues",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("catalog_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_import_issues"),
        sa.ForeignKeyConstraint(
            ["catalog_id"], ["catalogs.id"], name="fk_import_issues_catalog_id_catalogs"
        ),
    )
    op.create_index("ix_import_issues_catalog_id", "import_issues", ["catalog_id"])


def _create_skills() -> None:
    _create_texts()
    op.create_table(
        "skills",
        sa.Column("skill_id", sa.String(500), nullable=False),
        sa.Column("catalog_id", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("first_seen", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT),
        sa.Column("category", sa.String(200), nullable=False),
        sa.Column("normalised_name", sa.String(200), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("skill_id", name="pk_skills"),
        sa.ForeignKeyConstraint(
            ["catalog_id"], ["catalogs.id"], name="fk_skills_catalog_id_catalogs"
        ),
        sa.ForeignKeyConstraint(
            ["content_hash"], ["texts.content_hash"], name="fk_skills_content_hash_texts"
        ),
    )
    op.create_index("ix_skills_content_hash", "skills", ["content_hash"])
    for name, column in (
        ("catalog", "catalog_id"),
        ("category", "category"),
        ("name", "normalised_name"),
    ):
        op.create_index(f"ix_skills_live_{name}", "skills", [column, "removed_at", "skill_id"])
    _create_skill_events()


def _create_texts() -> None:
    op.create_table(
        "texts",
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("body_chars", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", name="pk_texts"),
    )


def _create_skill_events() -> None:
    op.create_table(
        "skill_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("skill_id", sa.String(500), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_skill_events"),
        sa.ForeignKeyConstraint(
            ["skill_id"], ["skills.skill_id"], name="fk_skill_events_skill_id_skills"
        ),
        sa.ForeignKeyConstraint(
            ["content_hash"], ["texts.content_hash"], name="fk_skill_events_content_hash_texts"
        ),
    )
    op.create_index("ix_skill_events_skill_id", "skill_events", ["skill_id"])
    op.create_index("ix_skill_events_content_hash", "skill_events", ["content_hash"])


def _create_people() -> None:
    op.create_table(
        "queries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text_key", sa.String(64), nullable=False),
        sa.Column("suite", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("expected", sa.JSON(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_queries"),
        sa.UniqueConstraint("suite", "text_key", name="uq_queries_suite"),
    )
    op.create_table(
        "judgements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("query_key", sa.String(64), nullable=False),
        sa.Column("query_text", sa.Text(), nullable=False),
        sa.Column("skill_id", sa.String(500), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("grade", sa.Integer()),
        sa.Column("annotator", sa.String(200), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_judgements"),
    )
    for column in ("query_key", "skill_id", "content_hash"):
        op.create_index(f"ix_judgements_{column}", "judgements", [column])
    op.create_table(
        "judgement_undos",
        sa.Column("judgement_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("judgement_id", name="pk_judgement_undos"),
        sa.ForeignKeyConstraint(
            ["judgement_id"], ["judgements.id"], name="fk_judgement_undos_judgement_id_judgements"
        ),
    )


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(50), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer()),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT),
        sa.Column("heartbeat_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_state", "jobs", ["state"])
