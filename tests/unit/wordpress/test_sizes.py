"""A site that breaks off on smaller sizes: the item is completed, not uploaded twice, and not asked for ever."""

from __future__ import annotations

import pytest

from connectors.sdk.errors import OutcomeUnknown, Rejected
from connectors.sdk.types import Target
from connectors.testing.faults import refuse
from connectors.testing.ledger import What
from connectors.testing.serve import serve
from connectors.wordpress.sandbox import create
from connectors.wordpress.types import LIBRARY
from tests.unit.wordpress.kit import FIELDS, connected, outgoing

TARGET = Target(LIBRARY, LIBRARY, "Library")


@pytest.fixture
def site():
    sandbox = create()
    with serve(sandbox) as origin:
        yield sandbox, connected(origin, sandbox.secrets)


def done(sandbox, what):
    return [effect.ref for effect in sandbox.ledger.effects(what)]


def test_an_item_whose_sizes_broke_off_is_completed_and_uploaded_once(site):
    sandbox, connector = site
    sandbox.breaks_off = 3  # the upload, and two of the tries after it
    receipt = connector.publish(TARGET, outgoing())
    (item,) = sandbox.items.values()
    assert (receipt.ref, item.sized, done(sandbox, What.MADE)) == (str(item.id), True, [str(item.id)])
    assert {name: getattr(item, name) for name in FIELDS} == FIELDS
    assert len(receipt.parts) > 2  # the addresses of the sizes too


def test_a_picture_of_which_the_site_dies_each_time_is_given_up_and_leaves_nothing(site):
    sandbox, connector = site
    sandbox.breaks_off = 99
    with pytest.raises(Rejected, match="smaller rendition"):
        connector.publish(TARGET, outgoing())
    assert sandbox.breaks_off == 99 - 4
    assert (sandbox.items, len(done(sandbox, What.REMOVED))) == ({}, 1)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_host_that_is_busy_says_nothing_of_the_picture(site, status):
    sandbox, connector = site
    sandbox.breaks_off = 1
    sandbox.faults.add(refuse(status, on="write", path="/post-process"))
    with pytest.raises(OutcomeUnknown):
        connector.publish(TARGET, outgoing())
    (copy,) = connector.find(TARGET, outgoing().marker)
    assert copy.ref in {str(number) for number in sandbox.items}


def test_a_failure_that_names_no_item_leaves_the_outcome_open(site):
    sandbox, connector = site
    sandbox.faults.add(refuse(503, on="write", path="/media"))
    with pytest.raises(OutcomeUnknown):
        connector.publish(TARGET, outgoing())
    assert sandbox.items == {}
