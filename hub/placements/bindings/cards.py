"""Reads boards and cards. What was read is kept; who asked for it is planned anew. No unit is open during a call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

import structlog
from sqlalchemy import or_, select, update

from connectors.sdk import types
from connectors.sdk.errors import BadAnswer, ConnectorError, Missing, keepable
from hub.clock import HOUR, MINUTE, Clock
from hub.connections import targets
from hub.connections.models import Connection, Remote
from hub.connections.models import Target as TargetRow
from hub.errors import HubError
from hub.placements.models import Binding, Card, CardBoard
from hub.placements.reconcile import DEFECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from connectors.sdk.protocols import Cards
    from hub.db.unit import Database
    from hub.placements.ports import Switchboard

log = structlog.get_logger(__name__)

EVERY_MS: Final = 10 * MINUTE
"""How often all cards of a board are read, whatever was heard: what was missed comes so late at most."""
LEASE_MS: Final = 5 * MINUTE
LONGEST_MS: Final = HOUR
MOST_PAGES: Final = 500
AT_ONCE: Final = 20
"""How many cards that were heard of are read in one turn."""
LONGEST_TEXT: Final = 20_000
USED: Final = ("dry", "live", "paused")


@dataclass(frozen=True, slots=True)
class Turn:
    """A board that this process reads now."""

    remote_id: str
    ref: str
    until: int


class Reader:
    """Reads them. Safe to be killed at any point: what was not read yet stays due."""

    def __init__(
        self, database: Database, clock: Clock, switchboard: Switchboard, listen: Callable[[str], object] | None
    ) -> None:
        self._database, self._clock, self._switchboard, self._listen = database, clock, switchboard, listen

    def drain(self) -> int:
        """Read the cards that were heard of, and one board that is due; return how many of both."""
        return self._read_heard() + self._read_due()

    def read_board(self, remote_id: str, ref: str) -> None:
        """Read all cards of a board now.

        Raises:
            ConnectorError: it could not be read; the cards that were read are kept.
        """
        connector = self._cards(remote_id)
        began, cursor, seen = self._clock.now(), None, set[str | None]()
        while cursor not in seen and len(seen) < MOST_PAGES:
            seen.add(cursor)
            page = connector.cards(ref, cursor)
            self._keep(remote_id, page.items)
            cursor = page.cursor
            if cursor is None:
                self._read_alone(remote_id, ref, began)
                return
        raise BadAnswer("The list of cards does not end.")

    # What was heard

    def _read_heard(self) -> int:
        now = self._clock.now()
        with self._database.unit() as session:
            query = select(Card).where(Card.due_at <= now, Card.remote_id.in_(_reachable(now)))
            order = query.order_by(Card.due_at, Card.ref).limit(AT_ONCE)
            rows = session.scalars(order.with_for_update(skip_locked=True)).all()
            due = [(row.remote_id, row.ref) for row in rows]
            for row in rows:
                row.due_at = now + LEASE_MS
        for remote_id, ref in due:
            self._read_one(remote_id, ref)
        return len(due)

    def _read_one(self, remote_id: str, ref: str) -> None:
        try:
            card = self._cards(remote_id).card(ref)
            self._keep(remote_id, [card])
        except Missing:
            self._gone(remote_id, ref)
        except ConnectorError as failure:
            self._switchboard.report(remote_id, failure)
        except DEFECTS as failure:
            log.warning("connector_failed", op="card", error=repr(failure))
        else:
            self._switchboard.report(remote_id, None)

    def _gone(self, remote_id: str, ref: str) -> None:
        with self._database.unit() as session:
            row = session.get(Card, (remote_id, ref), with_for_update=True)
            if row is None:
                return
            if row.read_at is None:  # it never was a card that anybody asked for
                session.delete(row)
                return
            row.due_at, row.gone_at = None, self._clock.now()
            plan_soon(session, remote_id, self._clock.now())

    # Whole boards

    def _read_due(self) -> int:
        turn = self._take()
        if turn is None:
            return 0
        problem = ""
        try:
            self.read_board(turn.remote_id, turn.ref)
        except ConnectorError as failure:
            self._switchboard.report(turn.remote_id, failure)
            problem = failure.message
        except DEFECTS as failure:
            log.warning("connector_failed", op="cards", error=repr(failure))
            problem = "The connector failed while it read the cards."
        else:
            self._switchboard.report(turn.remote_id, None)
        self._done(turn, problem)
        self._ask_to_tell(turn)
        return 1

    def _take(self) -> Turn | None:
        now = self._clock.now()
        with self._database.unit() as session:
            wanted = select(Binding.id).where(
                Binding.remote_id == CardBoard.remote_id, Binding.board_ref == CardBoard.ref, Binding.state.in_(USED)
            )
            due = (CardBoard.due_at <= now, CardBoard.remote_id.in_(_reachable(now)), wanted.exists())
            query = select(CardBoard).where(*due).order_by(CardBoard.due_at).limit(1)
            row = session.scalars(query.with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            row.due_at = now + LEASE_MS
            return Turn(row.remote_id, row.ref, row.due_at)

    def _done(self, turn: Turn, problem: str) -> None:
        with self._database.unit() as session:
            row = session.get(CardBoard, (turn.remote_id, turn.ref), with_for_update=True)
            if row is None or row.due_at != turn.until:  # somebody else reads it, or it was heard of meanwhile
                return
            now = self._clock.now()
            row.failures = row.failures + 1 if problem else 0
            row.problem = problem
            row.read_at = row.read_at if problem else now
            row.due_at = now + (min(MINUTE * 2 ** min(row.failures, 6), LONGEST_MS) if problem else EVERY_MS)

    def _read_alone(self, remote_id: str, board: str, began: int) -> None:
        """Have the cards read alone that lay on the board and were not listed: put away, moved, or gone."""
        with self._database.unit() as session:
            left = select(Card).where(Card.remote_id == remote_id, Card.gone_at.is_(None), Card.read_at < began)
            for row in session.scalars(left.with_for_update()):
                if board in row.lies and not row.done:
                    row.due_at = self._clock.now()

    def _ask_to_tell(self, turn: Turn) -> None:
        """Have the remote send webhooks about a board; where it cannot now, it is asked again in an hour."""
        now = self._clock.now()
        with self._database.unit() as session:
            row = session.get(CardBoard, (turn.remote_id, turn.ref), with_for_update=True)
            if self._listen is None or row is None or row.listen_at is None or row.listen_at > now:
                return
            row.listen_at = now + HOUR
            label = session.scalar(
                select(Binding.board_label).where(Binding.remote_id == turn.remote_id, Binding.board_ref == turn.ref)
            )
            remote = session.get_one(Remote, turn.remote_id)
            targets.store(session, remote, [types.Target(types.BOARD, turn.ref, label or turn.ref)])
            session.flush()
            target_id = _target_id(session, turn.remote_id, types.BOARD, turn.ref)
        try:
            self._listen(target_id)
        except HubError as failure:  # it sends none, or a secret is not known: the board is read all the same
            log.info("board_not_listened_to", code=failure.code)
            return
        with self._database.unit() as session:
            row = session.get(CardBoard, (turn.remote_id, turn.ref), with_for_update=True)
            if row is not None:
                row.listen_at = None

    # Keeping

    def _cards(self, remote_id: str) -> Cards:
        return cast("Cards", self._switchboard.speak(remote_id).connector)

    def _keep(self, remote_id: str, cards: Sequence[types.Card]) -> None:
        now, changed, cards = self._clock.now(), False, _sensible(cards)
        with self._database.unit() as session:
            remote = session.get_one(Remote, remote_id, with_for_update=True)
            targets.store(session, remote, [card.target for card in cards])
            session.flush()
            for card in cards:
                changed |= self._keep_one(session, remote_id, card, now)
            if changed:
                plan_soon(session, remote_id, now)

    @staticmethod
    def _keep_one(session: Session, remote_id: str, card: types.Card, now: int) -> bool:
        """Keep a card as it is now; return whether that is news."""
        row = session.get(Card, (remote_id, card.target.ref), with_for_update=True)
        if row is None:
            row = Card(remote_id=remote_id, ref=card.target.ref, lies={}, labels=[], fields={}, done=False)
            session.add(row)
        before = (row.target_id, row.title, row.text, row.lies, row.labels, row.fields, row.done, row.gone_at)
        row.target_id = _target_id(session, remote_id, card.target.kind, card.target.ref)
        row.title, row.text = targets.printable(card.title), keepable(card.text[:LONGEST_TEXT])
        row.url = keepable(card.target.url or "")
        row.lies, row.labels, row.fields = dict(card.lies), list(card.labels), dict(card.fields)
        row.done, row.read_at, row.due_at, row.gone_at = card.done, now, None, None
        return before != (row.target_id, row.title, row.text, row.lies, row.labels, row.fields, row.done, None)


def _sensible(cards: Sequence[types.Card]) -> list[types.Card]:
    """Return the cards whose names can be kept, with labels that can be shown; one of the others ends no listing."""
    found: list[types.Card] = []
    for card in cards:
        try:
            found.append(replace(card, target=targets.checked(card.target)))
        except BadAnswer:
            log.warning("card_passed_over", ref=repr(card.target.ref)[:100])
    return found


def plan_soon(session: Session, remote_id: str, now: int) -> None:
    """Make the bindings of an account due: they are planned together."""
    session.execute(update(Binding).where(Binding.remote_id == remote_id, Binding.due_at > now).values(due_at=now))


def _target_id(session: Session, remote_id: str, kind: str, ref: str) -> str:
    mine = (TargetRow.remote_id == remote_id, TargetRow.kind == kind, TargetRow.external_ref == ref)
    return session.scalars(select(TargetRow.id).where(*mine)).one()


def _reachable(now: int) -> Select[str]:
    good = (
        Connection.state.in_(("live", "ailing")),
        or_(Connection.not_before <= now, Connection.not_before.is_(None)),
    )
    return select(Connection.remote_id).where(*good)
