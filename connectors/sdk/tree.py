"""A folder on a disk or a network share, opened so that nothing outside of it can be reached or harmed.

Every name is opened from the folder that it lies in (`openat`), never through a symbolic link, so that a link that
somebody puts there a moment later leads nowhere. Bytes are written beside their place, flushed, and moved there in one
step: whoever reads sees the old file or the new one, never part of one. Paths are percent-encoded, so that names in any
script, and names that are no text at all, come back as they went.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

OWN = b".damhub"
"""Names that begin like this are the hub's own: they are neither listed nor reached."""
KEY_FILE = ".damhub-key"
PART = b".part"
LEFT_BEHIND_S = 86_400
DEEPEST = 100
LOOKED_AT = 10_000
"""So many entries are looked at for one answer to a search: what follows is asked for anew."""
CHUNK = 256 * 1024
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = _OPEN | os.O_DIRECTORY
_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""How disks that know no second name of a file (FAT, some network shares) refuse one."""
_FAILED = frozenset({errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN})

Names = tuple[bytes, ...]


class TreeError(Exception):
    """What a disk has no number for."""


class Away(TreeError):
    """The folder, or the key at its top, is not there: most likely a disk or share that is not mounted."""


class Damaged(TreeError):
    """Other bytes came than were announced; nothing was kept."""


class Changed(TreeError):
    """The file is not the one that was looked at."""


class Unconfirmed(TreeError):
    """A file was put in its place or taken away, and the disk did not confirm it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file or folder."""

    path: str  # percent-encoded, without a slash at either end
    folder: bool
    size: int
    modified_ms: int
    etag: str  # changes whenever the bytes do


@contextmanager
def opened(top: Path) -> Generator[Tree]:
    """Open a folder; what happens inside stays in this very folder, whatever is mounted there meanwhile.

    Raises:
        Away: there is none.
    """
    try:
        fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise Away(f"{top.name} is not there") from None
    try:
        yield Tree(fd)
    finally:
        os.close(fd)


class Tree:
    """An open folder and what lies below it."""

    def __init__(self, top: int) -> None:
        self._top = top

    def key_digest(self) -> str:
        """Return what the key file at the top says: the SHA-256 of the key.

        Raises:
            Away: there is no such file.
        """
        try:
            with os.fdopen(os.open(KEY_FILE, _OPEN, dir_fd=self._top), "rb") as file:
                return file.read(64).decode("ascii", "replace").lower()
        except FileNotFoundError:
            raise Away(f"no {KEY_FILE}") from None

    def look(self, path: str) -> Entry:
        """Return what stands at a path."""
        with self._parent(path) as (folder, names):
            return _entry(names, os.lstat(names[-1], dir_fd=folder) if names else os.fstat(folder))

    def children(self, path: str, *, after: str, most: int, holds: str = "") -> tuple[list[Entry], bool]:
        """List a folder by name, only names after one and with `holds` in them; and tell whether there is more."""
        names = names_of(path)
        with self._folder(names) as folder:
            last, text = unquote_to_bytes(after), holds.encode()
            wanted = sorted(n for n in _names(folder) if n > last and text in n)
            found = (_told(folder, (*names, name)) for name in wanted)
            return _up_to(most, (one for one in found if one is not None))

    def below(self, *, after: str, most: int) -> tuple[list[Entry], bool]:
        """List everything, each folder before what is in it; and tell whether there is more."""
        return _up_to(most, self._walk((), names_of(after)))

    def sought(self, *, after: str, most: int, holds: str = "", folders: bool = False) -> tuple[list[Entry], str]:
        """List of everything only names with `holds` in them, or only folders; return where to go on, empty at the end.

        Looks at `LOOKED_AT` entries at most, so that an answer comes in time however large the tree is: one that holds
        nothing is not the end. What lies more than `DEEPEST` folders deep is not looked at.
        """
        text, found, at = holds.encode(), list[Entry](), after
        for looked, entry in enumerate(self._walk((), names_of(after), whole=False)):
            if looked == LOOKED_AT or len(found) == most:
                return found, at
            at = entry.path
            if entry.folder if folders else text in unquote_to_bytes(at.rpartition("/")[2]):
                found.append(entry)
        return found, ""

    def read(self, path: str) -> tuple[BufferedReader, Entry]:
        """Open a file's bytes; only those of a file."""
        with self._parent(path) as (folder, names):
            fd = os.open(names[-1] if names else b".", _OPEN | os.O_NONBLOCK, dir_fd=folder)
        try:
            entry = _entry(names, os.fstat(fd))
            return os.fdopen(fd, "rb"), entry
        except OSError:  # a folder is one, a device another
            os.close(fd)
            raise

    def write(self, path: str, body: Iterable[bytes], *, sha256: str, new: bool, match: str) -> tuple[Entry, bool]:
        """Put a file in its place; return how it stands there, and whether it is new.

        Args:
            path: where.
            body: its bytes.
            sha256: what they must be; empty: not known.
            new: only where nothing stands yet: else FileExistsError.
            match: only where this very file (its `etag`) stands: else Changed; empty: whatever stands.
        """
        with self._parent(path) as (folder, names):
            if not names:
                raise IsADirectoryError(errno.EISDIR, "the top is no file")
            part = OWN + b"-" + secrets.token_hex(8).encode() + PART
            try:
                fd = os.open(part, _MAKE, 0o600, dir_fd=folder)
                _readable_as(folder, fd)
                _fill(fd, body, sha256)
                was = _told(folder, names)
                if match and (was is None or was.etag != match):
                    raise Changed(path)
                (_put_new if new else _put)(folder, part, names[-1])
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(part, dir_fd=folder)
            _confirm(folder)
            _sweep(folder)
            return _entry(names, os.lstat(names[-1], dir_fd=folder)), was is None

    def delete(self, path: str) -> None:
        """Take a file away."""
        with self._parent(path) as (folder, names):
            with _in_doubt():
                os.unlink(names[-1] if names else b".", dir_fd=folder)
            _confirm(folder)

    def _walk(self, above: Names, after: Names, *, whole: bool = True) -> Iterator[Entry]:
        if len(above) > DEEPEST:
            if not whole:
                return
            raise OSError(errno.ENAMETOOLONG, f"more than {DEEPEST} folders inside each other")
        first = after[0] if after else b""
        with self._folder(above) as folder:
            for name in sorted(_names(folder)):
                found = _told(folder, (*above, name)) if name >= first else None
                if found is None:
                    continue
                if name > first or not after:
                    yield found
                if found.folder:
                    # It went while we walked; or it is not for us, such as the `lost+found` at the top of a disk.
                    with suppress(FileNotFoundError, PermissionError):
                        yield from self._walk((*above, name), after[1:] if name == first else (), whole=whole)

    @contextmanager
    def _parent(self, path: str) -> Generator[tuple[int, Names]]:
        """Open the folder that a path lies in."""
        names = names_of(path)
        with self._folder(names[:-1]) as folder:
            yield folder, names

    @contextmanager
    def _folder(self, names: Names) -> Generator[int]:
        fd = os.dup(self._top)
        try:
            for name in names:
                deeper = os.open(name, _FOLDER, dir_fd=fd)
                os.close(fd)
                fd = deeper
            yield fd
        finally:
            os.close(fd)


def names_of(path: str) -> Names:
    """Return the names that a percent-encoded path is made of.

    Raises:
        FileNotFoundError: one of them is the hub's own.
        ValueError: one of them is no name.
    """
    names = tuple(unquote_to_bytes(path).strip(b"/").split(b"/")) if path.strip("/") else ()
    for name in names:
        if name in (b"", b".", b"..") or b"\0" in name:
            raise ValueError("no name of a file")
        if name.lower().startswith(OWN):
            raise FileNotFoundError(errno.ENOENT, "the hub's own")
    return names


def path_of(names: Iterable[bytes]) -> str:
    """Return names as a percent-encoded path."""
    return "/".join(quote_from_bytes(name, safe="") for name in names)


def _names(folder: int) -> list[bytes]:
    with os.scandir(folder) as entries:
        names = [os.fsencode(entry.name) for entry in entries]
    return [name for name in names if not name.lower().startswith(OWN)]


def _told(folder: int, names: Names) -> Entry | None:
    """Return what stands there; None where nothing does, or what is neither file nor folder."""
    try:
        return _entry(names, os.lstat(names[-1], dir_fd=folder))
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):
            return None
        raise


def _entry(names: Names, facts: os.stat_result) -> Entry:
    folder = stat.S_ISDIR(facts.st_mode)
    if not folder and not stat.S_ISREG(facts.st_mode):
        raise OSError(errno.ELOOP, "neither a file nor a folder")
    etag = f"{facts.st_ino:x}-{facts.st_size:x}-{facts.st_mtime_ns:x}"
    size = 0 if folder else facts.st_size
    return Entry(path_of(names), folder, size, facts.st_mtime_ns // 1_000_000, "" if folder else etag)


def _up_to(most: int, entries: Iterator[Entry]) -> tuple[list[Entry], bool]:
    found: list[Entry] = []
    for entry in entries:
        if len(found) == most:
            return found, True
        found.append(entry)
    return found, False


def _readable_as(folder: int, fd: int) -> None:
    """Let those read a file who can read its folder: what the hub writes elsewhere is for its own account alone."""
    with suppress(PermissionError, NotImplementedError):  # shares that know no modes
        os.fchmod(fd, stat.S_IMODE(os.fstat(folder).st_mode) & 0o666 | 0o600)


def _fill(fd: int, body: Iterable[bytes], sha256: str) -> None:
    digest = hashlib.sha256()
    with os.fdopen(fd, "wb") as file:
        for chunk in body:
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if sha256 and digest.hexdigest() != sha256:
        raise Damaged


def _put(folder: int, part: bytes, name: bytes) -> None:
    with _in_doubt():
        os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)


def _put_new(folder: int, part: bytes, name: bytes) -> None:
    """Give the file its name, unless it is taken: the disk itself decides, capitals and accents included."""
    try:
        with _in_doubt():
            os.link(part, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(name, _MAKE, 0o600, dir_fd=folder))  # an empty file keeps the place for a moment
        _put(folder, part, name)


@contextmanager
def _in_doubt() -> Generator[None]:
    """Tell a disk that failed in the very moment from one that refuses: only the latter certainly did nothing."""
    try:
        yield
    except OSError as error:
        if error.errno in _FAILED:
            raise Unconfirmed(os.strerror(error.errno)) from error
        raise


def _confirm(folder: int) -> None:
    """Have the disk write the folder down too; some network shares know no such thing."""
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise Unconfirmed(os.strerror(error.errno or 0)) from error


def _sweep(folder: int) -> None:
    """Take away what a killed hub left half written a day ago or longer, by the disk's own clock."""
    now = os.fstat(folder).st_mtime
    with os.scandir(folder) as entries:
        parts = [os.fsencode(one.name) for one in entries if os.fsencode(one.name).startswith(OWN + b"-")]
    for name in parts:
        if name.endswith(PART):
            with suppress(FileNotFoundError):
                if os.lstat(name, dir_fd=folder).st_mtime < now - LEFT_BEHIND_S:
                    os.unlink(name, dir_fd=folder)
