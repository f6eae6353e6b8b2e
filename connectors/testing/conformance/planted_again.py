"""Planted bugs of what is asked again because nobody knows what came of it."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from connectors.sdk.errors import Misconfigured, OutcomeUnknown
from connectors.sdk.types import Outgoing
from connectors.testing.conformance import acts
from connectors.testing.conformance.bench import Bench, Planted
from connectors.testing.conformance.breaking import method, publish, renamed, repoint, subscribe, unsubscribe


def _anew(inner: Any, bench: Bench, target: Any, out: Outgoing) -> Any:
    """Begin anew, with a key of its own, whenever nobody knows what came of the last time."""
    try:
        return inner.publish(target, out)
    except OutcomeUnknown:
        data = out.open().read() + b"~"
        fields = {**out.fields, bench.sandbox.text_fields[0]: "Once more"}
        other = bench.outgoing(marker=out.marker, data=data, fields=fields)
        return inner.publish(target, replace(other, open=lambda: io.BytesIO(data)))


AGAIN: tuple[Planted, ...] = (
    publish("publish-again", "it begins anew, with a key of its own, when an answer is lost", _anew),
    renamed("publish-token-ends", "a token that ends is called a setting", Misconfigured),
    repoint("repoint-lost-answer", "a lost answer is taken for yes", acts.believing("repoint")),
    method("resume-lost-answer", "a lost answer is taken for yes", "resume", acts.believing("resume")),
    subscribe("subscribe-lost-answer", "a lost answer is taken for yes", acts.believing("subscribe")),
    unsubscribe("unsubscribe-lost-answer", "a lost answer is taken for yes", acts.believing("unsubscribe")),
)
