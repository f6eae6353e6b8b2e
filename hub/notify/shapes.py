"""What messages say, kind by kind: ids, times and words from closed lists, never a title, a file name or a hash.

Each class is the `data` of one or several kinds. Its JSON Schema is served and documented, so every field says what it
is; a field that is not in an event is left out of the message.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(max_length=64)]
At = Annotated[int, Field(description="UTC milliseconds since 1970.")]


class Said(BaseModel):
    """Part of a message. Within a version fields may be added: receivers pass over those that they do not know."""

    model_config = ConfigDict(title="data")


class OfAsset(Said):
    """Something about an asset."""

    asset_id: Id


class Created(OfAsset):
    """A new asset."""

    kind: str = Field(description="image, video, audio, document or other.")


class Held(OfAsset):
    """A legal hold."""

    hold_id: Id


class OfVersion(OfAsset):
    """Something about one version."""

    version_id: Id


class VersionAdded(OfVersion):
    """A version more."""

    number: int = Field(description="Counts an asset's versions from 1.")


class Published(OfVersion):
    """Another version than before."""

    previous_version_id: Id


class Described(OfAsset):
    """Values that changed; the values themselves are asked for."""

    fields: list[str] = Field(description="The catalogue's names of the fields.")
    author: str = Field(description="Who said the values: person, rule, channel, file or model.")
    language: str | None = Field(None, description="The language of the values; left out: the catalogue's own.")


class Succeeded(OfAsset):
    """Which asset stands in."""

    successor_id: Id | None = Field(description="null: none any more.")


class Rendered(OfVersion):
    """How making the smaller forms ended."""

    state: str = Field(description="ready, or failed.")


class OfTerm(OfAsset):
    """A clause of an asset's rights."""

    term_id: Id


class TermEnds(OfTerm):
    """A clause whose window ends."""

    source: str = Field(description="What it rests on: licence, consent, embargo or takedown.")
    effect: str = Field(description="allow or deny.")
    until_at: At


class TermEndsSoon(TermEnds):
    """A clause whose window ends soon."""

    days: int = Field(description="It ends within so many days: 30, 7 or 1.")


class OfCopy(Said):
    """Something about one copy of an asset in one place."""

    placement_id: Id
    asset_id: Id
    target_id: Id = Field(description="The place.")


class OfUse(OfCopy):
    """A use that was recorded."""

    binding_id: Id = Field(description="The binding that had planned the link.")


class CopyMade(OfCopy):
    """The other side accepted a copy."""

    version_id: Id | None


class Proof(OfCopy):
    """What looks showed, or a person said."""

    claim: str = Field(description="in_place, substituted, scheduled, held, withdrawn or gone.")
    level: str = Field(description="How it is known: said, read, seen or attested.")


class ShownProof(Proof):
    """What stands there."""

    version_id: Id | None
    shown_asset_id: Id | None = Field(description="The asset that stands there: another one where it is substituted.")


class Timed(OfCopy):
    """When it goes out."""

    publish_at: At


class Stopped(Timed):
    """Why it does not go out."""

    reason: str = Field(description="A word, for rights followed by what they say: not_usable: licence_ended.")


class Altered(OfCopy):
    """What somebody else changed there."""

    fields: list[str] = Field(description="The remote's names of the fields; `bytes` for the file itself.")


class Blocked(OfCopy):
    """Why nothing goes on."""

    problem_code: str = Field(description="One of docs/errors.md.")


class Cured(OfCopy):
    """What it was."""

    after: str = Field(description="What was told last: unsure, blocked, altered or gone.")


class Decided(OfCopy):
    """What was decided about a field that was changed here and there."""

    field: str = Field(description="The catalogue's name of the field.")
    decision: str = Field(description="ours, theirs or other.")
    language: str | None = Field(None, description="The language of the values; left out: the catalogue's own.")


class SideTaken(OfCopy):
    """What was decided about another file that somebody put in a copy's place."""

    decision: str = Field(description="ours, or theirs: it became a version, and waits for approval.")
    version_id: str | None = Field(None, description="The version that it became.")


class Settled(OfCopy):
    """How it ended."""

    reason: str = Field(description="dropped, withdrawn or removed_there.")


class OfRecall(Said):
    """A recall of one asset."""

    recall_id: Id
    asset_id: Id


class RecallClosed(OfRecall):
    """How a recall ended."""

    counts: dict[str, int] = Field(description="Copies by result: withdrawn, substituted, unproven.")


class OfConnection(Said):
    """A connection to an outside account."""

    connection_id: Id
    remote_id: Id = Field(description="The account.")


class ConnectionState(OfConnection):
    """How a connection is."""

    connector: str
    problem_code: str = Field(description="Why, where there is a reason; empty otherwise.")


class ConnectionEnds(Said):
    """Something that a connection needs ends soon."""

    connection_id: Id
    connector: str
    what: str = Field(description="What ends: sign_in, subscription or vendor.")
    ends_at: At
    sure: str = Field(description="known: the vendor said so; usual: it usually lasts so long.")
    days: int = Field(description="It ends within so many days: 14, 7, 3 or 1.")
    owner_id: Id | None = Field(None, description="Who is asked to do something about it; `GET /api/v1/users` knows.")
    link: str | None = Field(
        None, description="Where to do it: the hub's public address and a page that asks for a sign-in."
    )


class OfAccount(Said):
    """Something about an outside account."""

    remote_id: Id


class MappingChanged(OfAccount):
    """Which version of the account's own field mapping counts."""

    number: int = Field(description="Counts the account's own mappings; their texts are asked for.")


class OfPlace(Said):
    """Something about a place where copies stand."""

    target_id: Id
    remote_id: Id


class OfCollection(Said):
    """Something about a collection."""

    collection_id: Id


class Members(OfCollection):
    """Which assets; more than 400 come in several messages."""

    asset_ids: list[Id]


class Tested(Said):
    """A message that an administrator sent to see whether it arrives."""

    endpoint_id: Id
