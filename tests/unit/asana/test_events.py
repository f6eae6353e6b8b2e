"""Asana's webhooks, and the subscriptions that they come from."""

import hashlib
import hmac
import http.server
import json
import threading

import pytest

from connectors.asana.events import AsanaInbound
from connectors.asana.types import MadeWebhook
from connectors.sdk.errors import Misconfigured
from connectors.sdk.protocols import HandsOver
from connectors.sdk.types import Agreement
from webhooks import SignatureError

SECRET = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81"
INBOUND = AsanaInbound()
EVENT = {"gid": "14", "resource_type": "attachment"}


def body_of(*events):
    return json.dumps({"events": list(events)}).encode()


def signed(body, secret=SECRET):
    return {"X-Hook-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def test_the_handshake_repeats_the_secret_and_a_delivery_is_no_greeting():
    assert isinstance(INBOUND, HandsOver)
    assert INBOUND.greet("POST", {"X-Hook-Secret": SECRET}, b"{}") == (200, {"X-Hook-Secret": SECRET}, b"")
    assert INBOUND.offered({"x-hook-secret": SECRET}) == SECRET
    assert INBOUND.greet("GET", {"x-hook-secret": SECRET}, b"") is None
    assert INBOUND.greet("POST", {"X-Hook-Signature": "x"}, b"{}") is None
    assert INBOUND.offered({}) is None


def test_the_signature_is_over_the_bytes_as_they_came():
    body = b'{"events": [ {"action":"deleted", "resource":{"gid":"14","resource_type":"attachment"},"parent":null} ]}\n'
    INBOUND.verify(secret=SECRET, url="", headers=signed(body), body=body)
    again = json.dumps(json.loads(body)).encode()
    for wrong in (again, body + b" ", b""):
        with pytest.raises(SignatureError):
            INBOUND.verify(secret=SECRET, url="", headers=signed(body), body=wrong)
    for secret in ("", SECRET[:-1]):
        with pytest.raises(SignatureError):
            INBOUND.verify(secret=secret, url="", headers=signed(body, secret or ""), body=body + b"x")
    with pytest.raises(SignatureError):
        INBOUND.verify(secret="", url="", headers=signed(body, ""), body=body)


def test_the_printed_delivery_names_the_link_that_was_deleted(samples):
    hint = INBOUND.read({}, json.dumps(samples["delivery"]).encode())
    assert (hint.refs, hint.kind, hint.ours) == (
        ("1213000000000005",),
        "task.added,task.changed,attachment.deleted",
        False,
    )


def test_a_heartbeat_is_verified_like_everything_and_says_nothing(samples):
    body = json.dumps(samples["heartbeat"]).encode()
    INBOUND.verify(secret=SECRET, url="", headers=signed(body), body=body)
    assert (INBOUND.read({}, body).kind, INBOUND.read({}, body).refs) == ("heartbeat", ())


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"7", b'{"events": 7}', b'{"events": [{"action": 1}]}', b"\xff", b"[" * 9999]
)
def test_what_cannot_be_read_is_unreadable(body):
    hint = INBOUND.read({}, body)
    assert (hint.kind, hint.refs) == ("unreadable", ())


def test_an_event_without_a_user_or_of_a_new_kind_is_no_error():
    event = {"user": None, "action": "teleported", "resource": EVENT, "parent": None, "new": {"a": 1}}
    assert INBOUND.read({}, body_of(event)).refs == ()
    assert INBOUND.read({}, body_of({**event, "action": "deleted"}, {**event, "action": "deleted"})).refs == ("14",)


def test_the_printed_answer_to_a_new_webhook_holds_the_secret_beside_the_data(samples):
    made = MadeWebhook.model_validate(samples["webhook_made"])
    assert (made.data.gid, made.secret) == ("12345", SECRET)
    assert SECRET not in repr(Agreement(made.data.gid, made.secret))


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((dict(self.headers), body))
        given = self.headers.get("X-Hook-Secret")
        self.send_response(self.server.status)
        if given and self.server.repeats:
            self.send_header("X-Hook-Secret", given if self.server.repeats == "same" else "another")
        self.end_headers()

    def log_message(self, *args):
        return


@pytest.fixture
def receiver():
    server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    server.came, server.status, server.repeats = [], 200, "same"
    server.url = f"http://127.0.0.1:{server.server_port}/hooks/1?a=b&c=d"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_subscription_shakes_hands_beats_once_and_hands_the_secret_over(asana, sandbox, target, receiver):
    made = asana.subscribe(target, receiver.url)
    (shaken, _), (beat, body) = receiver.came
    assert (made.secret, made.ref) == (shaken["X-Hook-Secret"], *sandbox.hooks)
    INBOUND.verify(secret=made.secret, url="", headers=beat, body=body)
    assert body == b'{"events": []}'
    [hook] = sandbox.hooks.values()
    assert hook["target"] == receiver.url, "the query is kept"
    assert {(one["resource_type"], one["action"]) for one in hook["filters"]} >= {("attachment", "deleted")}


def test_a_link_that_somebody_deleted_is_told_and_one_that_came_is_not(asana, sandbox, target, receiver):
    made = asana.subscribe(target, receiver.url)
    receiver.came.clear()
    ref = sandbox.intrude(target.ref, "holiday")
    sandbox.outbox.flush()
    assert receiver.came == []
    sandbox.vanish(target.ref, ref)
    sandbox.outbox.flush()
    [(headers, body)] = receiver.came
    INBOUND.verify(secret=made.secret, url="", headers=headers, body=body)
    assert INBOUND.read(headers, body).refs == (ref,)


def test_an_existing_webhook_is_found_among_many_and_names_no_secret(asana, sandbox, target, receiver):
    others = {"resource": target.ref, "filters": [], "secret": "x", "beaten": True}
    for number in range(120):
        sandbox.hooks[f"18{number:04}"] = {**others, "target": f"https://hub.example/{number}"}
    made = asana.subscribe(target, receiver.url)
    assert asana.subscribe(target, receiver.url) == made.ref
    assert len(sandbox.hooks) == 121


def test_one_that_asana_does_not_send_for_any_more_is_replaced_and_leaves_no_double(asana, sandbox, target, receiver):
    first = asana.subscribe(target, receiver.url)
    sandbox.hooks[first.ref]["active"] = False
    second = asana.subscribe(target, receiver.url)
    assert [*sandbox.hooks] == [second.ref] != [first.ref]
    assert second.secret == sandbox.hooks[second.ref]["secret"]
    assert asana.subscribe(target, receiver.url) == second.ref


@pytest.mark.parametrize(("status", "repeats"), [(200, ""), (200, "another"), (500, "same"), (403, "")])
def test_an_address_that_does_not_shake_hands_is_a_matter_for_a_person(
    asana, sandbox, target, receiver, status, repeats
):
    receiver.status, receiver.repeats = status, repeats
    with pytest.raises(Misconfigured, match="handshake secret"):
        asana.subscribe(target, receiver.url)
    assert sandbox.hooks == {}


def test_asana_calls_no_local_names(asana, target):
    with pytest.raises(Misconfigured, match="Invalid target"):
        asana.subscribe(target, "http://localhost:8000/hooks/1")
