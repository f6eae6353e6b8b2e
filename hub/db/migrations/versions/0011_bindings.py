"""Bindings: standing wishes that cards show assets, and the cards as they were read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ANY = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "bindings",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.String(length=36), nullable=False),
        sa.Column("board_ref", sa.Text(), nullable=False),
        sa.Column("board_label", sa.Text(), nullable=False),
        sa.Column("takes", ANY, nullable=False),
        sa.Column("source", ANY, nullable=False),
        sa.Column("names", ANY, nullable=False),
        sa.Column("withdraw_policy", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["remote_id"], ["remotes.id"], name=op.f("fk_bindings_remote_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bindings")),
    )
    op.create_index(op.f("ix_bindings_remote_id"), "bindings", ["remote_id"])
    op.create_index(op.f("ix_bindings_due_at"), "bindings", ["due_at"])
    op.create_table(
        "card_boards",
        sa.Column("remote_id", sa.String(length=36), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("listen_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["remote_id"], ["remotes.id"], name=op.f("fk_card_boards_remote_id")),
        sa.PrimaryKeyConstraint("remote_id", "ref", name=op.f("pk_card_boards")),
    )
    op.create_index(op.f("ix_card_boards_due_at"), "card_boards", ["due_at"])
    op.create_table(
        "cards",
        sa.Column("remote_id", sa.String(length=36), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("target_id", sa.String(length=36), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("lies", ANY, nullable=False),
        sa.Column("labels", ANY, nullable=False),
        sa.Column("fields", ANY, nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["remote_id"], ["remotes.id"], name=op.f("fk_cards_remote_id")),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name=op.f("fk_cards_target_id")),
        sa.PrimaryKeyConstraint("remote_id", "ref", name=op.f("pk_cards")),
    )
    op.create_index(op.f("ix_cards_target_id"), "cards", ["target_id"])
    op.create_index(op.f("ix_cards_due_at"), "cards", ["due_at"])
    op.add_column("placements", sa.Column("binding_id", sa.String(length=36), nullable=True))
    op.add_column("placements", sa.Column("released", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(op.f("ix_placements_binding_id"), "placements", ["binding_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_placements_binding_id"), "placements")
    op.drop_column("placements", "released")
    op.drop_column("placements", "binding_id")
    for table in ("cards", "card_boards", "bindings"):
        op.drop_table(table)
