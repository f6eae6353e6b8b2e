"""Wait for a turn to call a remote: together with every thread, process and host that calls the same one.

    Budgets  one process's doors and purses
    Door     until when a remote is closed: told by one, kept by all
    Purse    calls that were leased from the shared budget and are spent without asking it again
    Turn     what a client asks before each request and tells after each answer

The truth is in the database (`hub.connections.budget`): a purse asks it about once a second while it is used.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from connectors.sdk.errors import RateLimited, Unreachable
from connectors.sdk.limit_headers import PATIENCE_S, Told, pause_after, read_headers
from connectors.sdk.manifest import Limit
from hub.clock import MINUTE, SECOND
from hub.connections import budget
from hub.connections.allowance import CHECK, LEASE_MS, Rule, remote_key, rules_of
from hub.connections.budget import Ask, Deltas, Heard
from hub.connections.models import Budget

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.clock import Clock
    from hub.db.unit import Database

FIRST = 4
"""So many calls are leased at first: what is done to one copy takes a few."""
NAP_S, URGENT_NAP_S = 1.0, 0.25
"""Who waits looks again after this long at the latest; the urgent must say often that they wait."""
SHORTEST_NAP_S = 0.005
UNTOLD_MS = MINUTE
"""What a remote says is gone, without saying until when, is believed for this long."""
Sleep = Callable[[float], None]
log = structlog.get_logger(__name__)


class Door:
    """When a remote may be called again, and how often in a row it refused. All purses of a remote share it."""

    def __init__(self, database: Database, clock: Clock, key: str) -> None:
        self.key = key
        self._database = database
        self._clock = clock
        self._closed_until = 0
        self._refusals = 0

    def wait_ms(self, now: int) -> int:
        """Return for how long nothing goes."""
        return self._closed_until - now if now < self._closed_until <= now + budget.LONGEST_PAUSE_MS else 0

    def look(self, closed_until: int, refusals: int) -> None:
        """Take over what the database says, which other processes wrote.

        A time that is over is not kept: a clock that is set back would make a pause of it.
        """
        self._closed_until = closed_until if closed_until > self._clock.now() else 0
        self._refusals = refusals

    def refuse(self, after_s: float | None) -> float:
        """Close after a refusal, for all processes; return for how many seconds."""
        now = self._clock.now()
        refusals = budget.refused_again(self._refusals, closed=self.wait_ms(now) > 0)
        pause = pause_after(refusals, after_s)
        self.look(max(self._closed_until if self.wait_ms(now) else 0, now + int(pause * SECOND)), refusals)
        return self._tell(lambda session: budget.close(session, self.key, self._clock.now(), after_s=after_s)) or pause

    def shut(self, seconds: float) -> None:
        """Close because the remote says that nothing is left for so long."""
        self._closed_until = self._clock.now() + min(int(seconds * SECOND), budget.LONGEST_PAUSE_MS)
        self._tell(lambda session: budget.close_until(session, self.key, self._clock.now(), after_s=seconds))

    def accept(self) -> None:
        """Note that a call was not refused; written down only where the last one was."""
        if self._refusals:
            self._refusals = 0
            self._tell(lambda session: budget.accept(session, self.key))

    def _tell(self, write: Callable[[Session], float | None]) -> float | None:
        """Let the others know. Where the database is away, this process keeps to it alone: the call is over anyway."""
        try:
            with self._database.unit() as session:
                return write(session)
        except SQLAlchemyError as error:
            log.warning("limit_not_shared", key=self.key, error=type(error).__name__)
            return None


class Purse:
    """Calls leased for one remote under the same rules. Threads share it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        door: Door,
        *,
        keys: tuple[str, ...],
        rules: tuple[Rule, ...],
        checking: bool = False,
    ) -> None:
        """Keep calls under `rules`; the first of `keys` is the remote's, and it is the one who spends."""
        self._database = database
        self._clock = clock
        self._door = door
        self._keys = keys
        self._member = f"{CHECK}{keys[0]}" if checking else keys[0]
        self._rules = rules
        self._lock = threading.Lock()
        self._calls = self._size = 0  # left of the lease, and its size
        self._from = self._until = self._used_at = 0
        self._want = FIRST
        self._made = 0
        self._heard: dict[str, tuple[Heard, int]] = {}  # by rule: what was said, and how many calls were made by then
        self._left: dict[str, int] = {}

    def spend(self, *, urgent: bool) -> float:
        """Take one call and return zero, or return the seconds after which to ask again."""
        with self._lock:
            now = self._clock.now()
            closed = self._door.wait_ms(now)
            if closed:
                return closed / SECOND
            if self._calls < 1 or not self._from <= now < self._until:
                wait = self._lease(urgent=urgent) if self._rules else self._look()
                if wait:
                    return wait
                now = self._clock.now()  # the database may have been waited for, and the call is made only now
            self._calls -= 1
            self._made += 1
            self._used_at = now
            return 0.0

    def _lease(self, *, urgent: bool) -> float:
        changes = self._settlement()
        ask = Ask(self._keys, self._rules, self._member, self._wanted(), urgent, self._still_heard())
        with self._database.unit() as session:
            grant = budget.take(session, ask, changes, self._clock)
        self._door.look(grant.closed_until, grant.refusals)
        self._heard = {}
        self._calls = self._size = grant.calls
        self._from, self._until = grant.at, grant.at + ask.lease_ms
        self._left = dict(grant.left)
        return max(grant.wait_ms, 0) / SECOND

    def _look(self) -> float:
        """Nothing is counted here, but the remote may have told another process to wait."""
        with self._database.read() as session:
            row = session.get(Budget, self._keys[0])
            now = self._clock.now()
            closed = now if row is None else budget.closed_until(row, now)
            self._door.look(closed, 0 if row is None else row.refusals)
        self._from, self._until = now, now + LEASE_MS
        self._calls = LEASE_MS
        return (closed - now) / SECOND

    def _wanted(self) -> int:
        """Want more next time when the last lease was used up before its end, and less when it was not."""
        used = self._size - self._calls
        quick = self._from <= self._clock.now() <= 2 * self._until - self._from
        if self._size:
            self._want = max(FIRST, 2 * self._size if not self._calls and quick else used)
        return self._want

    def _settlement(self) -> Deltas:
        """Return what the lease comes to: calls that were made were made by now, the others were not."""
        changes: Deltas = {}
        for rule in self._rules if self._size else ():
            budget.add(changes, rule, self._until, self._member, -self._size)
            budget.add(changes, rule, self._used_at, self._member, self._size - self._calls)
        return changes

    def _still_heard(self) -> tuple[Heard, ...]:
        """Return what the remote said, less the calls that were made since."""
        return tuple(replace(one, left=max(0, one.left - self._made + made)) for one, made in self._heard.values())

    def settle(self) -> bool:
        """Give back what an ended lease left; True when there was something."""
        with self._lock:
            if not self._calls or not self._rules or self._from <= self._clock.now() < self._until:
                return False
            self._give_back()
            return True

    def _give_back(self) -> None:
        changes = self._settlement()
        with self._database.unit() as session:
            budget.settle(session, self._keys, changes, heard=self._still_heard(), now=self._clock.now())
        self._calls = self._size = 0
        self._heard = {}

    def lower(self, told: Told, now: int) -> None:
        """Believe the remote when it says that less is left than we counted: others call it too."""
        rule = self._spoken_of(told)
        with self._lock:
            if rule is None or told.remaining is None:
                return
            missing = self._left.get(rule.name, 0) + self._calls - told.remaining
            if missing <= 0:
                return
            lasts = UNTOLD_MS if told.reset_s is None else int(told.reset_s * SECOND)
            heard = Heard(rule, told.remaining, now + min(lasts, rule.per_ms) - rule.per_ms)
            self._heard[rule.name] = heard, self._made
            kept = min(self._calls, told.remaining)
            self._size -= self._calls - kept
            self._calls = kept
            self._left[rule.name] = told.remaining - kept
            if not told.remaining:
                self._share_now()

    def _share_now(self) -> None:
        """Tell the others at once; where the database is away, later: the call is over, and its answer counts."""
        try:
            self._give_back()
        except SQLAlchemyError as error:
            log.warning("limit_not_shared", key=self._member, error=type(error).__name__)

    def _spoken_of(self, told: Told) -> Rule | None:
        """Return the rule that an answer's headers are about: the one with that figure, else the shortest."""
        own = sorted((rule for rule in self._rules if rule.limit.scope != "app"), key=lambda rule: rule.per_ms)
        return next((rule for rule in own if rule.limit.calls == told.limit), own[0] if own else None)


class Turn:
    """What one connection's client asks before each request and tells after each answer."""

    def __init__(
        self, door: Door, purse_of: Callable[[str, str], Purse], clock: Clock, sleep: Sleep, patience_s: float
    ) -> None:
        self._door = door
        self._purse_of = purse_of
        self._purse: Purse | None = None  # that the last call was paid from
        self._clock = clock
        self._sleep = sleep
        self._patience_s = patience_s

    def acquire(self, method: str = "GET", path: str = "/", *, urgent: bool = False) -> None:
        """Wait for a turn.

        Raises:
            RateLimited: the wait would be longer than this limiter's patience; nothing was sent or counted.
            Unreachable: the database is away, so nobody knows what is left; nothing was sent either.
        """
        self._purse = self._purse_of(method, path)
        waited = 0.0
        while (wait := self._spend(self._purse, urgent=urgent)) > 0:
            if waited + wait > self._patience_s:
                raise RateLimited(
                    "The limit of calls to this system is used up for now. The hub goes on by itself.",
                    after_s=wait, detail="held back by the hub's own limiter", status=None,
                )  # fmt: skip
            nap = max(SHORTEST_NAP_S, min(wait, URGENT_NAP_S if urgent else NAP_S))
            self._sleep(nap)
            waited += nap

    @staticmethod
    def _spend(purse: Purse, *, urgent: bool) -> float:
        """Ask a purse; a write that waits for it must not be taken for one that may have been sent."""
        try:
            return purse.spend(urgent=urgent)
        except SQLAlchemyError as error:
            raise Unreachable(
                "The hub could not ask its database whether this call is allowed now. It goes on by itself.",
                detail=f"held back by the hub's own limiter: {type(error).__name__}",
            ) from error

    def learn(self, headers: Mapping[str, str], *, refused: bool) -> float | None:
        """Take in what an answer says of limits; return for how long the remote is closed when it was a refusal."""
        now = self._clock.now()
        told = read_headers(headers, wall_s=now / SECOND)
        if refused:
            return self._door.refuse(told.after_s)
        self._door.accept()
        if told.remaining is not None and self._purse is not None:
            self._purse.lower(told, now)
            if told.remaining == 0 and told.after_s:
                self._door.shut(told.after_s)
        return None


class Budgets:
    """One process's share in the budgets of all remotes."""

    def __init__(self, database: Database, clock: Clock, *, sleep: Sleep = time.sleep) -> None:
        self._database = database
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._doors: dict[str, Door] = {}
        self._purses: dict[tuple[tuple[str, ...], tuple[Rule, ...], bool], Purse] = {}

    def of(
        self,
        remote_id: str,
        app: str,
        limits: Sequence[Limit],
        *,
        user: str | None = None,
        checking: bool = False,
        patience_s: float = PATIENCE_S,
    ) -> Turn:
        """Return what keeps calls to a remote within its limits.

        Remotes with the same app key share the limits of the app; those with the same user key share all others too.
        What is only checked (`checking`) gets a part of each limit.
        """
        rules = rules_of(remote_id, app, limits, user=user)
        all_alike = not any(limit.counts for limit in limits)
        whole = self._purse(remote_key(remote_id), rules, checking=checking)

        def purse_of(method: str, path: str) -> Purse:
            if all_alike:
                return whole
            covering = tuple(rule for rule in rules if rule.limit.covers(method, path))
            return self._purse(remote_key(remote_id), covering, checking=checking)

        return Turn(self._door(remote_key(remote_id)), purse_of, self._clock, self._sleep, patience_s)

    def settle(self) -> int:
        """Give back what leases that have ended left; return how many did."""
        with self._lock:
            purses = list(self._purses.values())
        return sum(purse.settle() for purse in purses)

    def _door(self, key: str) -> Door:
        with self._lock:
            return self._doors.setdefault(key, Door(self._database, self._clock, key))

    def _purse(self, own: str, rules: tuple[Rule, ...], *, checking: bool) -> Purse:
        keys = (own, *sorted({rule.key for rule in rules} - {own}))
        door = self._door(own)
        with self._lock:
            name = (keys, rules, checking)
            if name not in self._purses:
                self._purses[name] = Purse(self._database, self._clock, door, keys=keys, rules=rules, checking=checking)
            return self._purses[name]
