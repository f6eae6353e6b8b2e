"""Outside accounts, how we reach them, where in them copies can stand, and what they told us."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.clock import DAY, HOUR, SECOND
from hub.db.base import Base, Id, Json, Millis, Revisioned, Word


class Remote(Base):
    """An outside account or site. It outlives every connection to it."""

    __tablename__ = "remotes"
    id: Mapped[Id] = mapped_column(primary_key=True)
    connector: Mapped[Word]
    account_key: Mapped[str]  # what the connector's `identify` answered, such as a site's address
    label: Mapped[str]
    created_at: Mapped[Millis]
    recollecting_since: Mapped[Millis | None]  # after a restore: until it was listed, nothing is published there
    __table_args__ = (UniqueConstraint("connector", "account_key"),)


class Connection(Revisioned, Base):
    """One way in to a remote: settings, credentials, health."""

    __tablename__ = "connections"
    id: Mapped[Id] = mapped_column(primary_key=True)
    remote_id: Mapped[Id] = mapped_column(ForeignKey("remotes.id"), index=True)
    owner_id: Mapped[Id]
    state: Mapped[Word]  # pending | live | ailing | needs_person | off
    problem_code: Mapped[str] = mapped_column(default="")
    problem: Mapped[str] = mapped_column(default="")
    auth: Mapped[Word]  # which of the manifest's auth methods
    settings: Mapped[Json]
    granted_scopes: Mapped[Json]
    # What was asked for at the sign-in and not allowed, as a sentence; empty: nothing.
    lacking: Mapped[str] = mapped_column(default="", server_default=text("''"))
    # What the system last told of the account's plan and space, for people; empty: nothing.
    plan: Mapped[str] = mapped_column(default="", server_default=text("''"))
    expires_at: Mapped[Millis | None]
    last_ok_at: Mapped[Millis | None]
    not_before: Mapped[Millis] = mapped_column(default=0)  # told to slow down until then
    created_at: Mapped[Millis]
    signed_in_at: Mapped[Millis | None]  # when a person last gave it its credentials; None: when it was made
    leaving_at: Mapped[Millis | None]  # since when its copies are withdrawn, to disconnect it after that
    leaving_by: Mapped[Id | None]


class Credential(Base):
    """A connection's secrets, sealed with a key that is not in the database."""

    __tablename__ = "credentials"
    connection_id: Mapped[Id] = mapped_column(ForeignKey("connections.id"), primary_key=True)
    sealed: Mapped[str]
    key_id: Mapped[Word]
    generation: Mapped[int]  # counts refreshes; a refresh of an old generation changes nothing
    lease_owner: Mapped[str | None]
    lease_until: Mapped[Millis | None]


class OAuthDance(Base):
    """A sign-in at a vendor that has begun: bound to one person, one session, one use."""

    __tablename__ = "oauth_dances"
    state_hash: Mapped[str] = mapped_column(primary_key=True)
    session_hash: Mapped[str]
    user_id: Mapped[Id]
    connector: Mapped[Word]
    sealed: Mapped[str]  # code verifier, settings, client id and secret
    expires_at: Mapped[Millis]
    used_at: Mapped[Millis | None]


class Target(Revisioned, Base):
    """A place in a remote where copies can stand."""

    __tablename__ = "targets"
    id: Mapped[Id] = mapped_column(primary_key=True)
    remote_id: Mapped[Id] = mapped_column(ForeignKey("remotes.id"))
    kind: Mapped[Word]
    external_ref: Mapped[str]
    label: Mapped[str]
    channel: Mapped[Word]  # the word that licences use; by default the connector's name
    territory: Mapped[Word]  # ISO 3166-1 alpha-2, or "*"
    lead_s: Mapped[int] = mapped_column(default=0)
    late_s: Mapped[int] = mapped_column(default=HOUR // SECOND, server_default="3600")  # how late a time may be kept
    life_s: Mapped[int] = mapped_column(default=DAY // SECOND, server_default="86400")  # usable from a time on for
    language: Mapped[str | None] = mapped_column(String(35))  # of the texts there; None: the catalogue's own
    __table_args__ = (UniqueConstraint("remote_id", "kind", "external_ref"),)


class Inbox(Base):
    """What a remote sent us, as it came. A hint only: the truth is what a look finds."""

    __tablename__ = "inbox"
    remote_id: Mapped[Id] = mapped_column(ForeignKey("remotes.id"), primary_key=True)
    delivery_key: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[Millis]
    headers: Mapped[Json]
    body: Mapped[str]  # base64 of the raw bytes
    state: Mapped[Word]  # new | worked | ignored
    error: Mapped[str] = mapped_column(default="")
    __table_args__ = (Index("ix_inbox_state_at", "state", "at"),)


class Subscription(Base):
    """A webhook that a remote sends to us."""

    __tablename__ = "subscriptions"
    id: Mapped[Id] = mapped_column(primary_key=True)  # stands in the callback address
    remote_id: Mapped[Id] = mapped_column(ForeignKey("remotes.id"), index=True)
    target_id: Mapped[Id | None]  # None: the whole remote
    external_ref: Mapped[str]
    callback_url: Mapped[str]
    sealed_secret: Mapped[str]
    expires_at: Mapped[Millis | None]
    renew_at: Mapped[Millis | None]  # when the hub asks for it anew or sees to it; None: a person entered it
    created_at: Mapped[Millis]
    forged: Mapped[int] = mapped_column(default=0, server_default="0")  # refused there, at least so many
    forged_at: Mapped[Millis | None]


class MappingVersion(Base):
    """One version of an account's own field mapping; rows are never changed. An empty text is the shipped one."""

    __tablename__ = "mapping_versions"
    remote_id: Mapped[Id] = mapped_column(ForeignKey("remotes.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    created_by: Mapped[Id]
    created_at: Mapped[Millis]


class Warned(Base):
    """One warning that something ends, so that nobody is warned twice."""

    __tablename__ = "warned"
    connection_id: Mapped[Id] = mapped_column(ForeignKey("connections.id"), primary_key=True)
    what: Mapped[str] = mapped_column(String(300), primary_key=True)  # which of its ends
    ends_at: Mapped[Millis] = mapped_column(primary_key=True)
    days: Mapped[int] = mapped_column(primary_key=True)  # which warning: so many days before
    at: Mapped[Millis]


class Budget(Base):
    """How a remote, or an app registered at a vendor, may be called just now: what all processes go by."""

    __tablename__ = "budgets"
    key: Mapped[str] = mapped_column(primary_key=True)  # remote/<id> or app/<connector>/<hash>
    closed_until: Mapped[Millis] = mapped_column(default=0)  # the remote said so; nothing goes before
    refusals: Mapped[int] = mapped_column(default=0)  # in a row
    urgent_until: Mapped[Millis] = mapped_column(default=0)  # somebody urgent waits; nothing else goes before
    waiting: Mapped[Json]  # members of an app that wait in vain, and until when they are remembered


class Spent(Base):
    """Calls that were made or may still be made, in slices of a limit's time."""

    __tablename__ = "spent_calls"
    key: Mapped[str] = mapped_column(ForeignKey("budgets.key"), primary_key=True)
    rule: Mapped[Word] = mapped_column(primary_key=True)  # which of the key's limits
    until: Mapped[Millis] = mapped_column(primary_key=True)  # the slice's end: no call of it is later
    member: Mapped[str] = mapped_column(primary_key=True)  # the remote that it was for
    calls: Mapped[int]
