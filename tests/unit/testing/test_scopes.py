"""The made-up vendors hold each call to its scope; what a sign-in asks for suffices, and none of it is idle."""

from __future__ import annotations

import pytest

from connectors.sdk.errors import Misconfigured
from connectors.sdk.registry import discover
from connectors.testing.conformance import CHECKS, bench_for
from connectors.testing.sandbox import make_sandbox

MANIFESTS = discover()
HELD = ("asana", "dropbox", "google_drive", "linkedin")
ORIGIN = "http://127.0.0.1:9"
READERS = [("dropbox", "account_read"), ("google_drive", "google_account_read")]


def auth_named(name, way):
    return next(auth for auth in MANIFESTS[name].auths if auth.name == way)


@pytest.mark.parametrize("name", HELD)
def test_each_scope_that_is_asked_for_opens_something_that_nothing_else_does(name):
    manifest, sandbox = MANIFESTS[name], make_sandbox(MANIFESTS[name])
    asked = sandbox.scopes.asked(manifest, manifest.settings.model_validate(sandbox.settings(ORIGIN)))
    assert asked == set(auth_named(name, sandbox.scopes.way).server(manifest.settings()).scopes) or name == "linkedin"
    alone = {scope for need in sandbox.scopes.needs for scope in asked if asked & set(need.scopes) == {scope}}
    assert alone == asked


@pytest.mark.parametrize(("name", "way"), READERS)
@pytest.mark.parametrize("check", ["inventory-complete", "fetch-bytes", "changes-none-missed"])
def test_whoever_only_reads_may_read_all_and_write_nothing(name, way, check):
    manifest = MANIFESTS[name]
    with bench_for(manifest) as bench:
        bench.sandbox.scopes.granted = frozenset(auth_named(name, way).server(manifest.settings()).scopes)
        CHECKS[check].act(bench)
        standing = bench.made()
        with pytest.raises(Misconfigured):
            bench.publish()
        assert bench.made() == standing


def test_without_a_grant_nobody_is_held_to_anything():
    with bench_for(MANIFESTS["dropbox"]) as bench:
        bench.sandbox.scopes.granted = None
        bench.publish()


def test_a_vendor_without_scopes_knows_none():
    assert make_sandbox(MANIFESTS["wordpress"]).scopes.needs == ()
