"""The permanent address of one copy: it carries the marker, never changes, and shows nothing once nothing may be shown.

The address holds no version and no end: what it shows is decided anew at each visit by `hub.delivery`.
"""

from __future__ import annotations

from typing import Final

from hub.errors import NotFound
from hub.placements.ports import Signer

PATH: Final = "/p/"
PURPOSE: Final = "placement-link"


def placement_link(marker: str, *, base_url: str, keyring: Signer) -> str:
    """Return the address of the copy with this marker."""
    return f"{base_url.rstrip('/')}{PATH}{marker}.{keyring.sign(marker.encode(), purpose=PURPOSE)}"


def read_placement_link(token: str, *, keyring: Signer) -> str:
    """Return the marker that the last part of such an address stands for.

    Raises:
        NotFound: nobody here made this address.
    """
    marker, dot, signature = token.partition(".")
    if not dot or not keyring.verify(marker.encode(), signature, purpose=PURPOSE):
        raise NotFound(
            "no_such_link",
            "There is nothing at this address.",
            next_step="Ask the person who gave you the address for a new one.",
        )
    return marker
