"""What is due at one place, and what is urgent, without looking through everything else that is due."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    unsettled = sa.text("settled_at IS NULL")
    op.create_index(
        "ix_placements_due_there",
        "placements",
        ["target_id", "due_at"],
        sqlite_where=unsettled,
        postgresql_where=unsettled,
    )
    op.create_index(
        "ix_placements_due_urgent",
        "placements",
        ["due_at"],
        sqlite_where=sa.text("urgent IS 1 AND settled_at IS NULL"),
        postgresql_where=sa.text("urgent IS true AND settled_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_placements_due_urgent", "placements")
    op.drop_index("ix_placements_due_there", "placements")
