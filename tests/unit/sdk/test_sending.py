"""Bodies of two parts, statuses that mean "go on", and codes that mean "slow down"."""

import email.parser
import json

import pytest

from connectors.sdk.errors import Misconfigured, RateLimited
from connectors.sdk.guard import Guard
from connectors.sdk.http import Api
from connectors.sdk.manifest import Meaning
from connectors.sdk.wire import guarded_client
from tests.unit.sdk.loopback import respond, server
from tests.unit.sdk.test_http import manifest, outgoing


def speak(answer, act, **more):
    """Let a connector's client act upon a server that answers one thing; return what was sent there."""
    with (
        server(lambda conn, _head, _body: conn.sendall(answer)) as (origin, seen),
        guarded_client(Guard(trusted_origins=(origin,))) as client,
    ):
        act(Api(origin, manifest=manifest(**more), client=client, hook_secret=lambda: "secret"))
        return seen


def test_a_related_body_is_what_a_mail_parser_reads():
    sent = outgoing(b"\x89PNG\r\n--damhub-")
    about = {"name": 'Größe "x"\r\n'}
    [(head, body)] = speak(respond(), lambda api: api.upload_related("/up", sent, about, query={"a": "b"}))
    assert head.startswith("POST /up?a=b ")
    kind = next(line for line in head.split("\r\n") if line.lower().startswith("content-type:"))
    parsed = email.parser.BytesParser().parsebytes(f"{kind}\r\n\r\n".encode() + body)
    first, second = parsed.get_payload()
    assert json.loads(first.get_payload(decode=True)) == about
    assert second.get_content_type() == sent.media_type
    assert second.get_payload(decode=True) == b"\x89PNG\r\n--damhub-"


def test_a_status_may_mean_go_on_for_one_call_and_for_no_other():
    def go_on(api):
        answer = api.stream("PUT", "/piece", lambda: iter([b"12", b"3"]), 3, fine=frozenset({308}))
        assert (answer.status, answer.headers["range"]) == (308, "bytes=0-1")

    [(head, body)] = speak(respond(308, b"", Range="bytes=0-1"), go_on)
    assert "content-length: 3" in head.lower()
    assert body == b"123"
    with pytest.raises(Misconfigured):
        speak(respond(308, b""), lambda api: api.stream("PUT", "/piece", lambda: iter([b"1"]), 1))


def test_a_code_may_say_that_there_were_too_many_calls():
    body = json.dumps({"error": {"code": "tooMany", "message": "Too many <b>calls</b>."}}).encode()
    more = {
        "error_codes": {"tooMany": Meaning.RATE_LIMITED, "full": Meaning.MISCONFIGURED},
        "error_code": lambda body, _text: body["error"]["code"],
    }
    with pytest.raises(RateLimited) as slow:
        speak(respond(403, body, Retry_After="9"), lambda api: api.get("/", dict), **more)
    assert slow.value.after_s == 9.0
    with pytest.raises(Misconfigured, match="Too many calls"):
        speak(respond(403, body.replace(b"tooMany", b"full")), lambda api: api.get("/", dict), **more)


def test_the_word_for_webhooks_is_made_from_the_connections_secret():
    words = []
    speak(respond(), lambda api: words.append(api.hook_token("https://hub.example/1")))
    speak(respond(), lambda api: words.append(api.hook_token("https://hub.example/2")))
    assert len(set(words)) == 2
