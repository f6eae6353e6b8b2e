"""Watch channels: one is open, renewals overlap, notifications are proven and tell nothing."""

import time

import pytest

from connectors.google_drive import events
from connectors.google_drive.events import GoogleDriveInbound
from connectors.google_drive.sandbox_channels import LONGEST_MS
from connectors.sdk.answer import Answer, Call
from connectors.sdk.errors import BadAnswer, Misconfigured, RateLimited
from connectors.sdk.hook_token import hook_token
from connectors.testing.faults import Fault, Rule
from webhooks import SignatureError

URL = "https://hub.example/hooks/1"
SECRET = "GOCSPX-sandbox-5ca1ab1e"


def live(sandbox):
    return [channel.id for channel in sandbox.channels.live]


def test_a_channel_is_opened_for_a_week_with_our_word_in_it(bench, drive, sandbox):
    made = drive.subscribe(bench.target, URL)
    [channel] = sandbox.channels.live
    assert made.ends_at == channel.ends_ms
    assert channel.token == hook_token(SECRET, URL)
    assert channel.url == URL
    assert len(channel.id) <= 64
    assert 0 < channel.ends_ms - time.time() * 1000 <= LONGEST_MS
    assert channel.ends_ms - time.time() * 1000 > LONGEST_MS - 60_000


def test_asking_again_leaves_one_channel_open(bench, drive, sandbox):
    first = drive.subscribe(bench.target, URL).ref
    second = drive.subscribe(bench.target, URL).ref
    assert first == second
    assert len(live(sandbox)) == 1
    drive.unsubscribe(first)
    assert live(sandbox) == []
    drive.subscribe(bench.target, URL)  # an id works once, even after its channel was stopped
    assert len(live(sandbox)) == 1


def test_a_lost_answer_leaves_one_channel_open(bench, drive, sandbox):
    target = bench.target
    sandbox.faults.add(Rule(fault=Fault.LOSE_ANSWER, path="/changes/watch"))
    with pytest.raises(Exception, match="no clear answer"):
        drive.subscribe(target, URL)
    drive.subscribe(target, URL)
    assert len(live(sandbox)) == 1


def test_a_renewal_on_a_later_day_overlaps(bench, drive, sandbox, monkeypatch):
    today = events.time_of
    old = drive.subscribe(bench.target, URL).ref
    monkeypatch.setattr("connectors.google_drive.connector.time_of", lambda answer: today(answer) + events.DAY_S)
    new = drive.subscribe(bench.target, URL).ref
    assert old != new
    assert len(live(sandbox)) == 2
    drive.unsubscribe(old)
    assert len(live(sandbox)) == 1


def test_addresses_and_drives_have_channels_of_their_own(bench, drive, sandbox):
    targets = drive.targets(None).items
    shared = drive.targets("0APress00000Uk9PVA:").items[0]
    refs = {drive.subscribe(one, URL).ref for one in (targets[0], targets[1], shared)}
    assert len(refs) == 2  # two folders of My Drive hear of the same changes
    assert {channel.drive for channel in sandbox.channels.live} == {"", "0APress00000Uk9PVA"}


def test_too_often_on_one_day_waits(bench, drive):
    for _ in range(events.MOST_A_DAY):
        drive.subscribe(bench.target, URL)
    with pytest.raises(RateLimited):
        drive.subscribe(bench.target, URL)


def test_an_address_that_google_cannot_call_is_for_a_person(bench, drive):
    with pytest.raises(Misconfigured):
        drive.subscribe(bench.target, "http://hub.example/hooks/1")


@pytest.mark.parametrize("date", ["soon", "", "Mon, 99 Foo 2026"])
def test_a_channels_end_is_measured_by_googles_clock_and_by_no_other(date):
    answer = Answer(Call("GET", "/", writes=False), 200, {"date": date}, b"{}")
    with pytest.raises(BadAnswer):
        events.time_of(answer)


def test_the_clock_of_google_is_read():
    answer = Answer(Call("GET", "/", writes=False), 200, {"date": "Thu, 01 Jan 1970 00:01:00 GMT"}, b"{}")
    assert events.time_of(answer) == 60


def test_what_comes_through_a_channel_is_what_was_promised(bench, drive, sandbox):
    """From `sync` on, each message is verified, has its own key, and names nothing."""
    sent = []
    sandbox.outbox._send = lambda delivery: sent.append(delivery) or 200
    drive.subscribe(bench.target, URL)
    bench.publish()
    sandbox.outbox.flush()
    inbound = GoogleDriveInbound()
    for one in sent:
        inbound.verify(secret=SECRET, url=URL, headers=one.headers, body=one.body)
    hints = [inbound.read(one.headers, one.body) for one in sent]
    assert [hint.kind for hint in hints] == ["sync", "change"]
    assert len({hint.delivery_key for hint in hints}) == 2
    assert all(hint.refs == () and not hint.ours for hint in hints)


@pytest.mark.parametrize("body", [b"", b'{"kind": "drive#changes"}', b'{\n "kind": "drive#changes"\n}'])
def test_a_body_may_name_its_kind(body):
    headers = {"x-goog-channel-token": hook_token(SECRET, URL)}
    GoogleDriveInbound().verify(secret=SECRET, url=URL, headers=headers, body=body)


@pytest.mark.parametrize("body", [b" ", b"{}", b"[]", b'{"kind": 3}', b"x" * 2000, b"\xff", b"[" * 1000])
def test_any_other_body_is_refused(body):
    headers = {"x-goog-channel-token": hook_token(SECRET, URL)}
    with pytest.raises(SignatureError):
        GoogleDriveInbound().verify(secret=SECRET, url=URL, headers=headers, body=body)


def test_a_notification_without_its_headers_has_a_key_all_the_same():
    one, other = ({"x-goog-resource-state": state} for state in ("a", "b"))
    keys = {GoogleDriveInbound().read(headers, b"").delivery_key for headers in (one, other, one)}
    assert len(keys) == 2
