"""The example bodies of docs/events.md have the shape of what the rooms really emit."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

from sqlalchemy import select

from connectors.sdk.types import Level
from hub.access.actors import SYSTEM
from hub.catalogue.assets import add_version, create_asset, get_asset
from hub.clock import DAY
from hub.connections.models import Remote, Target
from hub.events.models import Event
from hub.notify.messages import KINDS, message_of
from hub.placements.evidence import add_evidence
from hub.placements.findings import Claim
from hub.placements.rows import new_row
from hub.review.service import Review
from hub.rights.service import Rights
from hub.storage.models import Blob

PAGE = Path(__file__).parents[3] / "docs" / "events.md"


def test_the_documented_bodies_are_those_that_go_out(database, clock):
    asset_id = _approve_two_versions(database, clock)
    rights = Rights(database, clock, "allow")
    rights.add_term(SYSTEM, asset_id, source="licence", effect="allow", until_at=clock.now() + DAY)
    clock.advance(2 * DAY)
    rights.drain("w")
    _prove(database, clock, asset_id)

    with database.read() as session:
        events = list(session.scalars(select(Event).where(Event.kind.in_(KINDS)).order_by(Event.seq)))
    sent = {event.kind: json.loads(message_of(event)) for event in events}
    shown = {
        body["type"]: body for body in map(json.loads, re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL))
    }
    assert set(sent) == set(shown) == KINDS
    for kind, body in sent.items():
        assert _shape(body) == _shape(shown[kind]), kind
    assert sent["rights.ended"]["data"]["source"] == shown["rights.ended"]["data"]["source"]
    assert sent["placement.withdrawn"]["data"]["claim"] == shown["placement.withdrawn"]["data"]["claim"]


def _approve_two_versions(database, clock):
    review = Review(database, clock)
    with database.unit() as session:
        asset = create_asset(session, kind="image", owner_id="u", at=1)
    for letter in "ab":
        with database.unit() as session:
            session.add(Blob(sha256=letter * 64, size=1, sniffed_type="image/png", state="kept", created_at=1))
            session.flush()
            version = add_version(
                session, get_asset(session, asset.id), sha256=letter * 64, size=1, media_type="image/png",
                filename="a.png", by="u", at=1,
            )  # fmt: skip
        review.approve(SYSTEM, version.id, sha256=letter * 64)
    return asset.id


def _prove(database, clock, asset_id):
    with database.unit() as session:
        session.add(Remote(id="r", connector="x", account_key="k", label="", created_at=1))
        session.flush()
        session.add(Target(id="t", remote_id="r", kind="k", external_ref="1", label="", channel="x", territory="*"))
        session.flush()
        row = new_row(
            session, asset_id=asset_id, target_id="t", slot="", withdraw_policy="remove", version_policy="follow",
            pinned_version_id=None, by="u", at=clock.now(),
        )  # fmt: skip
        row.desired_version_id = get_asset(session, asset_id).current_version_id
        account = SimpleNamespace(row=row)
        add_evidence(session, account, Claim.IN_PLACE, Level.SEEN, looks=[], at=clock.now())
        session.flush()
        add_evidence(session, account, Claim.WITHDRAWN, Level.SEEN, looks=[], at=clock.now())


def _shape(value):
    """Return a value with its leaves replaced by their kinds."""
    if isinstance(value, dict):
        return {name: _shape(each) for name, each in value.items()}
    return type(value).__name__
