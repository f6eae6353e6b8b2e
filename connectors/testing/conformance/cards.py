"""Checks of cards: what bindings read of boards, and of what lies on them."""

from __future__ import annotations

from dataclasses import replace

from connectors.sdk.errors import ConnectorError, Missing
from connectors.sdk.manifest import Capability
from connectors.sdk.paging import every
from connectors.sdk.types import Board, Card, Target
from connectors.testing.conformance.bench import Bench
from connectors.testing.conformance.check import NotApplicable, check, expect, raises
from connectors.testing.faults import Fault, Rule

CARDS = Capability.CARDS
MOST_PAGES = 500
MANY = 120
SAID = "Uses DAM-1234, für Anna & Jörg"


@check("boards-complete", "The listing of boards is complete, each once, by the names that people know.", CARDS)
def boards_complete(bench: Bench) -> None:
    """Compare with the sandbox's own set."""
    told = [(one.ref, one.label) for one in every(bench.connector.boards, most_pages=MOST_PAGES)]
    expect(len(told) == len(set(told)), "a board is listed twice")
    expect(set(told) == {(one.ref, one.label) for one in bench.sandbox.all_boards()}, "these are not the boards")


@check("board-read", "A board tells its lists in order, its named labels and its custom fields.", CARDS)
def board_read(bench: Bench) -> None:
    """Read each that somebody made something on."""
    bench.sandbox.deal(_board(bench), "A card")
    truth = next(one for one in bench.sandbox.all_boards() if one.ref == _board(bench))
    read: Board = bench.connector.board(truth.ref)
    expect((read.label, read.lists) == (truth.label, truth.lists), "its name or its lists differ")
    expect(read.lists and set(read.labels) == set(truth.labels), "its labels differ")
    expect(read.fields and set(read.fields) == set(truth.fields), "its custom fields differ")


@check("cards-complete", "The cards of a board are complete over several pages, each once, done ones too.", CARDS)
def cards_complete(bench: Bench) -> None:
    """Make many."""
    board = _many(bench)
    expect(bench.connector.cards(board, None).cursor, "everything fits on one page, so nothing is shown")
    told = [card.target.ref for card in _cards(bench, board)]
    expect(len(told) == len(set(told)), "a card is listed twice")
    expect(set(told) == {card.target.ref for card in bench.sandbox.on_board(board)}, "these are not the cards")


@check("cards-whole-or-fail", "A listing of cards of which one page fails is a failure, never a shorter one.", CARDS)
def cards_whole_or_fail(bench: Bench) -> None:
    """Let every call but the first fail."""
    board = _many(bench)
    bench.sandbox.faults.add(Rule(fault=Fault.ERROR_BEFORE, on="read", skip=1, times=None))
    raises(ConnectorError, lambda: _cards(bench, board))


@check("cards-say", "A card says what stands on it: title, text, list, labels, fields, and whether it is done.", CARDS)
def cards_say(bench: Bench) -> None:
    """Compare each with the truth, listed and read alone."""
    board = _board(bench)
    bench.sandbox.deal(board, "Grüße, 東京", SAID)
    bench.sandbox.deal(board, "Finished", done=True)
    truth = {card.target.ref: _plain(card) for card in bench.sandbox.on_board(board)}
    expect({card.target.ref: _plain(card) for card in _cards(bench, board)} == truth, "a listed card says otherwise")
    for ref, card in truth.items():
        expect(_plain(bench.connector.card(ref)) == card, f"read alone, {card.title!r} says otherwise")


@check("cards-are-targets", "An open card is the very target that the listing of targets tells.", CARDS)
def cards_are_targets(bench: Bench) -> None:
    """Look each up among the targets."""
    targets = {(one.kind, one.ref): one.url for one in every(bench.connector.targets, most_pages=MOST_PAGES)}
    for card in _cards(bench, _board(bench)):
        known = (card.target.kind, card.target.ref)
        expect(card.done or targets.get(known, "") == card.target.url, f"{card.title!r} is no such target")
        expect(card.target.label and card.target.label != card.target.ref, "a label is empty, or an id")


@check("card-put-away", "A card that was put away can still be read, as a done one, and is not listed any more.", CARDS)
def card_put_away(bench: Bench) -> None:
    """Archive one."""
    board = _board(bench)
    ref = bench.sandbox.deal(board, "Done with")
    if not bench.sandbox.put_away(ref):
        raise NotApplicable("nobody puts cards away there")
    expect(bench.connector.card(ref).done, "it is not told as done")
    expect(ref not in {card.target.ref for card in _cards(bench, board)}, "it is still listed")


@check("card-missing", "A card that was deleted is Missing, and is not listed any more.", CARDS)
def card_missing(bench: Bench) -> None:
    """Delete one."""
    board = _board(bench)
    ref = bench.sandbox.deal(board, "Short-lived")
    bench.sandbox.discard(ref)
    raises(Missing, lambda: bench.connector.card(ref))
    expect(ref not in {card.target.ref for card in _cards(bench, board)}, "it is still listed")


@check("card-heard", "A webhook about a card names the card.", CARDS, inbound=True)
def card_heard(bench: Bench) -> None:
    """Verify and read a delivery."""
    ref = bench.sandbox.deal(_board(bench), "Told of")
    sent = bench.sandbox.card_news(ref)
    inbound = bench.manifest.inbound
    if sent is None or inbound is None:
        raise NotApplicable("nothing tells of cards")
    inbound.verify(secret=sent.secret, url=sent.url, headers=sent.headers, body=sent.body)
    expect(inbound.read(sent.headers, sent.body).cards == (ref,), "the card is not named")


def _board(bench: Bench) -> str:
    return bench.sandbox.all_boards()[0].ref


def _many(bench: Bench) -> str:
    for number in range(MANY):
        bench.sandbox.deal(_board(bench), f"Card {number}", done=number % 2 == 1)
    return _board(bench)


def _cards(bench: Bench, board: str) -> list[Card]:
    return list(every(lambda cursor: bench.connector.cards(board, cursor), most_pages=MOST_PAGES))


def _plain(card: Card) -> Card:
    """Leave the label away: it also says on which board a card lies, in the connector's own way."""
    return replace(card, target=Target(card.target.kind, card.target.ref, "", card.target.url))
