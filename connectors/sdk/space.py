"""How much space an account has used, in a few words for people."""

from __future__ import annotations

STEP = 1024  # vendors who sell "2 GB" give 2,147,483,648 bytes
_HALF_A_TENTH = 0.05


def used_of(used: int, limit: int | None) -> str:
    """Say how many bytes of how many are used, such as `1.2 GB of 2 GB used`; without a limit it is unlimited."""
    return f"{size(used)} used, unlimited" if limit is None else f"{size(used)} of {size(limit)} used"


def size(count: int) -> str:
    """Write a number of bytes as people read it: in the largest unit that gives one or more, with one digit at most."""
    value, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        if value < STEP - _HALF_A_TENTH:  # what would be written as 1,024 is one of the next
            break
        value, unit = value / STEP, larger
    return f"{value:,.1f}".removesuffix(".0") + f" {unit}"
