"""Field mappings of single accounts, by version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mapping_versions",
        sa.Column("remote_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["remote_id"], ["remotes.id"], name=op.f("fk_mapping_versions_remote_id")),
        sa.PrimaryKeyConstraint("remote_id", "number", name=op.f("pk_mapping_versions")),
    )


def downgrade() -> None:
    op.drop_table("mapping_versions")
