"""Which addresses may be called: public ones, and the origins that an operator trusts by name.

A name is resolved here, every address it resolves to is checked, and the caller connects to a checked address and to
no other, so that a name cannot point elsewhere a moment later. Cloud metadata and link-local addresses are refused
even for trusted origins.
"""

from __future__ import annotations

import functools
import ipaddress
import socket
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlsplit

from connectors.sdk.errors import Misconfigured

Resolver = Callable[[str, int], Sequence[str]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_DEFAULT_PORTS = {"http": 80, "https": 443}
_PORTS = range(1, 65_536)
_EMBEDDING = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "::ffff:0:0:0/96"))
"""Prefixes of translators (RFC 6052, RFC 2765): the last 32 bits are the IPv4 address that is really called."""
_INSIDE = tuple(ipaddress.ip_network(net) for net in ("fec0::/10", "5f00::/16"))
"""Site-local addresses and segment routing, which Python's `is_global` takes for public ones."""
_NEVER = tuple(
    ipaddress.ip_network(net)
    for net in (
        "169.254.0.0/16",  # link-local: most clouds' metadata
        "fe80::/10",
        "fd00:ec2::254/128",  # metadata of Amazon over IPv6
        "fd20:ce::254/128",  # metadata of Google over IPv6
        "64:ff9b:1::/48",  # translators of one network: nobody outside knows where in it the IPv4 address stands
        "100.100.100.200/32",  # metadata of Alibaba
        "168.63.129.16/32",  # host agent of Azure, a public address
        "192.0.0.192/32",  # metadata of Oracle
        "0.0.0.0/8",
        "::/128",
        "224.0.0.0/4",
        "ff00::/8",
        "255.255.255.255/32",
    )
)


class AddressRefused(Misconfigured):
    """An address that the hub does not call."""

    code = "address_not_allowed"


def system_resolver(host: str, port: int) -> Sequence[str]:
    """Ask the operating system; the addresses in its order, without repeats."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


@functools.lru_cache(maxsize=512)  # asked several times about each call
def origin_of(url: str) -> str:
    """Return scheme, host and port of an address in their one canonical form.

    Raises:
        AddressRefused: it is no http or https address, or carries a user name.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc or (port or 80) not in _PORTS:
        raise AddressRefused("This is not an http or https address. Correct the address in the connection's settings.")
    shown = f"[{host}]" if ":" in host else host
    if port is None or port == _DEFAULT_PORTS[parts.scheme]:
        return f"{parts.scheme}://{shown}"
    return f"{parts.scheme}://{shown}:{port}"


def same_origin(one: str, other: str) -> bool:
    """Tell whether two addresses have the same scheme, host and port."""
    return origin_of(one) == origin_of(other)


class Guard:
    """Resolves names and refuses addresses inside."""

    def __init__(self, *, trusted_origins: Iterable[str] = (), resolver: Resolver = system_resolver) -> None:
        """Trust exactly these origins (scheme, host and port) with private and loopback addresses."""
        self._trusted = frozenset(origin_of(origin) for origin in trusted_origins)
        self._resolver = resolver

    def trusts(self, url: str) -> bool:
        """Tell whether the operator exempted this origin from the rule on private addresses."""
        return origin_of(url) in self._trusted

    def addresses(self, origin: str, host: str, port: int, *, sent_by: str = "") -> tuple[str, ...]:
        """Resolve and check; the caller connects to one of these and to no other.

        Args:
            origin: scheme, host and port that are called.
            host: the name to resolve.
            port: the port to resolve it for.
            sent_by: the origin whose redirects led here, if any: the operator's trust in an address inside is no
                invitation for a stranger outside to send the hub there.

        Raises:
            AddressRefused: one of the addresses is inside, or stands for a machine's own metadata.
            OSError: the name does not resolve.
        """
        trusted = self.trusts(origin) and (not sent_by or self.trusts(sent_by))
        try:
            found = tuple(self._resolver(host, port))
        except UnicodeError:  # a label over 63 characters, or none between two dots
            raise OSError("the name cannot be resolved") from None
        if not found:
            raise OSError("the name does not resolve")
        for text in found:
            if reason := refusal(text, trusted=trusted):
                raise AddressRefused(
                    f"The hub does not call {host}: it is {reason}. Use a public address, or ask the operator to add "
                    f"{origin} to trusted_origins.",
                    detail=f"{host} resolves to {text}",
                )
        return found


@functools.lru_cache(maxsize=512)  # asked for each new connection
def refusal(text: str, *, trusted: bool = False) -> str:
    """Say what is wrong with an address; empty when it may be called."""
    try:
        address = _unwrap(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return "not an address"
    if any(address in net for net in _NEVER):
        return "a link-local, metadata, multicast or reserved address, which is never allowed"
    if trusted or (address.is_global and not any(address in net for net in _INSIDE)):
        return ""
    return "a private, loopback or reserved address"


def _unwrap(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if any(address in net for net in _EMBEDDING) or (int(address) >> 32 == 0 and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
