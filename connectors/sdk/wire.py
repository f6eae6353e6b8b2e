"""The wire: an httpx client that only connects to checked addresses and keeps to a total time.

This file and its neighbours in `connectors.sdk` are the only ones that import httpx.
"""

from __future__ import annotations

import functools
import ssl
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import httpcore
import httpx

from connectors.sdk.folder_transport import PATTERN, FolderTransport
from connectors.sdk.guard import AddressRefused, Guard, origin_of

USER_AGENT = "damhub/0.1"
CONNECT_S = 10.0
IDLE_S = 30.0
"""No byte for so long ends a call, whatever is left of its total time."""
MAX_CONNECTIONS = 20

LARGE_READ = 256 * 1024
"""So many bytes are asked for at once where more keep coming: each turn costs the same, however much it brings."""

SocketOptions = Iterable[httpcore.SOCKET_OPTION] | None
Monotonic = Callable[[], float]

_ends_at: ContextVar[tuple[float, Monotonic] | None] = ContextVar("damhub_call_ends_at", default=None)
_origin: ContextVar[str] = ContextVar("damhub_call_origin", default="")
SENT_BY = "damhub_sent_by"
"""Extension of a request that follows a redirect: the address that was asked for at first."""


@contextmanager
def time_limit(total_s: float, *, monotonic: Monotonic = time.monotonic) -> Generator[None]:
    """Bound everything that this thread sends and receives inside: a remote that drips ends in a time-out too."""
    token = _ends_at.set((monotonic() + total_s, monotonic))
    try:
        yield
    finally:
        _ends_at.reset(token)


def _left(timeout: float | None, error: type[Exception]) -> float | None:
    ends = _ends_at.get()
    if ends is None:
        return timeout
    left = ends[0] - ends[1]()
    if left <= 0:
        raise error("the call's total time is used up")
    return left if timeout is None else min(timeout, left)


class _BoundedStream(httpcore.NetworkStream):
    """A socket whose every wait is cut to what is left of the call's time."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._more_comes = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there: after a full read more than asked for, which httpcore hands to its parser as it is."""
        most = LARGE_READ if self._more_comes and max_bytes < LARGE_READ else max_bytes
        got = self._stream.read(most, _left(timeout, httpcore.ReadTimeout))
        self._more_comes = len(got) >= max_bytes
        return got

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        limit = _left(timeout, httpcore.ConnectTimeout)
        return _BoundedStream(self._stream.start_tls(ssl_context, server_hostname, limit))

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class _GuardedBackend(httpcore.NetworkBackend):
    """Opens sockets to checked addresses only; TLS still names and verifies the host."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = self._guard.addresses(_origin.get(), host, port)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} does not resolve") from error
        for address in addresses[:-1]:
            try:
                return self._connect(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue  # the next address of the same name
        return self._connect(addresses[-1], port, timeout, local_address, socket_options)

    def _connect(
        self, address: str, port: int, timeout: float | None, local_address: str | None, options: SocketOptions
    ) -> httpcore.NetworkStream:
        limit = _left(timeout, httpcore.ConnectTimeout)
        return _BoundedStream(self._backend.connect_tcp(address, port, limit, local_address, options))

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: SocketOptions = None
    ) -> httpcore.NetworkStream:
        del timeout, socket_options
        raise AddressRefused(f"The hub does not call local sockets, such as {path}.")


@functools.cache
def _tls() -> ssl.SSLContext:
    """Make the context once: loading the certificates costs more than a call."""
    return httpx.create_ssl_context(trust_env=False)


class GuardedTransport(httpx.HTTPTransport):
    """httpx's own transport, over a guarded backend."""

    def __init__(self, guard: Guard, *, tls: ssl.SSLContext | None = None, idle: int = MAX_CONNECTIONS) -> None:
        """Keep up to `idle` connections open that nobody uses for the moment."""
        context = tls or _tls()
        super().__init__(verify=context, trust_env=False)
        self._guard = guard
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=idle,
            keepalive_expiry=5.0,
            network_backend=_GuardedBackend(guard),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; redirects are for the caller, who comes through here again."""
        origin = origin_of(str(request.url))
        self._refuse_sent_inside(request, origin)
        token = _origin.set(origin)
        try:
            return super().handle_request(request)
        finally:
            _origin.reset(token)

    def _refuse_sent_inside(self, request: httpx.Request, origin: str) -> None:
        """Check where a redirect leads before any connection, one that is open already included."""
        sent_by = request.extensions.get(SENT_BY)
        if sent_by is None or not self._guard.trusts(origin):
            return
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        try:
            self._guard.addresses(origin, request.url.host, port, sent_by=sent_by)
        except OSError as error:
            raise httpx.ConnectError(f"{request.url.host} does not resolve", request=request) from error


def as_called(origin: str) -> str:
    """Return an origin as the wire writes it, where a name may be spelt otherwise (figures in circles, other dots)."""
    try:
        return origin_of(str(httpx.URL(origin_of(origin))))
    except httpx.InvalidURL:
        raise AddressRefused("There is no such address. Correct the address in the connection's settings.") from None


class _NoCookies(httpx.Cookies):
    """Keeps none and sends none, and does not look for any either."""

    def extract_cookies(self, response: httpx.Response) -> None:
        del response

    def set_cookie_header(self, request: httpx.Request) -> None:
        del request


class _Client(httpx.Client):
    """httpx' own client, without cookies."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._cookies = _NoCookies()


Client = httpx.Client
"""The one kind of client that the hub speaks through; others name it from here and never import its library."""


def guarded_client(
    guard: Guard, *, transport: httpx.BaseTransport | None = None, folders: Mapping[str, Path] | None = None
) -> httpx.Client:
    """Make a client that follows no redirect by itself, uses no proxy and keeps no cookie.

    Args:
        guard: decides which addresses may be called.
        transport: replaces the network, in tests.
        folders: those that may be spoken to as remotes, by the names that the operator gave them; None: not even asked.
    """
    inside = None if folders is None else {PATTERN: FolderTransport(folders, sent_by=SENT_BY)}
    return _Client(
        mounts=inside,
        transport=transport or GuardedTransport(guard),
        timeout=httpx.Timeout(IDLE_S, connect=CONNECT_S),
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
    )
