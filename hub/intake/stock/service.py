"""What stands at a remote, as doors and the worker use it: take stock, see what was found, decide about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from hub.access.permissions import Act, require
from hub.catalogue.assets import get_asset
from hub.connections import accounts
from hub.connections.models import Remote
from hub.errors import HubError, Invalid
from hub.intake.models import FoundItem
from hub.intake.stock import recollecting, views
from hub.intake.stock.acting import ADOPT, DONE, IGNORE, IMPORT, NONE, WANTED, Acting, check_adoption, may_act
from hub.intake.stock.listing import Listing, begin
from hub.intake.stock.matching import Fetching, Matching
from hub.intake.stock.recognising import LINK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from hub.access.actors import Actor
    from hub.clock import Clock
    from hub.db.unit import Database
    from hub.intake.service import Intake
    from hub.media.pool import MediaPool
    from hub.placements.ports import Switchboard
    from hub.placements.service import Placements

MOST_AT_ONCE: Final = 500
BACK: Final = "back"
ACTS: Final = (ADOPT, IMPORT, IGNORE, BACK)


class Stock:
    """The stock of remotes. Each method opens its own units of work."""

    def __init__(
        self, database: Database, clock: Clock, switchboard: Switchboard, *, intake: Intake, placements: Placements,
        pool: MediaPool,
        limit: int,
    ) -> None:  # fmt: skip
        self._database, self._clock, self._switchboard = database, clock, switchboard
        fetching = Fetching(switchboard, limit)
        self._listing = Listing(database, clock, switchboard)
        self._matching = Matching(database, clock, fetching, pool)
        self._acting = Acting(database, clock, switchboard, fetching, intake=intake, placements=placements)

    def drain(self, owner: str) -> int:
        """Carry out one decision, read one page, look at one file: as far as each is due. Return how many were."""
        del owner  # each is leased by its time, which no two share
        did = self._acting.drain() + self._listing.drain() + self._matching.drain()
        return did + recollecting.go_on(self._database, self._clock, self._switchboard.manifest)

    def take(self, actor: Actor, connection_id: str) -> views.StockView:
        """List what stands at a connection's remote, from now on, in the background.

        Raises:
            Forbidden. NotFound: `no_such_connection`. Invalid: `stock_not_told`.
        """
        require(actor, Act.PLACE)
        with self._database.unit() as session:
            remote = self._remote(session, connection_id)
            if not self._listing.able(remote.connector):
                raise Invalid(
                    "stock_not_told", "This connector cannot list what stands there.", where=connection_id,
                    next_step=f"{self._listing.why_not(remote.connector)} Look there yourself; the hub's own copies "
                    "are listed here.".strip(),
                )  # fmt: skip
            begin(session, remote.id, by=actor.id, at=self._clock.now())
        return self.view(actor, connection_id)

    def view(self, actor: Actor, connection_id: str) -> views.StockView:
        """Return what is known of the stock of a connection's remote."""
        require(actor, Act.PLACE)
        with self._database.read() as session:
            remote = self._remote(session, connection_id)
            taking = views.progress(session, remote.id)
            total, own = views.own_copies(session, remote.id, views.PAGE)
            pending = (FoundItem.match_due_at.is_not(None), FoundItem.gone_at.is_(None))
            return views.StockView(
                connection_id, remote.id, self._listing.able(remote.connector),
                self._listing.why_not(remote.connector), taking.state if taking else "never",
                taking.listed if taking else 0, taking.begun_at if taking else None,
                taking.ended_at if taking else None, taking.problem if taking else "", remote.recollecting_since,
                views.count(session, remote.id, *pending),
                views.count(session, remote.id, FoundItem.act_state == WANTED),
                views.counted(session, remote.id), total, own,
            )  # fmt: skip

    def items(
        self, actor: Actor, connection_id: str, show: str, *, cursor: str | None = None, limit: int = views.PAGE
    ) -> views.FoundPage:
        """Return some of what was found.

        Raises:
            Forbidden. NotFound: `no_such_connection`. Invalid: `stock_unknown`.
        """
        require(actor, Act.PLACE)
        with self._database.read() as session:
            remote = self._remote(session, connection_id)
            return views.found(session, remote.id, show, cursor=cursor, limit=limit)

    def decide(
        self, actor: Actor, connection_id: str, act: str, item_ids: Sequence[str], *, asset: str | None = None
    ) -> dict[str, str]:
        """Decide what becomes of found things; return, for each that it cannot be done with, why.

        Args:
            actor: who decides.
            connection_id: where they were found.
            act: `adopt`, `import`, `ignore`, or `back` (ignored no more).
            item_ids: which.
            asset: for one thing that is adopted: which asset it is, by id or code.

        Raises:
            Forbidden. NotFound: `no_such_connection`, `no_such_asset`. Invalid: `act_not_known`, `too_many_items`,
                `one_asset_each`.
        """
        may_act(actor, act)
        chosen = list(dict.fromkeys(item_ids))
        _check(act, chosen, asset)
        refused: dict[str, str] = {}
        with self._database.unit() as session:
            remote = self._remote(session, connection_id)
            named = get_asset(session, asset).id if asset else None
            here = (FoundItem.remote_id == remote.id, FoundItem.id.in_(chosen))
            for row in session.scalars(select(FoundItem).where(*here).order_by(FoundItem.id).with_for_update()):
                try:
                    self._decide(session, row, act, actor, named)
                except HubError as wrong:
                    refused[row.id] = f"{wrong.what} {wrong.next_step}".strip()
        return refused

    def _decide(self, session: Session, row: FoundItem, act: str, actor: Actor, named: str | None) -> None:
        """Write one decision down, or refuse it; what was decided and done is not done again."""
        if row.act in {ADOPT, IMPORT} and row.act_state in {WANTED, DONE} and (row.act, act) != (IMPORT, ADOPT):
            return
        if act == ADOPT:
            row.act_asset_id = named or row.act_asset_id
            try:
                check_adoption(session, row, self._switchboard)
            except HubError:
                session.refresh(row, ["act_asset_id"])
                raise
        if act == IMPORT and (row.whose != "stranger" or row.kind == LINK):
            raise Invalid(
                "nothing_to_import", "The library has this already, or another hub does.", where=row.name[:100],
                next_step="Leave it as it is.",
            )  # fmt: skip
        row.act, row.act_state = (NONE, NONE) if act == BACK else (act, DONE if act == IGNORE else WANTED)
        row.act_by, row.act_failures, row.problem_code, row.problem = actor.id, 0, "", ""
        row.act_due_at = self._clock.now() if row.act_state == WANTED else None

    def _remote(self, session: Session, connection_id: str) -> Remote:
        return session.get_one(Remote, accounts.get(session, connection_id).remote_id)


def _check(act: str, item_ids: Sequence[str], asset: str | None) -> None:
    if act not in ACTS:
        raise Invalid(
            "act_not_known", f"There is no such decision. There are: {', '.join(ACTS)}.", where="act",
            next_step="Choose one of them.",
        )  # fmt: skip
    if len(item_ids) > MOST_AT_ONCE:
        raise Invalid(
            "too_many_items", f"At most {MOST_AT_ONCE} things are decided at once.", where="items",
            next_step="Choose fewer, and then the others.",
        )  # fmt: skip
    if asset and (act != ADOPT or len(item_ids) != 1):
        raise Invalid(
            "one_asset_each", "An asset is named for one thing that is adopted.", where="asset",
            next_step="Choose one thing only.",
        )  # fmt: skip
