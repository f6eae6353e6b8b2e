"""What a connector must be able to say and do: one small protocol per capability.

A connector only speaks. It holds no state between calls, decides nothing, retries nothing and knows no status codes: it
returns values or lets the SDK's errors pass. Every method that writes makes as few calls as the remote allows, and
doing it again after it was done must be as its declared write class says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Protocol, runtime_checkable

from connectors.sdk.types import (
    Account,
    Agreement,
    Board,
    Card,
    Changes,
    Copy,
    Fetched,
    Fields,
    Hint,
    Item,
    Outgoing,
    Page,
    Receipt,
    Target,
    Use,
)


@runtime_checkable
class Connector(Protocol):
    """What every connector can do."""

    def identify(self) -> Account:
        """Say who we are there, with plan and space where told; proves the credentials. One or two cheap reads."""
        ...


@runtime_checkable
class Targets(Protocol):
    """TARGETS."""

    def targets(self, cursor: str | None) -> Page[Target]:
        """List places where copies can stand, complete over all pages, in a stable order."""
        ...


@runtime_checkable
class Publish(Protocol):
    """PUBLISH."""

    def publish(self, target: Target, outgoing: Outgoing) -> Receipt:
        """Make a copy (or a link) that carries `outgoing.marker` and `outgoing.content_key` findably."""
        ...


@runtime_checkable
class Update(Protocol):
    """UPDATE."""

    def update(self, target: Target, ref: str, fields: Fields) -> Receipt:
        """Set exactly these fields of a copy, leave the others. Raises Missing when the copy is gone."""
        ...


@runtime_checkable
class Replace(Protocol):
    """REPLACE."""

    def replace(self, target: Target, ref: str, outgoing: Outgoing) -> Receipt:
        """Put other bytes in the place of a copy's, same reference and address.

        Where the earlier bytes stay, and only a person can take them away, say so (`Receipt.left`).
        """
        ...


@runtime_checkable
class Repoint(Protocol):
    """REPOINT."""

    def repoint(self, target: Target, old_ref: str, new_ref: str) -> Receipt:
        """Let every use of the old copy that can be found show the new one. Doing it again changes nothing."""
        ...


@runtime_checkable
class Withdraw(Protocol):
    """WITHDRAW."""

    def withdraw(self, target: Target, ref: str) -> None:
        """Take a copy and its findable uses away for good. A copy that is gone already is no error.

        Raises LeftBehind when the copy is gone, and a use that shows nothing any more could not be taken out.
        """
        ...


@runtime_checkable
class Find(Protocol):
    """FIND."""

    def find(self, target: Target, marker: str) -> tuple[Copy, ...]:
        """Find every copy with exactly this marker, complete; never one whose marker merely begins with it."""
        ...


@runtime_checkable
class Look(Protocol):
    """LOOK."""

    def look(self, target: Target, ref: str) -> Copy:
        """Read one copy back as it is now. Raises Missing only when the remote says that it is gone."""
        ...


@runtime_checkable
class Subscribe(Protocol):
    """SUBSCRIBE."""

    def subscribe(self, target: Target, callback_url: str) -> str | Agreement:
        """Have the remote send webhooks about this target; return the subscription's ref. Existing one: the same.

        Where the remote chooses the secret that it signs with, return it too (`Agreement`, and `HandsOver` below).
        Where subscriptions end, return when: asked again some time before, make another that overlaps with it.
        Where they do not, it is asked again every day: one that the remote gave up or switched off is made to work.
        """
        ...

    def unsubscribe(self, ref: str) -> None:
        """End a subscription. One that is gone already is no error."""
        ...


@runtime_checkable
class Import(Protocol):
    """IMPORT."""

    def inventory(self, cursor: str | None) -> Page[Item]:
        """List everything that stands there, folders included, complete over all pages, each item once."""
        ...

    def fetch(self, ref: str, into: IO[bytes]) -> Fetched:
        """Write the bytes of an item into a file, streamed; what came is exactly what the remote has, or it raises."""
        ...


@runtime_checkable
class Feed(Protocol):
    """CHANGES."""

    def changes(self, cursor: str | None) -> Changes:
        """Tell what changed since a cursor; without one, return a fresh beginning and no changes.

        Nothing that changes after a beginning was taken is ever missed; the same change may come twice. A cursor that
        the remote does not know any more comes back as `lost`, never as an error.
        """
        ...


@runtime_checkable
class Usage(Protocol):
    """USAGE."""

    def uses(self, target: Target, ref: str, cursor: str | None) -> Page[Use]:
        """List where a copy is used there, complete as far as `gaps` does not say otherwise."""
        ...


@runtime_checkable
class Numbers(Protocol):
    """NUMBERS."""

    def numbers(self, target: Target, ref: str) -> Mapping[str, int]:
        """Read what the remote counts of a copy (views, clicks), by its own names; empty: nothing yet."""
        ...


@runtime_checkable
class Cards(Protocol):
    """CARDS."""

    def boards(self, cursor: str | None) -> Page[Board]:
        """List the boards that are in use, by ref and label, complete over all pages."""
        ...

    def board(self, ref: str) -> Board:
        """Read one board with its lists, labels and custom fields. Raises Missing when it is gone."""
        ...

    def cards(self, board: str, cursor: str | None) -> Page[Card]:
        """List the cards on a board, done ones too unless they were put away, complete over all pages, each once."""
        ...

    def card(self, ref: str) -> Card:
        """Read one card as it is now, also one that was put away. Raises Missing only when it is gone."""
        ...


@runtime_checkable
class Hold(Protocol):
    """HOLD."""

    def hold(self, target: Target, ref: str) -> Receipt:
        """Keep a copy that waits for its time from becoming public. Doing it again changes nothing."""
        ...

    def resume(self, target: Target, ref: str, at: int) -> Receipt:
        """Let a held copy, or one that waits for another time, become public at `at` (UTC milliseconds).

        Never publishes a second time.
        """
        ...


class Inbound(Protocol):
    """Verifies and reads the webhooks that a remote sends. Stateless; touches no network.

    The names of headers are in lower case.
    """

    def greet(
        self, method: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes] | None:
        """Answer a handshake, such as Trello's HEAD; None when this is an ordinary delivery."""
        ...

    def verify(self, *, secret: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Check the signature over the raw body; raise `webhooks.SignatureError` in every case of doubt.

        `url` is the address that was called, its query included: a remote that signs nothing can only repeat a word
        that a person entered with the address.
        """
        ...

    def read(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read a verified delivery. An unknown event type gives a hint without refs, never an error."""
        ...


@runtime_checkable
class HandsOver(Protocol):
    """What an Inbound has besides, where the remote hands a secret of its own over while a subscription is made.

    The hub lets `greet` answer such a handshake only while its own call is open, and believes the secret only if the
    answer to that call names the same one. Every other handshake is refused: whoever sends it wants to sign lies.
    """

    def offered(self, headers: Mapping[str, str]) -> str | None:
        """Return the secret that a request hands over; None when it is an ordinary delivery."""
        ...


@runtime_checkable
class Challenged(Protocol):
    """What an Inbound has besides, where the remote asks for a word back before it believes in an address."""

    def challenge(self, query: Mapping[str, str], *, secret: str) -> tuple[int, Mapping[str, str], bytes] | None:
        """Answer a GET whose query holds such a word; None where it holds none.

        Anybody can ask: the answer must be of no use to a browser, and must not tell the secret.
        """
        ...
