"""Checks of failures: each is called by its name, takes a bounded time, and does nothing twice."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing

from connectors.sdk.errors import (
    BadAnswer,
    ConnectorError,
    Misconfigured,
    OutcomeUnknown,
    RateLimited,
    Unreachable,
)
from connectors.sdk.http import Limits
from connectors.sdk.manifest import Auth, Capability
from connectors.testing.conformance.bench import Bench, bench_for, seconds
from connectors.testing.conformance.check import CheckFailed, check, expect, raises
from connectors.testing.faults import Fault, Rule, redirect, refuse, throttle

PUBLISH, FIND, LOOK, WITHDRAW = Capability.PUBLISH, Capability.FIND, Capability.LOOK, Capability.WITHDRAW
UPDATE, REPLACE = Capability.UPDATE, Capability.REPLACE
SHORT_S = 0.4
SILENT_S = 2.0
BOUND_S = 1.5
LONG = 16
"""Shorter words of a header are schemes and names."""
SHORT = Limits(total_s=SHORT_S, read_attempts=1)


def _break(bench: Bench, fault: Fault, on: str, **more: float) -> None:
    bench.sandbox.faults.add(Rule.model_validate({"fault": fault, "on": on, "times": None, **more}))


def _reads(bench: Bench) -> list[Callable[[], object]]:
    """Return every read that this connector can do, with something there to be read."""
    connector = bench.connector
    reads: list[Callable[[], object]] = [connector.identify]
    if Capability.TARGETS in bench.manifest.abilities:
        reads.append(lambda: connector.targets(None))
    if PUBLISH in bench.manifest.abilities:
        sent, receipt = bench.publish()
        if FIND in bench.manifest.abilities:
            reads.append(lambda: bench.find(sent.marker))
        if LOOK in bench.manifest.abilities:
            reads.append(lambda: bench.look(receipt.ref))
    return reads


def _unknown(bench: Bench, fault: Fault, *, standing: int) -> None:
    """Publish into a fault: the outcome is unknown, and find tells the truth."""
    sent = bench.outgoing()
    target = bench.target
    _break(bench, fault, "effect")
    raises(OutcomeUnknown, lambda: bench.connector.publish(target, sent))
    bench.sandbox.faults.clear()
    expect(len(bench.standing(sent.marker)) == standing, f"{len(bench.standing(sent.marker))} copies stand there")
    expect(len(bench.find(sent.marker)) == standing, "find does not see it as it is")


@check("publish-lost-answer", "A lost answer to a publish is OutcomeUnknown, and find sees the copy.", PUBLISH, FIND)
def publish_lost_answer(bench: Bench) -> None:
    """Lose the answer after the effect."""
    _unknown(bench, Fault.LOSE_ANSWER, standing=1)


@check("publish-lost-request", "A broken publish that had no effect is OutcomeUnknown too.", PUBLISH, FIND)
def publish_lost_request(bench: Bench) -> None:
    """Lose the request."""
    _unknown(bench, Fault.LOSE_REQUEST, standing=0)


@check("publish-error-after", "A 5xx to a publish is OutcomeUnknown: the effect may be there.", PUBLISH, FIND)
def publish_error_after(bench: Bench) -> None:
    """Fail after the effect."""
    _unknown(bench, Fault.ERROR_AFTER, standing=1)


@check("publish-html", "A page instead of an answer to a publish is OutcomeUnknown.", PUBLISH, FIND)
def publish_html(bench: Bench) -> None:
    """Answer a login page after the effect."""
    _unknown(bench, Fault.HTML_AFTER, standing=1)


@check("publish-cut", "Half an answer to a publish is OutcomeUnknown.", PUBLISH, FIND)
def publish_cut(bench: Bench) -> None:
    """Cut the answer."""
    _unknown(bench, Fault.CUT, standing=1)


@check("publish-senseless", "An answer of another shape to a publish is OutcomeUnknown.", PUBLISH)
def publish_senseless(bench: Bench) -> None:
    """Answer an empty list."""
    target = bench.target
    bench.sandbox.faults.add(Rule(fault=Fault.LIE, on="write", body="[]"))
    raises(OutcomeUnknown, lambda: bench.connector.publish(target, bench.outgoing()))


@check("publish-silence", "Silence after a publish ends in time, as OutcomeUnknown.", PUBLISH)
def publish_silence(bench: Bench) -> None:
    """Say nothing."""
    target = bench.target
    connector = bench.connect(limits=SHORT)
    _break(bench, Fault.SILENCE, "write", pause_s=SILENT_S)
    took = seconds(lambda: raises(OutcomeUnknown, lambda: connector.publish(target, bench.outgoing())))
    expect(took < BOUND_S, f"took {took:.1f} s")


@check("publish-never-sent", "A publish that could not be sent is Unreachable, not unknown.", PUBLISH)
def publish_never_sent(bench: Bench) -> None:
    """Connect to a port where nobody listens."""
    target = bench.target
    with closing(socket.create_server(("127.0.0.1", 0))) as held:
        port = held.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    with bench_for(bench.manifest, bug=bench.bug, trusted=(origin,)) as other:
        connector = other.connect(bench.sandbox.secrets, origin=origin)
        raises(Unreachable, lambda: connector.publish(target, bench.outgoing()))


@check("write-not-repeated", "A write that fails is sent once: repeating is the hub's to decide.", PUBLISH)
def write_not_repeated(bench: Bench) -> None:
    """Count attempts."""
    target = bench.target
    _break(bench, Fault.ERROR_BEFORE, "write")
    raises(OutcomeUnknown, lambda: bench.connector.publish(target, bench.outgoing()))
    sent = len(bench.sandbox.faults.fired)  # the sandbox knows which of its calls write: some vendors read by POST
    expect(sent == 1, f"was sent {sent} times")


@check(
    "withdraw-lost-answer", "A lost answer to a withdrawal is OutcomeUnknown; repeating it is safe.", WITHDRAW, PUBLISH
)
def withdraw_lost_answer(bench: Bench) -> None:
    """Lose it, then repeat."""
    sent, receipt = bench.publish()
    _break(bench, Fault.LOSE_ANSWER, "write")
    raises(OutcomeUnknown, lambda: bench.connector.withdraw(bench.target, receipt.ref))
    bench.sandbox.faults.clear()
    bench.connector.withdraw(bench.target, receipt.ref)
    expect(not bench.standing(sent.marker), "it still stands there")


@check("withdraw-refused", "A withdrawal that is refused is never taken for done.", WITHDRAW, PUBLISH)
def withdraw_refused(bench: Bench) -> None:
    """Refuse it in every way but 404."""
    _, receipt = bench.publish()
    for status in (401, 403, 409, 423, 500, 503):
        bench.sandbox.faults.add(refuse(status, on="write", times=None))
        raises(ConnectorError, lambda: bench.connector.withdraw(bench.target, receipt.ref))
        bench.sandbox.faults.clear()


@check("update-lost-answer", "A lost answer to an update is OutcomeUnknown; repeating it is safe.", UPDATE, PUBLISH)
def update_lost_answer(bench: Bench) -> None:
    """Lose it, then repeat."""
    _, receipt = bench.publish()
    fields = bench.fields("Changed")
    _break(bench, Fault.LOSE_ANSWER, "write")
    raises(OutcomeUnknown, lambda: bench.connector.update(bench.target, receipt.ref, fields))
    bench.sandbox.faults.clear()
    bench.connector.update(bench.target, receipt.ref, fields)
    expect(bench.made() == 1, "a second copy was made")


@check("replace-lost-answer", "A lost answer to a replacement is OutcomeUnknown; the look tells.", REPLACE, LOOK)
def replace_lost_answer(bench: Bench) -> None:
    """Lose it, then look."""
    sent, receipt = bench.publish()
    new = bench.outgoing(marker=sent.marker)
    _break(bench, Fault.LOSE_ANSWER, "write")
    raises(OutcomeUnknown, lambda: bench.connector.replace(bench.target, receipt.ref, new))
    bench.sandbox.faults.clear()
    expect(bench.look(receipt.ref).content_key == new.content_key, "the look does not tell which bytes stand there")


@check("read-5xx", "A 5xx to a read is Unreachable.")
def read_5xx(bench: Bench) -> None:
    """Fail every read."""
    for read in _reads(bench):
        _break(bench, Fault.ERROR_BEFORE, "read")
        raises(Unreachable, read)
        bench.sandbox.faults.clear()


@check("read-lost", "A read without an answer is Unreachable.")
def read_lost(bench: Bench) -> None:
    """Lose every read."""
    for read in _reads(bench):
        _break(bench, Fault.LOSE_ANSWER, "read")
        raises(Unreachable, read)
        bench.sandbox.faults.clear()


@check("read-html", "A login page instead of JSON is BadAnswer on every read.")
def read_html(bench: Bench) -> None:
    """Answer pages."""
    for read in _reads(bench):
        _break(bench, Fault.HTML_BEFORE, "read")
        raises(BadAnswer, read)
        bench.sandbox.faults.clear()


@check("read-cut", "Half an answer to a read is Unreachable, never half a truth.")
def read_cut(bench: Bench) -> None:
    """Cut every read."""
    for read in _reads(bench):
        _break(bench, Fault.CUT, "read")
        raises(Unreachable, read)
        bench.sandbox.faults.clear()


@check("read-drip", "An answer that drips ends in time.")
def read_drip(bench: Bench) -> None:
    """Send a byte now and then."""
    connector = bench.connect(limits=SHORT)
    _break(bench, Fault.DRIP, "read", pause_s=0.1)
    took = seconds(lambda: raises(Unreachable, connector.identify))
    expect(took < BOUND_S, f"took {took:.1f} s")


@check("read-endless", "An answer without an end is cut off.")
def read_endless(bench: Bench) -> None:
    """Never end."""
    connector = bench.connect(limits=Limits(total_s=3.0, read_attempts=1, answer_bytes=1024 * 1024))
    _break(bench, Fault.ENDLESS, "read")
    raises(BadAnswer, connector.identify)


@check("throttled-with-time", "A 429 is RateLimited and says when to come back, on reads and writes.", PUBLISH)
def throttled_with_time(bench: Bench) -> None:
    """Ask for seven seconds."""
    target = bench.target
    for act in (bench.connector.identify, lambda: bench.connector.publish(target, bench.outgoing())):
        bench.sandbox.faults.add(throttle(after="7"))
        limited = raises(RateLimited, act)
        expect(getattr(limited, "after_s", None) == 7.0, "the time is lost")
        bench.sandbox.faults.clear()
    expect(bench.made() == 0, "something was made all the same")


@check("throttled-without-time", "A 429 that does not say when is RateLimited without a time.", PUBLISH)
def throttled_without_time(bench: Bench) -> None:
    """Ask for nothing, and for nonsense."""
    target = bench.target
    for after in (None, "soon", "-3"):
        for act in (bench.connector.identify, lambda: bench.connector.publish(target, bench.outgoing())):
            bench.sandbox.faults.add(throttle(after=after))
            expect(getattr(raises(RateLimited, act), "after_s", 0) is None, "a time was made up")
            bench.sandbox.faults.clear()


@check("unknown-keys", "Keys that nobody knows yet disturb nothing.", PUBLISH, LOOK, FIND)
def unknown_keys(bench: Bench) -> None:
    """Add a key to every object that has an id, in every answer."""
    more = {"find": r'"id"\s*:', "replace": '"brand_new_key": {"kind": ["brand_new_value"]}, "id":'}
    bench.sandbox.faults.add(Rule.model_validate({"fault": Fault.REWRITE, "times": None, **more}))
    try:
        sent, receipt = bench.publish()
        bench.connector.identify()
        expect(bench.look(receipt.ref).marker == sent.marker, "the look is disturbed")
        expect(len(bench.find(sent.marker)) == 1, "find is disturbed")
    except ConnectorError as error:
        raise CheckFailed(f"raised {type(error).__name__}: {error.detail}") from error


@check(
    "unknown-values",
    "Values of kinds and states that nobody knows yet are let pass, or named BadAnswer.",
    PUBLISH,
    LOOK,
)
def unknown_values(bench: Bench) -> None:
    """Change every kind and state in the answers to reads."""
    _, receipt = bench.publish()
    more = {"find": r'"(type|kind|state|status|media_type)"\s*:\s*"[^"]*"', "replace": r'"\1": "brand_new_value"'}
    bench.sandbox.faults.add(Rule.model_validate({"fault": Fault.REWRITE, "on": "read", "times": None, **more}))
    try:
        copy = bench.look(receipt.ref)
    except BadAnswer:
        return
    except ConnectorError as error:
        raise CheckFailed(f"raised {type(error).__name__}: {error.detail}") from error
    expect(copy.ref == receipt.ref, "another copy was shown")


@check("redirect-keeps-secrets-home", "A redirect to another origin takes no credentials there.")
def redirect_keeps_secrets_home(bench: Bench) -> None:
    """Redirect to a second sandbox."""
    with (
        bench_for(bench.manifest) as other,
        bench_for(bench.manifest, bug=bench.bug, trusted=(other.sandbox.origin,)) as home,
    ):
        home.sandbox.faults.add(redirect(f"{other.sandbox.origin}/elsewhere", times=None))
        raises(ConnectorError, home.connector.identify)
        expect(other.sandbox.requests, "the redirect was not followed")
        proving = {"authorization", *(name.lower() for name in _auth(bench).headers(bench.sandbox.secrets))}
        went = proving & {name for seen in other.sandbox.requests for name in seen.headers}
        expect(not went, f"credentials went along: {', '.join(went)}")


@check("redirect-inward", "A redirect to an address inside is refused, with a reason for a person.")
def redirect_inward(bench: Bench) -> None:
    """Redirect to a cloud's metadata and to an untrusted loopback port."""
    for inside in ("http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:9/", "http://[::1]:9/"):
        bench.sandbox.faults.add(redirect(inside, times=None))
        refused = raises(Misconfigured, bench.connector.identify)
        expect(refused.code == "address_not_allowed", "the reason is lost")
        bench.sandbox.faults.clear()


@check("write-not-redirected", "A redirected write is never followed and never taken for done.", PUBLISH)
def write_not_redirected(bench: Bench) -> None:
    """Redirect writes."""
    target = bench.target
    for status in (301, 302, 303, 307, 308):
        bench.sandbox.faults.add(redirect("/elsewhere", on="write", status=status, times=None))
        raises(ConnectorError, lambda: bench.connector.publish(target, bench.outgoing()))
        bench.sandbox.faults.clear()
    expect(not any("elsewhere" in seen.path for seen in bench.sandbox.requests), "the write was sent elsewhere")


@check("errors-keep-secrets", "No error tells a secret, whatever the remote echoes.", PUBLISH)
def errors_keep_secrets(bench: Bench) -> None:
    """Echo the credentials in refusals."""
    target = bench.target
    echo = " ".join(_proofs(bench))
    for status in (400, 401, 403, 404, 409, 429, 500):
        for act in (bench.connector.identify, lambda: bench.connector.publish(target, bench.outgoing())):
            body = f'{{"code": "{status}", "message": "you sent {echo}"}}'
            bench.sandbox.faults.add(refuse(status, times=None, body=body if status % 2 else f"you sent {echo}"))
            error = raises(ConnectorError, act)
            bench.sandbox.faults.clear()
            told = " ".join((error.message, error.detail, repr(error), repr(error.__context__), repr(bench.connector)))
            never = [*_proofs(bench), *bench.secrets()]
            expect(not any(secret in told for secret in never), f"an error for {status} tells a secret")


@check("addresses-keep-secrets", "No path or query holds a secret: they end up in logs.", PUBLISH, FIND, LOOK, WITHDRAW)
def addresses_keep_secrets(bench: Bench) -> None:
    """Use everything and read the addresses."""
    sent, receipt = bench.publish()
    bench.connector.identify()
    bench.find(sent.marker)
    bench.look(receipt.ref)
    bench.connector.withdraw(bench.target, receipt.ref)
    addresses = [f"{seen.path}?{seen.query}" for seen in bench.sandbox.requests]
    never = [*_proofs(bench), *bench.secrets()]
    expect(not any(secret in one for secret in never for one in addresses), "an address holds a secret")


@check("names-itself", "Every request says that it comes from damhub.", PUBLISH, FIND)
def names_itself(bench: Bench) -> None:
    """Read the User-Agent."""
    sent, _ = bench.publish()
    bench.find(sent.marker)
    agents = {seen.headers.get("user-agent", "") for seen in bench.sandbox.requests}
    expect(agents and all(agent.startswith("damhub/") for agent in agents), f"it says {agents}")


def _auth(bench: Bench) -> Auth:
    return next(one for one in bench.manifest.auths if one.name == bench.sandbox.auth)


def _proofs(bench: Bench) -> list[str]:
    """Return the secrets that are sent, and the headers' words that they are turned into."""
    auth, secrets = _auth(bench), dict(bench.sandbox.secrets)
    sent = auth.headers(secrets)
    words = [word.strip('",') for word in sent.get("Authorization", "").split()]
    changes = {one.name: auth.headers({**secrets, one.name: ""}) for one in auth.fields if one.secret}
    proofs = [secrets[name] for name, headers in changes.items() if headers != sent]
    return [*proofs, *(word for word in words if len(word) >= LONG)]
