"""Fingerprints of versions, by which pictures that look alike are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("traits", sa.Column("phash", sa.String(length=16), nullable=True))


def downgrade() -> None:
    op.drop_column("traits", "phash")
