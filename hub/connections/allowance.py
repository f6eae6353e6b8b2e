"""How many calls a limit allows, to whom: arithmetic only, strict over any window.

urgent calls       go before all others: while one waits, nobody else gets anything
ordinary calls     leave a tenth of a long window to urgent ones
members of an app  have an equal share each; beyond it they go while nobody else waits, and never to the end; so do
                   accounts that are one user to the vendor
checks             looks at what is thought to be in order get a quarter of any limit, whoever makes them
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.sdk.limit_headers import PATIENCE_S
from connectors.sdk.manifest import Auth, Limit, Manifest
from hub.clock import SECOND

LEASE_MS = SECOND
"""The longest time for which a process may keep calls that it leased."""
HEADROOM = 9
"""Beyond its share a member leaves this part of an app's limit free, for those who come later."""
LARGEST_PART = 8
"""At most this part of a limit is leased to one process at once."""
SOON_S = 10
CHECKS_PART = 4
"""This part of a limit at most goes into looks at copies that are thought to be in order."""
CHECK = "check/"
"""Begins the name under which a member's checks stand in the books."""
SLICES = 60
ELSEWHERE = ""
"""The member that stands for calls which others than this hub made, as the remote's answers tell."""


USER = "user/"


@dataclass(frozen=True, slots=True)
class Rule:
    """One limit, of one remote, of one app, or of what is one user to the vendor."""

    key: str
    limit: Limit

    @property
    def shared(self) -> bool:
        """Tell whether several accounts are counted together."""
        return self.limit.scope == "app" or self.key.startswith(USER)

    @property
    def per_ms(self) -> int:
        """Return the window's length."""
        return max(1, int(self.limit.per_s * SECOND))

    @property
    def name(self) -> str:
        """Tell this limit from the key's others; another number of calls goes on with what was spent."""
        return f"{self.per_ms} {self.limit.counts}".strip()[:64]

    @property
    def reserve(self) -> int:
        """Return how many calls are left to urgent ones, where waiting for the next window would take too long."""
        return self.limit.calls // 10 if self.limit.per_s > PATIENCE_S else 0

    @property
    def checks(self) -> int:
        """Return how many calls may go into checks, of all members together."""
        return max(1, self.limit.calls // CHECKS_PART)

    @property
    def part(self) -> int:
        """Return how many calls a process may lease at once: a small part, and no more than soon comes back."""
        soon = int(self.limit.calls * SOON_S / self.limit.per_s)
        return max(1, min(self.limit.calls // LARGEST_PART, soon))

    @property
    def lease_ms(self) -> int:
        """Return how long leased calls may be kept."""
        return max(1, min(LEASE_MS, self.per_ms // 10))

    @property
    def slice_ms(self) -> int:
        """Return how finely it is remembered when calls were made."""
        return max(1, self.per_ms // SLICES)

    def slice_of(self, at: int) -> int:
        """Return the end of the slice that an instant lies in."""
        return -(-at // self.slice_ms) * self.slice_ms

    def allows(self, total: int, own: int, members: int, *, urgent: bool, alone: bool = True) -> int:
        """Return how many more calls a member may make, after so many of all members and so many of its own.

        Args:
            total: what all members spent of this window.
            own: what the member spent of it.
            members: how many there are.
            urgent: whether the calls go before all others.
            alone: whether no other member waits.
        """
        free = max(0, self.limit.calls - total)
        if urgent:
            return free
        most = free - self.reserve
        if self.shared:
            beyond = free - max(self.reserve, self.limit.calls // HEADROOM) if alone else 0
            most = max(beyond, min(most, self.fair(members) - own))
        return max(0, most)

    def fair(self, members: int) -> int:
        """Return what a member of an app gets in any case; there may always be another soon."""
        return max(1, self.limit.calls // max(2, members))


def named(member: str) -> str:
    """Return a member's name, whether it checks or does something else."""
    return member.removeprefix(CHECK)


def remote_key(remote_id: str) -> str:
    """Return the key that a remote's own limits are counted under: its connections come and go, the account stays."""
    return f"remote/{remote_id}"


def app_key(manifest: Manifest, auth: Auth, secrets: Mapping[str, str]) -> str:
    """Return the key that an app's limits are counted under; who reads the table cannot read the app's name.

    Where nothing names an app (a person's own token), all such connections of a connector count as one.
    """
    return f"app/{manifest.name}/{_named(auth.app_of(secrets))}"


def user_key(manifest: Manifest, auth: Auth, secrets: Mapping[str, str]) -> str | None:
    """Return the key that a connection's own limits are counted under, where several accounts are one user there.

    None: each account is one, and its limits are counted under its remote's key.
    """
    return None if auth.user is None else f"{USER}{manifest.name}/{_named(auth.user(secrets))}"


def _named(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32] if name else "none"


def rules_of(remote_id: str, app: str, limits: Sequence[Limit], *, user: str | None = None) -> tuple[Rule, ...]:
    """Return a connector's limits as rules for one remote, its own first; of two for the same calls the tighter."""
    mine = remote_key(remote_id) if user is None else user
    rules = [Rule(app if limit.scope == "app" else mine, limit) for limit in limits]
    tightest = {(rule.key, rule.name): rule for rule in sorted(rules, key=lambda rule: -rule.limit.calls)}
    kept = [rule for rule in rules if tightest[rule.key, rule.name] is rule]
    return tuple(sorted(kept, key=lambda rule: rule.limit.scope == "app"))


@dataclass(slots=True)
class Book:
    """What was spent of one rule: calls by the end of their slice and by member."""

    rule: Rule
    spent: dict[tuple[int, str], int] = field(default_factory=dict[tuple[int, str], int])
    waiting: frozenset[str] = frozenset()

    def total(self, now: int) -> int:
        """Return how many calls count at an instant."""
        return sum(self._counting(now).values())

    def allows(self, member: str, now: int, *, urgent: bool) -> int:
        """Return how many more calls a member may make now."""
        counting = self._counting(now)
        name = named(member)
        own = sum(calls for (_, whose), calls in counting.items() if named(whose) == name)
        members = {name, *self.waiting, *(named(whose) for _, whose in counting)}
        alone = not self.waiting - {name}
        free = self.rule.allows(sum(counting.values()), own, len(members), urgent=urgent, alone=alone)
        if name == member:
            return free
        checks = sum(calls for (_, whose), calls in counting.items() if whose.startswith(CHECK))
        return max(0, min(free, self.rule.checks - checks))

    def wait(self, member: str, now: int, *, urgent: bool) -> int:
        """Return after how many milliseconds a member may make one call, if nobody else does meanwhile."""
        for at in [now, *sorted({until + self.rule.per_ms for until, _ in self._counting(now)})]:
            if self.allows(member, at, urgent=urgent):
                return at - now
        return self.rule.per_ms

    def all_back(self, now: int) -> int:
        """Return when the whole limit is free again."""
        return max((until + self.rule.per_ms for until, _ in self._counting(now)), default=now)

    def _counting(self, now: int) -> Mapping[tuple[int, str], int]:
        begins = now - self.rule.per_ms
        return {place: calls for place, calls in self.spent.items() if place[0] > begins and calls > 0}
