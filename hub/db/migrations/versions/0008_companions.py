"""Copies that show several assets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "companions",
        sa.Column("placement_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_companions_asset_id")),
        sa.ForeignKeyConstraint(["placement_id"], ["placements.id"], name=op.f("fk_companions_placement_id")),
        sa.PrimaryKeyConstraint("placement_id", "position", name=op.f("pk_companions")),
    )
    op.create_index(op.f("ix_companions_asset_id"), "companions", ["asset_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_companions_asset_id"), "companions")
    op.drop_table("companions")
