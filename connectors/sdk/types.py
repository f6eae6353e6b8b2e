"""The values that pass between the hub and a connector. All are frozen; none shows a secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import IO, Generic, Protocol, TypeVar

from connectors.sdk.errors import BadAnswer, keepable

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
Fields = Mapping[str, JsonValue]
T = TypeVar("T")


def refuse_unkeepable(*names: str | None) -> None:
    """Refuse what a remote calls something where no database could keep it; a name is never changed.

    Raises:
        BadAnswer: there is a zero byte or half a character in it.
    """
    if any(name and keepable(name) != name for name in names):
        raise BadAnswer("An answer names something in a way that cannot be kept.")


def forget(note: str) -> None:
    """Keep nothing: nobody goes on where this try ends."""
    del note


class PartKind(StrEnum):
    """What a part of a copy is."""

    MEDIA = "media"  # the copy itself, such as a media library item
    EMBED = "embed"  # a use of it, such as an image in a post
    LINK = "link"  # a link to our delivery address, such as a card's attachment
    PUBLIC_URL = "public_url"  # an address that anybody can open without signing in


class PartState(StrEnum):
    """What a look found of a part."""

    UNKNOWN = "unknown"
    SHOWING = "showing"
    QUEUED = "queued"  # accepted, and not public before its time
    HELD = "held"  # parked there by us, until it is resumed
    FAILED = "failed"  # the remote gave it up; a person there can see why
    GONE = "gone"


class Level(StrEnum):
    """How we know something, weakest first; `attested` is a person's word and stands apart."""

    SAID = "said"  # the remote accepted our write
    READ = "read"  # a second call shows it
    SEEN = "seen"  # anonymous GET of every known public address shows it
    ATTESTED = "attested"


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are at the remote."""

    key: str  # names the outside account or site for good, such as its address; never a person's secret
    label: str
    user: str = ""
    scopes: tuple[str, ...] = ()
    plan: str = ""  # a short phrase for people of its plan and the space used; empty where the system tells neither


@dataclass(frozen=True, slots=True)
class Target:
    """A place in a remote where copies can stand."""

    kind: str
    ref: str  # the remote's own id, never a name
    label: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a listing; `cursor` is None on the last page."""

    items: tuple[T, ...]
    cursor: str | None


class Source(Protocol):
    """Bytes that are to be sent, and what is said of them on the way."""

    @property
    def filename(self) -> str:
        """A safe name with the right extension."""
        ...

    @property
    def media_type(self) -> str:
        """What the bytes are."""
        ...

    @property
    def size(self) -> int:
        """How many they are."""
        ...

    @property
    def open(self) -> Callable[[], IO[bytes]]:
        """Gives a fresh stream of exactly `size` bytes at each call."""
        ...


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a copy that shows several."""

    content_key: str  # of this picture's bytes alone
    filename: str
    media_type: str
    size: int
    sha256: str
    open: Callable[[], IO[bytes]]
    fields: Fields  # what is said of this picture alone (`Manifest.picture_fields`), in the remote's shape


COMPANIONS = "companions"
"""The field of a set that holds what is said of each further picture: a list of objects, in the order of pictures."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is to stand in a target.

    `marker` names the placement and must be findable at the remote exactly, afterwards and for good. `content_key`
    (12 hexadecimal digits of the bytes' SHA-256; of a set see `connectors.sdk.marker.content_key`) names the bytes;
    with it several copies of one placement (an old one and its replacement) can be told apart.
    """

    marker: str
    content_key: str
    filename: str  # safe ASCII with the right extension
    media_type: str
    size: int
    sha256: str
    open: Callable[[], IO[bytes]]  # a fresh stream of exactly `size` bytes at each call
    link: str  # our delivery address for this copy; carries the marker; stays the same for its whole life
    fields: Fields  # mapped fields in the remote's shape; of a set with `COMPANIONS`
    publish_at: int | None = None  # when a scheduler is to make it public, UTC milliseconds; None: at once
    kept: str = ""  # what an earlier try with the same bytes noted last, unless it ended well
    keep: Callable[[str], None] = forget  # notes how far this try is, such as what an upload is called; no secret
    companions: tuple[Picture, ...] = ()  # further pictures of the same copy, in their order: they make it a set

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Return every picture in its order, the leading one first."""
        first = Picture(
            self.sha256[:12], self.filename, self.media_type, self.size, self.sha256, self.open, self.fields
        )
        return (first, *self.companions)


@dataclass(frozen=True, slots=True)
class Part:
    """One remote object, use, link or public address of a copy, as a look found it."""

    kind: PartKind
    ref: str  # the remote's id; for PUBLIC_URL the address itself
    state: PartState = PartState.SHOWING

    def __post_init__(self) -> None:
        """Refuse a name that cannot be kept."""
        refuse_unkeepable(self.ref)


@dataclass(frozen=True, slots=True)
class Copy:
    """What stands in a target, as the remote tells it now.

    `sha256` is the hash of the bytes that the remote keeps, where the connector could read them (of the file that
    was uploaded, not of a scaled derivative); None where it cannot, and of a set. `fields` are in the remote's shape,
    the same keys that `Outgoing.fields` uses.
    """

    ref: str
    marker: str | None
    content_key: str | None
    fields: Fields
    parts: tuple[Part, ...]
    sha256: str | None = None
    url: str | None = None  # where a person sees it
    publish_at: int | None = None  # of what waits for its time: when that is, UTC milliseconds
    item_ref: str = ""  # what an inventory calls it (`Item.ref`), by which `fetch` brings its bytes, where not `ref`

    def __post_init__(self) -> None:
        """Refuse names that cannot be kept."""
        refuse_unkeepable(self.ref, self.content_key, self.item_ref)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The remote's answer to a write that made or changed a copy."""

    ref: str
    parts: tuple[Part, ...] = ()
    url: str | None = None
    again: bool = False  # the remote says that an earlier try had made it already
    left: str = ""  # of a replacement or withdrawal: what stays there that only a person can take away, for a person

    def __post_init__(self) -> None:
        """Refuse a name that cannot be kept."""
        refuse_unkeepable(self.ref)


@dataclass(frozen=True, slots=True)
class Agreement:
    """A subscription that was made, where the remote chooses the secret that it will sign with, or lets it end.

    `secret` is what the answer to our own call said; empty where the subscription stood there already.
    """

    ref: str
    secret: str = field(default="", repr=False)
    ends_at: int | None = None  # UTC milliseconds; the hub subscribes anew before, and then ends the old one


@dataclass(frozen=True, slots=True)
class Hint:
    """What an inbound webhook says. Never believed: it only makes the named copies due for a look."""

    delivery_key: str  # the same for a repeated delivery of the same event
    kind: str  # the remote's own event name
    refs: tuple[str, ...] = ()  # refs of copies that may have changed; empty: anything may have
    ours: bool = False  # an echo of our own write
    extra: Fields = field(default_factory=dict[str, JsonValue])
    anything: bool = False  # something happened there, and the remote never says to what: all copies are due
    cards: tuple[str, ...] = ()  # refs of cards that may have come, changed or gone


BOARD = "card_board"
"""The kind of a target that is no place for copies: cards lie on it, and it can tell of all of them by webhook.

The hub makes such targets; no connector lists one, and a place may have any other kind.
"""


@dataclass(frozen=True, slots=True)
class Named:
    """Something at a remote and what people there call it."""

    ref: str
    label: str


@dataclass(frozen=True, slots=True)
class Board:
    """What cards lie on: a board, or a project. `boards` tells only the first two of each; `board` tells all."""

    ref: str
    label: str
    lists: tuple[Named, ...] = ()  # in the order in which people see them
    labels: tuple[Named, ...] = ()  # that a card may carry, named ones only
    fields: tuple[Named, ...] = ()  # custom fields whose values are text or can be read as such


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it is now. Its target is the very one that `targets` tells while it is open."""

    target: Target
    title: str
    text: str = ""  # its description, as text
    lies: Mapping[str, str] = field(default_factory=dict[str, str])  # ref of each board -> ref of the list there, or ""
    labels: tuple[str, ...] = ()  # refs
    fields: Mapping[str, str] = field(default_factory=dict[str, str])  # ref of a custom field -> what people read in it
    done: bool = False  # somebody said that the work is finished, or put the card away


class ItemKind(StrEnum):
    """What a thing at a remote is, as far as an import is concerned."""

    FILE = "file"
    FOLDER = "folder"
    SHORTCUT = "shortcut"  # stands for another item; `facts["target"]` is that one's ref
    DOCUMENT = "document"  # has no bytes of its own: what `fetch` brings is an export
    LINK = "link"  # an address that the hub put there as its copy: there is nothing to fetch


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that stands at a remote, as an inventory tells it; whether or not the hub put it there."""

    ref: str
    kind: ItemKind
    name: str  # as people there see it: any script, any length, possibly with slashes
    parents: tuple[str, ...] = ()  # refs of folders; empty: it lies at the top, or its folder cannot be seen
    size: int | None = None  # in bytes; None: not known before it is fetched
    media_type: str = ""  # as the remote says, never to be trusted
    modified_at: int | None = None  # UTC milliseconds
    revision: str = ""  # changes whenever the bytes do; empty: the remote tells none
    checksums: Mapping[str, str] = field(default_factory=dict[str, str])  # algorithm -> lower-case hexadecimal
    facts: Fields = field(default_factory=dict[str, JsonValue])  # what else an import keeps, in the remote's words
    url: str | None = None  # where a person sees it
    marker: str = ""  # a hub's marker, where the listing shows that a hub put it there
    copy_ref: str = ""  # what it is called as a copy (`Copy.ref`), where that is not `ref`
    place: str = ""  # ref of the target that it stands in, where the listing tells


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came with the bytes of an item."""

    size: int
    media_type: str = ""
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that may be different from what it was. `item` is how it is now, where the feed tells."""

    ref: str
    gone: bool = False
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a feed tells since a cursor, oldest first."""

    items: tuple[Change, ...]
    cursor: str  # go on from here; it is safe to ask again with the old one
    more: bool = False  # there is more to read right now
    lost: bool = False  # the feed lost our place: take a new inventory; `cursor` is a fresh beginning


@dataclass(frozen=True, slots=True)
class Use:
    """One place at a remote where a copy is used, such as a post that shows it."""

    kind: str
    ref: str
    label: str
    url: str | None = None
    public: bool | None = None  # whether anybody can see it; None: not known
