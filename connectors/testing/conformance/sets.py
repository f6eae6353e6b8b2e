"""Checks of copies that show several pictures: all of them, in their order, each with its own words, as one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors.sdk.errors import GiveUp, OutcomeUnknown
from connectors.sdk.manifest import Capability
from connectors.sdk.types import COMPANIONS, Outgoing, Receipt
from connectors.testing.conformance.bench import Bench
from connectors.testing.conformance.check import CheckFailed, NotApplicable, check, expect, raises
from connectors.testing.faults import Fault, Rule

PUBLISH, FIND, LOOK, UPDATE = Capability.PUBLISH, Capability.FIND, Capability.LOOK, Capability.UPDATE
REPLACE, WITHDRAW = Capability.REPLACE, Capability.WITHDRAW
FEW = 3


@check("set-in-order", "A set is one copy that shows every picture, in its order.", PUBLISH, sets=True)
def set_in_order(bench: Bench) -> None:
    """Ask the sandbox."""
    sent, receipt = _published(bench)
    expect(bench.made() == 1, f"{bench.made()} things were made")
    expect([copy.ref for copy in bench.standing(sent.marker)] == [receipt.ref], "it does not stand there, or elsewhere")
    expect(_hashes(bench, receipt) == [one.sha256 for one in sent.pictures], "other pictures, or in another order")


@check("set-words", "Each picture of a set has the words that were sent for it.", PUBLISH, sets=True)
def set_words(bench: Bench) -> None:
    """Compare with the sandbox."""
    sent, receipt = _published(bench)
    _same_words(bench, receipt, [dict(one.fields) for one in sent.companions])


@check("set-tells-content", "The key of a set names all its pictures in their order.", PUBLISH, FIND, LOOK, sets=True)
def set_tells_content(bench: Bench) -> None:
    """Look, find, and do it once more in another order."""
    sent, receipt = _published(bench)
    turned = bench.several([one.open().read() for one in reversed(sent.pictures)])
    expect(turned.content_key != sent.content_key, "the suite itself cannot tell them apart")
    _, other = bench.publish(turned)
    for outgoing, ref in ((sent, receipt.ref), (turned, other.ref)):
        expect(bench.look(ref).content_key == outgoing.content_key, "a look tells another key")
        found = [(copy.ref, copy.content_key) for copy in bench.find(outgoing.marker)]
        expect(found == [(ref, outgoing.content_key)], "a search tells another key")
        expect(bench.look(ref).sha256 is None, "the hash of one picture is told as that of all")


@check("set-thinned", "A look tells when somebody took a picture out of a set.", PUBLISH, LOOK, sets=True)
def set_thinned(bench: Bench) -> None:
    """Take one out by hand."""
    sent, receipt = _published(bench)
    if not bench.sandbox.thin(bench.target.ref, receipt.ref):
        raise NotApplicable("nobody there can take a picture out, or nothing tells of it")
    expect(bench.look(receipt.ref).content_key != sent.content_key, "the look does not tell that one is missing")


@check("set-lost-answer", "A lost answer to publishing a set is unknown, and leaves one copy to be found.",
       PUBLISH, FIND, sets=True)  # fmt: skip
def set_lost_answer(bench: Bench) -> None:
    """Lose it after the effect."""
    sent, target = bench.several(), bench.target
    bench.sandbox.faults.add(Rule(fault=Fault.LOSE_ANSWER, on="effect", times=None))
    raises(OutcomeUnknown, lambda: bench.connector.publish(target, sent))
    bench.sandbox.faults.clear()
    expect(len(bench.standing(sent.marker)) == 1, f"{len(bench.standing(sent.marker))} copies stand there")
    expect([copy.content_key for copy in bench.find(sent.marker)] == [sent.content_key], "a search does not find it")


@check("set-of-one-kind", "What cannot stand beside pictures is refused for good, and nothing is made.",
       PUBLISH, sets=True)  # fmt: skip
def set_of_one_kind(bench: Bench) -> None:
    """Put a video among the pictures."""
    sent = bench.several()
    film = replace(sent.companions[0], media_type="video/mp4", filename="film.mp4")
    _refused(bench, replace(sent, companions=(film, *sent.companions[1:])))


@check("set-too-many", "More pictures than a copy may show are refused for good, and nothing is made.",
       PUBLISH, sets=True)  # fmt: skip
def set_too_many(bench: Bench) -> None:
    """Send one more."""
    _refused(bench, bench.several([b"%d" % number for number in range(bench.most_pictures + 1)]))


@check("set-words-follow", "New words of the pictures of a set follow, and its pictures stay.",
       PUBLISH, LOOK, UPDATE, sets=True)  # fmt: skip
def set_words_follow(bench: Bench) -> None:
    """Change them all."""
    sent, receipt = _published(bench)
    if COMPANIONS not in bench.look(receipt.ref).fields:
        raise NotApplicable("the words of a picture are not read back there, so they are never changed")
    words: list[Any] = [{name: f"New {name} {number}" for name in one.fields} for number, one in _numbered(sent)]
    bench.connector.update(bench.target, receipt.ref, {COMPANIONS: words})
    _same_words(bench, receipt, words)
    expect(_hashes(bench, receipt) == [one.sha256 for one in sent.pictures], "the pictures changed")
    expect(bench.look(receipt.ref).fields[COMPANIONS] == words, "a look shows other words")


@check("set-replaced", "Another set takes the place of one as a whole.", PUBLISH, REPLACE, LOOK, sets=True)
def set_replaced(bench: Bench) -> None:
    """Replace one picture of three."""
    sent, receipt = _published(bench)
    first, second, _ = (one.open().read() for one in sent.pictures)
    other = bench.several([first, second, b"the third, anew"], marker=sent.marker)
    bench.connector.replace(bench.target, receipt.ref, other)
    expect(_hashes(bench, receipt) == [one.sha256 for one in other.pictures], "other pictures, or in another order")
    expect(bench.look(receipt.ref).content_key == other.content_key, "a look tells the old key")


@check("set-withdrawn", "Withdrawing a set takes all of it away.", PUBLISH, WITHDRAW, sets=True)
def set_withdrawn(bench: Bench) -> None:
    """Ask the sandbox."""
    sent, receipt = _published(bench)
    bench.connector.withdraw(bench.target, receipt.ref)
    expect(not bench.standing(sent.marker), "it still stands there")


def _published(bench: Bench) -> tuple[Outgoing, Receipt]:
    return bench.publish(bench.several())


def _refused(bench: Bench, sent: Outgoing) -> None:
    raises(GiveUp, lambda: bench.publish(sent))
    expect(bench.made() == 0, "something was made all the same")


def _hashes(bench: Bench, receipt: Receipt) -> list[str]:
    truth = bench.truth(receipt.ref)
    if truth is None:
        raise CheckFailed("it does not stand there")
    return [one.sha256 for one in truth.pictures]


def _same_words(bench: Bench, receipt: Receipt, sent: list[dict[str, Any]]) -> None:
    truth = bench.truth(receipt.ref)
    there = [dict(one.fields) for one in truth.pictures[1:]] if truth else []
    expect(there == sent, f"the pictures say {there!r} and not {sent!r}"[:200])


def _numbered(sent: Outgoing) -> list[tuple[int, Any]]:
    return list(enumerate(sent.companions))
