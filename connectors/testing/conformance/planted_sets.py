"""Planted bugs of copies that show several pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors.sdk.errors import OutcomeUnknown
from connectors.sdk.marker import content_key
from connectors.sdk.types import COMPANIONS, Copy, Outgoing, Receipt
from connectors.testing.conformance.bench import Bench, Planted
from connectors.testing.conformance.breaking import look, publish, update, withdraw
from connectors.testing.conformance.breaking import replace as replacing


def _turned(inner: Any, _bench: Bench, target: Any, out: Outgoing) -> Any:
    """Send the further pictures the other way round."""
    return inner.publish(target, replace(out, companions=out.companions[::-1]))


def _wordless(inner: Any, _bench: Bench, target: Any, out: Outgoing) -> Any:
    """Say the leading picture's words of every picture."""
    same = (out.companions or out.pictures)[0].fields
    return inner.publish(target, replace(out, companions=tuple(replace(one, fields=same) for one in out.companions)))


def _first_only(inner: Any, _bench: Bench, target: Any, ref: str) -> Copy:
    """Tell the leading picture's key."""
    copy = inner.look(target, ref)
    truth = next((one for one in _bench.sandbox.copies(target.ref) if one.ref == ref), None)
    return replace(copy, content_key=content_key([truth.pictures[0].sha256])) if truth and truth.pictures else copy


def _by_name(inner: Any, bench: Bench, target: Any, ref: str) -> Copy:
    """Tell the key that was told at first, whatever stands there now."""
    truth = next(one for one in bench.sandbox.copies(target.ref) if one.ref == ref)
    return replace(inner.look(target, ref), content_key=truth.content_key)


def _one_by_one(inner: Any, _bench: Bench, target: Any, out: Outgoing) -> Any:
    """Make a copy of each picture once an answer is lost."""
    try:
        return inner.publish(target, out)
    except OutcomeUnknown:
        return inner.publish(target, replace(out, companions=()))


def _cut(inner: Any, bench: Bench, target: Any, out: Outgoing) -> Any:
    """Leave out what is too much, or of another kind."""
    fitting = [one for one in out.companions if one.media_type.startswith("image/")]
    return inner.publish(target, replace(out, companions=tuple(fitting[: bench.most_pictures - 1])))


def _deaf(inner: Any, _bench: Bench, target: Any, ref: str, fields: Any) -> Any:
    """Leave the further pictures' words as they are."""
    rest = {name: value for name, value in fields.items() if name != COMPANIONS}
    return inner.update(target, ref, rest) if rest else Receipt(ref)


def _leading_only(inner: Any, _bench: Bench, target: Any, ref: str, out: Outgoing) -> Any:
    """Replace the leading picture, and take the others away."""
    return inner.replace(target, ref, replace(out, companions=()))


SETS: tuple[Planted, ...] = (
    publish("set-in-order", "the further pictures are turned round", _turned),
    publish("set-words", "all further pictures say the same", _wordless),
    look("set-tells-content", "the key names the first picture alone", _first_only),
    look("set-thinned", "the key is what it was at first", _by_name),
    publish("set-lost-answer", "after a lost answer the first picture is published alone", _one_by_one),
    publish("set-of-one-kind", "what is no picture is left out without a word", _cut),
    publish("set-too-many", "what is too much is left out without a word", _cut),
    update("set-words-follow", "the further pictures' words are left as they are", _deaf),
    replacing("set-replaced", "only the leading picture is replaced", _leading_only),
    withdraw("set-withdrawn", "nothing is withdrawn", lambda _inner, _bench, _target, _ref: None),
)
