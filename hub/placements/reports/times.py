"""Times as reports write them."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(at: int) -> str:
    """Return an instant, UTC milliseconds, by ISO 8601 with milliseconds."""
    return datetime.fromtimestamp(at / 1000, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_none(at: int | None) -> str | None:
    """Return an instant, if there is one."""
    return None if at is None else iso(at)
