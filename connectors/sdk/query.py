"""The parameters of an address, written so that every remote, and whoever signs, reads them alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

Query = Mapping[str, str | int | bool | None]
"""Parameters by name; those that are None are left out."""

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")  # what stands for itself in an address (RFC 3986, 2.3)


def with_query(url: str, query: Query) -> str:
    """Add parameters to an address, blanks as %20: a `+` means a blank to some and itself to others, signers too."""
    pairs = [f"{_quoted(name)}={_quoted(_text(value))}" for name, value in query.items() if value is not None]
    return f"{url}{'&' if '?' in url else '?'}{'&'.join(pairs)}" if pairs else url


def _text(value: str | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote(text, safe="")
