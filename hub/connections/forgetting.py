"""Disconnecting for good: the secrets are deleted, and the vendor is asked to forget them, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

from connectors.sdk.errors import ConnectorError
from connectors.sdk.manifest import Manifest
from hub.connections import accounts, credentials, health
from hub.connections.accounts import Way
from hub.connections.credentials import Secrets
from hub.connections.models import Connection, Remote
from hub.db.installation import may_write

if TYPE_CHECKING:
    from hub.access.actors import Actor
    from hub.access.keyring import Keyring
    from hub.connections.speaking import Speaking
    from hub.db.unit import Database

log = structlog.get_logger(__name__)


class Forgetting:
    """Switches connections off for good. Who may do it is asked by the caller."""

    def __init__(
        self, database: Database, keyring: Keyring, registry: Mapping[str, Manifest], speaking: Speaking
    ) -> None:  # fmt: skip
        self._database, self._keyring, self._registry, self._speaking = database, keyring, registry, speaking

    def forget(self, actor: Actor, connection_id: str) -> None:
        """Delete a connection's secrets; that the vendor forgets them is asked for, and never waited for."""
        with self._database.unit() as session:
            row = accounts.get(session, connection_id)
            manifest = self._registry.get(session.get_one(Remote, row.remote_id).connector)
            secrets = credentials.legible(session, self._keyring, connection_id)
            credentials.forget(session, connection_id)
            observing = not may_write(session)
            code, text = health.DISCONNECTED, "Disconnected."
            health.set_state(session, row, health.State.OFF, actor=actor.id, code=code, text=text)
            row.leaving_at = row.leaving_by = None
        # A copy of a hub must not revoke what the original goes on using.
        if manifest is not None and secrets is not None and not observing:
            self._revoke(manifest, row, secrets)

    def _revoke(self, manifest: Manifest, row: Connection, secrets: Secrets) -> None:
        settings = accounts.check_settings(manifest, row.settings)
        way = Way(accounts.auth_of(manifest, row.auth), settings, secrets.values)
        token = secrets.refresh_token or secrets.values.get("access_token", "")
        give_back = way.auth.hand_over.give_back if way.auth.hand_over else None
        if give_back is None and (way.server is None or not token):
            return
        try:
            if give_back is None:
                self._speaking.flow(way).revoke(token)
            else:
                give_back(self._speaking.unproven(manifest, way))
        except ConnectorError as error:
            # We hold nothing any more; the page says what a person may do at the vendor.
            with self._database.unit() as session:
                accounts.get(
                    session, row.id
                ).problem = f"Disconnected. {manifest.title} did not confirm; remove the hub there too."
            log.warning("revocation_not_confirmed", connection=row.id, code=error.code)
