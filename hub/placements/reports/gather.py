"""Gather what a report says: one consistent picture of a recall, its asset, every copy and every handout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access.actors import SYSTEM, Actor
from hub.access.models import User
from hub.access.permissions import Act, allowed
from hub.catalogue.models import Asset, FieldValue, Version
from hub.db.models import Installation
from hub.events.models import Event
from hub.placements.recall import RecallReport, Result
from hub.placements.reports import document as told
from hub.placements.reports.copies import Telling, tell_copy
from hub.placements.reports.times import iso, iso_or_none
from hub.review.models import Decision, Verdict
from hub.rights.models import Term

if TYPE_CHECKING:
    from hub.placements.ports import HandedOut

DISTRIBUTION: Final = "damhub"
RENDERER: Final = ("fpdf2", "fonttools", "uharfbuzz")
"""Packages that have a say in the bytes of the pages."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a report is gathered from besides the ledger."""

    address: str
    title_of: Callable[[str], str]
    handed_out: HandedOut


def gather(session: Session, actor: Actor, report: RecallReport, sources: Sources, *, at: int) -> told.ReportDocument:
    """Return the document, as yet without a number and a predecessor."""
    whole = allowed(actor, Act.RECALL) and allowed(actor, Act.SET_RIGHTS)
    names = _Names(session)
    asset = session.get_one(Asset, report.asset_id)
    telling = Telling(session, report.opened_at, names.of, sources.title_of)
    return told.ReportDocument(
        format=told.FORMAT,
        hub=_hub(session, sources.address),
        report=told.Making(id="", number=0, previous_sha256=None, made_at=iso(at), made_by=_maker(actor),
                           extent="whole" if whole else "limited"),
        recall=_recall(session, report, names),
        asset=_asset(session, asset, names, whole=whole),
        counts=_counts(report),
        copies=tuple(tell_copy(telling, line, number) for number, line in enumerate(report.lines, start=1)),
        handouts=_handouts(session, asset.id, sources, names, whole=whole),
        levels=told.LEVELS, results=told.RESULTS, hows=told.HOWS,
    )  # fmt: skip


def made_with() -> dict[str, str]:
    """Return the versions of what lays out the pages."""
    return {name: version(name) for name in RENDERER}


class _Names:
    """People by their ids, each looked up once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, told.Person] = {SYSTEM.id: told.Person(id=SYSTEM.id, name="damhub (by itself)")}

    def of(self, user_id: str) -> told.Person:
        """Return somebody with the name that they have now."""
        if user_id not in self._known:
            user = self._session.get(User, user_id)
            self._known[user_id] = told.Person(id=user_id, name=user.name if user else "(not known here any more)")
        return self._known[user_id]


def _maker(actor: Actor) -> told.Person:
    return told.Person(id=actor.id, name=actor.name)


def _hub(session: Session, address: str) -> told.Hub:
    installation = session.scalars(select(Installation)).one()
    return told.Hub(installation_id=installation.id, epoch=installation.epoch, address=address,
                    damhub=version(DISTRIBUTION), renderer=made_with())  # fmt: skip


def _recall(session: Session, report: RecallReport, names: _Names) -> told.Stated:
    ended = session.scalar(select(Event).where(Event.kind == "recall.closed", Event.subject == report.id).limit(1))
    substitute = session.get(Asset, report.substitute_id) if report.substitute_id else None
    return told.Stated(
        id=report.id, state="open" if report.closed_at is None else "closed", reason=report.reason,
        opened_at=iso(report.opened_at), opened_by=names.of(report.opened_by),
        closed_at=iso_or_none(report.closed_at), closed_by=names.of(ended.actor) if ended else None,
        substitute_code=substitute.code if substitute else None,
    )  # fmt: skip


def _asset(session: Session, asset: Asset, names: _Names, *, whole: bool) -> told.Subject:
    title = session.get(FieldValue, (asset.id, "title", ""))
    versions = list(session.scalars(select(Version).where(Version.asset_id == asset.id).order_by(Version.number)))
    if not whole:
        decided = select(Decision.version_id).where(Decision.verdict == Verdict.APPROVED.value)
        approved = set(session.scalars(decided.where(Decision.asset_id == asset.id)))
        versions = [one for one in versions if one.id in approved]
    called = str(title.value) if title is not None and title.value else versions[-1].filename if versions else ""
    terms = session.scalars(select(Term).where(Term.asset_id == asset.id).order_by(Term.id))
    return told.Subject(
        id=asset.id, code=asset.code, title=called or asset.code, kind=asset.kind,
        versions=tuple(
            told.File(number=one.number, sha256=one.sha256, size=one.size, media_type=one.media_type,
                      filename=one.filename, added_at=iso(one.at))
            for one in versions
        ),
        clauses=tuple(_clause(term, names, whole=whole) for term in terms),
    )  # fmt: skip


def _clause(term: Term, names: _Names, *, whole: bool) -> told.Clause:
    return told.Clause(
        source=term.source, effect=term.effect, channels=tuple(term.channels), territories=tuple(term.territories),
        valid_from=iso_or_none(term.from_at), valid_until=iso_or_none(term.until_at),
        document=term.document if whole else "", made_by=names.of(term.created_by), made_at=iso(term.created_at),
        lifted_at=iso_or_none(term.lifted_at),
    )  # fmt: skip


def _counts(report: RecallReport) -> told.Counts:
    def count(result: Result) -> int:
        return report.counts.get(result.value, 0)

    return told.Counts(
        copies=len(report.lines), withdrawn=count(Result.WITHDRAWN), substituted=count(Result.SUBSTITUTED),
        never_there=count(Result.NEVER_THERE), unproven=count(Result.UNPROVEN),
    )  # fmt: skip


def _handouts(session: Session, asset_id: str, sources: Sources, names: _Names, *, whole: bool) -> told.Handouts:
    found = sources.handed_out(session, asset_id)
    numbers = {one.id: one.number for one in session.scalars(select(Version).where(Version.asset_id == asset_id))}
    listed = tuple(
        told.Handed(at=iso(one.at), to=_recipient(one.who, names), version=numbers.get(one.version_id),
                    form=one.preset)
        for one in found
    )  # fmt: skip
    return told.Handouts(count=len(found), listed=listed if whole else ())


def _recipient(who: str, names: _Names) -> str:
    if who.startswith("link:"):
        return f"whoever holds the share link {who.removeprefix('link:')}"
    return names.of(who).name
