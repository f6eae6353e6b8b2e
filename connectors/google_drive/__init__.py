"""Google Drive: approved files in folders of My Drive and of shared drives, and an import of what stands there."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from connectors.google_drive.connector import GoogleDrive
from connectors.google_drive.events import GoogleDriveInbound
from connectors.google_drive.types import KeyFile, Settings, error_code
from connectors.sdk.errors import Misconfigured
from connectors.sdk.guard import origin_of
from connectors.sdk.manifest import (
    Ability,
    Auth,
    AuthField,
    Capability,
    Carries,
    GrantKind,
    Limit,
    Manifest,
    Meaning,
    OAuth,
    Write,
)
from connectors.sdk.statement import sign_statement
from connectors.sdk.types import Level

__all__ = ["DOCS", "MANIFEST"]

EXCHANGE = "https://oauth2.googleapis.com/token"
DOCS = "https://docs.google.com"
ALL = "https://www.googleapis.com/auth/drive"
TESTING_DAYS = 7
READ = "https://www.googleapis.com/auth/drive.readonly"
WHY = {
    ALL: "to list folders, and to put, find, replace and delete files; with less, Drive shows only the hub's own",
    READ: "to list files and folders and fetch their bytes, and nothing else",
}


def _headers(secrets: Mapping[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {secrets.get('access_token', '')}"}


def _key_file(secrets: Mapping[str, str]) -> KeyFile:
    try:
        return KeyFile.model_validate_json(secrets["key_file"])
    except ValidationError:
        raise Misconfigured("This is no key file of a service account. Paste the whole JSON file.") from None


def _project(secrets: Mapping[str, str]) -> str:
    """Name the project whose budget an app's calls are counted in: client ids begin with its number.

    Key files call it by another name, so a project that is used in both ways counts as two.
    """
    return secrets.get("client_id", "").partition("-")[0]


def _robots_project(secrets: Mapping[str, str]) -> str:
    """Name a service account's project."""
    return _key_file(secrets).project_id if secrets.get("key_file") else ""


def _robot(secrets: Mapping[str, str]) -> str:
    """Name a service account: whomever it acts for, Google counts all its calls as one user's."""
    return _key_file(secrets).client_email if secrets.get("key_file") else ""


def _statement(secrets: Mapping[str, str], now_s: int) -> str:
    """Sign what a service account's key file says, in its own name or in that of the person it may act as."""
    key = _key_file(secrets)
    return sign_statement(
        key.private_key, issuer=key.client_email, audience=EXCHANGE, now_s=now_s, key_id=key.private_key_id,
        more={"scope": ALL, "sub": secrets.get("subject", "")},
    )  # fmt: skip


def _robots_server(settings: Settings) -> OAuth:
    """Exchange statements at Google; where another address stands for Google's interface, there."""
    elsewhere = settings.origin != Settings().origin
    return OAuth("", f"{origin_of(settings.origin)}/token" if elsewhere else EXCHANGE, scopes=(ALL,), why=WHY)


def _further(settings: Settings) -> tuple[str, ...]:
    """Large exports lie at another address of Google's; where another address stands for Google's interface, there."""
    return (DOCS,) if settings.origin == Settings().origin else ()


def _lasts_days(settings: Settings) -> int | None:
    """Sign-ins to an app whose consent screen is "in testing" end after a week."""
    return TESTING_DAYS if settings.testing else None


def _account(name: str, scope: str, label: str) -> Auth:
    """Sign in with a Google account. Without both parameters there is no refresh token, or none the second time."""
    return Auth(
        name,
        label,
        headers=_headers,
        fields=(
            AuthField("client_id", "OAuth client id", hint="From console.cloud.google.com, of the type Web."),
            AuthField("client_secret", "OAuth client secret", secret=True, signs=True),
        ),
        oauth=OAuth(
            "https://accounts.google.com/o/oauth2/v2/auth",
            EXCHANGE,
            "https://oauth2.googleapis.com/revoke",
            (scope,),
            "client_secret_post",
            authorize_more={"access_type": "offline", "prompt": "consent"},
            why=WHY,
        ),
        app=_project,
        lasts_days=_lasts_days,
    )


MANIFEST = Manifest(
    name="google_drive",
    title="Google Drive",
    summary="Puts approved files into folders of My Drive and of shared drives, and imports what stands there.",
    settings=Settings,
    origin=lambda settings: origin_of(settings.origin),
    further_origins=_further,
    auths=(
        _account("google_account", ALL, "Google account"),
        _account("google_account_read", READ, "Google account, only to import"),
        Auth(
            "service_account",
            "Service account",
            headers=_headers,
            fields=(
                AuthField(
                    "key_file", "Key file (JSON)", secret=True, signs=True, lines=True, hint="Paste the whole file."
                ),
                AuthField("subject", "Act as", optional=True, hint="A person's address, with domain-wide delegation."),
            ),
            oauth=_robots_server,
            grant=GrantKind.ASSERTION,
            assertion=_statement,
            app=_robots_project,
            user=_robot,
        ),
    ),
    abilities={
        Capability.TARGETS: Ability(),
        Capability.PUBLISH: Ability(Write.KEYED, Level.READ),
        Capability.UPDATE: Ability(Write.HARMLESS),
        Capability.REPLACE: Ability(Write.HARMLESS),
        Capability.WITHDRAW: Ability(Write.HARMLESS),
        Capability.FIND: Ability(),
        Capability.LOOK: Ability(),
        Capability.SUBSCRIBE: Ability(Write.HARMLESS),
        Capability.IMPORT: Ability(),
        Capability.CHANGES: Ability(),
        Capability.USAGE: Ability(),
    },
    carries=Carries.BYTES,
    connect=GoogleDrive,
    sandbox="connectors.google_drive.sandbox:create",
    rendition="original",
    # Searches are late at times, by no stated bound. A repeated publication needs none; taking away what may stand
    # there does.
    settles_after_s=60.0,
    # 325,000 units a minute for each user and 1,000,000 for each project, at 200 units for the dearest call.
    limits=(Limit(1600, 60.0), Limit(5000, 60.0, scope="app")),
    error_codes={
        **dict.fromkeys(("rateLimitExceeded", "userRateLimitExceeded"), Meaning.RATE_LIMITED),
        **dict.fromkeys(
            (
                "dailyLimitExceeded",
                "quotaExceeded",
                "storageQuotaExceeded",
                "downloadQuotaExceeded",
                "teamDriveFileLimitExceeded",
                "activeItemCreationLimitExceeded",
                "numChildrenInNonRootLimitExceeded",
                "teamDriveHierarchyTooDeep",
                "myDriveHierarchyDepthLimitExceeded",
                "domainPolicy",
                "appNotAuthorizedToFile",
                "insufficientFilePermissions",
                "insufficientPermissions",
                "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
                "accessNotConfigured",
                "sharingRateLimitExceeded",
                "push.webhookUrlUnauthorized",
                "push.webhookUrlNotHttps",
            ),
            Meaning.MISCONFIGURED,
        ),
        **dict.fromkeys(
            (
                "cannotDownloadFile",
                "cannotDownloadAbusiveFile",
                "fileNotDownloadable",
                "fileNotExportable",
                "exportSizeLimitExceeded",
            ),
            Meaning.REJECTED,
        ),
        "invalidPageToken": Meaning.MISSING,  # another account's, or too old: the list begins anew
        "channelIdNotUnique": Meaning.DONE,
    },
    error_code=error_code,
    inbound=GoogleDriveInbound(),
    gaps={
        "repoint": "A replaced file keeps its id and address, so nothing that links to it need be changed.",
        "hold": "A file is there at once: Drive schedules nothing.",
        "usage": "Told are the shortcuts that the account can see, and how many people and groups a copy is shared "
        "with: never who they are. Where else it is linked or embedded, Drive does not tell.",
        "numbers": "Drive's interface counts no views or downloads that can be read.",
        "late searches": "Drive's searches are late at times, by no stated bound. That makes no second file; but a "
        "copy whose answer was lost, and that is to be taken away before a search shows it, is found by a later look.",
        "old bytes": "What a file was before the hub adopted it stays as a revision for up to 30 days after a "
        "replacement. Of the hub's own copies it is deleted at once; where the account may not, whoever placed the "
        "copy is told.",
        "earlier versions": "Not offered yet: importing a file's revisions. Only its newest bytes are taken in.",
        "deleting in shared drives": "Only a manager of a shared drive may delete for good; for other members the hub "
        "moves the copy to the trash, and says that it is not gone.",
        "large documents": "Google's interface exports documents, sheets and slides only up to 10 MB; larger ones are "
        "fetched from the address that it names for people. Where only browsers get in there, and for scripts, they "
        "cannot be fetched.",
        "forms and sites": "Google's guide names no export of forms and sites: they are listed, and cannot be fetched.",
        "long downloads": "Not offered yet: Drive's call for downloads that take long, the only way to Google Vids, "
        "and another one to documents. Vids are listed, and cannot be fetched.",
        "resource keys": "Not offered yet: sending the key that some old files shared by link need besides their id. "
        "They count as missing unless the account opened them recently.",
        "labels": "Not offered yet: the labels that an organization defines for its files, neither set nor taken in.",
        "locks": "Not offered yet: locking a copy against changes, or keeping its readers from downloading it.",
        "folders": "Not offered yet: making a folder. Copies go into folders that are there.",
        "news without an address": "Not offered yet: hearing at once where Google cannot reach the hub. There the hub "
        "asks in turn.",
        "whose change": "Notifications say only that something in a drive changed: the change log tells what.",
        "channels": "Notifications end after a week: the hub opens a new channel before, beside the old.",
        "public address": "Not offered yet: sharing a copy by a link or with people. Whom its folder is shared with "
        "decides who can open it.",
        "plan": "Google tells the space that is used, and not the name of the plan.",
    },
)
