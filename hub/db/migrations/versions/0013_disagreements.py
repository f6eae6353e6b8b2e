"""Fields that were changed here and there, what may not be purged, and what was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ANY = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "field_conflicts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("placement_id", sa.String(length=36), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("base", ANY, nullable=False),
        sa.Column("ours", ANY, nullable=False),
        sa.Column("kept", ANY, nullable=False),
        sa.Column("theirs", ANY, nullable=False),
        sa.Column("theirs_there", ANY, nullable=False),
        sa.Column("ours_by", sa.Text(), nullable=False),
        sa.Column("ours_author", sa.String(length=64), nullable=False),
        sa.Column("ours_at", sa.BigInteger(), nullable=True),
        sa.Column("noticed_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.String(length=64), nullable=False),
        sa.Column("value", ANY, nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["placement_id"], ["placements.id"], name=op.f("fk_field_conflicts_placement_id")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_field_conflicts_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_conflicts")),
    )
    op.create_index(op.f("ix_field_conflicts_placement_id"), "field_conflicts", ["placement_id"])
    op.create_index(op.f("ix_field_conflicts_decided_at"), "field_conflicts", ["decided_at"])
    op.add_column("field_bases", sa.Column("taken", sa.Text(), nullable=True))
    op.add_column("field_bases", sa.Column("taken_at", sa.BigInteger(), nullable=True))
    op.add_column("field_bases", sa.Column("turns", sa.BigInteger(), nullable=False, server_default="0"))
    op.drop_column("field_bases", "conflict_at")
    op.create_table(
        "preservations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.Column("lifted_by", sa.String(length=36), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_preservations_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preservations")),
    )
    op.create_index(op.f("ix_preservations_asset_id"), "preservations", ["asset_id"])
    op.add_column("assets", sa.Column("purged_at", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_assets_purge_after"), "assets", ["purge_after"])


def downgrade() -> None:
    op.drop_index(op.f("ix_assets_purge_after"), "assets")
    op.drop_column("assets", "purged_at")
    op.drop_table("preservations")
    op.add_column("field_bases", sa.Column("conflict_at", sa.BigInteger(), nullable=True))
    op.drop_column("field_bases", "turns")
    op.drop_column("field_bases", "taken_at")
    op.drop_column("field_bases", "taken")
    op.drop_table("field_conflicts")
