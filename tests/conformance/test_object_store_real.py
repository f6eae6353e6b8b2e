"""The conformance suite against a real object store: the same checks that the sandbox passes."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace

import httpx
import pytest

from connectors.object_store import MANIFEST, connector, parts, sandbox_parts, walking
from connectors.sdk.errors import OutcomeUnknown, Rejected
from connectors.sdk.paging import every
from connectors.testing.conformance import CHECKS, Outcome, bench_for, run
from connectors.testing.faults import Fault, Rule
from hub.storage.s3 import connect
from tests.conformance import real_object_store

pytestmark = pytest.mark.service("s3")
REAL = replace(MANIFEST, sandbox="tests.conformance.real_object_store:create")
# What only the made-up store can show: these talk about a contract document, or need hundreds of objects each time.
NOT_HERE = {"contract-fits", "find-among-many", "find-whole-or-fail"}


@pytest.fixture(scope="module")
def clients(s3_server):
    """Two ways to the server past the connector: one that knows the protocol, one that passes requests on."""
    direct = connect(s3_server) if s3_server else None
    with httpx.Client(timeout=60) as there:
        yield direct, there
    if direct:
        direct.close()


@pytest.fixture
def store(s3_settings, clients, monkeypatch):
    monkeypatch.setattr(real_object_store, "server", s3_settings.model_copy(update={"prefix": "conformance/"}))
    monkeypatch.setattr(real_object_store, "direct", clients[0])
    monkeypatch.setattr(real_object_store, "there", clients[1])
    monkeypatch.setattr(connector, "PAGE_SIZE", 20)  # so that a few objects are several pages


@pytest.mark.parametrize("check", [check for name, check in CHECKS.items() if name not in NOT_HERE], ids=lambda c: c.id)
def test_the_connector_keeps_its_contract_on_the_real_server(store, check):
    result = run(REAL, check)
    assert result.outcome is not Outcome.FAILED, f"{check.sentence} {result.why}"


@pytest.fixture
def connected(store):
    with bench_for(REAL) as bench:
        yield bench


def test_a_signed_link_opens_one_object_of_the_real_server_to_anybody(connected, s3_settings):
    sent, receipt = connected.publish()
    auth, path = MANIFEST.auths[0], f"{s3_settings.endpoint_url}/{s3_settings.bucket}/{receipt.ref}"
    link = auth.presign(connected.sandbox.secrets, path, 60)
    assert hashlib.sha256(httpx.get(link).content).hexdigest() == sent.sha256
    assert httpx.get(path).status_code == 403
    assert httpx.get(link.replace(receipt.ref, f"{receipt.ref}.damhub.json")).status_code == 403
    assert httpx.put(link, content=b"x").status_code == 403


def test_the_real_server_replaces_only_what_was_looked_at(connected):
    sent, receipt = connected.publish()
    store = connected.connector
    with pytest.raises(Rejected) as refused:
        store._put(receipt.ref, connected.outgoing(marker=sent.marker), {"If-Match": '"0123456789abcdef"'})
    assert refused.value.status == connector.TAKEN
    assert connected.look(receipt.ref).content_key == sent.content_key


@pytest.fixture
def little(monkeypatch):
    """What the store takes in one call is little: five times this. Its parts have the least size that stores take."""
    monkeypatch.setattr(connector, "GIB", sandbox_parts.LEAST // 5)
    monkeypatch.setattr(parts, "PIECE", sandbox_parts.LEAST)
    return random.Random(7).randbytes(2 * sandbox_parts.LEAST + 1000)


def begun(clients, s3_settings):
    found = clients[0].list_multipart_uploads(Bucket=s3_settings.bucket).get("Uploads", ())
    return [one["Key"] for one in found if one["Key"].startswith("conformance/")]


def test_a_file_in_parts_arrives_whole_takes_nobodys_place_and_leaves_nothing(little, connected, clients, s3_settings):
    sent, receipt = connected.publish(connected.outgoing(data=little))
    stands = clients[0].get_object(Bucket=s3_settings.bucket, Key=receipt.ref)
    assert hashlib.sha256(stands["Body"].read()).hexdigest() == sent.sha256
    copy = connected.look(receipt.ref)
    assert (copy.marker, copy.content_key) == (sent.marker, sent.content_key)
    assert copy.sha256 == sent.sha256
    store = connected.connector
    with pytest.raises(Rejected) as refused:
        store._put(receipt.ref, connected.outgoing(data=little[::-1]), {"If-None-Match": "*"})
    assert refused.value.status == connector.TAKEN
    assert store.publish(connected.target, sent).ref == receipt.ref
    other = connected.outgoing(marker=sent.marker, data=little[::-1])
    store.replace(connected.target, receipt.ref, other)
    assert connected.look(receipt.ref).content_key == other.content_key
    assert begun(clients, s3_settings) == []


def test_a_killed_upload_goes_on_or_is_thrown_away_on_the_real_server(little, connected, clients, s3_settings):
    notes = []
    out = replace(connected.outgoing(data=little), keep=notes.append)
    connected.sandbox.faults.add(Rule(fault=Fault.LOSE_REQUEST, on="write", skip=3, times=2))
    with pytest.raises(OutcomeUnknown):
        connected.connector.publish(connected.target, out)
    assert len(begun(clients, s3_settings)) == 1
    ref = connected.connector.publish(connected.target, replace(out, kept=notes[-1])).ref
    stands = clients[0].get_object(Bucket=s3_settings.bucket, Key=ref)
    assert hashlib.sha256(stands["Body"].read()).hexdigest() == out.sha256
    assert begun(clients, s3_settings) == []


@pytest.fixture
def versioned(store, clients, s3_settings, monkeypatch):
    """A bucket that keeps what is deleted."""
    bucket, direct = "damhub-versioned", clients[0]
    if bucket not in [one["Name"] for one in direct.list_buckets()["Buckets"]]:
        direct.create_bucket(Bucket=bucket)
        direct.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    there = s3_settings.model_copy(update={"prefix": "conformance/", "bucket": bucket})
    monkeypatch.setattr(real_object_store, "server", there)
    with bench_for(REAL) as bench:
        yield bench


def test_of_a_withdrawn_copy_the_real_server_keeps_no_version(versioned, clients):
    sent, receipt = versioned.publish()
    versioned.connector.replace(versioned.target, receipt.ref, versioned.outgoing(marker=sent.marker))

    def kept():
        told = clients[0].list_object_versions(Bucket="damhub-versioned", Prefix=receipt.ref)
        return len(told.get("Versions", ())), len(told.get("DeleteMarkers", ()))

    assert kept() == (4, 0)
    versioned.connector.withdraw(versioned.target, receipt.ref)
    assert kept() == (0, 0)
    assert versioned.find(sent.marker) == ()


def test_folders_are_listed_at_any_depth_and_what_was_moved_is_found_there(connected, clients, s3_settings):
    sent, receipt = connected.publish()
    deep = "conformance/one/two/thr ee/"
    source = {"Bucket": s3_settings.bucket, "Key": receipt.ref}
    moved = deep + receipt.ref.rpartition("/")[2]
    clients[0].copy_object(Bucket=s3_settings.bucket, Key=moved, CopySource=source)
    clients[0].delete_object(**source)
    refs = [one.ref for one in every(connected.connector.targets)]
    assert len(refs) == len(set(refs))
    assert set(refs) - set(connected.sandbox.targets()) == {"conformance/one/", "conformance/one/two/", deep}
    assert [copy.ref for copy in connected.find(sent.marker)] == [moved]


def test_a_bucket_that_is_too_large_is_looked_into_as_far_as_said(connected, clients, s3_settings, monkeypatch):
    """The first 20 names deep, then only the folders right below the top, from behind a name on."""
    for key in ("folder 03/inner/x", "folder 22/inner/x"):
        clients[0].put_object(Bucket=s3_settings.bucket, Key=f"conformance/{key}", Body=b"x")
    monkeypatch.setattr(walking, "MOST_DEEP", 1)
    refs = [one.ref for one in every(connected.connector.targets)]
    assert len(refs) == len(set(refs))
    # This server keeps folders that are empty.
    assert set(refs) >= {*connected.sandbox.targets(), "conformance/folder 03/inner/"}
    assert "conformance/folder 22/inner/" not in refs
