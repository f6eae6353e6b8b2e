"""The bindings service: made once, rehearsed, set live; then cards get their links by themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar, cast

from sqlalchemy import select, update

from connectors.sdk.errors import ConnectorError
from connectors.sdk.manifest import Capability
from hub.access.permissions import Act, require
from hub.catalogue import collections
from hub.clock import MINUTE
from hub.connections.models import Connection, Remote
from hub.connections.problems import to_person
from hub.db.base import new_id
from hub.errors import HubError, Invalid, NotFound, Unavailable
from hub.placements.bindings import usage
from hub.placements.bindings.authors import stop_orphans, take_over
from hub.placements.bindings.cards import EVERY_MS, Reader
from hub.placements.bindings.ending import end, heirs_of, links_of
from hub.placements.bindings.hearing import hear
from hub.placements.bindings.kept import changeable, locked, row_of
from hub.placements.bindings.planning import carry_out, compared
from hub.placements.bindings.rules import Names, Source, Takes, asked_by_ref
from hub.placements.bindings.views import BindingView, Rehearsal, rehearsal, view_of
from hub.placements.models import Binding, CardBoard, Placement

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from connectors.sdk.protocols import Cards
    from connectors.sdk.types import Board
    from hub.access.actors import Actor
    from hub.clock import Clock
    from hub.db.unit import Database
    from hub.placements.bindings.assets import Finder
    from hub.placements.ports import Switchboard

    Wake = Callable[[Session, Placement], None]

T = TypeVar("T")
LONGEST_NAME: Final = 200
LONGEST_VALUE: Final = 500
WITHDRAW: Final = ("remove", "substitute")
ENDS: Final = ("remove", "keep")
MOST_BOARDS: Final = 1000


@dataclass(frozen=True, slots=True)
class BindingWish:
    """A binding as somebody wants it."""

    name: str
    remote_id: str
    board: str
    takes: Takes = field(default_factory=Takes)
    source: Source = field(default_factory=Source)
    names: Names = field(default_factory=Names)
    withdraw_policy: str = "remove"


class Bindings:
    """Bindings, as doors and the worker use them. Each method opens its own units of work."""

    def __init__(  # noqa: PLR0917 - the rooms below, in the order in which they are composed
        self,
        database: Database,
        clock: Clock,
        switchboard: Switchboard,
        wake: Wake,
        finder: Finder | None = None,
        listen: Callable[[str], object] | None = None,
    ) -> None:
        """Wire the room.

        Args:
            database: of the hub.
            clock: of the hub.
            switchboard: the way to remotes.
            wake: brings a copy up to date with the facts and makes it due.
            finder: answers saved searches; without one there are none.
            listen: has a remote send webhooks about a target.
        """
        self._database, self._clock, self._switchboard = database, clock, switchboard
        self._wake, self._finder = wake, finder
        self._reader = Reader(database, clock, switchboard, listen)

    # The worker's drain

    def drain(self, owner: str) -> int:
        """Hear, read what is due, and plan what is due; return how much was done. Safe to be killed at any point."""
        del owner  # what is leased is leased by its time, which no two turns share
        with self._database.unit() as session:
            heard = hear(session, self._clock.now())
        return heard + self._reader.drain() + self._plan_due()

    def _plan_due(self) -> int:
        now = self._clock.now()
        with self._database.read() as session:
            due = select(Binding.remote_id).where(Binding.state == "live", Binding.due_at <= now).distinct()
            remotes = sorted(session.scalars(due))
        for remote_id in remotes:
            self._plan(remote_id)
        return len(remotes)

    def _plan(self, remote_id: str) -> None:
        """Plan one account. Where a saved search cannot be asked, its binding lets nothing go and adds nothing."""
        found, silent = self._searches(remote_id)
        now = self._clock.now()
        with self._database.unit() as session:
            rows = list(locked(session, remote_id))
            stop_orphans(session, rows, at=now)
            live = [row for row in rows if row.state == "live" and row.id not in silent]
            plan, wishes = compared(session, rows, live, found)
            carry_out(session, plan, at=now, wake=self._wake)
            session.flush()
            usage.record(session, wishes, now)
            # Not by way of the rows: when it is planned next is no change that people would have to hear of.
            mine = (Binding.remote_id == remote_id, Binding.state == "live")
            session.execute(update(Binding).where(*mine).values(due_at=now + EVERY_MS))
            if silent:
                session.execute(update(Binding).where(Binding.id.in_(silent)).values(due_at=now + MINUTE))

    def _searches(self, remote_id: str, also: str = "") -> tuple[dict[str, Sequence[str]], set[str]]:
        """Ask the saved searches of an account's bindings, outside any unit; return also which could not be asked."""
        with self._database.read() as session:
            rows = session.scalars(select(Binding).where(Binding.remote_id == remote_id)).all()
            asked = {row.id: Source.of(row.source) for row in rows if row.state == "live" or row.id == also}
        found: dict[str, Sequence[str]] = {}
        silent: set[str] = set()
        for binding_id, source in asked.items():
            if source.kind != "saved":
                continue
            try:
                if self._finder is None:
                    raise _no_search()
                found[binding_id] = self._finder(source.value, source.filters)
            except HubError:
                silent.add(binding_id)
        return found, silent

    # What people ask

    def list(self, actor: Actor) -> list[BindingView]:
        """Return every binding, newest first; ended ones last."""
        require(actor, Act.PLACE)
        with self._database.read() as session:
            rows = session.scalars(select(Binding).order_by(Binding.ended_at.is_not(None), Binding.id.desc()))
            return [view_of(session, row) for row in rows]

    def view(self, actor: Actor, binding_id: str) -> BindingView:
        """Return one binding.

        Raises:
            Forbidden. NotFound: `no_such_binding`.
        """
        require(actor, Act.PLACE)
        with self._database.read() as session:
            return view_of(session, row_of(session, binding_id))

    def accounts(self, actor: Actor) -> list[tuple[str, str]]:
        """Return the accounts whose cards can be read: the id of each, and what it is called."""
        require(actor, Act.PLACE)
        with self._database.read() as session:
            live = select(Connection.remote_id).where(Connection.state.in_(("live", "ailing")))
            rows = session.scalars(select(Remote).where(Remote.id.in_(live)).order_by(Remote.label)).all()
        return [(row.id, f"{self._title(row.connector)}, {row.label}") for row in rows if self._reads(row.connector)]

    def boards(self, actor: Actor, remote_id: str) -> list[Board]:
        """Ask an account for its boards.

        Raises:
            Forbidden. NotFound: `no_such_account`. Unavailable and others, as the account answers.
        """
        require(actor, Act.PLACE)

        def ask(connector: Cards) -> list[Board]:
            found: list[Board] = []
            cursor: str | None = None
            while len(found) < MOST_BOARDS:
                page = connector.boards(cursor)
                found += page.items
                cursor = page.cursor
                if cursor is None:
                    break
            return found

        return self._asked(remote_id, ask)

    def board(self, actor: Actor, remote_id: str, ref: str) -> Board:
        """Ask an account for one board with its lists, labels and fields."""
        require(actor, Act.PLACE)
        return self._asked(remote_id, lambda connector: connector.board(ref))

    def rehearse(self, actor: Actor, binding_id: str) -> Rehearsal:
        """Return what a binding would do now, card by card, as if it were live; nothing is written.

        Raises:
            Forbidden. NotFound: `no_such_binding`. Unavailable: `search_unavailable`.
        """
        remote_id = self.view(actor, binding_id).remote_id
        found, silent = self._searches(remote_id, also=binding_id)
        if binding_id in silent:
            raise _no_search()
        with self._database.read() as session:
            rows = session.scalars(select(Binding).where(Binding.remote_id == remote_id).order_by(Binding.id)).all()
            live = [row for row in rows if row.id == binding_id or (row.state == "live" and row.id not in silent)]
            plan, wishes = compared(session, rows, live, found)
            return rehearsal(session, plan, wishes, binding_id)

    def going(self, actor: Actor, binding_id: str, links: str) -> dict[str, bool]:
        """Return of each link of a binding whether it would go if that ended now; nothing is written.

        Raises: as `end`.
        """
        require(actor, Act.PLACE)
        _refuse_unknown(links)
        remote_id = self.view(actor, binding_id).remote_id
        found, silent = self._searches(remote_id)
        with self._database.read() as session:
            row = changeable(session, binding_id, lock=False)
            rows = session.scalars(select(Binding).where(Binding.remote_id == remote_id).order_by(Binding.id)).all()
            heirs = heirs_of(session, row, rows, found, silent)
            return {copy.id: links == "remove" and copy.id not in heirs for copy in session.scalars(links_of(row.id))}

    # What people do

    def make(self, actor: Actor, wish: BindingWish) -> BindingView:
        """Keep a binding, read its board, and do nothing else: it is rehearsed before it goes live.

        Raises:
            Forbidden. NotFound: `no_such_account`, `no_such_collection`. Invalid: `bad_binding`. Others, as the account
                answers when it is asked for the board.
        """
        require(actor, Act.PLACE)
        self._check(wish)
        board = self.board(actor, wish.remote_id, wish.board)
        now = self._clock.now()
        with self._database.unit() as session:
            if wish.source.kind == "collection":
                collections.find(session, wish.source.value)
            row = Binding(
                id=new_id(), name=wish.name.strip(), remote_id=wish.remote_id, board_ref=board.ref,
                board_label=board.label, takes=_kept(wish.takes), source=_kept(wish.source), names=_kept(wish.names),
                called=_called(board, wish), withdraw_policy=wish.withdraw_policy, state="dry",
                author_id=actor.id, created_at=now, ended_at=None, due_at=now,
            )  # fmt: skip
            session.add(row)
            session.get_one(Remote, wish.remote_id, with_for_update=True)
            if session.get(CardBoard, (wish.remote_id, board.ref)) is None:
                session.add(CardBoard(remote_id=wish.remote_id, ref=board.ref, due_at=now, read_at=None, listen_at=now,
                                      failures=0, problem=""))  # fmt: skip
            session.flush()
            return view_of(session, row)

    def start(self, actor: Actor, binding_id: str) -> BindingView:
        """Let a binding plan links from now on: after its rehearsal, or a pause.

        Where whoever made it may place copies no more, it acts for the one who starts it.

        Raises:
            Forbidden. NotFound: `no_such_binding`. Conflict: `binding_ended`.
        """
        return self._turn(actor, binding_id, "live")

    def pause(self, actor: Actor, binding_id: str) -> BindingView:
        """Plan nothing more until somebody goes on; links that stand stay as true as all copies."""
        return self._turn(actor, binding_id, "paused")

    def end(self, actor: Actor, binding_id: str, links: str) -> BindingView:
        """End a binding for good.

        Args:
            actor: who does it.
            binding_id: which one.
            links: what becomes of its links: `remove`, or `keep`.

        Raises:
            Forbidden. NotFound: `no_such_binding`. Conflict: `binding_ended`. Invalid: `bad_binding`.
        """
        require(actor, Act.PLACE)
        _refuse_unknown(links)
        remote_id = self.view(actor, binding_id).remote_id
        found, silent = self._searches(remote_id)
        with self._database.unit() as session:
            rows = locked(session, remote_id)
            row = changeable(session, binding_id)
            heirs = heirs_of(session, row, rows, found, silent)
            end(session, row, links, heirs, at=self._clock.now(), wake=self._wake)
            return view_of(session, row)

    def _turn(self, actor: Actor, binding_id: str, state: str) -> BindingView:
        require(actor, Act.PLACE)
        with self._database.unit() as session:
            row = changeable(session, binding_id)
            row.state = state
            if state == "live":
                take_over(session, row, actor)
            session.flush()
            now = self._clock.now()
            session.execute(update(Binding).where(Binding.id == row.id).values(due_at=now))
            board = session.get(CardBoard, (row.remote_id, row.board_ref), with_for_update=True)
            if board is not None and state == "live":
                board.due_at = min(board.due_at, now)
            session.refresh(row)
            return view_of(session, row)

    # Inside

    def _check(self, wish: BindingWish) -> None:
        source = wish.source
        if not wish.name.strip() or len(wish.name) > LONGEST_NAME or not wish.name.isprintable():
            raise _bad(f"A binding has a name of 1 to {LONGEST_NAME} characters.", "name")
        if wish.withdraw_policy not in WITHDRAW:
            raise _bad(f"Known policies are: {', '.join(WITHDRAW)}.", "withdraw_policy")
        if source.kind == "any" and not wish.names.anywhere:
            raise _bad("Name a set of assets, or say where cards name the assets that they show.", "source")
        if source.kind in {"collection", "campaign", "project"} and not source.value.strip():
            raise _bad(f"Say which {source.kind}.", "source")
        if source.kind == "saved" and not (source.value.strip() or any(source.filters.values())):
            raise _bad("A saved search needs words or a filter.", "source")
        if max(len(source.value), len(wish.takes.words), len(wish.takes.value)) > LONGEST_VALUE:
            raise _bad(f"Words and values have at most {LONGEST_VALUE} characters.", "value")

    def _asked(self, remote_id: str, ask: Callable[[Cards], T]) -> T:
        with self._database.read() as session:
            remote = session.get(Remote, remote_id)
            label = remote.label if remote else ""
        if remote is None or not self._reads(remote.connector):
            raise NotFound("no_such_account", "There is no such account whose cards can be read.",
                           where=remote_id[:64], next_step="Choose another account.")  # fmt: skip
        try:
            answer = ask(cast("Cards", self._switchboard.speak(remote_id).connector))
        except ConnectorError as error:
            self._switchboard.report(remote_id, error)
            raise to_person(error, where=label) from error
        self._switchboard.report(remote_id, None)
        return answer

    def _reads(self, connector: str) -> bool:
        try:
            return Capability.CARDS in self._switchboard.manifest(connector).abilities
        except NotFound:  # the connector is not installed any more
            return False

    def _title(self, connector: str) -> str:
        return self._switchboard.manifest(connector).title if self._reads(connector) else connector


def _kept(said: Takes | Source | Names) -> dict[str, object]:
    return {name: list(cast("tuple[str, ...]", each)) if isinstance(each, tuple) else each
            for name, each in asdict(said).items()}  # fmt: skip


def _refuse_unknown(links: str) -> None:
    if links not in ENDS:
        raise _bad("Say what becomes of its links: remove, or keep.", "links")


def _bad(what: str, where: str) -> Invalid:
    return Invalid("bad_binding", what, where=where, next_step="Correct it and try again.")


def _no_search() -> HubError:
    return Unavailable(
        "search_unavailable", "The search index cannot be asked now.", next_step="Try again in a moment."
    )


def _called(board: Board, wish: BindingWish) -> dict[str, str]:
    """Return what people call the lists, labels and fields that are asked for."""
    asked = asked_by_ref(wish.takes, wish.names)
    known = (*board.lists, *board.labels, *board.fields)
    return {one.ref: one.label for one in known if one.ref in asked}
