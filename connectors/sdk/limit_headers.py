"""What a remote says of its limits: what its headers mean, and for how long to stay away after a refusal.

Who may call when is decided by whoever speaks through a connector: see `connectors.sdk.limits.Turns`.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

PATIENCE_S = 10.0
"""A call that would wait longer than this for its turn is put off, so that no worker stands still for it."""
LONGEST_PAUSE_S = 900.0
"""However far away a remote's Retry-After is, it is asked again after this long."""
FIRST_PAUSE_S = 1.0
_LONGEST_FIGURE = 15
_TELLING = re.compile("rate|retry", re.IGNORECASE)
_EPOCH_FROM = 1_000_000_000  # a reset figure above this is an instant, below it a number of seconds


def pause_after(refusals: int, after_s: float | None) -> float:
    """Return for how many seconds to stay away after so many refusals in a row: as the remote asks, within bounds.

    Without a figure (or with zero, or one in the past) each refusal in a row doubles the pause.
    """
    pause = FIRST_PAUSE_S * 2 ** min(refusals - 1, 12)
    if after_s is not None and after_s > 0:
        pause = max(after_s, FIRST_PAUSE_S if refusals > 1 else 0.0)
    return min(pause, LONGEST_PAUSE_S)


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer's headers say: come back after so long; so many calls of so many are left, until then."""

    after_s: float | None = None
    remaining: int | None = None
    limit: int | None = None  # zero where it is not said of how many
    reset_s: float | None = None


def read_headers(headers: Mapping[str, str], *, wall_s: float) -> Told:
    """Read Retry-After (seconds or a date) and the usual families of rate limit headers; nonsense counts as absent."""
    lower = {name.lower(): value.strip() for name, value in headers.items() if _TELLING.search(name)}
    if not lower:
        return Told()
    after, reset = _retry_after(lower.get("retry-after", ""), wall_s), _reset(lower, wall_s)
    # Several families, or several limits: the one of which least is left counts.
    left, limit = min(((figure, _limit(lower, name)) for name, figure in _remaining(lower)), default=(None, None))
    return Told(reset if after is None and left == 0 else after, left, limit, reset)


def _remaining(headers: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    for name, value in headers.items():
        if name.endswith("remaining") and "rate" in name and "limit" in name:
            figure = _figure(value)
            if figure is not None:
                yield name, int(figure)


def _limit(headers: Mapping[str, str], remaining: str) -> int:
    """Return of how many calls these are left, such as `X-RateLimit-Limit` tells; zero where it does not."""
    stem = remaining.removesuffix("remaining")
    return int(_figure(headers.get(f"{stem}limit", "")) or _figure(headers.get(f"{stem}max", "")) or 0)


def _retry_after(value: str, wall_s: float) -> float | None:
    seconds = _figure(value)
    if seconds is not None or not value:
        return seconds
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - wall_s)
    except (ValueError, OverflowError):
        return None


def _reset(headers: Mapping[str, str], wall_s: float) -> float | None:
    for name in ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"):
        figure = _figure(headers.get(name, ""))
        if figure is not None:
            return max(0.0, figure - wall_s) if figure > _EPOCH_FROM else figure
    return None


def _figure(value: str) -> float | None:
    """Return a plain non-negative decimal number, or None: no `nan`, no `inf`, no digits of other scripts."""
    whole = value.replace(".", "", 1)
    return float(value) if whole.isascii() and whole.isdigit() and len(value) <= _LONGEST_FIGURE else None
