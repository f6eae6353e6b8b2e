"""Users, tokens and sessions."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db.base import Base, Id, Json, Millis, Revisioned, Sha256, Word


class User(Revisioned, Base):
    """A person who can sign in."""

    __tablename__ = "users"
    id: Mapped[Id] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)  # lower case
    name: Mapped[str]
    role: Mapped[Word]
    password_hash: Mapped[str]  # argon2id
    disabled_at: Mapped[Millis | None]
    created_at: Mapped[Millis]


class ApiToken(Base):
    """A secret that programs use in a user's name; only its hash is kept."""

    __tablename__ = "tokens"
    id: Mapped[Id] = mapped_column(primary_key=True)
    hash: Mapped[Sha256] = mapped_column(unique=True)
    user_id: Mapped[Id] = mapped_column(ForeignKey("users.id"), index=True)
    label: Mapped[str]
    scopes: Mapped[Json]  # list of scope names
    created_at: Mapped[Millis]
    expires_at: Mapped[Millis]
    revoked_at: Mapped[Millis | None]
    last_used_at: Mapped[Millis | None]


class Session(Base):
    """A signed-in browser; only the hash of its cookie is kept."""

    __tablename__ = "sessions"
    hash: Mapped[Sha256] = mapped_column(primary_key=True)
    user_id: Mapped[Id] = mapped_column(ForeignKey("users.id"), index=True)
    csrf: Mapped[str]
    created_at: Mapped[Millis]
    expires_at: Mapped[Millis]
    seen_at: Mapped[Millis]


class SignInAttempt(Base):
    """Failed tries by account and by address, for throttling."""

    __tablename__ = "sign_in_attempts"
    key: Mapped[str] = mapped_column(String(320), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[Millis]
    blocked_until: Mapped[Millis]
