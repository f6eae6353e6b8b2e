"""LinkedIn's traps, one by one, in the order of its facts: versions, sign-in, organisations, media, posts."""

import hashlib
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from connectors.linkedin import MANIFEST
from connectors.linkedin.sandbox import LONGEST_TEXT, MEMBER, PAGES, create, create_member
from connectors.linkedin.sandbox_uploads import PART
from connectors.linkedin.types import VERSION
from connectors.sdk.errors import Misconfigured, Missing, NeedsPerson, OutcomeUnknown, RateLimited, Rejected, RetryLater
from connectors.sdk.manifest import Capability, Write
from connectors.sdk.marker import content_key
from connectors.sdk.paging import every
from connectors.sdk.types import Level, PartState, Picture
from hub.clock import DAY
from hub.connections.calendar import Line, Sure, What, calendar
from hub.connections.models import Connection, Remote
from tests.unit.linkedin.conftest import MARKER, OTHER, Desk, outgoing

API, WWW = "api.linkedin.com", "www.linkedin.com"


# 1. Versions


def test_every_versioned_call_names_version_and_protocol_and_the_unversioned_ones_do_not_need_it(pages):
    receipt = pages.publish(outgoing())
    pages.connector.look(pages.target, receipt.ref)
    pages.connector.update(pages.target, receipt.ref, {"commentary": "Changed"})
    pages.connector.withdraw(pages.target, receipt.ref)
    pages.connector.find(pages.target, MARKER)
    rest = [request for request in pages.wire.sent if request.url.path.startswith("/rest/")]
    assert rest
    assert {(r.headers["linkedin-version"], r.headers["x-restli-protocol-version"]) for r in rest} == {
        (VERSION, "2.0.0")
    }


def test_a_version_that_ended_is_a_persons_matter_and_not_tried_again():
    old = Desk(create(), version="202511")
    with pytest.raises(Misconfigured) as refused:
        old.connector.targets(None)
    assert refused.value.status == 426
    assert "NONEXISTENT_VERSION" in refused.value.detail
    assert len(old.wire.sent) == 1


@pytest.mark.parametrize(
    ("version", "on", "announced"),
    [
        ("202601", date(2027, 1, 15), True), ("202603", date(2027, 3, 16), True),  # LinkedIn's table
        (VERSION, date(2027, 8, 15), False), ("202509", date(2026, 9, 15), False),
        ("202612", date(2027, 12, 15), False),
    ],
)  # fmt: skip
def test_the_version_that_a_connection_speaks_ends_when_linkedin_said_or_as_usual(version, on, announced):
    (end,) = MANIFEST.endings(MANIFEST.settings(version=version))
    assert (end.name, end.on, end.announced) == (f"API version {version}", on, announced)
    assert "settings of this connection" in end.step
    assert ("named no day" in end.step) is not announced


def test_the_alarm_tells_of_the_version_that_is_set_and_following_its_step_clears_it():
    january = int(datetime(2027, 1, 15, tzinfo=UTC).timestamp() * 1000)
    before, after = told({"version": "202601"}), told({"version": "202610"})
    assert [(one.name, one.ends_at, one.sure) for one in before] == [("API version 202601", january, Sure.KNOWN)]
    assert [(one.name, one.sure) for one in after] == [("API version 202610", Sure.USUAL)]
    assert not {one.key for one in before} & {one.key for one in after}
    assert after[0].ends_at > january + 200 * DAY
    assert [one.name for one in told({})] == [f"API version {VERSION}"]
    assert told({"version": "latest"}) == []


def told(settings):
    """Return what the hub's calendar says of what ends at LinkedIn for a connection with these settings."""
    row = Connection(id="c1", remote_id="r1", owner_id="ada", state="live", problem_code="", auth="sign_in",
                     settings=settings, created_at=1)  # fmt: skip
    remote = Remote(id="r1", connector="linkedin", account_key="a", label="Acme", created_at=1)
    return [one for one in calendar([Line(row, remote)], {"linkedin": MANIFEST}) if one.what is What.VENDOR]


@pytest.mark.parametrize("version", ["2026-08", "202613", "202600", "latest", ""])
def test_a_version_that_is_no_month_is_no_setting(version):
    with pytest.raises(ValueError, match="version"):
        MANIFEST.settings(version=version)


def test_references_are_encoded_in_paths_and_queries(pages):
    receipt = pages.publish(outgoing())
    pages.connector.look(pages.target, receipt.ref)
    assert pages.wire.sent[-1].url.raw_path.startswith(b"/rest/posts/urn%3Ali%3Ashare%3A")
    pages.connector.find(pages.target, MARKER)
    assert b"author=urn%3Ali%3Aorganization%3A9&" in pages.wire.sent[-1].url.raw_path


# 3. Who may post


def test_only_pages_where_the_role_may_post_are_offered_each_once(pages):
    refs = [target.ref for target in every(pages.connector.targets)]
    assert len(refs) == len(set(refs)) == PAGES
    assert f"urn:li:organization:{9 + PAGES}" not in refs  # there the member only reads statistics


def test_pages_come_in_the_order_of_their_numbers(pages):
    assert [t.ref.rpartition(":")[2] for t in pages.connector.targets(None).items[:3]] == ["9", "10", "11"]


def test_a_member_posts_as_the_member_alone_and_asks_for_no_pages(member):
    (target,) = member.connector.targets(None).items
    assert (target.kind, target.ref, target.label) == ("member", MEMBER, "Dana Editor")
    assert [path for _, _, path in member.wire.paths()] == ["/v2/userinfo"]


def test_a_members_pages_are_another_account_than_the_member(pages, member):
    assert pages.connector.identify().key != member.connector.identify().key
    assert "Dana Editor" in pages.connector.identify().label


def test_owner_of_the_media_and_author_of_the_post_are_the_same(pages):
    target = pages.connector.targets(None).items[2]
    pages.publish(outgoing(), target)
    begun = next(r for r in pages.wire.sent if r.url.query == b"action=initializeUpload")
    owner = json.loads(begun.content)["initializeUploadRequest"]["owner"]
    assert owner == json.loads(pages.wire.creates()[0].content)["author"] == target.ref


# 4. Media


def test_a_picture_takes_three_calls_and_goes_to_the_address_that_was_named(pages):
    pages.publish(outgoing())
    assert [(method, host) for method, host, _ in pages.wire.paths()] == [("POST", API), ("PUT", WWW), ("POST", API)]
    assert pages.wire.sent[1].headers["authorization"].startswith("Bearer ")
    assert pages.wire.sent[1].headers["content-type"] == "image/png"


def test_a_member_reads_no_pictures_back_while_posting(member):
    member.publish(outgoing())
    assert [method for method, _, _ in member.wire.paths()] == ["POST", "PUT", "POST"]


def test_the_secret_part_of_an_uploads_address_stands_in_no_error(pages):
    target = pages.target
    pages.wire.spoil = lambda request, answer: _refused(answer) if request.method == "PUT" else answer
    with pytest.raises(Rejected) as refused:
        pages.publish(outgoing(), target)
    query = pages.wire.sent[-1].url.query.decode()
    secret = query.partition("m=")[2].partition("&")[0].partition("%")[0]
    assert len(secret) == 12
    assert secret not in f"{refused.value.message} {refused.value.detail}"


def _refused(answer):
    answer.status_code = 400
    return answer


@pytest.mark.parametrize(
    "media_type", ["image/webp", "image/avif", "image/tiff", "image/svg+xml", "image/heic", "audio/mpeg"]
)
def test_what_linkedin_does_not_show_is_refused_before_anything_is_sent(pages, media_type):
    target = pages.target
    with pytest.raises(Rejected, match="LinkedIn shows no"):
        pages.publish(outgoing(media_type=media_type), target)
    assert not pages.wire.sent
    assert media_type not in MANIFEST.accepts


def test_a_picture_that_is_not_known_everywhere_yet_is_posted_later_without_a_second_upload(pages):
    pages.sandbox.uploads.late = 1
    target = pages.target
    with pytest.raises(RetryLater) as refused:
        pages.publish(outgoing(), target)
    assert "not_ready" in refused.value.detail
    pages.wire.sent.clear()
    receipt = pages.again(outgoing(), target)
    assert [path for _, _, path in pages.wire.paths()] == ["/rest/posts"]
    assert pages.truth(receipt.ref)["sha256"] == outgoing().sha256


def test_a_video_is_sent_in_exactly_the_parts_that_linkedin_asks_for(pages):
    data = bytes(range(256)) * 4 * 1024 * 9  # 9 MiB
    receipt = pages.publish(outgoing(data, media_type="video/mp4"))
    parts = [request for request in pages.wire.sent if request.method == "PUT"]
    assert [len(part.content) for part in parts] == [PART, PART, len(data) - 2 * PART]
    assert {part.headers["content-type"] for part in parts} == {"application/octet-stream"}
    ends = next(json.loads(r.content) for r in pages.wire.sent if r.url.query == b"action=finalizeUpload")
    etags = ends["finalizeUploadRequest"]["uploadedPartIds"]
    assert len(etags) == 3
    assert not any('"' in etag for etag in etags)
    assert ends["finalizeUploadRequest"]["uploadToken"] == ""
    assert pages.truth(receipt.ref)["sha256"] == outgoing(data).sha256
    assert receipt.ref.startswith("urn:li:ugcPost:")


def test_parts_come_from_a_source_that_cannot_seek_too(pages):
    data = bytes(5 * 1024 * 1024) + b"end"

    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    about = replace(outgoing(data, media_type="video/mp4"), open=lambda: Pipe(data))
    assert pages.truth(pages.publish(about).ref)["sha256"] == outgoing(data).sha256


def test_a_video_that_is_still_worked_on_is_waited_for_outside_and_uploaded_once(pages):
    pages.sandbox.uploads.looks = 2
    target, video = pages.target, outgoing(media_type="video/mp4")
    with pytest.raises(RateLimited) as first:
        pages.publish(video, target)
    assert (first.value.after_s, first.value.status) == (30.0, None)  # the connection itself is not told to wait
    with pytest.raises(RateLimited):
        pages.again(video, target)
    receipt = pages.again(video, target)
    assert len(pages.sandbox.uploads.media) == 1
    assert len(pages.wire.creates()) == 1
    assert pages.truth(receipt.ref)["sha256"] == video.sha256


def test_a_member_may_ask_how_far_a_video_is(member):
    member.sandbox.uploads.looks = 1
    video, target = outgoing(media_type="video/mp4"), member.target
    with pytest.raises(RateLimited):
        member.publish(video, target)
    assert member.again(video, target).ref


def test_a_video_that_linkedin_cannot_show_is_told_with_its_reason_and_not_posted(pages):
    pages.sandbox.uploads.fails = True
    with pytest.raises(Rejected, match="UNSUPPORTED_CODEC"):
        pages.publish(outgoing(media_type="video/mp4"))
    assert not pages.wire.creates()
    assert pages.notes[-1] == ""  # the next file is uploaded anew


def test_a_video_without_an_etag_for_a_part_is_not_put_together(pages):
    def spoil(request, answer):
        if request.method == "PUT":
            del answer.headers["etag"]
        return answer

    pages.wire.spoil = spoil
    with pytest.raises(OutcomeUnknown, match="could not be read"):
        pages.publish(outgoing(media_type="video/mp4"))
    assert not pages.wire.creates()


def test_a_document_has_a_title_for_people_even_where_the_asset_has_none(pages):
    receipt = pages.publish(outgoing(media_type="application/pdf", title=""))
    assert pages.truth(receipt.ref)["title"] == f"logo.png ({MARKER}-{outgoing().content_key})"
    assert pages.truth(receipt.ref)["media"].startswith("urn:li:document:")


def test_titles_stay_within_linkedins_length(pages):
    receipt = pages.publish(outgoing(media_type="application/pdf", title="x" * 4000))
    assert len(pages.truth(receipt.ref)["title"]) <= 400
    assert pages.connector.look(pages.target, receipt.ref).marker == MARKER


# 5. Posts


def test_the_reference_of_a_post_comes_in_a_header_and_its_address_is_made_of_it(pages):
    receipt = pages.publish(outgoing())
    assert receipt.url == f"https://www.linkedin.com/feed/update/{receipt.ref}"
    assert receipt.ref in pages.sandbox.ledger.living()


def test_an_answer_without_a_reference_is_an_unknown_outcome(pages):
    def spoil(request, answer):
        answer.headers.pop("x-restli-id", None)
        return answer

    pages.wire.spoil = spoil
    with pytest.raises(OutcomeUnknown):
        pages.publish(outgoing())


def test_a_post_is_public_at_once_and_asks_for_nothing_else(pages):
    pages.publish(outgoing())
    body = json.loads(pages.wire.creates()[0].content)
    assert (body["lifecycleState"], body["visibility"]) == ("PUBLISHED", "PUBLIC")
    assert body["distribution"]["feedDistribution"] == "MAIN_FEED"


def test_the_alternative_text_belongs_to_the_post_and_goes_with_pictures_alone(pages):
    for media_type, expected in (("image/png", "A blue circle"), ("video/mp4", ""), ("application/pdf", "")):
        receipt = pages.publish(outgoing(media_type.encode(), media_type=media_type))
        assert pages.truth(receipt.ref)["alt"] == expected


@pytest.mark.parametrize("alternative", ["", "  \n "])
def test_a_picture_without_an_alternative_text_is_not_posted(pages, alternative):
    target = pages.target
    with pytest.raises(Rejected, match="alternative text") as refused:
        pages.publish(outgoing(alt_text=alternative), target)
    assert refused.value.code == "alt_text_missing"
    assert not pages.wire.sent


def test_media_of_a_post_are_never_changed(pages):
    assert Capability.REPLACE not in MANIFEST.abilities
    receipt = pages.publish(outgoing())
    pages.connector.update(pages.target, receipt.ref, {"commentary": "New", "title": "New", "alt_text": "New"})
    assert json.loads(pages.wire.sent[-1].content) == {"patch": {"$set": {"commentary": "New"}}}
    assert pages.wire.sent[-1].headers["x-restli-method"] == "PARTIAL_UPDATE"


def test_an_update_of_nothing_that_can_be_changed_asks_for_nothing(pages):
    receipt, target = pages.publish(outgoing()), pages.target
    pages.connector.update(target, receipt.ref, {"title": "New"})
    assert not pages.wire.sent


def test_deleting_is_asked_for_by_its_name_and_a_page_as_an_answer_is_not_believed(pages):
    receipt, target = pages.publish(outgoing()), pages.target
    pages.connector.withdraw(target, receipt.ref)
    assert pages.wire.sent[-1].headers["x-restli-method"] == "DELETE"
    pages.wire.spoil = lambda request, answer: _page(answer)
    with pytest.raises(OutcomeUnknown):
        pages.connector.withdraw(target, receipt.ref)


def _page(answer):
    return type(answer)(200, text="<html>Sign in</html>", headers={"content-type": "text/html"})


def test_a_members_posts_cannot_be_read_and_that_is_declared(member):
    receipt, target = member.publish(outgoing()), member.target
    for read in (lambda: member.connector.look(target, receipt.ref), lambda: member.connector.find(target, MARKER)):
        with pytest.raises(Misconfigured):
            read()
    there = MANIFEST.at("member").abilities
    read = {Capability.FIND, Capability.LOOK, Capability.SUBSCRIBE}
    assert read == set(MANIFEST.abilities) - set(there)
    assert there[Capability.PUBLISH].best is Level.SAID
    assert there[Capability.PUBLISH].write is Write.KEYED
    assert MANIFEST.at("page") is MANIFEST


def test_posts_of_other_kinds_are_read_past(pages):
    receipt = pages.publish(outgoing())
    more = (
        b'{"elements": [{"id": "urn:li:share:1"}, {"id": "urn:li:share:2", "commentary": null, "content": null},'
        b' {"id": "urn:li:share:3", "content": {"poll": {"question": "?"}}}, '
    )
    target = pages.target

    def spoil(request, answer):
        return type(answer)(200, content=answer.content.replace(b'{"elements": [', more, 1))

    pages.wire.spoil = spoil
    assert [copy.ref for copy in pages.connector.find(target, MARKER)] == [receipt.ref]


@pytest.mark.parametrize(
    ("lifecycle", "state"),
    [("PUBLISHED", PartState.SHOWING), ("PUBLISH_FAILED", PartState.FAILED), ("PUBLISH_REQUESTED", PartState.QUEUED),
     ("SOMETHING_NEW", PartState.UNKNOWN)],
)  # fmt: skip
def test_a_post_that_linkedin_hid_after_all_is_told(pages, lifecycle, state):
    receipt = pages.publish(outgoing())
    pages.sandbox._change(receipt.ref, lifecycle=lifecycle)
    assert pages.connector.look(pages.target, receipt.ref).parts[0].state is state


def test_a_post_that_somebody_deleted_on_a_page_is_missing(pages):
    receipt, target = pages.publish(outgoing()), pages.target
    pages.sandbox.vanish(target.ref, receipt.ref)
    with pytest.raises(Missing):
        pages.connector.look(target, receipt.ref)


def test_a_text_that_is_too_long_is_refused_for_good(pages):
    with pytest.raises(Rejected) as refused:
        pages.publish(outgoing(commentary="x" * (LONGEST_TEXT + 1)))
    assert "FIELD_LENGTH_TOO_LONG" in refused.value.detail


# 6. Duplicates


def lose(desk, *, after=True):
    """Lose the answer to the next post, or the post itself."""

    def spoil(request, answer):
        if (request.method, request.url.path) != ("POST", "/rest/posts"):
            return answer
        desk.wire.spoil = lambda request, answer: answer
        if not after:
            ref = answer.headers["x-restli-id"]
            desk.sandbox._remove(ref)
            desk.sandbox.deleted.clear()
        return type(answer)(504, text="upstream request timeout")

    desk.wire.spoil = spoil


@pytest.mark.parametrize("desk", ["member", "pages"])
def test_after_a_lost_answer_the_same_post_again_is_the_first_one(desk, request):
    desk = request.getfixturevalue(desk)
    target = desk.target
    lose(desk)
    with pytest.raises(OutcomeUnknown):
        desk.publish(outgoing(), target)
    (stands,) = desk.sandbox.ledger.living()
    assert desk.again(outgoing(), target).ref == stands
    first, second = desk.wire.creates()
    assert first.content == second.content
    assert len(desk.sandbox.uploads.media) == 1


def test_after_a_lost_request_the_same_post_again_is_a_new_one(member):
    target = member.target
    lose(member, after=False)
    with pytest.raises(OutcomeUnknown):
        member.publish(outgoing(), target)
    receipt = member.again(outgoing(), target)
    assert list(member.sandbox.ledger.living()) == [receipt.ref]


def test_a_duplicate_that_nothing_was_in_doubt_about_is_not_taken_for_ours(member):
    """Somebody may have posted the same by hand."""
    target = member.target
    member.publish(outgoing(), target)
    note = member.notes[0]
    assert " " not in note
    with pytest.raises(Rejected) as refused:
        member.publish(replace(outgoing(), kept=note), target)
    assert refused.value.code == "duplicate_post"
    assert len(member.sandbox.ledger.living()) == 1


def test_after_a_refusal_nothing_is_in_doubt_any_more(member):
    target = member.target
    with pytest.raises(Rejected):
        member.publish(outgoing(commentary="x" * (LONGEST_TEXT + 1)), target)
    assert member.notes[-2].endswith(" asked")
    assert not member.notes[-1].endswith(" asked")


def test_a_doubt_outlives_a_try_that_was_refused_for_certain(member):
    target = member.target
    lose(member)
    with pytest.raises(OutcomeUnknown):
        member.publish(outgoing(), target)
    (stands,) = member.sandbox.ledger.living()
    member.sandbox.calls_left = 0
    with pytest.raises(RateLimited):
        member.again(outgoing(), target)
    member.sandbox.calls_left = None
    receipt = member.again(outgoing(), target)
    assert (receipt.ref, receipt.again) == (stands, True)


def test_an_upload_that_ended_at_linkedin_is_made_anew(pages):
    target = pages.target
    for media_type in ("image/png", "video/mp4"):
        gone = f"urn:li:{media_type.split('/')[0]}:GONE"
        with pytest.raises((Rejected, Missing)):
            pages.publish(replace(outgoing(media_type=media_type), kept=gone), target)
        assert pages.notes[-1] == ""
        assert pages.again(outgoing(media_type=media_type), target).ref


def test_a_refused_text_costs_no_second_upload(pages):
    target, film = pages.target, outgoing(media_type="video/mp4", commentary="x" * (LONGEST_TEXT + 1))
    with pytest.raises(Rejected):
        pages.publish(film, target)
    assert pages.again(outgoing(media_type="video/mp4"), target).ref
    assert len(pages.sandbox.uploads.media) == 1


def test_a_post_that_never_was_is_not_adopted_after_a_deletion(pages):
    target = pages.target
    receipt = pages.publish(outgoing(), target)
    pages.connector.withdraw(target, receipt.ref)
    with pytest.raises(Rejected) as refused:
        pages.again(outgoing(), target)  # even though an earlier try were in doubt: the page is read first
    assert refused.value.code == "duplicate_post"
    assert not pages.sandbox.ledger.living()
    assert pages.notes[-1] == ""


def test_somebody_elses_post_is_not_adopted_on_a_page(pages):
    target = pages.target
    other = pages.publish(outgoing(marker=OTHER), target)
    body = {
        "message": f"Content is a duplicate of {other.ref}", "status": 422,
        "errorDetails": {"inputErrors": [{"code": "DUPLICATE_POST"}]},
    }  # fmt: skip

    def spoil(request, answer):
        return (
            type(answer)(422, json=body) if request.method == "POST" and request.url.path == "/rest/posts" else answer
        )

    pages.wire.spoil = spoil
    with pytest.raises(Rejected):
        pages.publish(replace(outgoing(), kept="urn:li:image:1 asked"), target)


@pytest.mark.parametrize(
    "text", ["Content is a duplicate of urn:li:share:abc", "Content is a duplicate", "urn:li:comment:1"]
)
def test_a_duplicate_that_names_no_post_is_an_unknown_outcome(member, text):
    body = {"message": text, "status": 422, "errorDetails": {"inputErrors": [{"code": "DUPLICATE_POST"}]}}
    target = member.target
    member.wire.spoil = lambda request, answer: (
        type(answer)(422, json=body) if (request.method, request.url.path) == ("POST", "/rest/posts") else answer
    )
    with pytest.raises(OutcomeUnknown):
        member.publish(replace(outgoing(), kept="urn:li:image:1 asked"), target)


# 7. Errors and limits


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "VERSION_MISSING", Misconfigured), (400, "MISSING_FIELD", Rejected), (400, "INVALID_URN_TYPE", Rejected),
        (401, "EXPIRED_ACCESS_TOKEN", NeedsPerson), (401, "REVOKED_ACCESS_TOKEN", NeedsPerson),
        (403, "ACCESS_DENIED", Misconfigured), (404, "NOT_FOUND", Missing), (409, "CONFLICT", RetryLater),
        (411, "", Rejected), (422, "UNPROCESSABLE_ENTITY", Rejected), (426, "NONEXISTENT_VERSION", Misconfigured),
        (429, "TOO_MANY_REQUESTS", RateLimited), (500, "", OutcomeUnknown), (504, "", OutcomeUnknown),
    ],
)  # fmt: skip
def test_refusals_of_a_post_mean_what_linkedin_means(pages, status, code, kind):
    target = pages.target
    body = {"status": status, "code": code, "message": "no"}
    pages.wire.spoil = lambda request, answer: (
        type(answer)(status, json=body) if request.url.path == "/rest/posts" else answer
    )
    with pytest.raises(kind):
        pages.publish(outgoing(), target)


def test_the_days_budget_is_told_without_a_time_to_come_back(member):
    target = member.target
    member.sandbox.calls_left = 2
    with pytest.raises(RateLimited) as refused:
        member.publish(outgoing(), target)
    assert refused.value.after_s is None
    member.sandbox.calls_left = None
    assert member.again(outgoing(), target).ref
    assert len(member.sandbox.uploads.media) == 1


def test_a_429_of_the_infrastructure_is_one_too(member):
    target = member.target
    member.wire.spoil = lambda request, answer: type(answer)(429, text="<html>Too many</html>")
    with pytest.raises(RateLimited):
        member.publish(outgoing(), target)


# 10. Several pictures


def several(*contents, **fields):
    """A set, each picture with the alternative text that says its number."""
    sent = outgoing(contents[0], alt_text="Picture 0", **fields)
    more = tuple(
        Picture(digest[:12], "more.png", "image/png", len(data), digest, lambda data=data: io.BytesIO(data),
                {"alt_text": f"Picture {number}"})
        for number, data in enumerate(contents[1:], 1)
        for digest in [hashlib.sha256(data).hexdigest()]
    )  # fmt: skip
    return replace(sent, companions=more, content_key=content_key([one.sha256 for one in (sent, *more)]))


def test_several_pictures_are_one_multi_image_with_a_text_for_each_and_the_code_in_the_first_title(pages):
    sent = several(b"a", b"b", b"c")
    receipt = pages.publish(sent)
    [created] = pages.wire.creates()
    content = json.loads(created.content)["content"]
    assert set(content) == {"multiImage"}
    images = content["multiImage"]["images"]
    assert [image["altText"] for image in images] == ["Picture 0", "Picture 1", "Picture 2"]
    assert [image.get("title") for image in images] == [f"Logo ({MARKER}-{sent.content_key})", None, None]
    assert len(pages.wire.sent) == 7, "two for each picture, one for the post"
    assert [copy.ref for copy in pages.connector.find(pages.target, MARKER)] == [receipt.ref]


def test_pictures_that_were_sent_before_a_try_broke_off_are_not_sent_again(pages):
    target, sent = pages.target, several(b"a", b"b", b"c")
    puts = iter([False, True])
    pages.wire.spoil = lambda request, answer: (
        _refused(answer) if request.method == "PUT" and next(puts, False) else answer
    )
    with pytest.raises(Rejected):
        pages.publish(sent, target)
    assert pages.notes[-1].count("urn:li:image:") == 1
    receipt = pages.again(sent, target)
    assert sum(medium.status == "AVAILABLE" for medium in pages.sandbox.uploads.media.values()) == 4
    shown = [pages.truth(receipt.ref), *pages.truth(receipt.ref)["more"]]
    assert [pages.sandbox.uploads.media[one["media"]].sha256 for one in shown] == [one.sha256 for one in sent.pictures]


def test_what_cannot_stand_together_is_refused_before_anything_is_sent(pages):
    target, sent = pages.target, several(b"a", b"b")
    film = replace(sent.companions[0], media_type="video/mp4")
    mute = replace(sent.companions[0], fields={"alt_text": " "})
    for wrong, code in (
        (replace(sent, companions=(film,)), "kinds_mixed"),
        (replace(outgoing(media_type="video/mp4"), companions=sent.companions), "kinds_mixed"),
        (several(*(b"%d" % number for number in range(21))), "too_many_pictures"),
        (replace(sent, companions=(mute,)), "alt_text_missing"),
    ):
        with pytest.raises(Rejected) as refused:
            pages.publish(wrong, target)
        assert refused.value.code == code
    assert pages.wire.sent == []


@pytest.mark.parametrize("count", [1, 21])
def test_linkedin_itself_takes_no_set_of_one_and_none_of_21(pages, count):
    target = pages.target
    pages.publish(several(b"a", b"b"), target)
    body = json.loads(pages.wire.creates()[0].content)
    body["content"]["multiImage"]["images"] = body["content"]["multiImage"]["images"][:1] * count
    answer = pages.connector._calls.api
    with pytest.raises(Rejected):
        answer.ask("POST", "/rest/posts", json=body, headers=pages.connector._calls._headers)


def test_a_member_has_150_calls_until_midnight_utc_and_pages_have_not():
    for make, most in ((create_member, 150), (create, None)):
        desk = Desk(make())
        now = [86_400 * 20_000 - 60.0]
        desk.sandbox.days.clock = lambda now=now: now[0]
        for _ in range(150):
            desk.connector.identify()
        if most is None:
            desk.connector.identify()
            continue
        with pytest.raises(RateLimited):
            desk.connector.identify()
        now[0] += 60
        desk.connector.identify()


# Who sees it


def sent_to(desk):
    sent = json.loads(desk.wire.creates()[-1].content)
    return sent["visibility"], sent["isReshareDisabledByAuthor"]


def test_a_post_is_for_everybody_unless_the_settings_say_otherwise(member, pages):
    for desk in (member, pages):
        desk.publish(outgoing())
        assert sent_to(desk) == ("PUBLIC", False)


@pytest.mark.parametrize(("reposts", "final"), [(True, False), (False, True)])
def test_a_members_post_may_be_for_connections_alone_and_not_to_be_reposted(reposts, final):
    desk = Desk(create_member(), audience="connections", reposts=reposts)
    receipt = desk.publish(outgoing())
    assert sent_to(desk) == ("CONNECTIONS", final)
    assert (desk.truth(receipt.ref)["visibility"], desk.truth(receipt.ref)["final"]) == sent_to(desk)


def test_what_a_page_posts_is_public_whatever_is_set(pages):
    desk = Desk(create(), audience="connections", reposts=False)
    desk.publish(outgoing())
    assert sent_to(desk) == ("PUBLIC", True)


@pytest.mark.parametrize("before", ["connections", "public"])
def test_a_post_in_doubt_is_asked_for_again_as_it_was_though_the_settings_changed(before):
    after = {"connections": "public", "public": "connections"}[before]
    desk = Desk(create_member(), audience=before, reposts=before == "public")
    target = desk.target
    lose(desk)
    with pytest.raises(OutcomeUnknown):
        desk.publish(outgoing(), target)
    changed = Desk(desk.sandbox, audience=after, reposts=before != "public")
    changed.notes = desk.notes
    receipt = changed.again(outgoing(), target)
    assert receipt.again
    assert sent_to(changed) == sent_to(desk)
    assert list(desk.sandbox.ledger.living()) == [receipt.ref]


def test_an_audience_that_linkedin_does_not_have_is_no_setting():
    with pytest.raises(ValueError, match="audience"):
        MANIFEST.settings(audience="friends")
