"""What was recorded of the real Trello is read by our shapes, and has the form of what the sandbox answers."""

import base64
import hashlib
import hmac
import io
import json
from pathlib import Path

import httpx
import pytest

import connectors.trello
from connectors.sdk.types import Change, Outgoing
from connectors.trello import MANIFEST, feed
from connectors.trello.events import TrelloInbound
from connectors.trello.items import is_upload
from connectors.trello.sandbox_fronts import TEXT
from connectors.trello.types import Card, Done, Named, Webhook
from webhooks import SignatureError

RECORDED = json.loads((Path(connectors.trello.__file__).parent / "fixtures" / "recorded.json").read_text())
DELIVERIES = RECORDED["deliveries"]


def read(name):
    return TrelloInbound().read({}, json.dumps({"model": {}, "action": DELIVERIES[name]}).encode())


@pytest.fixture
def answers(sandbox):
    """Ask the sandbox without the connector."""
    headers = MANIFEST.auths[0].headers(sandbox.secrets)
    with httpx.Client(base_url=sandbox.origin, headers=headers, trust_env=False) as client:
        yield lambda path, **query: client.get(path, params=query).json()


def test_a_feed_is_in_the_order_of_its_dates_and_not_of_its_ids():
    later, earlier = (Done.model_validate(line) for line in RECORDED["feed"][:2])
    assert later.date > earlier.date
    assert later.id < earlier.id
    assert {action.second for action in (later, earlier)} == {int(later.date.timestamp())}


def test_a_deleted_card_has_no_name_and_is_told_as_gone():
    action = Done.model_validate(RECORDED["feed"][2])
    assert (action.type, action.data.card.name) == ("deleteCard", "")
    assert feed._told(None, [action]) == (Change("63de84fd6ec529e05977a5ab", gone=True),)


@pytest.mark.parametrize(
    ("name", "kind", "refs"),
    [
        ("upload", "addAttachmentToCard", ("63e2b77d5033cd7812bc7a73",)),
        ("removed", "deleteAttachmentFromCard", ("63e2b77d5033cd7812bc7a73",)),
        ("link of 2016", "addAttachmentToCard", ("5735940584b4870a92c9d2da",)),
        *((name, kind, ()) for name, kind in (
            ("label", "addLabelToCard"), ("labels of the card", "updateCard"), ("label removed", "removeLabelFromCard"),
            ("moved", "updateCard"), ("higher", "updateCard"), ("described", "updateCard"), ("renamed", "updateCard"),
            ("due", "updateCard"), ("done", "updateCard"), ("of a card", "updateCard"),
            ("member", "addMemberToCard"), ("checklist", "addChecklistToCard"), ("board renamed", "updateBoard"),
            ("comment of 2016", "commentCard"), ("archived in 2016", "updateCard"),
        )),
    ],
)  # fmt: skip
def test_deliveries_are_read(name, kind, refs):
    hint = read(name)
    assert (hint.kind, hint.refs, hint.anything) == (kind, refs, False)
    assert hint.delivery_key == DELIVERIES[name]["id"]


def test_every_delivery_that_was_recorded_is_read_by_one_of_these_and_tells_its_card():
    assert len(DELIVERIES) == 18
    for name, action in DELIVERIES.items():
        card = action["data"].get("card", {}).get("id")
        assert read(name).cards == ((card,) if card else ()), name


@pytest.mark.parametrize("indent", [None, 1, "\t"])
@pytest.mark.parametrize("name", sorted(DELIVERIES))
def test_a_delivery_is_verified_by_its_bytes_as_they_came(name, indent):
    url = "https://hub.example/hooks/1"
    body = json.dumps({"action": DELIVERIES[name], "model": {}}, indent=indent).encode()
    signed = base64.b64encode(hmac.digest(b"app secret", body + url.encode(), "sha1")).decode()
    TrelloInbound().verify(secret="app secret", url=url, headers={"X-Trello-Webhook": signed}, body=body)
    other = json.dumps(json.loads(body), separators=(",", ":")).encode()
    with pytest.raises(SignatureError):
        TrelloInbound().verify(secret="app secret", url=url, headers={"X-Trello-Webhook": signed}, body=other)


def test_one_change_that_comes_as_two_deliveries_has_two_keys():
    assert read("label").delivery_key != read("labels of the card").delivery_key


def test_the_feed_tells_what_the_deliveries_tell():
    card, upload = (DELIVERIES["upload"]["data"][name]["id"] for name in ("card", "attachment"))
    came = Done.model_validate(DELIVERIES["upload"])
    assert is_upload(came.data.attachment.url, upload)
    told = {change.ref: change for change in feed._told(None, [came])}
    assert told[f"{card}/{upload}"].item.name == "06 15_13_07.png"
    gone = feed._told(None, [came, Done.model_validate(DELIVERIES["removed"])])
    assert {change.ref for change in gone if change.gone} == {upload, f"{card}/{upload}"}
    link = Done.model_validate(DELIVERIES["link of 2016"])
    assert feed._told(None, [link]) == (Change("5735940584b4870a92c9d2da"),)


def test_a_card_without_a_cover_is_seen_as_one_and_the_sandboxs_has_its_form(sandbox, answers):
    assert not Card.model_validate(RECORDED["card"]).covered
    assert Card.model_validate({**RECORDED["card"], "cover": {**RECORDED["card"]["cover"], "color": "pink"}}).covered
    card = answers(f"/1/cards/{sandbox.targets()[0]}", attachments="true")
    assert set(card) - set(RECORDED["card"]) == {"attachments"}
    assert set(card["cover"]) <= set(RECORDED["card"]["cover"])


def test_fields_and_labels_are_read_and_the_sandboxs_have_their_form(sandbox, answers):
    board = sandbox.boards[0]["id"]
    sandbox.fronts.furnish(board, field="Assets", label="Withdrawn")
    assert Named.model_validate(RECORDED["custom field"]).type == "list"
    assert [Named.model_validate(one).name for one in RECORDED["labels"]][:2] == ["Hello", "World"]
    for field in answers(f"/1/boards/{board}/customFields"):
        assert set(field) <= set(RECORDED["custom field"])
    for label in answers(f"/1/boards/{board}/labels", fields="name"):
        assert set(label) <= set(RECORDED["labels"][0])


def test_a_list_of_choices_is_not_filled_though_its_name_fits(connect, sandbox):
    board = sandbox.boards[0]["id"]
    sandbox.fronts.fields[board] = [{**RECORDED["custom field"], "id": TEXT}]
    trello = connect(asset_field=RECORDED["custom field"]["name"])
    target = trello.targets(None).items[0]
    trello.publish(target, Outgoing(
        marker="dhabc123-" + "k" * 20, content_key="0" * 12, filename="a.png", media_type="image/png", size=0,
        sha256=hashlib.sha256(b"").hexdigest(), open=io.BytesIO, link="https://hub.example/p/x", fields={"name": "A"},
    ))  # fmt: skip
    assert sandbox.cards[target.ref]["fields"] == {}


def test_the_sandboxs_feed_has_the_form_of_the_recorded_one(sandbox, answers):
    card = sandbox.targets()[0]
    sandbox.stock("06 15_13_07.png", b"x")
    for number in range(2):
        sandbox.vanish(card, sandbox.intrude(card, f"page-{number}"))
    told = answers(f"/1/boards/{sandbox.cards[card]['board']}/actions")
    for line in told:
        assert set(line) == set(RECORDED["feed"][0])
        like = DELIVERIES["upload" if line["type"] == "addAttachmentToCard" else "removed"]["data"]
        assert set(line["data"]) <= set(like)
        assert set(line["data"]["card"]) == set(like["card"])
        assert set(line["data"]["attachment"]) <= set(like["attachment"])
    assert {line["type"] for line in told} == {"addAttachmentToCard", "deleteAttachmentFromCard"}
    assert [line["date"] for line in told] == sorted((line["date"] for line in told), reverse=True)


def test_webhooks_are_read():
    assert Webhook.model_validate(RECORDED["webhooks"][0]).callback_url == "https://hub.example/hooks/1"
