"""What this room tells a person when something does not work."""

from __future__ import annotations

from connectors.sdk.errors import AuthExpired, ConnectorError, Misconfigured, NeedsPerson, RetryLater
from hub.errors import HubError, Invalid, NotFound, Unavailable


def no_such_connection(where: str) -> NotFound:
    """Return the error for an id that names no connection."""
    return NotFound(
        "no_such_connection",
        "There is no such connection.",
        where=where,
        next_step="Load the list of connections again.",
    )


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


def not_usable(code: str, connector: str) -> NeedsPerson:
    """Return the error for a remote that cannot be reached because no connection may be used."""
    texts = {
        "not_connected": "is not connected any more. Connect it again.",
        "connection_paused": "is paused. Resume the connection.",
        "connection_needs_person": "needs your attention. Open the connection and sign in again.",
    }
    return NeedsPerson(f"{connector} {texts[code]}", code=code)
