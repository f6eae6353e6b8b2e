"""Where reading the change feeds of remotes goes on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feeds",
        sa.Column("remote_id", sa.String(length=36), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("reads", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["remote_id"], ["remotes.id"], name=op.f("fk_feeds_remote_id")),
        sa.PrimaryKeyConstraint("remote_id", name=op.f("pk_feeds")),
    )
    op.create_index("ix_feeds_due_at", "feeds", ["due_at"])


def downgrade() -> None:
    op.drop_index("ix_feeds_due_at", "feeds")
    op.drop_table("feeds")
