"""Media: measures what came in, makes its renditions, and fills empty fields from what files say of themselves."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from hub.access.actors import SYSTEM
from hub.catalogue.assets import get_asset, get_version
from hub.catalogue.metadata import Author, fields_of, set_fields
from hub.catalogue.models import Version
from hub.clock import MINUTE, SECOND, Clock
from hub.db.unit import Database, refuse_in_transaction
from hub.errors import HubError, Unavailable
from hub.events.log import emit
from hub.jobs.leases import held, release, take
from hub.media.attribution import RIGHTS_FIELDS
from hub.media.models import Rendition, Traits
from hub.media.pool import TRANSIENT, Findings, MadeFile, MediaPool
from hub.media.presets import PRESETS
from hub.storage.blobs import BlobStore, Stored
from hub.storage.ledger import keep, record
from mappings.document import CORE_FIELDS

MOST_ATTEMPTS: Final = 3
RETRY_AFTER_MS: Final = 20 * SECOND
UNAVAILABLE: Final = frozenset({"no_rendition_for_type", "video_extra_missing"})
"""Codes that say nothing bad of a file: there is just no picture of it."""


@dataclass(frozen=True, slots=True)
class _Job:
    version_id: str
    sha256: str
    media_type: str
    rights: dict[str, str]
    attempt: int


class Media:
    """What is known of versions' bytes and what is made of them."""

    def __init__(self, database: Database, store: BlobStore, pool: MediaPool, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._pool = pool
        self._clock = clock

    def drain(self, owner: str) -> int:
        """Measure and render versions that wait for it; return how many were handled.

        Safe to be killed at any point: an unfinished version is taken up again when its lease ends. A file that
        ended `MOST_ATTEMPTS` workers is given up.
        """
        refuse_in_transaction("decoding files")
        with self._database.unit() as session:
            jobs = self._lease(session, owner)
        if jobs:
            with ThreadPoolExecutor(self._pool.processes, thread_name_prefix="media") as threads:
                list(threads.map(partial(self._handle, owner), jobs))
        return len(jobs)

    def rendition(self, session: Session, version_id: str, preset: str) -> Rendition | None:
        """Return what is recorded of a version's rendition, or None when nothing is yet."""
        return session.get(Rendition, (version_id, preset))

    def _lease(self, session: Session, owner: str) -> list[_Job]:
        rows = take(
            session,
            Traits,
            Traits.state == "pending",
            owner=owner,
            now=self._clock.now(),
            lease_ms=int(self._pool.longest_s * 2 * SECOND) + MINUTE,
            limit=2 * self._pool.processes,
        )
        for row in rows:
            row.attempt += 1
        return [_job(session, row) for row in rows]

    def _handle(self, owner: str, job: _Job) -> None:
        """Work on one version with no unit open, then record what came of it."""
        if job.attempt > MOST_ATTEMPTS:
            self._record_failure(owner, job, _given_up())
            return
        try:
            with self._store.local_copy(job.sha256) as source, tempfile.TemporaryDirectory(prefix="damhub-") as folder:
                found = self._pool.develop(source, job.media_type, rights=job.rights, folder=Path(folder))
                stored = [self._keep(file.path) for file in found.made]
        except HubError as error:
            self._record_failure(owner, job, error)
        else:
            self._record(owner, job, found, list(zip(found.made, stored, strict=True)))

    def _keep(self, path: Path) -> Stored:
        with path.open("rb") as file:
            return self._store.put(file, expect_size=path.stat().st_size)

    def _record(self, owner: str, job: _Job, found: Findings, made: Sequence[tuple[MadeFile, Stored]]) -> None:
        now = self._clock.now()
        with self._database.unit() as session:
            traits = _held(session, owner, job, now)
            if traits is None:
                return
            traits.state, traits.error_code, traits.error = "ready", "", ""
            traits.width, traits.height, traits.duration_ms = found.width, found.height, found.duration_ms
            traits.pages, traits.colour, traits.has_alpha = found.pages, found.colour, found.has_alpha
            traits.embedded = found.embedded
            release(traits)
            for file, stored in made:
                record(session, stored, sniffed_type=file.media_type, at=now)
                keep(session, stored.sha256)
                _put(session, job.version_id, file, stored)
            _mark_missing(session, job.version_id, state="unavailable", code="no_rendition_for_type")
            version = get_version(session, job.version_id)
            if get_asset(session, version.asset_id).current_version_id == version.id:
                _fill_fields(session, version, found.embedded, now)
            _tell(session, version, "ready")

    def _record_failure(self, owner: str, job: _Job, error: HubError) -> None:
        now = self._clock.now()
        with self._database.unit() as session:
            traits = _held(session, owner, job, now)
            if traits is None:
                return
            out_of_reach = isinstance(error, Unavailable)
            told = f"{error.what} {error.next_step}".strip()
            if out_of_reach or (error.code in TRANSIENT and job.attempt < MOST_ATTEMPTS):
                # A store or a child that cannot be had now is no fault of the file: it costs no attempt.
                traits.attempt = job.attempt - 1 if out_of_reach else job.attempt
                traits.error_code, traits.error = error.code, told
                release(traits, due_at=now + RETRY_AFTER_MS)
                return
            harmless = error.code in UNAVAILABLE
            traits.state = "ready" if harmless else "failed"
            traits.error_code, traits.error = error.code, told
            release(traits)
            _mark_missing(session, job.version_id, state="unavailable" if harmless else "failed", code=error.code)
            _tell(session, get_version(session, job.version_id), traits.state)


def _given_up() -> HubError:
    return HubError(
        "media_given_up",
        "The file ended every worker that opened it. The file itself is safe.",
        next_step="Export the file again and upload it as a new version.",
    )


def _job(session: Session, traits: Traits) -> _Job:
    version = get_version(session, traits.version_id)
    fields = fields_of(session, version.asset_id)
    rights = {field: value for field in RIGHTS_FIELDS if isinstance(value := fields.get(field), str)}
    return _Job(version.id, version.sha256, version.media_type, rights, traits.attempt)


def _held(session: Session, owner: str, job: _Job, now: int) -> Traits | None:
    """Return the row if this worker still holds it; a late result must not overwrite another's."""
    traits = session.get(Traits, job.version_id, with_for_update=True)
    return traits if traits is not None and held(traits, owner=owner, now=now) else None


def _put(session: Session, version_id: str, file: MadeFile, stored: Stored) -> None:
    session.merge(
        Rendition(
            version_id=version_id,
            preset=file.preset,
            sha256=stored.sha256,
            size=stored.size,
            media_type=file.media_type,
            width=file.width,
            height=file.height,
            state="ready",
            error_code="",
        )
    )


def _mark_missing(session: Session, version_id: str, *, state: str, code: str) -> None:
    """Say of every rendition that was not made why there is none."""
    for preset in PRESETS:
        if session.get(Rendition, (version_id, preset)) is None:
            session.add(Rendition(version_id=version_id, preset=preset, state=state, error_code=code))
    session.flush()


def _fill_fields(session: Session, version: Version, embedded: Mapping[str, object], now: int) -> None:
    values = {field: value for field, value in embedded.items() if field in CORE_FIELDS}
    set_fields(
        session,
        version.asset_id,
        values,
        author=Author.FILE,
        author_ref=version.id,
        at=now,
        actor_id=SYSTEM.id,
    )


def _tell(session: Session, version: Version, state: str) -> None:
    body = {"version_id": version.id, "state": state}
    emit(session, "asset.rendered", version.asset_id, actor=SYSTEM.id, body=body)
