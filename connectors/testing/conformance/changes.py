"""Checks of changes to copies that stand: fields, bytes, uses; and of subscriptions."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from connectors.sdk.errors import ConnectorError, Missing
from connectors.sdk.manifest import Capability
from connectors.sdk.protocols import Inbound
from connectors.sdk.types import Agreement
from connectors.testing.conformance.bench import Bench
from connectors.testing.conformance.check import CheckFailed, NotApplicable, check, expect, raises

PUBLISH, UPDATE, REPLACE = Capability.PUBLISH, Capability.UPDATE, Capability.REPLACE
REPOINT, SUBSCRIBE = Capability.REPOINT, Capability.SUBSCRIBE


@check("update-sets", "An update sets the fields that it names, on the same copy.", PUBLISH, UPDATE)
def update_sets(bench: Bench) -> None:
    """Ask the sandbox."""
    _, receipt = bench.publish()
    fields = bench.fields("Grüße, changed")
    updated = bench.connector.update(bench.target, receipt.ref, fields)
    truth = bench.truth(receipt.ref)
    expect(truth is not None and dict(truth.fields).items() >= fields.items(), "the fields are not set")
    expect(updated.ref == receipt.ref, "the ref changed")


@check("update-leaves-others", "An update leaves fields that it does not name, and the bytes.", PUBLISH, UPDATE)
def update_leaves_others(bench: Bench) -> None:
    """Change one of several."""
    _, receipt = bench.publish()
    before = bench.truth(receipt.ref)
    name = bench.sandbox.text_fields[0]
    bench.connector.update(bench.target, receipt.ref, {name: "Changed"})
    after = bench.truth(receipt.ref)
    expect(before is not None and after is not None, "the copy went away")
    if before is not None and after is not None:
        expect(dict(after.fields) == {**before.fields, name: "Changed"}, "other fields changed")
        expect((after.sha256, after.marker) == (before.sha256, before.marker), "the bytes or the marker changed")


@check("update-empties", "An update can empty a field.", PUBLISH, UPDATE)
def update_empties(bench: Bench) -> None:
    """Set a field to nothing."""
    _, receipt = bench.publish()
    name = bench.sandbox.text_fields[-1]
    bench.connector.update(bench.target, receipt.ref, {name: ""})
    truth = bench.truth(receipt.ref)
    expect(truth is not None and truth.fields.get(name) == "", "the old value stands")


@check("update-twice", "The same update twice changes nothing more.", PUBLISH, UPDATE)
def update_twice(bench: Bench) -> None:
    """Repeat it."""
    _, receipt = bench.publish()
    for _ in range(2):
        bench.connector.update(bench.target, receipt.ref, bench.fields("Changed"))
    expect(bench.made() == 1, "a second copy was made")
    truth = bench.truth(receipt.ref)
    expect(truth is not None and dict(truth.fields).items() >= bench.fields("Changed").items(), "the fields differ")


@check("update-missing", "An update of a copy that is gone is Missing.", PUBLISH, UPDATE)
def update_missing(bench: Bench) -> None:
    """Delete by hand first."""
    _, receipt = bench.publish()
    bench.sandbox.vanish(bench.target.ref, receipt.ref)
    raises(Missing, lambda: bench.connector.update(bench.target, receipt.ref, bench.fields("Changed")))


@check("replace-keeps-ref", "A replacement shows other bytes under the same ref, marked with their key.", REPLACE)
def replace_keeps_ref(bench: Bench) -> None:
    """Ask the sandbox."""
    sent, receipt = bench.publish()
    new, made = bench.outgoing(marker=sent.marker), bench.made()
    replaced = bench.connector.replace(bench.target, receipt.ref, new)
    expect(replaced.ref == receipt.ref, "the ref changed")
    expect(bench.made() == made, "something new was made instead")
    standing = bench.standing(sent.marker)
    expect([(one.sha256, one.content_key) for one in standing] == [(new.sha256, new.content_key)], "old bytes stand")


@check("replace-leaves-fields", "A replacement leaves the fields.", REPLACE)
def replace_leaves_fields(bench: Bench) -> None:
    """Compare before and after."""
    sent, receipt = bench.publish()
    bench.connector.replace(bench.target, receipt.ref, bench.outgoing(marker=sent.marker, fields={}))
    truth = bench.truth(receipt.ref)
    expect(truth is not None and dict(truth.fields).items() >= dict(sent.fields).items(), "the fields changed")


@check("repoint-moves-uses", "Repointing lets every use of the old copy show the new one.", PUBLISH, REPOINT)
def repoint_moves_uses(bench: Bench) -> None:
    """Count uses."""
    old, new = used(bench)
    bench.connector.repoint(bench.target, old, new)
    expect(bench.sandbox.uses(bench.target.ref, old) == 0, "a use still shows the old copy")
    expect(bench.sandbox.uses(bench.target.ref, new) == 1, "no use shows the new copy")


@check("repoint-only-that", "Repointing leaves the uses of other copies.", PUBLISH, REPOINT)
def repoint_only_that(bench: Bench) -> None:
    """Use a third copy too."""
    old, new = used(bench)
    _, third = bench.publish()
    bench.sandbox.use(bench.target.ref, third.ref)
    bench.connector.repoint(bench.target, old, new)
    expect(bench.sandbox.uses(bench.target.ref, third.ref) == 1, "another copy's use was changed")


@check("repoint-twice", "Repointing twice changes nothing more.", PUBLISH, REPOINT)
def repoint_twice(bench: Bench) -> None:
    """Repeat it."""
    old, new = used(bench)
    try:
        for _ in range(2):
            bench.connector.repoint(bench.target, old, new)
    except ConnectorError as error:
        raise CheckFailed(f"raised {type(error).__name__}") from error
    expect(bench.sandbox.uses(bench.target.ref, new) == 1, "the uses were moved again")


@check("subscribe-once", "Subscribing twice to the same target is one subscription.", SUBSCRIBE)
def subscribe_once(bench: Bench) -> None:
    """Compare refs."""
    with receiver(bench) as url:
        refs = {subscribed(bench, url) for _ in range(2)}
        expect(len(refs) == 1 and all(refs), "the refs differ")
        other = subscribed(bench, f"{url}/other")
        expect(other not in refs, "another address got the same subscription")


@check("unsubscribe-twice", "Ending a subscription that is gone is no error.", SUBSCRIBE)
def unsubscribe_twice(bench: Bench) -> None:
    """Repeat it."""
    with receiver(bench) as url:
        ref = subscribed(bench, url)
        try:
            for _ in range(2):
                bench.connector.unsubscribe(ref)
        except ConnectorError as error:
            raise CheckFailed(f"raised {type(error).__name__}") from error
        bench.connector.subscribe(bench.target, url)


def used(bench: Bench) -> tuple[str, str]:
    """Publish an old copy that is used, and a new one."""
    sent, old = bench.publish()
    if bench.sandbox.use(bench.target.ref, old.ref) is None:
        raise NotApplicable("this sandbox knows no uses")
    _, new = bench.publish(bench.outgoing(marker=sent.marker))
    return old.ref, new.ref


def subscribed(bench: Bench, url: str) -> str:
    """Subscribe the target; return the subscription's ref."""
    made: str | Agreement = bench.connector.subscribe(bench.target, url)
    return made.ref if isinstance(made, Agreement) else made


class _Receiver(BaseHTTPRequestHandler):
    """Shakes hands as the connector says, and answers 200 to everything else."""

    inbound: Inbound | None = None

    def do_HEAD(self) -> None:
        """Answer a handshake."""
        self._answer()

    def do_GET(self) -> None:
        """Answer a handshake."""
        self._answer()

    def do_POST(self) -> None:
        """Answer a handshake or a delivery."""
        self._answer()

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body, headers = self.rfile.read(size), {name.lower(): value for name, value in self.headers.items()}
        greeting = self.inbound.greet(self.command, headers, body) if self.inbound else None
        status, told, said = greeting or (200, {}, b"")
        self.send_response(status)
        for name, value in {**told, "Content-Length": str(len(said))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else said)

    def log_message(self, format: str, *args: object) -> None:
        """Write no log."""
        del format, args


@contextmanager
def receiver(bench: Bench) -> Generator[str]:
    """Serve an address that shakes hands, and yield it."""
    kind = type("Receiver", (_Receiver,), {"inbound": bench.manifest.inbound})
    server = HTTPServer(("127.0.0.1", 0), kind)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
