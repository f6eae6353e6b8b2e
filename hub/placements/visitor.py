"""Opens public addresses as any visitor could, through the guarded client: the eyes behind evidence of level `seen`."""

from __future__ import annotations

from connectors.sdk.errors import ConnectorError
from connectors.sdk.guard import Guard
from connectors.sdk.http import guarded_client
from connectors.sdk.public import fetch_public
from connectors.sdk.wire import Client
from hub.db.unit import refuse_in_transaction
from hub.placements.ports import Viewed
from hub.settings import Settings


class Visitor:
    """An anonymous visitor."""

    def __init__(self, settings: Settings, *, client: Client | None = None) -> None:
        """Trust the origins that the operator named, and this hub's own address, which is often a private one."""
        self._client = client or guarded_client(Guard(trusted_origins=[*settings.trusted_origins, settings.url]))

    def view(self, url: str) -> Viewed:
        """GET an address; whatever keeps it from answering means that nothing was learnt."""
        refuse_in_transaction("a look at a public address")
        try:
            found = fetch_public(url, client=self._client)
        except ConnectorError:
            return Viewed(None)
        return Viewed(found.status, found.sha256, found.media_type)
