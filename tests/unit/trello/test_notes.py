"""What is written on a card's front: only what the settings name, where the board has it, never instead of a link."""

import hashlib
import io

import pytest

from connectors.sdk.errors import ConnectorError, OutcomeUnknown
from connectors.sdk.types import Outgoing
from connectors.testing.faults import Fault, Rule, refuse
from connectors.testing.ledger import What
from connectors.trello.notes import LONGEST_TEXT
from connectors.trello.sandbox_fronts import LABEL, NUMBER, TEXT

MARKER, OTHER = "dhabc123-" + "k" * 20, "dhabc123-" + "m" * 20


def outgoing(name="DAM-1 Logo", marker=MARKER, kind="image/png"):
    return Outgoing(
        marker=marker, content_key="0" * 12, filename="logo.png", media_type=kind, size=0,
        sha256=hashlib.sha256(b"").hexdigest(), open=io.BytesIO, link=f"https://hub.example/p/{marker}.sig",
        fields={"name": name},
    )  # fmt: skip


@pytest.fixture
def trello(connect, sandbox):
    sandbox.fronts.furnish(sandbox.boards[0]["id"], field="Assets", label="Asset withdrawn")
    return connect(asset_field=" assets", label="asset WITHDRAWN", cover=True)


@pytest.fixture
def target(trello):
    return trello.targets(None).items[0]


@pytest.fixture
def card(sandbox, target):
    return sandbox.cards[target.ref]


def test_the_field_names_our_links_and_nobody_elses(trello, sandbox, target, card):
    sandbox.intrude(target.ref, "page")
    first = trello.publish(target, outgoing())
    second = trello.publish(target, outgoing("DAM-2 Banner", OTHER))
    assert card["fields"] == {TEXT: "DAM-1 Logo, DAM-2 Banner"}
    trello.withdraw(target, first.ref)
    assert card["fields"] == {TEXT: "DAM-2 Banner"}
    trello.withdraw(target, second.ref)
    assert card["fields"] == {TEXT: None}
    assert NUMBER not in card["fields"]


def test_names_that_do_not_fit_are_cut(trello, target, card):
    for number in range(3):
        trello.publish(target, outgoing(f"{number}" + "x" * 200, MARKER[:-1] + "abc"[number]))
    assert len(card["fields"][TEXT]) == LONGEST_TEXT
    assert card["fields"][TEXT].endswith("…")


def test_a_label_marks_a_card_once_that_lost_a_link_and_not_one_whose_link_was_exchanged(trello, target, card):
    old = trello.publish(target, outgoing("Old name"))
    new = trello.publish(target, outgoing("New name"))
    trello.withdraw(target, old.ref)
    assert card["labels"] == []
    trello.withdraw(target, new.ref)
    assert card["labels"] == [LABEL]
    trello.withdraw(target, trello.publish(target, outgoing()).ref)
    assert card["labels"] == [LABEL]


def test_a_link_that_somebody_took_away_marks_nothing(trello, sandbox, target, card):
    receipt = trello.publish(target, outgoing())
    sandbox.vanish(target.ref, receipt.ref)
    trello.withdraw(target, receipt.ref)
    assert card["labels"] == []
    assert card["fields"] == {TEXT: None}


def test_a_picture_is_the_cover_of_a_card_without_one_and_goes_with_its_link(trello, target, card):
    receipt = trello.publish(target, outgoing())
    assert card["cover"]["idAttachment"] == receipt.ref
    second = trello.publish(target, outgoing(marker=OTHER))
    assert card["cover"]["idAttachment"] == receipt.ref
    trello.withdraw(target, second.ref)
    assert card["cover"]["idAttachment"] == receipt.ref
    trello.withdraw(target, receipt.ref)
    assert card["cover"]["idAttachment"] is None


@pytest.mark.parametrize("chosen", [{"color": "pink"}, {"idAttachment": "a" * 24}, {"idUploadedBackground": "b" * 24}])
def test_a_cover_that_somebody_chose_stays(trello, target, card, chosen):
    card["cover"].update(chosen)
    before = dict(card["cover"])
    trello.withdraw(target, trello.publish(target, outgoing()).ref)
    assert card["cover"] == before


def test_what_is_no_picture_is_no_cover(trello, target, card):
    trello.publish(target, outgoing(kind="application/pdf"))
    assert card["cover"]["idAttachment"] is None


def test_a_board_without_such_a_field_and_label_is_left_alone(connect, sandbox):
    trello = connect(asset_field="Assets", label="Asset withdrawn")
    target = trello.targets(None).items[0]
    trello.withdraw(target, trello.publish(target, outgoing()).ref)
    assert {seen.method for seen in sandbox.requests if seen.method not in ("GET", "POST", "DELETE")} == set()
    assert sandbox.violations == []


def test_without_settings_nothing_is_read_or_written_besides_the_link(connect, sandbox):
    trello = connect()
    target = trello.targets(None).items[0]
    sandbox.reset_requests()
    trello.withdraw(target, trello.publish(target, outgoing()).ref)
    assert [seen.method for seen in sandbox.requests] == ["POST", "DELETE"]
    assert "setCover" not in sandbox.requests[0].query


def test_a_link_is_one_effect_whatever_is_written_beside_it(trello, sandbox, target):
    receipt = trello.publish(target, outgoing())
    assert len(sandbox.ledger.effects()) == 1
    trello.withdraw(target, receipt.ref)
    assert [effect.what for effect in sandbox.ledger.effects()] == [What.MADE, What.REMOVED]


def test_a_refusal_of_what_stands_beside_comes_before_the_link(trello, sandbox, target):
    sandbox.faults.add(refuse(403, on="write", path="customField"))
    with pytest.raises(ConnectorError):
        trello.publish(target, outgoing())
    assert sandbox.ledger.effects() == ()


def test_a_withdrawal_that_broke_off_is_done_again_whole(trello, sandbox, target, card):
    receipt = trello.publish(target, outgoing())
    sandbox.faults.add(Rule(fault=Fault.LOSE_ANSWER, on="write", path="idLabels"))
    with pytest.raises(OutcomeUnknown):
        trello.withdraw(target, receipt.ref)
    assert sandbox.copies(target.ref)
    trello.withdraw(target, receipt.ref)
    assert not sandbox.copies(target.ref)
    assert (card["labels"], card["fields"]) == ([LABEL], {TEXT: None})


def test_a_card_that_is_gone_needs_no_withdrawal(trello, sandbox, target):
    receipt = trello.publish(target, outgoing())
    del sandbox.cards[target.ref]
    trello.withdraw(target, receipt.ref)
