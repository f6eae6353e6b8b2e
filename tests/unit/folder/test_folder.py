"""What the suite cannot know of folders: what people see there, disks that fail, shares that are not mounted."""

import errno
import hashlib
import io
import json
import os
import unicodedata
from urllib.parse import quote

import httpx
import pytest

from connectors.folder import MANIFEST
from connectors.folder.sandbox import KEY as SANDBOX_KEY
from connectors.folder.sandbox import create
from connectors.sdk import tree
from connectors.sdk.errors import (
    AuthExpired,
    ConnectorError,
    Misconfigured,
    Missing,
    OutcomeUnknown,
    Rejected,
    Unreachable,
)
from connectors.sdk.guard import AddressRefused, Guard
from connectors.sdk.http import Api, guarded_client
from connectors.sdk.paging import every
from connectors.sdk.tree import KEY_FILE
from connectors.testing.serve import serve
from mappings.engine import render
from mappings.spec import load_spec
from tests.unit.folder.conftest import KEY, MARKER, beside, names, outgoing
from tests.unit.mappings.test_engine import document

NAME = f"Logo {MARKER}.png"


def test_people_see_a_readable_name_and_a_manifest_beside_it(folder, top, press):
    sent = outgoing(title="Grüße aus Köln", copyright="© Ada", asset="DH-7", usable_until="2027-01-31")
    receipt = folder.publish(top, sent)
    name = f"Grüße aus Köln {MARKER}.png"
    assert names(press) == [name, f"{name}.damhub.json"]
    assert (press / name).read_bytes() == b"picture"
    assert beside(press, name) == {
        "damhub": 1, "marker": MARKER, "sha256": sent.sha256, "size": 7, "media_type": "image/png",
        "link": sent.link, "fields": dict(sent.fields),
    }  # fmt: skip
    copy = folder.look(top, receipt.ref)
    assert (copy.marker, copy.content_key, copy.sha256) == (MARKER, sent.content_key, sent.sha256)
    assert copy.fields == sent.fields


def test_the_mapping_tells_the_assets_code_and_its_rights():
    spec = load_spec("folder")
    fields = render(spec, document(code="DH-7", copyright="© Ada", usable_until=1801353600000)).fields
    assert (fields["asset"], fields["copyright"]) == ("DH-7", "© Ada")
    assert fields["usable_until"].startswith("2027-01-")
    assert spec.cannot_hold() == ()


def test_folders_are_targets_and_copies_lie_in_them(folder, press):
    target = next(one for one in folder.targets(None).items if one.label == "Messe Köln")
    receipt = folder.publish(target, outgoing())
    assert (press / "Messe Köln" / NAME).is_file()
    assert [copy.ref for copy in folder.find(target, MARKER)] == [receipt.ref]


def test_folders_are_targets_at_any_depth(folder, press):
    (press / "one/two/three").mkdir(parents=True)
    assert [(one.ref, one.label) for one in every(folder.targets)] == [
        ("/", "Top of the folder"), ("Messe%20K%C3%B6ln", "Messe Köln"), ("one", "one"), ("one/two", "one/two"),
        ("one/two/three", "one/two/three"),
    ]  # fmt: skip
    target = next(one for one in every(folder.targets) if one.ref == "one/two/three")
    receipt = folder.publish(target, outgoing())
    assert (press / "one/two/three" / NAME).is_file()
    assert [copy.ref for copy in folder.find(target, MARKER)] == [receipt.ref] == [f"one/two/three/{quote(NAME)}"]


def test_a_copy_that_was_moved_is_found_at_any_depth_by_few_calls(folder, top, press, calls):
    receipt = folder.publish(top, outgoing())
    for number in range(300):
        (press / f"{number}/inner").mkdir(parents=True)
    (press / NAME).rename(press / "299/inner" / NAME)
    calls.clear()
    [copy] = folder.find(top, MARKER)
    assert copy.ref == f"299/inner/{receipt.ref}"
    assert [one.url.params["say"] for one in calls] == ["names", "found", "facts", "bytes"]  # and none for each folder
    calls.clear()
    assert len(list(every(folder.targets))) == 602
    assert len(calls) == 1


def test_a_folder_whose_name_keeps_accents_apart_is_a_folder_like_others(folder, press):
    apart = unicodedata.normalize("NFD", "Köln")
    (press / apart / "Bühne").mkdir(parents=True)
    target = next(one for one in every(folder.targets) if one.label == f"{apart}/Bühne")
    receipt = folder.publish(target, outgoing(title="Köln"))
    assert [copy.ref for copy in folder.find(target, MARKER)] == [receipt.ref]


def test_where_both_names_of_a_copy_are_taken_by_other_files_nothing_is_called_published(folder, top, press):
    second = [folder.publish(top, outgoing(data)).ref for data in (b"old", b"new")][1]
    folder.replace(top, second, outgoing(b"newer"))
    with pytest.raises(Rejected, match="rename") as refused:
        folder.publish(top, outgoing(b"new"))
    assert refused.value.code == "names_taken"
    assert {(press / name).read_bytes() for name in names(press) if name.endswith("png")} == {b"old", b"newer"}


def test_a_repeat_after_a_kill_between_file_and_manifest_makes_both_whole(folder, top, press):
    folder.publish(top, outgoing())
    (press / f"{NAME}.damhub.json").unlink()
    (found,) = folder.find(top, MARKER)
    assert found.fields == {}  # the hub sees that something is missing
    folder.publish(top, outgoing())
    assert names(press) == [NAME, f"{NAME}.damhub.json"]


def test_another_copy_of_the_same_placement_gets_a_name_of_its_own(folder, top, press):
    first, second = folder.publish(top, outgoing(b"old")), folder.publish(top, outgoing(b"new"))
    assert first.ref != second.ref
    assert folder.publish(top, outgoing(b"new")).ref == second.ref
    assert sorted(copy.content_key for copy in folder.find(top, MARKER)) == sorted(
        hashlib.sha256(data).hexdigest()[:12] for data in (b"old", b"new")
    )


def test_what_is_said_of_other_bytes_is_not_said_of_these(folder, top, press):
    receipt = folder.publish(top, outgoing())
    (press / NAME).write_bytes(b"somebody's own")
    copy = folder.look(top, receipt.ref)
    assert copy.sha256 == hashlib.sha256(b"somebody's own").hexdigest()
    assert copy.fields == {}
    folder.replace(top, receipt.ref, outgoing())
    assert folder.look(top, receipt.ref).fields == {"title": "Logo"}


def test_a_manifest_that_people_broke_is_written_anew(folder, top, press):
    receipt = folder.publish(top, outgoing())
    for broken in (b"{", b"[]", b"\xff", b'{"marker": 1}'):
        (press / f"{NAME}.damhub.json").write_bytes(broken)
        assert folder.look(top, receipt.ref).fields == {}
        folder.update(top, receipt.ref, {"title": "Logo"})
        assert folder.look(top, receipt.ref).fields == {"title": "Logo"}


def test_withdrawing_takes_the_manifest_too_whatever_is_left(folder, top, press):
    receipt = folder.publish(top, outgoing())
    (press / NAME).unlink()
    folder.withdraw(top, receipt.ref)
    assert names(press) == []


def test_a_copy_is_found_where_the_disk_keeps_accents_apart(folder, top, press):
    receipt = folder.publish(top, outgoing(title="Köln"))
    apart = unicodedata.normalize("NFD", f"Köln {MARKER}.png")
    (press / apart).write_bytes((press / f"Köln {MARKER}.png").read_bytes())  # as such a disk lists it
    assert {copy.ref for copy in folder.find(top, MARKER)} == {receipt.ref}


def test_where_anybody_can_read_the_folder_copies_have_public_addresses(connect, top):
    shown = connect(public_url="https://press.example/files").publish(top, outgoing(title="Grüße"))
    assert shown.url == f"https://press.example/files/Gr%C3%BC%C3%9Fe%20{MARKER}.png"


# Who may


def test_the_wrong_key_is_told_before_anything_is_done(connect, top, press):
    stranger = connect(key="guessed")
    for act in (stranger.identify, lambda: stranger.publish(top, outgoing())):
        with pytest.raises(AuthExpired):
            act()
    assert names(press) == []


def test_a_folder_that_nobody_named_is_refused_with_the_next_step(connect):
    with pytest.raises(AddressRefused, match="DAMHUB_FOLDERS"):
        connect(folder="secret-plans").identify()


@pytest.mark.parametrize("name", ["../press", "Press", "a/b", "", "file:///etc", "http://"])
def test_what_is_no_name_is_no_setting(name):
    with pytest.raises(ValueError, match="folder"):
        MANIFEST.settings(folder=name)


def test_no_redirect_of_a_remote_leads_into_a_folder(press):
    def redirecting(request):
        return httpx.Response(302, headers={"Location": f"http://press.folder.invalid/{KEY_FILE}?say=bytes"})

    with guarded_client(Guard(), transport=httpx.MockTransport(redirecting), folders={"press": press}) as client:
        headers = {"Authorization": f"Bearer {KEY}"}
        api = Api("https://outside.example", manifest=MANIFEST, client=client, headers=lambda: headers)
        with pytest.raises(AddressRefused):
            api.ask("GET", "/")


def test_a_client_without_folders_knows_none():
    refuse = httpx.MockTransport(lambda request: httpx.Response(418))
    with guarded_client(Guard(), transport=refuse) as client:
        assert client.get("http://press.folder.invalid/").status_code == 418  # it went to the network


# Shares that are not mounted, disks that fail


def test_a_share_that_is_not_mounted_never_means_that_copies_are_gone(folder, top, press):
    receipt = folder.publish(top, outgoing())
    press.rename(press.with_name("unmounted"))
    for empty in (False, True):  # no mount point, and an empty one
        if empty:
            press.mkdir()
        for act in (
            folder.identify, lambda: folder.look(top, receipt.ref), lambda: folder.find(top, MARKER),
            lambda: folder.publish(top, outgoing()), lambda: folder.withdraw(top, receipt.ref),
        ):  # fmt: skip
            with pytest.raises(Unreachable, match="tries again") as away:
                act()
            assert "folder_away" in away.value.detail
    assert list(press.iterdir()) == []


def failing(monkeypatch, name, number):
    def fail(*arguments, **more):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tree.os, name, fail)


@pytest.mark.parametrize(
    ("call", "number", "kind", "code"),
    [
        ("fsync", errno.ENOSPC, Misconfigured, "no_space"),
        ("fsync", errno.EIO, Unreachable, "disk_failed"),
        ("link", errno.EACCES, Misconfigured, "not_permitted"),
        ("link", errno.EROFS, Misconfigured, "read_only"),
        ("link", errno.EIO, OutcomeUnknown, "unconfirmed"),
        ("link", errno.ESTALE, OutcomeUnknown, "unconfirmed"),
        ("link", errno.ENAMETOOLONG, Rejected, "no_such_name"),
    ],
)
def test_what_a_disk_says_while_a_copy_is_made(folder, top, press, monkeypatch, call, number, kind, code):
    with monkeypatch.context() as patch:
        failing(patch, call, number)
        with pytest.raises(ConnectorError) as told:
            folder.publish(top, outgoing())
    assert type(told.value) is kind
    assert code in told.value.detail
    assert {one.name for one in press.iterdir()} == {KEY_FILE, "Messe Köln"}, "something half written is left"


def test_a_disk_that_fails_while_a_copy_is_taken_away_leaves_it_open(folder, top, monkeypatch):
    receipt = folder.publish(top, outgoing())
    failing(monkeypatch, "unlink", errno.EIO)
    with pytest.raises(OutcomeUnknown):
        folder.withdraw(top, receipt.ref)


def test_bytes_that_change_on_their_way_are_not_kept(folder, top, press):
    sent = outgoing(b"picture", source=lambda: io.BytesIO(b"pixture"))
    with pytest.raises(Unreachable) as told:
        folder.publish(top, sent)
    assert "damaged" in told.value.detail
    assert names(press) == []


def test_a_source_that_breaks_says_nothing_about_the_folder(folder, top, press):
    def broken():
        raise FileNotFoundError(errno.ENOENT, "the hub's own blob is gone")

    with pytest.raises(OutcomeUnknown):
        folder.publish(top, outgoing(source=broken))
    assert names(press) == []


def test_a_file_that_somebody_changes_between_look_and_replacement_is_looked_at_again(folder, top, press, monkeypatch):
    receipt = folder.publish(top, outgoing())
    right = type(folder)._said

    def said(self, ref):
        (press / NAME).write_bytes(b"somebody was faster")
        return right(self, ref)

    monkeypatch.setattr(type(folder), "_said", said)
    with pytest.raises(Unreachable) as told:
        folder.replace(top, receipt.ref, outgoing(b"new"))
    assert "changed" in told.value.detail
    assert (press / NAME).read_bytes() == b"somebody was faster"


def test_a_folder_that_is_a_link_out_of_the_tree_is_no_target_and_not_reached(folder, top, press, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    (press / "way out").symlink_to(outside)
    (press / "secret.txt").symlink_to(outside / "secret.txt")
    assert [one.label for one in every(folder.targets)] == ["Top of the folder", "Messe Köln"]
    assert [item.name for item in every(folder.inventory)] == ["Messe Köln"]
    way_out = type(top)("folder", "way%20out", "way out")
    with pytest.raises(ConnectorError):
        folder.publish(way_out, outgoing())
    for ref in ("secret.txt", "way%20out/secret.txt", "%2e%2e/outside/secret.txt", "..%2Foutside%2Fsecret.txt"):
        with pytest.raises(ConnectorError):
            folder.look(top, ref)
        with pytest.raises(ConnectorError):
            folder.fetch(ref, io.BytesIO())
    assert [one.name for one in outside.iterdir()] == ["secret.txt"]


def test_the_key_file_is_out_of_reach(folder, top, press):
    for name in (KEY_FILE, ".DAMHUB-KEY", ".damhub-0.part"):
        (press / name).touch()
        with pytest.raises(Missing):
            folder.look(top, name)
    assert all(not item.name.lower().startswith(".damhub") for item in every(folder.inventory))


def test_the_sandbox_answers_what_the_real_door_answers(press, client):
    """The same requests to a folder in this process and to the sandbox over HTTP: status and body, line by line."""
    sandbox = create()
    for one in (press, sandbox.top):
        (one / "same").mkdir()
        (one / "same" / "Grüße.txt").write_bytes(b"text")
    requests = [
        ("GET", "/same?say=names"), ("GET", "/same?say=facts"), ("GET", "/same/Gr%C3%BC%C3%9Fe.txt?say=bytes"),
        ("GET", "/same/none?say=facts"), ("GET", "/same"), ("GET", "/same?say=everything"), ("POST", "/same/a"),
        ("PUT", "/same/new"), ("PUT", "/none/new"), ("PUT", "/same/.damhub-x"), ("DELETE", "/same/new"),
        ("DELETE", "/same/new"), ("DELETE", "/same"), ("GET", "/%2e%2e?say=names"),
    ]  # fmt: skip
    with serve(sandbox) as origin, guarded_client(Guard(trusted_origins=[origin])) as wire:
        for method, target in requests:
            content = b"data" if method == "PUT" else None
            here = client.request(
                method, f"http://press.folder.invalid{target}", content=content,
                headers={"Authorization": f"Bearer {KEY}", "If-None-Match": "*"},
            )  # fmt: skip
            there = wire.request(
                method, origin + target, content=content,
                headers={"Authorization": f"Bearer {SANDBOX_KEY}", "If-None-Match": "*"},
            )  # fmt: skip
            if method == "POST" or target in ("/same", "/same?say=everything", "/%2e%2e?say=names"):
                assert here.status_code == 400  # the sandbox's contract refuses them before its door does
                assert there.status_code in (400, 405)
            else:
                assert (here.status_code, shape(here)) == (there.status_code, shape(there)), target


def shape(answer):
    """The body without what differs between two disks."""
    if not answer.headers.get("content-type", "").startswith("application/json"):
        return answer.content
    text = json.dumps(answer.json(), sort_keys=True)
    for entry in [answer.json(), *answer.json().get("entries", [])]:
        for name in ("etag", "modified_ms"):
            if entry.get(name):
                text = text.replace(json.dumps(entry[name]), name)
    return text


def test_a_copy_that_somebody_moved_or_renamed_is_the_same_copy(folder, top, press):
    ref = folder.publish(top, outgoing()).ref
    elsewhere = press / "Messe Köln"
    (press / NAME).rename(elsewhere / NAME)
    (press / f"{NAME}.damhub.json").rename(elsewhere / f"{NAME}.damhub.json")
    with pytest.raises(Missing):
        folder.look(top, ref)
    [copy] = folder.find(top, MARKER)
    assert (copy.marker, copy.fields["title"]) == (MARKER, "Logo")
    assert folder.look(top, copy.ref).sha256 == hashlib.sha256(b"picture").hexdigest()
    renamed = f"Our own word for it {MARKER}.png"
    (elsewhere / NAME).rename(elsewhere / renamed)
    [copy] = folder.find(top, MARKER)
    assert copy.marker == MARKER
    folder.withdraw(top, copy.ref)
    assert not (elsewhere / renamed).exists()
    assert folder.find(top, MARKER) == ()


def test_a_copy_whose_code_was_taken_out_of_its_name_is_nobodys(folder, top, press):
    folder.publish(top, outgoing())
    (press / NAME).rename(press / "our logo.png")
    assert folder.find(top, MARKER) == ()
    assert (press / "our logo.png").exists()
