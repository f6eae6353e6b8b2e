"""Posts are changed before the item that they show is deleted: a change that was only claimed must be noticed."""

from __future__ import annotations

import json
import xmlrpc.client

import pytest

from connectors.sdk.errors import BadAnswer
from connectors.sdk.types import Target
from connectors.testing.faults import Fault, Rule
from connectors.testing.serve import serve
from connectors.wordpress.sandbox import create
from connectors.wordpress.sandbox_library import Entry
from connectors.wordpress.types import LIBRARY
from tests.unit.wordpress.kit import connected, outgoing, picture

TARGET = Target(LIBRARY, LIBRARY, "Library")
CLAIMS = {
    "rest": Rule(fault=Fault.LIE, on="write", path="/posts/", body=json.dumps({"id": 1, "content": {"raw": ""}})),
    "xmlrpc": Rule(fault=Fault.LIE, on="write", path="/xmlrpc.php", headers={"Content-Type": "text/xml"},
                   body=xmlrpc.client.dumps((True,), methodresponse=True)),
}  # fmt: skip
"""What a site answers that says that a post was changed, and changes nothing."""


@pytest.fixture(params=["rest", "xmlrpc"])
def site(request):
    sandbox = create()
    with serve(sandbox) as origin:
        connector = connected(origin, sandbox.secrets, protocol=request.param)
        yield sandbox, connector, lambda: sandbox.faults.add(CLAIMS[request.param].model_copy())


def test_an_item_is_kept_while_a_post_still_shows_it(site):
    sandbox, connector, claims_a_change = site
    ref = connector.publish(TARGET, outgoing()).ref
    sandbox.use(LIBRARY, ref)
    claims_a_change()
    with pytest.raises(BadAnswer, match="did not keep the change"):
        connector.withdraw(TARGET, ref)
    assert [copy.ref for copy in sandbox.copies(LIBRARY)] == [ref]
    connector.withdraw(TARGET, ref)
    assert sandbox.copies(LIBRARY) == ()


def test_a_post_that_did_not_follow_is_noticed(site):
    sandbox, connector, claims_a_change = site
    old = connector.publish(TARGET, outgoing()).ref
    new = connector.publish(TARGET, outgoing(picture(colour=(200, 10, 10)))).ref
    sandbox.use(LIBRARY, old)
    claims_a_change()
    with pytest.raises(BadAnswer, match="did not keep the change"):
        connector.repoint(TARGET, old, new)
    connector.repoint(TARGET, old, new)
    assert (sandbox.uses(LIBRARY, old), sandbox.uses(LIBRARY, new)) == (0, 1)


def test_a_featured_image_that_did_not_follow_is_noticed(site):
    sandbox, connector, claims_a_change = site
    old = connector.publish(TARGET, outgoing()).ref
    new = connector.publish(TARGET, outgoing(picture(colour=(200, 10, 10)))).ref
    post = Entry(sandbox.next_id(), "posts")
    sandbox.write(post, {"title": "Leading", "status": "publish", "featured_media": old})
    claims_a_change()
    with pytest.raises(BadAnswer, match="did not take the new featured image"):
        connector.repoint(TARGET, old, new)
    assert post.featured_media == int(old)
    connector.repoint(TARGET, old, new)
    assert post.featured_media == int(new)
