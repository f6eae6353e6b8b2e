"""What remotes count of copies, by day, and when they are asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "number_rounds",
        sa.Column("placement_id", sa.String(length=36), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("asking", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["placement_id"], ["placements.id"], name=op.f("fk_number_rounds_placement_id")),
        sa.PrimaryKeyConstraint("placement_id", name=op.f("pk_number_rounds")),
    )
    op.create_index(op.f("ix_number_rounds_due_at"), "number_rounds", ["due_at"])
    op.create_table(
        "numbers",
        sa.Column("placement_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["placement_id"], ["placements.id"], name=op.f("fk_numbers_placement_id")),
        sa.PrimaryKeyConstraint("placement_id", "name", "day", name=op.f("pk_numbers")),
    )


def downgrade() -> None:
    op.drop_table("numbers")
    op.drop_index(op.f("ix_number_rounds_due_at"), "number_rounds")
    op.drop_table("number_rounds")
