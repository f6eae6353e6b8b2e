"""Reports as doors use them: make and sign one, and say with which keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from connectors.sdk.manifest import Manifest
from hub.access.permissions import Act, require
from hub.db.base import new_id
from hub.errors import NotFound
from hub.events.log import emit
from hub.placements.models import EvidenceKey, SignedReport
from hub.placements.reports import keys
from hub.placements.reports.document import ReportDocument
from hub.placements.reports.forms import Form
from hub.placements.reports.gather import Sources, gather
from hub.placements.reports.pages import lay_out
from hub.placements.reports.signing import Signed, sign

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.access.actors import Actor
    from hub.clock import Clock
    from hub.db.unit import Database
    from hub.placements.ports import HandedOut
    from hub.placements.service import Placements

MEDIA_TYPES: Final = {"json": "application/json", "pdf": "application/pdf"}


@dataclass(frozen=True, slots=True)
class Made:
    """A report that was made."""

    filename: str
    media_type: str
    sha256: str
    """Of the signed document, not of the file."""
    number: int
    data: bytes


class Reports:
    """Signed reports. Each method opens its own units of work."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        placements: Placements,
        sealer: keys.Sealer,
        handed_out: HandedOut,
        *,
        address: str,
        manifest_of: Callable[[str], Manifest],
    ) -> None:
        """Wire the room; `address` is the hub's own, `manifest_of` knows connectors by name."""
        self._database, self._clock, self._placements, self._sealer = database, clock, placements, sealer
        self._manifest_of = manifest_of
        self._sources = Sources(address, self._title_of, handed_out)

    def make(self, actor: Actor, recall_id: str, form: Form) -> Made:
        """Report how a recall stands now, signed, numbered, and noted in the event log.

        Whoever may see the recall may have its report; what they may not see is left out, and the report says so.

        Raises:
            NotFound: `no_such_recall`, or the asset may not be seen.
            Conflict: `observing_signs_nothing`. Unavailable: `evidence_key_unreadable`.
        """
        at = self._clock.now()
        found = self._placements.recall_report(actor, recall_id)
        with self._database.read() as session:
            document = gather(session, actor, found, self._sources, at=at)
        with self._database.unit() as session:
            signed, number = self._enter(session, actor, recall_id, document, at=at)
        name = f"{found.asset_code}-recall-report-{number}.{form.value}".lower()
        data = signed.to_bytes() if form is Form.JSON else lay_out(signed)
        return Made(name, MEDIA_TYPES[form.value], signed.signature.sha256, number, data)

    def keys(self) -> dict[str, Any]:
        """Return the public keys of this installation as a JWK set. Anybody may know them."""
        with self._database.read() as session:
            return keys.published(keys.keys_of(session))

    def rotate_key(self, actor: Actor) -> EvidenceKey:
        """Make a new key to sign with; older ones go on telling that what they signed is true.

        Raises:
            Forbidden. Conflict: `observing_signs_nothing`.
        """
        require(actor, Act.MANAGE_USERS)
        with self._database.unit() as session:
            installation = keys.lock_installation(session)
            return keys.rotate(session, installation, self._sealer, by=actor.id, at=self._clock.now())

    def made_for(self, actor: Actor, recall_id: str) -> list[SignedReport]:
        """Return the reports that were made of a recall, newest first."""
        self._placements.recall_report(actor, recall_id)
        with self._database.read() as session:
            query = select(SignedReport).where(SignedReport.recall_id == recall_id)
            return list(session.scalars(query.order_by(SignedReport.number.desc())))

    def _enter(
        self, session: Session, actor: Actor, recall_id: str, document: ReportDocument, *, at: int
    ) -> tuple[Signed, int]:
        """Number a report, sign it and write it down, one after the other in each installation."""
        installation = keys.lock_installation(session)
        key = keys.signing_key(session, installation, self._sealer, at=at)
        mine = select(SignedReport).where(SignedReport.installation_id == installation.id)
        last = session.scalar(mine.order_by(SignedReport.number.desc()).limit(1))
        number, previous = (last.number + 1, last.sha256) if last else (1, "")
        report_id = new_id()
        making = document.report.model_copy(
            update={"id": report_id, "number": number, "previous_sha256": previous or None}
        )
        signed = sign(document.model_copy(update={"report": making}).model_dump(mode="json"), key.private)
        session.add(
            SignedReport(
                id=report_id, installation_id=installation.id, number=number, recall_id=recall_id,
                sha256=signed.signature.sha256, previous=previous, key_id=key.id, by=actor.id, at=at,
            )
        )  # fmt: skip
        emit(
            session, "recall.reported", recall_id, actor=actor.id,
            body={"report_id": report_id, "number": number, "sha256": signed.signature.sha256, "key_id": key.id},
        )  # fmt: skip
        return signed, number

    def _title_of(self, connector: str) -> str:
        try:
            return self._manifest_of(connector).title
        except NotFound:  # not installed any more
            return connector
