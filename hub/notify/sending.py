"""Sending what is due, in lanes side by side, so that a receiver that hangs holds up nobody else.

The lanes' threads are daemons: a worker that ends waits for no receiver. What was on its way is leased, and sent again
by another worker when the lease has ended.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.sdk.errors import ConnectorError
from connectors.sdk.push import Answer, push
from hub.access.keyring import Keyring
from hub.clock import SECOND, Clock
from hub.db.installation import may_write
from hub.db.unit import Database, refuse_in_transaction
from hub.errors import HubError
from hub.notify.endpoints import valid_secrets
from hub.notify.lanes import Lanes
from hub.notify.outbox import LEASE_MS, SLOW_MS, Outcome, Parcel, Try, lease_due, record
from hub.notify.wires import Wires
from webhooks import TIME_LIMIT_S, SignatureError, sign
from webhooks.standard import PREFIX

Push = Callable[[str, bytes, Mapping[str, str]], Answer]
"""Sends a message once and returns the answer, or raises one of the SDK's errors."""

WELL_AT_ONCE: Final = 16
AILING_AT_ONCE: Final = 4
"""How many messages a worker has on their way to endpoints that answer, and beside them to those that do not."""
WELL_LEASED: Final = 12 * WELL_AT_ONCE
"""How many it has leased for these and not sent yet: enough for the lanes to go on while others are leased, or written
down. What its turn comes to too late is left to whoever leases it next."""
PATIENCE_S: Final = 0.25
"""How long a drain waits for the answers to what it sent, before it looks for what else is due."""
GATHERING_S: Final = 0.1
"""How long outcomes are gathered before they are written down together."""
MOST_READ: Final = 4000
"""How many bytes of an answer are read."""
MOST_SHOWN: Final = 2000
"""How many characters of them are kept."""
HIDDEN: Final = "[secret]"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """A parcel and the one who holds its lease."""

    parcel: Parcel
    owner: str
    begin_until: int
    """When it is too late to begin: a try may take as long as the time limit, and must end before the lease does."""


class Sending:
    """What one process has on its way."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keyring: Keyring,
        send: Push,
        *,
        patience_s: float = PATIENCE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wire it; `patience_s` and `monotonic` are replaced in tests."""
        self._database, self._clock, self._keyring, self._send = database, clock, keyring, send
        self._patience_s, self._monotonic = patience_s, monotonic
        self._chance = random.SystemRandom()
        self._well = Lanes(WELL_AT_ONCE, self._carry)
        self._ailing = Lanes(AILING_AT_ONCE, self._carry)
        self._changed = threading.Condition()
        self._unsent: set[Load] = set()  # leased, and nobody knows yet how it ends
        self._open: set[Load] = set()  # these, and those that are not written down yet
        self._put_off: set[Load] = set()  # of the unsent: whose endpoint was slow with another one since
        self._tried: list[tuple[Load, Outcome]] = []  # sent, and not written down yet
        self._writer: threading.Thread | None = None
        self._failures: list[Exception] = []

    def drain(self, owner: str) -> int:
        """Begin to send what is due; return how many tries were begun. While only observing: none.

        A failure to write down how a try ended is raised by the next call: the try is repeated when its lease ends.
        """
        self._raise_failure()
        well, ailing = self._room()
        now = self._clock.now()
        with self._database.unit() as session:
            parcels = (
                lease_due(session, owner=owner, now=now, well=well, ailing=ailing, chance=self._chance)
                if may_write(session)
                else []
            )
        if not parcels:
            return 0
        refuse_in_transaction("sending webhooks")
        begun = self._begin(parcels, owner, now + LEASE_MS - TIME_LIMIT_S * SECOND)
        self._wait(begun, more=sum(not parcel.ailing for parcel in parcels) >= well)
        self._raise_failure()
        return len(parcels)

    def attempt(self, parcel: Parcel) -> Outcome:
        """Sign with the secrets of this moment and send once. Whatever goes wrong is an outcome."""
        now, began = self._clock.now(), self._monotonic()
        body, shown, status = parcel.body.encode(), "", None
        try:
            secrets = valid_secrets(self._keyring, parcel.endpoint_id, parcel.sealed_secrets, at=now)
            headers = sign(secrets, message_id=parcel.event_id, now_s=now // SECOND, body=body)
            answer = self._send(parcel.url, body, {"content-type": "application/json", **headers})
        except (ConnectorError, HubError) as failure:
            what = failure.code
        except SignatureError:
            what = "secret_unreadable"
        else:
            what, status = f"HTTP {answer.status}", answer.status
            shown = without_secrets(answer.body, [*secrets, headers["webhook-signature"]])
        return Outcome(status, what, shown, int((self._monotonic() - began) * SECOND))

    def join(self, timeout_s: float) -> bool:
        """Wait until nothing is on its way any more; False when it took too long."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open and self._writer is None, timeout_s)

    def _room(self) -> tuple[int, int]:
        with self._changed:
            ailing = sum(load.parcel.ailing for load in self._open)
            return WELL_LEASED - sum(not load.parcel.ailing for load in self._unsent), AILING_AT_ONCE - ailing

    def _begin(self, parcels: Sequence[Parcel], owner: str, until: int) -> set[Load]:
        loads = [Load(parcel, owner, until) for parcel in parcels]
        with self._changed:
            self._unsent.update(loads)
            self._open.update(loads)
        self._well.add(in_turns([load for load in loads if not load.parcel.ailing]))
        self._ailing.add([load for load in loads if load.parcel.ailing])
        return set(loads)

    def _wait(self, begun: set[Load], *, more: bool) -> None:
        """Wait until all has ended, or where there is more to send, until the lanes have little left."""
        with self._changed:
            few = WELL_LEASED // 2
            ended = (lambda: len(self._unsent) <= few) if more else (lambda: begun.isdisjoint(self._open))
            self._changed.wait_for(ended, self._patience_s)

    def _carry(self, load: Load) -> None:
        """Send, and leave the outcome to the one who writes."""
        if self._clock.now() > load.begin_until or load in self._put_off:
            self._end([load])
            return
        try:
            outcome = self.attempt(load.parcel)
        except Exception as failure:
            log.exception("a webhook could not be tried")
            self._end([load], failure)
            return
        with self._changed:
            self._unsent.discard(load)
            self._put_off.discard(load)
            if outcome.took_ms > SLOW_MS:
                mine = load.parcel.endpoint_id
                self._put_off.update(one for one in self._unsent if one.parcel.endpoint_id == mine)
            self._tried.append((load, outcome))
            self._changed.notify_all()
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="webhook-outcomes", daemon=True)
                self._writer.start()

    def _write(self) -> None:
        """Write down how tries ended, many at once, until none is left."""
        while tried := self._gathered():
            loads = [load for load, _ in tried]
            try:
                with self._database.unit() as session:
                    tries = [Try(load.parcel, outcome, load.owner) for load, outcome in tried]
                    record(session, tries, now=self._clock.now())
            except Exception as failure:
                log.exception("the outcomes of %d webhooks were not written", len(loads))
                self._end(loads, failure)
            else:
                self._end(loads)

    def _gathered(self) -> list[tuple[Load, Outcome]]:
        """Take the tries that nobody has written down; give those that are about to end a moment to join them."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._tried) == len(self._open), GATHERING_S)
            tried, self._tried = self._tried, []
            if not tried:
                self._writer = None
                self._changed.notify_all()
            return tried

    def _end(self, loads: Sequence[Load], failure: Exception | None = None) -> None:
        """Let others have the room; a failure must not end unseen: the next drain raises it, so its heartbeat tells."""
        with self._changed:
            self._unsent.difference_update(loads)
            self._open.difference_update(loads)
            self._put_off.difference_update(loads)
            if failure is not None:
                self._failures.append(failure)
            self._changed.notify_all()

    def _raise_failure(self) -> None:
        with self._changed:
            failures, self._failures = self._failures, []
        if failures:
            raise failures[0]


def in_turns(loads: Sequence[Load]) -> list[Load]:
    """Return loads with the first of each endpoint before the second of any; each endpoint's own stay in their order.

    One that hangs takes one lane then, before anybody knows, and not four.
    """
    before: Counter[str] = Counter()
    turns: list[tuple[int, Load]] = []
    for load in loads:
        turns.append((before[load.parcel.endpoint_id], load))
        before[load.parcel.endpoint_id] += 1
    return [load for _, load in sorted(turns, key=lambda one: one[0])]


def without_secrets(body: bytes, secrets: list[str]) -> str:
    """Return the beginning of an answer as text that can be kept and shown; what it echoes of ours is hidden."""
    text = body.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    for secret in secrets:
        for spelling in (secret, secret.removeprefix(PREFIX)):
            text = text.replace(spelling, HIDDEN)
    return text[:MOST_SHOWN]


def sender(wires: Wires) -> Push:
    """Return what sends over the network, to addresses that the wires' guard lets pass."""

    def send(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        with wires.to(url) as client:
            return push(url, body, headers, client=client, total_s=TIME_LIMIT_S, keep=MOST_READ)

    return send
