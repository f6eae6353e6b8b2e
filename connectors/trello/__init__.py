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


MEMBERS = "GET /1/members/me?"  # what is nested below a member does not count there


def _typed(secrets: Mapping[str, str]) -> dict[str, str]:
    # In the header, never in the query: queries end up in logs.
    return _named(f'OAuth oauth_consumer_key="{secrets["key"]}", oauth_token="{secrets["token"]}"')


def _granted(secrets: Mapping[str, str]) -> dict[str, str]:
    return _named(f"Bearer {secrets['access_token']}")


def _named(proof: str) -> dict[str, str]:
    return {"Authorization": proof, "X-Trello-Client-Identifier": CLIENT_IDENTIFIER}


def _signing(label: str, hint: str) -> AuthField:
    return AuthField("secret", label, secret=True, optional=True, signs=True, hint=hint)


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
            "key_and_token",
            "API key and token",
            headers=_typed,
            app="key",
            fields=(
                AuthField("key", "API key", hint="From trello.com/power-ups/admin, under API key."),
                AuthField("token", "Token", secret=True, hint="Made by the link beside the key; needs read and write."),
                _signing("API secret", "Stands beside the key; with it Trello tells the hub of changes on cards."),
            ),
        ),
        Auth(
            "oauth",
            "Sign in with Atlassian",
            headers=_granted,
            oauth=Settings.server,
            fields=(
                AuthField("client_id", "Client id", hint="Of an OAuth 2.0 app, made beside the API key."),
                AuthField("client_secret", "Client secret", secret=True),
                _signing("Secret of webhooks", "The app's API secret; if that does not fit, its client secret."),
            ),
        ),
    ),
    abilities={
        Capability.TARGETS: Ability(),
        Capability.PUBLISH: Ability(Write.FINDABLE, Level.SEEN),
        Capability.WITHDRAW: Ability(Write.HARMLESS, Level.SEEN),
        Capability.FIND: Ability(lists=True),
        Capability.LOOK: Ability(),
        Capability.SUBSCRIBE: Ability(Write.HARMLESS),
        Capability.IMPORT: Ability(),
        Capability.CHANGES: Ability(),
        Capability.CARDS: Ability(),
    },
    carries=Carries.LINK,
    connect=Trello,
    sandbox="connectors.trello.sandbox:create",
    settles_after_s=2.0,
    limits=(Limit(100, 10.0), Limit(100, 900.0, counts=MEMBERS), Limit(300, 10.0, scope="app")),
    error_codes={
        "invalid token": Meaning.AUTH_EXPIRED,
        "invalid key": Meaning.AUTH_EXPIRED,
        # 401, and yet the credentials are good: this member may not do it, or the token's scope is too narrow.
        "unauthorized permission requested": Meaning.MISCONFIGURED,
        "missing scopes": Meaning.MISCONFIGURED,
    },
    error_code=_error_code,
    inbound=TrelloInbound(),
    fixed=dict.fromkeys(("authorize_url", "token_url"), "The client's secret goes there: connect anew to change it."),
    gaps={
        "update": "Trello cannot rename a link on a card: a changed name is a new link, and the old one is removed.",
        "replace": "A card holds a link to the hub, no bytes: the link itself shows the new version.",
        "repoint": "A link on a card has no further uses in Trello.",
        "hold": "A link on a card is there at once: Trello schedules nothing.",
        "usage": "A link on a card has no further uses in Trello that could be searched exactly.",
        "numbers": "Trello counts no clicks on links.",
        "covers": "A cover is Trello's own picture of a link: it does not follow a new version; it goes with the link.",
        "licence ends": "A card can hold several assets, so when a licence ends is not written into a field of it.",
        "deleted files": "Atlassian says that only webhooks tell of deleted attachments; recorded feeds do too. "
        "An inventory shows it in any case.",
        "descriptions": "Links that people typed into a card's description or comments are not found.",
        "panel": "Not offered yet: the hub's own panel on a card, which Trello calls a Power-Up.",
    },
)
