"""Where a copy is used in Drive: shortcuts to it, wherever they lie, and with whom it is shared."""

import json

import pytest

from connectors.google_drive.sandbox_beside import MEMBERS
from connectors.google_drive.sandbox_stock import DRIVES
from connectors.google_drive.usage import UNTOLD
from connectors.sdk.errors import Misconfigured, Missing, Unreachable
from connectors.sdk.paging import every
from connectors.testing.faults import refuse

PRESS, BRAND = list(DRIVES)[:2]


def uses(bench, ref, target=None):
    return list(every(lambda cursor: bench.connector.uses(target or bench.target, ref, cursor)))


def labels(bench, ref):
    return [(use.label, use.public) for use in uses(bench, ref)]


def test_shortcuts_in_every_drive_are_told_and_those_to_other_files_are_not(bench, sandbox):
    (_, receipt), (_, other) = bench.publish(), bench.publish()
    made = {sandbox.beside.shortcut(receipt.ref, drive) for drive in ("", PRESS, BRAND)}
    sandbox.beside.shortcut(other.ref)
    found = uses(bench, receipt.ref)
    assert {use.ref for use in found} == made
    assert {use.kind for use in found} == {"shortcut"}
    assert all(use.url and use.public is None for use in found)


def test_more_shortcuts_than_one_page_holds(bench, sandbox):
    _, receipt = bench.publish()
    made = {sandbox.beside.shortcut(receipt.ref) for _ in range(45)}
    assert {use.ref for use in uses(bench, receipt.ref)} == made


def test_a_search_that_is_not_complete_tells_nothing(bench, sandbox):
    _, receipt = bench.publish()
    sandbox.misses_some = True
    with pytest.raises(Unreachable):
        uses(bench, receipt.ref)


def test_an_owner_alone_is_no_use(bench):
    _, receipt = bench.publish()
    assert uses(bench, receipt.ref) == []


@pytest.mark.parametrize(
    ("permission", "told"),
    [
        ({"type": "anyone", "role": "reader", "allowFileDiscovery": False}, ("Anybody who has the link", True)),
        ({"type": "anyone", "role": "reader", "allowFileDiscovery": True}, ("Anybody can find it", True)),
        ({"type": "domain", "role": "reader", "domain": "mill.example"},
         ("Everybody at mill.example who has the link", False)),
        ({"type": "user", "role": "writer", "emailAddress": "eve@example.com"}, ("Shared with 1 person", False)),
        ({"type": "group", "role": "reader", "emailAddress": "g@example.com"}, ("Shared with 1 group", False)),
    ],
)  # fmt: skip
def test_with_whom_it_is_shared(bench, sandbox, permission, told):
    _, receipt = bench.publish()
    sandbox.beside.share(receipt.ref, **permission)
    assert labels(bench, receipt.ref) == [told]


def test_people_are_counted_and_never_named(bench, sandbox):
    _, receipt = bench.publish()
    for number in range(4):
        person = {"emailAddress": f"eve{number}@example.com", "displayName": f"Eve {number}"}
        sandbox.beside.share(receipt.ref, type="user", role="reader", **person)
    sandbox.beside.share(receipt.ref, type="user", role="reader", deleted=True)
    sandbox.beside.share(receipt.ref, type="group", role="reader", displayName="Desk")
    (use,) = uses(bench, receipt.ref)
    assert (use.kind, use.ref, use.label) == ("sharing", "people", "Shared with 4 people and 1 group")
    asked = [one.query for one in sandbox.requests if one.path.endswith("/permissions")]
    assert asked
    assert not any("emailAddress" in one or "displayName" in one for one in asked)


def test_members_of_a_shared_drive_can_open_what_lies_in_it(bench, sandbox):
    target = next(one for one in every(bench.connector.targets) if one.ref == f"{PRESS}@{PRESS}")
    receipt = bench.connector.publish(target, bench.outgoing())
    assert len(MEMBERS) == 3
    assert [use.label for use in uses(bench, receipt.ref, target)] == ["Shared with 2 people and 1 group"]


def test_where_the_account_may_not_know_that_is_said_and_shortcuts_are_told(bench, sandbox):
    _, receipt = bench.publish()
    made = sandbox.beside.shortcut(receipt.ref)
    sandbox.beside.hides_sharing = True
    assert [(use.ref, use.label) for use in uses(bench, receipt.ref)] == [
        (made, f"To {receipt.ref}"),
        ("untold", UNTOLD),
    ]


def test_any_other_refusal_is_one(bench, sandbox):
    _, receipt = bench.publish()
    body = json.dumps({"error": {"code": 403, "message": "No.", "errors": [{"reason": "domainPolicy"}]}})
    sandbox.faults.add(refuse(403, path="permissions", times=None, body=body))
    with pytest.raises(Misconfigured):
        uses(bench, receipt.ref)


def test_what_is_gone_is_not_told_as_unused(bench, sandbox):
    _, receipt = bench.publish()
    sandbox.vanish(bench.target.ref, receipt.ref)
    with pytest.raises(Missing):
        uses(bench, receipt.ref)
