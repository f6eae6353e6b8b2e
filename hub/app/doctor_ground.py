"""What the doctor looks at below the work: the machine, settings, folders, keys, stores, the database's own state."""

from __future__ import annotations

import io
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata, util
from pathlib import Path
from typing import Final

from sqlalchemy import func, select, text

from connectors.sdk.registry import discover
from connectors.sdk.tree import Away, opened
from hub.access.actors import Role
from hub.access.keyring import Keyring
from hub.access.models import User
from hub.cli.findings import Finding, bad, good, look
from hub.clock import SECOND, SystemClock
from hub.connections import credentials
from hub.connections.models import Credential, Remote
from hub.db.models import Installation, Mode
from hub.db.unit import Database
from hub.errors import HubError
from hub.events.models import Event
from hub.settings import Settings, unknown_names
from hub.storage.models import Blob, BlobState
from hub.storage.stores import make_store
from mappings.errors import MappingError
from mappings.spec import load_spec

PYTHON: Final = (3, 11)
MIB: Final = 1024 * 1024
LITTLE_SPACE, NO_SPACE = 2048 * MIB, 256 * MIB
PROBE_BYTES: Final = 4096
LATEST_BLOBS: Final = 20
CLOCKS_APART_MS: Final = 2 * SECOND
CLOCKS_WRONG_MS: Final = 30 * SECOND
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def python() -> Iterator[Finding]:
    """Look at the interpreter."""
    found = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] < PYTHON:
        yield bad("python", f"This is Python {found}.", "Install Python 3.11 or newer and set the environment up anew.")
    else:
        yield good("python", f"Python {found}")


def packages() -> Iterator[Finding]:
    """Look at the packages that this release names."""
    try:
        needed = metadata.requires("damhub") or []
    except metadata.PackageNotFoundError:
        yield look("packages", "damhub itself is not installed in this environment.", "Install it with `make serve`.")
        return
    missing = sorted(name for each in needed if "extra ==" not in each and (name := _lacks(each)))
    if missing:
        yield bad("packages", f"Missing: {', '.join(missing)}.", "Set the environment up anew: `make clean serve`.")
    else:
        yield good("packages", "all there")
    if util.find_spec("av") is None:
        what = "The extra `video` is not installed: videos have neither duration nor poster."
        yield look("video", what, "Install `damhub[video]` if you keep videos (licence: docs/decisions/0004).")
    else:
        yield good("video", "videos are measured and have posters")


def _lacks(requirement: str) -> str:
    found = _NAME.match(requirement)
    name = found[0] if found else requirement
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return name
    return ""


def names(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Look for settings that nobody knows: they have no effect."""
    unknown = list(unknown_names(environ))
    for name, meant in unknown:
        step = f"Did you mean {meant}?" if meant else "Remove it; docs/operating.md lists every setting."
        yield look("settings", f"{name} is no setting and has no effect.", step)
    if not unknown:
        yield good("settings", "every name is known")


def connectors() -> Iterator[Finding]:
    """Look at the installed connectors and their mappings."""
    found = discover()
    broken = {name: problem for name in sorted(found) if (problem := _mapping_problem(name))}
    for name, problem in broken.items():
        yield bad("connectors", f"{name}: {problem}", "Run `damhub mapping check`.")
    if not broken:
        yield good("connectors", ", ".join(sorted(found)))


def _mapping_problem(name: str) -> str:
    try:
        load_spec(name)
    except MappingError as wrong:
        return str(wrong)
    return ""


def data_folder(settings: Settings) -> Iterator[Finding]:
    """Look whether the data folder takes files, and how many more."""
    home = settings.home
    if not home.exists():
        yield look("data folder", f"{home.resolve()} is not there yet.", "`damhub serve` makes it.")
        return
    with tempfile.TemporaryFile(dir=home) as probe:
        probe.write(b"damhub")
    yield good("data folder", f"{home.resolve()} takes files")
    free = shutil.disk_usage(home).free
    told = f"{free // MIB} MiB are free in the data folder."
    if free < NO_SPACE:
        yield bad("free space", told, "Make space now: uploads and the database need it.")
    elif free < LITTLE_SPACE:
        yield look("free space", told, "Make space soon.")
    else:
        yield good("free space", told)


def folders(settings: Settings) -> Iterator[Finding]:
    """Look whether the folders that copies may be published to are mounted."""
    for name, top in settings.folders.items():
        try:
            with opened(top) as folder:
                folder.key_digest()
        except (Away, OSError) as error:
            yield look("folders", f"{name} ({top}): {error}.", "Mount it; it needs a key file (connectors/folder).")
        else:
            yield good("folders", f"{name} is there")


def keys(settings: Settings) -> Iterator[Finding]:
    """Look whether the keys are there and nobody else can read them."""
    folder = settings.home / "keys"
    configured = bool(settings.secret_key.get_secret_value())
    if not configured and not any(folder.glob("*.key")):
        yield look("keys", "There is no key yet.", "`damhub serve` makes one; after a restore put the old ones back.")
        return
    if folder.is_dir() and folder.stat().st_mode & 0o077:
        yield bad("keys", f"Others can look into {folder}.", f"Restrict it: chmod 700 {folder}")
        return
    ring = Keyring.load(settings)
    where = "DAMHUB_SECRET_KEY" if configured else str(folder)
    yield good("keys", f"the current one is {ring.key_id}, of {where}")


def blob_store(settings: Settings) -> Iterator[Finding]:
    """Put a few bytes into the store, read them back, and take them out again."""
    where = f"bucket {settings.s3.bucket}" if settings.storage == "s3" else str(settings.home / "blobs")
    if settings.storage == "folder" and not (settings.home / "blobs").is_dir():
        if _was_used(settings.home):
            yield bad("blob store", f"{where} is not there, and the hub was in use.", "Mount it again.")
        else:
            yield look("blob store", f"{where} is not there yet.", "`damhub serve` makes it.")
        return
    store, probe = make_store(settings), secrets.token_bytes(PROBE_BYTES)
    stored = store.put(io.BytesIO(probe), expect_size=len(probe))
    try:
        with store.open(stored.sha256) as file:
            came_back = file.read() == probe
    finally:
        store.delete(stored.sha256)
    if not came_back:
        yield bad("blob store", f"{where} gave back other bytes than were put in.", "Look at disk or bucket at once.")
    elif store.exists(stored.sha256):
        yield look("blob store", f"{where} keeps what was deleted.", "Check the rights to delete.")
    else:
        yield good("blob store", f"{where} takes, gives back and deletes")


def _was_used(home: Path) -> bool:
    return (home / "damhub.sqlite3").is_file()


def installation(settings: Settings, database: Database) -> Iterator[Finding]:
    """Look whether the hub may act."""
    del settings
    with database.read() as session:
        found = session.scalar(select(Installation))
    if found is None:
        yield look("mode", "No hub ever woke up in this database.", "Start it with `damhub serve`.")
    elif found.mode == Mode.OBSERVE_ONLY:
        step = "Say `damhub adopt` if this is the hub, `damhub declare-copy` if it is a copy of one."
        yield bad("mode", f"The hub only observes. {found.mode_reason}", step)
    else:
        yield good("mode", "the hub acts")


def administrator(settings: Settings, database: Database) -> Iterator[Finding]:
    """Look whether anybody can manage the hub."""
    with database.read() as session:
        anybody = session.scalar(select(func.count()).select_from(User)) or 0
        able = (User.role == Role.ADMINISTRATOR, User.disabled_at.is_(None))
        count = session.scalar(select(func.count()).select_from(User).where(*able)) or 0
    if count:
        yield good("administrator", f"{count} can sign in")
    elif anybody:
        yield bad("administrator", "Nobody who can sign in is an administrator.",
                  "Add one: `damhub create-user EMAIL --name NAME --role administrator`.")  # fmt: skip
    else:
        yield look("administrator", "This hub is new: it has nobody yet.",
                   f"Open the address that `damhub serve` prints ({settings.url}/first-run?code=...).")  # fmt: skip


def sealed(settings: Settings, database: Database) -> Iterator[Finding]:
    """Look whether the keys open what is sealed in the database."""
    with database.read() as session:
        rows = [(row.connection_id, row.sealed) for row in session.scalars(select(Credential))]
    if not rows:
        yield good("credentials", "none are kept")
        return
    if not settings.secret_key.get_secret_value() and not any((settings.home / "keys").glob("*.key")):
        yield bad("credentials", f"{len(rows)} are sealed and there is no key.", "Put the key files back.")
        return
    ring = Keyring.load(settings)
    shut = [connection_id for connection_id, secret in rows if not _opens(ring, connection_id, secret)]
    if shut:
        yield bad("credentials", f"{len(shut)} of {len(rows)} cannot be opened with the keys that are here.",
                  "Put the missing key file back into HOME/keys, or connect anew.")  # fmt: skip
    else:
        yield good("credentials", f"{len(rows)} can be opened")


def _opens(ring: Keyring, connection_id: str, secret: str) -> bool:
    try:
        ring.open(secret, purpose=credentials.purpose(connection_id))
    except HubError:
        return False
    return True


def blobs(settings: Settings, database: Database) -> Iterator[Finding]:
    """Look whether the latest blobs that rows speak of are in the store."""
    with database.read() as session:
        query = select(Blob.sha256).where(Blob.state == BlobState.KEPT).order_by(Blob.created_at.desc())
        latest = list(session.scalars(query.limit(LATEST_BLOBS)))
    if not latest:
        yield good("blobs", "none are kept yet")
        return
    if settings.storage == "folder" and not (settings.home / "blobs").is_dir():
        return  # told already
    store = make_store(settings)
    lost = [sha256 for sha256 in latest if not store.exists(sha256)]
    if lost:
        yield bad("blobs", f"{len(lost)} of the latest {len(latest)} are not in the store, such as {lost[0]}.",
                  "Check that DAMHUB_STORAGE and its settings are those of before; else restore a backup.")  # fmt: skip
    else:
        yield good("blobs", f"the latest {len(latest)} are in the store")


def remotes(settings: Settings, database: Database) -> Iterator[Finding]:
    """Look for accounts whose connector is not installed any more."""
    del settings
    known = discover()
    with database.read() as session:
        used = set(session.scalars(select(Remote.connector).distinct()))
    for name in sorted(used - set(known)):
        what = f"There are accounts of {name}, and no connector of this name is installed."
        yield bad("connectors", what, "Install it again: until then its copies are not kept true.")


def clock(settings: Settings, database: Database) -> Iterator[Finding]:
    """Compare the clocks of machine, database and event log."""
    if settings.clock_shift_s:
        what = f"The hub runs {settings.clock_shift_s} s beside the real time: this is a rehearsal."
        yield look("clock", what, "Unset DAMHUB_CLOCK_SHIFT_S for real use.")
    apart = _apart(database)
    if abs(apart) > CLOCKS_APART_MS:
        tell = bad if abs(apart) > CLOCKS_WRONG_MS else look
        yield tell("clock", f"The database's clock and this machine's are {abs(apart) // SECOND} s apart.",
                   "Let both keep time by NTP: leases and ends of rights hang on it.")  # fmt: skip
    with database.read() as session:
        last = session.scalar(select(func.max(Event.at))) or 0
    ahead = last - SystemClock(shift_ms=settings.clock_shift_s * SECOND).now()
    if ahead > CLOCKS_WRONG_MS:
        yield bad("clock", f"The last event lies {ahead // SECOND} s in the future.",
                  "The clock was set back, or another host's runs ahead: correct it.")  # fmt: skip
    elif abs(apart) <= CLOCKS_APART_MS:
        yield good("clock", "machine, database and event log agree")


def _apart(database: Database) -> int:
    """Return how far the database's clock is from this machine's, in milliseconds; SQLite has no other."""
    if not database.postgres:
        return 0
    with database.engine.connect() as connection:
        theirs = connection.scalar(text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"))
    return int(theirs or 0) - SystemClock().now()


IN_DATABASE: Final[tuple[tuple[str, Callable[[Settings, Database], Iterator[Finding]]], ...]] = (
    ("mode", installation),
    ("administrator", administrator),
    ("credentials", sealed),
    ("blobs", blobs),
    ("connectors", remotes),
    ("clock", clock),
)
"""What is looked at in a database that answers and is of this release."""
