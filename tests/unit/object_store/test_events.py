"""What stores post of changes: the token, keys as they are written there, and what is told that is no change."""

import json
from pathlib import Path

import pytest

import connectors.object_store
from connectors.object_store import MANIFEST
from connectors.object_store.sandbox_events import posted
from tests.unit.folder.conftest import MARKER
from webhooks import SignatureError

INBOUND = MANIFEST.inbound
TOKEN = "token-that-the-hub-showed"
SAMPLES = json.loads((Path(connectors.object_store.__file__).parent / "fixtures" / "events.json").read_text())


def read(told):
    return INBOUND.read({}, json.dumps(told).encode())


def check(headers, secret=TOKEN):
    INBOUND.verify(secret=secret, url="https://hub.example/hooks/x", headers=headers, body=b"{}")


@pytest.mark.parametrize("headers", [{"authorization": f"Bearer {TOKEN}"}, {"Authorization": f"bearer  {TOKEN} "}])
def test_the_token_is_taken_as_a_store_sends_it(headers):
    check(headers)


@pytest.mark.parametrize(
    ("headers", "secret"),
    [
        ({}, TOKEN), ({"authorization": TOKEN}, TOKEN), ({"authorization": f"Basic {TOKEN}"}, TOKEN),
        ({"authorization": f"Bearer {TOKEN}x"}, TOKEN), ({"authorization": "Bearer "}, TOKEN),
        ({"authorization": "Bearer ü\ud800"}, TOKEN), ({"authorization": "Bearer "}, ""), ({"x-token": TOKEN}, TOKEN),
    ],
)  # fmt: skip
def test_another_token_or_none_is_refused(headers, secret):
    with pytest.raises(SignatureError):
        check(headers, secret)


@pytest.mark.parametrize(
    ("sample", "kind", "refs"),
    [
        ("amazon_record", "ObjectCreated:Put", ("red flower+1.jpg",)),
        ("amazon_bridged", "Object Created", ("example-key",)),
        ("minio", "ObjectRemoved:DeleteMarkerCreated", ("a folder/ü.jpg",)),
        ("amazon_test", "unknown", ()),
    ],
)
def test_the_makers_own_samples_are_read(sample, kind, refs):
    hint = read(SAMPLES[sample])
    assert (hint.kind, hint.refs, hint.ours, hint.anything) == (kind, refs, False, False)


def of_kind(kind, sample="minio"):
    told = json.loads(json.dumps(SAMPLES[sample]))
    for record in told.get("Records", ()):
        record["eventName"] = kind
    return {**told, "EventName": kind, **({"detail-type": kind} if "detail" in told else {})}


@pytest.mark.parametrize(
    "kind",
    ["s3:ObjectAccessed:Head", "s3:ObjectAccessed:Get", "ObjectTagging:Put", "s3:Replication:OperationNotTracked",
     "ObjectRestore:Post", "somethingBrandNew"],
)  # fmt: skip
def test_of_what_changes_nothing_no_copy_is_looked_at(kind):
    """Told of the hub's own looks, it would look again, and be told of that."""
    assert read(of_kind(kind)).refs == ()
    assert read(of_kind(kind, "amazon_bridged")).refs == ()


@pytest.mark.parametrize(
    "kind", ["s3:ObjectCreated:CompleteMultipartUpload", "s3:ObjectRemoved:Delete", "LifecycleExpiration:Delete"]
)
def test_all_that_changes_objects_names_them(kind):
    assert read(of_kind(kind)).refs == ("a folder/ü.jpg",)


def test_a_changed_manifest_is_news_of_what_it_stands_beside_and_several_records_name_all():
    told = posted("press", f"{MARKER}-logo.png.damhub.json", "s3:ObjectCreated:Put", token=TOKEN)
    [one] = json.loads(told.body)["Records"]
    hint = read({"Records": [one, *SAMPLES["amazon_record"]["Records"]]})
    assert hint.refs == (f"{MARKER}-logo.png", "red flower+1.jpg")


def test_a_bridged_key_that_may_be_encoded_or_not_is_looked_at_as_both():
    told = json.loads(json.dumps(SAMPLES["amazon_bridged"]))
    told["detail"]["object"]["key"] = "red+flower.jpg"
    assert read(told).refs == ("red+flower.jpg", "red flower.jpg")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"Records": []}', b'{"Records": 3}', b"\xff", b"[" * 100_000])
def test_what_nobody_knows_is_a_hint_of_an_unknown_kind(body):
    hint = INBOUND.read({}, body)
    assert (hint.kind, hint.refs) == ("unknown", ())
    assert hint.delivery_key
