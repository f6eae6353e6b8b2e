"""LinkedIn's webhooks: challenges that sign nothing else, a signature with a prefix, subscriptions."""

import hashlib
import hmac
import json
from uuid import uuid4

import pytest

from connectors.linkedin import MANIFEST
from connectors.linkedin.events import KIND
from connectors.linkedin.sandbox import create
from connectors.sdk.errors import Misconfigured
from connectors.sdk.protocols import Challenged
from tests.unit.linkedin.conftest import Desk
from webhooks import SignatureError

INBOUND = MANIFEST.inbound
SECRET = "WPL_AP1.secret"
WORD = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
POST = "urn:li:share:7141138937766391808"
URL = "https://hub.example/hooks/1"


def hexed(message, secret=SECRET):
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def body(*notifications, kind=KIND):
    return json.dumps({"type": kind, "notifications": notifications}).encode()


def liked(number=1, **more):
    return {"notificationId": number, "action": "LIKE", "sourcePost": POST, **more}


def test_a_challenge_is_signed_with_the_apps_secret():
    assert isinstance(INBOUND, Challenged)
    status, headers, answer = INBOUND.challenge({"challengeCode": WORD, "applicationId": "4992581"}, secret=SECRET)
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    assert json.loads(answer) == {"challengeCode": WORD, "challengeResponse": hexed(WORD.encode())}


@pytest.mark.parametrize(
    "word", ["", "hmacsha256={}", 'hmacsha256={"type":"x"}', f"{WORD} ", f"hmacsha256={WORD}", "x" * 36, WORD[:-1]]
)
def test_nothing_that_could_be_a_delivery_is_signed(word):
    assert INBOUND.challenge({"challengeCode": word}, secret=SECRET) is None


def test_without_a_secret_nothing_is_answered():
    assert INBOUND.challenge({"challengeCode": WORD}, secret="") is None


def test_the_answer_to_a_challenge_is_no_signature_of_a_delivery():
    word = str(uuid4())
    _, _, answer = INBOUND.challenge({"challengeCode": word}, secret=SECRET)
    given = {"X-LI-Signature": json.loads(answer)["challengeResponse"]}
    with pytest.raises(SignatureError):
        INBOUND.verify(secret=SECRET, url=URL, headers=given, body=word.encode())


def test_the_prefix_is_signed_and_not_sent():
    told = body(liked())
    INBOUND.verify(secret=SECRET, url=URL, headers={"X-LI-Signature": hexed(b"hmacsha256=" + told)}, body=told)
    for wrong in (hexed(told), "hmacsha256=" + hexed(b"hmacsha256=" + told), ""):
        with pytest.raises(SignatureError):
            INBOUND.verify(secret=SECRET, url=URL, headers={"X-LI-Signature": wrong}, body=told)
    with pytest.raises(SignatureError):
        INBOUND.verify(secret="", url=URL, headers={"X-LI-Signature": hexed(b"hmacsha256=" + told, "")}, body=told)


def test_a_batch_names_each_post_once_and_has_one_key():
    batch = body(*(liked(number) for number in range(10)))
    hint, again = INBOUND.read({}, batch), INBOUND.read({}, batch)
    assert (hint.kind, hint.refs, hint.ours) == (KIND, (POST,), False)
    assert hint.delivery_key == again.delivery_key != INBOUND.read({}, body(liked(11))).delivery_key


def test_a_repeat_with_another_decoration_is_the_same_delivery():
    assert INBOUND.read({}, body(liked())).delivery_key == INBOUND.read({}, body(liked(more="x"))).delivery_key


@pytest.mark.parametrize(
    "told",
    [b"", b"no json", b"[]", b'{"type": 7}', body(), body(liked(), kind="NEW_KIND"), body({"sourcePost": POST}),
     body(liked(sourcePost="urn:li:comment:(urn:li:share:1,2)")), body(liked(sourcePost=""))],
)  # fmt: skip
def test_what_is_not_about_a_post_names_none(told):
    hint = INBOUND.read({}, told)
    assert hint.refs == ()
    assert hint.delivery_key


def test_a_subscription_is_named_as_linkedin_wants_it(pages):
    ref = pages.connector.subscribe(pages.target, URL)
    sent = pages.wire.sent[-1]
    assert (sent.method, json.loads(sent.content)) == ("PUT", {"webhook": URL})
    assert sent.url.raw_path.decode() == (
        "/rest/eventSubscriptions/(developerApplication:urn%3Ali%3AdeveloperApplication%3A4992581,"
        "user:urn%3Ali%3Aperson%3A782bbtaQ,entity:urn%3Ali%3Aorganization%3A9,"
        "eventType:ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS)"
    )
    assert ref.endswith(f" {URL}")


def test_ending_a_subscription_leaves_the_one_that_took_its_place(pages):
    target = pages.target
    old = pages.connector.subscribe(target, URL)
    new = pages.connector.subscribe(target, f"{URL}/new")
    pages.connector.unsubscribe(old)
    assert list(pages.sandbox.hooks.values()) == [f"{URL}/new"]
    pages.connector.unsubscribe(new)
    assert not pages.sandbox.hooks


def test_without_the_apps_number_a_person_is_told_what_to_enter():
    desk = Desk(create())
    desk.connector._app = ""
    with pytest.raises(Misconfigured, match="app's number"):
        desk.connector.subscribe(desk.target, URL)
