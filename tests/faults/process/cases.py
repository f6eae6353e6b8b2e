"""What is run: every fault at every write of every scenario, for each connector and database, and random mixtures."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field, replace

from hub.placements.faultpoints import POINTS

DATABASES = ("sqlite", "postgres")
OPS = {
    ("wordpress", "publish"): (1,),
    ("wordpress", "replace"): (1, 1, 1),  # the new item, the post that shows the old one, the old one away
    ("wordpress", "withdraw"): (2,),  # out of the post, then away
    ("trello", "publish"): (1,),
    ("trello", "withdraw"): (1,),
}
"""The remote writes of a scenario: how many calls each one takes. A run without any fault checks it."""

MODES = ("once", "in recovery", "twice")
WRITE_FAULTS = (
    "lose_answer", "double", "error_after", "lie", "cut", "lose_request", "error_before", "html_after",
)  # fmt: skip
READ_FAULTS = ("lose_request", "missing", "html_before", "cut")
LOOKING = "killed: looking"
ENDS = ("licence", "recall", "taken_back")
"""Why a copy is withdrawn; the runs take turns."""


@dataclass(frozen=True)
class Life:
    """What meets one worker process: a point at which it dies, a look in which it is killed, faults on its calls."""

    point: str = ""  # name:n, as DAMHUB_FAULTPOINT takes it
    look: int = 0  # killed from outside while its n-th read is not answered
    rules: tuple[tuple[str, str, int], ...] = ()  # (fault, "read" or "write", how many calls to let through first)
    held: int = -1  # so many writes are answered; the next one is held until the worker is dead


@dataclass(frozen=True)
class Case:
    """One planned run."""

    scenario: str
    connector: str
    database: str
    fault: str
    lives: tuple[Life, ...]
    number: int = 0
    seed: int = 0
    real: bool = False  # the whole `damhub worker` instead of its drains alone
    drawn: bool = False  # from a seed, not part of the exhaustive loops

    @property
    def cell(self):
        return (self.fault, self.scenario, self.connector, self.database)

    @property
    def end(self):
        return ENDS[self.seed % len(ENDS)]

    def packed(self):
        return asdict(self)

    @staticmethod
    def unpacked(raw):
        lives = tuple(
            Life(**{**life, "rules": tuple(tuple(rule) for rule in life["rules"])}) for life in raw.pop("lives")
        )
        return Case(lives=lives, **raw)


@dataclass
class Deck:
    """Collects cases and numbers them."""

    databases: tuple[str, ...] = DATABASES
    seed: int = 0
    cases: list[Case] = field(default_factory=list)

    def add(self, scenario, connector, fault, *lives, **more):
        for database in self.databases:
            number = len(self.cases)
            case = Case(scenario, connector, database, fault, lives, number, self.seed + number, **more)
            self.cases.append(case)


def exhaustive(databases=DATABASES, seed=0):
    """Return every case of the loops."""
    deck = Deck(databases, seed)
    for (connector, scenario), calls in OPS.items():
        deck.add(scenario, connector, "none")
        _kills(deck, scenario, connector, calls)
        for look in (1, 2):
            deck.add(scenario, connector, LOOKING, Life(look=look))
        for nth in range(sum(calls)):
            for fault in WRITE_FAULTS:
                deck.add(scenario, connector, f"write: {fault}", Life(rules=((fault, "write", nth),)))
        for fault in READ_FAULTS:
            deck.add(scenario, connector, f"read: {fault}", Life(rules=((fault, "read", 0),)))
    return deck.cases


def _kills(deck, scenario, connector, calls):
    """Kill at each point of each write: once, in recovery, and twice."""
    for op in range(len(calls)):
        for point in POINTS:
            inside = range(calls[op]) if point == "sent_no_answer" else (0,)
            for call in inside:
                first = Life(point=f"{point}:{op + 1}", held=_held(point, sum(calls[:op]) + call))
                name = f"killed: {point}"
                deck.add(scenario, connector, f"{name}, once", first)
                deck.add(scenario, connector, f"{name}, in recovery", first, Life(look=1))
                deck.add(scenario, connector, f"{name}, twice", first, *_again(scenario, calls, op, point))


def _again(scenario, calls, op, point):
    """Return how a worker dies once more: at the next write that must follow, or in two recoveries where none must."""
    if point in {"intent_not_committed", "committed_not_sent"} or op + 1 < len(calls):
        # A post that follows already needs no call: the next one is that of the write after.
        nth = 2 if point == "sent_no_answer" and (scenario, op) == ("replace", 1) else 1
        return (Life(point=f"{point}:{nth}", held=_held(point, 0)),)
    return Life(look=1), Life(look=2)


def _held(point, before):
    return before if point == "sent_no_answer" else -1


def drawn(count, databases=DATABASES, seed=0):
    """Return so many random mixtures of two to four faults."""
    made = []
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")
        connector, scenario = chance.choice(sorted(OPS))
        lives = [_any_life(chance, sum(OPS[connector, scenario])) for _ in range(chance.randint(2, 4))]
        # A worker that is not killed leaves nothing to do for those after it.
        lives.sort(key=lambda life: not (life.point or life.look))
        database = databases[number % len(databases)]
        case = Case(scenario, connector, database, "random mixture", tuple(lives), 10_000 + number, seed + number)
        made.append(replace(case, drawn=True))
    return made


def _any_life(chance, calls):
    point, held, rules = "", -1, ()
    kind = chance.choice(("point", "look", "write", "read", "both"))
    if kind == "look":
        return Life(look=chance.randint(1, 3))
    if kind in {"point", "both"}:
        point = chance.choice(POINTS)
        held = _held(point, 0)
    if kind != "point":
        on = chance.choice(("write", "read")) if kind == "both" else kind
        faults = WRITE_FAULTS if on == "write" else READ_FAULTS
        rules = ((chance.choice(faults), on, chance.randrange(calls)),)
    return Life(point=point, rules=rules, held=held)


def whole(databases=DATABASES, seed=0):
    """Return the cases for the whole `damhub worker`, DBOS and all."""
    deck = Deck(databases, seed)
    for (connector, scenario), point in (
        (("wordpress", "publish"), "answered_not_recorded"),
        (("wordpress", "replace"), "sent_no_answer"),
        (("trello", "withdraw"), "committed_not_sent"),
    ):
        first = Life(point=f"{point}:1", held=_held(point, 0))
        deck.add(scenario, connector, f"killed: {point}, once (damhub worker)", first, real=True)
    return deck.cases


def sample(cases, count, seed=0):
    """Return `count` cases, spread evenly over the faults, in an order that the seed shuffles."""
    chance = random.Random(seed)
    by_fault = {}
    for case in chance.sample(cases, len(cases)):
        by_fault.setdefault(case.fault, []).append(case)
    picked = []
    while len(picked) < min(count, len(cases)):
        for fault in list(by_fault):
            if by_fault[fault] and len(picked) < count:
                picked.append(by_fault[fault].pop())
    return picked
