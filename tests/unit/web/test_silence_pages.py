"""What people read of an account that does not answer: one sentence, in the drift list and in a notice."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from connectors.sdk.errors import Unreachable
from hub.access.actors import Role
from hub.clock import DAY
from hub.connections import health
from hub.connections.models import Connection
from hub.placements.models import Placement
from hub.placements.silence import Silence
from hub.web.ui.words import moment
from tests.web_hub import picture


@pytest.fixture
def silent_since(hub):
    """Since when an account says nothing; one copy stands there."""
    editor = hub.people[Role.EDITOR]
    asset, target = hub.approved(picture(1, (300, 200)), title="Lake"), hub.target("postiz", "Our page", "Our Postiz")
    hub.services.placements.place(editor, asset.id, target.id)
    since = hub.clock.now()
    with hub.database.unit() as session:
        session.execute(update(Placement).values(observed_at=since, phase="live"))
        connection = session.scalars(select(Connection)).one()
        connection.owner_id, connection.last_ok_at = editor.id, since
        away = Unreachable("Postiz does not answer.")
        hub.clock.advance(DAY + 1)
        health.note(session, connection, away, hub.clock.now(), actor="system")
    return since


def said(page):
    return " ".join(re.sub(r"<[^>]+>", "", page).split())


def test_the_drift_list_says_since_when_the_hub_cannot_vouch_and_why(hub, silent_since):
    page = said(hub.client(Role.EDITOR).get("/drift").text)
    assert "The hub cannot vouch for 1 copy in Postiz, Our Postiz, since" in page
    assert "it does not answer. What was proven before stays on record." in page


def test_the_drift_list_leads_whoever_may_to_the_connection(hub, silent_since):
    with hub.database.read() as session:
        there = f'href="/connections/{session.scalars(select(Connection)).one().id}"'
    assert there in hub.client(Role.ADMINISTRATOR).get("/drift").text
    assert there not in hub.client(Role.EDITOR).get("/drift").text


def test_the_owner_reads_it_in_a_notice_and_reads_when_it_answers_again(hub, silent_since):
    drain = Silence(hub.database, hub.clock, "https://hub.example").drain
    assert (drain("worker"), drain("worker")) == (1, 0)
    editor = hub.client(Role.EDITOR)
    page = editor.get("/notices").text
    assert "Postiz, Our Postiz, does not answer" in page
    assert f"Postiz does not answer. The hub cannot vouch for 1 copy there since {moment(silent_since)}." in said(page)
    with hub.database.unit() as session:
        connection = session.scalars(select(Connection)).one()
        health.note(session, connection, None, hub.clock.now(), actor="system")
    assert f'href="/connections/{connection.id}"' in page
    assert (drain("worker"), drain("worker")) == (1, 0)
    assert "Postiz, Our Postiz, answers again" in editor.get("/notices").text
    assert "cannot vouch" not in editor.get("/drift").text
