"""Where the web process of this host can be asked whether it answers: for `serve` and the doctor."""

from __future__ import annotations

import ipaddress
from typing import Final

from connectors.sdk.errors import ConnectorError
from connectors.sdk.guard import Guard
from connectors.sdk.http import guarded_client
from connectors.sdk.public import fetch_public
from hub.settings import Settings

LOOPBACK: Final = {4: "127.0.0.1", 6: "[::1]"}
PATIENCE_S: Final = 2.0
OK: Final = 200


def here(settings: Settings) -> str:
    """Return the address of the web process for programs on this host; one that listens everywhere: on loopback."""
    return f"http://{_asked(settings.host)}:{settings.port}"


def answers(settings: Settings) -> bool:
    """Tell whether the web process of this host answers by now."""
    url = here(settings)
    try:
        with guarded_client(Guard(trusted_origins=[url])) as client:
            return fetch_public(f"{url}/healthz", client=client, total_s=PATIENCE_S).status == OK
    except ConnectorError:
        return False


def _asked(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host or LOOPBACK[4]
    if address.is_unspecified:
        return LOOPBACK[address.version]
    return f"[{address}]" if isinstance(address, ipaddress.IPv6Address) else str(address)
