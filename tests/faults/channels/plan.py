"""What one seed draws: a short history, and the faults that meet it."""

from __future__ import annotations

import random
from dataclasses import dataclass

from connectors.testing.faults import Fault, Rule, refuse, throttle
from tests.faults.channels.stage import CONNECTORS
from tests.faults.channels.wire import Snag

NEWS = ("webhook lost", "webhook doubled", "webhooks reordered", "webhook forged")
RULES = {
    "answer lost": lambda on, skip: Rule(fault=Fault.LOSE_ANSWER, on="write", skip=skip),
    "request lost": lambda on, skip: Rule(fault=Fault.LOSE_REQUEST, on=on, skip=skip),
    "call doubled": lambda on, skip: Rule(fault=Fault.DOUBLE, on="write", skip=skip),
    "answer cut": lambda on, skip: Rule(fault=Fault.CUT, on=on, skip=skip),
    "429 and when": lambda on, skip: throttle(after="7", on=on).model_copy(update={"skip": skip}),
    "429 alone": lambda on, skip: throttle(on=on).model_copy(update={"skip": skip}),
    "5xx, no effect": lambda on, skip: Rule(fault=Fault.ERROR_BEFORE, on=on, skip=skip, status=503),
    "5xx after effect": lambda on, skip: Rule(fault=Fault.ERROR_AFTER, on="write", skip=skip, status=502),
    "login page": lambda on, skip: Rule(fault=Fault.HTML_BEFORE, on=on, skip=skip),
    "login page after": lambda on, skip: Rule(fault=Fault.HTML_AFTER, on="write", skip=skip),
    "away for long": lambda on, skip: refuse(503, times=None),
    "token refused": lambda on, skip: refuse(401, times=None).model_copy(update={"skip": skip}),
}
"""Faults that the sandbox's own rules make."""
LASTING = frozenset({"away for long", "token refused"})
SNAGS = {
    "killed, not sent": ("die_before", "any"), "killed, done there": ("die_after", "write"),
    "killed reading": ("die_after", "read"), "not connected": ("unconnected", "any"), "half-open": ("half_open", "any"),
    "answer too late": ("late", "any"), "answer slow": ("slow", "any"), "overtaken before": ("overtaken", "write"),
    "overtaken after": ("overtaken_after", "any"),
}  # fmt: skip
"""Faults on the caller's side of the wire: what is done, and on which calls."""
WITHIN = ("killed, no commit", "killed, committed", "database locked", "disk full", "clock jumps", *NEWS)
FAULTS = (*SNAGS, *RULES, *WITHIN)
WEIGHTS = {"killed, not sent": 3, "killed, done there": 4, "answer lost": 3, "answer too late": 2}

STEPS = {
    "version": 4, "unapproved": 1, "edit": 3, "rights_end": 2, "rights_back": 1, "take_back": 2, "want": 2, "recall": 2,
    "delete": 1, "hand_edit": 2, "hand_delete": 2, "use": 1, "hours": 2,
}  # fmt: skip
ENDINGS = ("recall", "delete", "rights_end")


@dataclass(frozen=True)
class Armed:
    """A fault, and the step before which it is armed."""

    kind: str
    step: int
    on: str
    skip: int
    number: int  # what else it needs is drawn from this


@dataclass(frozen=True)
class Plan:
    """A run, as it is drawn."""

    steps: tuple[tuple[str, int], ...]
    faults: tuple[Armed, ...]
    scheduled: bool
    two_workers: bool
    numbers: int


def plan_of(seed, connector):
    """Return what a seed plays upon a connector; the same at each call, on each machine."""
    chance = random.Random(f"{connector} {seed}")
    names, weights = zip(*STEPS.items(), strict=True)
    steps = ["publish", *chance.choices(names, weights, k=chance.randint(1, 4))]
    if chance.random() < 0.5:
        steps.append(chance.choice(ENDINGS))
    kinds = [kind for kind in FAULTS if hears(connector) or kind not in NEWS]
    # The first fault takes its turn, so that none is left to chance; the others are drawn.
    drawn = [kinds[seed % len(kinds)]]
    drawn += chance.choices(kinds, [WEIGHTS.get(kind, 1) for kind in kinds], k=chance.randint(0, 2))
    for kind in drawn:
        steps = _fitting(chance, kind, steps)
    faults = [_armed(chance, kind, steps, sure=at == 0) for at, kind in enumerate(drawn)]
    return Plan(
        tuple((name, chance.randrange(1_000_000)) for name in steps), tuple(faults),
        scheduled=chance.random() < 0.15, two_workers=chance.random() < 0.3, numbers=chance.randrange(1_000_000),
    )  # fmt: skip


SURE = ("publish", "take_back", "recall", "delete", "rights_end")
"""Steps at which every connector has something to do."""
WRITE = ("publish", "version", "edit", "recall", "delete", "take_back", "rights_end")
NEEDS = {
    **dict.fromkeys(NEWS, ("hand_edit", "hand_delete")), "disk full": ("version",),
    **dict.fromkeys([kind for kind, (_, on) in SNAGS.items() if on == "write"], WRITE),
    **dict.fromkeys(("answer lost", "call doubled", "5xx after effect", "login page after"), WRITE),
}  # fmt: skip
"""Faults of what only some steps do."""


def hears(connector):
    """Tell whether a connector's vendor sends webhooks."""
    return CONNECTORS[connector].inbound is not None


def _fitting(chance, kind, steps):
    """Return a history in which a fault can fire."""
    needed = NEEDS.get(kind)
    if needed is None or set(needed) & set(steps):
        return steps
    return [steps[0], chance.choice(needed), *steps[1:]]


def _armed(chance, kind, steps, *, sure):
    """Draw when a fault strikes; the first one of a run where there is something to strike."""
    needed = NEEDS.get(kind) or (SURE if sure else ())
    step = chance.choice([at for at, name in enumerate(steps) if not needed or name in needed])
    on, skip = chance.choice(("any", "read", "write", "write")), chance.choice((0, 0, 0, 1, 2))
    if sure:
        on, skip = ("any", min(skip, 1)) if chance.random() < 0.5 else ("write", 0)
        skip = 0 if kind in NEEDS else skip
    return Armed(kind, step, on, skip, chance.randrange(1_000_000))


def rule_of(armed):
    """Return a fault as a rule of the sandbox, or None."""
    make = RULES.get(armed.kind)
    return make(armed.on, armed.skip) if make else None


def snag_of(armed):
    """Return a fault as a snag of the wire, or None."""
    if armed.kind not in SNAGS:
        return None
    act, on = SNAGS[armed.kind]
    return Snag(armed.kind, act, on if on != "any" else armed.on, armed.skip)
