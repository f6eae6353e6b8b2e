"""A connector that speaks to its sandbox through the guarded client, without a hub."""

from __future__ import annotations

from contextlib import contextmanager

from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, Limits
from connectors.sdk.wire import guarded_client


@contextmanager
def connecting(manifest, sandbox):
    """Yield what connects with the sandbox's credentials, and with other settings than the usual ones."""
    with guarded_client(Guard(trusted_origins=[sandbox.origin])) as client:

        def make(**settings):
            headers = manifest.auths[0].headers(sandbox.secrets)
            api = Api(sandbox.origin, manifest=manifest, client=client, headers=lambda: headers,
                      limits=Limits(total_s=5, read_attempts=1), sleep=lambda seconds: None)  # fmt: skip
            return manifest.connect(api, manifest.settings(origin=sandbox.origin, **settings))

        yield make
