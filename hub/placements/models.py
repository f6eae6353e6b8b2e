"""The ledger of copies: what should be true, what was seen, what was tried, and what proves it."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db.base import Base, Id, Json, Millis, Revisioned, Sha256, Word

UNSETTLED = text("settled_at IS NULL")


class Placement(Revisioned, Base):
    """One intended copy: an asset in a slot of a target."""

    __tablename__ = "placements"
    id: Mapped[Id] = mapped_column(primary_key=True)
    asset_id: Mapped[Id] = mapped_column(ForeignKey("assets.id"))
    target_id: Mapped[Id] = mapped_column(ForeignKey("targets.id"), index=True)
    slot: Mapped[str] = mapped_column(String(255), default="")
    marker: Mapped[str] = mapped_column(String(64), unique=True)
    origin: Mapped[Word]  # pushed | picked | adopted
    version_policy: Mapped[Word]  # follow | pin
    pinned_version_id: Mapped[Id | None]
    withdraw_policy: Mapped[Word]  # remove | substitute
    wanted: Mapped[bool] = mapped_column(default=True)  # false: a person took the copy back
    binding_id: Mapped[Id | None] = mapped_column(index=True)  # None: a person wants it
    released: Mapped[bool] = mapped_column(default=False, server_default=false())  # else a person took it back
    created_by: Mapped[Id]
    created_at: Mapped[Millis]
    publish_at: Mapped[Millis | None]  # when it is to become public; None: at once, or when people there say so
    queued_for: Mapped[Millis | None]  # the time that it waits for there, as last agreed; None: it waits for none
    out_at: Mapped[Millis | None]  # when a look first showed it public, if it has a time
    parked_there: Mapped[bool] = mapped_column(default=False, server_default=false())  # by somebody there, not by us

    desired: Mapped[Word]  # present | substitute | held | absent
    desired_asset_id: Mapped[Id | None] = mapped_column(index=True)
    desired_version_id: Mapped[Id | None]
    desired_doc_hash: Mapped[str] = mapped_column(default="")
    desired_reason: Mapped[str] = mapped_column(default="")
    desired_generation: Mapped[int]

    observed: Mapped[Word]  # unknown | absent | queued | held | present | altered | mixed
    observed_version_id: Mapped[Id | None]
    observed_doc_hash: Mapped[str] = mapped_column(default="")
    observed_at: Mapped[Millis | None]
    observed_generation: Mapped[int]

    phase: Mapped[Word] = mapped_column(index=True)  # stored for indexes; defined by placements.phase
    op: Mapped[Word | None]
    due_at: Mapped[Millis]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[Millis | None]
    attempt: Mapped[int]
    problem_code: Mapped[str] = mapped_column(default="")
    problem: Mapped[str] = mapped_column(default="")
    blocked: Mapped[bool] = mapped_column(default=False)  # the problem is a person's matter
    urgent: Mapped[bool] = mapped_column(default=False)  # part of a recall
    exchange_id: Mapped[Id | None]  # other bytes that stand in its place, and that a person is to decide about
    settled_at: Mapped[Millis | None]
    settled_reason: Mapped[str] = mapped_column(default="")
    __table_args__ = (
        Index(
            "uq_placements_living",
            "asset_id",
            "target_id",
            "slot",
            unique=True,
            sqlite_where=UNSETTLED,
            postgresql_where=UNSETTLED,
        ),
        Index("ix_placements_due", "due_at", sqlite_where=UNSETTLED, postgresql_where=UNSETTLED),
        Index(
            "ix_placements_waiting",
            "publish_at",
            sqlite_where=text("publish_at IS NOT NULL AND out_at IS NULL AND settled_at IS NULL"),
            postgresql_where=text("publish_at IS NOT NULL AND out_at IS NULL AND settled_at IS NULL"),
        ),
        Index("ix_placements_due_there", "target_id", "due_at", sqlite_where=UNSETTLED, postgresql_where=UNSETTLED),
        Index(
            "ix_placements_due_urgent",
            "due_at",
            sqlite_where=text("urgent IS 1 AND settled_at IS NULL"),
            postgresql_where=text("urgent IS true AND settled_at IS NULL"),
        ),
    )


class Companion(Base):
    """A further asset that the same copy shows, behind the leading one. A copy's set never changes."""

    __tablename__ = "companions"
    placement_id: Mapped[Id] = mapped_column(ForeignKey("placements.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)  # from 1: the leading one comes before all
    asset_id: Mapped[Id] = mapped_column(ForeignKey("assets.id"), index=True)


class Part(Base):
    """One remote object, embed, link or public address that belongs to a copy."""

    __tablename__ = "parts"
    placement_id: Mapped[Id] = mapped_column(ForeignKey("placements.id"), primary_key=True)
    kind: Mapped[Word] = mapped_column(primary_key=True)  # media | embed | public_url | link
    external_ref: Mapped[str] = mapped_column(primary_key=True)
    content_key: Mapped[str] = mapped_column(default="")  # which bytes it was made from
    hash: Mapped[str] = mapped_column(default="")  # of what an anonymous visitor last got from a public address
    state: Mapped[Word]  # unknown | showing | queued | held | failed | gone
    looked_at: Mapped[Millis | None]


class FieldBase(Base):
    """The value of a remote field when we last agreed with it: the base of a three-way merge."""

    __tablename__ = "field_bases"
    placement_id: Mapped[Id] = mapped_column(ForeignKey("placements.id"), primary_key=True)
    field: Mapped[Word] = mapped_column(primary_key=True)
    pushed: Mapped[Json]
    theirs: Mapped[Json]
    mapping_hash: Mapped[str]
    taken: Mapped[str | None]  # hash of the value taken from there last
    taken_at: Mapped[Millis | None]
    turns: Mapped[int] = mapped_column(default=0, server_default="0")  # takes in a row that answered others


class FieldConflict(Revisioned, Base):
    """A field that was changed here and there in different ways, and how it was decided. All values are kept.

    Values are in the catalogue's shape: text, or a list of texts for keywords.
    """

    __tablename__ = "field_conflicts"
    id: Mapped[Id] = mapped_column(primary_key=True)
    placement_id: Mapped[Id] = mapped_column(ForeignKey("placements.id"), index=True)
    asset_id: Mapped[Id] = mapped_column(ForeignKey("assets.id"))  # whose field it is: a substitute's, where one stands
    field: Mapped[Word]  # the remote's name of it
    name: Mapped[Word]  # the catalogue's
    locale: Mapped[str] = mapped_column(String(35), default="")
    reason: Mapped[Word]  # both | cut | ping_pong
    base: Mapped[Json]  # what was agreed upon last
    ours: Mapped[Json]  # what the catalogue says there
    kept: Mapped[Json]  # what stood in the catalogue under this very field and locale; empty: another text stood in
    theirs: Mapped[Json]
    theirs_there: Mapped[Json]  # in the remote's shape
    ours_by: Mapped[str]  # who said ours last: a person, a copy or a file
    ours_author: Mapped[Word]
    ours_at: Mapped[Millis | None]
    noticed_at: Mapped[Millis]
    decided_at: Mapped[Millis | None] = mapped_column(index=True)
    decision: Mapped[Word] = mapped_column(default="")  # ours | theirs | other | over: they agreed by themselves
    value: Mapped[Json]  # what the catalogue says since the decision
    decided_by: Mapped[Id | None]


class Exchange(Revisioned, Base):
    """Other bytes that somebody put in a copy's place: kept here as what they propose, until a person decides.

    It waits for as long as its copy names it. What was decided, or overtaken, stays on record with its bytes.
    """

    __tablename__ = "exchanges"
    id: Mapped[Id] = mapped_column(primary_key=True)
    placement_id: Mapped[Id] = mapped_column(ForeignKey("placements.id"), index=True)
    asset_id: Mapped[Id] = mapped_column(ForeignKey("assets.id"), index=True)  # which was shown there
    version_id: Mapped[Id]  # of it: in whose place they stand
    ref: Mapped[str]  # of the copy
    item_ref: Mapped[str]  # by which the bytes are fetched
    content_key: Mapped[str]  # the name of the bytes, as the look told
    state: Mapped[Word]  # wanted | open | unread | alike | over | taken | kept
    sha256: Mapped[Sha256 | None] = mapped_column(ForeignKey("blobs.sha256"))  # None: not fetched, or not kept
    size: Mapped[int | None]
    media_type: Mapped[str]  # sniffed from the bytes
    filename: Mapped[str]
    preview_sha256: Mapped[Sha256 | None] = mapped_column(ForeignKey("blobs.sha256"))  # a small picture of them
    noticed_at: Mapped[Millis]
    due_at: Mapped[Millis | None]  # when they are fetched; in the future while somebody does; None: no more
    failures: Mapped[int]
    problem_code: Mapped[str]
    problem: Mapped[str]
    decided_at: Mapped[Millis | None]
    decided_by: Mapped[Id | None]
    made_version_id: Mapped[Id | None]  # what they became
    __table_args__ = (Index("ix_exchanges_due_at", "due_at"),)


class Attempt(Base):
    """A remote write: written down before the call, answered after it."""

    __tablename__ = "attempts"
    id: Mapped[Id] = mapped_column(primary_key=True)
    placement_id: Mapped[Id] = mapped_column(ForeignKey("placements.id"), index=True)
    generation: Mapped[int]
    op: Mapped[Word]
    step: Mapped[Word]
    write: Mapped[Word]  # keyed | findable | harmless | unanswerable
    intended_at: Mapped[Millis]
    answered_at: Mapped[Millis | None]
    outcome: Mapped[Word | None]  # done | refused | not_sent | unknown | found | not_found | seen
    detail: Mapped[Json]


class Evidence(Base):
    """A claim about a copy, with how we know it. Never updated or deleted."""

    __tablename__ = "evidence"
    id: Mapped[Id] = mapped_column(primary_key=True)
    placement_id: Mapped[Id] = mapped_column(ForeignKey("placements.id"), index=True)
    generation: Mapped[int]
    claim: Mapped[Word]  # in_place | substituted | scheduled | held | withdrawn | gone
    level: Mapped[Word]  # said | read | seen | attested
    version_id: Mapped[Id | None]
    looks: Mapped[Json]  # list of {how, ref, answer, hash, at}
    note: Mapped[str] = mapped_column(default="")
    by: Mapped[str]
    at: Mapped[Millis]


class Feed(Base):
    """Where reading a remote's change feed goes on."""

    __tablename__ = "feeds"
    remote_id: Mapped[Id] = mapped_column(ForeignKey("remotes.id"), primary_key=True)
    cursor: Mapped[str | None]  # None: it has no beginning yet
    due_at: Mapped[Millis]  # when it is read next; in the future while somebody reads it
    read_at: Mapped[Millis | None]
    reads: Mapped[int]  # in this round: so many times longer is the wait after it
    failures: Mapped[int]
    problem: Mapped[str] = mapped_column(default="")
    __table_args__ = (Index("ix_feeds_due_at", "due_at"),)


class Recall(Base):
    """One asset taken back from everywhere; the scope is a predicate until it closes."""

    __tablename__ = "recalls"
    id: Mapped[Id] = mapped_column(primary_key=True)
    asset_id: Mapped[Id] = mapped_column(ForeignKey("assets.id"), index=True)
    term_id: Mapped[Id | None] = mapped_column(ForeignKey("terms.id"))  # the take-down that it rests on
    reason: Mapped[str]
    substitute_id: Mapped[Id | None]
    opened_by: Mapped[Id]
    opened_at: Mapped[Millis]
    closed_at: Mapped[Millis | None]


class RecallItem(Base):
    """How a recall ended for one copy."""

    __tablename__ = "recall_items"
    recall_id: Mapped[Id] = mapped_column(ForeignKey("recalls.id"), primary_key=True)
    placement_id: Mapped[Id] = mapped_column(ForeignKey("placements.id"), primary_key=True)
    result: Mapped[Word]  # withdrawn | substituted | unproven
    level: Mapped[Word | None]
    evidence_id: Mapped[Id | None]
    reason: Mapped[str] = mapped_column(default="")


class EvidenceKey(Base):
    """A key that one installation signs its reports with. Its private part is sealed, and forgotten when it retires."""

    __tablename__ = "evidence_keys"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # the thumbprint of the public part
    installation_id: Mapped[Id] = mapped_column(index=True)
    public_key: Mapped[str]
    sealed: Mapped[str]  # empty: nothing can be signed with it any more
    created_at: Mapped[Millis]
    retired_at: Mapped[Millis | None]


class SignedReport(Base):
    """A report that was made and signed, by its number and hash; each names the one before it. Never updated."""

    __tablename__ = "signed_reports"
    id: Mapped[Id] = mapped_column(primary_key=True)
    installation_id: Mapped[Id]
    number: Mapped[int]
    recall_id: Mapped[Id] = mapped_column(ForeignKey("recalls.id"), index=True)
    sha256: Mapped[Sha256]
    previous: Mapped[str] = mapped_column(String(64), default="")  # the hash of the report before it
    key_id: Mapped[str] = mapped_column(ForeignKey("evidence_keys.id"))
    by: Mapped[str]
    at: Mapped[Millis]
    __table_args__ = (UniqueConstraint("installation_id", "number"),)


class UseRound(Base):
    """When a copy's uses are asked for, and how far that is."""

    __tablename__ = "use_rounds"
    placement_id: Mapped[Id] = mapped_column(ForeignKey("placements.id"), primary_key=True)
    generation: Mapped[int]  # of the copy, when it was asked
    due_at: Mapped[Millis] = mapped_column(index=True)  # in the future while somebody asks
    begun_at: Mapped[Millis | None]  # None: no round is under way
    cursor: Mapped[str | None]  # where the round goes on
    told_at: Mapped[Millis | None]  # when a round was last brought to its end
    failures: Mapped[int]
    problem: Mapped[str] = mapped_column(default="")


class UsePlace(Base):
    """A place at a remote that uses a copy, as the remote tells. It stays in the record when it ends."""

    __tablename__ = "uses"
    placement_id: Mapped[Id] = mapped_column(ForeignKey("placements.id"), primary_key=True)
    kind: Mapped[Word] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str]
    url: Mapped[str] = mapped_column(default="")
    public: Mapped[bool | None]  # None: the remote does not tell
    first_told_at: Mapped[Millis]
    told_at: Mapped[Millis]
    gone_at: Mapped[Millis | None]  # a whole round did not tell of it any more


class NumberRound(Base):
    """When a copy's numbers are asked for next."""

    __tablename__ = "number_rounds"
    placement_id: Mapped[Id] = mapped_column(ForeignKey("placements.id"), primary_key=True)
    due_at: Mapped[Millis] = mapped_column(index=True)  # in the future while somebody asks
    asking: Mapped[bool] = mapped_column(default=False)
    told_at: Mapped[Millis | None]
    failures: Mapped[int]
    problem: Mapped[str] = mapped_column(default="")


class NumberOfDay(Base):
    """What a remote counted of a copy, as it told last on one day. A day on which it did not tell has no row."""

    __tablename__ = "numbers"
    placement_id: Mapped[Id] = mapped_column(ForeignKey("placements.id"), primary_key=True)
    name: Mapped[Word] = mapped_column(primary_key=True)  # the remote's own
    day: Mapped[Millis] = mapped_column(primary_key=True)  # its first millisecond, UTC
    value: Mapped[int]
    told_at: Mapped[Millis]


class Binding(Revisioned, Base):
    """A standing wish: cards like these show assets like those."""

    __tablename__ = "bindings"
    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str]
    remote_id: Mapped[Id] = mapped_column(ForeignKey("remotes.id"), index=True)
    board_ref: Mapped[str]
    board_label: Mapped[str]
    takes: Mapped[Json]  # which cards: see `bindings.rules.Takes`
    source: Mapped[Json]  # which assets: see `bindings.rules.Source`
    names: Mapped[Json]  # where a card names the assets it shows, see `bindings.rules.Names`; nowhere: all of the set
    called: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    # ref -> name: what people there call the lists, labels and fields that it asks for
    withdraw_policy: Mapped[Word]  # of the copies that it plans
    state: Mapped[Word]  # dry | live | paused | ended
    stopped: Mapped[Word | None]  # why it paused by itself
    author_id: Mapped[Id]  # for whom it acts
    created_at: Mapped[Millis]
    ended_at: Mapped[Millis | None]
    due_at: Mapped[Millis] = mapped_column(index=True)  # when it is planned next


class CardBoard(Base):
    """A board whose cards bindings read, and how far that is."""

    __tablename__ = "card_boards"
    remote_id: Mapped[Id] = mapped_column(ForeignKey("remotes.id"), primary_key=True)
    ref: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[Millis] = mapped_column(index=True)  # when all its cards are read next; later while somebody reads
    read_at: Mapped[Millis | None]  # when all were read last
    listen_at: Mapped[Millis | None]  # when the remote is asked again to tell of changes; None: it tells, or never can
    failures: Mapped[int]
    problem: Mapped[str] = mapped_column(default="")


class Card(Base):
    """A card as it was read last."""

    __tablename__ = "cards"
    remote_id: Mapped[Id] = mapped_column(ForeignKey("remotes.id"), primary_key=True)
    ref: Mapped[str] = mapped_column(primary_key=True)
    target_id: Mapped[Id | None] = mapped_column(ForeignKey("targets.id"), index=True)  # None: it was not read yet
    title: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    url: Mapped[str] = mapped_column(default="")
    lies: Mapped[Json]  # board -> list there
    labels: Mapped[Json]
    fields: Mapped[Json]
    done: Mapped[bool] = mapped_column(default=False)
    read_at: Mapped[Millis | None]
    due_at: Mapped[Millis | None] = mapped_column(index=True)  # when it is read alone; None: nothing asks for that
    gone_at: Mapped[Millis | None]
