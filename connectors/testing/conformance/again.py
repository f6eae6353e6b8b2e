"""Checks of what is asked again because nobody knows what came of it: it has one effect, as its write class says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from connectors.sdk.errors import AuthExpired, OutcomeUnknown
from connectors.sdk.manifest import Capability, Carries, Write
from connectors.sdk.types import Outgoing, Target
from connectors.testing.conformance.bench import Bench
from connectors.testing.conformance.changes import receiver, subscribed, used
from connectors.testing.conformance.check import NotApplicable, check, expect, raises
from connectors.testing.conformance.timing import LATER_STILL, scheduled, time_of
from connectors.testing.faults import Fault, Rule, refuse
from connectors.testing.sandbox import Standing

PUBLISH, FIND, HOLD = Capability.PUBLISH, Capability.FIND, Capability.HOLD
REPOINT, SUBSCRIBE = Capability.REPOINT, Capability.SUBSCRIBE
ASKED_AGAIN = frozenset({Write.KEYED, Write.FINDABLE})


@check(
    "publish-again", "A publish that is asked again as its write class says, because nobody knows, leaves one copy.",
    PUBLISH,
)  # fmt: skip
def publish_again(bench: Bench) -> None:
    """Lose the answer, and lose the request, at a place of each such class; then do what the hub does."""
    places = {_class(bench, one): one for one in reversed(bench.connector.targets(None).items)}
    if not ASKED_AGAIN & set(places):
        raise NotApplicable("nothing is published again there")
    for target in [place for write, place in places.items() if write in ASKED_AGAIN]:
        for fault in (Fault.LOSE_ANSWER, Fault.LOSE_REQUEST):
            sent, notes = _noted(bench)
            _lost(bench, partial(bench.connector.publish, target, sent), fault)
            _one_effect(bench, target, sent, notes)


@check(
    "publish-token-ends", "A token that ends in the middle of a publish is told as such; asked again, one copy stands.",
    PUBLISH, FIND, carries=Carries.BYTES,
)  # fmt: skip
def publish_token_ends(bench: Bench) -> None:
    """Refuse the token from each call of a publish on."""
    target = bench.target
    for calls in range(_calls_of(bench, target)):
        sent, notes = _noted(bench)
        bench.sandbox.faults.add(refuse(401, times=None).model_copy(update={"skip": calls}))
        raises(AuthExpired, partial(bench.connector.publish, target, sent))
        bench.sandbox.faults.clear()
        expect(len(bench.find(sent.marker)) == len(bench.standing(sent.marker)), "find does not see it as it is")
        _one_effect(bench, target, sent, notes)


@check("repoint-lost-answer", "A lost answer to repointing is unknown; asked again, the uses have moved once.",
       PUBLISH, REPOINT)  # fmt: skip
def repoint_lost_answer(bench: Bench) -> None:
    """Lose it, then repeat."""
    old, new = used(bench)
    repoint = partial(bench.connector.repoint, bench.target, old, new)
    _lost(bench, repoint)
    repoint()
    expect(bench.sandbox.uses(bench.target.ref, old) == 0, "a use still shows the old copy")
    expect(bench.sandbox.uses(bench.target.ref, new) == 1, "the uses were not moved once")


@check("resume-lost-answer", "A lost answer to letting go is unknown; asked again, it waits for its time, once.",
       HOLD, PUBLISH)  # fmt: skip
def resume_lost_answer(bench: Bench) -> None:
    """Lose it, then repeat."""
    _, receipt = scheduled(bench)
    bench.connector.hold(bench.target, receipt.ref)
    resume = partial(bench.connector.resume, bench.target, receipt.ref, LATER_STILL)
    _lost(bench, resume)
    resume()
    expect(time_of(bench, receipt) == LATER_STILL, f"it waits until {time_of(bench, receipt)}")
    expect(bench.made() == 1, f"{bench.made()} things were made")


@check("subscribe-lost-answer", "A lost answer to subscribing is unknown; asked again, there is one subscription.",
       SUBSCRIBE)  # fmt: skip
def subscribe_lost_answer(bench: Bench) -> None:
    """Lose it, repeat, and end it."""
    with receiver(bench) as url:
        _lost(bench, partial(bench.connector.subscribe, bench.target, url))
        ref = subscribed(bench, url)
        expect(bench.sandbox.subscriptions() == 1, f"{bench.sandbox.subscriptions()} subscriptions stand")
        bench.connector.unsubscribe(ref)
        expect(bench.sandbox.subscriptions() == 0, "it cannot be ended")


@check("unsubscribe-lost-answer", "A lost answer to ending a subscription is unknown; it can be asked again.",
       SUBSCRIBE)  # fmt: skip
def unsubscribe_lost_answer(bench: Bench) -> None:
    """Lose it, then repeat."""
    with receiver(bench) as url:
        ref = subscribed(bench, url)
        end = partial(bench.connector.unsubscribe, ref)
        _lost(bench, end)
        end()
        expect(bench.sandbox.subscriptions() == 0, "it still stands")


def _lost(bench: Bench, act: Callable[[], object], fault: Fault = Fault.LOSE_ANSWER) -> None:
    """Do something whose answer, or request, gets lost."""
    bench.sandbox.faults.add(Rule(fault=fault, on="effect", times=None))
    raises(OutcomeUnknown, act)
    bench.sandbox.faults.clear()


def _noted(bench: Bench) -> tuple[Outgoing, list[str]]:
    """Return something to publish, and what the connector notes on its way."""
    notes: list[str] = []
    return replace(bench.outgoing(), keep=notes.append), notes


def _class(bench: Bench, target: Target) -> Write | None:
    publish = bench.manifest.at(target.kind).abilities.get(PUBLISH)
    return publish.write if publish else None


def _one_effect(bench: Bench, target: Target, sent: Outgoing, notes: list[str]) -> None:
    """Do what the hub does where it does not know what came of a publish; the copy must stand there once."""
    findable = _class(bench, target) is Write.FINDABLE
    found = bench.connector.find(target, sent.marker) if findable else ()
    again = replace(sent, kept=notes[-1] if notes else "")
    ref = found[0].ref if found else bench.connector.publish(target, again).ref
    standing: list[Standing] = [one for one in bench.sandbox.copies(target.ref) if one.marker == sent.marker]
    expect(len(standing) == 1, f"{len(standing)} copies stand there")
    expect(standing[0].ref == ref, "another copy is named")


def _calls_of(bench: Bench, target: Target) -> int:
    """Count the calls of a publish."""
    bench.sandbox.reset_requests()
    bench.connector.publish(target, bench.outgoing())
    return len(bench.sandbox.requests)
