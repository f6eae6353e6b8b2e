"""Asana: links to approved assets on tasks, and an import of the files that people put there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from connectors.asana.connector import Asana
from connectors.asana.events import AsanaInbound
from connectors.asana.types import Settings
from connectors.sdk.guard import origin_of
from connectors.sdk.manifest import (
    Ability,
    Auth,
    AuthField,
    Capability,
    Carries,
    Limit,
    Manifest,
    Meaning,
    OAuth,
    Write,
)
from connectors.sdk.types import Level

__all__ = ["MANIFEST"]

SCOPES = (
    "users:read", "workspaces:read", "projects:read", "tasks:read", "tags:read",
    "attachments:read", "attachments:write", "attachments:delete",
    "webhooks:read", "webhooks:write", "webhooks:delete",
)  # fmt: skip
WHY = {
    "users:read": "to know whose account it is",
    "workspaces:read": "to list workspaces",
    "projects:read": "to list projects",
    "tasks:read": "to list tasks, where links can stand",
    "tags:read": "to name the tags that a binding asks for",
    "attachments:read": "to find links again, and to import files",
    "attachments:write": "to put links on tasks",
    "attachments:delete": "to take links away",
    "webhooks:read": "to see which reports of changes are asked for",
    "webhooks:write": "to be told when a link is deleted",
    "webhooks:delete": "to end that",
    "tasks:write": "to fill the text field for assets",
    "stories:write": "to comment on withdrawals",
}
KNOWN = {
    "sync token invalid or too old": "sync_token_too_old",
    "did not respond with the handshake secret": "handshake_failed",
}
IN_BODY = "client_secret_post"  # how the app names itself
_LONGEST_PHRASE = 80


def _server(settings: Settings) -> OAuth:
    """Ask for no more than these settings need."""
    origin = origin_of(settings.origin)
    more = (*(("tasks:write",) if settings.asset_field else ()), *(("stories:write",) if settings.comments else ()))
    return OAuth(
        authorize_url=f"{origin}/-/oauth_authorize",
        token_url=f"{origin}/-/oauth_token",
        revoke_url=f"{origin}/-/oauth_revoke",
        scopes=(*SCOPES, *more),
        token_auth=IN_BODY,
        why=WHY,
    )


def _error_code(body: Any, text: str) -> str:
    """Name a refusal by its sentence; failures of Asana's own carry a phrase that its support asks for."""
    del text
    errors = cast("dict[str, Any]", body).get("errors") if isinstance(body, dict) else None
    first: Any = cast("list[Any]", errors)[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return ""
    said = {str(name): str(value) for name, value in cast("dict[Any, Any]", first).items()}
    message = said.get("message", "").lower()
    phrase = said.get("phrase", "")
    code = next((code for known, code in KNOWN.items() if known in message), "")
    return code or (phrase[:_LONGEST_PHRASE] if phrase.isprintable() else "")


def _token(secrets: Mapping[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {secrets['token']}"}


def _granted(secrets: Mapping[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {secrets['access_token']}"}


MANIFEST = Manifest(
    name="asana",
    title="Asana",
    summary="Puts links to approved assets on tasks, keeps them true, and imports files that people put there.",
    settings=Settings,
    origin=lambda settings: origin_of(settings.origin),
    auths=(
        Auth(
            name="token",
            label="Personal access token",
            headers=_token,
            fields=(
                AuthField(
                    "token",
                    "Personal access token",
                    secret=True,
                    hint="Made at app.asana.com/0/my-apps. It may do all that you may do.",
                ),
            ),
        ),
        Auth(
            name="oauth",
            label="Sign in at Asana",
            headers=_granted,
            fields=(
                AuthField("client_id", "Client id", hint="Of an app made at app.asana.com/0/my-apps."),
                AuthField("client_secret", "Client secret", secret=True),
            ),
            oauth=_server,
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
    connect=Asana,
    sandbox="connectors.asana.sandbox:create",
    settles_after_s=5.0,
    limits=(Limit(150, 60.0, when="not paid_plan"), Limit(1500, 60.0, when="paid_plan")),
    error_codes={
        "sync_token_too_old": Meaning.DONE,  # 412, and its body is the fresh token that was asked for
        "handshake_failed": Meaning.MISCONFIGURED,  # 400, and yet only the hub's own address can be put right
    },
    error_code=_error_code,
    inbound=AsanaInbound(),
    gaps={
        "update": "Asana cannot rename a link on a task: a changed name is a new link, and the old one is removed.",
        "replace": "A task holds a link to the hub, no bytes: the link itself shows the new version.",
        "repoint": "A link on a task has no further uses in Asana.",
        "hold": "A link on a task is there at once: Asana schedules nothing.",
        "usage": "A link on a task has no further uses in Asana.",
        "numbers": "Asana counts no clicks on links.",
        "completed tasks": "Only tasks that are not completed yet, and no subtasks, are offered as places.",
        "files elsewhere": "Files that lie at Dropbox, Google Drive, OneDrive, Box or Vimeo are not imported: "
        "Asana holds only links to them. Connect that service itself.",
        "files in no project": "Imported are files on tasks and among key resources of projects that are not archived; "
        "not those of tasks in no project, nor pictures in a project's brief.",
        "new key resources": "Asana's events do not name files among a project's key resources: an inventory does.",
        "new links": "Asana's webhooks tell when a link was deleted, not when one was added by somebody.",
        "widget": "Not offered yet: the panel on a task that Asana calls an app component.",
        "comments": "A comment of the hub stays when its link is gone, and so do links that people typed into texts.",
    },
)
