"""What a copy of the hub gives up when it is declared to be one."""

from __future__ import annotations

from sqlalchemy import select

from hub.app.copies import BELONGS_TO_ORIGINAL, declare_copy
from hub.connections.models import Connection, Remote
from hub.db.installation import wake
from hub.notify.models import Delivery, Endpoint
from hub.settings import Settings


def test_a_declared_copy_sends_nothing_to_those_who_listen_to_the_original(database, clock, tmp_path):
    settings = Settings(home=tmp_path / "home")
    wake(database, settings, clock)
    with database.unit() as session:
        session.add(Remote(id="r", connector="trello", account_key="k", label="", created_at=1))
        session.add(
            Endpoint(
                id="e", url="https://a.example", sealed_secrets="", kinds=["rights.ended"], state="live", created_at=1,
                created_by="u",
            )
        )  # fmt: skip
        session.flush()
        session.add(Delivery(endpoint_id="e", event_id="v", body="{}", due_at=1, attempt=0, state="pending"))
        session.add(
            Connection(
                id="c", remote_id="r", owner_id="u", state="live", auth="key", settings={}, granted_scopes=[],
                created_at=1,
            )
        )  # fmt: skip
    copy = declare_copy(database, settings, clock)
    with database.read() as session:
        connection, endpoint, delivery = (
            session.scalars(select(table)).one() for table in (Connection, Endpoint, Delivery)
        )
    assert copy.epoch == 2
    assert (connection.state, connection.problem_code) == ("off", BELONGS_TO_ORIGINAL)
    assert (endpoint.state, endpoint.off_reason) == ("off", "copied_hub")
    assert delivery.state == "given_up"
