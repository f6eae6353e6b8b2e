"""WordPress: media library items over REST with an application password or OAuth, or over XML-RPC."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from connectors.sdk.guard import origin_of
from connectors.sdk.http import Api
from connectors.sdk.manifest import (
    Ability,
    Auth,
    AuthField,
    Capability,
    Carries,
    HandOver,
    Manifest,
    Meaning,
    OAuth,
    Write,
)
from connectors.sdk.types import Level
from connectors.wordpress import dot_com
from connectors.wordpress.connector import WordPress
from connectors.wordpress.events import HelperEvents
from connectors.wordpress.handing_over import take
from connectors.wordpress.types import Settings
from connectors.wordpress.xmlrpc import WordPressXmlRpc

__all__ = ["MANIFEST"]


def _basic(secrets: Mapping[str, str]) -> dict[str, str]:
    if not secrets:  # nobody yet: asked where passwords are made
        return {}
    pair = f"{secrets['username']}:{secrets['password']}".encode()
    return {"Authorization": "Basic " + base64.b64encode(pair).decode("ascii")}


def _granted(secrets: Mapping[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {secrets.get('access_token', '')}"}


def _server(settings: Settings) -> OAuth:
    """Return a plugin's server. With Basic, WordPress would take the client for a user and refuse the call."""
    if settings.protocol == dot_com.PROTOCOL:
        return dot_com.server(settings)
    return OAuth(
        authorize_url=settings.site_url + settings.oauth_authorize,
        token_url=settings.site_url + settings.oauth_token,
        token_auth=dot_com.IN_BODY,
    )


def _page(site: WordPress | WordPressXmlRpc, back: str) -> str:
    return site.page_for_us(back)


def _give_back(site: WordPress | WordPressXmlRpc) -> None:
    site.give_back()


def _connect(api: Api, settings: Settings) -> WordPress | WordPressXmlRpc:
    return WordPressXmlRpc(api, settings) if settings.protocol == "xmlrpc" else WordPress(api, settings)


MANIFEST = Manifest(
    name="wordpress",
    title="WordPress",
    summary="Puts approved assets into the media library of a WordPress site and keeps posts true.",
    settings=Settings,
    origin=lambda settings: origin_of(dot_com.called(settings)),
    further_origins=lambda settings: tuple(origin_of(site) for site in settings.sites),
    auths=(
        Auth(
            name="application_password",
            label="Application password",
            headers=_basic,
            fields=(
                AuthField("username", "User name"),
                AuthField(
                    "password",
                    "Application password",
                    secret=True,
                    hint="Made under Users, Profile, Application Passwords; not the password you sign in with.",
                ),
            ),
        ),
        Auth(
            name="authorize", label="Say yes on the site", headers=_basic, hand_over=HandOver(_page, take, _give_back),
        ),
        Auth(
            name="oauth",
            label="OAuth 2: WordPress.com, or a plugin",
            headers=_granted,
            fields=(
                AuthField(
                    "client_id", "Client id", hint="Made at developer.wordpress.com/apps, or on the plugin's page."
                ),
                AuthField("client_secret", "Client secret", secret=True),
            ),
            oauth=_server,
        ),
    ),
    abilities={
        Capability.TARGETS: Ability(),
        Capability.PUBLISH: Ability(Write.FINDABLE, Level.SEEN),
        Capability.UPDATE: Ability(Write.HARMLESS, Level.READ),
        Capability.REPOINT: Ability(Write.HARMLESS, Level.READ),
        Capability.WITHDRAW: Ability(Write.HARMLESS, Level.SEEN),
        Capability.FIND: Ability(),
        Capability.LOOK: Ability(),
        Capability.IMPORT: Ability(),
        Capability.CHANGES: Ability(),
        Capability.USAGE: Ability(),
    },
    carries=Carries.BYTES,
    connect=_connect,
    sandbox="connectors.wordpress.sandbox:create",
    rendition="web",
    accepts=(
        "image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/heic", "image/tiff", "image/bmp",
        "application/pdf", "video/*", "audio/*",
    ),
    settles_after_s=2.0,
    error_codes={
        # 500, and yet final: the type is not allowed, or the bytes are not what the name says.
        "rest_upload_sideload_error": Meaning.REJECTED,
        "rest_upload_unknown_error": Meaning.REJECTED,
        "rest_upload_image_type_not_supported": Meaning.REJECTED,
        "rest_upload_file_too_big": Meaning.REJECTED,
        "rest_upload_limited_space": Meaning.MISCONFIGURED,
        "rest_upload_user_quota_exceeded": Meaning.MISCONFIGURED,
        "rest_upload_hash_mismatch": Meaning.RETRY_LATER,  # the bytes were damaged on their way; nothing was kept
        "rest_trash_not_supported": Meaning.MISCONFIGURED,
        "application_passwords_disabled": Meaning.MISCONFIGURED,
        "rest_no_route": Meaning.MISCONFIGURED,  # 404, and says nothing about the item
        "rest_disabled": Meaning.MISCONFIGURED,
        # 403 of OAuth 2 for WordPress for a token that was revoked, or whose client was.
        "oauth2.authentication.attempt_authentication.invalid_token": Meaning.AUTH_EXPIRED,
        # Of WordPress.com, with 400 or 403.
        "invalid_token": Meaning.AUTH_EXPIRED,
        "authorization_required": Meaning.AUTH_EXPIRED,
        # Numbers of XML-RPC faults, which come inside an answer of 200.
        "401": Meaning.MISCONFIGURED,
        "403": Meaning.AUTH_EXPIRED,
        "405": Meaning.MISCONFIGURED,
        "500": Meaning.REJECTED,
        "-32601": Meaning.MISCONFIGURED,
    },
    inbound=HelperEvents(),
    gaps={
        "replace": "WordPress cannot change the bytes of an item: a new version is a new item, and posts follow.",
        "hold": "Items in the media library are public at once: WordPress schedules posts, not files.",
        "numbers": "WordPress counts no views by itself.",
        "subscribe": "WordPress sends no webhooks by itself: install the damhub-helper plugin that comes along.",
        "featured images": "Found when posts follow a new version and when uses are listed, not at every look: "
        "nothing searches by them.",
        "xml-rpc": "Without REST there are no alternative texts, no search, and no files over 32 MiB; every look and "
        "every question for changes reads all.",
        "choosing there": "Not offered yet: choosing the hub's assets in WordPress' own editor and media library, "
        "which the damhub-helper plugin would have to add.",
        "copied texts": "Not offered yet: alternative texts and captions that a post copied when the picture was put "
        "in do not follow the asset's.",
        "widgets and templates": "Found and rewritten over REST, when uses are listed and when a copy follows or goes, "
        "not at every look. Only an administrator may see widgets and change either: what another account sees and may "
        "not change is named to a person, what it does not see is not found.",
        "fields of plugins": "Not offered yet: fields that plugins add to an item, such as credits or categories.",
        "page builders": "Uses in page builders' own tables and settings of themes are not found: WordPress itself "
        "shows them to no program.",
        "what is not told": "Changes that a plugin writes past WordPress' own functions, such as new smaller sizes.",
        "files elsewhere": "Files that a site keeps at another address, such as a delivery network, are imported only "
        "where anybody can read them.",
        "oauth": "WordPress itself speaks no OAuth: a plugin must. It was tried with OAuth 2 for WordPress 0.2.0.",
        "wordpress.com": "Signing in at WordPress.com is written by its manual: no account was at hand to try it.",
        "sites of a network": "Over REST WordPress lists a network's sites to nobody: name them when connecting.",
        "sites over xml-rpc": "Not offered yet: several sites of a network in one connection over XML-RPC, which would "
        "list them: connect each one by itself.",
        "numbers at wordpress.com": "Not offered yet: what WordPress.com counts of the sites that are hosted there.",
    },
)  # fmt: skip
