from __future__ import annotations

import base64
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from webhooks import TOLERANCE_S, SignatureError, new_secret, sign, verify

NOW = 1_790_000_000
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 24).decode()
BODY = b'{"type":"asset.approved"}'
HEADERS = sign([SECRET], message_id="m1", now_s=NOW, body=BODY)

ids = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True)
bodies = st.text().filter(lambda text: "\ud800" not in text).map(lambda text: text.encode())


@given(ids, bodies, st.integers(0, 10**10), st.integers(-TOLERANCE_S, TOLERANCE_S))
def test_what_was_signed_verifies_within_the_tolerance(message_id, body, now_s, late_s):
    headers = sign([SECRET], message_id=message_id, now_s=now_s, body=body)
    assert verify([SECRET], headers, body, now_s=now_s + late_s) == message_id


def test_the_specifications_own_example():
    # https://github.com/standard-webhooks/standard-webhooks, the vector that its libraries test with
    headers = sign(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        now_s=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_package_itself_agrees(monkeypatch):
    import standardwebhooks.webhooks as package

    monkeypatch.setattr(Webhook, "_Webhook__verify_timestamp", lambda self, text: package.datetime.fromtimestamp(
        int(text), tz=package.timezone.utc))  # fmt: skip
    assert Webhook(SECRET).verify(BODY, HEADERS) == json.loads(BODY)


@pytest.mark.parametrize("late_s", [TOLERANCE_S + 1, -TOLERANCE_S - 1])
def test_old_and_future_messages_are_refused(late_s):
    with pytest.raises(SignatureError):
        verify([SECRET], HEADERS, BODY, now_s=NOW + late_s)


def test_two_secrets_are_valid_while_one_is_replaced():
    both = sign([OTHER, SECRET], message_id="m1", now_s=NOW, body=BODY)
    for known in ([SECRET], [OTHER], [SECRET, OTHER]):
        assert verify(known, both, BODY, now_s=NOW) == "m1"
    assert verify([OTHER, SECRET], HEADERS, BODY, now_s=NOW) == "m1"
    with pytest.raises(SignatureError):
        verify([OTHER], HEADERS, BODY, now_s=NOW)
    with pytest.raises(SignatureError):
        verify([], HEADERS, BODY, now_s=NOW)


@pytest.mark.parametrize(
    ("name", "value"),
    [("webhook-id", "m2"), ("webhook-timestamp", str(NOW + 1)), ("webhook-signature", "v1,AAAA")],
)
def test_each_part_is_signed(name, value):
    with pytest.raises(SignatureError):
        verify([SECRET], HEADERS | {name: value}, BODY, now_s=NOW)
    with pytest.raises(SignatureError):
        verify([SECRET], HEADERS, BODY + b" ", now_s=NOW)
    with pytest.raises(SignatureError):
        verify([SECRET], {key: text for key, text in HEADERS.items() if key != name}, BODY, now_s=NOW)


def test_a_message_cannot_pass_for_another_by_its_dots():
    body = f"{NOW}.x".encode()
    headers = sign([SECRET], message_id="a", now_s=NOW - 1, body=body)
    moved = headers | {"webhook-id": f"a.{NOW - 1}", "webhook-timestamp": str(NOW)}
    with pytest.raises(SignatureError):
        verify([SECRET], moved, b"x", now_s=NOW)


def test_header_names_have_no_case_and_other_versions_are_passed_over():
    headers = {name.upper(): text for name, text in HEADERS.items()}
    headers["WEBHOOK-SIGNATURE"] = "v1a,x v2 " + headers["WEBHOOK-SIGNATURE"]
    assert verify([SECRET], headers, BODY, now_s=NOW) == "m1"


hostile = st.one_of(
    st.text(max_size=80), st.sampled_from(["v1,", "v1", ",", "v1,\u00e9", "\ud800", "1e9", "NaN", "-1"])
)


@given(
    st.dictionaries(st.sampled_from(["webhook-id", "Webhook-Timestamp", "webhook-signature"]), hostile),
    st.binary(max_size=40),
    hostile,
)
@example({"webhook-signature": "v1,\u00e9"}, b"\xff", "whsec_!")
def test_hostile_input_ends_in_one_error(changed, body, secret):
    headers = HEADERS | {name.lower(): text for name, text in changed.items()}
    for secrets in ([secret], [SECRET, secret]):
        try:
            assert verify(secrets, headers, body, now_s=NOW) == "m1"
        except SignatureError:
            continue
        assert (headers, body) == (HEADERS, BODY)


@pytest.mark.parametrize("body", [b"\xff", b"\xed\xa0\x80"])
def test_a_body_that_is_no_text_is_refused(body):
    with pytest.raises(SignatureError):
        verify([SECRET], HEADERS, body, now_s=NOW)
    with pytest.raises(SignatureError):
        sign([SECRET], message_id="m", now_s=NOW, body=body)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_AAAA", "whsec_%%%", "\u00e9" * 40, "whsec_" + "A" * 400, "whsec_AAA AAA" * 8]
)
def test_unfit_secrets_sign_nothing(secret):
    with pytest.raises(SignatureError):
        sign([secret], message_id="m", now_s=NOW, body=b"")


@pytest.mark.parametrize(
    ("message_id", "secrets", "now_s"),
    [("a.b", [SECRET], 1), ("", [SECRET], 1), ("a", [], 1), ("a", [SECRET], 10**20)],
)
def test_unfit_messages_are_not_signed(message_id, secrets, now_s):
    with pytest.raises(SignatureError):
        sign(secrets, message_id=message_id, now_s=now_s, body=b"")


def test_new_secrets_differ_and_sign():
    first, second = new_secret(), new_secret()
    assert first != second
    assert verify([first], sign([first], message_id="m", now_s=1, body=b""), b"", now_s=1) == "m"
