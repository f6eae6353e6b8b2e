"""What may be done with an asset, in words, and the clauses that say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from hub.clock import DAY
from hub.connections.models import Target
from hub.rights.answer import Answer
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.holding import holds_of
from hub.web.ui.words import Sign

if TYPE_CHECKING:
    from hub.catalogue.views import AssetView
    from hub.rights.service import TermView

SOON: Final = 14 * DAY
"""A window that ends within this time is said on the tile."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause as a line of the table."""

    id: str
    head: str
    note: str
    hue: str
    icon: str
    where: str
    unused: str  # channels that no connected place has
    begins: str
    ends: str
    liftable: bool
    document: str


def use_now(answer: Answer) -> Sign | None:
    """Return what stands in the way of using an asset, or will soon; None where nothing does."""
    if not answer.ok:
        return Sign(words.NO_USE.get(answer.reason, "No use"), "stop", "lock")
    left = answer.until - services().clock.now() if answer.until is not None else None
    if left is None or left > SOON:
        return None
    days = max(0, left // DAY)
    return Sign("Last day" if days == 0 else f"{days} day{'s' if days > 1 else ''} left", "care", "calendar-clock")


def section(asset: AssetView, given: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what the section "Rights" shows; `given` is what a person filled in before something was wrong."""
    found = services().rights.terms(actor(), asset.id) if asset.deleted_at is None else []
    channels = _channels()
    return {
        "terms": [_clause(term, channels) for term in found], "rights_default": services().settings.rights_default,
        "given": given or {}, "holds": holds_of(asset), "channels": sorted(channels),
    }  # fmt: skip


def _clause(term: TermView, known: frozenset[str]) -> Clause:
    now = services().clock.now()
    ended = term.until_at is not None and term.until_at <= now
    begun = term.from_at is None or term.from_at <= now
    note = "lifted" if term.lifted_at else "ended" if ended else "" if begun else "not begun"
    allows = term.effect == "allow"
    unused = [channel for channel in term.channels if channel not in known]
    return Clause(
        term.id, f"{'Allowed' if allows else 'Forbidden'} by {term.source}", note,
        "rest" if note else "good" if allows else "stop", "circle-check" if allows else "circle-x",
        ", ".join([", ".join(term.channels) or "everywhere", *term.territories]), ", ".join(unused),
        _begin(term.from_at), _end(term.until_at), term.lifted_at is None, term.document,
    )  # fmt: skip


def _begin(at: int | None) -> str:
    return "always" if at is None else words.day(at) if at % DAY == 0 else words.moment(at)


def _end(at: int | None) -> str:
    """Say the last day of a window, which is not the first one after it; an instant inside a day is said as it is."""
    return "no end" if at is None else words.day(at - 1) if at % DAY == 0 else words.moment(at)


def _channels() -> frozenset[str]:
    """Return every word that names a channel here: a licence for another one allows nothing."""
    with services().database.read() as session:
        used = frozenset(session.scalars(select(Target.channel).distinct()))
    return used | {manifest.name for manifest in services().connections.connectors()}
