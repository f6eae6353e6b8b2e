"""What stands at remotes: listings, what was found there, and fingerprints by which pictures are found alike."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("traits", sa.Column("phash", sa.String(length=16), nullable=True))
    op.add_column("remotes", sa.Column("recollecting_since", sa.BigInteger(), nullable=True))
    op.create_table(
        "stock_takings",
        sa.Column("remote_id", sa.String(length=36), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("listed", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["remote_id"], ["remotes.id"], name=op.f("fk_stock_takings_remote_id")),
        sa.PrimaryKeyConstraint("remote_id", name=op.f("pk_stock_takings")),
    )
    op.create_index("ix_stock_takings_state_due_at", "stock_takings", ["state", "due_at"])
    op.create_table(
        "found_items",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("remote_id", sa.String(length=36), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("copy_ref", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("external_rev", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("marker", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_round", sa.BigInteger(), nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.Column("whose", sa.String(length=64), nullable=False),
        sa.Column("how", sa.String(length=64), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=True),
        sa.Column("version_id", sa.String(length=36), nullable=True),
        sa.Column("placement_id", sa.String(length=36), nullable=True),
        sa.Column("match_due_at", sa.BigInteger(), nullable=True),
        sa.Column("match_failures", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("act_state", sa.String(length=64), nullable=False),
        sa.Column("act_asset_id", sa.String(length=36), nullable=True),
        sa.Column("act_by", sa.String(length=36), nullable=True),
        sa.Column("act_due_at", sa.BigInteger(), nullable=True),
        sa.Column("act_failures", sa.BigInteger(), nullable=False),
        sa.Column("problem_code", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_found_items_asset_id")),
        sa.ForeignKeyConstraint(["placement_id"], ["placements.id"], name=op.f("fk_found_items_placement_id")),
        sa.ForeignKeyConstraint(["remote_id"], ["remotes.id"], name=op.f("fk_found_items_remote_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_found_items")),
        sa.UniqueConstraint("remote_id", "external_id", name=op.f("uq_found_items_remote_id_external_id")),
    )
    op.create_index(op.f("ix_found_items_asset_id"), "found_items", ["asset_id"])
    op.create_index(op.f("ix_found_items_placement_id"), "found_items", ["placement_id"])
    op.create_index("ix_found_items_match_due_at", "found_items", ["match_due_at"])
    op.create_index("ix_found_items_act_state_act_due_at", "found_items", ["act_state", "act_due_at"])
    op.create_index("ix_found_items_remote_id_whose", "found_items", ["remote_id", "whose"])


def downgrade() -> None:
    op.drop_table("found_items")
    op.drop_table("stock_takings")
    op.drop_column("remotes", "recollecting_since")
    op.drop_column("traits", "phash")
