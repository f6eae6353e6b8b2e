"""Deliveries that were refused are counted; subscriptions without an end are seen to from time to time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("forged", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("subscriptions", sa.Column("forged_at", sa.BigInteger(), nullable=True))
    # Nobody saw to these so far: they are all due, some at a time.
    op.execute("UPDATE subscriptions SET renew_at = created_at WHERE renew_at IS NULL AND external_ref <> ''")


def downgrade() -> None:
    op.execute("UPDATE subscriptions SET renew_at = NULL WHERE expires_at IS NULL")
    op.drop_column("subscriptions", "forged_at")
    op.drop_column("subscriptions", "forged")
