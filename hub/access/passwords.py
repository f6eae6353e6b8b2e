"""Passwords: which are taken, how they are kept (argon2id), and checking them in equal time for everybody."""

from __future__ import annotations

import base64
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hub.errors import Invalid

SHORTEST = 12
LONGEST = 1024
_VERSION = 0x13  # of Argon2: RFC 9106


class Passwords:
    """Hashes and checks passwords."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Take a hasher; by default argon2id with the library's current recommendation."""
        self._hasher = hasher or PasswordHasher()
        # Checked for unknown people, so that an answer takes as long as for known ones.
        self._nobody = _made_up(self._hasher)

    def hash(self, password: str) -> str:
        """Return what to keep for a new password.

        Raises:
            Invalid: it is too short or too long.
        """
        if not SHORTEST <= len(password) <= LONGEST:
            raise Invalid(
                "password_unfit",
                f"A password has {SHORTEST} to {LONGEST} characters.",
                where="password",
                next_step="Choose a longer one; a few words in a row are good.",
            )
        return self._hasher.hash(_encoded(password))

    def matches(self, kept: str | None, password: str) -> bool:
        """Check a password; takes equally long when nothing is kept for that person."""
        fits = len(password) <= LONGEST
        try:
            self._hasher.verify(kept or self._nobody, _encoded(password if fits else ""))
        except (VerificationError, InvalidHashError):
            return False
        return fits and kept is not None

    def outdated(self, kept: str) -> bool:
        """Tell whether a kept hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(kept)


def _made_up(hasher: PasswordHasher) -> str:
    """Return a hash of no password, in the form of RFC 9106; checking one costs as much as checking a real one.

    Hashing something instead would cost every process that starts a quarter of a second.
    """
    parts = (secrets.token_bytes(length) for length in (hasher.salt_len, hasher.hash_len))
    salt, digest = (base64.b64encode(part).decode().rstrip("=") for part in parts)
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2{hasher.type.name.lower()}$v={_VERSION}${cost}${salt}${digest}"


def _encoded(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
