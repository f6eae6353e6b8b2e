"""Trello against its sandbox: what is Trello's own. The rest stands in the conformance suite."""

import hashlib
import http.server
import io
import threading

import pytest

from connectors.sdk.errors import AuthExpired, Misconfigured, Missing, RateLimited, Rejected
from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, Limits, guarded_client
from connectors.sdk.limit_headers import read_headers
from connectors.sdk.types import Outgoing
from connectors.testing.faults import Fault, Rule, refuse
from connectors.testing.serve import serve
from connectors.trello import MANIFEST
from connectors.trello.connector import Trello
from connectors.trello.sandbox import create
from connectors.trello.types import Settings

MARKER = "dhabc123-" + "k" * 20


def outgoing(name="DAM-1 Logo", marker=MARKER):
    return Outgoing(
        marker=marker, content_key="0" * 12, filename="logo.png", media_type="image/png", size=0,
        sha256=hashlib.sha256(b"").hexdigest(), open=io.BytesIO, link=f"https://hub.example/p/{marker}.sig",
        fields={"name": name},
    )  # fmt: skip


@pytest.fixture
def sandbox():
    sandbox = create()
    with serve(sandbox):
        yield sandbox


@pytest.fixture
def trello(sandbox):
    with guarded_client(Guard(trusted_origins=[sandbox.origin])) as client:
        headers = MANIFEST.auths[0].headers(sandbox.secrets)
        api = Api(sandbox.origin, manifest=MANIFEST, client=client, headers=lambda: headers, limits=Limits(total_s=5),
                  sleep=lambda seconds: None)  # fmt: skip
        yield MANIFEST.connect(api, MANIFEST.settings(origin=sandbox.origin))


def first(trello):
    return trello.targets(None).items[0]


def test_the_manifest_says_what_trello_is():
    assert MANIFEST.origin(Settings()) == "https://api.trello.com"
    assert isinstance(trello_without_network(), Trello)


def trello_without_network():
    with guarded_client(Guard()) as client:
        return MANIFEST.connect(Api("https://api.trello.com", manifest=MANIFEST, client=client), Settings())


def test_cards_are_labelled_with_their_board(trello):
    assert first(trello).label == "Campaign spring / Card 3 für Anna & Jörg"


def test_a_link_carries_its_name_and_nothing_in_the_query_is_secret(trello, sandbox):
    receipt = trello.publish(first(trello), outgoing())
    assert trello.look(first(trello), receipt.ref).fields == {"name": "DAM-1 Logo"}
    assert sandbox.secrets["token"] not in "".join(seen.query for seen in sandbox.requests)
    writes = [seen for seen in sandbox.requests if seen.method == "POST"]
    assert writes[0].headers["x-trello-client-identifier"] == "damhub"


def test_a_link_without_a_name_is_shown_by_its_address(trello):
    receipt = trello.publish(first(trello), outgoing(name=""))
    assert trello.look(first(trello), receipt.ref).fields["name"].startswith("https://hub.example/p/")


def test_an_uploaded_file_is_never_ours(trello, sandbox):
    ref = sandbox.intrude(first(trello).ref, MARKER)
    sandbox.edit(first(trello).ref, ref, {"isUpload": True})
    assert trello.find(first(trello), MARKER) == ()


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (401, "invalid token", AuthExpired), (401, "invalid key", AuthExpired), (401, "something else", AuthExpired),
        (401, "unauthorized card permission requested", Misconfigured),
        (401, "unauthorized permission requested.", Misconfigured), (401, "missing scopes", Misconfigured),
        (403, "forbidden", Misconfigured), (404, "card not found", Missing), (400, "invalid value for url", Rejected),
        (400, "A long explanation of what is wrong with this call.", Rejected),
    ],
)  # fmt: skip
def test_trellos_sentences_mean_what_they_say(trello, sandbox, status, text, error):
    target = first(trello)
    sandbox.faults.add(refuse(status, on="write", body=text))
    with pytest.raises(error) as raised:
        trello.publish(target, outgoing())
    assert type(raised.value) is error


def test_a_link_that_is_no_web_address_is_refused(trello):
    target = first(trello)
    bad = outgoing()
    object.__setattr__(bad, "link", "ftp://x")
    with pytest.raises(Rejected):
        trello.publish(target, bad)


def test_unknown_boards_and_cards_are_missing(trello):
    target = first(trello)
    object.__setattr__(target, "ref", "c" + "f" * 23)
    with pytest.raises(Missing):
        trello.find(target, MARKER)
    with pytest.raises(Missing):
        trello.publish(target, outgoing())


@pytest.fixture
def callback():
    heads = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            heads.append(self.path)
            self.send_response(404 if "refuse" in self.path else 200)
            self.end_headers()

        def do_POST(self):
            heads.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            return

    server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", heads
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_subscription_is_made_once_and_ended_once(trello, sandbox, callback):
    url, heads = callback
    target = first(trello)
    ref = trello.subscribe(target, f"{url}/hook")
    assert trello.subscribe(target, f"{url}/hook") == ref
    assert heads == ["/hook"]
    trello.publish(target, outgoing())
    assert sandbox.outbox.flush() == 1
    delivery, status = sandbox.outbox.sent[0]
    assert status == 200
    inbound = MANIFEST.inbound
    inbound.verify(secret=sandbox.secrets["secret"], url=f"{url}/hook", headers=delivery.headers, body=heads[1])
    assert inbound.read(delivery.headers, heads[1]).ours
    trello.unsubscribe(ref)
    trello.unsubscribe(ref)
    assert sandbox.hooks == {}


def test_a_callback_that_does_not_answer_is_refused(trello, callback):
    url, _ = callback
    with pytest.raises(Rejected, match="did not return 200"):
        trello.subscribe(first(trello), f"{url}/refuse")


def test_a_subscription_that_trello_switched_off_is_switched_on_again(trello, sandbox, callback):
    url, _ = callback
    target = first(trello)
    ref = trello.subscribe(target, f"{url}/hook")
    sandbox.hooks[ref].update(active=False, consecutiveFailures=1000)
    trello.publish(target, outgoing())
    assert sandbox.outbox.flush() == 0
    assert trello.subscribe(target, f"{url}/hook") == ref
    trello.publish(target, outgoing())
    assert sandbox.outbox.flush() == 1


def test_a_subscription_that_another_process_made_in_the_meantime_is_the_one(trello, sandbox, callback):
    url, _ = callback
    target = first(trello)
    ref = trello.subscribe(target, f"{url}/hook")
    blind = Rule(fault=Fault.LIE, on="read", path="members/me/tokens", status=200, body="[]")
    sandbox.faults.add(blind)
    assert trello.subscribe(target, f"{url}/hook") == ref
    assert len(sandbox.hooks) == 1


def test_every_request_fits_trellos_contract(trello, sandbox):
    target = first(trello)
    receipt = trello.publish(target, outgoing())
    trello.identify()
    trello.find(target, MARKER)
    trello.withdraw(target, receipt.ref)
    assert sandbox.violations == []


def test_a_sandbox_carries_on_from_its_ledger(trello, sandbox):
    receipt = trello.publish(first(trello), outgoing())
    again = create(ledger=sandbox.ledger)
    assert [one.ref for one in again.copies(first(trello).ref)] == [receipt.ref]


class Turns:
    """Remembers what it was asked for and told."""

    def __init__(self):
        self.seen, self.told = [], []

    def acquire(self, method="GET", path="/", *, urgent=False):
        self.seen.append((method, path))

    def learn(self, headers, *, refused):
        self.told.append((read_headers(headers, wall_s=0), refused))


@pytest.fixture
def turns(trello):
    turns = Turns()
    vars(trello._api)["_limiter"] = turns
    return turns


def test_only_reading_the_member_itself_counts_for_the_limit_of_members(trello, turns):
    members = next(limit for limit in MANIFEST.limits if limit.counts)
    trello.identify()
    trello.targets(None)
    assert [members.covers(*call) for call in turns.seen] == [True, False, False]
    assert ("GET", "/1/members/me/boards") in turns.seen


def test_what_trello_says_is_left_is_understood(trello, sandbox, turns):
    sandbox.calls_left = 7
    trello.identify()
    ((told, refused),) = turns.told
    assert (told.remaining, told.limit, told.after_s, refused) == (6, 100, None, False)


def test_too_many_calls_are_refused_without_a_time_and_taken_for_that(trello, sandbox, turns):
    sandbox.calls_left = 0
    with pytest.raises(RateLimited) as raised:
        trello.identify()
    assert raised.value.after_s is None
    assert turns.told[0][1]


def test_a_card_that_was_moved_to_another_list_or_board_keeps_its_copies(trello, sandbox):
    target = first(trello)
    ref = trello.publish(target, outgoing()).ref
    sandbox.cards[target.ref].update(idBoard="f" * 24, idList="e" * 24)
    sandbox.edit(target.ref, ref, {"name": "Their own name"})
    assert trello.look(target, ref).marker == MARKER
    assert [copy.ref for copy in trello.find(target, MARKER)] == [ref]
