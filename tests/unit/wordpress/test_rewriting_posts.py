"""Posts are changed before the item that they show is deleted: a change that was only claimed must be noticed."""

from __future__ import annotations

import json

import pytest

from connectors.sdk.errors import BadAnswer
from connectors.sdk.types import Target
from connectors.testing.faults import Fault, Rule
from connectors.testing.serve import serve
from connectors.wordpress.sandbox import create
from connectors.wordpress.types import LIBRARY
from tests.unit.wordpress.kit import connected, outgoing, picture

TARGET = Target(LIBRARY, LIBRARY, "Library")
CLAIM = Rule(fault=Fault.LIE, on="write", path="/posts/", body=json.dumps({"id": 1, "content": {"raw": ""}}))


@pytest.fixture
def site():
    sandbox = create()
    with serve(sandbox) as origin:
        yield sandbox, connected(origin, sandbox.secrets)


def test_an_item_is_kept_while_a_post_still_shows_it(site):
    sandbox, connector = site
    ref = connector.publish(TARGET, outgoing()).ref
    sandbox.use(LIBRARY, ref)
    sandbox.faults.add(CLAIM)
    with pytest.raises(BadAnswer, match="did not keep the change"):
        connector.withdraw(TARGET, ref)
    assert [copy.ref for copy in sandbox.copies(LIBRARY)] == [ref]
    connector.withdraw(TARGET, ref)
    assert sandbox.copies(LIBRARY) == ()


def test_a_post_that_did_not_follow_is_noticed(site):
    sandbox, connector = site
    old = connector.publish(TARGET, outgoing()).ref
    new = connector.publish(TARGET, outgoing(picture(colour=(200, 10, 10)))).ref
    sandbox.use(LIBRARY, old)
    sandbox.faults.add(CLAIM)
    with pytest.raises(BadAnswer, match="did not keep the change"):
        connector.repoint(TARGET, old, new)
    connector.repoint(TARGET, old, new)
    assert (sandbox.uses(LIBRARY, old), sandbox.uses(LIBRARY, new)) == (0, 1)
