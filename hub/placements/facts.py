"""Gather the facts that decide what should be true of a copy, from the rooms that hold them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, Final

from sqlalchemy import String, and_, bindparam, case, select
from sqlalchemy.orm import Session

from hub.catalogue.models import Asset, Version
from hub.connections.accounts import is_being_left
from hub.connections.models import Remote, Target
from hub.media.models import Rendition, Traits
from hub.placements.companions import companions_of
from hub.placements.desired import MAX_SUBSTITUTES, Candidate, Desired, Facts, desired, fits, needs_stand_in
from hub.placements.models import Placement
from hub.placements.phase import never_sent
from hub.placements.schedule import questions, waits_of
from hub.review.models import Approved, Decision, Verdict
from hub.rights.answer import Answer, Default, may_use

WEB: Final = "web"
ORIGINAL: Final = "original"
WEB_PICTURES: Final = "web_pictures"
"""The web rendition of a picture, and the original of all else: a rendition of a document is only its first page."""
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class Place:
    """The target of a copy and the remote that it belongs to."""

    target_id: str
    kind: str
    ref: str
    label: str
    channel: str
    territory: str
    remote_id: str
    connector: str
    language: str = ""  # of the texts there; empty: the catalogue's own
    lead_s: int = 0  # so long before its time a copy there is looked at once more; 0: as usual


_PLACE: Final = (
    select(
        Target.id, Target.kind, Target.external_ref, Target.label, Target.channel, Target.territory, Remote.id,
        Remote.connector, Target.language, Target.lead_s,
    )
    .join(Remote, Remote.id == Target.remote_id)
    .where(Target.id == bindparam("target_id"))
)  # fmt: skip
"""Asked several times for each step of each copy, so it is one question, made once."""
_PRESET: Final = bindparam("preset", type_=String())
_FILE: Final = (
    select(
        Version.sha256, Version.size, Version.media_type, Rendition.preset, Rendition.sha256, Rendition.size,
        Rendition.media_type, Traits.state,
    )
    .outerjoin(Traits, Traits.version_id == Version.id)
    .outerjoin(
        Rendition,
        and_(
            Rendition.version_id == Version.id,
            Rendition.state == "ready",
            Rendition.preset == case(
                (_PRESET != WEB_PICTURES, _PRESET),
                (Version.media_type.startswith("image/"), WEB),
                else_=ORIGINAL,
            ),
        ),
    )
    .where(Version.id == bindparam("version_id"))
)  # fmt: skip
"""What there is of a version for channels; as often asked."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of an asset's rights."""

    spans: tuple[tuple[int, int | None], ...]  # see `schedule.questions`
    use: str
    default: Default


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes that may stand in a channel for a version."""

    sha256: str
    size: int
    media_type: str
    preset: str


def place_of(session: Session, target_id: str) -> Place:
    """Return a target with its remote."""
    found = session.execute(_PLACE, {"target_id": target_id}).one()
    target_id, kind, ref, label, channel, territory, remote_id, connector, language, lead_s = found
    return Place(target_id, kind, ref, label, channel, territory, remote_id, connector, language or "", lead_s)


def usable_until(
    session: Session, asset_id: str, row: Placement, place: Place, *, at: int, default: Default
) -> int | None:  # fmt: skip
    """Return the last instant at which an asset may stand where a copy stands, or will; None: no end is known."""
    answer = may_use(
        session, asset_id, channel=place.channel, territory=place.territory, at=max(at, row.publish_at or at),
        use="existing", default=default,
    )  # fmt: skip
    return answer.last


def desired_now(
    session: Session,
    row: Placement,
    place: Place,
    *,
    preset: str,
    at: int,
    default: Default,
    by_hand: bool = False,
    keeps_time: bool = False,
) -> tuple[Desired, tuple[str, ...]]:
    """Return what should be true of a row now, and the ids of all assets that this depends upon."""
    known = gather(
        session, row, place, preset=preset, at=at, default=default, by_hand=by_hand, keeps_time=keeps_time, whole=False
    )
    return desired(known), tuple(candidate.asset_id for candidate in (*known.chain, *known.companions))


def gather(
    session: Session,
    row: Placement,
    place: Place,
    *,
    preset: str,
    at: int,
    default: Default,
    considered: Mapping[str, str] | None = None,
    by_hand: bool = False,
    keeps_time: bool = False,
    whole: bool = True,
) -> Facts:
    """Return the facts about a row; `considered` are successors that are not, but might be, named: by asset.

    Where publishing is a person's act (`by_hand`), nothing stands in, since it would go out by itself; but for what
    waits for a time that a person gave it. Successors behind the one that may stand in are left out unless the `whole`
    chain is asked for: they decide nothing.
    """
    waits = waits_of(session, row, at, keeps=keeps_time)
    asked = Asked(questions(row, waits, at), "new" if waits or never_sent(row) else "existing", default)
    pinned = row.pinned_version_id if row.version_policy == "pin" else None
    others = companions_of(session, row.id)
    substitutes = row.withdraw_policy == "substitute" and (not by_hand or waits is not None)
    candidate = partial(_candidate, session, place=place, preset=preset, asked=asked)
    chain = (
        candidate(asset, pinned=pinned if asset.id == row.asset_id else None)
        for asset in _chain(session, row.asset_id, considered or {})
    )
    if others:
        chain = islice(chain, 1)  # nothing stands in for a set
    elif not (whole or waits):  # what waits there may show any of them
        chain = _as_far_as_needed(chain, substitutes=substitutes)
    return Facts(
        row.wanted, substitutes, tuple(chain), is_being_left(session, place.remote_id),
        tuple(candidate(session.get_one(Asset, each, populate_existing=True)) for each in others), waits,
    )  # fmt: skip


def _as_far_as_needed(chain: Iterable[Candidate], *, substitutes: bool) -> Iterator[Candidate]:
    """Yield the asset, and the successors up to the first one that may stand in for it, if one is asked for at all."""
    for place, candidate in enumerate(chain):
        yield candidate
        asks_for_another = needs_stand_in(candidate) if place == 0 else not fits(candidate)
        if not (substitutes and asks_for_another):
            return


def without(known: Facts, asset_id: str, *, act: str, substitutes: bool) -> Facts:
    """Return the facts as they would be if an asset could not be shown: recalled, revoked, or put away."""
    changed: dict[str, dict[str, Any]] = {
        "recall": {"usable": False, "reason": "takedown"}, "revoke": {"version_id": None},
    }  # fmt: skip
    hides = changed.get(act, {"archived": True})

    def hidden(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        return tuple(
            replace(candidate, **hides) if candidate.asset_id == asset_id else candidate for candidate in candidates
        )

    return replace(known, chain=hidden(known.chain), companions=hidden(known.companions), substitutes=substitutes)


def bytes_of(session: Session, version_id: str, preset: str) -> Bytes | None:
    """Return a version's bytes for channels: the rendition, or the original of a type that has none. None: not made.

    The original of a picture is no stand-in for its rendition: it says where it was taken and by which camera.
    """
    found = session.execute(_FILE, {"version_id": version_id, "preset": preset}).one()
    sha256, size, media_type, made_as, made_sha256, made_size, made_type, opened = found
    if made_sha256 is not None:
        return Bytes(made_sha256, made_size or 0, made_type or "application/octet-stream", made_as)
    is_picture = media_type.startswith("image/")
    wants_original = preset == ORIGINAL or (preset == WEB_PICTURES and not is_picture)
    if not wants_original and opened in {"pending", FAILED}:
        return None
    return Bytes(sha256, size, media_type, ORIGINAL)


def is_unreadable(session: Session, version_id: str) -> bool:
    """Tell whether a version's file was opened in vain, so that its rendition is not waited for."""
    traits = session.get(Traits, version_id)
    return traits is not None and traits.state == FAILED


def _chain(session: Session, asset_id: str, considered: Mapping[str, str]) -> Iterator[Asset]:
    seen: set[str] = set()
    following: str | None = asset_id
    while following is not None and len(seen) <= MAX_SUBSTITUTES and following not in seen:
        asset = session.get_one(Asset, following, populate_existing=True)
        seen.add(asset.id)
        yield asset
        following = considered.get(asset.id, asset.successor_id)


def _candidate(
    session: Session,
    asset: Asset,
    place: Place,
    *,
    preset: str,
    asked: Asked,
    pinned: str | None = None,
) -> Candidate:
    version_id = _approved_version(session, asset.id, pinned)
    rights = _verdict(session, asset.id, place, asked)
    return Candidate(
        asset.id, version_id, rights.ok, rights.reason,
        deleted=asset.deleted_at is not None,
        archived=asset.archived_at is not None,
        ready=version_id is not None and bytes_of(session, version_id, preset) is not None,
        code=asset.code,
    )  # fmt: skip


def _verdict(session: Session, asset_id: str, place: Place, asked: Asked) -> Answer:
    """Return the first no to what is asked, else the last yes."""
    *others, last = (
        may_use(
            session, asset_id, channel=place.channel, territory=place.territory, at=at, until=until, use=asked.use,
            default=asked.default,
        )
        for at, until in asked.spans
    )  # fmt: skip
    return next((answer for answer in others if not answer.ok), last)


def _approved_version(session: Session, asset_id: str, pinned: str | None) -> str | None:
    """Return the version that channels may show. A pinned one counts while the last decision on it says approved."""
    if pinned is not None:
        verdict = session.scalar(
            select(Decision.verdict)
            .where(Decision.version_id == pinned)
            .order_by(Decision.at.desc(), Decision.id.desc())
            .limit(1)
        )
        return pinned if verdict == Verdict.APPROVED.value else None
    return session.scalar(select(Approved.version_id).where(Approved.asset_id == asset_id))
