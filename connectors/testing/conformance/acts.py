"""What the planted bugs do instead of the right thing."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from connectors.sdk.errors import (
    ConnectorError,
    Missing,
    OutcomeUnknown,
    RateLimited,
    RetryLater,
)
from connectors.sdk.http import Limits
from connectors.sdk.manifest import Capability, Manifest
from connectors.sdk.types import Copy, Hint, Page, Receipt, Target
from connectors.testing.conformance.bench import Bench
from connectors.testing.conformance.breaking import Misnaming
from webhooks import SignatureError

PATIENT_S = 3.0
RECEIPT = Receipt("made-up")


def empty(ref: str, marker: str | None = None) -> Copy:
    """Break it: empty."""
    return Copy(ref, marker, None, {}, ())


def undeclare(right: Manifest) -> Manifest:
    """Break it: undeclare."""
    abilities = {name: ability for name, ability in right.abilities.items() if name is not Capability.WITHDRAW}
    return replace(right, abilities=abilities)


def open_secrets(right: Manifest) -> Manifest:
    """Break it: open secrets."""
    auths = tuple(
        replace(auth, fields=tuple(replace(one, secret=False) for one in auth.fields)) for auth in right.auths
    )
    return replace(right, auths=auths)


def loud(inner: Any, bench: Bench) -> Any:
    """Break it: loud."""
    del bench
    inner.identify()
    return inner


def remembering_find(inner: Any, bench: Bench, target: Any, marker: str) -> Any:
    """Break it: remembering find."""
    vars(bench.connector)["last"] = marker
    return inner.find(target, marker)


def shuffled(inner: Any, bench: Bench, cursor: str | None) -> Page[Any]:
    """Break it: shuffled."""
    page = inner.targets(cursor)
    mark = bench.marker()
    return Page(tuple(replace(one, label=f"{one.label} {mark}") for one in reversed(page.items)), page.cursor)


def twice(inner: Any, bench: Bench, target: Any, outgoing: Any) -> Any:
    """Break it: twice."""
    del bench
    inner.publish(target, outgoing)
    return inner.publish(target, outgoing)


def flipped(inner: Any, bench: Bench, target: Any, outgoing: Any) -> Any:
    """Break it: flipped."""
    del bench
    data = outgoing.open().read()
    return inner.publish(target, replace(outgoing, open=lambda: io.BytesIO(data[:-1] + b"~")))


def whole(inner: Any, bench: Bench, target: Any, outgoing: Any) -> Any:
    """Break it: whole."""
    del bench
    return inner.publish(target, replace(outgoing, open=lambda: io.BytesIO(outgoing.open().read())))


def no_empty(inner: Any, bench: Bench, target: Any, outgoing: Any) -> Any:
    """Break it: no empty."""
    del bench
    if outgoing.size == 0:
        raise OutcomeUnknown("Nobody knows.")
    return inner.publish(target, outgoing)


def squeezed(inner: Any, bench: Bench, target: Any, outgoing: Any) -> Any:
    """Break it: ascii."""
    del bench
    plain = {name: str(value).encode("ascii", "replace").decode() for name, value in outgoing.fields.items()}
    return inner.publish(target, replace(outgoing, fields=plain))


def chatty(inner: Any, bench: Bench, target: Any, outgoing: Any) -> Any:
    """Break it: chatty."""
    del bench
    for _ in range(3):
        inner.identify()
    return inner.publish(target, outgoing)


def stray(inner: Any, bench: Bench) -> Any:
    """Break it: stray."""
    auth = next(one for one in bench.manifest.auths if one.name == bench.sandbox.auth)
    url = f"{bench.sandbox.origin}/unheard-of/{bench.secrets()[0]}"
    bench.client.get(url, headers=dict(auth.headers(bench.sandbox.secrets)))
    return inner.identify()


def kept(name: str) -> Callable[..., Any]:
    """Answer as the first time."""

    def act(inner: Any, bench: Bench, *arguments: Any) -> Any:
        if arguments not in bench.notes:
            bench.notes[arguments] = getattr(inner, name)(*arguments)
        return bench.notes[arguments]

    return act


def blind_look(inner: Any, bench: Bench, target: Any, ref: str) -> Any:
    """Break it: blind look."""
    del bench
    try:
        return inner.look(target, ref)
    except Missing:
        return empty(ref)


def prefixed(inner: Any, bench: Bench, target: Any, marker: str) -> Any:
    """Break it: prefixed."""
    found = inner.find(target, marker)
    near = [one for one in bench.sandbox.copies(target.ref) if (one.marker or "").startswith(marker[:-1])]
    return (*found, *(empty(one.ref, marker) for one in near if one.marker != marker))


def first_hundred(inner: Any, bench: Bench, target: Any, marker: str) -> Any:
    """Break it: first hundred."""
    refs = {one.ref for one in bench.sandbox.copies(target.ref)[:100]}
    return tuple(copy for copy in inner.find(target, marker) if copy.ref in refs)


def swallowing(inner: Any, bench: Bench, target: Any, marker: str) -> Any:
    """Break it: swallowing."""
    del bench
    with suppress(RetryLater):
        return inner.find(target, marker)
    return ()


def partial(inner: Any, bench: Bench, target: Any, marker: str) -> Any:
    """Break it: partial."""
    with suppress(RetryLater):
        return inner.find(target, marker)
    return tuple(empty(one.ref, marker) for one in bench.standing(marker)[:1])


def everything(inner: Any, bench: Bench, target: Any, ref: str) -> None:
    """Break it: everything."""
    del ref
    for one in bench.sandbox.copies(target.ref):
        inner.withdraw(target, one.ref)


def strict_withdraw(inner: Any, bench: Bench, target: Any, ref: str) -> None:
    """Break it: strict withdraw."""
    if bench.truth(ref) is None:
        raise Missing("It is gone.")
    inner.withdraw(target, ref)


def wiping_update(inner: Any, bench: Bench, target: Any, ref: str, fields: Any) -> Any:
    """Break it: wiping update."""
    return inner.update(target, ref, {**dict.fromkeys(bench.sandbox.text_fields, ""), **fields})


def growing_update(inner: Any, bench: Bench, target: Any, ref: str, fields: Any) -> Any:
    """Break it: growing update."""
    inner.publish(target, bench.outgoing())
    return inner.update(target, ref, fields)


def forgiving_update(inner: Any, bench: Bench, target: Any, ref: str, fields: Any) -> Any:
    """Break it: forgiving update."""
    del bench
    with suppress(Missing):
        return inner.update(target, ref, fields)
    return Receipt(ref)


def new_copy(inner: Any, bench: Bench, target: Any, ref: str, outgoing: Any) -> Any:
    """Break it: new copy."""
    del bench
    inner.withdraw(target, ref)
    return inner.publish(target, outgoing)


def wiping_replace(inner: Any, bench: Bench, target: Any, ref: str, outgoing: Any) -> Any:
    """Break it: wiping replace."""
    inner.update(target, ref, dict.fromkeys(bench.sandbox.text_fields, ""))
    return inner.replace(target, ref, outgoing)


def repoint_all(inner: Any, bench: Bench, target: Any, old: str, new: str) -> Any:
    """Break it: repoint all."""
    del old
    for one in bench.sandbox.copies(target.ref):
        if one.ref != new:
            inner.repoint(target, one.ref, new)
    return Receipt(new)


def once_only(name: str) -> Callable[..., Any]:
    """Break it: once only."""

    def act(inner: Any, bench: Bench, *arguments: Any) -> Any:
        if arguments in bench.notes:
            raise Missing("It is done already.")
        bench.notes[arguments] = True
        return getattr(inner, name)(*arguments)

    return act


def repeating(inner: Any, bench: Bench, target: Any, outgoing: Any) -> Any:
    """Break it: repeating."""
    del bench
    with suppress(OutcomeUnknown):
        return inner.publish(target, outgoing)
    return inner.publish(target, outgoing)


def believing(name: str) -> Callable[..., Any]:
    """Break it: believing."""

    def act(inner: Any, bench: Bench, *arguments: Any) -> Any:
        del bench
        with suppress(ConnectorError):
            return getattr(inner, name)(*arguments)
        return RECEIPT

    return act


def timeless(after_s: float | None) -> Callable[[ConnectorError], Any]:
    """Break it: timeless."""

    def act(error: ConnectorError) -> Any:
        raise RateLimited(error.message, after_s=after_s) if isinstance(error, RateLimited) else error

    return act


def easily_shocked(kind: type[Exception]) -> Callable[..., Any]:
    """Break it: easily shocked."""

    def act(inner: Any, bench: Bench, target: Any, ref: str) -> Any:
        copy = inner.look(target, ref)
        if bench.sandbox.faults.fired:
            raise kind("an unknown key or value")
        return copy

    return act


def telling(inner: Any, bench: Bench) -> Any:
    """Break it: telling."""

    def act(error: ConnectorError) -> Any:
        error.detail += f" with {bench.secrets()[0]}"
        raise error

    return Misnaming(inner, act)


def misnamed_signature(inner: Any, **what: Any) -> None:
    """Break it: misnamed signature."""
    try:
        inner.verify(**what)
    except SignatureError as error:
        raise ValueError("bad padding") from error


def shocked_reader(hint: Hint) -> Hint:
    """Break it: shocked reader."""
    if not hint.refs:
        raise KeyError(hint.kind)
    return hint


def patient(limits: Limits) -> Limits:
    """Break it: patient."""
    return replace(limits, total_s=PATIENT_S)


def unverified(inner: Any, **what: Any) -> None:
    """Verify nothing."""
    del inner, what


_numbers = itertools.count()


def numbered(hint: Hint) -> Hint:
    """Give each reading its own key."""
    return replace(hint, delivery_key=str(next(_numbers)))


_told: dict[tuple[str, str], Any] = {}


def shared(inner: Any, bench: Bench, target: Target, marker: str) -> Any:
    """Tell every account what the first one found."""
    return _told.setdefault((bench.manifest.name, marker), inner.find(target, marker))
