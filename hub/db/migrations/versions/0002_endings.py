"""What ends: subscriptions that are renewed, sign-ins, warnings that were given; accounts that are being left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connections", sa.Column("signed_in_at", sa.BigInteger(), nullable=True))
    op.add_column("connections", sa.Column("leaving_at", sa.BigInteger(), nullable=True))
    op.add_column("connections", sa.Column("leaving_by", sa.String(length=36), nullable=True))
    op.add_column("subscriptions", sa.Column("renew_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "warned",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("what", sa.String(length=300), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], name=op.f("fk_warned_connection_id")),
        sa.PrimaryKeyConstraint("connection_id", "what", "ends_at", "days", name=op.f("pk_warned")),
    )


def downgrade() -> None:
    op.drop_table("warned")
    op.drop_column("subscriptions", "renew_at")
    op.drop_column("connections", "leaving_by")
    op.drop_column("connections", "leaving_at")
    op.drop_column("connections", "signed_in_at")
