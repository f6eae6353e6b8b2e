"""Sending what is due. Each message has a thread of its own, so that a receiver that hangs holds up nobody else.

The threads are daemons: a worker that ends waits for no receiver. What was on its way is leased, and sent again by
another worker when the lease has ended.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from connectors.sdk.errors import ConnectorError
from connectors.sdk.guard import Guard
from connectors.sdk.push import Answer, push
from connectors.sdk.wire import guarded_client
from hub.access.keyring import Keyring
from hub.clock import SECOND, Clock
from hub.db.installation import may_write
from hub.db.unit import Database, refuse_in_transaction
from hub.errors import HubError
from hub.notify.endpoints import valid_secrets
from hub.notify.outbox import Outcome, Parcel, lease_due, record
from webhooks import TIME_LIMIT_S, SignatureError, sign
from webhooks.standard import PREFIX

Push = Callable[[str, bytes, Mapping[str, str]], Answer]
"""Sends a message once and returns the answer, or raises one of the SDK's errors."""

WELL_AT_ONCE: Final = 16
AILING_AT_ONCE: Final = 4
"""How many messages a worker has on their way to endpoints that answer, and beside them to those that do not."""
PATIENCE_S: Final = 0.25
"""How long a drain waits for the answers to what it sent, before it looks for what else is due."""
MOST_READ: Final = 4000
"""How many bytes of an answer are read."""
MOST_SHOWN: Final = 2000
"""How many characters of them are kept."""
HIDDEN: Final = "[secret]"

log = logging.getLogger(__name__)


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
        self._lock = threading.Lock()
        self._under_way: dict[threading.Thread, Parcel] = {}
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
        self._wait([self._begin(parcel, owner) for parcel in parcels])
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

    def _room(self) -> tuple[int, int]:
        with self._lock:
            ailing = sum(parcel.ailing for parcel in self._under_way.values())
            return WELL_AT_ONCE - (len(self._under_way) - ailing), AILING_AT_ONCE - ailing

    def _begin(self, parcel: Parcel, owner: str) -> threading.Thread:
        thread = threading.Thread(target=self._carry, args=(parcel, owner), name="webhook", daemon=True)
        with self._lock:
            self._under_way[thread] = parcel
        thread.start()
        return thread

    def _carry(self, parcel: Parcel, owner: str) -> None:
        try:
            outcome = self.attempt(parcel)
            with self._database.unit() as session:
                record(session, parcel, outcome, owner=owner, now=self._clock.now())
        except Exception as failure:
            # It must not end unseen: the drain raises it, so that its heartbeat tells.
            log.exception("a webhook's outcome was not written")
            with self._lock:
                self._failures.append(failure)
        finally:
            with self._lock:
                self._under_way.pop(threading.current_thread())

    def _wait(self, begun: list[threading.Thread]) -> None:
        ends = time.monotonic() + self._patience_s
        for thread in begun:
            thread.join(max(0.0, ends - time.monotonic()))

    def _raise_failure(self) -> None:
        with self._lock:
            failures, self._failures = self._failures, []
        if failures:
            raise failures[0]


def without_secrets(body: bytes, secrets: list[str]) -> str:
    """Return the beginning of an answer as text that can be kept and shown; what it echoes of ours is hidden."""
    text = body.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    for secret in secrets:
        for spelling in (secret, secret.removeprefix(PREFIX)):
            text = text.replace(spelling, HIDDEN)
    return text[:MOST_SHOWN]


def sender(guard: Guard) -> Push:
    """Return what sends over the network, to addresses that the guard lets pass."""
    client = guarded_client(guard)

    def send(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return push(url, body, headers, client=client, total_s=TIME_LIMIT_S, keep=MOST_READ)

    return send
