"""Checks of schedulers: what waits for its time waits, is held, is let go, and is published once."""

from __future__ import annotations

from dataclasses import replace

from connectors.sdk.errors import Missing, OutcomeUnknown
from connectors.sdk.manifest import Capability
from connectors.sdk.types import Outgoing, PartKind, PartState, Receipt
from connectors.testing.conformance.bench import Bench
from connectors.testing.conformance.check import check, expect, raises
from connectors.testing.faults import Fault, Rule

HOLD, PUBLISH, LOOK = Capability.HOLD, Capability.PUBLISH, Capability.LOOK
LATER = 4_000_000_000_000  # in the year 2096
LATER_STILL = LATER + 86_400_000


@check("publish-waits", "What has a time waits for it, and a look says so.", HOLD, PUBLISH, LOOK)
def publish_waits(bench: Bench) -> None:
    """Ask the sandbox and the connector."""
    _, receipt = scheduled(bench)
    expect(state_of(bench, receipt) is PartState.QUEUED, "it does not wait")
    expect(time_of(bench, receipt) == LATER, f"it waits until {time_of(bench, receipt)}")
    expect(_looked(bench, receipt) is PartState.QUEUED, "a look does not say that it waits")


@check(
    "look-tells-time", "A look says until when something waits; of what is held it says no time.", HOLD, PUBLISH, LOOK
)
def look_tellstime_of(bench: Bench) -> None:
    """Look at what waits, and at what is held."""
    _, receipt = scheduled(bench)
    told = bench.look(receipt.ref).publish_at
    expect(told == LATER, f"a look says that it waits until {told}")
    bench.connector.hold(bench.target, receipt.ref)
    told = bench.look(receipt.ref).publish_at
    expect(told is None, f"a look says of what is held that it waits until {told}")


@check(
    "hold-holds",
    "What is held does not go out, a look says so, and holding twice changes nothing.",
    HOLD,
    PUBLISH,
    LOOK,
)
def hold_holds(bench: Bench) -> None:
    """Hold twice."""
    _, receipt = scheduled(bench)
    bench.connector.hold(bench.target, receipt.ref)
    bench.connector.hold(bench.target, receipt.ref)
    expect(state_of(bench, receipt) is PartState.HELD, "it is not held")
    expect(_looked(bench, receipt) is PartState.HELD, "a look does not say that it is held")
    expect(bench.made() == 1, f"{bench.made()} things were made")


@check("resume-lets-go", "What is resumed waits for its new time, once.", HOLD, PUBLISH)
def resume_lets_go(bench: Bench) -> None:
    """Resume twice."""
    _, receipt = scheduled(bench)
    bench.connector.hold(bench.target, receipt.ref)
    bench.connector.resume(bench.target, receipt.ref, LATER_STILL)
    bench.connector.resume(bench.target, receipt.ref, LATER_STILL)
    expect(state_of(bench, receipt) is PartState.QUEUED, "it does not wait")
    expect(time_of(bench, receipt) == LATER_STILL, f"it waits until {time_of(bench, receipt)}")
    expect(bench.made() == 1, f"{bench.made()} things were made")


@check("resume-moves", "What waits is given another time without being held first.", HOLD, PUBLISH)
def resume_moves(bench: Bench) -> None:
    """Resume what was not held."""
    _, receipt = scheduled(bench)
    bench.connector.resume(bench.target, receipt.ref, LATER_STILL)
    expect(state_of(bench, receipt) is PartState.QUEUED, "it does not wait")
    expect(time_of(bench, receipt) == LATER_STILL, f"it waits until {time_of(bench, receipt)}")


@check("replace-keeps-waiting", "Other bytes let nothing out before its time.", HOLD, PUBLISH, Capability.REPLACE)
def replace_keeps_waiting(bench: Bench) -> None:
    """Replace the bytes of what waits, and of what is held."""
    sent, receipt = scheduled(bench)
    other = bench.outgoing(marker=sent.marker)
    bench.connector.replace(bench.target, receipt.ref, other)
    expect(state_of(bench, receipt) is PartState.QUEUED, "it does not wait any more")
    expect(time_of(bench, receipt) == LATER, f"it waits until {time_of(bench, receipt)}")
    bench.connector.hold(bench.target, receipt.ref)
    bench.connector.replace(bench.target, receipt.ref, bench.outgoing(marker=sent.marker))
    expect(state_of(bench, receipt) is PartState.HELD, "it is not held any more")


@check("update-keeps-waiting", "Other texts let nothing out before its time.", HOLD, PUBLISH, Capability.UPDATE)
def update_keeps_waiting(bench: Bench) -> None:
    """Change the texts of what waits, and of what is held."""
    _, receipt = scheduled(bench)
    bench.connector.update(bench.target, receipt.ref, bench.fields("Another"))
    expect(state_of(bench, receipt) is PartState.QUEUED, "it does not wait any more")
    expect(time_of(bench, receipt) == LATER, f"it waits until {time_of(bench, receipt)}")
    bench.connector.hold(bench.target, receipt.ref)
    bench.connector.update(bench.target, receipt.ref, bench.fields("One more"))
    expect(state_of(bench, receipt) is PartState.HELD, "it is not held any more")


@check("hold-lost-answer", "A lost answer to holding is an unknown outcome.", HOLD, PUBLISH)
def hold_lost_answer(bench: Bench) -> None:
    """Lose it."""
    _, receipt = scheduled(bench)
    bench.sandbox.faults.add(Rule(fault=Fault.LOSE_ANSWER, on="write", times=None))
    raises(OutcomeUnknown, lambda: bench.connector.hold(bench.target, receipt.ref))


@check("hold-missing", "What is gone cannot be held, and that is told.", HOLD, PUBLISH)
def hold_missing(bench: Bench) -> None:
    """Delete it first."""
    _, receipt = scheduled(bench)
    bench.sandbox.vanish(bench.target.ref, receipt.ref)
    raises(Missing, lambda: bench.connector.hold(bench.target, receipt.ref))


def scheduled(bench: Bench) -> tuple[Outgoing, Receipt]:
    """Publish something that waits for its time."""
    return bench.publish(replace(bench.outgoing(), publish_at=LATER))


def state_of(bench: Bench, receipt: Receipt) -> PartState | None:
    """Ask the sandbox for the state of a copy."""
    truth = bench.truth(receipt.ref)
    return truth.state if truth else None


def time_of(bench: Bench, receipt: Receipt) -> int | None:
    """Ask the sandbox until when a copy waits."""
    truth = bench.truth(receipt.ref)
    return truth.publish_at if truth else None


def _looked(bench: Bench, receipt: Receipt) -> PartState | None:
    parts = bench.look(receipt.ref).parts
    return next((part.state for part in parts if part.kind is PartKind.MEDIA), None)
