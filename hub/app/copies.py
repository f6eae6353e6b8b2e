"""What a copy of the hub gives up when it becomes a hub of its own."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from hub.clock import Clock
from hub.connections.models import Connection
from hub.db import installation
from hub.db.models import Installation
from hub.db.unit import Database
from hub.notify import endpoints
from hub.placements.models import Placement
from hub.placements.phase import Phase
from hub.placements.reports.keys import forget_private_parts
from hub.settings import Settings

BELONGS_TO_ORIGINAL = "belongs_to_original"


def declare_copy(database: Database, settings: Settings, clock: Clock) -> Installation:
    """Make the copy a hub of its own: the copies outside and the connections stay the original's.

    Its placements are settled, so that it never touches what the original made; its connections are off, so that it
    never uses up a token that the original needs; its webhook endpoints are off, because those who listen there hear
    of the original. What signed the original's reports is forgotten: it makes a key of its own. The catalogue is whole.
    """

    def cut_loose(session: Session) -> None:
        session.execute(
            update(Placement)
            .where(Placement.settled_at.is_(None))
            .values(
                settled_at=clock.now(),
                settled_reason=BELONGS_TO_ORIGINAL,
                phase=Phase.SETTLED.value,
                revision=Placement.revision + 1,
            )
        )
        session.execute(
            update(Connection).values(
                state="off",
                problem_code=BELONGS_TO_ORIGINAL,
                problem="This hub is a copy: the connection belongs to the original. Connect anew to use it here.",
                revision=Connection.revision + 1,
            )
        )
        endpoints.cut_loose(session, at=clock.now())
        forget_private_parts(session)

    return installation.declare_copy(database, settings, cut_loose=cut_loose)
