"""Every kind of event that goes out: what it tells, since which version, and what its message says.

A kind keeps its name and the meaning of its fields for as long as its version stays. Fields may be added within a
version; when one goes, or means something else, the version counts up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hub.errors import Invalid
from hub.notify import shapes


@dataclass(frozen=True, slots=True)
class EventType:
    """One kind of event."""

    name: str
    subject: str
    """What the id that it is about is called in the message."""
    data: type[shapes.Said]
    about: str
    version: int = 1

    @property
    def fields(self) -> tuple[str, ...]:
        """Return what else the message says, by name."""
        return tuple(name for name in self.data.model_fields if name != self.subject)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of a whole message."""
        data = self.data.model_json_schema()
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.name,
            "description": self.about,
            "type": "object",
            "required": ["type", "version", "timestamp", "data"],
            "properties": {
                "type": {"const": self.name},
                "version": {"const": self.version},
                "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
                "data": {name: value for name, value in data.items() if name != "$defs"},
            },
        }

    def example(self) -> dict[str, Any]:
        """Return a message as it could be."""
        said = {name: _sample(self.name, name) for name in (self.subject, *self.fields)}
        return {
            "type": self.name,
            "version": self.version,
            "timestamp": "2026-09-21T14:13:20.000Z",
            "data": {name: value for name, value in said.items() if name != "language"},
        }


def _asset(name: str, data: type[shapes.Said], about: str) -> EventType:
    return EventType(f"asset.{name}", "asset_id", data, about)


def _rights(name: str, data: type[shapes.Said], about: str) -> EventType:
    return EventType(f"rights.{name}", "asset_id", data, about)


def _copy(name: str, data: type[shapes.Said], about: str) -> EventType:
    return EventType(f"placement.{name}", "placement_id", data, about)


def _connection(name: str, data: type[shapes.Said], about: str) -> EventType:
    return EventType(f"connection.{name}", "connection_id", data, about)


def _collection(name: str, data: type[shapes.Said], about: str) -> EventType:
    return EventType(f"collection.{name}", "collection_id", data, about)


EVENT_TYPES: Final = (
    _asset("created", shapes.Created, "An asset came into the catalogue; its first version follows."),
    _asset("version_added", shapes.VersionAdded, "Bytes came in. Channels show them once they are approved."),
    _asset("rendered", shapes.Rendered, "The smaller forms of a version were made, or cannot be made."),
    _asset("metadata_changed", shapes.Described, "Values that describe an asset changed."),
    _asset("submitted", shapes.OfVersion, "Somebody asked for a decision on a version."),
    _asset("approved", shapes.OfVersion, "Somebody approved exactly the bytes of a version."),
    _asset("rejected", shapes.OfVersion, "Somebody said that a version is not to be shown."),
    _asset("approval_revoked", shapes.OfVersion, "The approval was taken back; copies are withdrawn."),
    _asset("version_published", shapes.Published, "Channels may show another version than before; all copies follow."),
    _asset("archived", shapes.OfAsset, "An asset was taken out of use; copies are withdrawn."),
    _asset("unarchived", shapes.OfAsset, "An asset was taken out of the archive."),
    _asset("deleted", shapes.OfAsset, "An asset was deleted; it can be brought back for a while."),
    _asset("purged", shapes.OfAsset, "The bytes of a deleted asset were let go of for good; hashes and proofs stay."),
    _asset("held", shapes.Held, "A legal hold: nothing of the asset is purged until it is lifted."),
    _asset("hold_lifted", shapes.Held, "A legal hold on an asset was lifted."),
    _asset("restored", shapes.OfAsset, "A deleted asset was brought back."),
    _asset("successor_changed", shapes.Succeeded, "Another asset stands in for this one from now on, or none."),
    _rights("changed", shapes.OfTerm, "A clause was added or taken back; what may be used may differ from now on."),
    _rights("ends_soon", shapes.TermEndsSoon, "The window of a clause ends within 30, 7 or 1 days; each is told once."),
    _rights("ended", shapes.TermEnds, "The window of a clause came to its end: copies are withdrawn or substituted."),
    _copy("planned", shapes.OfCopy, "Somebody wants a copy in a place; it is made once it may stand there."),
    _copy("made", shapes.CopyMade, "The other side accepted a new copy. Nobody has looked yet: see placement.proven."),
    _copy("proven", shapes.ShownProof, "Looks that began after the last write show a copy as it should be."),
    _copy("substituted", shapes.ShownProof, "Looks show that the substitute stands there instead."),
    _copy("scheduled", shapes.ShownProof, "Looks show that a copy waits there for its time, and is not public before."),
    _copy("rescheduled", shapes.Timed, "A copy goes out at another time than before."),
    _copy("stopped", shapes.Stopped, "A copy will not go out at its time, as things stand: a person may have to act."),
    _copy("held", shapes.Proof, "Looks show that a copy is parked there, so that it does not go out."),
    _copy("withdrawn", shapes.Proof, "A copy was taken back, and looks show that it is away."),
    _copy("altered", shapes.Altered, "Somebody changed a copy there; what the catalogue owns is put right."),
    _copy("gone", shapes.Proof, "Somebody removed a copy there. The asset is safe; the hub does not put it back."),
    _copy("unsure", shapes.OfCopy, "The answer to a write was lost. The hub looks before it repeats anything."),
    _copy("blocked", shapes.Blocked, "A person must act before this copy goes on."),
    _copy("conflict_decided", shapes.Decided, "Somebody decided which value of a field holds; both are kept."),
    _copy(
        "exchange_decided", shapes.SideTaken, "Somebody decided which file holds, ours or the one put there instead."
    ),
    _copy("cured", shapes.Cured, "A copy that was unsure, blocked, altered or gone is as it should be again."),
    _copy("taken_back", shapes.OfCopy, "Somebody wants a copy no more; it is being withdrawn."),
    _copy("restored", shapes.OfCopy, "Somebody had a copy put back that was removed there."),
    _copy("settled", shapes.Settled, "A copy came to its end. Its record and its proofs stay."),
    EventType(
        "usage.recorded", "placement_id", shapes.OfUse, "A card with this link on it was finished: its asset was used."
    ),
    EventType("recall.opened", "recall_id", shapes.OfRecall, "An asset is being taken back from everywhere."),
    EventType("recall.closed", "recall_id", shapes.RecallClosed, "Every copy of a recalled asset is accounted for."),
    _connection("created", shapes.ConnectionState, "Somebody connected an account."),
    _connection("live", shapes.ConnectionState, "A connection works, for the first time or again."),
    _connection("ailing", shapes.ConnectionState, "A connection has trouble; the hub goes on trying by itself."),
    _connection("needs_person", shapes.ConnectionState, "A connection stands still until a person signs in again."),
    _connection("renewed", shapes.ConnectionState, "Somebody reconnected an account; copies carry on."),
    _connection("off", shapes.ConnectionState, "A connection was paused, replaced or disconnected: problem_code says."),
    _connection("ends_soon", shapes.ConnectionEnds, "What a connection needs ends within 14, 7, 3 or 1 days."),
    _connection("leaving", shapes.OfConnection, "All copies of an account are being taken back before it is left."),
    _connection("staying", shapes.OfConnection, "Somebody changed their mind about leaving an account."),
    _connection("left", shapes.OfConnection, "Every copy of an account is proven away; the hub disconnected."),
    EventType("target.changed", "target_id", shapes.OfPlace, "A place stands for other channels or countries now."),
    EventType("mapping.changed", "remote_id", shapes.MappingChanged, "Another field mapping counts for an account."),
    _collection("created", shapes.OfCollection, "Somebody made a collection."),
    _collection("renamed", shapes.OfCollection, "A collection has another name."),
    _collection("assets_added", shapes.Members, "Assets were put into a collection."),
    _collection("assets_removed", shapes.Members, "Assets were taken out of a collection."),
    _collection("removed", shapes.OfCollection, "A collection was removed; its assets stay."),
)

KINDS: Final[Mapping[str, EventType]] = {each.name: each for each in EVENT_TYPES}
"""The kinds that the event log holds and that go out, by name."""

TEST: Final = EventType(
    "endpoint.test", "endpoint_id", shapes.Tested,
    "An administrator asked whether messages arrive. It goes to one endpoint, whatever that wants to hear of.",
)  # fmt: skip
"""Made by hand; it stands in no log and in no feed."""

EVERY_TYPE: Final = (*EVENT_TYPES, TEST)
ALL: Final = "*"


def checked_kinds(wanted: Iterable[str]) -> list[str]:
    """Return kinds and patterns (`asset.*`, `*`) in order, as they are kept.

    Raises:
        Invalid: `event_kind_unknown`.
    """
    given = sorted(set(wanted))
    if given and all(matching([one]) for one in given):
        return given
    rooms = sorted({f"{kind.partition('.')[0]}.*" for kind in KINDS})
    raise Invalid(
        "event_kind_unknown",
        "At least one kind of event is needed, and only kinds that there are, or all of a room: " + ", ".join(rooms)
        + ".",
        where="kinds",
        next_step="Choose from the list at /api/v1/event-types.",
    )  # fmt: skip


def matching(wanted: Iterable[str]) -> frozenset[str]:
    """Return the kinds that a list of kinds and patterns means; what it does not know means none."""
    given = set(wanted)
    return frozenset(
        kind for kind in KINDS if kind in given or ALL in given or f"{kind.partition('.')[0]}.{ALL}" in given
    )


def _sample(kind: str, field: str) -> Any:
    special: Mapping[str, Any] = {
        "placement.substituted/claim": "substituted",
        "placement.substituted/shown_asset_id": _id(7),
        "placement.scheduled/claim": "scheduled",
        "placement.scheduled/level": "read",
        "placement.held/claim": "held",
        "placement.held/level": "read",
        "placement.stopped/reason": "not_usable: licence_ended",
        "placement.withdrawn/claim": "withdrawn",
        "placement.gone/claim": "gone",
        "placement.gone/level": "read",
        "connection.needs_person/problem_code": "auth_expired",
        "connection.ailing/problem_code": "remote_unreachable",
        "connection.off/problem_code": "paused",
        "placement.blocked/problem_code": "rejected",
        "connection.ends_soon/days": 14,
    }
    return special.get(f"{kind}/{field}", _SAMPLES[field])


def _id(number: int) -> str:
    return f"01a1c9f4-3a00-7000-8000-{number:012d}"


_SAMPLES: Final[Mapping[str, Any]] = {
    "asset_id": _id(1), "version_id": _id(2), "previous_version_id": _id(3), "placement_id": _id(4),
    "target_id": _id(5), "term_id": _id(6), "successor_id": _id(7), "shown_asset_id": _id(1), "remote_id": _id(8),
    "connection_id": _id(9), "recall_id": _id(10), "collection_id": _id(11), "endpoint_id": _id(12),
    "binding_id": _id(13),
    "publish_at": 1790000000000,
    "asset_ids": [_id(1), _id(7)], "kind": "image", "number": 2, "fields": ["title", "alt_text"], "author": "person",
    "language": None, "source": "licence", "effect": "allow", "until_at": 1790000000000, "ends_at": 1790000000000,
    "days": 7, "claim": "in_place", "level": "seen", "reason": "withdrawn", "after": "blocked",
    "counts": {"withdrawn": 3, "unproven": 0}, "connector": "wordpress", "problem_code": "", "what": "sign_in",
    "sure": "known", "state": "ready", "field": "alt_text", "hold_id": _id(14), "decision": "theirs",
    "owner_id": _id(15), "link": f"https://hub.example/connections/{_id(9)}/reconnect",
}  # fmt: skip
