"""What the suite cannot know of object stores: manifests, conditions, signed links, temporary keys, codes."""

import hashlib
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.object_store import MANIFEST, sandbox_signature, walking
from connectors.object_store import sandbox as made_up
from connectors.object_store.sandbox import BUCKET
from connectors.object_store.signing import presign
from connectors.sdk.errors import AuthExpired, Misconfigured, Missing, OutcomeUnknown, Rejected, RetryLater
from connectors.sdk.manifest import Meaning
from connectors.sdk.paging import every
from connectors.testing.faults import Fault, Rule, refuse
from connectors.testing.ledger import What
from tests.unit.folder.conftest import MARKER, outgoing

KEY = f"{MARKER}-logo.png"


def keys(sandbox):
    return sorted(sandbox._objects())


def manifest_of(sandbox, key=KEY):
    return json.loads(sandbox._bytes[sandbox._objects()[f"{key}.damhub.json"]["sha256"]])


# Manifests


def test_a_manifest_stands_beside_each_object(store, top, sandbox):
    text = "Ein langer Text, länger als zwei Kilobyte. " * 200
    sent = outgoing(copyright="© Ada", asset="DH-7", description=text)
    store.publish(top, sent)
    assert keys(sandbox) == [KEY, f"{KEY}.damhub.json"]
    said = manifest_of(sandbox)
    assert (said["marker"], said["sha256"], said["size"], said["media_type"]) == (MARKER, sent.sha256, 7, "image/png")
    assert said["fields"] == dict(sent.fields) == store.look(top, KEY).fields
    assert sandbox.ledger.living()[KEY]["beside"]["type"] == "application/json"


def test_manifests_are_neither_copies_nor_taken_into_the_catalogue(store, top):
    store.publish(top, outgoing())
    assert [copy.ref for copy in store.find(top, MARKER)] == [KEY]
    assert [item.name for item in every(store.inventory) if item.name.endswith("json")] == []


def test_a_kill_between_object_and_manifest_is_seen_and_made_whole(store, top, sandbox):
    sandbox.faults.add(Rule(fault=Fault.LOSE_REQUEST, on="write", skip=1))
    with pytest.raises(OutcomeUnknown):
        store.publish(top, outgoing())
    assert store.find(top, MARKER)[0].fields == {}
    store.publish(top, outgoing())
    assert store.find(top, MARKER)[0].fields == {"title": "Logo"}
    assert len(keys(sandbox)) == 2


def test_what_is_said_of_other_bytes_is_not_said_of_these(store, top, sandbox):
    store.publish(top, outgoing(b"old"))
    sandbox.faults.add(Rule(fault=Fault.LOSE_REQUEST, on="write", skip=1))
    with pytest.raises(OutcomeUnknown):
        store.replace(top, KEY, outgoing(b"new"))
    copy = store.look(top, KEY)
    assert (copy.content_key, copy.fields) == (hashlib.sha256(b"new").hexdigest()[:12], {})
    store.update(top, KEY, {"title": "Logo"})
    assert store.look(top, KEY).fields == {"title": "Logo"}
    assert manifest_of(sandbox)["sha256"] == hashlib.sha256(b"new").hexdigest()


def test_withdrawing_takes_the_manifest_first_and_a_repeat_finishes(store, top, sandbox):
    store.publish(top, outgoing())
    sandbox.faults.add(Rule(fault=Fault.LOSE_REQUEST, on="write", skip=1))
    with pytest.raises(OutcomeUnknown):
        store.withdraw(top, KEY)
    assert keys(sandbox) == [KEY]  # as long as it is found, the hub knows that something is left
    store.withdraw(top, KEY)
    assert keys(sandbox) == []


# Conditions


def test_a_repeat_of_a_publish_is_refused_by_the_store_and_is_the_same(store, top, sandbox):
    first, second = store.publish(top, outgoing()), store.publish(top, outgoing())
    assert first.ref == second.ref
    puts = [seen for seen in sandbox.requests if seen.method == "PUT" and seen.path.endswith(".png")]
    assert [seen.headers["if-none-match"] for seen in puts] == ["*", "*"]


def test_other_bytes_under_the_same_name_are_no_first_try_and_get_a_name_of_their_own(store, top, sandbox):
    first, second = store.publish(top, outgoing(b"old")), store.publish(top, outgoing(b"new"))
    assert (first.ref, second.ref) == (KEY, f"{MARKER}-{outgoing(b'new').content_key}-logo.png")
    assert store.publish(top, outgoing(b"new")).ref == second.ref
    stand = {ref: sandbox._living()[ref]["sha256"] for ref in (first.ref, second.ref)}
    assert list(stand.values()) == [hashlib.sha256(data).hexdigest() for data in (b"old", b"new")]
    assert {ref: manifest_of(sandbox, ref)["sha256"] for ref in stand} == stand
    assert {copy.ref for copy in store.find(top, MARKER)} == set(stand)


@pytest.mark.parametrize("told", [True, False])
def test_bytes_that_changed_under_our_mark_are_no_first_try(store, top, sandbox, told):
    """Somebody wrote others and kept the metadata; whether the store tells a checksum or only the size."""
    store.publish(top, outgoing())
    other = {"sha256": hashlib.sha256(b"others").hexdigest(), "checksum": told, "size": 7 if told else 6}
    facts = {name: fact for name, fact in sandbox._living()[KEY].items() if name not in ("beside", "target")}
    sandbox.ledger.add(What.CHANGED, KEY, BUCKET, **{**facts, **other})
    assert store.publish(top, outgoing()).ref != KEY


def test_the_same_bytes_that_somebody_else_put_there_are_not_ours(store, top, sandbox):
    sandbox._lay(KEY, b"picture")
    assert store.publish(top, outgoing()).ref != KEY
    assert f"{KEY}.damhub.json" not in keys(sandbox)


def test_where_both_names_of_a_copy_are_taken_nothing_is_called_published(store, top, sandbox):
    second = [store.publish(top, outgoing(data)).ref for data in (b"old", b"new")][1]
    store.replace(top, second, outgoing(b"newer"))
    with pytest.raises(Rejected, match="Take them away") as refused:
        store.publish(top, outgoing(b"new"))
    assert refused.value.code == "names_taken"
    assert sandbox._living()[second]["sha256"] == hashlib.sha256(b"newer").hexdigest()


def test_an_object_that_goes_between_refusal_and_look_is_put_later(store, top, sandbox, monkeypatch):
    store.publish(top, outgoing())
    right = type(store)._head

    def head(self, key):
        sandbox.vanish(BUCKET, key)
        return right(self, key)

    monkeypatch.setattr(type(store), "_head", head)
    with pytest.raises(RetryLater, match="just now"):
        store.publish(top, outgoing())


# Folders


def calls(sandbox):
    return [seen.path for seen in sandbox.requests]


def test_folders_are_targets_at_any_depth_each_once(store, sandbox, connect):
    for key in ("one/two/three/x.png", "one/two/three/y.png", "one/b.png", "a b/ü/z.png", "/odd.png", "no\nline/x.png"):
        sandbox._lay(key, b"x")
    sandbox.requests.clear()
    listed = list(every(store.targets))
    refs = [one.ref for one in listed]
    assert len(refs) == len(set(refs))
    assert set(refs) == {"/", *made_up.FOLDERS, "one/", "one/two/", "one/two/three/", "a b/", "a b/ü/"}
    assert len(calls(sandbox)) == 3  # of 126 names, 50 in each answer
    deep = next(one for one in listed if one.ref == "one/two/three/")
    assert [copy.ref for copy in store.find(deep, MARKER)] == []
    assert store.publish(deep, outgoing()).ref == f"one/two/three/{KEY}"
    below = list(every(connect(prefix="one/").targets))
    assert [(one.ref, one.label) for one in below] == [
        ("one/", "Top of the bucket"), ("one/two/", "two/"), ("one/two/three/", "two/three/"),
    ]  # fmt: skip


def test_a_search_for_what_was_moved_costs_a_listing_and_no_call_for_each_folder(store, top, sandbox):
    ref = store.publish(top, outgoing()).ref
    assert sandbox.relocate("/", ref)
    sandbox.requests.clear()
    [copy] = store.find(top, MARKER)
    assert copy.ref == f"folder 118/inner/innermost/{ref}"
    assert len(calls(sandbox)) == 1 + 3 + 2  # its place, everything, what was found and its manifest
    store.withdraw(top, copy.ref)
    sandbox.requests.clear()
    assert store.find(top, MARKER) == ()
    assert len(calls(sandbox)) == 1 + 3


def test_a_bucket_that_is_too_large_is_looked_into_as_far_as_said(store, top, sandbox, monkeypatch):
    """Deep for so many calls; then only the folders right below the top, all of them, each once."""
    for number in range(60):
        sandbox._lay(f"folder 005/{number:02}/x.png", b"x")
    sandbox._lay("folder 006/inner/x.png", b"x")
    monkeypatch.setattr(walking, "MOST_DEEP", 1)
    refs = [one.ref for one in every(store.targets)]
    assert len(refs) == len(set(refs))
    inside = {f"folder 005/{number:02}/" for number in range(45)}
    assert set(refs) == {"/", *(one for one in made_up.FOLDERS if "inner" not in one), *inside}
    for place, found in (("folder 005/07/", True), ("folder 117/", True), ("folder 006/inner/", False)):
        moved = replace(top, ref=place)
        ref = store.publish(moved, outgoing()).ref
        assert [copy.ref for copy in store.find(top, MARKER)] == [ref] * found
        store.withdraw(moved, ref)


def test_an_object_that_somebody_changed_meanwhile_is_looked_at_again(store, top, sandbox, monkeypatch):
    store.publish(top, outgoing())
    right = type(store)._said

    def said(self, key):
        sandbox._lay(KEY, b"somebody was faster")
        return right(self, key)

    monkeypatch.setattr(type(store), "_said", said)
    with pytest.raises(RetryLater, match="just now"):
        store.replace(top, KEY, outgoing(b"new"))
    assert sandbox._living()[KEY]["sha256"] == hashlib.sha256(b"somebody was faster").hexdigest()


def test_an_object_that_is_gone_is_not_made_again_by_a_replacement(store, top, sandbox):
    store.publish(top, outgoing())
    sandbox.vanish(BUCKET, KEY)
    with pytest.raises(Missing):
        store.replace(top, KEY, outgoing(b"new"))


# Links for people


@pytest.fixture
def link(connect, top):
    return connect(link_hours=24).publish(top, outgoing()).url


def test_a_signed_link_opens_the_object_to_anybody_and_tells_no_secret(link, sandbox):
    answer = httpx.get(link)
    assert (answer.status_code, answer.content) == (200, b"picture")
    assert "X-Amz-Expires=86400" in link
    assert sandbox.secrets["secret_key"] not in link


def test_a_link_opens_nothing_else_and_cannot_be_changed(link, connect, top, sandbox):
    connect().publish(top, outgoing(b"other", marker=MARKER[:-1] + "z"))
    for changed in (
        link.replace(KEY, f"{MARKER[:-1]}z-logo.png"), link.replace(KEY, f"{KEY}.damhub.json"),
        link.replace("Expires=86400", "Expires=604800"), link[:-1] + ("0" if link[-1] != "0" else "1"),
        link.replace("eu-test-1", "eu-test-2"),
    ):  # fmt: skip
        assert httpx.get(changed).status_code == 403
    assert httpx.delete(link).is_client_error
    assert httpx.put(link, content=b"x").is_client_error
    assert sandbox._living()[KEY]["size"] == len(b"picture")


@pytest.mark.parametrize(("hours", "status"), [(23, 200), (24, 403), (25, 403)])
def test_a_link_ends(link, monkeypatch, hours, status):
    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(UTC) + timedelta(hours=hours)

    monkeypatch.setattr(made_up, "datetime", Later)
    assert httpx.get(link).status_code == status


def test_no_link_is_made_unless_somebody_wants_it_and_a_public_address_goes_before(store, connect, top):
    assert store.publish(top, outgoing()).url is None
    public = connect(link_hours=1, public_url="https://cdn.example/press").look(top, KEY).url
    assert public == f"https://cdn.example/press/{KEY}"
    with pytest.raises(ValueError, match="168"):
        connect(link_hours=169)


def test_a_link_for_longer_than_a_week_is_refused_by_the_store(sandbox, store, top):
    store.publish(top, outgoing())
    url = presign(sandbox.secrets, f"{sandbox.origin}/{BUCKET}/{KEY}", sandbox_signature.LONGEST_S + 1)
    assert httpx.get(url).status_code in (400, 403)


# Keys and codes


def test_temporary_keys_work_and_end(sandbox, connect, top):
    sandbox.secrets = {**sandbox.secrets, "session_token": "session/5ca1ab1e+token"}
    store = connect(link_hours=1)
    url = store.publish(top, outgoing()).url
    assert store.look(top, KEY).marker == MARKER
    assert "X-Amz-Security-Token" in url
    with pytest.raises(AuthExpired) as told:
        connect({**sandbox.secrets, "session_token": "another"}).identify()
    assert "InvalidToken" in told.value.detail


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("InvalidAccessKeyId", 403, AuthExpired), ("SignatureDoesNotMatch", 403, AuthExpired),
        ("ExpiredToken", 400, AuthExpired), ("InvalidToken", 400, AuthExpired), ("AccessDenied", 403, Misconfigured),
        ("NoSuchBucket", 404, Misconfigured), ("PermanentRedirect", 301, Misconfigured),
        ("AuthorizationHeaderMalformed", 400, Misconfigured), ("RequestTimeTooSkewed", 403, Misconfigured),
        ("BadDigest", 400, RetryLater), ("XAmzContentSHA256Mismatch", 400, RetryLater), ("SlowDown", 503, RetryLater),
        ("ConditionalRequestConflict", 409, RetryLater), ("InvalidPart", 400, RetryLater),
    ],
)  # fmt: skip
def test_what_a_store_says_and_what_it_means(store, top, sandbox, code, status, kind):
    body = f"<Error><Code>{code}</Code><Message>x</Message></Error>"
    sandbox.faults.add(refuse(status, on="write", body=body))
    with pytest.raises(kind):
        store.publish(top, outgoing())


def test_every_declared_code_is_tried_here():
    tried = test_what_a_store_says_and_what_it_means.pytestmark[0].args[1]
    assert {code for code, *_ in tried} == set(MANIFEST.error_codes) - {"NoSuchUpload"}  # read further: see parts
    assert Meaning.MISSING not in MANIFEST.error_codes.values()


def test_what_is_damaged_on_its_way_is_not_kept(store, top, sandbox):
    with pytest.raises(RetryLater):
        store.publish(top, outgoing(b"picture", source=lambda: io.BytesIO(b"pixture")))
    assert keys(sandbox) == []


def test_an_object_that_somebody_copied_counts_as_another(store, top, sandbox):
    ref = store.publish(top, outgoing()).ref
    facts = {name: value for name, value in sandbox._objects()[ref].items() if name != "target"}
    sandbox.ledger.add(What.MADE, "elsewhere/copy.png", BUCKET, **facts)
    assert [copy.ref for copy in store.find(top, MARKER)] == [ref]
    assert store.look(top, ref).marker == MARKER
    store.withdraw(top, ref)
    assert "elsewhere/copy.png" in sandbox._objects()  # nobody's but theirs


def test_a_copy_that_somebody_moved_to_another_folder_is_found_there_and_withdrawn(store, top, sandbox):
    ref = store.publish(top, outgoing()).ref
    assert sandbox.relocate("/", ref)
    with pytest.raises(Missing):
        store.look(top, ref)
    [copy] = store.find(top, MARKER)
    assert (copy.ref, copy.marker) == (f"folder 118/inner/innermost/{ref}", MARKER)
    store.withdraw(top, copy.ref)
    assert store.find(top, MARKER) == ()
