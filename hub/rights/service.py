"""What doors and the worker ask of rights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from hub.access.actors import SYSTEM, Actor
from hub.access.permissions import Act, allowed, require
from hub.catalogue.assets import get_asset, no_such_asset
from hub.catalogue.models import Asset
from hub.catalogue.views import AssetView, refuse_unseen
from hub.clock import DAY, Clock
from hub.db.unit import Database
from hub.events.log import emit
from hub.review.standing import standing_of
from hub.rights.answer import Answer, Default, best_uses, may_use
from hub.rights.models import Term, Usability
from hub.rights.preservations import Preservations
from hub.rights.terms import lift, make_term

EVERY: Final = "*"
AT_ONCE = 100
"""How many windows one unit announces."""
DAYS_BEFORE: Final = (30, 7, 1)
"""How many days before its end a window is announced."""


@dataclass(frozen=True, slots=True)
class TermView:
    """A clause as it is shown. `document` is empty for those who may not set rights."""

    id: str
    asset_id: str
    source: str
    effect: str
    channels: tuple[str, ...]
    territories: tuple[str, ...]
    from_at: int | None
    until_at: int | None
    use: str
    document: str
    created_by: str
    created_at: int
    lifted_at: int | None


class Rights:
    """Clauses about the use of assets, and what follows from them. Each method is one unit of work."""

    def __init__(self, database: Database, clock: Clock, default: Default) -> None:
        """Wire the room; `default` holds for assets without any licence."""
        self._database = database
        self._clock = clock
        self.default: Default = default
        self.preservations = Preservations(database, clock)

    def add_term(
        self,
        actor: Actor,
        asset_id: str,
        *,
        source: str,
        effect: str,
        channels: Sequence[str] = (),
        territories: Sequence[str] = (),
        from_at: int | None = None,
        until_at: int | None = None,
        use: str = "both",
        document: str = "",
    ) -> TermView:
        """Add a clause; it counts at once.

        Raises:
            Forbidden, NotFound, Invalid: `term_unfit`; `where` names the part.
        """
        with self._database.unit() as session:
            asset = _asset(session, actor, asset_id)
            require(actor, Act.SET_RIGHTS, owner_id=asset.owner_id)
            term = make_term(
                session, asset.id, source=source, effect=effect, channels=channels, territories=territories,
                from_at=from_at, until_at=until_at, use=use, document=document, by=actor.id, at=self._clock.now(),
            )  # fmt: skip
            return _view(term, whole=True)

    def lift_term(self, actor: Actor, term_id: str) -> TermView:
        """Take a clause back; it stays in the record.

        Raises:
            Forbidden, NotFound: `no_such_term`.
        """
        require(actor, Act.SET_RIGHTS)
        with self._database.unit() as session:
            return _view(lift(session, term_id, by=actor.id, at=self._clock.now()), whole=True)

    def terms(self, actor: Actor, asset_id: str) -> list[TermView]:
        """Return an asset's clauses, lifted ones too, oldest first."""
        with self._database.read() as session:
            asset = _asset(session, actor, asset_id)
            whole = allowed(actor, Act.SET_RIGHTS, owner_id=asset.owner_id)
            found = session.scalars(select(Term).where(Term.asset_id == asset.id).order_by(Term.id))
            return [_view(term, whole=whole) for term in found]

    def ask(self, actor: Actor, asset_id: str, *, channel: str, territory: str, use: str = "existing") -> Answer:
        """Tell whether an asset may be used now."""
        with self._database.read() as session:
            asset = _asset(session, actor, asset_id)
            return may_use(
                session, asset.id, channel=channel, territory=territory, at=self._clock.now(), use=use,
                default=self.default,
            )  # fmt: skip

    def channels(self) -> frozenset[str]:
        """Return every channel that a clause names which was not lifted."""
        with self._database.read() as session:
            return frozenset(session.scalars(select(Usability.channel).distinct())) - {EVERY}

    def best_uses(self, assets: Iterable[AssetView]) -> dict[str, Answer]:
        """Return, by id, the most that may be done now with assets that the asker was already let see."""
        with self._database.read() as session:
            return best_uses(session, (one.id for one in assets), at=self._clock.now(), default=self.default)

    def drain(self, owner: str) -> int:
        """Announce windows that end soon and that have ended, each exactly once; return how many."""
        return self._announce_ended(owner) + self._forewarn()

    def _announce_ended(self, owner: str) -> int:
        del owner  # rows are locked for this one unit, so no lease is needed
        with self._database.unit() as session:
            at = self._clock.now()
            ended = (
                select(Term)
                .where(Term.until_at <= at, Term.lifted_at.is_(None), Term.end_announced_at.is_(None))
                .order_by(Term.until_at)
                .limit(AT_ONCE)
                .with_for_update(skip_locked=True)
            )
            found = session.scalars(ended).all()
            for term in found:
                term.end_announced_at = at
                emit(session, "rights.ended", term.asset_id, actor=SYSTEM.id, body=_told(term))
            return len(found)

    def _forewarn(self) -> int:
        """Announce the windows that end within the next of `DAYS_BEFORE`, each number of days once."""
        with self._database.unit() as session:
            at = self._clock.now()
            due = or_(
                *(
                    and_(Term.until_at <= at + days * DAY, or_(Term.warned_days.is_(None), Term.warned_days > days))
                    for days in DAYS_BEFORE
                )
            )
            ending = (
                select(Term)
                .where(Term.until_at > at, Term.lifted_at.is_(None), due)
                .order_by(Term.until_at)
                .limit(AT_ONCE)
                .with_for_update(skip_locked=True)
            )
            found = session.scalars(ending).all()
            for term in found:
                left = (term.until_at or 0) - at
                term.warned_days = min(days for days in DAYS_BEFORE if left <= days * DAY)
                body = _told(term) | {"days": term.warned_days}
                emit(session, "rights.ends_soon", term.asset_id, actor=SYSTEM.id, body=body)
            return len(found)


def _told(term: Term) -> dict[str, object]:
    return {"term_id": term.id, "source": term.source, "effect": term.effect, "until_at": term.until_at}


def _asset(session: Session, actor: Actor, asset_id: str) -> Asset:
    asset = get_asset(session, asset_id)
    refuse_unseen(actor, asset, standing_of(session, asset.id))
    if asset.deleted_at is not None:
        raise no_such_asset(asset_id)
    return asset


def _view(term: Term, *, whole: bool) -> TermView:
    return TermView(
        term.id, term.asset_id, term.source, term.effect, tuple(term.channels), tuple(term.territories),
        term.from_at, term.until_at, term.use, term.document if whole else "",
        term.created_by, term.created_at, term.lifted_at,
    )  # fmt: skip
