"""Terms as rows: checked, kept, and turned into spans. Functions here receive the session."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub.catalogue.assets import get_asset
from hub.connections.countries import territory_codes
from hub.connections.targets import CHANNEL
from hub.db.base import new_id
from hub.errors import Conflict, Invalid, NotFound
from hub.events.log import emit
from hub.rights.models import Term, Usability
from hub.rights.spans import BEGIN, FOREVER, Clause, Source, Use, named, spans

MOST_TERMS = 200
LONGEST_DOCUMENT = 2000
_MAY_ALLOW = frozenset({Source.LICENCE, Source.CONSENT})


def make_term(
    session: Session,
    asset_id: str,
    *,
    source: str,
    effect: str,
    channels: Iterable[str],
    territories: Iterable[str],
    from_at: int | None,
    until_at: int | None,
    use: str,
    document: str,
    by: str,
    at: int,
) -> Term:
    """Add a term to an asset and rebuild its spans.

    Raises:
        Invalid: what it says makes no sense; the code and `where` name the part.
        Conflict: `too_many_terms`.
    """
    _check_words(source, effect, use, document)
    _check_window(from_at, until_at)
    term = Term(
        id=new_id(), asset_id=asset_id, source=source, effect=effect,
        channels=_channels(channels), territories=_territories(territories),
        from_at=from_at, until_at=until_at, use=use, document=document.strip(),
        created_by=by, created_at=at, lifted_at=None, end_announced_at=None, warned_days=None,
    )  # fmt: skip
    get_asset(session, asset_id, lock=True)
    session.add(term)
    session.flush()
    rebuild(session, asset_id)
    emit(session, "rights.changed", asset_id, actor=by, body={"term_id": term.id})
    return term


def take_down(session: Session, asset_id: str, *, by: str, at: int, document: str = "") -> Term:
    """Deny every use of an asset from now on, whatever its licences say."""
    return make_term(
        session, asset_id, source=Source.TAKEDOWN, effect="deny", channels=(), territories=(),
        from_at=None, until_at=None, use="both", document=document, by=by, at=at,
    )  # fmt: skip


def lift(session: Session, term_id: str, *, by: str, at: int) -> Term:
    """Take a clause back, as if it had never been; lifting it twice changes nothing.

    Raises:
        NotFound: `no_such_term`.
    """
    known = session.get(Term, term_id)
    if known is None:
        raise NotFound("no_such_term", "There is no such clause.", next_step="Load the page again.")
    get_asset(session, known.asset_id, lock=True)
    query = select(Term).where(Term.id == term_id).with_for_update()
    term = session.scalars(query.execution_options(populate_existing=True)).one()
    if term.lifted_at is None:
        term.lifted_at = at
        session.flush()
        rebuild(session, term.asset_id)
        emit(session, "rights.changed", term.asset_id, actor=by, body={"term_id": term.id})
    return term


def rebuild(session: Session, asset_id: str) -> None:
    """Derive an asset's spans anew. The caller holds the asset's lock."""
    clauses = [clause_of(term) for term in living(session, asset_id)]
    if len(clauses) > MOST_TERMS:
        raise Conflict(
            "too_many_terms",
            f"An asset has at most {MOST_TERMS} clauses.",
            next_step="Lift those that do not count any more.",
        )
    session.execute(delete(Usability).where(Usability.asset_id == asset_id))
    if not clauses:
        return
    channels, territories = named(clauses)
    session.add_all(
        Usability(
            asset_id=asset_id, channel=channel, territory=territory, use=use,
            from_at=span.from_at, until_at=span.until_at, verdict=span.verdict, reason=span.reason,
        )
        for channel in channels
        for territory in territories
        for use in Use
        for span in spans(clauses, channel, territory, use)
    )  # fmt: skip
    session.flush()


def living(session: Session, asset_id: str) -> list[Term]:
    """Return an asset's terms that were not lifted, oldest first."""
    query = select(Term).where(Term.asset_id == asset_id, Term.lifted_at.is_(None)).order_by(Term.id)
    return list(session.scalars(query))


def clause_of(term: Term) -> Clause:
    """Return what of a term decides."""
    return Clause(
        source=Source(term.source),
        allows=term.effect == "allow",
        channels=frozenset(term.channels),
        territories=frozenset(term.territories),
        from_at=BEGIN if term.from_at is None else term.from_at,
        until_at=FOREVER if term.until_at is None else term.until_at,
        use=None if term.use == "both" else Use(term.use),
    )


def _check_words(source: str, effect: str, use: str, document: str) -> None:
    if source not in set(Source):
        raise _unfit("source", "A clause rests on a licence, a consent, an embargo or a take-down.")
    if effect not in {"allow", "deny"} or (effect == "allow" and source not in _MAY_ALLOW):
        raise _unfit("effect", "A clause allows or denies; an embargo and a take-down only deny.")
    if use not in {"both", *Use}:
        raise _unfit("use", "A clause is about new uses, existing ones, or both.")
    if len(document) > LONGEST_DOCUMENT or "\0" in document:
        raise _unfit("document", f"A reference to a document has at most {LONGEST_DOCUMENT} characters.")


def _check_window(from_at: int | None, until_at: int | None) -> None:
    start = BEGIN if from_at is None else from_at
    end = FOREVER if until_at is None else until_at
    if not BEGIN <= start < end <= FOREVER:
        raise _unfit("until_at", "A clause ends after it begins, and both are dates before the year 10000.")


def _channels(channels: Iterable[str]) -> list[str]:
    wanted = sorted(set(channels))
    if not all(CHANNEL.fullmatch(channel) for channel in wanted):
        raise _unfit("channels", "A channel's name has lower-case letters, digits, dots, dashes and underscores.")
    return wanted


def _territories(territories: Iterable[str]) -> list[str]:
    wanted = sorted({territory.strip().upper() for territory in territories})
    unknown = [territory for territory in wanted if territory not in territory_codes()]
    if unknown:
        raise _unfit("territories", "This is no ISO 3166-1 country code: " + ", ".join(unknown)[:100] + ".")
    return wanted


def _unfit(part: str, what: str) -> Invalid:
    return Invalid("term_unfit", what, where=part, next_step="Correct it and save again.")
