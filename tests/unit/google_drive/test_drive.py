"""The traps of Google Drive, one test for each."""

import io
import json

import httpx
import pytest

from connectors.google_drive import DOCS, MANIFEST, connector
from connectors.google_drive.sandbox_stock import DRIVES, ROOT, SAME_TEXT
from connectors.google_drive.types import PDF, Settings, error_code
from connectors.sdk.errors import (
    BadAnswer,
    Misconfigured,
    Missing,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RetryLater,
    Unreachable,
)
from connectors.sdk.paging import every
from connectors.sdk.types import ItemKind, PartState
from connectors.testing.faults import Fault, Rule, refuse
from connectors.testing.ledger import What

PRESS = next(iter(DRIVES))


def refusal(reason, status=403, message="No.", **more):
    """Return a body in Google's form."""
    told = {"domain": "usageLimits", "reason": reason, "message": message, **more}
    return json.dumps({"error": {"code": status, "message": message, "errors": [told]}})


def calls(sandbox, method="", path=""):
    return [one for one in sandbox.requests if one.method.startswith(method) and path in one.path]


def everything(drive):
    return {item.ref: item for item in every(drive.inventory)}


@pytest.mark.parametrize(
    ("storage", "plan"),
    [
        ({"limit": str(15 << 30), "usage": "3328599655"}, "3.1 GB of 15 GB used"),
        ({"usage": "3328599655"}, "3.1 GB used, unlimited"),
        ({"limit": "0", "usage": "0"}, "0 bytes of 0 bytes used"),  # as of a service account that owns nothing
        ({}, ""),
    ],
)
def test_the_space_is_told_in_the_call_that_says_who_we_are(bench, storage, plan):
    bench.sandbox.storage = storage
    assert bench.connector.identify().plan == plan
    assert [one.path for one in calls(bench.sandbox)] == ["/drive/v3/about"]
    assert not bench.sandbox.violations


def test_a_name_that_storage_does_not_have_is_refused(bench):
    answer = bench.client.get(
        f"{bench.sandbox.origin}/drive/v3/about", params={"fields": "storageQuota(limit,left)"},
        headers={"Authorization": f"Bearer {bench.sandbox.secrets['access_token']}"},
    )  # fmt: skip
    assert answer.status_code == 400


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded"])
def test_a_403_may_mean_slow_down(bench, reason):
    target = bench.target
    bench.sandbox.faults.add(
        Rule(fault=Fault.ERROR_BEFORE, status=403, body=refusal(reason), headers={"Retry-After": "11"}, times=2)
    )
    for act in (bench.connector.identify, lambda: bench.connector.publish(target, bench.outgoing())):
        with pytest.raises(RateLimited) as slow:
            act()
        assert slow.value.after_s == 11.0


@pytest.mark.parametrize(
    ("reason", "status", "error"),
    [
        ("storageQuotaExceeded", 403, Misconfigured),
        ("dailyLimitExceeded", 403, Misconfigured),
        ("quotaExceeded", 403, Misconfigured),
        ("teamDriveFileLimitExceeded", 403, Misconfigured),
        ("insufficientFilePermissions", 403, Misconfigured),
        ("domainPolicy", 403, Misconfigured),
        ("sharingRateLimitExceeded", 403, Misconfigured),
        ("push.webhookUrlUnauthorized", 401, Misconfigured),
        ("cannotDownloadAbusiveFile", 403, Rejected),
        ("exportSizeLimitExceeded", 403, Rejected),
        ("somethingBrandNew", 403, Misconfigured),
        ("rateLimitExceeded", 429, RateLimited),
    ],
)
def test_reasons_decide_and_not_statuses(bench, reason, status, error):
    target = bench.target
    bench.sandbox.faults.add(refuse(status, on="write", times=None, body=refusal(reason, status)))
    with pytest.raises(error) as refused:
        bench.connector.publish(target, bench.outgoing())
    assert type(refused.value) is error
    assert reason in refused.value.detail or status == 429


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (None, ""), ([], ""), ({"error": "invalid_grant"}, ""), ({"error": {"errors": "x"}}, ""),
        ({"error": {"code": 403, "errors": [{"reason": "domainPolicy"}]}}, "domainPolicy"),
        ({"error": {"code": 403, "details": [{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}},
         "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
        ({"error": {"code": 400, "errors": [{"reason": "invalid", "location": "pageToken"}]}}, "invalidPageToken"),
        ({"error": {"code": 400, "errors": [{"reason": "invalid", "location": "q"}]}}, "invalid"),
        ({"error": {"code": 404, "errors": []}}, ""),
    ],
)  # fmt: skip
def test_the_code_of_a_refusal_of_any_form(body, code):
    assert error_code(body, "") == code


def test_what_the_sandbox_refuses_is_what_was_seen_at_google(bench):
    """Line by line as the real answers that were collected."""
    headers = {"Authorization": f"Bearer {bench.sandbox.secrets['access_token']}"}
    ask = bench.client.get
    gone = ask(f"{bench.sandbox.origin}/drive/v3/files/nobody", headers=headers)
    assert (gone.status_code, gone.json()["error"]["message"]) == (404, "File not found: nobody.")
    assert gone.json()["error"]["errors"][0]["reason"] == "notFound"
    stranger = ask(f"{bench.sandbox.origin}/drive/v3/drives")
    assert (stranger.status_code, stranger.json()["error"]["errors"][0]["reason"]) == (401, "authError")
    native = ask(f"{bench.sandbox.origin}/drive/v3/files/1doc", params={"alt": "media"}, headers=headers)
    assert (native.status_code, native.json()["error"]["errors"][0]["reason"]) == (403, "fileNotDownloadable")
    assert native.json()["error"]["message"].startswith("Only files with binary content")
    plain = ask(f"{bench.sandbox.origin}/drive/v3/files/1doc", headers=headers).json()
    assert set(plain) == {"kind", "id", "name", "mimeType"}  # what comes when no fields are asked for
    unknown = ask(f"{bench.sandbox.origin}/drive/v3/files/1doc", params={"fields": "id,nothing"}, headers=headers)
    assert (unknown.status_code, unknown.json()["error"]["errors"][0]["location"]) == (400, "fields")
    hidden = ask(f"{bench.sandbox.origin}/drive/v3/files/1{PRESS}01", headers=headers)
    assert hidden.status_code == 404  # supportsAllDrives is missing
    strange = ask(f"{bench.sandbox.origin}/drive/v3/files", params={"sort": "name"}, headers=headers)
    assert (strange.status_code, bench.sandbox.violations) == (400, ["GET /drive/v3/files knows no sort"])


def test_every_call_says_that_it_knows_of_shared_drives(bench, drive, sandbox):
    sent, receipt = bench.publish()
    drive.update(bench.target, receipt.ref, {"credit": "x"})
    drive.replace(bench.target, receipt.ref, bench.outgoing(marker=sent.marker))
    bench.find(sent.marker)
    drive.fetch(receipt.ref, io.BytesIO())
    drive.changes(drive.changes(None).cursor)
    drive.withdraw(bench.target, receipt.ref)
    calls_by_path = [one for one in sandbox.requests if "/files" in one.path or "/changes" in one.path]
    no_such_word = ("/generateIds", "/revisions")
    about_files = [one for one in calls_by_path if not any(part in one.path for part in no_such_word)]
    assert all("supportsAllDrives=true" in one.query for one in about_files)
    assert all("fields=" in one.query for one in calls(sandbox, "GET", "/files") if "alt=media" not in one.query)
    assert not sandbox.violations


def test_folders_of_one_name_stay_apart_and_those_only_to_read_are_no_targets(drive):
    targets = list(every(drive.targets))
    assert len([one for one in targets if one.label == SAME_TEXT]) == 2
    assert "1closed" not in {one.ref for one in targets}
    assert targets[0].ref == ROOT
    assert {f"{one}@{one}" for one in DRIVES} <= {one.ref for one in targets}
    assert any(one.label == "Archive / old / Archive / old 01" for one in targets)


def test_a_copy_in_a_shared_drive_is_made_found_and_taken_away_there(bench, drive, sandbox):
    target = next(one for one in every(drive.targets) if one.ref == f"1{PRESS}05@{PRESS}")
    sent = bench.outgoing()
    receipt = drive.publish(target, sent)
    sandbox.reset_requests()
    assert [copy.ref for copy in drive.find(target, sent.marker)] == [receipt.ref]
    assert f"driveId={PRESS}" in sandbox.requests[0].query
    drive.withdraw(target, receipt.ref)
    assert sandbox.copies(target.ref) == ()


def test_a_copy_that_somebody_moved_is_found_all_the_same(bench, drive, sandbox):
    sent, receipt = bench.publish()
    sandbox.ledger.add(What.CHANGED, receipt.ref, bench.target.ref, parents=["1folder002"])
    assert [copy.ref for copy in bench.find(sent.marker)] == [receipt.ref]


def test_a_copy_in_the_trash_is_found_since_its_bytes_are_there(bench, drive, sandbox):
    sent, receipt = bench.publish()
    sandbox.edit(bench.target.ref, receipt.ref, {"trashed": True})
    [copy] = bench.find(sent.marker)
    assert [part.state for part in copy.parts] == [PartState.GONE]
    assert receipt.ref not in everything(drive)
    drive.withdraw(bench.target, receipt.ref)
    assert bench.find(sent.marker) == ()


def test_where_only_the_trash_is_allowed_it_is_hidden_and_said_not_to_be_gone(bench, drive, sandbox):
    sent, receipt = bench.publish()
    sandbox.forbids_deleting = True
    with pytest.raises(Misconfigured, match="permissions"):
        drive.withdraw(bench.target, receipt.ref)
    assert sandbox.ledger.living()[receipt.ref]["trashed"] is True
    assert [copy.ref for copy in bench.find(sent.marker)] == [receipt.ref]


def test_a_search_that_is_not_complete_is_no_answer(bench, drive, sandbox):
    sent, _ = bench.publish()
    sandbox.misses_some = True
    for act in (lambda: bench.find(sent.marker), lambda: drive.inventory(None), lambda: drive.targets(None)):
        with pytest.raises(Unreachable):
            act()


def test_the_marker_goes_with_the_bytes_and_is_ours_alone(bench, sandbox):
    sent, receipt = bench.publish()
    assert len(calls(sandbox, "POST")) == 1
    there = sandbox.ledger.living()[receipt.ref]
    assert there["appProperties"] == {"damhub": sent.marker, "damhub-content": sent.content_key}
    assert there["properties"] == {"credit": "Logo credit"}
    foreign = sandbox.intrude(bench.target.ref, sent.marker)
    assert bench.look(foreign).marker is None


def test_an_emptied_property_is_cleared_and_one_too_long_is_refused(bench, drive, sandbox):
    _, receipt = bench.publish()
    drive.update(bench.target, receipt.ref, {"credit": "", "creator": "Ümit"})
    assert sandbox.ledger.living()[receipt.ref]["properties"] == {"creator": "Ümit"}
    drive.update(bench.target, receipt.ref, {"copyright": "🎉" * 28})  # what the mapping lets through
    with pytest.raises(Misconfigured):
        drive.update(bench.target, receipt.ref, {"copyright": "x" * 116})


def test_a_quote_in_a_search_is_a_quote(bench):
    assert bench.find("dh' or name contains '") == ()
    assert bench.find("a\\") == ()


def test_a_replacement_keeps_the_id_and_makes_a_revision(bench, drive, sandbox):
    sent, receipt = bench.publish()
    before = dict(sandbox.ledger.living()[receipt.ref])
    new = bench.outgoing(marker=sent.marker)
    drive.replace(bench.target, receipt.ref, new)
    after = sandbox.ledger.living()[receipt.ref]
    assert after["headRevisionId"] != before["headRevisionId"]
    assert bench.look(receipt.ref).sha256 == new.sha256
    assert (after["name"], after["properties"]) == (before["name"], before["properties"])


def test_the_inventory_tells_odd_things_as_they_are(drive):
    items = everything(drive)
    assert (items["1short"].kind, items["1short"].facts["target"]) == (ItemKind.SHORTCUT, "1doc")
    assert items["1dangling"].facts["target"] not in items
    assert items["1cycle"].facts["target"] == items["1cycle"].parents[0]
    assert (items["1doc"].kind, items["1doc"].size) == (ItemKind.DOCUMENT, None)
    assert items["1brandnew"].kind is ItemKind.DOCUMENT
    assert items["1orphan"].parents == ()
    assert items["1sheet"].name == "Budget / 2026"


def test_what_a_shared_drive_lists_the_account_does_not_list_again(drive, sandbox):
    refs = [item.ref for item in every(drive.inventory)]
    assert len(refs) == len(set(refs))
    assert sum(f"1{PRESS}01" == ref for ref in refs) == 1
    assert all("includeItemsFromAllDrives=true" in one.query for one in calls(sandbox, "GET", "/files"))


@pytest.mark.parametrize(
    ("ref", "kind", "body"),
    [
        ("1doc", "application/pdf", b"%PDF-1.7 plan"),
        ("1sheet", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04 budget"),
    ],
)
def test_native_documents_come_as_exports(drive, ref, kind, body):
    into = io.BytesIO()
    fetched = drive.fetch(ref, into)
    assert (into.getvalue(), fetched.media_type, fetched.size) == (body, kind, len(body))


def test_what_is_too_large_to_export_comes_from_the_address_for_people(drive, sandbox):
    into = io.BytesIO()
    fetched = drive.fetch("1huge", into)
    assert (into.getvalue(), fetched.media_type, fetched.size) == (b"%PDF-1.7 yearbook", PDF, 17)
    assert [one.path.rpartition("/")[2] for one in sandbox.requests] == ["1huge", "export", "1huge", "Export"]
    assert not sandbox.violations


@pytest.mark.parametrize("status", [401, 403, 404])
def test_where_only_browsers_get_in_an_export_is_refused_and_nothing_else_is(drive, sandbox, status):
    """Neither is the sign-in over nor the document gone."""
    sandbox.wants_browsers = True
    with pytest.raises(Rejected, match="too large"):
        drive.fetch("1huge", io.BytesIO())
    sandbox.faults.add(refuse(status, path="/feeds/"))
    with pytest.raises(Rejected, match="too large"):
        drive.fetch("1huge", io.BytesIO())


def test_an_address_elsewhere_gets_no_credentials(drive, sandbox):
    elsewhere = Rule(fault=Fault.REWRITE, path="fields=exportLinks", find="127.0.0.1", replace="127.0.0.2")
    sandbox.faults.add(elsewhere)
    with pytest.raises(Rejected, match="too large"):
        drive.fetch("1huge", io.BytesIO())
    assert not calls(sandbox, "GET", "/Export")
    usual, standing_in = Settings(), Settings(origin="http://127.0.0.1:9")
    assert (MANIFEST.further_origins(usual), MANIFEST.further_origins(standing_in)) == ((DOCS,), ())


@pytest.mark.parametrize("ref", ["1form", "1brandnew"])
def test_what_has_no_export_is_refused_for_good(drive, ref):
    with pytest.raises(Rejected):
        drive.fetch(ref, io.BytesIO())


def test_an_export_that_always_fails_is_tried_once_each_time(drive, sandbox):
    sandbox.faults.add(Rule(fault=Fault.ERROR_BEFORE, status=500, path="/export", times=None))
    with pytest.raises(RetryLater):
        drive.fetch("1doc", io.BytesIO())
    assert len(calls(sandbox, "GET", "/export")) == 1


@pytest.mark.parametrize("names", [("sha256Checksum",), ("sha256Checksum", "sha1Checksum")])
def test_other_bytes_than_the_sums_say_are_not_taken(drive, sandbox, names):
    """Old files have an MD5 only, and that is checked too."""
    ref = sandbox.stock("a.jpg", b"right bytes")
    if len(names) > 1:
        find = '"(sha256Checksum|sha1Checksum)"'
        sandbox.faults.add(Rule(fault=Fault.REWRITE, path="fields=", find=find, replace='"gone"', times=None))
    sandbox.faults.add(Rule(fault=Fault.REWRITE, path="alt=media", find="right", replace="wrong"))
    with pytest.raises(Unreachable):
        drive.fetch(ref, io.BytesIO())
    sandbox.faults.clear()
    assert drive.fetch(ref, io.BytesIO()).size == 11


def test_names_and_times_that_make_no_sense_disturb_nothing(drive, sandbox):
    ref = sandbox.stock(" ", b"x")
    sandbox.ledger.add(What.CHANGED, ref, "x", modifiedTime="yesterday")
    sandbox.ledger.add(What.CHANGED, ref, f"1{PRESS}01", modifiedTime="yesterday")
    assert everything(drive)[ref].modified_at is None


def test_a_change_feed_follows_each_drive_and_tokens_do_not_end(bench, drive, sandbox):
    cursor = drive.changes(None).cursor
    assert set(json.loads(cursor)) == {"", *DRIVES}
    _, mine = bench.publish()
    theirs = sandbox.stock("theirs.jpg", b"x")
    told = drive.changes(cursor)
    assert {change.ref for change in told.items} == {mine.ref, theirs}
    assert all(change.item is not None for change in told.items)


def test_what_is_thrown_into_the_trash_is_told_as_gone(bench, drive, sandbox):
    _, receipt = bench.publish()
    cursor = drive.changes(None).cursor
    sandbox.edit(bench.target.ref, receipt.ref, {"trashed": True})
    [change] = drive.changes(cursor).items
    assert (change.ref, change.gone, change.item) == (receipt.ref, True, None)


def test_a_drive_that_came_or_went_means_a_new_inventory(drive):
    tokens = json.loads(drive.changes(None).cursor)
    fewer = {name: token for name, token in tokens.items() if name != PRESS}
    more = {**tokens, "0AGone": "1000"}
    for cursor in (fewer, more):
        told = drive.changes(json.dumps(cursor))
        assert (told.lost, told.items) == (True, ())
        assert set(json.loads(told.cursor)) == set(tokens)


def test_what_was_moved_to_another_drive_is_not_gone():
    file = {"id": "1", "name": "a", "mimeType": "image/png"}
    moved = connector.Changed.model_validate({"fileId": "1", "removed": True, "file": file})
    [change] = connector._changed(moved)
    assert not change.gone
    about_drive = {"changeType": "drive", "driveId": PRESS, "removed": False}
    assert connector._changed(connector.Changed.model_validate(about_drive)) == ()
    unknown = connector.Changed.model_validate({"changeType": "brandNew", "fileId": "2"})
    assert [(one.ref, one.gone, one.item) for one in connector._changed(unknown)] == [("2", False, None)]


def test_a_page_of_changes_without_a_way_on_is_no_answer(drive, sandbox):
    cursor = drive.changes(None).cursor
    sandbox.faults.add(Rule(fault=Fault.LIE, path="/changes[?]", body='{"changes": []}', times=None))
    with pytest.raises(BadAnswer):
        drive.changes(cursor)


def test_a_page_token_that_is_refused_is_told(drive):
    with pytest.raises(Missing):
        drive.inventory(":nonsense")


def test_a_folder_that_is_gone_takes_nothing(bench, drive):
    target = next(iter(drive.targets(None).items))
    with pytest.raises(Missing):
        drive.publish(connector.Target("folder", "1gone", "Gone"), bench.outgoing())
    assert bench.made() == 0
    assert target.ref == ROOT


def test_a_lost_answer_is_settled_by_the_marker(bench, drive, sandbox):
    target, sent = bench.target, bench.outgoing()
    sandbox.faults.add(Rule(fault=Fault.LOSE_ANSWER, on="write"))
    with pytest.raises(OutcomeUnknown):
        drive.publish(target, sent)
    assert len(drive.find(target, sent.marker)) == 1
    assert MANIFEST.settles_after_s >= 30


def test_units_are_counted_for_each_user_and_for_the_project(bench, sandbox):
    sandbox.quotas.clock = lambda: 600.0
    sandbox.people["robot"], sandbox.people["dana-too"] = "robot", "robot"
    bench.connector.targets(None)
    sandbox.quotas.per_user = 220
    listed = f"{sandbox.origin}/drive/v3/files?fields=files(id)"

    def ask(token):
        answer = httpx.get(listed, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
        return answer.status_code, answer.json().get("error", {}).get("errors", [{}])[0].get("reason")

    assert [ask("robot"), ask("dana-too"), ask("robot")] == [(200, None), (200, None), (403, "userRateLimitExceeded")]
    sandbox.quotas.per_user, sandbox.quotas.per_project = 10_000, 400
    assert ask("robot") == (403, "rateLimitExceeded")
    with pytest.raises(RateLimited):
        bench.connector.targets(None)
    sandbox.quotas.clock = lambda: 660.0
    assert ask("robot") == (200, None)
