"""A connector's calls through the guarded client, beside bare httpx sending the same requests.

Both speak to the connector's sandbox in another process. A cycle publishes a copy, finds it by its marker, looks at it
and withdraws it. What the first cycle sent is recorded, request by request, and the peer sends just that again through
one pooled client: no guard, no limiter, no time limit for the whole call, no signing in, no shapes checked, no errors
told apart. It does check statuses and parse JSON.
"""

from __future__ import annotations

import functools
import hashlib
import io
import re
from importlib.metadata import version

import httpx

from connectors.sdk.guard import Guard
from connectors.sdk.http import guarded_client
from connectors.sdk.registry import discover
from connectors.sdk.types import Outgoing
from hub.app import samples
from tests.bench.hubs import connector_to, counting, vendor
from tests.bench.measure import Row, in_pairs, silent

FULL = {"rounds": 9, "requests": 480}
TINY = {"rounds": 1, "requests": 8}

CONNECTORS = ("trello", "wordpress")
PICTURE = functools.cache(lambda: samples.lake(size=(320, 200)))
MARKER = "dhbench1-aaaaaaaaaaaaaaaaaaaa"


def run(tell=silent, *, rounds, requests):
    """Measure each connector's calls."""
    return [measure(tell, name, rounds, requests) for name in CONNECTORS]


def measure(tell, name, rounds, requests):
    with vendor(name) as sandbox, counting() as turns, Ours(discover()[name], sandbox, turns) as ours:
        peer = Peer(ours.record())
        count = len(peer.requests)
        cycles = max(1, requests // count)
        figures = in_pairs(rounds, cycles, ours.cycle, peer.cycle, tell, doing=name)
        peer.close()
    each = [[seconds / count * 1000 for seconds in side] for side in figures]
    counted = (
        f"one of the {count} requests of a cycle (publish, find, look, withdraw), in the median of {cycles} cycle(s) a "
        "round, ours and the peer's by turns, "
        "sandbox in another process; ours: connector, credentials, limits counted in a database, guard, translation "
        "and shapes; peer: one pooled client, status checked, JSON parsed"
    )
    return Row(f"connector call: {name}", f"bare httpx {httpx.__version__}", "ms", *each, counted,
               versions={"httpx": httpx.__version__, "httpcore": version("httpcore")})  # fmt: skip


class Ours:
    """A connector as the hub uses it."""

    def __init__(self, manifest, sandbox, turns):
        self._client = guarded_client(Guard(trusted_origins=[sandbox.origin]))
        self._connector = connector_to(manifest, sandbox, self._client, turns)
        self._target = self._connector.targets(None).items[0]
        self._outgoing = outgoing(MARKER, manifest.name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.close()

    def cycle(self):
        """Publish, find, look, withdraw; return the copy's reference."""
        ref = self._connector.publish(self._target, self._outgoing).ref
        [found] = self._connector.find(self._target, MARKER)
        looked = self._connector.look(self._target, ref)
        if not found.ref == looked.ref == ref:
            raise AssertionError(f"{ref} was published, {found.ref} found and {looked.ref} seen")
        self._connector.withdraw(self._target, ref)
        return ref

    def record(self):
        """Run one cycle and return its requests, and the reference that they are about."""
        sent = []

        def note(request):
            request.read()
            headers = {name: value for name, value in request.headers.items() if name != "host"}
            sent.append((request.method, str(request.url), headers, request.content))

        self._client.event_hooks = {"request": [note]}
        ref = self.cycle()
        self._client.event_hooks = {}
        return sent, ref


class Peer:
    """The same requests from one pooled client and nothing else."""

    def __init__(self, recorded):
        sent, ref = recorded
        self._client = httpx.Client()
        # Only the reference differs from cycle to cycle: what stands around it is the same.
        pattern = re.compile(rf"(?<=/media/){ref}\b|(?<=/attachments/){ref}\b|(?<=wp-image-){ref}\b")
        self.requests = [(method, pattern.split(url), headers, content) for method, url, headers, content in sent]

    def close(self):
        self._client.close()

    def cycle(self):
        """Send what was recorded once more."""
        ref = ""
        for method, around, headers, content in self.requests:
            answer = self._client.request(method, ref.join(around), headers=headers, content=content)
            answer.raise_for_status()
            said = answer.json() if answer.headers["content-type"].startswith("application/json") else None
            if method == "POST" and not ref:
                ref = str(said["id"])


FIELDS = {
    "trello": {"name": "Lake"},
    "wordpress": {"title": "Lake", "alt_text": "A lake", "caption": "", "description": "Lake"},
}


def outgoing(marker, connector):
    """Return a small picture on its way to a system, under a marker."""
    picture = PICTURE()
    digest = hashlib.sha256(picture).hexdigest()
    return Outgoing(
        marker=marker, content_key=digest[:12], filename="lake.jpg", media_type="image/jpeg", size=len(picture),
        sha256=digest, open=lambda: io.BytesIO(picture), link=f"https://hub.example/d/{marker}",
        fields=FIELDS.get(connector, {}),
    )  # fmt: skip
