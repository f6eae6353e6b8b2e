"""Other bytes in a copy's place, why a binding stopped by itself, and what each place says of times."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exchanges",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("placement_id", sa.String(length=36), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("item_ref", sa.Text(), nullable=False),
        sa.Column("content_key", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("preview_sha256", sa.String(length=64), nullable=True),
        sa.Column("noticed_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("problem_code", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("made_version_id", sa.String(length=36), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["placement_id"], ["placements.id"], name=op.f("fk_exchanges_placement_id")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_exchanges_asset_id")),
        sa.ForeignKeyConstraint(["sha256"], ["blobs.sha256"], name=op.f("fk_exchanges_sha256")),
        sa.ForeignKeyConstraint(["preview_sha256"], ["blobs.sha256"], name=op.f("fk_exchanges_preview_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchanges")),
    )
    op.create_index(op.f("ix_exchanges_placement_id"), "exchanges", ["placement_id"])
    op.create_index(op.f("ix_exchanges_asset_id"), "exchanges", ["asset_id"])
    op.create_index("ix_exchanges_due_at", "exchanges", ["due_at"])
    op.add_column("placements", sa.Column("exchange_id", sa.String(length=36), nullable=True))
    op.add_column("targets", sa.Column("late_s", sa.BigInteger(), nullable=False, server_default="3600"))
    op.add_column("targets", sa.Column("life_s", sa.BigInteger(), nullable=False, server_default="86400"))
    op.add_column("bindings", sa.Column("stopped", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("targets", "life_s")
    op.drop_column("targets", "late_s")
    op.drop_column("bindings", "stopped")
    op.drop_column("placements", "exchange_id")
    op.drop_table("exchanges")
