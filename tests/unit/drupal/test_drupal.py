"""The connector and Drupal's traps: each of them sets one."""

import io
import json
from urllib.parse import urlsplit

import httpx
import pytest

from connectors.drupal.naming import file_name, in_names, read_name, ref_of
from connectors.sdk.errors import AuthExpired, Misconfigured, Missing, OutcomeUnknown, Rejected, RetryLater, Unreachable
from connectors.sdk.types import PartKind, PartState, Target
from connectors.testing.faults import Fault, Rule, refuse
from connectors.testing.ledger import What
from tests.unit.drupal.conftest import MARKER, OTHER, PNG, outgoing

MORE = PNG + b"more"


def addresses(copy):
    return [part.ref for part in copy.parts if part.kind is PartKind.PUBLIC_URL]


def status(url):
    return httpx.get(url, trust_env=False).status_code


def facts(sandbox, ref):
    return sandbox.ledger.living()[ref]


def logged(sandbox, ref):
    """Return what the log says of each revision, oldest first; Drupal says the last line on where none was sent."""
    lines, now = {}, {}
    for effect in sandbox.ledger.effects():
        if effect.ref == ref:
            now |= effect.facts
            lines[now["vid"]] = now["log"]
    return list(lines.values())


# Names and keys


def test_a_copys_uuid_and_file_name_follow_from_marker_and_content():
    sent = outgoing(name="Grüße_from.Köln.PNG")
    ref = ref_of(sent)
    assert ref == ref_of(outgoing()) != ref_of(outgoing(MORE)) != ref_of(outgoing(marker=OTHER))
    assert ref == "bceffc60-a939-57c5-8de0-51d13bb62089"  # for ever: copies that stand are found by it
    name = file_name(sent, ref)
    assert name.isascii()
    assert name.endswith(f"-{MARKER}-{sent.content_key}-{in_names(ref)}.png")
    for told in (name, name.replace(".png", "_0.png"), name.upper()):
        assert read_name(told).ref == ref
    assert read_name(f"logo-{MARKER}.png") is None
    assert read_name(name.replace(".png", "a.png")) is None


# Publishing


def test_a_repeat_finds_the_first_one(sandbox, drupal, target):
    first = drupal.publish(target, outgoing())
    again = drupal.publish(target, outgoing())
    assert first.ref == again.ref == ref_of(outgoing())
    assert len(sandbox.ledger.effects(What.MADE)) == 1
    assert not sandbox.ledger.effects(What.CHANGED)
    assert first.url == again.url == f"{sandbox.origin}/media/{facts(sandbox, first.ref)['mid']}/edit"


def test_a_lost_answer_between_file_and_item_leaves_nothing_that_counts(sandbox, drupal, target):
    sandbox.faults.add(Rule(fault=Fault.LOSE_ANSWER, path="/field_media_image"))
    with pytest.raises(OutcomeUnknown):
        drupal.publish(target, outgoing())
    assert len(sandbox.files.all) == 1
    assert drupal.find(target, MARKER) == ()
    receipt = drupal.publish(target, outgoing())
    (copy,) = drupal.find(target, MARKER)
    assert copy.ref == receipt.ref
    drupal.withdraw(target, receipt.ref)
    assert not sandbox.files.all  # the upload that broke off had an address, too


def test_a_race_that_ends_in_500_is_settled_by_looking_and_tells_no_sql(sandbox, drupal, target):
    sql = "SQLSTATE[23000]: Integrity constraint violation: INSERT INTO media (uuid) VALUES ('secret-value')"
    body = json.dumps({"errors": [{"title": "Internal Server Error", "status": "500", "detail": sql}]})
    sandbox.faults.add(Rule(fault=Fault.ERROR_AFTER, path="/media/image\\?", status=500, body=body))
    with pytest.raises(OutcomeUnknown) as unknown:
        drupal.publish(target, outgoing())
    assert "secret-value" not in f"{unknown.value.message} {unknown.value.detail}"
    assert [copy.ref for copy in drupal.find(target, MARKER)] == [ref_of(outgoing())]


def test_a_repeat_puts_back_a_file_that_somebody_took_away(sandbox, drupal, target):
    receipt = drupal.publish(target, outgoing())
    sandbox.files.all.clear()
    assert drupal.look(target, receipt.ref).content_key == ""  # it fits nothing
    drupal.publish(target, outgoing())
    copy = drupal.look(target, receipt.ref)
    assert (copy.content_key, copy.sha256) == (outgoing().content_key, outgoing().sha256)
    assert (copy.fields["name"], len(sandbox.ledger.effects(What.MADE))) == ("Logo", 1)


def test_an_upload_thrown_away_meanwhile_is_tried_again(sandbox, drupal, target):
    sandbox.faults.add(refuse(404, on="write"))
    with pytest.raises(RetryLater):
        drupal.publish(target, outgoing())


def test_a_lock_is_waited_out(sandbox, drupal, target):
    sandbox.files.locked = 1
    with pytest.raises(RetryLater) as locked:
        drupal.publish(target, outgoing())
    assert "file_locked" in locked.value.detail


@pytest.mark.parametrize("data", [b"", b"just text"])
def test_what_is_no_picture_is_refused_for_good(drupal, target, data):
    with pytest.raises(Rejected, match="image file is invalid"):
        drupal.publish(target, outgoing(data))


def test_a_field_that_is_gone_is_the_sites_fault(drupal):
    with pytest.raises(Misconfigured, match="no field"):
        drupal.publish(Target("image", "image/field_nope", "Image"), outgoing())


def test_other_files_have_a_description_and_no_alternative_text(sandbox, drupal):
    target = next(one for one in drupal.targets(None).items if one.ref == "document/field_media_document")
    assert target.kind == "file"
    sent = outgoing(b"%PDF", name="terms.pdf", name_="", alt="no", description="Terms", rights="DAM-1 | Acme")
    receipt = drupal.publish(target, sent)
    assert drupal.look(target, receipt.ref).fields == {
        "name": facts(sandbox, receipt.ref)["filename"], "description": "Terms", "rights": "DAM-1 | Acme",
    }  # fmt: skip


# Fields


def test_a_change_of_nothing_is_no_revision(sandbox, drupal, target):
    receipt = drupal.publish(target, outgoing())
    drupal.update(target, receipt.ref, {"name": "Logo", "alt": "Red"})
    assert not sandbox.ledger.effects(What.CHANGED)


def test_a_new_alternative_text_leaves_what_stands_beside_it(sandbox, drupal, target):
    receipt = drupal.publish(target, outgoing())
    sandbox.edit(target.ref, receipt.ref, {"title": "Somebody's"})
    drupal.update(target, receipt.ref, {"alt": "Blue"})
    now = facts(sandbox, receipt.ref)
    assert (now["alt"], now["title"], now["name"], now["log"]) == (
        "Blue",
        "Somebody's",
        "Logo",
        "damhub: fields changed",
    )
    drupal.update(target, receipt.ref, {"name": "Sign"})
    assert (facts(sandbox, receipt.ref)["alt"], facts(sandbox, receipt.ref)["name"]) == ("Blue", "Sign")


def test_a_draft_is_for_a_person(sandbox, drupal, target):
    receipt = drupal.publish(target, outgoing())
    sandbox.drafts.add(receipt.ref)
    with pytest.raises(Misconfigured, match="working copy") as waiting:
        drupal.update(target, receipt.ref, {"name": "Sign"})
    assert "working_copy" in waiting.value.detail


# New versions


def test_a_new_version_keeps_uuid_name_and_uses_and_the_old_address_goes(sandbox, drupal, target):
    receipt = drupal.publish(target, outgoing())
    sandbox.use(target.ref, receipt.ref)
    (old,) = addresses(drupal.look(target, receipt.ref))
    sandbox.edit(target.ref, receipt.ref, {"name": "An editor's name", "alt": "An editor's text"})
    replaced = drupal.replace(target, receipt.ref, outgoing(MORE))
    copy = drupal.look(target, receipt.ref)
    assert (replaced.ref, copy.content_key) == (receipt.ref, outgoing(MORE).content_key)
    assert copy.fields == {"name": "An editor's name", "alt": "An editor's text", "rights": ""}
    assert (status(old), [status(url) for url in addresses(copy)]) == (404, [200])
    assert logged(sandbox, receipt.ref) == [
        "damhub: published",
        "damhub: new version",
        "damhub: name kept",
    ]
    assert sandbox.uses(target.ref, receipt.ref) == 2
    assert [one.ref for one in drupal.find(target, MARKER)] == [receipt.ref]


def test_a_replacement_that_breaks_off_anywhere_is_whole_after_a_repeat(sandbox, drupal, target):
    sent = outgoing(MORE)
    for number in range(1, 7):  # upload, file, name, reading back, listing, deleting the old file
        receipt = drupal.publish(target, outgoing())
        sandbox.faults.add(Rule(fault=Fault.LOSE_ANSWER, on="any", path="", skip=number))
        with pytest.raises((OutcomeUnknown, RetryLater)):
            drupal.replace(target, receipt.ref, sent)
        sandbox.faults.clear()
        drupal.replace(target, receipt.ref, sent)
        copy = drupal.look(target, receipt.ref)
        assert (copy.content_key, copy.fields["name"], copy.fields["alt"]) == (sent.content_key, "Logo", "Red")
        left = [file for file in sandbox.files.all.values() if in_names(receipt.ref) in file.name]
        assert [file.sha256 for file in left] == [sent.sha256]
        drupal.withdraw(target, receipt.ref)
        assert not sandbox.files.all


def test_somebodys_own_file_in_our_item_is_no_copy_of_ours(sandbox, drupal, target):
    receipt = drupal.publish(target, outgoing())
    theirs = sandbox.files.add("theirs.png", b"theirs", 1)
    sandbox.edit(target.ref, receipt.ref, {"file": theirs.uuid, "filename": theirs.name, "sha256": theirs.sha256})
    copy = drupal.look(target, receipt.ref)
    assert (copy.marker, copy.content_key, copy.sha256) == (None, "", theirs.sha256)
    assert [(one.ref, one.marker, one.content_key) for one in drupal.find(target, MARKER)] == [
        (receipt.ref, MARKER, "")
    ]
    drupal.withdraw(target, receipt.ref)
    assert list(sandbox.files.all) == [theirs.uuid]


# Withdrawal


def test_a_withdrawn_copys_address_is_gone(sandbox, drupal, target):
    receipt = drupal.publish(target, outgoing())
    kept = drupal.publish(target, outgoing(MORE))
    (url,) = addresses(drupal.look(target, receipt.ref))
    assert status(url) == 200
    drupal.withdraw(target, receipt.ref)
    assert status(url) == 404
    assert [status(one) for one in addresses(drupal.look(target, kept.ref))] == [200]
    assert drupal.publish(target, outgoing()).ref == receipt.ref  # and it can come back


@pytest.mark.parametrize("fault", [Fault.LOSE_ANSWER, Fault.LOSE_REQUEST])
@pytest.mark.parametrize("path", ["/media/", "/file/file/"])
def test_a_withdrawal_that_breaks_off_is_whole_after_a_repeat(sandbox, drupal, target, path, fault):
    receipt = drupal.publish(target, outgoing())
    sandbox.faults.add(Rule(fault=fault, on="write", path=path))
    with pytest.raises(OutcomeUnknown):
        drupal.withdraw(target, receipt.ref)
    drupal.withdraw(target, receipt.ref)
    assert not sandbox.files.all
    assert not sandbox.ledger.living()


def test_what_somebody_deleted_still_has_an_address_to_take_away(sandbox, drupal, target):
    receipt = drupal.publish(target, outgoing())
    (url,) = addresses(receipt)
    sandbox.vanish(target.ref, receipt.ref)
    assert status(url) == 200
    drupal.withdraw(target, receipt.ref)
    assert status(url) == 404


# Finding and looking


def test_unpublished_items_are_found_and_told_as_not_shown(sandbox, drupal, target):
    receipt = drupal.publish(target, outgoing())
    sandbox.edit(target.ref, receipt.ref, {"status": False})
    (copy,) = drupal.find(target, MARKER)
    assert copy.ref == receipt.ref
    states = {part.kind: part.state for part in drupal.look(target, receipt.ref).parts}
    assert states == {PartKind.MEDIA: PartState.UNKNOWN, PartKind.PUBLIC_URL: PartState.SHOWING}


def test_an_unpublished_item_that_may_not_be_seen_is_neither_gone_nor_absent(sandbox, drupal, target):
    receipt = drupal.publish(target, outgoing())
    sandbox.edit(target.ref, receipt.ref, {"status": False})
    sandbox.views_unpublished = False
    for act in (lambda: drupal.look(target, receipt.ref), lambda: drupal.find(target, MARKER)):
        with pytest.raises(Misconfigured, match="not allowed to GET"):
            act()


def test_a_closed_interface_is_not_taken_for_a_deletion(sandbox, drupal, target):
    receipt = drupal.publish(target, outgoing())
    page = "<!doctype html><title>Page not found</title>"
    sandbox.faults.add(refuse(404, path="/jsonapi", times=None, body=page))
    for act in (
        drupal.identify, lambda: drupal.look(target, receipt.ref), lambda: drupal.find(target, MARKER),
        lambda: drupal.withdraw(target, receipt.ref), lambda: drupal.targets(None),
    ):  # fmt: skip
        with pytest.raises(Misconfigured):
            act()


def test_only_the_item_of_this_target_is_found(drupal):
    image, brand = (one for one in drupal.targets(None).items if one.ref.startswith(("image/", "brand_1/")))
    receipt = drupal.publish(image, outgoing())
    assert [copy.ref for copy in drupal.find(image, MARKER)] == [receipt.ref]
    assert drupal.find(brand, MARKER) == ()


# Who we are


def test_the_account_is_named(sandbox, drupal):
    account = drupal.identify()
    assert (account.key, account.user) == (sandbox.origin, "hub")
    assert not sandbox.ledger.effects()


def test_a_read_only_site_is_told_when_connecting(sandbox, drupal):
    sandbox.read_only = True
    with pytest.raises(Misconfigured, match="accept only read operations") as told:
        drupal.identify()
    assert "read_only" in told.value.detail


def test_a_wrong_password_never_means_that_nothing_is_there(sandbox, connect, drupal, target):
    receipt = drupal.publish(target, outgoing())
    sandbox.edit(target.ref, receipt.ref, {"status": False})
    for act in ("identify", "find", "look", "withdraw", "uses", "targets"):
        sandbox.wrong_tries = 0
        stranger = connect(sandbox.wrong_secrets)
        arguments = {
            "find": (target, OTHER), "look": (target, receipt.ref), "withdraw": (target, receipt.ref), "identify": (),
            "uses": (target, receipt.ref, None), "targets": (None,),
        }  # fmt: skip
        with pytest.raises(AuthExpired):
            getattr(stranger, act)(*arguments[act])
        assert sandbox.wrong_tries <= 3, f"{act} tries a wrong password too often"
    sandbox.wrong_tries = 0
    assert receipt.ref in sandbox.ledger.living()


def test_an_account_that_is_locked_out_is_told_as_such(sandbox, drupal):
    sandbox.wrong_tries = 6
    with pytest.raises(AuthExpired, match="six hours"):
        drupal.identify()


def test_without_permission_to_read_media_types_the_settings_count(sandbox, connect):
    sandbox.shy = True
    found = connect(source_fields=("image.field_media_image", "document.field_x", "gone.field_y")).targets(None)
    assert [(one.kind, one.ref) for one in found.items] == [
        ("image", "image/field_media_image"), ("file", "document/field_x"),
    ]  # fmt: skip
    assert found.cursor is None


def test_media_types_that_keep_no_file_are_no_targets(drupal):
    first = drupal.targets(None)
    assert first.cursor
    assert not any("remote_video" in one.ref for one in first.items)


# Uses and import


def test_drafts_that_refer_to_an_item_are_uses_too(sandbox, drupal, target):
    receipt = drupal.publish(target, outgoing())
    sandbox.use(target.ref, receipt.ref)
    found, cursor = [], None
    while True:
        page = drupal.uses(target, receipt.ref, cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            break
    assert sorted((use.kind, use.label, use.public) for use in found) == [
        ("node", "Embeds it", True), ("node", "Refers to it", False),
    ]  # fmt: skip
    assert all(urlsplit(use.url).path.startswith("/node/") for use in found)


def test_a_thing_to_import_says_what_it_is(sandbox, drupal):
    ref = sandbox.stock("Terms & conditions", b"%PDF terms")
    found, cursor = [], None
    while not found:
        page = drupal.inventory(cursor)
        found, cursor = page.items, page.cursor
    (item,) = found
    assert (item.ref, item.name, item.size) == (ref, "Terms & conditions", 10)
    assert item.modified_at == 1_795_579_202_000
    into = io.BytesIO()
    fetched = drupal.fetch(ref, into)
    assert (into.getvalue(), fetched.revision) == (b"%PDF terms", item.revision)


def test_a_file_of_another_length_than_drupal_says_is_read_again(sandbox, drupal):
    ref = sandbox.stock("holiday.txt", b"all of it")
    sandbox.faults.add(Rule(fault=Fault.REWRITE, times=None, find="^all of it$", replace="all of"))
    with pytest.raises(Unreachable):
        drupal.fetch(ref, io.BytesIO())


def test_a_thing_whose_file_is_gone_cannot_be_fetched(sandbox, drupal):
    ref = sandbox.stock("Terms", b"%PDF terms")
    sandbox.files.all.clear()
    with pytest.raises(Missing):
        drupal.fetch(ref, io.BytesIO())
