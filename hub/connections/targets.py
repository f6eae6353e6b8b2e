"""The places in a remote where copies can stand, as the remote last listed them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from connectors.sdk import types
from connectors.sdk.errors import BadAnswer
from connectors.sdk.protocols import Targets
from hub.catalogue.languages import known
from hub.connections.countries import territory_codes
from hub.connections.models import Remote, Target
from hub.connections.problems import no_such_target
from hub.db.base import new_id
from hub.errors import Invalid

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MOST_PAGES = 1_000
EVERYWHERE = "*"
TIMES: Final = ("lead_s", "late_s", "life_s")
"""What a place says, in seconds, of copies with a time: how long before it they are looked at once more, how late they
may go out at most, and for how long they must be usable from then on."""
CHANNEL: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
"""How licences and places write the name of a channel."""
_LONGEST_LABEL, _LONGEST_KIND = 300, 64


def list_all(connector: Targets) -> list[types.Target]:
    """Ask the remote for every page.

    Raises:
        BadAnswer: the listing does not end.
    """
    found: dict[tuple[str, str], types.Target] = {}
    cursor: str | None = None
    seen: set[str] = set()
    while True:
        page = connector.targets(cursor)
        found.update({(target.kind, target.ref): checked(target) for target in page.items})
        if page.cursor is None:
            return list(found.values())
        if page.cursor in seen or len(seen) >= MOST_PAGES:
            raise BadAnswer("The listing of places does not end, so nothing of it was taken over.")
        seen.add(page.cursor)
        cursor = page.cursor


def checked(target: types.Target) -> types.Target:
    """Return the target with a label that can be kept; a reference is never changed, only refused.

    Raises:
        BadAnswer: its reference or kind cannot be kept.
    """
    if not target.ref or not (target.ref + target.kind).isprintable() or len(target.kind) > _LONGEST_KIND:
        raise BadAnswer("The listing of places names one in a way that cannot be kept, so nothing was taken over.")
    return replace(target, label=printable(target.label) or target.ref)


def printable(text: str) -> str:
    """Return a remote's text as one line without control characters, cut to a length that pages can show."""
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()[:_LONGEST_LABEL]


def store(session: Session, remote: Remote, listed: Iterable[types.Target]) -> int:
    """Add new places and rename known ones; return how many the listing holds.

    A place that is not listed any more stays: copies may stand in it, and only a look says that they are gone.
    """
    session.get(Remote, remote.id, with_for_update=True)  # two who list one remote at once come one after the other
    rows = session.scalars(select(Target).where(Target.remote_id == remote.id))
    known = {(row.kind, row.external_ref): row for row in rows}
    count = 0
    for target in listed:
        count += 1
        row = known.get((target.kind, target.ref))
        if row is None:
            session.add(
                Target(
                    id=new_id(), remote_id=remote.id, kind=target.kind, external_ref=target.ref, label=target.label,
                    channel=remote.connector, territory=EVERYWHERE, lead_s=0,
                )
            )  # fmt: skip
        elif row.label != target.label:
            row.label = target.label
    return count


def get(session: Session, target_id: str) -> Target:
    """Return a target.

    Raises:
        NotFound: `no_such_target`.
    """
    row = session.get(Target, target_id)
    if row is None:
        raise no_such_target(target_id)
    return row


def change(
    row: Target,
    *,
    channel: str | None,
    territory: str | None,
    language: str | None,
    times: Mapping[str, int | None],
) -> bool:
    """Change what a place stands for; None leaves it as it is. Return whether anything changed.

    Args:
        row: the place.
        channel: the word that licences use for it.
        territory: a country, or "*".
        language: of its texts.
        times: seconds, by the names of `TIMES`.

    Raises:
        Invalid: `target_malformed`, `unknown_language`.
    """
    before = _said(row)
    row.channel = row.channel if channel is None else channel.strip()
    row.territory = row.territory if territory is None else territory.strip().upper()
    for name, seconds in times.items():
        if seconds is not None and seconds < 0:
            raise _malformed("A time is zero seconds or more.", where=name)
        setattr(row, name, getattr(row, name) if seconds is None else seconds)
    if channel is not None and not CHANNEL.fullmatch(row.channel):
        raise _malformed(
            "A channel's name has lower-case letters, digits, dots, dashes and underscores.", where="channel"
        )
    if row.territory not in {EVERYWHERE, *territory_codes()}:
        raise _malformed(
            "This is no country: name it by its two letters (ISO 3166-1), or * for any.", where="territory"
        )
    if language is not None:
        row.language = known(language) if language else None
    return before != _said(row)


def _said(row: Target) -> tuple[object, ...]:
    return (row.channel, row.territory, row.language, *(getattr(row, name) for name in TIMES))


def _malformed(what: str, *, where: str) -> Invalid:
    return Invalid("target_malformed", what, where=where, next_step="Correct it and try again.")


def named(rows: Iterable[Target], words: str) -> list[Target]:
    """Return the targets whose label, kind or channel holds each of some words, in the order of counting people."""
    wanted = words.casefold().split()
    found = [row for row in rows if all(word in f"{row.label} {row.kind} {row.channel}".casefold() for word in wanted)]
    return sorted(found, key=lambda row: counted(row.label))


def counted(label: str) -> list[tuple[int, str]]:
    """Return a key that sorts Card 2 before Card 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", label.casefold())]


def of_remote(session: Session, remote_id: str | None) -> list[Target]:
    """Return the places of a remote, or of all, by label; a board is none."""
    query = select(Target).where(Target.kind != types.BOARD).order_by(Target.label, Target.id)
    return list(session.scalars(query if remote_id is None else query.where(Target.remote_id == remote_id)))


def as_value(row: Target) -> types.Target:
    """Return the target as connectors know it."""
    return types.Target(row.kind, row.external_ref, row.label)
