"""Send one message to an address that a person typed in, and learn the status of the answer: nothing else."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing

import httpx

from connectors.sdk.errors import Unreachable
from connectors.sdk.wire import Monotonic, time_limit


def push(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    client: httpx.Client,
    total_s: float,
    monotonic: Monotonic = time.monotonic,
) -> int:
    """POST once, without credentials, and return the status. Follows no redirect and reads no body.

    Args:
        url: where to.
        body: sent as it is.
        headers: sent with it.
        client: from `guarded_client`.
        total_s: how long the whole call may take, name lookup aside.
        monotonic: measures that time.

    Raises:
        AddressRefused: the address is none that the hub calls.
        Unreachable: no answer came in time; whether the message was taken is not known.
    """
    with time_limit(total_s, monotonic=monotonic):
        try:
            request = client.build_request("POST", url, content=body, headers=dict(headers))
            with closing(client.send(request, stream=True)) as response:
                return response.status_code
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            failure = type(error).__name__
    raise Unreachable("The address does not answer now. The hub tries again by itself.", detail=failure)
