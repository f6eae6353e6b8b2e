"""Boards that cards lie on have a kind of their own, which no connector gives to a place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TARGETS = sa.table("targets", sa.column("kind"), sa.column("remote_id"))
REMOTES = sa.table("remotes", sa.column("id"), sa.column("connector"))
OF_CARDS = TARGETS.c.remote_id.in_(sa.select(REMOTES.c.id).where(REMOTES.c.connector.in_(("asana", "trello"))))


def upgrade() -> None:
    op.execute(sa.update(TARGETS).where(TARGETS.c.kind == "board", OF_CARDS).values(kind="card_board"))


def downgrade() -> None:
    op.execute(sa.update(TARGETS).where(TARGETS.c.kind == "card_board", OF_CARDS).values(kind="board"))
