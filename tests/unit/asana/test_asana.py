"""Asana against its sandbox: what is Asana's own. The rest stands in the conformance suite."""

import json
from dataclasses import replace

import pytest

from connectors.asana import MANIFEST
from connectors.asana.sandbox_tasks import FIELD, READ_ONLY_FIELD
from connectors.asana.types import Settings
from connectors.sdk.errors import (
    AuthExpired,
    Misconfigured,
    Missing,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unreachable,
)
from connectors.sdk.paging import every
from connectors.testing.faults import Fault, Rule, refuse
from connectors.testing.ledger import What
from tests.unit.asana.conftest import MARKER, OTHER, outgoing


def shown(sandbox, target):
    return sandbox.tasks[target.ref]["fields"][FIELD]


def test_the_manifest_says_what_asana_is():
    assert MANIFEST.origin(Settings()) == "https://app.asana.com"
    assert [auth.name for auth in MANIFEST.auths] == ["token", "oauth"]


def test_tasks_are_labelled_with_their_project(target):
    assert target.label == "Campaign spring / Task 1 für Anna & Jörg"
    assert target.url == f"https://app.asana.com/1/1200000000000101/task/{target.ref}"


def test_a_task_in_several_projects_is_listed_once_and_completed_or_archived_ones_are_not(asana, sandbox):
    labels = {target.ref: target.label for target in every(asana.targets)}
    assert labels["1210000000002001"].startswith("Campaign spring / "), "under the first of its projects"
    assert labels["1210000000002002"].startswith("Website / "), "its other project is archived"
    assert "1210000000005002" not in labels, "completed"
    assert not any(label.startswith("Old / ") for label in labels.values())
    assert len(labels) == 3 + 120 + 1


def test_small_projects_share_a_page_and_every_list_is_asked_for_in_pages(asana, sandbox):
    pages, cursor = [], None
    while True:
        page = asana.targets(cursor)
        pages.append(len(page.items))
        cursor = page.cursor
        if cursor is None:
            break
    assert pages == [3 + 1 + 99, 20 + 1], "the task of two projects was taken from the first"
    lists = [seen for seen in sandbox.requests if seen.path.rsplit("/", 1)[1] in ("tasks", "projects", "workspaces")]
    assert len(lists) > 3
    assert all("limit=100" in seen.query for seen in lists), "without a limit Asana cuts a list silently"


def test_one_workspace_may_be_chosen(connect):
    labels = [target.label for target in every(connect(workspace="1200000000000102").targets)]
    assert labels == ["Brand / Task 1 für Anna & Jörg"]


def test_a_link_is_a_form_with_parts_and_the_answer_is_read(asana, sandbox, target):
    receipt = asana.publish(target, outgoing())
    [post] = [seen for seen in sandbox.requests if seen.method == "POST"]
    assert post.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert asana.look(target, receipt.ref).fields == {"name": "DAM-1 Logo"}
    assert asana.look(target, receipt.ref).marker == MARKER


def test_a_link_without_a_name_is_named_by_its_file(asana, target):
    receipt = asana.publish(target, outgoing(name=""))
    assert asana.look(target, receipt.ref).fields["name"] == "logo.png"


def test_an_uploaded_file_is_never_ours(asana, sandbox, target):
    ref = sandbox.intrude(target.ref, MARKER)
    assert [copy.ref for copy in asana.find(target, MARKER)] == [ref]
    sandbox.edit(target.ref, ref, {"kind": "asana", "name": MARKER})
    assert asana.find(target, MARKER) == ()
    assert asana.look(target, ref).marker is None


def test_what_another_service_hosts_is_never_ours_whatever_its_address(asana, sandbox, target):
    ref = asana.publish(target, outgoing()).ref
    sandbox.edit(target.ref, ref, {"kind": "gdrive"})
    hosted = Rule(fault=Fault.REWRITE, find='"view_url": "[^"]*"', times=None,
                  replace=f'"view_url": "https://drive.example/{MARKER}"')  # fmt: skip
    sandbox.faults.add(hosted)
    assert asana.find(target, MARKER) == ()
    assert asana.look(target, ref).marker is None


def test_an_attachment_without_an_address_is_nothing_of_ours(asana, sandbox, target):
    receipt = asana.publish(target, outgoing())
    sandbox.faults.add(Rule(fault=Fault.REWRITE, find='"view_url": "[^"]*"', replace='"view_url": null', times=None))
    assert asana.look(target, receipt.ref).marker is None


def test_unknown_tasks_are_missing_and_withdrawing_from_one_is_done(asana, connect, target):
    gone = replace(target, ref="1299999999999999")
    with pytest.raises(Missing):
        asana.find(gone, MARKER)
    with pytest.raises(Missing):
        asana.publish(gone, outgoing())
    for one in (asana, connect(asset_field=FIELD, comments=True)):
        one.withdraw(gone, "1499999999999999")


def test_what_is_no_web_address_is_refused_in_asanas_words(asana, target):
    with pytest.raises(Rejected, match="url: Not a valid URL"):
        asana.publish(target, outgoing(link="ftp://x"))


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (400, "workspace: Missing input", Rejected), (401, "Not Authorized", AuthExpired),
        (402, "Payment Required", Rejected), (403, "Forbidden", Misconfigured),
        (404, "task: Unknown object: 1", Missing), (451, "Unavailable For Legal Reasons", Rejected),
        (500, "Server Error", OutcomeUnknown), (503, "Unavailable", OutcomeUnknown),
        (400, "The remote server which is intended to receive the webhook did not respond with the handshake secret.",
         Misconfigured),
    ],
)  # fmt: skip
def test_asanas_refusals_mean_what_they_say(asana, sandbox, target, status, message, error):
    sandbox.faults.add(refuse(status, on="write", body=json.dumps({"errors": [{"message": message}]})))
    with pytest.raises(error) as raised:
        asana.publish(target, outgoing())
    assert type(raised.value) is error
    if status in (400, 402, 403):
        assert message.rstrip(".") in raised.value.message


def test_printed_refusals_are_understood(asana, sandbox, samples, target):
    told = {int(status): json.dumps(body) for status, body in samples["refusals"].items()}
    for status, kind in ((400, Rejected), (401, AuthExpired), (500, Unreachable)):
        sandbox.faults.add(refuse(status, on="read", body=told[status]))
        with pytest.raises(kind) as raised:
            asana.find(target, MARKER)
    assert "6 sad squid snuggle softly" in raised.value.detail, "Asana's support asks for it"
    limited = Rule(fault=Fault.ERROR_BEFORE, status=429, body=told[429], headers={"Retry-After": "31"})
    sandbox.faults.add(limited)
    with pytest.raises(RateLimited) as raised:
        asana.find(target, MARKER)
    assert raised.value.after_s == 31


@pytest.mark.parametrize(
    "body", ['{"errors": []}', '{"errors": [7]}', '{"errors": {"a": 1}}', "[]", "null", '{"errors": null}']
)
def test_refusals_of_another_form_are_no_crash(asana, sandbox, target, body):
    sandbox.faults.add(refuse(400, on="read", body=body))
    with pytest.raises(Rejected):
        asana.find(target, MARKER)


# The text field


def test_the_text_field_names_all_assets_that_are_linked(connect, sandbox, target):
    asana = connect(asset_field=FIELD)
    sandbox.intrude(target.ref, "somebody-elses")
    one = asana.publish(target, outgoing("DAM-1 Logo"))
    two = asana.publish(target, outgoing("DAM-2 Poster", OTHER))
    assert shown(sandbox, target) == "DAM-1 Logo, DAM-2 Poster"
    asana.withdraw(target, one.ref)
    assert shown(sandbox, target) == "DAM-2 Poster"
    asana.withdraw(target, two.ref)
    assert shown(sandbox, target) is None


def test_a_replacement_is_named_once(connect, sandbox, target):
    asana = connect(asset_field=FIELD)
    old = asana.publish(target, outgoing("DAM-1 Logo"))
    asana.publish(target, outgoing("DAM-1 Logo"))
    asana.withdraw(target, old.ref)
    assert shown(sandbox, target) == "DAM-1 Logo"


def test_the_text_field_holds_1024_characters(connect, sandbox, target):
    connect(asset_field=FIELD).publish(target, outgoing("x" * 2000))
    assert shown(sandbox, target) == "x" * 1023 + "…"


@pytest.mark.parametrize(("field", "error"), [(READ_ONLY_FIELD, Misconfigured), ("1299999999999999", Rejected)])
def test_a_text_field_that_cannot_be_written_leaves_no_link_behind(connect, sandbox, target, field, error):
    with pytest.raises(error, match="field"):
        connect(asset_field=field).publish(target, outgoing())
    assert sandbox.ledger.effects(What.MADE) == ()


def test_a_limit_on_the_text_field_is_truly_nothing_done(connect, sandbox, target):
    sandbox.faults.add(Rule(fault=Fault.ERROR_BEFORE, status=429, on="write"))
    with pytest.raises(RateLimited):
        connect(asset_field=FIELD).publish(target, outgoing())
    assert sandbox.ledger.effects(What.MADE) == ()


def test_a_withdrawal_that_broke_before_the_text_field_is_put_right_by_the_next(connect, sandbox, target):
    asana = connect(asset_field=FIELD)
    receipt = asana.publish(target, outgoing("DAM-1 Logo"))
    sandbox.faults.add(refuse(503, on="write", path="/tasks/"))
    with pytest.raises(OutcomeUnknown):
        asana.withdraw(target, receipt.ref)
    assert (sandbox.copies(target.ref), shown(sandbox, target)) == ((), "DAM-1 Logo")
    asana.withdraw(target, receipt.ref)
    assert shown(sandbox, target) is None


# Comments


def test_people_are_told_once_that_a_link_was_taken_away(connect, sandbox, target):
    asana = connect(comments=True)
    receipt = asana.publish(target, outgoing("DAM-1 Logo"))
    for _ in range(2):
        asana.withdraw(target, receipt.ref)
    text = "The link “DAM-1 Logo” was taken away: it may not be used here any more."
    assert sandbox.stories == [(target.ref, text)]


def test_nobody_is_told_of_a_link_that_was_replaced_or_gone_before(connect, sandbox, target):
    asana = connect(comments=True)
    old = asana.publish(target, outgoing())
    new = asana.publish(target, outgoing())
    asana.withdraw(target, old.ref)
    sandbox.vanish(target.ref, new.ref)
    asana.withdraw(target, new.ref)
    assert sandbox.stories == []


def test_without_these_settings_no_further_call_is_made(asana, sandbox, target):
    receipt = asana.publish(target, outgoing())
    sandbox.reset_requests()
    asana.withdraw(target, receipt.ref)
    assert [seen.method for seen in sandbox.requests] == ["DELETE"]
