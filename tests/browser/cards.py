"""Cards that are linked by themselves, what is counted of a post, and what was handed out by link."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import select

from hub.access.actors import Role
from hub.clock import DAY, HOUR, MINUTE
from hub.connections.models import Target
from hub.placements.bindings.rules import Names, Source, Takes
from hub.placements.models import Binding, Card, CardBoard, NumberOfDay, NumberRound, Part, Placement

BINDING = "binding-launch"
BOARD = "board-launch"
COUNTED = {"impressionCount": 2300, "clickCount": 41, "likeCount": 18, "uniqueImpressionsCount": 1740}


def arrange(hub, found, places):
    """Add a binding with three cards, numbers of the post, and two share links; return the addresses of card links."""
    with hub.database.unit() as session:
        _bind(session, hub, found, places)
        _count(session, hub, places[-1])
        links = {row.target_id: row.marker for row in session.scalars(select(Placement))
                 if row.asset_id == found["lake"].id}  # fmt: skip
        for row in session.scalars(select(Placement).where(Placement.target_id == places[3].id)):
            session.add(Part(placement_id=row.id, kind="link", external_ref="a", state="showing", looked_at=1))
    editor, delivery = hub.people[Role.EDITOR], hub.services.delivery
    delivery.make_link(editor, found["lake"].id, days=30)
    ended = delivery.make_link(editor, found["lake"].id, "original", days=7)
    delivery.revoke_link(editor, ended.id)
    shown, taken_back = (delivery.address_of(links[places[at].id]) for at in (3, 6))
    return tuple(address.partition("/p/")[2] for address in (shown, taken_back))


def _bind(session, hub, found, places):
    now, remote_id = hub.clock.now(), session.get_one(Target, places[3].id).remote_id
    session.add(
        Binding(
            id=BINDING, name="Posters of the winter launch", remote_id=remote_id, board_ref=BOARD,
            board_label="Winter launch, everything for the shops", takes=asdict(Takes(words="launch")),
            source=asdict(Source("any")), names=asdict(Names(title=True, text=True)), withdraw_policy="remove",
            state="dry", author_id=hub.people[Role.EDITOR].id, created_at=now, ended_at=None, due_at=now + HOUR,
        )
    )  # fmt: skip
    session.add(
        CardBoard(remote_id=remote_id, ref=BOARD, due_at=now + HOUR, read_at=now - 3 * MINUTE, listen_at=None,
                  failures=0)
    )  # fmt: skip
    lake, sea = found["lake"].code, found["sea"].code
    for number, (title, text, place) in enumerate(
        (
            (f"Launch: landing page with {lake}", f"And {sea} below it.", places[3]),
            (f"Launch: newsletter, {found['bowl'].code}", "", places[4]),
            ("Launch: window, Hamburg, with a title that goes on for longer than a phone is wide", "DAM-99999",
             places[5]),
        )
    ):  # fmt: skip
        session.add(
            Card(remote_id=remote_id, ref=f"card-{number}", target_id=place.id, title=title, text=text,
                 url=f"https://trello.example/c/{number}", lies={BOARD: "list"}, labels=[], fields={}, done=number == 2,
                 read_at=now, due_at=None, gone_at=None)
        )  # fmt: skip


def _count(session, hub, place):
    now = hub.clock.now()
    today = now - now % DAY
    row = session.scalars(select(Placement).where(Placement.target_id == place.id)).one()
    session.add(NumberRound(placement_id=row.id, due_at=now + HOUR, told_at=now - 2 * HOUR, failures=0))
    for name, most in COUNTED.items():
        for ago in range(12):
            value = most * (12 - ago) ** 2 // 144
            session.add(NumberOfDay(placement_id=row.id, name=name, day=today - ago * DAY, value=value, told_at=now))
