"""Secrets that a remote hands over while a subscription is made: taken then, from it, and from nobody else, ever."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from connectors.sdk.types import Agreement, Hint
from hub.connections.models import Inbox, Subscription
from hub.errors import Conflict, Invalid, Unavailable
from tests.unit.connections.fakevendor import KEY, Tiny, TinyInbound, tiny_manifest
from webhooks import SignatureError

OFFER = "x-hand-over"
TRUE, FALSE, LATER = "true-secret-0123456789", "false-secret-012345678", "later-secret-012345678"
EVENT = json.dumps({"id": "d1", "kind": "changed", "refs": ["c1"]}).encode()
BEAT = json.dumps({"id": "beat", "kind": "beat", "refs": []}).encode()


class HandingInbound(TinyInbound):
    def greet(self, method, headers, body):
        return (200, {OFFER: headers[OFFER]}, b"") if OFFER in headers else None

    def offered(self, headers):
        return headers.get(OFFER)

    def verify(self, *, secret, url, headers, body):
        if not hmac.compare_digest(signature(secret, body), headers.get("x-signature", "")):
            raise SignatureError("the signature does not fit")

    def read(self, headers, body):
        said = json.loads(body)
        return Hint(said["id"], said["kind"], tuple(said["refs"]))


class Handing(Tiny):
    def subscribe(self, target, callback_url):
        made = self._api.post("/hooks", dict[str, str], json={"url": callback_url})
        return Agreement(made["id"], made.get("secret", ""))


def signature(secret, body):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass
class HandingVendor:
    """Calls the address with a secret while it is asked, as Asana does, and answers with the same one."""

    handshake: Any = None  # (url, secret) -> what our side answered
    secret: str = TRUE
    hooks: dict[str, str] = field(default_factory=dict)
    meanwhile: Any = None  # called between the handshake and the answer
    before: Any = None  # called before the handshake
    lose: bool = False
    told: list[Any] = field(default_factory=list)
    ended: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/me":
            return httpx.Response(200, json={"id": "acct", "name": "Acme", "user": "robin"})
        if request.url.path == "/boards":
            return httpx.Response(200, json={"items": [{"id": "b1", "name": "Board"}], "next": None})
        if request.method == "DELETE":
            self.ended += 1
            self.hooks.clear()
            return httpx.Response(204)
        url = json.loads(request.content)["url"]
        if url in self.hooks:
            return httpx.Response(200, json={"id": self.hooks[url]})
        return self._make(url)

    def _make(self, url: str) -> httpx.Response:
        for act in (self.before, lambda u: self.told.append(self.handshake(u, self.secret)), self.meanwhile):
            if act is not None:
                act(url)
        if self.told[-1].status != 200:
            return httpx.Response(403, text="the address did not shake hands")
        self.hooks[url] = f"hook-{len(self.told)}"
        if self.lose:
            raise httpx.ReadTimeout("lost")
        return httpx.Response(200, json={"id": self.hooks[url], "secret": self.secret})


@pytest.fixture
def tiny():
    return HandingVendor()


@pytest.fixture
def registry():
    return {"tiny": tiny_manifest(connect=Handing, inbound=HandingInbound())}


@pytest.fixture
def offer(connections):
    """Hand a secret over to an address, whoever one is."""

    def send(url, secret):
        return connections.receive(url.rsplit("/", 1)[1], method="POST", headers={OFFER.title(): secret}, body=b"{}")

    return send


@pytest.fixture
def target(connections, admin, tiny, offer):
    tiny.handshake = offer
    made = connections.connect(admin, "tiny", auth="key", settings={}, secrets={"key": KEY})
    connections.refresh_targets(admin, made.id)
    return connections.targets(admin)[0]


@pytest.fixture
def subscribed(connections, admin, target):
    return connections.subscribe(admin, target.id)


@pytest.fixture
def deliver(connections):
    def send(subscription_id, secret, body=EVENT):
        headers = {"x-signature": signature(secret, body)}
        return connections.receive(subscription_id, method="POST", headers=headers, body=body).status

    return send


@pytest.fixture
def kept(database):
    def read():
        with database.read() as session:
            return [row.delivery_key for row in session.scalars(select(Inbox))]

    return read


def test_the_secret_of_the_handshake_signs_when_the_answer_names_it_too(subscribed, deliver, kept, tiny, database):
    assert tiny.told == [(200, {OFFER: TRUE}, b"")]
    assert deliver(subscribed.id, TRUE) == 200
    assert deliver(subscribed.id, FALSE) == 401
    assert kept() == ["d1"]
    with database.read() as session:
        row = session.get_one(Subscription, subscribed.id)
        assert (row.external_ref, TRUE in row.sealed_secret) == ("hook-1", False)


@pytest.mark.parametrize("secret", [FALSE, TRUE])
def test_a_handshake_after_the_call_is_an_attack_and_changes_nothing(subscribed, offer, deliver, kept, secret):
    assert offer(subscribed.callback_url, secret) == (403, {}, b"")
    assert deliver(subscribed.id, FALSE) == 401
    assert deliver(subscribed.id, TRUE) == 200
    assert kept() == ["d1"]


def test_a_handshake_with_a_signature_is_refused_all_the_same(subscribed, connections, kept):
    headers = {OFFER: FALSE, "x-signature": signature(TRUE, EVENT)}
    assert connections.receive(subscribed.id, method="POST", headers=headers, body=EVENT).status == 403
    assert kept() == []


def test_without_an_address_nobody_is_greeted(connections, target, offer):
    assert offer("https://hub.example/hooks/unheard-of", FALSE).status == 404


def test_only_the_first_secret_of_a_call_is_taken(connections, admin, target, tiny, offer, deliver):
    tiny.meanwhile = lambda url: tiny.told.insert(0, offer(url, FALSE))
    made = connections.subscribe(admin, target.id)
    assert [reply.status for reply in tiny.told] == [403, 200]
    assert deliver(made.id, TRUE) == 200
    assert deliver(made.id, FALSE) == 401


def test_the_same_secret_may_come_twice(connections, admin, target, tiny, offer, deliver):
    tiny.meanwhile = lambda url: tiny.told.append(offer(url, TRUE))
    made = connections.subscribe(admin, target.id)
    assert [reply.status for reply in tiny.told] == [200, 200]
    assert deliver(made.id, TRUE) == 200


def test_a_stranger_who_is_first_spoils_the_call_and_gains_nothing(
    connections, admin, target, tiny, offer, deliver, database
):
    urls = []
    tiny.before = lambda url: (urls.append(url), offer(url, FALSE))
    with pytest.raises(Invalid):
        connections.subscribe(admin, target.id)
    with database.read() as session:
        assert list(session.scalars(select(Subscription))) == []
    assert deliver(urls[0].rsplit("/", 1)[1], FALSE) == 404
    tiny.before = None
    assert deliver(connections.subscribe(admin, target.id).id, TRUE) == 200


def test_another_secret_in_the_answer_is_not_believed_and_the_subscription_is_ended(
    connections, admin, target, tiny, offer, database
):
    tiny.handshake = lambda url, _secret: offer(url, FALSE)
    with pytest.raises(Unavailable) as refused:
        connections.subscribe(admin, target.id)
    assert refused.value.code == "handshake_differs"
    assert (tiny.hooks, tiny.ended) == ({}, 1)
    with database.read() as session:
        assert list(session.scalars(select(Subscription))) == []


def test_an_answer_without_any_handshake_is_not_believed(connections, admin, target, tiny):
    tiny.handshake = lambda _url, _secret: httpx.Response(200) and type("Reply", (), {"status": 200})
    with pytest.raises(Unavailable) as refused:
        connections.subscribe(admin, target.id)
    assert refused.value.code == "handshake_differs"


def test_a_delivery_before_the_answer_is_answered_well_and_not_kept(connections, admin, target, tiny, deliver, kept):
    during = []
    tiny.meanwhile = lambda url: during.extend(
        deliver(url.rsplit("/", 1)[1], secret, body) for secret, body in ((TRUE, BEAT), (TRUE, EVENT), (FALSE, BEAT))
    )
    connections.subscribe(admin, target.id)
    assert during == [200, 200, 401]
    assert kept() == []


def test_a_secret_whose_answer_was_lost_is_never_believed_and_the_next_try_makes_it_anew(
    connections, admin, target, tiny, deliver, offer, clock
):
    tiny.lose = True
    with pytest.raises(Unavailable):
        connections.subscribe(admin, target.id)
    [url] = tiny.hooks
    assert deliver(url.rsplit("/", 1)[1], TRUE) == 401
    assert offer(url, FALSE).status == 403, "the call is over"
    tiny.lose, tiny.secret = False, LATER
    made = connections.subscribe(admin, target.id)
    assert (made.callback_url, tiny.ended) == (url, 1)
    assert deliver(made.id, LATER) == 200
    assert deliver(made.id, TRUE) == 401


def test_asking_again_keeps_the_secret_of_what_stands_there(connections, admin, target, subscribed, tiny, deliver):
    assert connections.subscribe(admin, target.id).id == subscribed.id
    assert (len(tiny.told), tiny.ended) == (1, 0)
    assert deliver(subscribed.id, TRUE) == 200


def test_one_that_the_remote_deleted_gets_a_new_secret_and_the_old_one_counts_until_then(
    connections, admin, target, subscribed, tiny, deliver
):
    tiny.hooks.clear()
    tiny.secret = LATER
    during = []
    tiny.meanwhile = lambda _url: during.append(deliver(subscribed.id, TRUE))
    assert connections.subscribe(admin, target.id).id == subscribed.id
    assert during == [200]
    assert (deliver(subscribed.id, LATER), deliver(subscribed.id, TRUE)) == (200, 401)


def test_a_failed_renewal_leaves_the_old_secret(connections, admin, target, subscribed, tiny, deliver, offer):
    tiny.hooks.clear()
    tiny.handshake = lambda url, _secret: offer(url, FALSE)
    with pytest.raises(Unavailable):
        connections.subscribe(admin, target.id)
    assert (deliver(subscribed.id, TRUE), deliver(subscribed.id, FALSE)) == (200, 401)
    assert offer(subscribed.callback_url, FALSE).status == 403


@pytest.mark.parametrize("secret", ["", "short", "x" * 513, "with a\nline break in it", "ümlauts-in-a-secret-1"])
def test_what_can_be_no_secret_is_refused(connections, admin, target, tiny, secret):
    tiny.secret = secret
    with pytest.raises(Invalid):
        connections.subscribe(admin, target.id)
    assert tiny.told[0].status == 403


@pytest.mark.both
def test_a_call_that_died_leaves_the_door_open_for_two_minutes_at_most(
    connections, admin, target, tiny, offer, clock, database
):
    class Killed(BaseException):
        pass

    def die(_url):
        raise Killed

    tiny.before = die
    with pytest.raises(Killed):
        connections.subscribe(admin, target.id)
    with database.read() as session:
        url = session.scalars(select(Subscription)).one().callback_url
    tiny.before = None
    with pytest.raises(Conflict) as refused:
        connections.subscribe(admin, target.id)
    assert refused.value.code == "handshake_open"
    clock.advance(2 * 60_000)
    assert offer(url, FALSE).status == 403
    assert connections.subscribe(admin, target.id).callback_url == url


@pytest.mark.both
def test_two_calls_at_once_are_one(connections, admin, target, subscribed, tiny, deliver):
    tiny.hooks.clear()
    there, on = threading.Event(), threading.Event()
    tiny.before = lambda _url: (there.set(), on.wait(20))
    failures = []

    def ask():
        connections.subscribe(admin, target.id)

    thread = threading.Thread(target=ask)
    thread.start()
    assert there.wait(20)
    try:
        connections.subscribe(admin, target.id)
    except Conflict as refused:
        failures.append(refused.code)
    on.set()
    thread.join()
    assert failures == ["handshake_open"]
    assert deliver(subscribed.id, TRUE) == 200


def test_the_secret_stands_in_no_repr():
    assert TRUE not in repr(Agreement("hook", TRUE))
