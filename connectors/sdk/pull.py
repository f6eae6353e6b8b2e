"""Read one answer from an address that a person typed in, with a token: for programs that stand beside a hub."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import httpx

from connectors.sdk.errors import Unreachable
from connectors.sdk.push import Answer
from connectors.sdk.wire import Monotonic, time_limit

Query = Sequence[tuple[str, str]]


def pull(
    url: str,
    query: Query,
    headers: Mapping[str, str],
    *,
    client: httpx.Client,
    total_s: float,
    most: int,
    monotonic: Monotonic = time.monotonic,
) -> Answer:
    """GET once and return the answer. Follows no redirect: a token goes to the address that it was given for.

    Args:
        url: what to read.
        query: its parameters, in order.
        headers: sent with it.
        client: from `guarded_client`.
        total_s: how long the whole call may take.
        most: how many bytes of the body are read.
        monotonic: measures that time.

    Raises:
        AddressRefused: the address is none that may be called.
        Unreachable: no whole answer came in time, or it is longer than `most`.
    """
    with time_limit(total_s, monotonic=monotonic):
        try:
            with client.stream("GET", url, params=list(query), headers=dict(headers)) as response:
                body = bytearray()
                for part in response.iter_raw():
                    body += part
                    if len(body) > most:
                        raise Unreachable("The answer is too long.", detail="too long")
                return Answer(response.status_code, bytes(body))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            failure = type(error).__name__
    raise Unreachable("The address does not answer now.", detail=failure)
