"""Copies that wait for a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("placements", sa.Column("publish_at", sa.BigInteger(), nullable=True))
    op.add_column("placements", sa.Column("queued_for", sa.BigInteger(), nullable=True))
    op.add_column("placements", sa.Column("out_at", sa.BigInteger(), nullable=True))
    op.add_column("placements", sa.Column("parked_there", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    for column in ("parked_there", "out_at", "queued_for", "publish_at"):
        op.drop_column("placements", column)
