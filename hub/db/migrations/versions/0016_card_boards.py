"""Boards that cards lie on have a kind of their own, which no connector gives to a place."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

OF_CARDS = "kind = '{}' AND remote_id IN (SELECT id FROM remotes WHERE connector IN ('asana', 'trello'))"


def upgrade() -> None:
    op.execute("UPDATE targets SET kind = 'card_board' WHERE " + OF_CARDS.format("board"))


def downgrade() -> None:
    op.execute("UPDATE targets SET kind = 'board' WHERE " + OF_CARDS.format("card_board"))
