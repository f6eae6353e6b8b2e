"""What LinkedIn counts of posts and videos, of pages and of members whose app was reviewed; and who is told none."""

from http import HTTPStatus

import pytest

from connectors.linkedin import MANIFEST
from connectors.linkedin.sandbox import MEMBER, create, create_counted, create_member
from connectors.sdk.errors import BadAnswer, ConnectorError, Misconfigured, RateLimited
from connectors.sdk.types import Target
from connectors.testing.faults import refuse
from tests.unit.linkedin.conftest import Desk, outgoing

VIDEO = "video/mp4"
OF_MEMBER = ["IMPRESSION", "MEMBERS_REACHED", "REACTION", "COMMENT", "RESHARE"]


def counted_of(desk, media_type="image/png", views=3):
    """Return a post that was seen so often, what the sandbox counts of it, and what the connector reads."""
    receipt, target = desk.publish(outgoing(media_type=media_type)), desk.target
    counts = [desk.sandbox.view(target.ref, receipt.ref) for _ in range(views)]
    desk.wire.sent.clear()
    return receipt.ref, counts[-1], desk.connector.numbers(target, receipt.ref)


def asked(desk):
    return [(r.url.path, dict(r.url.params).get("queryType") or r.url.params.get("type")) for r in desk.wire.sent]


@pytest.mark.parametrize(("media_type", "kind"), [("image/png", "shares"), (VIDEO, "ugcPosts")])
def test_numbers_are_asked_for_in_a_list_that_linkedin_can_read(pages, media_type, kind):
    receipt, target = pages.publish(outgoing(media_type=media_type)), pages.target
    assert pages.connector.numbers(target, receipt.ref) == {}  # nobody saw it yet
    ref, truth, told = counted_of(pages, media_type)
    assert told == truth
    assert told["impressionCount"] == 3
    assert "engagement" not in told
    encoded = ref.replace(":", "%3A")
    assert pages.wire.sent[0].url.query.decode().endswith(f"&{kind}=List({encoded})")


def test_of_a_pages_video_it_is_told_how_often_and_how_long_it_was_watched(pages):
    ref, truth, told = counted_of(pages, VIDEO)
    assert told == truth
    assert (told["videoViewCount"], told["viewerCount"], told["secondsWatched"]) == (3, 1, 22)
    first = pages.wire.sent[1]
    assert first.url.path == "/rest/videoAnalytics"
    assert dict(first.url.params) == {"q": "entity", "entity": ref, "type": "VIDEO_VIEW", "aggregation": "ALL"}
    assert {r.headers["linkedin-version"] for r in pages.wire.sent} == {"202608"}


def test_whoever_may_not_read_of_videos_is_told_the_rest(pages):
    pages.sandbox.numbers.posts_sponsored = False
    _, truth, told = counted_of(pages, VIDEO)
    assert set(truth) - set(told) == {"videoViewCount", "viewerCount", "secondsWatched"}
    assert told.items() <= truth.items()


def test_a_post_that_is_no_video_though_it_is_called_so_is_told_without(pages):
    ref, _, _ = counted_of(pages, VIDEO)
    pages.wire.spoil = lambda request, answer: (
        type(answer)(HTTPStatus.BAD_REQUEST, json={"status": 400, "code": "INVALID_URN_TYPE", "message": "entity"})
        if request.url.path == "/rest/videoAnalytics"
        else answer
    )
    assert pages.connector.numbers(pages.target, ref)["impressionCount"] == 3


@pytest.mark.parametrize("status", [429, 503, 426])
def test_video_numbers_that_cannot_be_read_now_are_a_failure(pages, status):
    ref, _, _ = counted_of(pages, VIDEO)
    target = pages.target
    pages.sandbox.faults.add(refuse(status, path="/rest/videoAnalytics", times=None))
    with pytest.raises(ConnectorError):
        pages.connector.numbers(target, ref)


def test_of_a_members_post_each_thing_is_asked_for_by_itself(counted):
    ref, truth, told = counted_of(counted)
    assert told == truth
    assert (told["impressionCount"], told["membersReached"], told["reactionCount"]) == (3, 1, 0)
    assert asked(counted) == [("/rest/memberCreatorPostAnalytics", name) for name in OF_MEMBER]
    encoded = ref.replace(":", "%3A")
    assert counted.wire.sent[0].url.query.decode() == (
        f"q=entity&entity=(share:{encoded})&queryType=IMPRESSION&aggregation=TOTAL"
    )


def test_of_a_members_video_it_is_told_how_long_it_was_watched(counted):
    _, truth, told = counted_of(counted, VIDEO)
    assert told == truth
    assert (told["videoPlayCount"], told["viewerCount"], told["secondsWatched"]) == (3, 1, 22)
    assert b"entity=(ugc:urn%3Ali%3AugcPost%3A" in counted.wire.sent[-1].url.query
    assert [what for what, _ in asked(counted)[-3:]] == ["/rest/memberCreatorVideoAnalytics"] * 3


def test_what_nobody_saw_yet_is_not_told_as_zero(counted):
    assert counted_of(counted, VIDEO, views=1)[2]
    receipt = counted.publish(outgoing(b"another", commentary="Another"))
    assert counted.connector.numbers(counted.target, receipt.ref) == {}


def test_before_202605_the_kind_was_an_object_which_is_read_as_well(counted):
    def spoil(request, answer):
        if "Analytics" not in request.url.path:
            return answer
        return type(answer)(200, content=answer.content.replace(b'"REACTION"', b'{"x.V1": "REACTION"}'))

    counted.wire.spoil = spoil
    assert counted_of(counted)[2]["reactionCount"] == 0


def test_a_number_that_is_none_is_no_number(counted):
    counted.wire.spoil = lambda request, answer: type(answer)(200, json={"elements": [{"count": -1}]})
    with pytest.raises(BadAnswer):
        counted.connector.numbers(Target("member", MEMBER, "Dana"), "urn:li:share:1")


@pytest.mark.parametrize("sandbox", [create, create_member])
def test_numbers_that_were_not_switched_on_are_asked_of_nobody(sandbox):
    desk = Desk(sandbox(), insights=False)
    receipt, target = desk.publish(outgoing()), desk.target
    with pytest.raises(Misconfigured, match="switched off"):
        desk.connector.numbers(target, receipt.ref)
    assert not desk.wire.sent


def test_a_self_serve_app_is_refused_them(member):
    receipt, target = member.publish(outgoing()), member.target
    member.connector._insights = True
    with pytest.raises(Misconfigured) as refused:
        member.connector.numbers(target, receipt.ref)
    assert "partnerApiMemberCreatorPostAnalytics.FINDER-entity" in refused.value.message


def test_a_sign_in_that_lacks_the_scope_is_refused_them(counted):
    receipt, target = counted.publish(outgoing()), counted.target
    sign_in = next(auth for auth in MANIFEST.auths if auth.in_browser)
    asked_for = set(sign_in.server(counted.settings).scopes)
    assert asked_for == {"r_basicprofile", "w_member_social", "r_member_postAnalytics"}
    counted.sandbox.scopes.granted = frozenset(asked_for)
    assert counted.connector.identify().key == MEMBER
    assert counted.connector.numbers(target, receipt.ref) == {}
    counted.sandbox.scopes.granted = frozenset(asked_for - {"r_member_postAnalytics"})
    with pytest.raises(Misconfigured):
        counted.connector.numbers(target, receipt.ref)


def test_another_finder_or_an_encoded_bracket_is_refused_as_linkedin_does(counted):
    receipt = counted.publish(outgoing())
    encoded = receipt.ref.replace(":", "%3A")
    right = f"q=entity&entity=(share:{encoded})&queryType=REACTION&aggregation=TOTAL"
    assert status_of(counted, right) == HTTPStatus.OK
    for wrong in (
        right.replace("q=entity", "q=ugcPost"), right.replace("(share:", "(ugc:"), right.replace("(", "%28"),
        right.replace("REACTION", "LIKES"), right.replace("TOTAL", "ALL"),
    ):  # fmt: skip
        assert status_of(counted, wrong) == HTTPStatus.BAD_REQUEST
    assert status_of(counted, right.replace(encoded, "urn%3Ali%3Ashare%3A1")) == HTTPStatus.NOT_FOUND


def status_of(desk, query):
    calls = desk.connector._calls
    try:
        calls.api.get(f"/rest/memberCreatorPostAnalytics?{query}", dict, headers=calls._headers)
    except ConnectorError as refused:
        return refused.status
    return HTTPStatus.OK


def test_a_day_that_is_used_up_is_told_and_nothing_is_made_up(counted):
    receipt, target = counted.publish(outgoing()), counted.target
    counted.sandbox.view(target.ref, receipt.ref)
    counted.sandbox.calls_left = 2
    with pytest.raises(RateLimited):
        counted.connector.numbers(target, receipt.ref)


@pytest.mark.parametrize("sandbox", [create_member, create_counted])
@pytest.mark.parametrize("insights", [False, True])
def test_whoever_switches_numbers_on_or_off_is_the_same_account(sandbox, insights):
    """Settings are changed before the sign-in that they want: then they ask who it is by the old one."""
    desk = Desk(sandbox(), insights=insights)
    account = desk.connector.identify()
    assert (account.key, account.label) == (MEMBER, "Dana Editor")
    assert desk.target.ref == MEMBER
    desk.connector.identify()
    asked_at = [path for _, _, path in desk.wire.paths()]
    assert asked_at[0] == ("/v2/me" if insights else "/v2/userinfo")
    assert len(asked_at) == (1 if insights is desk.sandbox.reviewed else 2)


def test_a_sign_in_that_may_read_nobody_is_refused(member):
    member.sandbox.scopes.granted = frozenset({"w_member_social"})
    with pytest.raises(Misconfigured):
        member.connector.identify()
