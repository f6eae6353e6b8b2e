"""The calendar: what goes out when, and what ends when, how sure that is, and what renews it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response

from hub.access.permissions import Act
from hub.clock import DAY
from hub.connections.calendar import Renewal, Sure, What
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.frame import may, page
from hub.web.ui.names import people
from hub.web.ui.schedules import upcoming

if TYPE_CHECKING:
    from hub.connections.calendar import Entry

calendar = Blueprint("calendar", "hub.web")
BEFORE: Final = 7 * DAY
WINDOW: Final = 91 * DAY
"""What the picture shows: a week back, and twelve ahead."""
SOON: Final = 14 * DAY
AT_ONCE: Final = 3 * DAY
ROOM_FOR_WORDS: Final = 18.0
"""A bar of at least so many hundredths has room for its word."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that ends."""

    title: str
    account: str
    name: str
    href: str
    hue: str
    width: str  # of the bar, in hundredths of the picture
    beyond: bool  # it ends after the picture does
    word: str  # in the bar
    when: str
    ends_at: int
    sure: str
    then: str
    act: str  # what the link to `link` says; empty: there is nothing to do there
    link: str
    owner: str


@dataclass(frozen=True, slots=True)
class Mark:
    """The first of a month in the picture."""

    at: str
    name: str


@calendar.get("/connections/calendar")
def show_calendar() -> Response:
    """Show what ends when, the next first."""
    entries, now = services().connections.calendar(actor()), services().clock.now()
    owners = people([one.owner_id for one in entries])
    rows = [_row(one, now, owners.get(one.owner_id, "")) for one in entries]
    posts = upcoming(services().placements.scheduled(actor())) if may(Act.PLACE) else []
    begin, end = now - BEFORE, now - BEFORE + WINDOW
    return page(
        "calendar.html", here="connections", rows=rows, months=_months(begin, end), today=_share(BEFORE),
        posts=posts, span=f"{words.month(begin)} to {words.month(end)}", figures=_figures(entries, now),
    )  # fmt: skip


def _figures(entries: Sequence[Entry], now: int) -> list[tuple[str, str, int, str]]:
    asked = [one for one in entries if one.renewal is Renewal.PERSON]
    ended = sum(one.ends_at <= now for one in asked)
    soon = sum(now < one.ends_at <= now + SOON for one in asked)
    return [
        ("stop", "Ended", ended, "Nothing goes through until somebody renews it" if ended else "Nothing is late"),
        ("care", "End within 14 days", soon, "A person must renew it before" if soon else "Nobody needs to act"),
        ("good", "End later", len(asked) - ended - soon, "Owners are told 14, 7, 3 and 1 days before"),
        ("flow", "Renew themselves", len(entries) - len(asked), "The hub asks anew before they end"),
    ]


def _row(entry: Entry, now: int, owner: str) -> Row:
    share = min(max(entry.ends_at - now + BEFORE, 0) / WINDOW, 1.0) * 100
    act, link = _act(entry)
    return Row(
        title=entry.connector_title, account=entry.account_label, name=entry.name,
        href=f"/connections/{entry.connection_id}", hue=hue_of(entry, now), width=f"{share:.2f}%",
        beyond=entry.ends_at > now - BEFORE + WINDOW, word=_word(entry, share), when=when(entry.ends_at, now),
        ends_at=entry.ends_at, sure="as usual" if entry.sure is Sure.USUAL else "", then=entry.step, act=act, link=link,
        owner=owner,
    )  # fmt: skip


def hue_of(entry: Entry, now: int) -> str:
    """Return what an end asks of a person, as a colour."""
    left = entry.ends_at - now
    if entry.renewal is Renewal.ITSELF:
        return "flow" if left > 0 else "care"
    if left <= AT_ONCE:
        return "stop"
    return "care" if left <= SOON else "good"


def _word(entry: Entry, share: float) -> str:
    if share < ROOM_FOR_WORDS:
        return ""
    if entry.renewal is Renewal.ITSELF:
        return "Renews itself"
    return {What.SIGN_IN: "Signed in", What.VENDOR: "Announced", What.SUBSCRIPTION: "Reports"}[entry.what]


def _act(entry: Entry) -> tuple[str, str]:
    if entry.renewal is Renewal.ITSELF or entry.what is What.VENDOR or not may(Act.CONNECT):
        return "", ""
    return ("Reconnect", f"/connections/{entry.connection_id}/reconnect")


def when(at: int, now: int) -> str:
    """Say how far away a day is."""
    days = (at - now) // DAY
    if at <= now:
        ago = (now - at) // DAY
        return "ended today" if ago == 0 else f"ended {ago} day{'s' if ago > 1 else ''} ago"
    return "within a day" if days == 0 else f"in {days} day{'s' if days > 1 else ''}"


def _months(begin: int, end: int) -> list[Mark]:
    found: list[Mark] = []
    day = datetime.fromtimestamp(begin / 1000, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while (at := int(day.timestamp()) * 1000) < end:
        if at >= begin:
            found.append(Mark(_share(at - begin), f"{day:%b}" if day.month > 1 else f"{day:%b %Y}"))
        day = (day + timedelta(days=32)).replace(day=1)
    return found


def _share(length: int) -> str:
    return f"{length / WINDOW * 100:.2f}%"
