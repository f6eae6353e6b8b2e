"""Send one message to an address that a person typed in, and learn how it was answered."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

import httpx

from connectors.sdk.errors import Unreachable
from connectors.sdk.wire import Monotonic, time_limit


@dataclass(frozen=True, slots=True)
class Answer:
    """How a message was answered; of the body, at most as many bytes as were asked for."""

    status: int
    body: bytes = b""


def push(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    client: httpx.Client,
    total_s: float,
    keep: int = 0,
    monotonic: Monotonic = time.monotonic,
) -> Answer:
    """POST once, without credentials, and return the answer. Follows no redirect.

    Args:
        url: where to.
        body: sent as it is.
        headers: sent with it.
        client: from `guarded_client`.
        total_s: how long the whole call may take, name lookup aside.
        keep: how many bytes of the answer's body are read, at most.
        monotonic: measures that time.

    Raises:
        AddressRefused: the address is none that the hub calls.
        Unreachable: no answer came in time; whether the message was taken is not known.
    """
    with time_limit(total_s, monotonic=monotonic):
        try:
            request = client.build_request("POST", url, content=body, headers=dict(headers))
            with closing(client.send(request, stream=True)) as response:
                return Answer(response.status_code, _beginning(response, keep))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            failure = type(error).__name__
    raise Unreachable("The address does not answer now. The hub tries again by itself.", detail=failure)


def _beginning(response: httpx.Response, most: int) -> bytes:
    """Read the beginning of a body. The status has come: whatever breaks off after it changes nothing of it."""
    read = bytearray()
    try:
        for part in response.iter_raw() if most else ():
            read += part
            if len(read) >= most:
                break
    except (httpx.HTTPError, httpx.StreamError):
        return bytes(read[:most])
    return bytes(read[:most])
