"""What the suite cannot know of Postiz: its traps, each as it was measured on the real one."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import request

from connectors.postiz import MANIFEST
from connectors.postiz.calls import Kind
from connectors.postiz.types import Settings
from connectors.postiz.wording import as_html, as_text
from connectors.sdk.errors import (
    AuthExpired,
    Misconfigured,
    Missing,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RetryLater,
)
from connectors.sdk.marker import content_key
from connectors.sdk.types import COMPANIONS, PartKind, PartState, Picture
from connectors.testing.conformance.bench import PNG
from connectors.testing.faults import Fault, Rule, refuse
from connectors.testing.ledger import What
from tests.unit.postiz.conftest import LATER, MARKER, PAGE, SITE, in_ms, outgoing


def facts(sandbox, ref):
    return sandbox.ledger.living()[ref]


def sent(sandbox, method, ending=""):
    return [one for one in sandbox.requests if one.method == method and one.path.endswith(ending)]


def state(copy):
    return next(part.state for part in copy.parts if part.kind is PartKind.MEDIA)


# What a post becomes.


def test_a_post_without_a_time_is_a_draft_unless_a_person_said_otherwise(postiz, connect, sandbox):
    draft = postiz.publish(PAGE, outgoing())
    assert facts(sandbox, draft.ref)["state"] == "DRAFT"
    assert state(postiz.look(PAGE, draft.ref)) is PartState.SHOWING
    out = connect(without_time="now").publish(PAGE, outgoing())
    assert sandbox.publications == [out.ref]
    copy = postiz.look(PAGE, out.ref)
    assert [part.kind for part in copy.parts] == [PartKind.MEDIA, PartKind.PUBLIC_URL]
    assert copy.url == facts(sandbox, out.ref)["releaseURL"]


def test_a_post_with_a_time_is_scheduled_and_one_whose_time_is_past_goes_out(postiz, sandbox):
    ref = postiz.publish(PAGE, outgoing(at=LATER)).ref
    assert (facts(sandbox, ref)["state"], facts(sandbox, ref)["publishDate"]) == ("QUEUE", "2096-10-02T07:06:40.000Z")
    late = postiz.publish(PAGE, outgoing(at=in_ms(hours=-1))).ref
    assert sandbox.publications == [late]


def test_a_time_beyond_what_is_looked_for_is_refused(connect, sandbox):
    with pytest.raises(Rejected, match="further ahead"):
        connect(years_ahead=5).publish(PAGE, outgoing(at=LATER))
    assert not sent(sandbox, "POST")


def test_no_unknown_type_is_ever_sent(connect, sandbox):
    assert {*Kind} == {"draft", "schedule", "now", "update"}
    with pytest.raises(ValueError, match="without_time"):
        connect(without_time="nonsense")
    for settings, at in (({}, None), ({}, LATER), ({"without_time": "now"}, None)):
        connect(**settings).publish(PAGE, outgoing(at=at))
    assert sandbox.violations == []


def test_group_is_never_sent_since_it_deletes(postiz, sandbox):
    ref = postiz.publish(PAGE, outgoing()).ref
    postiz.update(PAGE, ref, {"content": "New"})
    postiz.replace(PAGE, ref, outgoing(data=outgoing().open().read() + b"2"))
    assert sandbox.violations == []
    assert list(sandbox.ledger.living()) == [ref]


def test_tags_are_those_that_a_person_made(connect, sandbox):
    known = connect(tag="damhub").publish(PAGE, outgoing()).ref
    unknown = connect(tag="nobody made it").publish(PAGE, outgoing()).ref
    assert (facts(sandbox, known)["tags"], facts(sandbox, unknown)["tags"]) == (["damhub"], [])
    connect().update(PAGE, known, {"content": "New"})
    assert facts(sandbox, known)["tags"] == ["damhub"]


# What a channel wants.


def test_a_channels_settings_are_sent_with_a_draft_too(postiz, connect, sandbox):
    ref = postiz.publish(SITE, outgoing(title="Spring")).ref
    assert {"title": "Spring", "type": "post"}.items() <= json.loads(facts(sandbox, ref)["settings"]).items()
    page = connect(channel_settings=["wordpress.type=page", "x.who=all"]).publish(SITE, outgoing(title="Spring")).ref
    assert json.loads(facts(sandbox, page)["settings"])["type"] == "page"
    assert postiz.look(SITE, ref).fields == {"content": "Ready for spring", "title": "Spring", "alt": ""}
    postiz.update(SITE, ref, {"title": "Summer"})
    assert postiz.look(SITE, ref).fields == {"content": "Ready for spring", "title": "Summer", "alt": ""}


def test_what_a_channel_lacks_is_told_before_anything_is_sent(postiz, sandbox):
    with pytest.raises(Rejected, match="needs more than text and picture: title") as refused:
        postiz.publish(SITE, outgoing())
    assert refused.value.code == "channel_settings_missing"
    assert not sent(sandbox, "POST")


def test_a_title_goes_only_to_channels_that_have_one(postiz, sandbox):
    ref = postiz.publish(PAGE, outgoing(title="Spring")).ref
    assert "title" not in json.loads(facts(sandbox, ref)["settings"])


def test_too_long_a_text_is_refused_even_for_a_draft(postiz, sandbox):
    with pytest.raises(Rejected, match="3001 characters") as refused:
        postiz.publish(PAGE, outgoing("x" * 3001))
    assert refused.value.code == "text_too_long"
    assert not sent(sandbox, "POST")
    postiz.publish(PAGE, outgoing("x" * 3000))


def test_a_file_that_posts_do_not_show_is_refused_though_it_was_uploaded(postiz, sandbox):
    with pytest.raises(Rejected, match="shows it in no post"):
        postiz.publish(PAGE, outgoing(data=b"BM" + bytes(64)))
    assert not sandbox.ledger.effects()


def test_alternative_text_goes_with_the_picture_and_stays(postiz, sandbox):
    ref = postiz.publish(PAGE, outgoing(alt="A red roof")).ref
    postiz.update(PAGE, ref, {"content": "New"})
    assert facts(sandbox, ref)["image"][0]["alt"] == "A red roof"
    postiz.replace(PAGE, ref, outgoing(data=outgoing().open().read() + b"2"))
    assert facts(sandbox, ref)["image"][0]["alt"] == "A red roof"
    postiz.update(PAGE, ref, {"alt": "A blue roof"})
    assert facts(sandbox, ref)["image"][0]["alt"] == "A blue roof"
    assert facts(sandbox, ref)["content"] == "<p>New</p>"


@pytest.mark.parametrize("text", ["", "One", "One\nTwo", "a < b && c > d", "Grüße 🎉", "5 &amp; 6", "\nfirst"])
def test_texts_come_back_as_they_went(text):
    assert as_text(as_html(text)) == text


def test_what_people_write_there_is_read_as_text():
    assert as_text('<p>One <strong>bold</strong></p>\n<p class="x">Two<br/>three</p>') == "One bold\nTwo\nthree"


def test_a_text_is_given_once_and_then_belongs_to_people_there(connect, sandbox):
    assert Settings().texts == "once"
    postiz = connect(texts="once")
    ref = postiz.publish(PAGE, outgoing()).ref
    sandbox.edit(PAGE.ref, ref, {"content": "Written by people"})
    assert postiz.look(PAGE, ref).fields == {"alt": ""}
    assert postiz.find(PAGE, MARKER)[0].fields == {"alt": ""}
    postiz.update(PAGE, ref, {"content": "The hub's", "alt": "A roof"})
    assert facts(sandbox, ref)["content"] == "<p>Written by people</p>"
    assert facts(sandbox, ref)["image"][0]["alt"] == "A roof"


# Never a second publication.


def test_a_lost_answer_is_found_by_the_note_in_the_settings(postiz, sandbox):
    sandbox.faults.add(Rule(fault=Fault.LOSE_ANSWER, on="write"))
    with pytest.raises(OutcomeUnknown):
        postiz.publish(PAGE, outgoing(at=LATER))
    (copy,) = postiz.find(PAGE, MARKER)
    assert (copy.marker, copy.content_key) == (MARKER, outgoing().content_key)


def test_a_lost_answer_to_an_upload_leaves_nothing_to_be_seen(postiz, sandbox):
    sandbox.faults.add(Rule(fault=Fault.LOSE_ANSWER, path="/upload"))
    with pytest.raises(OutcomeUnknown):
        postiz.publish(PAGE, outgoing())
    assert postiz.find(PAGE, MARKER) == ()
    postiz.publish(PAGE, outgoing())
    assert len(postiz.find(PAGE, MARKER)) == 1


def test_what_is_out_is_never_touched_again(postiz, sandbox):
    ref = postiz.publish(PAGE, outgoing(at=LATER)).ref
    sandbox.release(ref, PAGE.ref)
    sandbox.reset_requests()
    for act in (
        lambda: postiz.withdraw(PAGE, ref), lambda: postiz.hold(PAGE, ref),
        lambda: postiz.update(PAGE, ref, {"content": "New"}), lambda: postiz.replace(PAGE, ref, outgoing()),
    ):  # fmt: skip
        with pytest.raises(Rejected, match="out already") as refused:
            act()
        assert refused.value.code == "already_published"
    assert postiz.resume(PAGE, ref, LATER).parts[0].state is PartState.SHOWING
    assert {one.method for one in sandbox.requests} == {"GET"}
    assert sandbox.publications == [ref]


def test_a_published_post_that_somebody_made_a_draft_again_counts_as_published(postiz, sandbox, plain):
    ref = postiz.publish(PAGE, outgoing(at=LATER)).ref
    sandbox.release(ref, PAGE.ref)
    plain.put(f"/posts/{ref}/status", json={"status": "draft"})
    assert facts(sandbox, ref)["state"] == "DRAFT"
    assert state(postiz.look(PAGE, ref)) is PartState.SHOWING
    postiz.resume(PAGE, ref, in_ms(hours=-1))
    with pytest.raises(Rejected):
        postiz.withdraw(PAGE, ref)
    assert sandbox.publications == [ref]


def test_schedule_is_never_sent_as_a_status(postiz, sandbox, monkeypatch):
    statuses = []
    inner = sandbox.app.view_functions["PUT /posts/<ref>/status"]

    def note(ref):
        statuses.append(request.get_json()["status"])
        return inner(ref)

    monkeypatch.setitem(sandbox.app.view_functions, "PUT /posts/<ref>/status", note)
    ref = postiz.publish(PAGE, outgoing(at=LATER)).ref
    postiz.hold(PAGE, ref)
    postiz.resume(PAGE, ref, LATER)
    postiz.withdraw(PAGE, ref)
    assert statuses == ["draft", "draft"]


def test_resuming_for_a_past_time_publishes_once(postiz, sandbox):
    ref = postiz.publish(PAGE, outgoing(at=LATER)).ref
    postiz.hold(PAGE, ref)
    for _ in range(3):
        postiz.resume(PAGE, ref, in_ms(minutes=-5))
    waits = postiz.look(PAGE, ref)
    assert (state(waits), sandbox.publications) == (PartState.QUEUED, [])
    assert in_ms(minutes=4) < waits.publish_at < in_ms(minutes=6)
    sandbox.clock = lambda: datetime.now(UTC) + timedelta(minutes=6)
    for _ in range(3):
        postiz.resume(PAGE, ref, in_ms(minutes=-5))
    assert sandbox.publications == [ref]


def test_a_post_on_its_way_out_is_not_started_again(connect, sandbox):
    sandbox.stuck = True
    postiz = connect(without_time="now")
    ref = postiz.publish(PAGE, outgoing()).ref
    assert state(postiz.look(PAGE, ref)) is PartState.QUEUED
    before = facts(sandbox, ref)
    postiz.resume(PAGE, ref, in_ms(hours=1))
    with pytest.raises(RetryLater, match="right now"):
        postiz.hold(PAGE, ref)
    assert facts(sandbox, ref) == before
    sandbox.clock = lambda: datetime.now(UTC) + timedelta(hours=1)
    sandbox.stuck = False
    postiz.look(PAGE, ref)
    assert sandbox.publications == [ref]


def test_a_post_that_postiz_gave_up_is_left_to_a_person(postiz, sandbox):
    ref = postiz.publish(PAGE, outgoing(at=LATER)).ref
    sandbox.ledger.add(What.CHANGED, ref, PAGE.ref, state="ERROR")
    assert state(postiz.look(PAGE, ref)) is PartState.FAILED
    with pytest.raises(Rejected, match="gave this post up") as refused:
        postiz.resume(PAGE, ref, LATER)
    assert refused.value.code == "post_failed"
    postiz.withdraw(PAGE, ref)
    assert not sandbox.ledger.living()


def test_a_waiting_post_that_goes_out_while_it_is_withdrawn_is_not_deleted(postiz, sandbox, monkeypatch):
    ref = postiz.publish(PAGE, outgoing(at=LATER)).ref
    inner = sandbox.app.view_functions["PUT /posts/<ref>/status"]

    def meanwhile(ref):
        sandbox.release(ref, PAGE.ref)
        return inner(ref)

    monkeypatch.setitem(sandbox.app.view_functions, "PUT /posts/<ref>/status", meanwhile)
    with pytest.raises(Rejected, match="out already"):
        postiz.withdraw(PAGE, ref)
    assert facts(sandbox, ref)["releaseURL"]
    assert not sent(sandbox, "DELETE")


def test_withdrawing_takes_one_channels_post_and_reads_error_true_as_done(postiz, sandbox):
    ref = postiz.publish(PAGE, outgoing()).ref
    other = postiz.publish(SITE, outgoing(title="Spring")).ref
    postiz.withdraw(PAGE, ref)
    assert list(sandbox.ledger.living()) == [other]
    with pytest.raises(Missing):
        postiz.look(PAGE, ref)


def test_a_post_that_is_gone_is_not_made_anew_by_a_change(postiz, sandbox):
    ref = postiz.publish(PAGE, outgoing()).ref
    sandbox.vanish(PAGE.ref, ref)
    for act in (lambda: postiz.update(PAGE, ref, {}), lambda: postiz.replace(PAGE, ref, outgoing()),
                lambda: postiz.resume(PAGE, ref, LATER)):  # fmt: skip
        with pytest.raises(Missing):
            act()
    assert not sandbox.ledger.living()


def test_a_change_keeps_the_state_and_the_time(postiz, sandbox):
    ref = postiz.publish(PAGE, outgoing(at=LATER)).ref
    before = facts(sandbox, ref)
    postiz.update(PAGE, ref, {"content": "New"})
    after = facts(sandbox, ref)
    assert (after["state"], after["publishDate"]) == (before["state"], before["publishDate"])


def test_without_the_hubs_note_a_post_is_still_seen_and_withdrawn_but_not_changed(postiz, sandbox):
    ref = postiz.publish(PAGE, outgoing()).ref
    for settings in (
        '{"__type": "linkedin-page"}',
        "null",
        "no json",
        '{"damhub": "odd"}',
        '{"damhub": {"copy": "x"}}',
    ):
        sandbox.ledger.add(What.CHANGED, ref, PAGE.ref, settings=settings)
        copy = postiz.look(PAGE, ref)
        assert (copy.marker, copy.content_key) == (None, None)
        with pytest.raises(Rejected) as refused:
            postiz.update(PAGE, ref, {"content": "New"})
        assert refused.value.code == "note_lost"
    postiz.withdraw(PAGE, ref)
    assert not sandbox.ledger.living()


# The listing.


def test_posts_of_all_years_are_listed_and_repeating_ones_once(connect, sandbox):
    postiz = connect(years_ahead=3)
    refs = []
    for days in (-700, -100, -1, 1, 500, 1000):
        ref = postiz.publish(PAGE, outgoing()).ref
        at = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="milliseconds")
        sandbox.ledger.add(What.CHANGED, ref, PAGE.ref, publishDate=at)
        refs.append(ref)
    sandbox.ledger.add(What.CHANGED, refs[2], PAGE.ref, intervalInDays=7)
    assert {copy.ref for copy in postiz.find(PAGE, MARKER)} == set(refs)
    assert len(postiz.find(PAGE, MARKER)) == len(refs)
    sandbox.reset_requests()
    postiz.look(PAGE, refs[3])
    assert len(sandbox.requests) == 1


def test_what_others_wrote_oddly_hides_nothing(postiz, sandbox):
    odd = {"content": None, "settings": None, "releaseURL": "", "tags": [], "state": "BRAND_NEW"}
    sandbox.ledger.add(What.CHANGED, sandbox.intrude(PAGE.ref, "holiday"), PAGE.ref, **odd)
    ref = postiz.publish(PAGE, outgoing()).ref
    assert [copy.ref for copy in postiz.find(PAGE, MARKER)] == [ref]


def test_the_budget_is_that_of_making_and_changing_posts():
    (limit,) = MANIFEST.limits
    assert (limit.calls, limit.per_s, limit.scope) == (90, 3600, "connection")
    assert limit.covers("POST", "/api/public/v1/posts")
    for method, path in (("GET", "/posts"), ("PUT", "/posts/x/status"), ("DELETE", "/posts/x"), ("POST", "/upload")):
        assert not limit.covers(method, f"/public/v1{path}")


def test_one_listing_that_fails_is_no_missing_post(postiz, sandbox):
    sandbox.faults.add(Rule(fault=Fault.ERROR_BEFORE, on="read", skip=1, times=None))
    with pytest.raises(RetryLater):
        postiz.look(PAGE, "cmw-nobody")


def test_a_date_without_a_zone_is_utc_and_others_are_converted(plain, sandbox, postiz):
    image = [{"id": "x", "path": "https://elsewhere.example/a.png"}]
    for date, kept in (("2027-02-05T10:00:00", "2027-02-05T10:00:00.000Z"),
                       ("2027-02-05T10:00:00+02:00", "2027-02-05T08:00:00.000Z")):  # fmt: skip
        body = {"type": "draft", "date": date, "shortLink": False, "tags": [],
                "posts": [{"integration": {"id": PAGE.ref}, "value": [{"content": "x", "image": image}]}]}  # fmt: skip
        ref = plain.post("/posts", json=body).json()[0]["postId"]
        assert facts(sandbox, ref)["publishDate"] == kept


# Channels, accounts, errors.


def test_a_channel_that_is_switched_off_is_no_place(postiz, sandbox):
    refs = [target.ref for target in postiz.targets(None).items]
    assert "chan-switched-off" not in refs
    assert len(refs) == 43


def test_the_account_is_named_by_a_person(postiz, connect, sandbox):
    assert postiz.identify().key == sandbox.origin
    named = connect(organisation="Press office").identify()
    assert (named.key, named.label) == (f"{sandbox.origin}#Press office", "Press office")


@pytest.mark.parametrize(
    ("address", "path", "pages"),
    [
        ("https://api.postiz.com", "/public/v1", "https://platform.postiz.com"),
        ("https://social.example.org/api/", "/api/public/v1", "https://social.example.org"),
        ("http://localhost:3000", "/public/v1", "http://localhost:3000"),
    ],
)
def test_addresses_of_the_cloud_and_of_ones_own(address, path, pages):
    settings = Settings(address=address)
    assert (settings.path, settings.pages_address) == (path, pages)
    server = MANIFEST.auths[1].server(settings)
    assert server.authorize_url == f"{pages}/oauth/authorize"
    assert server.token_url == f"{address.rstrip('/')}/oauth/token"
    assert MANIFEST.auths[1].server(Settings(address=address, pages="https://p.example/")).authorize_url == (
        "https://p.example/oauth/authorize"
    )


def test_a_key_is_sent_without_bearer():
    assert MANIFEST.auths[0].headers({"key": "abc"}) == {"Authorization": "abc"}
    assert MANIFEST.auths[1].headers({"access_token": "pos_1"}) == {"Authorization": "pos_1"}


@pytest.mark.parametrize(
    ("status", "body", "code", "error"),
    [
        (401, '{"msg":"Invalid API key"}', "", AuthExpired),
        (401, '{"msg":"Invalid OAuth token"}', "", AuthExpired),
        (401, '{"msg":"No subscription found"}', "no_subscription", Misconfigured),
        (402, '{"statusCode":402,"message":"You reached the maximum of posts"}', "plan_used_up", Misconfigured),
        (400, '{"message":"Integration with id x not found","statusCode":400}', "channel_not_found", Misconfigured),
        (400, '{"message":"Post not found","error":"Bad Request","statusCode":400}', "post_not_found", Missing),
        (413, '{"statusCode":413,"message":"request entity too large"}', "", Rejected),
        (429, '{"statusCode":429,"message":"ThrottlerException: Too Many Requests"}', "", RateLimited),
        (500, '{"statusCode":500,"message":"Internal server error"}', "", OutcomeUnknown),
    ],
)
def test_what_answers_mean(postiz, sandbox, status, body, code, error):
    sandbox.faults.add(refuse(status, on="write", body=body))
    with pytest.raises(error) as raised:
        postiz.publish(PAGE, outgoing())
    assert raised.value.detail == f"POST /public/v1/posts answered {status}{code and f' {code}'}"


def test_every_line_of_a_refusal_is_told(postiz, sandbox):
    lines = json.dumps({"message": ["posts.0.value must be an array", "tags must be an array"], "statusCode": 400})
    sandbox.faults.add(
        refuse(400, on="write", body=lines), refuse(400, on="write", body='{"msg":"File is too large."}')
    )
    with pytest.raises(Rejected, match=r"posts\.0\.value must be an array; tags must be an array"):
        postiz.publish(PAGE, outgoing())
    with pytest.raises(Rejected, match="File is too large"):
        postiz.publish(PAGE, outgoing())


def test_a_channel_that_was_taken_out_is_for_a_person(postiz):
    with pytest.raises((Misconfigured, Missing)):
        postiz.publish(replace(PAGE, ref="nothing"), outgoing())


def test_the_hourly_budget_blocks_for_an_hour_and_says_so(postiz, sandbox):
    sandbox.throttle.budget = 1
    sandbox.throttle.clock = lambda: 7.0
    postiz.publish(PAGE, outgoing())
    with pytest.raises(RateLimited) as limited:
        postiz.publish(PAGE, outgoing())
    assert limited.value.after_s == 3600
    assert postiz.look(PAGE, postiz.find(PAGE, MARKER)[0].ref)
    postiz.withdraw(PAGE, postiz.find(PAGE, MARKER)[0].ref)


def test_numbers_of_what_is_not_out_or_was_lost_are_none(postiz, sandbox):
    ref = postiz.publish(PAGE, outgoing()).ref
    assert postiz.numbers(PAGE, ref) == {}
    sandbox.faults.add(Rule(fault=Fault.LIE, on="read", body='{"missing": true}'))
    assert postiz.numbers(PAGE, ref) == {}
    assert postiz.uses(PAGE, ref, None).items == ()


# Several pictures


def several(count):
    first, *others = (outgoing(data=PNG + b"%d" % number) for number in range(count))
    more = tuple(
        Picture(one.content_key, one.filename, one.media_type, one.size, one.sha256, one.open, {"alt": f"Alt {number}"})
        for number, one in enumerate(others, 1)
    )
    key = content_key([one.sha256 for one in (first, *more)])
    return replace(first, companions=more, content_key=key, fields={**first.fields, "alt": "Alt 0"})


def test_several_pictures_stand_in_one_post_and_each_keeps_its_text(postiz, sandbox):
    sent = several(3)
    ref = postiz.publish(PAGE, sent).ref
    images = facts(sandbox, ref)["image"]
    assert [image["alt"] for image in images] == ["Alt 0", "Alt 1", "Alt 2"]
    assert [sandbox.media[image["path"]] for image in images] == [one.sha256 for one in sent.pictures]
    assert postiz.look(PAGE, ref).fields[COMPANIONS] == [{"alt": "Alt 1"}, {"alt": "Alt 2"}]
    postiz.update(PAGE, ref, {COMPANIONS: [{"alt": "Alt 1"}, {"alt": "New"}]})
    assert [image["alt"] for image in facts(sandbox, ref)["image"]] == ["Alt 0", "Alt 1", "New"]
    postiz.replace(PAGE, ref, sent)
    assert [image["alt"] for image in facts(sandbox, ref)["image"]] == ["Alt 0", "Alt 1", "New"]
    assert sandbox.violations == []


def test_of_what_is_out_no_texts_of_pictures_are_told(postiz, sandbox):
    ref = postiz.publish(PAGE, several(2)).ref
    sandbox.release(ref, PAGE.ref)
    assert not {COMPANIONS, "alt"} & set(postiz.look(PAGE, ref).fields)


@pytest.mark.parametrize(("target", "most"), [(PAGE, 20), (SITE, 1)])
def test_more_pictures_than_a_network_shows_are_refused_before_anything_is_sent(postiz, sandbox, target, most):
    with pytest.raises(Rejected) as refused:
        postiz.publish(target, replace(several(most + 1), fields={"content": "x", "title": "Spring"}))
    assert refused.value.code == "too_many_pictures"
    assert sandbox.media == {}
    assert MANIFEST.at(target.kind).most_pictures == most


@pytest.mark.parametrize(
    ("kind", "most"),
    [("facebook", 10), ("telegram", 10), ("discord", 10), ("vk", 10), ("slack", 20), ("tiktok", 35),
     ("mastodon-custom", 4), ("pinterest", 1), ("medium", 1)],
)  # fmt: skip
def test_each_kind_of_channel_gets_as_many_pictures_as_stand_together_there(postiz, sandbox, kind, most):
    target = replace(PAGE, kind=kind)
    ref = postiz.publish(target, several(most)).ref
    assert len(facts(sandbox, ref)["image"]) == most == MANIFEST.at(kind).most_pictures
    with pytest.raises(Rejected) as refused:
        postiz.publish(target, several(most + 1))
    assert refused.value.code == "too_many_pictures"
