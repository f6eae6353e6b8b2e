"""The language of the texts in a place. Values in other languages have had their column from the beginning."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("targets", sa.Column("language", sa.String(length=35), nullable=True))


def downgrade() -> None:
    op.drop_column("targets", "language")
