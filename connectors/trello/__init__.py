"""Trello: links to approved assets on cards, and an import of the files that people put there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.sdk.guard import origin_of
from connectors.sdk.manifest import Ability, Auth, AuthField, Capability, Carries, Limit, Manifest, Meaning, Write
from connectors.sdk.types import Level
from connectors.trello.connector import Trello
from connectors.trello.events import CLIENT_IDENTIFIER, TrelloInbound
from connectors.trello.types import Settings

__all__ = ["MANIFEST"]


def _headers(secrets: Mapping[str, str]) -> dict[str, str]:
    # In the header, never in the query: queries end up in logs.
    return {
        "Authorization": f'OAuth oauth_consumer_key="{secrets["key"]}", oauth_token="{secrets["token"]}"',
        "X-Trello-Client-Identifier": CLIENT_IDENTIFIER,
    }


def _error_code(body: Any, text: str) -> str:
    """Name an answer by its text; Trello answers most refusals with a short plain sentence."""
    del body
    said = text.strip().rstrip(".").lower()
    if re.fullmatch(r"unauthorized(?: \w+)? permission requested", said):
        return "unauthorized permission requested"
    return said if len(said) < len("unauthorized permission requested") else ""


MANIFEST = Manifest(
    name="trello",
    title="Trello",
    summary="Puts links to approved assets on cards, keeps them true, and imports files that people put there.",
    settings=Settings,
    origin=lambda settings: origin_of(settings.origin),
    auths=(
        Auth(
            name="key_and_token",
            label="API key and token",
            headers=_headers,
            fields=(
                AuthField("key", "API key", hint="From trello.com/power-ups/admin, under API key."),
                AuthField("token", "Token", secret=True, hint="Made by the link beside the key; needs read and write."),
                AuthField(
                    "secret",
                    "API secret",
                    secret=True,
                    optional=True,
                    signs=True,
                    hint="Stands beside the key; with it Trello tells the hub of changes on cards.",
                ),
            ),
        ),
    ),
    abilities={
        Capability.TARGETS: Ability(),
        Capability.PUBLISH: Ability(Write.FINDABLE, Level.READ),
        Capability.WITHDRAW: Ability(Write.HARMLESS, Level.READ),
        Capability.FIND: Ability(),
        Capability.LOOK: Ability(),
        Capability.SUBSCRIBE: Ability(Write.HARMLESS),
        Capability.IMPORT: Ability(),
        Capability.CHANGES: Ability(),
    },
    carries=Carries.LINK,
    connect=Trello,
    sandbox="connectors.trello.sandbox:create",
    settles_after_s=2.0,
    limits=(Limit(100, 10.0), Limit(300, 10.0, scope="app")),
    error_codes={
        "invalid token": Meaning.AUTH_EXPIRED,
        "invalid key": Meaning.AUTH_EXPIRED,
        # 401, and yet the credentials are good: this member may not do it, or the token's scope is too narrow.
        "unauthorized permission requested": Meaning.MISCONFIGURED,
        "missing scopes": Meaning.MISCONFIGURED,
    },
    error_code=_error_code,
    inbound=TrelloInbound(),
    gaps={
        "update": "Trello cannot rename a link on a card: a changed name is a new link, and the old one is removed.",
        "replace": "A card holds a link to the hub, no bytes: the link itself shows the new version.",
        "repoint": "A link on a card has no further uses in Trello.",
        "hold": "A link on a card is there at once: Trello schedules nothing.",
        "usage": "A link on a card has no further uses in Trello.",
        "numbers": "Trello counts no clicks on links.",
        "deleted files": "Atlassian says that only webhooks tell of deleted attachments; recorded feeds do too. "
        "An inventory shows it in any case.",
        "descriptions": "Links that people typed into a card's description or comments are not found.",
    },
)
