"""What this room asks of others through a narrow door, so that it can be rehearsed without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from connectors.sdk.errors import ConnectorError
from connectors.sdk.manifest import Manifest
from connectors.sdk.protocols import Connector
from hub.access.actors import Actor


class Speaker(Protocol):
    """A connector that is signed in."""

    @property
    def connector(self) -> Connector:
        """The connector itself."""
        ...

    @property
    def manifest(self) -> Manifest:
        """What it declares."""
        ...


class Switchboard(Protocol):
    """Finds the way to a remote. `hub.connections` is the real one. None of it may be called inside a unit."""

    def manifest(self, connector: str) -> Manifest:
        """Return what a connector declares, whether or not it is connected."""
        ...

    def speak(self, remote_id: str, *, urgent: bool = False, checking: bool = False) -> Speaker:
        """Return a usable speaker; raises NeedsPerson or RetryLater when there is none.

        `checking`: it only looks at what is thought to be in order, and gets a part of the remote's limits.
        """
        ...

    def report(self, remote_id: str, error: ConnectorError | None) -> None:
        """Tell how a call ended, for the connection's health."""
        ...

    def disconnect(self, actor: Actor, connection_id: str) -> None:
        """Switch a connection off for good."""
        ...


@dataclass(frozen=True, slots=True)
class Viewed:
    """What an anonymous visitor got at an address. `status` is None when nobody answered."""

    status: int | None
    sha256: str = ""
    media_type: str = ""


class Viewer(Protocol):
    """Opens public addresses as anybody could, without any credentials."""

    def view(self, url: str) -> Viewed:
        """GET an address; a failure to reach it is an answer too, never an exception."""
        ...


class Signer(Protocol):
    """Signs and checks links. `hub.access.keyring.Keyring` is the real one."""

    def sign(self, message: bytes, *, purpose: str) -> str:
        """Return a signature that is safe in an address."""
        ...

    def verify(self, message: bytes, signature: str, *, purpose: str) -> bool:
        """Tell whether the signature is ours."""
        ...


@dataclass(frozen=True, slots=True)
class Recipient:
    """Bytes of an asset that left the hub for somebody: the id of a person, or `link:` and that of a share link."""

    version_id: str
    preset: str
    who: str
    at: int


class HandedOut(Protocol):
    """Tells what left the hub and cannot be called back. `hub.delivery` is the real one."""

    def __call__(self, session: Session, asset_id: str) -> Sequence[Recipient]:
        """Return every handout of an asset, newest first; looks at copies that are links are not among them."""
        ...


FieldValues = Mapping[str, object]
