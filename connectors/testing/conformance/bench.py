"""The bench on which a connector is checked: a fresh sandbox, a connection to it, and things to send."""

from __future__ import annotations

import hashlib
import io
import itertools
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import IO, Any

import httpx

from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, Limits, guarded_client
from connectors.sdk.manifest import Manifest
from connectors.sdk.marker import content_key
from connectors.sdk.types import COMPANIONS, Copy, Fields, Outgoing, Picture, Receipt, Target
from connectors.testing.ledger import What
from connectors.testing.sandbox import Sandbox, Standing, make_sandbox
from connectors.testing.serve import serve

INSTALLATION = "dhtest42"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da6364f80f00010501012718e366"
    "0000000049454e44ae426082"
)
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
TOTAL_S = 5.0


def same(value: Any) -> Any:
    """Change nothing."""
    return value


@dataclass(frozen=True, slots=True)
class Planted:
    """A bug put in on purpose, to see that a check finds it."""

    check: str
    sentence: str
    connector: Callable[[Any, Bench], Any] | None = None  # wraps the connector
    manifest: Callable[[Manifest], Manifest] = same
    api: type[Api] = Api
    limits: Callable[[Limits], Limits] = same


@dataclass(slots=True)
class Bench:
    """One check's surroundings. Made anew for each check."""

    manifest: Manifest
    sandbox: Sandbox
    client: httpx.Client
    bug: Planted | None = None
    notes: dict[Any, Any] = field(default_factory=dict[Any, Any])  # what a planted bug remembers
    _count: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _target: Target | None = None
    _connector: Any = None

    @property
    def connector(self) -> Any:
        """The connection that most checks use."""
        if self._connector is None:
            self._connector = self.connect()
        return self._connector

    def connect(
        self,
        secrets: Mapping[str, str] | None = None,
        *,
        origin: str | None = None,
        limits: Limits | None = None,
    ) -> Any:
        """Connect, by default with the right credentials, and plant the bug if there is one."""
        auth = next(one for one in self.manifest.auths if one.name == self.sandbox.auth)
        typed = secrets or self.sandbox.secrets
        headers, sign, presign = auth.headers(typed), auth.sign, auth.presign
        settings = self.manifest.settings.model_validate(self.sandbox.settings(origin or self.sandbox.origin))
        kind = self.bug.api if self.bug else Api
        wanted = limits or Limits(total_s=TOTAL_S, read_attempts=1)
        api = kind(
            self.manifest.origin(settings),
            manifest=self.manifest,
            client=self.client,
            further=self.manifest.further_origins(settings),
            headers=lambda: headers,
            hook_secret=lambda: auth.hook_secret(typed),
            sign=None if sign is None else lambda method, url, sent: sign(typed, method, url, sent),
            presign=None if presign is None else lambda url, seconds: presign(typed, url, seconds),
            limits=self.bug.limits(wanted) if self.bug else wanted,
            sleep=_no_sleep,
        )
        connector = self.manifest.connect(api, settings)
        return self.bug.connector(connector, self) if self.bug and self.bug.connector else connector

    @property
    def target(self) -> Target:
        """The target that most checks use."""
        if self._target is None:
            first: Target = self.connect().targets(None).items[0]
            self._target = first
            self.sandbox.reset_requests()
        return self._target

    def marker(self) -> str:
        """Return a marker that was not used before."""
        number = next(self._count)
        name = "".join(LETTERS[(number >> shift) & 31] for shift in range(0, 100, 5))
        return f"{INSTALLATION}-{name}"

    def fields(self, text: str = "Logo") -> dict[str, Any]:
        """Return fields in the remote's shape with this text in them."""
        names = self.sandbox.text_fields
        return {name: text if name == names[0] else f"{text} {name}" for name in names}

    def outgoing(
        self,
        *,
        marker: str | None = None,
        data: bytes | None = None,
        fields: Fields | None = None,
        source: Callable[[], IO[bytes]] | None = None,
    ) -> Outgoing:
        """Return something to publish; by default a small picture that differs each time."""
        number = next(self._count)
        content = PNG + f"{number:08}".encode() if data is None else data
        name = marker or self.marker()
        sha256 = hashlib.sha256(content).hexdigest()
        return Outgoing(
            marker=name,
            content_key=sha256[:12],
            filename=f"logo-{number}.png",
            media_type="image/png",
            size=len(content),
            sha256=sha256,
            open=source or (lambda: io.BytesIO(content)),
            link=f"https://hub.example/p/{name}/logo.png",
            fields=self.fields() if fields is None else fields,
        )

    @property
    def most_pictures(self) -> int:
        """How many pictures one copy may show in the target."""
        return self.manifest.at(self.target.kind).most_pictures

    def several(self, contents: Sequence[bytes] | None = None, *, marker: str | None = None) -> Outgoing:
        """Return a set to publish; by default three small pictures that differ each time, with words of their own."""
        first, *others = [PNG + each for each in contents or [b"%08d" % next(self._count) for _ in range(3)]]
        words = [
            {name: f"Picture {number}, {name}" for name in self.manifest.picture_fields}
            for number in range(len(others) + 1)
        ]
        fields: dict[str, Any] = {**self.fields(), **words[0], COMPANIONS: words[1:]}
        sent = self.outgoing(marker=marker, data=first, fields=fields)
        companions = tuple(_picture(data, said) for data, said in zip(others, words[1:], strict=True))
        key = content_key([sent.sha256, *(one.sha256 for one in companions)])
        return replace(sent, companions=companions, content_key=key)

    def publish(self, outgoing: Outgoing | None = None) -> tuple[Outgoing, Receipt]:
        """Publish something in the target."""
        sent = outgoing or self.outgoing()
        receipt: Receipt = self.connector.publish(self.target, sent)
        return sent, receipt

    def find(self, marker: str) -> tuple[Copy, ...]:
        """Ask the connector."""
        found: tuple[Copy, ...] = self.connector.find(self.target, marker)
        return found

    def look(self, ref: str) -> Copy:
        """Ask the connector."""
        copy: Copy = self.connector.look(self.target, ref)
        return copy

    def standing(self, marker: str) -> list[Standing]:
        """Ask the sandbox for the truth: every copy with this marker."""
        return [copy for copy in self.sandbox.copies(self.target.ref) if copy.marker == marker]

    def truth(self, ref: str) -> Standing | None:
        """Ask the sandbox for the truth about one copy."""
        return next((copy for copy in self.sandbox.copies(self.target.ref) if copy.ref == ref), None)

    def made(self) -> int:
        """Count what was made there."""
        return len(self.sandbox.ledger.effects(What.MADE))

    def secrets(self) -> list[str]:
        """Return what must never show up: the values of secret fields."""
        auth = next(one for one in self.manifest.auths if one.name == self.sandbox.auth)
        return [
            self.sandbox.secrets[one.name] for one in auth.fields if one.secret and one.name in self.sandbox.secrets
        ]


@contextmanager
def bench_for(manifest: Manifest, *, bug: Planted | None = None, trusted: tuple[str, ...] = ()) -> Generator[Bench]:
    """Make a sandbox, serve it, and yield a bench for it."""
    changed = bug.manifest(manifest) if bug else manifest
    sandbox = make_sandbox(manifest)
    if sandbox.scopes.needs:  # no more than the sign-in asks for, so that each check shows that it suffices
        settings = manifest.settings.model_validate(sandbox.settings("http://127.0.0.1:9"))
        sandbox.scopes.granted = sandbox.scopes.asked(manifest, settings)
    with (
        serve(sandbox) as origin,
        guarded_client(Guard(trusted_origins=(origin, *trusted))) as client,
    ):
        yield Bench(changed, sandbox, client, bug)


def _picture(data: bytes, fields: Fields) -> Picture:
    sha256 = hashlib.sha256(data).hexdigest()
    name = f"companion-{sha256[:6]}.png"
    return Picture(sha256[:12], name, "image/png", len(data), sha256, lambda: io.BytesIO(data), fields)


def seconds(act: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.monotonic()
    act()
    return time.monotonic() - began


def _no_sleep(_: float) -> None:
    """Wait for nothing: retries of reads are not what is measured."""
