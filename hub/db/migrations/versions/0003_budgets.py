"""Budgets of calls: what remotes allow, and what all processes spent of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("closed_until", sa.BigInteger(), nullable=False),
        sa.Column("refusals", sa.BigInteger(), nullable=False),
        sa.Column("urgent_until", sa.BigInteger(), nullable=False),
        sa.Column(
            "waiting", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_budgets")),
    )
    op.create_table(
        "spent_calls",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["budgets.key"], name=op.f("fk_spent_calls_key")),
        sa.PrimaryKeyConstraint("key", "rule", "until", "member", name=op.f("pk_spent_calls")),
    )


def downgrade() -> None:
    op.drop_table("spent_calls")
    op.drop_table("budgets")
