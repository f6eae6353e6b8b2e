"""Sites that are reached by signing in at WordPress.com: hosted there, or joined to it by the Jetpack plugin.

The routes are WordPress' own below another address, as `/wp/v2/sites/{site}/media` for `/wp-json/wp/v2/media`; what a
site says of itself comes from an older interface. A token of WordPress.com goes there and never to the site.

Written by the manual, and never run against WordPress.com: https://developer.wordpress.com/docs/api/oauth2/, https://developer.wordpress.com/docs/api/getting-started/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NotRequired
from urllib.parse import quote, urlsplit

from typing_extensions import TypedDict

from connectors.sdk.http import Api
from connectors.sdk.manifest import OAuth
from connectors.wordpress.calls import Site
from connectors.wordpress.types import Index, Settings

PROTOCOL: Final = "wordpress_com"
IN_BODY = "client_secret_post"
CORE = "/wp/v2"
SAID = "ID,name,URL,logo,icon"


class Logo(TypedDict):
    """The picture that the site shows as its logo."""

    id: NotRequired[int]


class Icon(TypedDict):
    """The picture that browsers show for the site."""

    media_id: NotRequired[int]


class Said(TypedDict):
    """What WordPress.com says of a site."""

    ID: int
    name: str
    URL: str
    logo: NotRequired[Logo | list[Any] | None]
    icon: NotRequired[Icon | list[Any] | None]


def called(settings: Settings) -> str:
    """Return the address that calls for a site go to."""
    return settings.wordpress_com if settings.protocol == PROTOCOL else settings.site_url


def server(settings: Settings) -> OAuth:
    """Return WordPress.com's authorization server. A token is for one site, which the person is shown."""
    at = f"{settings.wordpress_com}/oauth2"
    return OAuth(
        f"{at}/authorize", f"{at}/token", token_auth=IN_BODY, authorize_more={"blog": settings.site_url},
    )  # fmt: skip


def site(api: Api, settings: Settings) -> Site | None:
    """Return the site as WordPress.com knows it; None where it is spoken to itself."""
    return SiteThere(api, settings) if settings.protocol == PROTOCOL else None


class SiteThere(Site):
    """One site, by the address that WordPress.com has for it."""

    def __init__(self, api: Api, settings: Settings) -> None:
        super().__init__(api, settings.site_url, CORE)
        self._interface = settings.wordpress_com
        parts = urlsplit(settings.site_url)
        self._name = quote(f"{parts.netloc}{parts.path}".replace("/", "::"), safe=":")

    def index(self) -> Index:
        """Read what WordPress.com says of the site."""
        said = self.api.get(f"{self._interface}/rest/v1.1/sites/{self._name}", Said, query={"fields": SAID})
        logo, icon = said.get("logo"), said.get("icon")
        return Index(
            name=said["name"], home=said["URL"], namespaces=["wp/v2"],
            site_logo=logo.get("id") if isinstance(logo, dict) else None,
            site_icon=icon.get("media_id") if isinstance(icon, dict) else None,
        )  # fmt: skip

    def where(self, route: str, query: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return path and query of a route of WordPress' own."""
        return f"{self._interface}{CORE}/sites/{self._name}{route.removeprefix(CORE)}", dict(query)
