"""Copies that wait for a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("placements", sa.Column("publish_at", sa.BigInteger(), nullable=True))
    op.add_column("placements", sa.Column("queued_for", sa.BigInteger(), nullable=True))
    op.add_column("placements", sa.Column("out_at", sa.BigInteger(), nullable=True))
    op.add_column("placements", sa.Column("parked_there", sa.Boolean(), nullable=False, server_default=sa.false()))
    waits = sa.text("publish_at IS NOT NULL AND out_at IS NULL AND settled_at IS NULL")
    op.create_index("ix_placements_waiting", "placements", ["publish_at"], sqlite_where=waits, postgresql_where=waits)


def downgrade() -> None:
    op.drop_index("ix_placements_waiting", table_name="placements")
    for column in ("parked_there", "out_at", "queued_for", "publish_at"):
        op.drop_column("placements", column)
