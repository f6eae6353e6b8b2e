"""Checks of copies: made, looked at, found, withdrawn."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import IO, Any

from connectors.sdk.errors import ConnectorError, GiveUp, Missing, RetryLater
from connectors.sdk.manifest import Capability, Carries
from connectors.sdk.types import PartKind, PartState
from connectors.testing.conformance.bench import PNG, Bench
from connectors.testing.conformance.check import CheckFailed, check, expect, raises
from connectors.testing.faults import Fault, Rule, refuse

PUBLISH, FIND, LOOK, WITHDRAW = Capability.PUBLISH, Capability.FIND, Capability.LOOK, Capability.WITHDRAW
MANY = 130
LARGE = 8 * 1024 * 1024
MOST_AT_ONCE = 1024 * 1024
NAMES = (
    "Grüße aus Köln, Ñandú, Łódź", "path/to\\the logo?", "שלום עולם و مرحبا", "日本語のロゴ 🎉",
    "quotes \"double\" 'single' & more", "x" * 255,
)  # fmt: skip


@check("publish-stands", "A published copy stands in the target under the ref that was returned.", PUBLISH)
def publish_stands(bench: Bench) -> None:
    """Ask the sandbox."""
    sent, receipt = bench.publish()
    expect([copy.ref for copy in bench.standing(sent.marker)] == [receipt.ref], "it does not stand there, or elsewhere")


@check("publish-once", "One publish makes one copy.", PUBLISH)
def publish_once(bench: Bench) -> None:
    """Count effects."""
    bench.publish()
    expect(bench.made() == 1, f"{bench.made()} things were made")


@check("publish-fields", "A published copy has the fields that were sent.", PUBLISH)
def publish_fields(bench: Bench) -> None:
    """Compare with the sandbox."""
    sent, receipt = bench.publish()
    _same_fields(bench, receipt.ref, dict(sent.fields))


@check("publish-bytes", "A published copy holds exactly the bytes that were sent.", PUBLISH, carries=Carries.BYTES)
def publish_bytes(bench: Bench) -> None:
    """Compare hashes."""
    sent, receipt = bench.publish()
    truth = bench.truth(receipt.ref)
    expect(truth is not None and truth.sha256 == sent.sha256, "the remote holds other bytes")


@check("publish-streams", "A large file is read in pieces, never whole.", PUBLISH, carries=Carries.BYTES)
def publish_streams(bench: Bench) -> None:
    """Watch how the bytes are asked for."""
    asked: list[int] = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            asked.append(-1 if size is None else size)
            return super().read(size)

    data = PNG + bytes(LARGE)

    def source() -> IO[bytes]:
        return Watched(data)

    sent, receipt = bench.publish(bench.outgoing(data=data, source=source))
    truth = bench.truth(receipt.ref)
    expect(truth is not None and truth.sha256 == sent.sha256, "the remote holds other bytes")
    expect(asked and all(0 < size <= MOST_AT_ONCE for size in asked), "the whole file was read at once")


@check("publish-empty", "An empty file stands as an empty file or is refused for good.", PUBLISH, carries=Carries.BYTES)
def publish_empty(bench: Bench) -> None:
    """Send nothing."""
    sent = bench.outgoing(data=b"")
    try:
        bench.publish(sent)
    except GiveUp:
        expect(not bench.standing(sent.marker), "it was refused and stands all the same")
        return
    except ConnectorError as error:
        raise CheckFailed(f"raised {type(error).__name__}: nobody can act upon that") from error
    expect([copy.sha256 for copy in bench.standing(sent.marker)] == [sent.sha256], "something else stands there")


@check("names-survive", "Accents, slashes, quotes, right-to-left text, emoji and 255 characters arrive.", PUBLISH)
def names_survive(bench: Bench) -> None:
    """Send difficult names."""
    for name in NAMES:
        sent, receipt = bench.publish(bench.outgoing(fields=bench.fields() | {bench.sandbox.text_fields[0]: name}))
        _same_fields(bench, receipt.ref, dict(sent.fields))


@check("few-calls", "Publishing once is at most three calls, and nothing is sent twice.", PUBLISH)
def few_calls(bench: Bench) -> None:
    """Count requests."""
    target = bench.target
    bench.sandbox.reset_requests()
    bench.connector.publish(target, bench.outgoing())
    calls = [(seen.method, seen.path, seen.query) for seen in bench.sandbox.requests]
    expect(len(calls) <= 3, f"made {len(calls)} calls")
    expect(len(calls) == len(set(calls)), "a call was made twice")


@check("contract-fits", "Every request fits the vendor's published contract.", PUBLISH, FIND, LOOK, WITHDRAW)
def contract_fits(bench: Bench) -> None:
    """Use everything."""
    sent, receipt = bench.publish()
    bench.connector.identify()
    bench.find(sent.marker)
    bench.look(receipt.ref)
    bench.connector.withdraw(bench.target, receipt.ref)
    expect(not bench.sandbox.violations, "; ".join(bench.sandbox.violations))


@check("look-reads-back", "A look shows ref, marker and fields as they are there.", PUBLISH, LOOK)
def look_reads_back(bench: Bench) -> None:
    """Compare with the sandbox."""
    sent, receipt = bench.publish()
    copy = bench.look(receipt.ref)
    expect((copy.ref, copy.marker) == (receipt.ref, sent.marker), "ref or marker differ")
    _covers(dict(copy.fields), dict(sent.fields))


@check("look-tells-content", "A look tells which bytes a copy is made from.", PUBLISH, LOOK, carries=Carries.BYTES)
def look_tells_content(bench: Bench) -> None:
    """Compare content keys."""
    sent, receipt = bench.publish()
    copy = bench.look(receipt.ref)
    expect(copy.content_key == sent.content_key, "the content key differs")
    expect(copy.sha256 in (None, sent.sha256), "the hash is of other bytes")


@check("look-is-fresh", "A look shows what somebody changed by hand a moment ago.", PUBLISH, LOOK)
def look_is_fresh(bench: Bench) -> None:
    """Change between two looks."""
    _, receipt = bench.publish()
    bench.look(receipt.ref)
    name = bench.sandbox.text_fields[0]
    bench.sandbox.edit(bench.target.ref, receipt.ref, {name: "Changed by hand"})
    expect(bench.look(receipt.ref).fields.get(name) == "Changed by hand", "the look is old")


@check("look-shows-parts", "A look and a receipt name what the copy consists of, each part once.", PUBLISH, LOOK)
def look_shows_parts(bench: Bench) -> None:
    """Look at the parts."""
    _, receipt = bench.publish()
    parts = bench.look(receipt.ref).parts
    expect(any(part.kind is not PartKind.PUBLIC_URL and part.state is PartState.SHOWING for part in parts), "no part")
    expect(len({(part.kind, part.ref) for part in parts}) == len(parts), "a part is named twice")
    expect({part.ref for part in receipt.parts} <= {part.ref for part in parts}, "the look forgets a part")


@check("look-missing", "A look at a copy that somebody deleted is Missing.", PUBLISH, LOOK)
def look_missing(bench: Bench) -> None:
    """Delete by hand."""
    _, receipt = bench.publish()
    bench.sandbox.vanish(bench.target.ref, receipt.ref)
    raises(Missing, lambda: bench.look(receipt.ref))


@check("missing-only-from-404", "No other refusal and no failure means that a copy is gone.", PUBLISH, LOOK)
def missing_only_from_404(bench: Bench) -> None:
    """Refuse in every way."""
    _, receipt = bench.publish()
    for status in (400, 401, 403, 408, 409, 423, 429, 500, 502, 503):
        bench.sandbox.faults.add(refuse(status, on="read", times=None))
        try:
            bench.look(receipt.ref)
        except Missing as error:
            raise CheckFailed(f"{status} was taken for Missing") from error
        except ConnectorError:
            bench.sandbox.faults.clear()
        else:
            raise CheckFailed(f"{status} was taken for an answer")


@check("find-none", "Finding a marker that is not there finds nothing.", FIND)
def find_none(bench: Bench) -> None:
    """Look for what was never published."""
    expect(bench.find(bench.marker()) == (), "something was found")


@check("find-one", "Finding a marker finds its copy, with fields and content key.", PUBLISH, FIND)
def find_one(bench: Bench) -> None:
    """Publish two, find one."""
    bench.publish()
    sent, receipt = bench.publish()
    found = bench.find(sent.marker)
    expect([copy.ref for copy in found] == [receipt.ref], "not exactly that copy")
    expect(found[0].marker == sent.marker, "the marker differs")
    expect(bench.manifest.carries is Carries.LINK or found[0].content_key == sent.content_key, "the key differs")
    _covers(dict(found[0].fields), dict(sent.fields))
    if bench.manifest.abilities[FIND].lists:
        expect(found[0] == bench.look(receipt.ref), "the list tells another tale than a look: leave `lists` out")
        bench.sandbox.vanish(bench.target.ref, receipt.ref)
        expect(bench.find(sent.marker) == (), "the list still names what was deleted: leave `lists` out")


@check("find-exactly", "A marker that merely begins, ends or continues another is not found for it.", PUBLISH, FIND)
def find_exactly(bench: Bench) -> None:
    """Put similar ones beside it."""
    sent, receipt = bench.publish()
    for text in (f"{sent.marker}a", f"{sent.marker}7-x", f"x{sent.marker}", sent.marker[:-1], sent.marker[3:]):
        bench.sandbox.intrude(bench.target.ref, text)
    bench.publish(bench.outgoing(marker=sent.marker[:-1] + "7"))
    expect([copy.ref for copy in bench.find(sent.marker)] == [receipt.ref], "similar markers are taken for it")


@check("find-all", "Several copies of one placement are all found, and can be told apart.", PUBLISH, FIND)
def find_all(bench: Bench) -> None:
    """Publish an old and a new one."""
    marker = bench.marker()
    refs = {bench.publish(bench.outgoing(marker=marker))[1].ref for _ in range(3)}
    found = bench.find(marker)
    expect({copy.ref for copy in found} == refs and len(found) == len(refs), f"{len(found)} of {len(refs)} were found")
    keys = {copy.content_key for copy in found}
    expect(bench.manifest.carries is Carries.LINK or len(keys) == len(refs), "they cannot be told apart")


@check("find-among-many", "A copy is found among more things than fit on one page.", PUBLISH, FIND)
def find_among_many(bench: Bench) -> None:
    """Crowd the target."""
    marker = bench.marker()
    first = bench.publish(bench.outgoing(marker=marker))[1].ref
    for number in range(MANY):
        bench.sandbox.intrude(bench.target.ref, f"holiday-{number}")
    last = bench.publish(bench.outgoing(marker=marker))[1].ref
    expect({copy.ref for copy in bench.find(marker)} == {first, last}, "the crowd hides a copy")


@check("find-or-fail", "A find that cannot be completed fails; it never answers with nothing.", PUBLISH, FIND)
def find_or_fail(bench: Bench) -> None:
    """Break every read."""
    sent, _ = bench.publish()
    bench.sandbox.faults.add(refuse(503, on="read", times=None))
    raises(RetryLater, lambda: bench.find(sent.marker))


@check("find-whole-or-fail", "A find that breaks on a later page never answers with part.", PUBLISH, FIND)
def find_whole_or_fail(bench: Bench) -> None:
    """Break the second read of a crowded target."""
    marker = bench.marker()
    refs = {bench.publish(bench.outgoing(marker=marker))[1].ref for _ in range(2)}
    for number in range(MANY):
        bench.sandbox.intrude(bench.target.ref, f"{marker}{number}")
    bench.sandbox.faults.add(Rule(fault=Fault.ERROR_BEFORE, on="read", skip=1, times=None))
    with suppress(RetryLater):
        expect({copy.ref for copy in bench.find(marker)} == refs, "part was taken for the whole")
        expect(not bench.sandbox.faults.fired, "a failed page was passed over")


@check("withdraw-removes", "A withdrawn copy stands there no more.", PUBLISH, WITHDRAW)
def withdraw_removes(bench: Bench) -> None:
    """Ask the sandbox."""
    sent, receipt = bench.publish()
    bench.connector.withdraw(bench.target, receipt.ref)
    expect(not bench.standing(sent.marker), "it still stands there")


@check("withdraw-only-that", "Withdrawing one copy leaves the others, ours and other people's.", PUBLISH, WITHDRAW)
def withdraw_only_that(bench: Bench) -> None:
    """Put others beside it."""
    other, _ = bench.publish()
    foreign = bench.sandbox.intrude(bench.target.ref, "holiday")
    twin = bench.outgoing()
    _, kept = bench.publish(twin)
    _, receipt = bench.publish(bench.outgoing(marker=twin.marker))
    bench.connector.withdraw(bench.target, receipt.ref)
    left = {copy.ref for copy in bench.sandbox.copies(bench.target.ref)}
    expect({foreign, kept.ref} <= left and bench.standing(other.marker), "others went too")


@check("withdraw-twice", "Withdrawing what is gone already is no error.", PUBLISH, WITHDRAW)
def withdraw_twice(bench: Bench) -> None:
    """Withdraw twice, and once after somebody else did."""
    _, one = bench.publish()
    _, other = bench.publish()
    bench.sandbox.vanish(bench.target.ref, other.ref)
    try:
        for ref in (one.ref, one.ref, other.ref):
            bench.connector.withdraw(bench.target, ref)
    except ConnectorError as error:
        raise CheckFailed(f"raised {type(error).__name__}") from error


@check("withdrawn-is-missing", "A look at a withdrawn copy is Missing.", PUBLISH, WITHDRAW, LOOK)
def withdrawn_is_missing(bench: Bench) -> None:
    """Look afterwards."""
    _, receipt = bench.publish()
    bench.look(receipt.ref)
    bench.connector.withdraw(bench.target, receipt.ref)
    raises(Missing, lambda: bench.look(receipt.ref))


@check("withdrawn-is-not-found", "A withdrawn copy is not found, its twin still is.", PUBLISH, WITHDRAW, FIND)
def withdrawn_is_not_found(bench: Bench) -> None:
    """Find afterwards."""
    marker = bench.marker()
    _, old = bench.publish(bench.outgoing(marker=marker))
    _, new = bench.publish(bench.outgoing(marker=marker))
    bench.find(marker)
    bench.connector.withdraw(bench.target, old.ref)
    expect([copy.ref for copy in bench.find(marker)] == [new.ref], "the withdrawn copy is found")


def _same_fields(bench: Bench, ref: str, sent: dict[str, Any]) -> None:
    truth = bench.truth(ref)
    expect(truth is not None, "it does not stand there")
    _covers(dict(truth.fields) if truth else {}, sent)


def _covers(there: dict[str, Any], sent: dict[str, Any]) -> None:
    for name, value in sent.items():
        expect(there.get(name) == value, f"{name} is {there.get(name)!r} and not {value!r}"[:200])
