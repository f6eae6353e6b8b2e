"""Checks of what a connector declares, and of who it says it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sdk.errors import AuthExpired
from connectors.sdk.manifest import Auth, Capability
from connectors.sdk.paging import every
from connectors.sdk.registry import faults_of
from connectors.sdk.types import BOARD, Target
from connectors.testing.conformance.bench import Bench
from connectors.testing.conformance.check import check, expect, raises

TARGETS = Capability.TARGETS
MOST_PAGES = 500


@check("manifest-agrees", "Every declared ability has its methods, every method its ability, every missing one a gap.")
def manifest_agrees(bench: Bench) -> None:
    """Compare manifest and class."""
    expect(not faults_of(bench.manifest), "; ".join(faults_of(bench.manifest)))


@check("manifest-speaks", "Title, summary, labels and gaps are words for a person.")
def manifest_speaks(bench: Bench) -> None:
    """Read what a person would read."""
    manifest = bench.manifest
    sentences = (manifest.summary, *manifest.gaps.values())
    expect(manifest.title, "there is no title")
    expect(all(text.endswith(".") and " " in text for text in sentences), "the summary or a gap is no sentence")
    expect(all(one.label for auth in manifest.auths for one in auth.fields), "a field has no label")


@check("secrets-declared", "What proves who we are is declared as secret.")
def secrets_declared(bench: Bench) -> None:
    """Find the secret in the headers again."""
    auth = next(one for one in bench.manifest.auths if one.name == bench.sandbox.auth)
    open_only = {one.name: "" if one.secret else bench.sandbox.secrets.get(one.name, "") for one in auth.fields}
    expect(bench.secrets() or auth.oauth, "no field is declared as secret")
    expect(all(one.secret for one in auth.fields if one.signs), "what webhooks are proven with is no secret")
    expect(_proof(auth, open_only) != _proof(auth, bench.sandbox.secrets), "the headers hold no secret")


@check("connect-is-silent", "Connecting makes no call.")
def connect_is_silent(bench: Bench) -> None:
    """Count requests."""
    bench.connect()
    expect(not bench.sandbox.requests, f"made {len(bench.sandbox.requests)} calls")


@check("no-state", "A connector holds no state between calls.", TARGETS, Capability.PUBLISH, Capability.FIND)
def no_state(bench: Bench) -> None:
    """Compare its attributes before and after."""
    connector = bench.connector
    held: dict[str, Any] = connector.__dict__
    before = {name: id(value) for name, value in held.items()}
    connector.identify()
    sent, _ = bench.publish()
    bench.find(sent.marker)
    expect({name: id(value) for name, value in held.items()} == before, "its attributes changed")


@check("identify-names-account", "The account has a lasting key, a label, and neither is a secret.")
def identify_names_account(bench: Bench) -> None:
    """Ask twice, through two connections."""
    one, other = bench.connector.identify(), bench.connect().identify()
    expect(one.key and one.label, "the key or the label is empty")
    expect(one.key == other.key, "the key changes")
    expect(not any(secret in f"{one}" for secret in bench.secrets()), "the account tells a secret")


@check("wrong-credentials", "Wrong credentials are AuthExpired, on reads and on writes.", TARGETS, Capability.PUBLISH)
def wrong_credentials(bench: Bench) -> None:
    """Connect wrongly."""
    stranger = bench.connect(bench.sandbox.wrong_secrets)
    raises(AuthExpired, stranger.identify)
    raises(AuthExpired, lambda: stranger.publish(bench.target, bench.outgoing()))
    expect(bench.made() == 0, "something was published all the same")


@check("targets-complete", "The listing of targets is complete over all pages, without doubles.", TARGETS)
def targets_complete(bench: Bench) -> None:
    """Compare with the sandbox's own set."""
    refs = [target.ref for target in _listed(bench)]
    expect(len(refs) == len(set(refs)), "a target is listed twice")
    missing = set(bench.sandbox.targets()) - set(refs)
    expect(not missing, f"{len(missing)} of {len(bench.sandbox.targets())} targets are not listed")
    expect(set(refs) == set(bench.sandbox.targets()), "a target is listed that does not exist")


@check("targets-end", "The listing of targets ends.", TARGETS)
def targets_end(bench: Bench) -> None:
    """Follow the cursors."""
    cursor, seen = None, set[str | None]()
    for _ in range(MOST_PAGES):
        cursor = bench.connector.targets(cursor).cursor
        if cursor is None:
            return
        expect(cursor not in seen, "a cursor comes twice")
        seen.add(cursor)
    expect(cursor is None, "the listing does not end")


@check("targets-stable", "Two listings of targets have the same order.", TARGETS)
def targets_stable(bench: Bench) -> None:
    """List twice."""
    expect(_listed(bench) == _listed(bench), "the order changes")


@check("targets-described", "Each target has a kind, the remote's own id, and a label for people.", TARGETS)
def targets_described(bench: Bench) -> None:
    """Look at each."""
    for target in _listed(bench):
        expect(target.kind and target.ref and target.label, f"something is empty: {target}")
    expect(any(target.label != target.ref for target in _listed(bench)), "the labels are ids")


@check("targets-kinds", "No target has a kind that the hub keeps for itself.", TARGETS)
def targets_kinds(bench: Bench) -> None:
    """Look at each: a place of such a kind would be shown to nobody."""
    kept = [target for target in _listed(bench) if target.kind == BOARD]
    expect(not kept, f"{len(kept)} targets have the kind {BOARD}, which the hub keeps for boards: call it otherwise")


def _proof(auth: Auth, secrets: Mapping[str, str]) -> Mapping[str, str]:
    """Return what would prove who we are: headers, and the signature of a request."""
    proof = dict(auth.headers(secrets))
    if auth.sign is not None:
        proof.update(auth.sign(secrets, "GET", "https://remote.example/", {}))
    return proof


def _listed(bench: Bench) -> list[Target]:
    connector = bench.connector
    return list(every(connector.targets, most_pages=MOST_PAGES))
