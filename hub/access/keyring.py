"""The hub's own keys: they seal credentials, sign links, and never enter the database.

Master keys are files in `home/keys`, readable by the owner alone; the one with the highest number is the current one.
Older ones go on opening what they sealed and verifying what they signed until an operator removes their files. Each
purpose has a key of its own (HKDF), so what was made for one purpose is worthless for another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.errors import Invalid, Unavailable
from hub.settings import Settings

KEY_BYTES = 32
NONCE_BYTES = 12
SHORTEST_SECRET = 32
_FORMAT = "v1"


class Keyring:
    """All master keys, the current one first."""

    def __init__(self, masters: Sequence[bytes]) -> None:
        """Take the master keys, the current one first."""
        self._masters = {_id_of(master): master for master in masters}
        self.key_id = _id_of(masters[0])

    @classmethod
    def load(cls, settings: Settings) -> Keyring:
        """Read the keys of a hub; make the first one when there is none.

        Raises:
            Invalid: a key file can be read by others, is damaged, or the configured secret is too short.
        """
        folder = settings.home / "keys"
        configured = settings.secret_key.get_secret_value()
        kept = _read_all(folder)
        if configured:
            return cls([_from_secret(configured), *kept])
        if not kept:
            _make(folder, 1)
            kept = _read_all(folder)
        return cls(kept)

    @classmethod
    def rotate(cls, settings: Settings) -> Keyring:
        """Make a new current key, keep the old ones, and return the whole ring. Running processes must be restarted.

        Raises:
            Invalid: the current key is configured, so it is changed there.
        """
        if settings.secret_key.get_secret_value():
            raise Invalid(
                "key_is_configured",
                "The current key comes from the settings, so it cannot be rotated here.",
                next_step="Change DAMHUB_SECRET_KEY, or unset it and rotate again.",
            )
        folder = settings.home / "keys"
        last = max((_number(path) for path in folder.glob("*.key")), default=0)
        _make(folder, last + 1)
        return cls.load(settings)

    def seal(self, text: str, *, purpose: str) -> str:
        """Encrypt with the current key; the result names the key and tolerates no change."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        cipher = AESGCM(_derived(self._masters[self.key_id], f"seal/{purpose}"))
        sealed = nonce + cipher.encrypt(nonce, text.encode(), _bound(self.key_id, purpose))
        return f"{_FORMAT}.{self.key_id}.{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: str, *, purpose: str) -> str:
        """Decrypt what `seal` made for the same purpose, with whichever key it names.

        Raises:
            Unavailable: `secret_unreadable`; the key is gone, or the text was changed or made for something else.
        """
        try:
            form, key_id, payload = sealed.split(".")
            raw = base64.b64decode(payload.encode("ascii"), altchars=b"-_", validate=True)
            if form != _FORMAT:
                raise _unreadable()
            cipher = AESGCM(_derived(self._masters[key_id], f"seal/{purpose}"))
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(key_id, purpose)).decode()
        except (KeyError, ValueError, binascii.Error, InvalidTag) as broken:
            raise _unreadable() from broken

    def sign(self, message: bytes, *, purpose: str) -> str:
        """Sign with the current key; 43 letters that are safe in a URL."""
        return _mac(self._masters[self.key_id], message, purpose)

    def verify(self, message: bytes, signature: str, *, purpose: str) -> bool:
        """Tell, in constant time, whether one of our keys made this signature for this purpose."""
        given = signature.encode("utf-8", "surrogatepass")
        found = [hmac.compare_digest(_mac(key, message, purpose).encode(), given) for key in self._masters.values()]
        return any(found)

    def derive(self, purpose: str) -> bytes:
        """Return the current key of a purpose, for libraries that want key bytes."""
        return _derived(self._masters[self.key_id], purpose)


def _mac(master: bytes, message: bytes, purpose: str) -> str:
    digest = hmac.digest(_derived(master, f"sign/{purpose}"), message, "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@lru_cache(maxsize=256)
def _derived(master: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"damhub/{purpose}".encode()).derive(master)


def _bound(key_id: str, purpose: str) -> bytes:
    return f"{_FORMAT}.{key_id}.{purpose}".encode()


def _id_of(master: bytes) -> str:
    return hashlib.sha256(b"damhub/key-id/" + master).hexdigest()[:12]


def _from_secret(secret: str) -> bytes:
    if len(secret) < SHORTEST_SECRET:
        raise Invalid(
            "secret_key_too_short",
            f"The configured secret key is shorter than {SHORTEST_SECRET} characters.",
            where="DAMHUB_SECRET_KEY",
            next_step="Use a long random one, or leave it empty: the hub then makes its own.",
        )
    return _derived(secret.encode(), "configured-secret")


def _read_all(folder: Path) -> list[bytes]:
    paths = sorted(folder.glob("*.key"), key=_number, reverse=True)
    return [_read(path) for path in paths]


def _number(path: Path) -> int:
    return int(path.stem) if path.stem.isdecimal() else 0


def _read(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise Invalid(
            "key_file_exposed",
            "A key file of this hub can be read by other accounts of this machine.",
            where=str(path),
            next_step="Restrict it to its owner (mode 600), and rotate the key if somebody may have read it.",
        )
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise Invalid(
            "key_file_damaged",
            "A key file of this hub does not hold a key.",
            where=str(path),
            next_step="Put it back from a backup: what it sealed cannot be opened without it.",
        )
    return key


def _make(folder: Path, number: int) -> None:
    """Write a new key file whole or not at all; when another process was faster, its key stands."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    draft = folder / f".{secrets.token_hex(8)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        _publish(draft, folder / f"{number:04}.key")
    finally:
        draft.unlink()


def _publish(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _unreadable() -> Unavailable:
    return Unavailable(
        "secret_unreadable",
        "A stored secret cannot be opened with this hub's keys.",
        next_step="Put the missing key file back into the keys folder, or enter the secret again.",
    )
