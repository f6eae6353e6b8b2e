"""What this room tells a person when something does not work."""

from __future__ import annotations

from typing import Final

from connectors.sdk.errors import AuthExpired, ConnectorError, Misconfigured, NeedsPerson, RetryLater
from hub.errors import Conflict, HubError, Invalid, NotFound, Unavailable


def no_such_connection(where: str) -> NotFound:
    """Return the error for an id that names no connection."""
    return NotFound(
        "no_such_connection",
        "There is no such connection.",
        where=where,
        next_step="Load the list of connections again.",
    )


class AlreadyConnected(Conflict):
    """Somebody signed in to an account that is connected already, and must choose what becomes of that.

    `connection_id` is the connection that is there; `apart` tells that it is another person's, so that both may be
    kept; `state` stands for what was typed in, as long as it is kept, for `Connections.choose`.
    """

    def __init__(self, label: str, connection_id: str, *, apart: bool) -> None:
        super().__init__(
            "already_connected", f"{label} is connected already. Nothing was changed.", where=connection_id,
            next_step="Say that the connection goes on with these credentials (`known`: renew)"
            + (", or that both are kept (second)." if apart else "."),
        )  # fmt: skip
        self.label, self.connection_id, self.apart, self.state = label, connection_id, apart, ""


def no_such_connector(name: str) -> NotFound:
    """Return the error for a name that no connector has."""
    return NotFound(
        "no_such_connector", "No connector of this name is installed.", where=name,
        next_step="Choose one from the list of connectors.",
    )  # fmt: skip


def no_such_target(where: str) -> NotFound:
    """Return the error for an id that names no target."""
    return NotFound(
        "no_such_target", "There is no such place.", where=where, next_step="Refresh the connection's places."
    )


def handshake_open(where: str) -> Conflict:
    """Return the error for a subscription that is being made at this moment."""
    return Conflict(
        "handshake_open", "The hub is asking for webhooks about this place at this moment.", where=where,
        next_step="Wait two minutes, then try again if it is still needed.",
    )  # fmt: skip


def handshake_differs(where: str) -> Unavailable:
    """Return the error for a secret that did not come from the remote itself, or did not come at all."""
    return Unavailable(
        "handshake_differs",
        "The secret that came to the hub's address is not the one that the other system named, so it was thrown away.",
        where=where,
        next_step="Check that the other system reaches the hub's address, then try again.",
    )


def to_person(error: ConnectorError, *, where: str = "") -> HubError:
    """Turn a remote's failure into an error of the hub, for the person who asked for the call."""
    if isinstance(error, AuthExpired):
        return Invalid(
            "credentials_refused", error.message, where=where, next_step="Check what you typed in and try again."
        )
    if isinstance(error, Misconfigured | NeedsPerson):
        return Invalid(error.code, error.message, where=where, next_step="Correct the settings and try again.")
    if isinstance(error, RetryLater):
        return Unavailable(error.code, error.message, where=where, next_step="Try again in a few minutes.")
    return Unavailable(
        "remote_answer_unusable", error.message, where=where, next_step="Check the address, then try again."
    )


WAYLESS: Final = frozenset({AuthExpired.code, "not_connected", "connection_paused", "connection_needs_person"})
"""What stops copies for want of a way to their remote, and ends when there is one again."""


def not_usable(code: str, connector: str) -> NeedsPerson:
    """Return the error for a remote that cannot be reached because no connection may be used."""
    texts = {
        "not_connected": "is not connected any more. Connect it again.",
        "connection_paused": "is paused. Resume the connection.",
        "connection_needs_person": "needs your attention. Open the connection and sign in again.",
    }
    return NeedsPerson(f"{connector} {texts[code]}", code=code)
