"""What a report of a recall says. The same values become its JSON and its pages; times are UTC, by ISO 8601."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

FORMAT: Final = "damhub-recall-report/1"

LEVELS: Final = {
    "said": "The system accepted the hub's request. Nothing was read back, so this alone proves nothing.",
    "read": "The hub asked the system again with a second call after its last write, and the answer shows it.",
    "seen": "After its last write the hub also opened every public address that it knew, as anybody could, "
    "without signing in.",
    "attested": "A person looked and gave their word; their name and note are in this report. The hub could not look.",
}
"""What each level of evidence means, as every report says it."""

RESULTS: Final = {
    "withdrawn": "It was there, and it is proven to be away.",
    "substituted": "Another asset is proven to stand in its place.",
    "never_there": "A copy was planned, and nothing was ever sent.",
    "unproven": "It is not proven to be away: it may still be there.",
}
"""What each result means, as every report says it."""

HOWS: Final = {
    "find": "the system was searched for the marker of the copy",
    "look": "the copy was asked for by its own reference",
    "list": "the copy was looked for in the list of all that its place holds",
    "get": "the address was opened without signing in",
}
"""What each kind of look is."""


class Told(BaseModel):
    """A part of the document: closed, so that nothing unknown can ride along under the signature."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Person(Told):
    """Somebody who acted. `id` is stable, the name is as it was when the report was made."""

    id: str
    name: str


class Hub(Told):
    """Which hub made the report, and with what."""

    installation_id: str
    epoch: int
    address: str
    damhub: str
    renderer: dict[str, str]
    """The libraries that laid out the pages: with the same ones, the same bytes come out."""


class Making(Told):
    """The making of this report, and its place in the row of all reports of this installation."""

    id: str
    number: int
    previous_sha256: str | None
    made_at: str
    made_by: Person
    extent: Literal["whole", "limited"]
    """`limited`: without what the person who made it may not see: recipients' names, contracts, unapproved files."""


class Clause(Told):
    """A clause about the use of the asset."""

    source: str
    effect: str
    channels: tuple[str, ...]
    territories: tuple[str, ...]
    valid_from: str | None
    valid_until: str | None
    document: str
    made_by: Person
    made_at: str
    lifted_at: str | None


class File(Told):
    """One version of the asset."""

    number: int
    sha256: str
    size: int
    media_type: str
    filename: str
    added_at: str


class Subject(Told):
    """The asset that is recalled."""

    id: str
    code: str
    title: str
    kind: str
    versions: tuple[File, ...]
    clauses: tuple[Clause, ...]


class Stated(Told):
    """The recall as it was asked for, and whether it is at its end."""

    id: str
    state: Literal["open", "closed"]
    reason: str
    opened_at: str
    opened_by: Person
    closed_at: str | None
    closed_by: Person | None
    substitute_code: str | None


class Seen(Told):
    """One look."""

    how: str
    address: str
    answer: str
    sha256: str
    at: str


class Proof(Told):
    """What proves a claim about a copy."""

    id: str
    claim: str
    level: str
    at: str
    by: Person
    note: str
    looks: tuple[Seen, ...]


class Standing(Told):
    """What last was proven to stand there before it was ended."""

    level: str
    at: str
    version: int | None
    sha256: str | None


class Thing(Told):
    """A remote object, use or public address of a copy, as it was last found."""

    kind: str
    address: str
    state: str
    looked_at: str | None


class UsedAt(Told):
    """A place at the remote that used the copy, as the remote told."""

    kind: str
    label: str
    address: str
    public: bool | None
    first_told_at: str
    last_told_at: str
    gone_at: str | None


class Written(Told):
    """One request to change something there, since the recall began."""

    step: str
    intended_at: str
    answered_at: str | None
    outcome: str | None


class Asked(Told):
    """A person who was told that the hub needs them there."""

    person: Person
    what: str
    at: str


class CopyTold(Told):
    """One copy and what became of it."""

    number: int
    id: str
    marker: str
    asked_for: str
    """The code of the asset that the copy was made for; another one than the recalled where it stood in for that."""
    connector: str
    system: str
    account: str
    place: str
    slot: str
    put_there_at: str | None
    last_there: Standing | None
    result: Literal["withdrawn", "substituted", "never_there", "unproven"]
    ended_at: str | None
    ended_how: str
    proven_at: str | None
    level: str | None
    proof: Proof | None
    things: tuple[Thing, ...]
    uses: tuple[UsedAt, ...]
    writes: tuple[Written, ...]
    remains: str
    next_try_at: str | None
    asked: tuple[Asked, ...]


class Handed(Told):
    """Bytes of the asset that left the hub for somebody: known, and not to be called back."""

    at: str
    to: str
    version: int | None
    form: str


class Handouts(Told):
    """Downloads and share links. Only their number is told in a limited report."""

    count: int
    listed: tuple[Handed, ...]


class Counts(Told):
    """How the copies ended. The four results add up to `copies`."""

    copies: int
    withdrawn: int
    substituted: int
    never_there: int
    unproven: int


class ReportDocument(Told):
    """A whole report."""

    format: Literal["damhub-recall-report/1"]
    hub: Hub
    report: Making
    recall: Stated
    asset: Subject
    counts: Counts
    copies: tuple[CopyTold, ...]
    handouts: Handouts
    levels: dict[str, str]
    results: dict[str, str]
    hows: dict[str, str]
