"""A remote in memory: it does what the contract says, breaks on demand, and keeps a ledger that nobody else writes."""

from __future__ import annotations

import hashlib
import itertools
from collections import deque
from dataclasses import dataclass, field

from pydantic import BaseModel

from connectors.sdk.errors import (
    AuthExpired,
    BadAnswer,
    Missing,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unreachable,
)
from connectors.sdk.manifest import Ability, Capability, Carries, Manifest, Write
from connectors.sdk.types import Account, Copy, Level, Page, Part, PartKind, PartState, Receipt, Target
from hub.placements.ports import Viewed
from mappings.spec import parse_spec

SPEC = parse_spec(
    """
spec: 1
connector: fake
notes: For rehearsals.
fields:
  - field: title
    remote: title
    owner: dam
    transforms: [line]
  - field: alt_text
    remote: alt
    owner: both
    transforms: [line]
  - field: credit
    remote: credit
    owner: channel
    transforms: [line]
"""
)
WRITES = ("publish", "update", "replace", "repoint", "withdraw")


class Killed(BaseException):
    """The process was killed: nothing after this point ran."""


NOT_CARRIED_OUT = {
    "not_sent": lambda: Unreachable("no connection"),
    "limited": lambda: RateLimited("slow down", after_s=7),
    "lost_before": lambda: OutcomeUnknown("no answer"),
    "rejected": lambda: Rejected("this type of file is not taken", status=400),
    "expired": lambda: AuthExpired("sign in again", status=401),
    "killed_before": Killed,
    "defect": lambda: KeyError("connector defect"),
    "senseless": lambda: BadAnswer("a login page met a read inside the write"),
}
AFTER_THE_EFFECT = {
    "lost_after": lambda: OutcomeUnknown("no answer"),
    "killed_after": Killed,
    "senseless_after": lambda: BadAnswer("a login page met a read after the write"),
}


@dataclass
class Entry:
    """A copy at the remote."""

    ref: str
    marker: str
    key: str
    sha256: str
    fields: dict
    link: str = ""
    more: list = field(default_factory=list)  # hashes of the further pictures of a set
    state: PartState = PartState.SHOWING
    at: int | None = None  # when it goes out, while it waits


@dataclass
class Deed:
    """One line of the remote's own ledger."""

    at: int
    act: str
    ref: str
    marker: str
    key: str = ""
    sha256: str = ""


@dataclass
class Remote:
    """The remote's truth. `faults` are used up one per call: (what, how)."""

    clock: object
    lag_ms: int = 0
    carries: Carries = Carries.BYTES
    entries: dict[str, Entry] = field(default_factory=dict)
    ledger: list[Deed] = field(default_factory=list)
    faults: deque = field(default_factory=deque)
    read_faults: deque = field(default_factory=deque)
    calls: list[str] = field(default_factory=list)
    cached: dict[str, str] = field(default_factory=dict)  # addresses that a cache goes on serving
    born: dict[str, int] = field(default_factory=dict)
    uses: dict[str, str] = field(default_factory=dict)  # post -> ref that it shows
    served: object = None  # for links: marker -> hash that our own delivery serves, None when nothing is shown
    dead: bool = False
    kill: object = None
    before_write: object = None  # called as a write begins, with its name and what it carries
    after_out: object = None  # called when something that waited goes out
    keeps_what_is_out: bool = False  # what is out cannot be taken back
    after_publish: object = None  # called with what was made, and how the call is going to fail
    meanwhile: object = None  # called in the middle of a look
    interrupt: object = None  # called in the middle of a call that is told to be overtaken
    fired: list = field(default_factory=list)
    numbers: object = field(default_factory=lambda: itertools.count(1))

    def living(self, marker):
        return [entry for entry in self.entries.values() if entry.marker == marker]

    def pass_time(self):
        """Let out what waits and is due."""
        for entry in self.entries.values():
            if entry.state is PartState.QUEUED and entry.at <= self.clock.now():
                self.let_out(entry)

    def let_out(self, entry):
        entry.state, entry.at = PartState.SHOWING, None
        self.note("out", entry)
        if self.after_out:
            self.after_out(entry)

    def note(self, act, entry):
        self.ledger.append(Deed(self.clock.now(), act, entry.ref, entry.marker, entry.key, entry.sha256))

    def add(self, marker, key, sha256, fields, link=""):
        ref = str(next(self.numbers))
        entry = Entry(ref, marker, key, sha256, dict(fields), link)
        self.entries[ref] = entry
        self.born[ref] = self.clock.now()
        self.note("publish", entry)
        return entry

    def remove(self, ref, by="us"):
        entry = self.entries.pop(ref, None)
        if entry is not None:
            self.note("withdraw" if by == "us" else "removed", entry)
            self.uses = {post: shown for post, shown in self.uses.items() if shown != ref}

    def url(self, ref):
        return f"https://remote.example/{ref}.jpg"

    def view(self, url):
        if self.dead:
            return Viewed(None)
        if url.startswith("https://remote.example/"):
            ref = url.rpartition("/")[2].removesuffix(".jpg")
            if ref in self.entries and self.entries[ref].state is PartState.SHOWING:
                return Viewed(200, self.entries[ref].sha256, "image/jpeg")
            if url in self.cached:
                return Viewed(200, self.cached[url], "image/jpeg")
            return Viewed(404)
        marker = url.rpartition("/")[2].partition(".")[0]
        sha256 = self.served(marker) if self.served else None
        return Viewed(200, sha256, "image/jpeg") if sha256 else Viewed(404)


class Fake:
    """The connector: speaks to the remote above, and fails as it is told."""

    def __init__(self, remote):
        self.remote = remote

    def identify(self):
        return Account("fake", "Fake")

    def targets(self, cursor):
        return Page((Target("library", "1", "Library"),), None)

    def publish(self, target, outgoing):
        if self.remote.before_write:
            self.remote.before_write("publish", outgoing)
        body = outgoing.open().read() if self.remote.carries is Carries.BYTES else b""
        sha256 = hashlib.sha256(body).hexdigest() if body else ""
        key = outgoing.content_key if body else ""
        more = _hashes(outgoing.companions)

        def act():
            entry = self.remote.add(outgoing.marker, key, sha256, outgoing.fields, outgoing.link)
            entry.more = more
            if outgoing.publish_at is not None:
                entry.state, entry.at = PartState.QUEUED, outgoing.publish_at
            return entry

        entry = self._write("publish", act)
        return Receipt(entry.ref if entry else "0", self._parts(entry) if entry else ())

    def update(self, target, ref, fields):
        def act():
            entry = self._entry(ref)
            entry.fields.update(fields)
            self.remote.note("update", entry)
            return entry

        self._write("update", act)
        return Receipt(ref)

    def replace(self, target, ref, outgoing):
        if self.remote.before_write:
            self.remote.before_write("replace", outgoing)
        body = outgoing.open().read()

        def act():
            entry = self._entry(ref)
            entry.key, entry.sha256 = outgoing.content_key, hashlib.sha256(body).hexdigest()
            entry.more = _hashes(outgoing.companions)
            self.remote.note("replace", entry)
            return entry

        self._write("replace", act)
        return Receipt(ref)

    def repoint(self, target, old_ref, new_ref):
        def act():
            self.remote.uses = {
                post: new_ref if shown == old_ref else shown for post, shown in self.remote.uses.items()
            }

        self._write("repoint", act)
        return Receipt(new_ref)

    def withdraw(self, target, ref):
        def act():
            entry = self.remote.entries.get(ref)
            if entry is not None and entry.state is PartState.SHOWING and self.remote.keeps_what_is_out:
                raise Rejected("This is out already, and nothing can take it back.", code="already_published")
            self.remote.remove(ref)

        self._write("withdraw", act)

    def hold(self, target, ref):
        def act():
            entry = self._entry(ref)
            if entry.state is PartState.QUEUED:
                entry.state, entry.at = PartState.HELD, None
                self.remote.note("hold", entry)

        self._write("hold", act)
        return Receipt(ref)

    def resume(self, target, ref, at):
        if self.remote.before_write:
            self.remote.before_write("resume", self._entry(ref))

        def act():
            entry = self._entry(ref)
            if entry.state is not PartState.SHOWING:
                entry.state, entry.at = PartState.QUEUED, at
                self.remote.note("resume", entry)

        self._write("resume", act)
        return Receipt(ref)

    def find(self, target, marker):
        self._read("find")
        horizon = self.remote.clock.now() - self.remote.lag_ms
        found = [entry for entry in self.remote.living(marker) if self.remote.born[entry.ref] <= horizon]
        return tuple(self._copy(entry) for entry in found)

    def look(self, target, ref):
        self._read("look")
        return self._copy(self._entry(ref))

    def _entry(self, ref):
        if ref not in self.remote.entries:
            raise Missing("not there", status=404)
        return self.remote.entries[ref]

    def _parts(self, entry):
        if self.remote.carries is Carries.LINK:
            return (Part(PartKind.LINK, entry.ref),)
        if entry.state is not PartState.SHOWING:
            return (Part(PartKind.MEDIA, entry.ref, entry.state),)
        uses = tuple(Part(PartKind.EMBED, post) for post, shown in self.remote.uses.items() if shown == entry.ref)
        return (Part(PartKind.PUBLIC_URL, self.remote.url(entry.ref)), *uses)

    def _copy(self, entry):
        return Copy(
            entry.ref, entry.marker, entry.key or None, dict(entry.fields), self._parts(entry),
            None if entry.more else entry.sha256 or None, publish_at=entry.at,
        )  # fmt: skip

    def _read(self, name):
        self.remote.pass_time()
        self.remote.calls.append(name)
        if self.remote.dead:
            raise Unreachable("no connection")
        fault = self.remote.read_faults.popleft() if self.remote.read_faults else None
        if fault:
            self.remote.fired.append(f"{name}:{fault}")
        match fault:
            case "overtaken":
                self.remote.interrupt()
            case "meanwhile":
                self.remote.meanwhile()
            case "down":
                raise Unreachable("no answer")
            case "page":
                raise BadAnswer("a login page came back")
            case "refused":
                raise AuthExpired("sign in again", status=401)
            case _:
                return

    def _write(self, name, act):
        self.remote.pass_time()
        self.remote.calls.append(name)
        if self.remote.dead:
            raise Unreachable("no connection")
        fault = self.remote.faults.popleft() if self.remote.faults else None
        if fault:
            self.remote.fired.append(f"{name}:{fault}")
        if fault == "overtaken_before":
            self.remote.interrupt()
        if fault in NOT_CARRIED_OUT:
            failure = NOT_CARRIED_OUT[fault]()
            raise failure
        if fault == "no_effect":
            return None
        done = act()
        if name == "publish" and self.remote.after_publish:
            self.remote.after_publish(done, fault)
        if fault == "overtaken_after":
            self.remote.interrupt()
        if fault in AFTER_THE_EFFECT:
            failure = AFTER_THE_EFFECT[fault]()
            raise failure
        if fault == "doubled" and name == "publish":
            act()
        return done


def _hashes(pictures):
    return [hashlib.sha256(picture.open().read()).hexdigest() for picture in pictures]


class NoSettings(BaseModel):
    """Nothing to set."""


def manifest(*, replace=False, repoint=True, calendar=False, carries=Carries.BYTES, without=(), publish=Write.FINDABLE):
    abilities = {
        Capability.TARGETS: Ability(),
        Capability.PUBLISH: Ability(publish, Level.SEEN),
        Capability.UPDATE: Ability(Write.HARMLESS),
        Capability.WITHDRAW: Ability(Write.HARMLESS, Level.SEEN),
        Capability.FIND: Ability(),
        Capability.LOOK: Ability(),
    }
    if replace:
        abilities[Capability.REPLACE] = Ability(Write.HARMLESS)
    if repoint:
        abilities[Capability.REPOINT] = Ability(Write.HARMLESS)
    if calendar:
        abilities[Capability.HOLD] = Ability(Write.HARMLESS)
    for each in without:
        abilities.pop(each)
    return Manifest(
        name="fake", title="Fake", summary="A remote in memory.", settings=NoSettings,
        origin=lambda _: "https://remote.example", auths=(), abilities=abilities, carries=carries,
        connect=lambda api, settings: None, sandbox="", settles_after_s=5.0,
        most_pictures=4, picture_fields=("alt",),
    )  # fmt: skip


@dataclass
class SpeakerOf:
    """A signed-in connector."""

    connector: Fake
    manifest: Manifest


@dataclass
class Exchange:
    """The switchboard of rehearsals."""

    remote: Remote
    declared: Manifest
    refuse: BaseException | None = None
    reports: list = field(default_factory=list)
    checks: int = 0  # so often it was spoken to for a look only

    def manifest(self, connector):
        return self.declared

    def speak(self, remote_id, *, urgent=False, checking=False):
        self.checks += checking
        if self.refuse is not None:
            raise self.refuse
        return SpeakerOf(Fake(self.remote), self.declared)

    def report(self, remote_id, error):
        self.reports.append(error)
