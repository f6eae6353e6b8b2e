"""Keep within a remote's limits before it has to refuse: token buckets per connection and per app key.

    Bucket    how many calls may go at once, and how fast they come back: arithmetic only
    Line      who waits for the buckets of one key, in which order: arithmetic only
    Limiter   what a client calls before each request and after each answer
    Limiters  one process's lines, so that all clients of a connection (or of an app key) share theirs

The order in a line: urgent calls first, then fairly between the line's members, then first come first served.
"""

from __future__ import annotations

import email.utils
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.sdk.errors import RateLimited
from connectors.sdk.manifest import Limit

PATIENCE_S = 10.0
"""A call that would wait longer than this is refused here, so that no worker stands still for it."""
LONGEST_PAUSE_S = 900.0
"""However far away a remote's Retry-After is, it is asked again after this long."""
FIRST_PAUSE_S = 1.0
SHORTEST_NAP_S = 0.005
_LONGEST_FIGURE = 15
_EPOCH_FROM = 1_000_000_000  # a reset figure above this is an instant, below it a number of seconds


@dataclass(slots=True)
class Bucket:
    """Holds at most `calls` tokens, refilled evenly over `per_s` seconds."""

    calls: int
    per_s: float
    tokens: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        if self.calls < 1 or self.per_s <= 0:
            raise ValueError("a limit allows at least one call in a positive time")
        self.tokens = float(self.calls)

    def fill(self, now: float) -> None:
        """Add what has come back since the last look; a clock that went backward adds nothing."""
        if now > self.at:
            self.tokens = min(float(self.calls), self.tokens + (now - self.at) * self.calls / self.per_s)
        self.at = now

    def wait_for(self, tokens: int) -> float:
        """Return the seconds until this many tokens will have come back."""
        return max(0.0, (tokens - self.tokens) * self.per_s / self.calls)


@dataclass(slots=True)
class Ticket:
    """One call's place in a line."""

    urgent: bool
    rank: int
    number: int

    @property
    def order(self) -> tuple[bool, int, int]:
        """Smallest goes first."""
        return (not self.urgent, self.rank, self.number)


class Line:
    """The calls that wait for the buckets of one key. Not safe for threads by itself: see Limiter."""

    def __init__(self, limits: Sequence[Limit]) -> None:
        self.buckets = [Bucket(limit.calls, limit.per_s) for limit in limits]
        self._waiting: list[Ticket] = []
        self._ranks: dict[str, int] = {}
        self._served = 0
        self._number = 0
        self._closed_until = 0.0
        self._refusals = 0

    def join(self, member: str, *, urgent: bool) -> Ticket:
        """Stand in line. Each member's second waiting call ranks behind every other member's first."""
        self._number += 1
        rank = max(self._served, self._ranks.get(member, 0)) + 1
        self._ranks[member] = rank
        ticket = Ticket(urgent, rank, self._number)
        self._waiting.append(ticket)
        return ticket

    def ask(self, ticket: Ticket, now: float) -> float:
        """Return 0 and let the ticket go, or return the seconds after which to ask again."""
        for bucket in self.buckets:
            bucket.fill(now)
        ahead = sum(other.order < ticket.order for other in self._waiting)
        wait = max([self._closed_until - now, *(bucket.wait_for(ahead + 1) for bucket in self.buckets)], default=0.0)
        if wait > 0:
            return max(wait, SHORTEST_NAP_S)
        for bucket in self.buckets:
            bucket.tokens -= 1
        if not ticket.urgent:
            self._served = max(self._served, ticket.rank)
        self.leave(ticket)
        return 0.0

    def leave(self, ticket: Ticket) -> None:
        """Go away without a call."""
        self._waiting.remove(ticket)
        if not self._waiting:
            self._ranks.clear()
            self._served = 0

    def give_back(self) -> None:
        """Return one token that was taken for a call that was never sent."""
        for bucket in self.buckets:
            bucket.tokens = min(float(bucket.calls), bucket.tokens + 1)

    def refuse(self, now: float, after_s: float | None) -> float:
        """Close the line after a refusal and return for how long.

        Without a figure (or with zero, or one in the past) each refusal in a row doubles the pause.
        """
        self._refusals += 1
        pause = pause_after(self._refusals, after_s)
        self._closed_until = max(self._closed_until, now + pause)
        return pause

    def accept(self) -> None:
        """Note that a call was not refused."""
        self._refusals = 0

    def lower(self, now: float, remaining: int) -> None:
        """Believe the remote when it says that less is left than we counted."""
        for bucket in self.buckets:
            bucket.fill(now)
            bucket.tokens = min(bucket.tokens, float(max(remaining, 0)))

    def close(self, until: float) -> None:
        """Let nothing go before `until`."""
        self._closed_until = max(self._closed_until, until)


class Limiter:
    """What one connection's client asks before each request and tells after each answer."""

    def __init__(
        self,
        own: Line,
        *shared: Line,
        member: str = "",
        lock: threading.Lock | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Use the connection's own line and those it shares. Limiters that share a line share a lock."""
        self._lines = (own, *shared)
        self._member = member
        self._lock = lock or threading.Lock()
        self._clock = clock
        self._sleep = sleep
        self._patience_s = patience_s

    def acquire(self, method: str = "GET", path: str = "/", *, urgent: bool = False) -> None:
        """Wait for a turn.

        Raises:
            RateLimited: the wait would be longer than this limiter's patience; nothing was sent or counted.
        """
        del method, path
        deadline = self._clock() + self._patience_s
        passed: list[Line] = []
        for line in self._lines:
            try:
                self._pass(line, deadline, urgent=urgent)
            except RateLimited:
                with self._lock:
                    for one in passed:
                        one.give_back()
                raise
            passed.append(line)

    def _pass(self, line: Line, deadline: float, *, urgent: bool) -> None:
        with self._lock:
            ticket = line.join(self._member, urgent=urgent)
        while True:
            with self._lock:
                now = self._clock()
                wait = line.ask(ticket, now)
                if wait == 0:
                    return
                if now + wait > deadline:
                    line.leave(ticket)
                    raise RateLimited(
                        "The limit of calls to this system is used up for now. The hub goes on by itself.",
                        after_s=wait, detail="held back by the hub's own limiter", status=None,
                    )  # fmt: skip
            self._sleep(wait)

    def learn(self, headers: Mapping[str, str], *, refused: bool, wall_s: float | None = None) -> float | None:
        """Take in what an answer says of limits; `refused` for a 429. Return for how long the line is closed now."""
        told = read_headers(headers, wall_s=time.time() if wall_s is None else wall_s)
        with self._lock:
            now = self._clock()
            # The connection's own line only: one connection that is refused must not stop the app's others.
            line = self._lines[0]
            if refused:
                return line.refuse(now, told.after_s)
            line.accept()
            if told.remaining is not None:
                line.lower(now, told.remaining)
        return None

    def pause(self, seconds: float) -> None:
        """Let nothing go for so long, such as when another process was told to slow down."""
        with self._lock:
            until = self._clock() + min(seconds, LONGEST_PAUSE_S)
            for line in self._lines:
                line.close(until)


class Limiters:
    """The lines of one process, by connection and by app key."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._lines: dict[tuple[str, str], Line] = {}

    def of(self, connection: str, app: str, limits: Sequence[Limit], *, patience_s: float = PATIENCE_S) -> Limiter:
        """Return a limiter for a connection; those with the same app key share the limits of scope `app`."""
        with self._lock:
            lines = [
                self._lines.setdefault((scope, key), Line([limit for limit in limits if limit.scope == scope]))
                for scope, key in (("connection", connection), ("app", app))
                if scope == "connection" or any(limit.scope == scope for limit in limits)
            ]
        return Limiter(
            *lines, member=connection, lock=self._lock, clock=self._clock, sleep=self._sleep, patience_s=patience_s
        )

    def forget(self, connection: str) -> None:
        """Drop the line of a connection that is gone."""
        with self._lock:
            self._lines.pop(("connection", connection), None)


def pause_after(refusals: int, after_s: float | None) -> float:
    """Return for how many seconds to stay away after so many refusals in a row: as the remote asks, within bounds.

    Without a figure (or with zero, or one in the past) each refusal in a row doubles the pause.
    """
    pause = FIRST_PAUSE_S * 2 ** min(refusals - 1, 12)
    if after_s is not None and after_s > 0:
        pause = max(after_s, FIRST_PAUSE_S if refusals > 1 else 0.0)
    return min(pause, LONGEST_PAUSE_S)


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer's headers say: come back after so long; so many calls of so many are left, until then."""

    after_s: float | None = None
    remaining: int | None = None
    limit: int | None = None  # zero where it is not said of how many
    reset_s: float | None = None


def read_headers(headers: Mapping[str, str], *, wall_s: float) -> Told:
    """Read Retry-After (seconds or a date) and the usual families of rate limit headers; nonsense counts as absent."""
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    after, reset = _retry_after(lower.get("retry-after", ""), wall_s), _reset(lower, wall_s)
    # Several families, or several limits: the one of which least is left counts.
    left, limit = min(((figure, _limit(lower, name)) for name, figure in _remaining(lower)), default=(None, None))
    return Told(reset if after is None and left == 0 else after, left, limit, reset)


def _remaining(headers: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    for name, value in headers.items():
        if name.endswith("remaining") and "rate" in name and "limit" in name:
            figure = _figure(value)
            if figure is not None:
                yield name, int(figure)


def _limit(headers: Mapping[str, str], remaining: str) -> int:
    """Return of how many calls these are left, such as `X-RateLimit-Limit` tells; zero where it does not."""
    stem = remaining.removesuffix("remaining")
    return int(_figure(headers.get(f"{stem}limit", "")) or _figure(headers.get(f"{stem}max", "")) or 0)


def _retry_after(value: str, wall_s: float) -> float | None:
    seconds = _figure(value)
    if seconds is not None or not value:
        return seconds
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - wall_s)
    except (ValueError, OverflowError):
        return None


def _reset(headers: Mapping[str, str], wall_s: float) -> float | None:
    for name in ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"):
        figure = _figure(headers.get(name, ""))
        if figure is not None:
            return max(0.0, figure - wall_s) if figure > _EPOCH_FROM else figure
    return None


def _figure(value: str) -> float | None:
    """Return a plain non-negative decimal number, or None: no `nan`, no `inf`, no digits of other scripts."""
    whole = value.replace(".", "", 1)
    return float(value) if whole.isascii() and whole.isdigit() and len(value) <= _LONGEST_FIGURE else None
