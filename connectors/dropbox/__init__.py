"""Dropbox: approved files in folders, and what stands there taken into the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.dropbox.connector import Dropbox
from connectors.dropbox.events import DropboxInbound
from connectors.dropbox.types import Settings, error_code
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

IN_BODY = "client_secret_post"  # how the app names itself
READS = ("account_info.read", "files.metadata.read", "files.content.read")
WRITES = ("files.content.write", "files.metadata.write", "sharing.read")
WHY = {
    "account_info.read": "to know whose account it is",
    "files.metadata.read": "to list folders and find copies again",
    "files.content.read": "to check bytes, and to import",
    "files.content.write": "to put, replace and delete copies",
    "files.metadata.write": "to keep the hub's code and texts with a file",
    "sharing.read": "to tell under which links a copy can be seen, and how many people share its folder",
}
NOBODY_MAY = (
    "no_write_permission", "insufficient_space", "team_folder", "operation_suppressed", "access_restricted",
    "team_folder_insufficient_space", "member_folder_insufficient_space", "upload_traffic_limit_reached",
    "encryption_not_supported",
)  # fmt: skip
PLACES = ("path", "path_write", "path_lookup")


def _headers(secrets: Mapping[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {secrets['access_token']}"}


def _account(name: str, scopes: tuple[str, ...], label: str) -> Auth:
    """Sign in with a Dropbox account; without `token_access_type` there is no refresh token."""
    return Auth(
        name,
        label,
        headers=_headers,
        fields=(
            AuthField("client_id", "App key", hint="From dropbox.com/developers/apps, under Settings."),
            AuthField("client_secret", "App secret", secret=True, signs=True, hint="Stands below the app key."),
        ),
        oauth=OAuth(
            "https://www.dropbox.com/oauth2/authorize",
            "https://api.dropboxapi.com/oauth2/token",
            scopes=scopes,
            token_auth=IN_BODY,
            authorize_more={"token_access_type": "offline"},
            why=WHY,
        ),
    )


MANIFEST = Manifest(
    name="dropbox",
    title="Dropbox",
    summary="Puts approved files into folders, keeps them true, and imports what stands there.",
    settings=Settings,
    origin=lambda settings: origin_of(settings.origin),
    further_origins=lambda settings: (settings.content_origin(),),
    auths=(
        _account("account", READS + WRITES, "Dropbox account"),
        _account("account_read", READS, "Dropbox account, only to import"),
        Auth(
            "access_token",
            "Access token, to try it out",
            headers=_headers,
            fields=(
                AuthField(
                    "access_token",
                    "Access token",
                    secret=True,
                    hint="Generated in the app's settings; ends in 4 hours.",
                ),
                AuthField("app_secret", "App secret", secret=True, optional=True, signs=True, hint="For webhooks."),
            ),
            lasts_days=4 / 24,
        ),
    ),
    abilities={
        Capability.TARGETS: Ability(),
        Capability.PUBLISH: Ability(Write.KEYED),
        Capability.UPDATE: Ability(Write.HARMLESS),
        Capability.REPLACE: Ability(Write.HARMLESS),
        Capability.WITHDRAW: Ability(Write.HARMLESS, Level.READ),
        Capability.FIND: Ability(),
        Capability.LOOK: Ability(),
        Capability.IMPORT: Ability(),
        Capability.CHANGES: Ability(),
        Capability.USAGE: Ability(),
    },
    carries=Carries.BYTES,
    connect=Dropbox,
    sandbox="connectors.dropbox.sandbox:create",
    rendition="original",
    settles_after_s=5.0,
    limits=(Limit(600, 60.0),),  # Dropbox publishes no number; it answers 429 and says when
    error_code=error_code,
    error_codes={
        "path/not_found": Meaning.MISSING,
        "path_lookup/not_found": Meaning.MISSING,
        "reset": Meaning.MISSING,  # of a cursor
        **{f"{place}/{why}": Meaning.MISCONFIGURED for place in PLACES for why in NOBODY_MAY},
        **{f"{place}/too_many_write_operations": Meaning.RATE_LIMITED for place in PLACES},
        "too_many_write_operations": Meaning.RATE_LIMITED,
        "missing_scope": Meaning.MISCONFIGURED,  # 401, and yet the token is good: these ask for no newer one
        "user_suspended": Meaning.MISCONFIGURED,
        "route_access_denied": Meaning.MISCONFIGURED,
        # The team's space moved: the next try asks for it anew.
        **dict.fromkeys(("invalid_root", "invalid_root/team", "invalid_root/user"), Meaning.RETRY_LATER),
        "no_permission": Meaning.MISCONFIGURED,
        "content_hash_mismatch": Meaning.RETRY_LATER,  # damaged on the way; nothing was kept
        "not_found": Meaning.RETRY_LATER,  # an upload in pieces ended; nothing stands there
        "closed": Meaning.RETRY_LATER,
        "retry_error": Meaning.RETRY_LATER,  # an export is not ready yet
        # Read further by the connector: what was asked may be done all the same.
        "incorrect_offset": Meaning.DONE,
        "path/conflict/file": Meaning.DONE,
        "lookup_failed/not_found": Meaning.DONE,
        "lookup_failed/closed": Meaning.DONE,
        "lookup_failed/incorrect_offset": Meaning.DONE,
        "properties_error/template_not_found": Meaning.DONE,
        "properties_error/property_field_too_large": Meaning.DONE,
        "properties_error/does_not_fit_template": Meaning.DONE,
        "properties_error/duplicate_property_groups": Meaning.DONE,
        "properties_error/restricted_content": Meaning.DONE,
        "properties_error/unsupported_folder": Meaning.DONE,
        "unsupported_file": Meaning.DONE,
    },
    inbound=DropboxInbound(),
    fixed={
        "folder": "Copies are known by where they lie below it: another folder is another connection.",
        "whole_team": "Copies are known by where they lie: in the team's space that is elsewhere.",
    },
    gaps={
        "repoint": "A replaced file keeps its id, its path and its links, so nothing that uses it need be changed.",
        "subscribe": "Dropbox takes one webhook address per app, which a person enters in the App Console.",
        "hold": "A file is there at once: Dropbox schedules nothing.",
        "numbers": "Dropbox tells the app of an account no number of looks.",
        "links": "Not offered yet: making a link for people to a copy. Whom its folder is shared with can open it, and "
        "people can make a link in Dropbox.",
        "deleting for good": "Not offered yet: Dropbox lets only apps that a team's administrator connected delete for "
        "good. For 30 days or more, people can bring back a withdrawn file, and the bytes before a replacement.",
        "people": "How many people, groups and invited share a copy's folder is told, never who they are; and not to "
        "an app that has a folder of its own (App folder), which Dropbox does not let ask. Who was given a "
        "single file, and no folder, is not told.",
        "links of others": "Of the links to a copy, and to folders above it, Dropbox lists only those that the "
        "connected account made.",
        "tags": "Not offered yet: keywords as Dropbox's own tags, and taking such tags in with a file.",
        "locks": "Not offered yet: locking a copy against changes by others. A change is noticed at the next look.",
        "folders": "Not offered yet: making a folder. Copies go into folders that are there.",
        "earlier versions": "Not offered yet: importing what a file was before. Only its newest bytes are taken in.",
        "news without an address": "Not offered yet: hearing at once where Dropbox cannot reach the hub. There the hub "
        "asks in turn.",
        "properties": "People do not see what is said of a file in Dropbox itself: only apps can read it.",
        "long texts": "A field holds 1024 bytes there, and all of them must fit in one header: longer texts are cut.",
        "sign-out": "Not offered yet: giving the permission back when a connection ends. Take it back in Dropbox, "
        "under Settings and Connected apps.",
    },
)
