"""Checks with two accounts at once."""

from __future__ import annotations

from connectors.sdk.manifest import Capability
from connectors.testing.conformance.bench import Bench, bench_for
from connectors.testing.conformance.check import NotApplicable, check, expect


@check(
    "accounts-apart", "Two accounts that are connected at once see only their own copies.",
    Capability.PUBLISH, Capability.FIND,
)  # fmt: skip
def accounts_apart(bench: Bench) -> None:
    """Publish in one account, and ask both."""
    with bench_for(bench.manifest, bug=bench.bug) as other:
        sent, _ = bench.publish()
        if other.standing(sent.marker):
            raise NotApplicable("both connections lead to one account here")
        expect(len(bench.find(sent.marker)) == 1, "the account does not see its own copy")
        expect(not other.find(sent.marker), "an account sees another one's copy")
        other.publish(other.outgoing(marker=sent.marker))
        expect(bench.made() == 1, "something was published in another account")
        expect(other.made() == 1, "what was published in the second account is not there")
