"""Checks of webhooks that a remote sends."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from connectors.sdk.protocols import Inbound
from connectors.sdk.types import Hint
from connectors.testing.conformance.bench import Bench
from connectors.testing.conformance.check import CheckFailed, NotApplicable, check, expect
from connectors.testing.hooks import Delivery
from webhooks import SignatureError


def _inbound(bench: Bench) -> Inbound:
    if bench.manifest.inbound is None:
        raise NotApplicable("no webhooks")
    return bench.manifest.inbound


def _thing(bench: Bench) -> str:
    """Have somebody put a thing there that deliveries can be about."""
    return bench.sandbox.intrude(bench.sandbox.targets()[0], "holiday")


def _delivery(bench: Bench, *, ref: str = "", ours: bool = False, kind: str = "") -> Delivery:
    about = ref or _thing(bench)
    made = bench.sandbox.delivery(target=bench.sandbox.targets()[0], ref=about, ours=ours, kind=kind)
    if made is None:
        raise NotApplicable("this sandbox sends no webhooks")
    return made


def _verify(bench: Bench, sent: Delivery) -> None:
    _inbound(bench).verify(secret=sent.secret, url=sent.url, headers=sent.headers, body=sent.body)


def _read(bench: Bench, delivery: Delivery) -> Hint:
    return _inbound(bench).read(delivery.headers, delivery.body)


def _unproven(delivery: Delivery) -> Delivery:
    """Take away what proves a delivery."""
    return replace(delivery, headers={}, url=delivery.url.partition("?")[0])


def _spoilt(delivery: Delivery, rubbish: str) -> Delivery:
    """Put rubbish in the place of what proves a delivery."""
    address = urlsplit(delivery.url)
    query = urlencode(dict.fromkeys(parse_qs(address.query), rubbish), errors="replace")
    return replace(
        delivery, headers=dict.fromkeys(delivery.headers, rubbish), url=urlunsplit(address._replace(query=query))
    )


@check("webhook-good", "A true delivery is verified and names the copy.", inbound=True)
def webhook_good(bench: Bench) -> None:
    """Verify and read."""
    ref = _thing(bench)
    delivery = _delivery(bench, ref=ref)
    try:
        _verify(bench, delivery)
    except SignatureError as error:
        raise CheckFailed("a true delivery was refused") from error
    if not delivery.names:
        raise NotApplicable("verified; this vendor's webhooks say only that something changed")
    hint = _read(bench, delivery)
    expect(ref in hint.refs, f"it names {hint.refs}")


@check("webhook-forged", "A delivery with another body, secret or no signature is refused.", inbound=True)
def webhook_forged(bench: Bench) -> None:
    """Change one thing at a time."""
    delivery = _delivery(bench)
    forged = {"secret": replace(delivery, secret="another-one-entirely"), "signature": _unproven(delivery)}
    if delivery.signed and delivery.proves_body:
        forged["body"] = replace(delivery, body=delivery.body + b" ")
    for what, one in forged.items():
        try:
            _verify(bench, one)
        except SignatureError:
            continue
        raise CheckFailed(f"a delivery with another {what} was accepted")


@check("webhook-malformed", "Whatever is wrong with a signature ends in SignatureError and nothing else.", inbound=True)
def webhook_malformed(bench: Bench) -> None:
    """Send rubbish for every header's value."""
    delivery = _delivery(bench)
    for rubbish in ("", "ü€\ud800", "=" * 5000, "v1,", "sha256=", "\x00", "-1", "9" * 400):
        try:
            _verify(bench, _spoilt(delivery, rubbish))
        except SignatureError:
            continue
        except Exception as error:
            raise CheckFailed(f"raised {type(error).__name__}") from error
        raise CheckFailed("rubbish was accepted")


@check("webhook-replayed", "The same event has the same key each time, another one another.", inbound=True)
def webhook_replayed(bench: Bench) -> None:
    """Read twice."""
    delivery = _delivery(bench)
    keys = {_read(bench, delivery).delivery_key for _ in range(2)}
    expect(len(keys) == 1 and all(keys), "the key changes")
    if not delivery.numbered:
        raise NotApplicable("read alike each time; this vendor's webhooks carry nothing that tells one from the next")
    expect(_read(bench, _delivery(bench)).delivery_key not in keys, "another event has the same key")


@check("webhook-unknown", "An event that nobody knows gives a hint without refs, never an error.", inbound=True)
def webhook_unknown(bench: Bench) -> None:
    """Invent an event."""
    delivery = _delivery(bench, kind="somethingBrandNew")
    try:
        hint = _read(bench, delivery)
    except Exception as error:
        raise CheckFailed(f"raised {type(error).__name__}") from error
    expect(hint.refs == (), f"it names {hint.refs}")
    expect(not hint.ours, "it is taken for an echo")


@check("webhook-echo", "An echo of our own write is recognised, another's change is not.", inbound=True)
def webhook_echo(bench: Bench) -> None:
    """Compare both."""
    if not _delivery(bench).tells_whose:
        raise NotApplicable("this vendor's webhooks do not say who caused them")
    expect(_read(bench, _delivery(bench, ours=True)).ours, "our own write is not recognised")
    expect(not _read(bench, _delivery(bench, ours=False)).ours, "somebody's change is taken for ours")
