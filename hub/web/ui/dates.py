"""Dates and times of forms, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from hub.clock import DAY
from hub.errors import Invalid


def day_start(text: str) -> int | None:
    """Return the first instant of a day; None for an empty field."""
    if not text.strip():
        return None
    try:
        day = datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=UTC)
        return int(day.timestamp()) * 1000
    except (ValueError, OverflowError) as error:
        raise Invalid(
            "bad_date", "That is not a date.", where=text[:20], next_step="Write it as year-month-day, 2027-02-28."
        ) from error


def day_after(text: str) -> int | None:
    """Return the first instant after a day, so that the whole day still counts; None for an empty field."""
    start = day_start(text)
    return None if start is None else start + DAY


def instant(text: str) -> int | None:
    """Return an instant that a form names to the minute, or to the second; None for an empty field.

    Raises:
        Invalid: `bad_date`.
    """
    if not text.strip():
        return None
    try:
        at = datetime.fromisoformat(text.strip()).replace(tzinfo=UTC)
        return int(at.timestamp()) * 1000
    except (ValueError, OverflowError) as error:
        raise Invalid(
            "bad_date", "That is not a date with a time.", where=text[:20],
            next_step="Write it as year-month-day, hour and minute: 2027-02-28T09:30.",
        ) from error  # fmt: skip
