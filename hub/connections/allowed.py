"""What a vendor granted, compared with what the hub asked for: a person may untick some of it.

RFC 6749, 5.1: an answer without `scope` grants what was asked for. Vendors split the names at blanks or at commas, and
`offline_access` (Atlassian, OpenID Connect) asks for a refresh token, so that one is the answer to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connectors.sdk.manifest import OAuth
from connectors.sdk.oauth import Grant

OFFLINE: Final = "offline_access"
LONGEST: Final = 480
"""As many characters as a connection's problem holds, and some to spare."""


def missing(server: OAuth | None, grant: Grant) -> tuple[str, ...]:
    """Return the scopes that were asked for and not granted, in the order of the asking."""
    asked = server.scopes if server else ()
    given = {*grant.scopes, *((OFFLINE,) if grant.refresh_token else ())}
    return tuple(scope for scope in asked if scope not in given)


def lacking(title: str, server: OAuth | None, grant: Grant) -> str:
    """Return a sentence that names what was not allowed, and what for it is needed; empty where all was."""
    names = missing(server, grant)
    if server is None or not names:
        return ""
    full = [f"{_short(name)} ({server.why[name]})" if server.why.get(name) else _short(name) for name in names]
    told = _said(title, full)
    return told if len(told) <= LONGEST else _said(title, _as_many(title, [_short(name) for name in names]))


def _said(title: str, names: Sequence[str]) -> str:
    return (
        f"Not all that the hub asked {title} for was allowed. Missing: {', '.join(names)}. "
        "What needs it will not work until the account is reconnected and all is allowed."
    )


def _as_many(title: str, names: list[str]) -> list[str]:
    """Return as many names as fit, and how many more there are."""
    for count in range(len(names), 0, -1):
        kept = names[:count] + ([f"and {len(names) - count} more"] if count < len(names) else [])
        if len(_said(title, kept)) <= LONGEST:
            return kept
    return [f"{len(names)} scopes"]


def _short(scope: str) -> str:
    """Return a scope's name without the address that some vendors put before it."""
    return scope.rpartition("/")[2] if "://" in scope else scope
