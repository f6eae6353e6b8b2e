"""An application password that a person makes for us on a page of the site, and that comes back in their browser.

The page is found in the REST index. There is no code to exchange: the password stands in the address to come back to.
Manual: https://make.wordpress.org/core/2020/11/05/application-passwords-integration-guide/
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from connectors.sdk.errors import Misconfigured
from connectors.wordpress.types import Index, Settings

APP = {"app_name": "damhub", "app_id": "3f6c2a52-5d1e-4a53-9c38-6a0f0d1f7b64"}
"""How the site names us in its list of passwords, and by which number programs know us."""
PAGE = "/wp-admin/authorize-application.php"
LONGEST = 255


def page_of(index: Index) -> str:
    """Return where application passwords are made, as the site says.

    Raises:
        Misconfigured: it makes none: PHP's empty list stands in the place of the addresses.
    """
    ways = index.get("authentication", [])
    offered = None if isinstance(ways, list) else ways.get("application-passwords")
    page = offered["endpoints"].get("authorization") if offered else None
    if not page:
        raise Misconfigured(
            "This site makes no application passwords: it has no https, or a plugin switched them off. "
            "Switch them on there, or connect with a password in another way."
        )
    return page


def address(page: str, back: str) -> str:
    """Return where to send a person: what we ask for comes last, so that it goes before what the site wrote there."""
    asked = urlencode({**APP, "success_url": back, "reject_url": f"{back}&success=false"})
    return f"{page}{'&' if '?' in page else '?'}{asked}"


def take(settings: Settings, query: Mapping[str, str]) -> Mapping[str, str]:
    """Take user name and password; nothing where the person said no.

    Raises:
        Misconfigured: another site sent them. Some site may have led the person there to get at their password.
    """
    came_from, given = query.get("site_url", "").rstrip("/"), {
        "username": query.get("user_login", ""), "password": query.get("password", ""),
    }  # fmt: skip
    if query.get("success") == "false" or not all(given.values()):
        return {}
    # WordPress may lie in a folder below the site's address, and names that folder.
    if not f"{came_from}/".lower().startswith(f"{settings.site_url}/".lower()):
        raise Misconfigured(
            "The password came from another site than the one that is being connected, and was thrown away. "
            "Take it back there, under Users, Profile; then check the site's address and begin again."
        )
    if not all(value.isprintable() and len(value) <= LONGEST for value in given.values()):
        raise Misconfigured("The site sent no password that can be used. Make one there by hand.")
    return given
