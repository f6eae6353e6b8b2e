"""Copies that have a time: what a page says of it, how it is given another one, and what goes out when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request

from hub.errors import Invalid
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.dates import instant
from hub.web.ui.frame import go
from hub.web.ui.names import connector_title
from hub.web.ui.words import Sign

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.placements.views import CopyView

schedules = Blueprint("schedules", "hub.web")
GOES: Final = Sign("Goes out", "good", "circle-check")
STAYS: Final = Sign("Stays back", "care", "circle-pause")
CLOCK: Final = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Timing:
    """When a copy goes out, or why it does not."""

    at: int
    says: str
    field: str  # the time as a form field takes it
    hue: str


@dataclass(frozen=True, slots=True)
class Row:
    """One copy in the list of what goes out when."""

    at: int
    code: str
    place: str
    account: str
    letters: str
    sign: Sign
    why: str


def timing_of(copy: CopyView) -> Timing | None:
    """Return what is said of a copy that has a time and is not out yet; None of any other."""
    if not copy.is_scheduled or copy.publish_at is None:
        return None
    why = stopped(copy)
    day = words.moment(copy.publish_at)
    says = f"It was to go out {day}. {why}" if why and copy.publish_at <= services().clock.now() else ""
    says = says or (f"To go out {day}, but: {why}" if why else f"Goes out {day}.{_who_waits(copy)}")
    return Timing(copy.publish_at, says, words.utc(copy.publish_at).strftime(CLOCK), "care" if why else "flow")


def stopped(copy: CopyView) -> str:
    """Say why a copy does not go out at its time, as things stand; empty: it does."""
    word = copy.desired_reason.partition(":")[0]
    back = copy.desired == "held" or (copy.desired == "absent" and word != "not_due")
    return words.STOPPED.get(word, "It may not be shown there.") if back else ""


def _who_waits(copy: CopyView) -> str:
    by_hub = copy.desired == "absent"
    return " This channel keeps no calendar, so the hub makes it public then." if by_hub else ""


def upcoming(copies: Sequence[CopyView]) -> list[Row]:
    """Return what goes out when, the next first, and whether it may."""
    return [_row(one) for one in copies]


def _row(copy: CopyView) -> Row:
    why = copy.problem or stopped(copy)
    sign = words.COPY["blocked"] if copy.phase == "blocked" else STAYS if why else GOES
    return Row(
        copy.publish_at or 0, copy.asset_code, copy.target_label,
        f"{connector_title(copy.connector)}, {copy.remote_label}", words.letters(copy.connector), sign, why,
    )  # fmt: skip


@schedules.post("/copies/<placement_id>/schedule")
def give_time(placement_id: str) -> Response:
    """Give a copy another time, or let it go at its own after all."""
    at = instant(request.form.get("publish_at", ""))
    if at is None:
        raise Invalid("time_not_ahead", "No time was given.", where="publish_at", next_step="Choose a time to come.")
    copy = services().placements.schedule(actor(), placement_id, at)
    return go(f"/assets/{copy.asset_code}", "scheduled")
