"""Bad remotes, one row for each: what they answer, what a person is told on the page and by the API, what still works.

The remote is the sandbox of a real connector on a real socket; its faults are those of the sandbox kit.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx
import pytest

from connectors.sdk import http
from connectors.sdk.registry import discover
from connectors.testing.faults import Fault, Rule, redirect, refuse
from connectors.testing.sandbox import make_sandbox
from connectors.testing.serve import serve
from hub.access.actors import Role
from hub.clock import ManualClock
from tests import media_samples as files
from tests.attacks.rig import API, Rig, problem

DEEP = "[" * 100_000


@dataclass(frozen=True)
class Row:
    """What a remote does, and how its connection stands afterwards."""

    id: str
    rule: Rule
    codes: tuple[str, ...]
    says: str = ""
    state: str = "ailing"

    @property
    def slow(self):
        return self.rule.fault in {Fault.SILENCE, Fault.DRIP, Fault.ENDLESS}


def always(fault, **more):
    return Rule(fault=fault, times=None, **more)


ROWS = [
    Row("HTML with 200", always(Fault.HTML_BEFORE), ("bad_answer",), "cannot read"),
    Row("half a body", always(Fault.CUT), ("remote_unreachable",)),
    Row("nothing for a minute", always(Fault.SILENCE, pause_s=1.5), ("remote_unreachable",)),
    Row("no connection", always(Fault.LOSE_REQUEST), ("remote_unreachable",)),
    Row("an answer without end", always(Fault.ENDLESS), ("bad_answer", "remote_unreachable")),
    Row("byte by byte", always(Fault.DRIP, pause_s=0.3), ("remote_unreachable",)),
    Row("deep JSON", always(Fault.LIE, body=DEEP), ("bad_answer",), "cannot read"),
    Row("JSON of another shape", always(Fault.LIE, body='{"id": [1, {"x": null}]}'), ("bad_answer",)),
    Row("no text at all", always(Fault.LIE, body="\x00\x01\x02"), ("bad_answer",)),
    Row("a redirect to the metadata of a cloud", redirect("http://169.254.169.254/latest/", times=None),
        ("address_not_allowed",), "169.254.169.254"),
    Row("a redirect inward", redirect("http://127.0.0.1:1/", times=None), ("address_not_allowed",)),
    Row("a redirect inward in other figures", redirect("http://2130706433:1/", times=None), ("address_not_allowed",)),
    Row("a redirect to a file", redirect("file:///etc/passwd", times=None), ("address_not_allowed",)),
    Row("redirects in circles", redirect("/", times=None), ("bad_answer",)),
    Row("an error with a page of text", refuse(500, times=None, body="<script>alert(1)</script>" * 10_000),
        ("remote_unreachable",)),
]  # fmt: skip


class Connected(Rig):
    """A hub with two connected sandboxes: one will turn bad, the other stays as it is."""

    def __init__(self, stack, home, template, **settings):
        self.sandboxes, origins = {}, {}
        for name in ("trello", "wordpress"):
            self.sandboxes[name] = make_sandbox(discover()[name])
            origins[name] = stack.enter_context(serve(self.sandboxes[name]))
        super().__init__(stack, home, template, ManualClock(), trusted_origins=list(origins.values()), **settings)
        self.connections, self.targets = {}, {}
        for name, sandbox in self.sandboxes.items():
            answer = self.connect(sandbox, sandbox.settings(origins[name]))
            assert answer.status_code == 201, answer.get_data(as_text=True)
            made = self.connections[name] = answer.json["id"]
            self.rooms.connections.refresh_targets(self.admin, made)
            self.targets[name] = self.rooms.connections.targets(self.admin, answer.json["remote_id"])[0]

    def connect(self, sandbox, settings):
        body = {
            "connector": sandbox.name, "auth": sandbox.auth, "settings": dict(settings),
            "secrets": dict(sandbox.secrets), "known": "renew",
        }  # fmt: skip
        return self.client().post(f"{API}/connections", json=body)

    @contextmanager
    def meeting(self, row):
        """Be less patient than usual; what the hub does when its patience has run out is the same.

        Only who answers too slowly is given little time: on a busy machine everybody else would be too slow as well.
        """
        short = http.Limits(total_s=1.0 if row.slow else 120.0, answer_bytes=300_000, read_attempts=2)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(http, "Limits", lambda: short)
            if row.slow:
                patched.setattr(self.rooms.connections._speaking._client, "timeout", httpx.Timeout(0.4))
            yield

    def heal(self, name):
        self.sandboxes[name].faults.clear()
        assert self.client().post(f"{API}/connections/{self.connections[name]}/test").json["state"] == "live"


@pytest.fixture(scope="module")
def connected(tmp_path_factory, sqlite_template):
    with ExitStack() as stack:
        yield Connected(stack, tmp_path_factory.mktemp("remotes") / "home", sqlite_template)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_bad_remote_is_told_on_its_page_and_holds_up_nobody(connected, row):
    sandbox, made = connected.sandboxes["trello"], connected.connections["trello"]
    before = connected.rooms.connections.targets(connected.admin)
    sandbox.faults.add(row.rule)
    with connected.meeting(row):
        told = connected.client().post(f"{API}/connections/{made}/test").json
        page = connected.client().get(f"/connections/{made}").get_data(as_text=True)
        refused = connected.client().post(f"{API}/connections/{made}/targets")
    assert told["state"] == row.state, told
    assert told["problem_code"] in row.codes, told
    assert row.says in told["problem"]
    assert told["problem"].split(".")[0].replace("'", "&#39;") in page
    assert "<script>alert" not in page
    assert refused.status_code in {400, 503}
    assert refused.json["code"] in {*row.codes, "remote_answer_unusable"}
    assert refused.json["next"]
    assert connected.rooms.connections.targets(connected.admin) == before, "places that were known stay known"
    assert sandbox.faults.fired
    _others_go_on(connected)
    connected.heal("trello")


def _others_go_on(connected):
    other = connected.client().post(f"{API}/connections/{connected.connections['wordpress']}/test")
    assert other.json["state"] == "live"
    connected.well()


@pytest.mark.parametrize("row", [row for row in ROWS if row.rule.fault is not Fault.ENDLESS], ids=lambda row: row.id)
def test_nothing_is_half_done_while_a_remote_is_bad(connected, row):
    """A copy that meets it waits or asks, is made once, and is made in the end."""
    sandbox = connected.sandboxes["trello"]
    shade = (10 + len(sandbox.ledger.living()), ROWS.index(row), 77)
    asset = connected.bring(files.picture(colour=shade), "copy.png", approve=True, title=row.id)
    sandbox.faults.add(row.rule)
    placed = connected.rooms.placements.place(connected.admin, asset.id, connected.targets["trello"].id)
    with connected.meeting(row):
        connected.work("plan", "reconcile-1")
    copy = connected.rooms.placements.copy(connected.admin, placed.id)
    assert copy.phase not in {"live", "withdrawn"}, "no false proof"
    sandbox.faults.clear()
    connected.rooms.connections.test(connected.admin, connected.connections["trello"])
    for _ in range(20):
        connected.clock.advance(15 * 60_000)
        connected.rooms.placements.retry(connected.admin, placed.id)
        connected.work("plan", "reconcile-1")
        copy = connected.rooms.placements.copy(connected.admin, placed.id)
        if copy.phase == "live":
            break
    assert copy.phase == "live", copy
    ref = connected.targets["trello"].ref
    assert sum(each.marker == copy.marker for each in sandbox.copies(ref)) == 1


INWARD = [
    "http://169.254.169.254/", "http://[::ffff:169.254.169.254]/", "http://2852039166/", "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/", "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/",
    "http://017700000001/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::7f00:1]/", "http://[2002:7f00:1::]/", "http://[::ffff:0:7f00:1]/", "http://[fec0::1]/",
    "http://10.0.0.1/", "http://192.168.0.1/", "http://100.64.0.1/", "http://0.0.0.0/", "http://0/",
    "http://localhost/", "http://[fe80::1%25eth0]/", "http://[fd00:ec2::254]/", "http://168.63.129.16/",
    "http://\u2460\u2461\u2466.0.0.1/", "http://127.0.0.1\u3002/", "https://169.254.169.254/",
    "http://user@169.254.169.254/", "http://example.com@127.0.0.1/",
]  # fmt: skip


@pytest.mark.parametrize("address", INWARD, ids=ascii)
def test_a_connection_inward_is_refused(connected, address):
    sandbox = connected.sandboxes["wordpress"]
    before = connected.rooms.connections.list(connected.admin)
    answer = connected.connect(sandbox, {"site_url": address})
    told = answer.json
    assert answer.status_code in {400, 503}, told
    assert told["code"] in {"address_not_allowed", "settings_invalid", "remote_unreachable"}, told
    assert told["next"]
    if told["code"] == "remote_unreachable":
        assert not address.isascii() or "%" in address, "an address in figures needs no name to be found"
    assert connected.rooms.connections.list(connected.admin) == before
    refused = connected.client().post(f"{API}/endpoints", json={"url": address, "kinds": ["asset.approved"]})
    problem(refused, 400, "endpoint_url_refused")


def test_only_the_role_that_connects_may_make_the_hub_call(connected):
    sandbox = connected.sandboxes["wordpress"]
    body = {"connector": "wordpress", "auth": sandbox.auth, "settings": {}, "secrets": {}}
    for role in (Role.VIEWER, Role.CONTRIBUTOR, Role.EDITOR):
        problem(connected.client(role).post(f"{API}/connections", json=body), 403, "not_allowed")
