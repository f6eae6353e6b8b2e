"""Webhooks with filters, order, replays and a log of tries; warnings before rights end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
REPLAY = ("replay_after", "replay_until", "replay_from_at", "replay_until_at")


def upgrade() -> None:
    op.add_column("terms", sa.Column("warned_days", sa.BigInteger(), nullable=True))
    for column in (
        sa.Column("description", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("filters", JSON, nullable=False, server_default="{}"),
        sa.Column("ordered", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("took_ms", sa.BigInteger(), nullable=False, server_default="0"),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in REPLAY),
    ):
        op.add_column("endpoints", column)
    for column in (
        sa.Column("seq", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("kind", sa.String(length=64), nullable=False, server_default=sa.text("''")),
        sa.Column("about", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
    ):
        op.add_column("deliveries", column)
    op.create_index("ix_deliveries_due_there", "deliveries", ["endpoint_id", "state", "due_at"])
    op.create_index("ix_deliveries_ended_at", "deliveries", ["ended_at"])
    op.create_index("ix_deliveries_in_order", "deliveries", ["endpoint_id", "state", "about", "seq"])
    _number_deliveries()
    op.create_table(
        "delivery_attempts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("endpoint_id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("took_ms", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["endpoint_id"], ["endpoints.id"], name=op.f("fk_delivery_attempts_endpoint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempts")),
    )
    op.create_index("ix_delivery_attempts_of", "delivery_attempts", ["endpoint_id", "event_id", "id"])
    op.create_index("ix_delivery_attempts_at", "delivery_attempts", ["at"])


def _number_deliveries() -> None:
    """Give the deliveries that there are what their events say; those that ended count as ended when they were due."""
    op.execute(
        "UPDATE deliveries SET"
        " seq = coalesce((SELECT events.seq FROM events WHERE events.id = deliveries.event_id), 0),"
        " kind = coalesce((SELECT events.kind FROM events WHERE events.id = deliveries.event_id), ''),"
        " about = coalesce((SELECT events.subject FROM events WHERE events.id = deliveries.event_id), ''),"
        " ended_at = CASE WHEN state = 'pending' THEN NULL ELSE due_at END"
    )


def downgrade() -> None:
    op.drop_table("delivery_attempts")
    op.drop_index("ix_deliveries_in_order", "deliveries")
    op.drop_index("ix_deliveries_due_there", "deliveries")
    op.drop_index("ix_deliveries_ended_at", "deliveries")
    for name in ("seq", "kind", "about", "ended_at"):
        op.drop_column("deliveries", name)
    for name in ("description", "filters", "ordered", "took_ms", *REPLAY):
        op.drop_column("endpoints", name)
    op.drop_column("terms", "warned_days")
