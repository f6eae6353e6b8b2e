"""Keys that sign reports, the reports that were signed, and the places that use copies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence_keys",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("installation_id", sa.String(length=36), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_keys")),
    )
    op.create_index(op.f("ix_evidence_keys_installation_id"), "evidence_keys", ["installation_id"])
    op.create_table(
        "signed_reports",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("installation_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("recall_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["recall_id"], ["recalls.id"], name=op.f("fk_signed_reports_recall_id")),
        sa.ForeignKeyConstraint(["key_id"], ["evidence_keys.id"], name=op.f("fk_signed_reports_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signed_reports")),
        sa.UniqueConstraint("installation_id", "number", name=op.f("uq_signed_reports_installation_id_number")),
    )
    op.create_index(op.f("ix_signed_reports_recall_id"), "signed_reports", ["recall_id"])
    op.create_table(
        "use_rounds",
        sa.Column("placement_id", sa.String(length=36), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["placement_id"], ["placements.id"], name=op.f("fk_use_rounds_placement_id")),
        sa.PrimaryKeyConstraint("placement_id", name=op.f("pk_use_rounds")),
    )
    op.create_index(op.f("ix_use_rounds_due_at"), "use_rounds", ["due_at"])
    op.create_table(
        "uses",
        sa.Column("placement_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=True),
        sa.Column("first_told_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["placement_id"], ["placements.id"], name=op.f("fk_uses_placement_id")),
        sa.PrimaryKeyConstraint("placement_id", "kind", "ref", name=op.f("pk_uses")),
    )


def downgrade() -> None:
    op.drop_table("uses")
    op.drop_index(op.f("ix_use_rounds_due_at"), "use_rounds")
    op.drop_table("use_rounds")
    op.drop_index(op.f("ix_signed_reports_recall_id"), "signed_reports")
    op.drop_table("signed_reports")
    op.drop_index(op.f("ix_evidence_keys_installation_id"), "evidence_keys")
    op.drop_table("evidence_keys")
