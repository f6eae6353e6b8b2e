"""Share links say what they show now, whether they were opened, and end when somebody ends them."""

from __future__ import annotations

import pytest

from hub.clock import DAY
from hub.delivery.shares import ShareState
from hub.errors import Forbidden
from tests.unit.delivery.conftest import EDITOR, VIEWER


@pytest.fixture
def database_url(sqlite_url):
    """One database only: no rows are contended here."""
    return sqlite_url


def states(house, asset):
    return [share.state for share in house.delivery.shares(EDITOR, asset.id)]


def test_a_share_says_what_it_shows_now(house, clock):
    asset = house.approved()
    house.delivery.make_link(EDITOR, asset.id, days=1)
    kept = house.delivery.make_link(EDITOR, asset.id, "original", days=5)
    assert states(house, asset) == [ShareState.OPEN, ShareState.OPEN]
    house.delivery.revoke_link(EDITOR, kept.id)
    clock.advance(DAY)
    newest, first = house.delivery.shares(EDITOR, asset.id)
    assert (newest.state, newest.revoked_at) == (ShareState.REVOKED, clock.now() - DAY)
    assert (first.state, first.preset, first.version, first.created_by) == (ShareState.ENDED, "web", 1, EDITOR.id)


@pytest.mark.parametrize(
    "act",
    [
        lambda house, asset: house.review.revoke(EDITOR, asset.id, "wrong lake"),
        lambda house, asset: house.rights.add_term(EDITOR, asset.id, source="takedown", effect="deny"),
        lambda house, asset: house.catalogue.archive(EDITOR, asset.id),
    ],
)
def test_a_share_of_what_may_not_be_shown_says_so(house, act):
    asset = house.approved()
    house.delivery.make_link(EDITOR, asset.id)
    act(house, asset)
    assert states(house, asset) == [ShareState.SHOWS_NOTHING]


def test_a_share_is_of_one_version(house):
    asset = house.approved()
    house.delivery.make_link(EDITOR, asset.id)
    newer = house.version(asset.id, b"newer bytes")
    house.review.approve(EDITOR, newer.id, sha256=newer.sha256)
    house.delivery.make_link(EDITOR, asset.id)
    found = house.delivery.shares(EDITOR, asset.id)
    assert [(share.version, share.state) for share in found] == [(2, ShareState.OPEN), (1, ShareState.SHOWS_NOTHING)]


def test_a_share_says_when_it_was_opened_first(house, clock):
    asset = house.approved()
    link = house.delivery.make_link(EDITOR, asset.id)
    house.delivery.open_rendition(EDITOR, asset.id, "original", download=True)
    assert house.delivery.shares(EDITOR, asset.id)[0].opened_at is None
    opened = clock.advance(5) or clock.now()
    house.delivery.serve_signed(link.url.rsplit("/", 1)[-1])
    clock.advance(5)
    house.delivery.serve_signed(link.url.rsplit("/", 1)[-1])
    assert house.delivery.shares(EDITOR, asset.id)[0].opened_at == opened


def test_who_may_share_nothing_sees_no_shares(house):
    with pytest.raises(Forbidden):
        house.delivery.shares(VIEWER, house.approved().id)
