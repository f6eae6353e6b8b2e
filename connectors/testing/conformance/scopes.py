"""Checks of scopes: what the manifest asks for suffices, and a call that lacks one says so."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from connectors.sdk.errors import ConnectorError, Misconfigured
from connectors.sdk.manifest import Capability
from connectors.testing.conformance.bench import Bench
from connectors.testing.conformance.check import CheckFailed, NotApplicable, check, expect


@check(
    "scopes-missing", "A call whose scope was not granted is a setting, never a dead sign-in; allowed later, it works.",
    Capability.PUBLISH,
)  # fmt: skip
def scopes_missing(bench: Bench) -> None:
    """Withhold each scope that the sign-in asks for in turn, then all, then none."""
    scopes = bench.sandbox.scopes
    if not scopes.needs:
        raise NotApplicable("this remote holds nobody to scopes")
    target, settings = (
        bench.target,
        bench.manifest.settings.model_validate(bench.sandbox.settings(bench.sandbox.origin)),
    )
    asked, sent = scopes.asked(bench.manifest, settings), bench.outgoing()
    acts = (
        bench.connector.identify,
        partial(bench.connector.targets, None),
        partial(bench.connector.publish, target, sent),
    )
    refused = 0
    for name in sorted(asked):
        scopes.granted = asked - {name}
        for act in acts:
            refused += _is_refused(name, act)
    expect(refused > 0, "nothing that this connector does needs any scope")
    scopes.granted = frozenset()
    answered = [act for act in acts[:2] if not _is_refused("any scope", act)]
    expect(not answered, "it answers although nothing was granted")
    scopes.granted = asked
    bench.connector.publish(target, sent)
    standing = len(bench.standing(sent.marker))
    expect(standing >= 1, "it does not stand there although all was granted")


def _is_refused(name: str, act: Callable[[], object]) -> bool:
    """Tell whether an act lacks a scope; it may say so in no other way."""
    try:
        act()
    except Misconfigured:
        return True
    except ConnectorError as error:
        told = f"without {name}: raised {type(error).__name__} instead of Misconfigured: {error.detail}"
        raise CheckFailed(told) from error
    return False
