"""Drupal: media items with their files over JSON:API, with an account's password or by OAuth 2."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, cast

from connectors.drupal.connector import Drupal
from connectors.drupal.types import Settings
from connectors.sdk.guard import origin_of
from connectors.sdk.manifest import (
    Ability,
    Auth,
    AuthField,
    Capability,
    Carries,
    GrantKind,
    Manifest,
    Meaning,
    OAuth,
    Write,
)
from connectors.sdk.types import Level

__all__ = ["MANIFEST"]

IN_BODY = "client_secret_post"  # how a consumer names itself
KNOWN = {
    "configured to accept only read operations": "read_only",
    "has a working copy": "working_copy",
    "already locked for writing": "file_locked",
    "PATCH the selected field (changed)": "edited_meanwhile",
}
"""JSON:API's own codes are zero nearly always: sentences of Drupal's are what tells."""


def _basic(secrets: Mapping[str, str]) -> dict[str, str]:
    pair = f"{secrets['username']}:{secrets['password']}".encode()
    return {"Authorization": "Basic " + base64.b64encode(pair).decode("ascii")}


def _granted(secrets: Mapping[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {secrets.get('access_token', '')}"}


def _server(settings: Settings) -> OAuth:
    """Return the site's own server (module Simple OAuth). With Basic, Drupal would take the client for an account."""
    return OAuth(
        authorize_url=f"{settings.site_url}/oauth/authorize",
        token_url=f"{settings.site_url}/oauth/token",
        scopes=tuple(settings.oauth_scope.split()),
        token_auth=IN_BODY,
        why=dict.fromkeys(settings.oauth_scope.split(), "holds the permissions that the connector's page names"),
    )


def _error_code(body: Any, text: str) -> str:
    """Name a refusal by its sentence."""
    del text
    errors = cast("dict[str, Any]", body).get("errors") if isinstance(body, dict) else None
    first: Any = cast("list[Any]", errors)[0] if isinstance(errors, list) and errors else None
    detail = str(cast("dict[str, Any]", first).get("detail", "")) if isinstance(first, dict) else ""
    return next((code for known, code in KNOWN.items() if known in detail), "")


CLIENT = (
    AuthField("client_id", "Client id", hint="Of a consumer made under Configuration, Web services, Consumers."),
    AuthField("client_secret", "Client secret", secret=True),
)

MANIFEST = Manifest(
    name="drupal",
    title="Drupal",
    summary="Puts approved assets into the media library of a Drupal site and keeps them true.",
    settings=Settings,
    origin=lambda settings: origin_of(settings.site_url),
    auths=(
        Auth(
            name="password",
            label="Name and password of an account",
            headers=_basic,
            fields=(
                AuthField("username", "User name", hint="Of an account made for the hub."),
                AuthField("password", "Password", secret=True, hint="The module HTTP Basic Authentication must be on."),
            ),
        ),
        Auth(
            name="client", label="OAuth 2, the hub as itself", headers=_granted, fields=CLIENT, oauth=_server,
            grant=GrantKind.CLIENT,
        ),
        Auth(name="oauth", label="OAuth 2, by signing in at the site", headers=_granted, fields=CLIENT, oauth=_server),
    ),
    abilities={
        Capability.TARGETS: Ability(),
        Capability.PUBLISH: Ability(Write.KEYED, Level.SEEN),
        Capability.UPDATE: Ability(Write.HARMLESS, Level.READ),
        Capability.REPLACE: Ability(Write.HARMLESS, Level.SEEN),
        Capability.WITHDRAW: Ability(Write.HARMLESS, Level.SEEN),
        Capability.FIND: Ability(),
        Capability.LOOK: Ability(),
        Capability.IMPORT: Ability(),
        Capability.CHANGES: Ability(tells_gone=False),
        Capability.USAGE: Ability(),
    },
    carries=Carries.BYTES,
    connect=Drupal,
    sandbox="connectors.drupal.sandbox:create",
    rendition="web",
    accepts=(
        "image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf", "video/mp4", "audio/mpeg", "audio/wav",
        "audio/aac", "text/plain", "application/msword", "application/vnd.*",
    ),
    settles_after_s=5.0,
    error_codes={
        "read_only": Meaning.MISCONFIGURED,  # 405: an administrator must switch changes on
        "working_copy": Meaning.MISCONFIGURED,  # 400: a draft waits, and only a person can publish or drop it
        "file_locked": Meaning.RETRY_LATER,  # 503, and nothing was kept
        "edited_meanwhile": Meaning.RETRY_LATER,  # 403: a text is not any more what was read
    },
    error_code=_error_code,
    gaps={
        "repoint": "A new version stays in the same item, so that every use follows by itself.",
        "subscribe": "Drupal sends no webhooks by itself: the hub notices changes when it looks.",
        "moving": "An item stays in its media type, and its file where it was uploaded: nobody moves them by hand. Its "
        "name is a text like others.",
        "hold": "Drupal's core schedules nothing, and the file of an item that is not published stays public.",
        "deletions": "Drupal keeps no list of what was deleted: the hub compares which of its copies still stand each "
        "time it reads changes. That other items were deleted shows in an inventory only.",
        "numbers": "Drupal's core counts no views of media.",
        "choosing there": "Not offered yet: a module inside Drupal with which people choose the hub's assets in the "
        "media library, and which tells the hub at once what changed.",
        "other fields": "Not offered yet: fields of the site's own, such as tags, credits or captions, beside one text "
        "for rights.",
        "embeds": "A withdrawn item is taken out of published texts that embed it; where the account may not change "
        "one, or a draft waits beside it, whoever placed the copy is told which. Older texts are found in fields that "
        "one of the fifty newest pieces of content of their kind fills. Fields that refer to the item, and links to "
        "its file, stay and lead nowhere.",
        "drafts": "Drupal lets no program change content that has a draft, nor search drafts: uses in a draft are "
        "listed, and it keeps the tag of a withdrawn item.",
        "uses": "Content that the account may not see, and layouts, are not searched for uses; drafts of other content "
        "than nodes JSON:API shows to nobody.",
        "revisions": "Older revisions of an item lose their file: it would stay public under its address.",
        "empty names": "Drupal keeps no item without a name: it is called by its file then.",
        "renamed types": "Types and fields that the module JSON:API Extras renamed are not found.",
        "files elsewhere": "Not offered yet: importing files that the site keeps at another address, such as a "
        "delivery network.",
        "files without an item": "Not offered yet: importing files that no media item holds, such as pictures that "
        "stand in content by themselves.",
        "remote videos": "Items that only point to something elsewhere, such as remote videos, hold no file to import.",
    },
)  # fmt: skip
