"""Where reviews leave an asset: the approved version, and the lifecycle that follows from the facts."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.catalogue.assets import get_asset, set_lifecycle
from hub.catalogue.models import Lifecycle
from hub.catalogue.views import Standing
from hub.review.models import Approved, Decision, ReviewRequest, Verdict

OPEN = "open"
DECIDED = "decided"
OVERTAKEN = "overtaken"


def approved_of(session: Session, asset_id: str) -> Approved | None:
    """Return which version of an asset channels may show; None: nothing of it."""
    query = select(Approved).where(Approved.asset_id == asset_id)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def standing_of(session: Session, asset_id: str) -> Standing:
    """Return an asset's standing, for `hub.catalogue.service.Catalogue`'s judge."""
    approved = approved_of(session, asset_id)
    current = get_asset(session, asset_id).current_version_id
    lifecycle = derive(approved=approved is not None, asked=is_asked(session, current), verdict=last(session, current))
    return Standing(lifecycle, approved.version_id if approved else None)


def derive(*, approved: bool, asked: bool, verdict: Verdict | None) -> Lifecycle:
    """Tell where an asset stands.

    Args:
        approved: channels may show one of its versions. A newer version in review does not change that.
        asked: somebody was asked to decide on its newest version, and has not.
        verdict: the last decision on its newest version.
    """
    if approved:
        return Lifecycle.APPROVED
    if asked:
        return Lifecycle.IN_REVIEW
    return Lifecycle.REJECTED if verdict is Verdict.REJECTED else Lifecycle.DRAFT


def settle(session: Session, asset_id: str) -> None:
    """Write an asset's lifecycle anew from the facts. Call it when a version was added, too."""
    session.flush()
    _overtake(session, asset_id)
    set_lifecycle(session, asset_id, standing_of(session, asset_id).lifecycle)


def is_asked(session: Session, version_id: str | None) -> bool:
    """Tell whether a decision on a version is waited for."""
    query = select(ReviewRequest.id).where(ReviewRequest.version_id == version_id, ReviewRequest.state == OPEN)
    return session.scalars(query.limit(1)).first() is not None


def last(session: Session, version_id: str | None) -> Verdict | None:
    """Return the last verdict on a version."""
    query = select(Decision.verdict).where(Decision.version_id == version_id).order_by(Decision.id.desc()).limit(1)
    found = session.scalars(query).first()
    return Verdict(found) if found else None


def _overtake(session: Session, asset_id: str) -> None:
    """Close requests about versions that are not the newest any more."""
    current = get_asset(session, asset_id).current_version_id
    query = select(ReviewRequest).where(ReviewRequest.asset_id == asset_id, ReviewRequest.state == OPEN)
    for request in session.scalars(query):
        if request.version_id != current:
            request.state = OVERTAKEN
    session.flush()
