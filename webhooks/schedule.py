"""When an undelivered message is tried again, as Svix does it: https://docs.svix.com/retries."""

from __future__ import annotations

DELAYS_S = (0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
"""Seconds before the first, second, ... try, each counted from the end of the one before."""

TIME_LIMIT_S = 15
"""How long a receiver may take to answer."""

OFF_AFTER_S = 5 * 24 * 3600
"""An endpoint that did nothing but fail for this long is switched off."""


def delay_before(tries: int) -> int | None:
    """Return the seconds to wait after so many tries that failed; None: the schedule has ended."""
    return DELAYS_S[tries] if tries < len(DELAYS_S) else None
