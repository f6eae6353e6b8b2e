"""What people call the lists, labels and fields that a binding asks for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ANY = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("bindings", sa.Column("called", ANY, nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("bindings", "called")
