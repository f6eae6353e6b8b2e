from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.access.keyring import Keyring
from hub.clock import DAY
from hub.delivery.links import LinkClaims, read_token, write_token
from hub.errors import HubError, NotFound
from tests.unit.delivery.conftest import EDITOR, OWNER, VIEWER

KEYRING = Keyring([b"k" * 32])
CLAIMS = LinkClaims("l", "a", "v", "web", 99)


def token_of(link):
    return link.url.removeprefix("https://dam.test/d/")


def test_a_link_works_until_it_ends(house, read, clock):
    asset = house.approved()
    token = token_of(house.delivery.make_link(EDITOR, asset.id, "original", days=2))
    assert read(house.delivery.serve_signed(token)) == b"original bytes"
    clock.advance(2 * DAY)
    with pytest.raises(NotFound):
        house.delivery.serve_signed(token)


def test_revoking_works_at_once(house):
    asset = house.approved()
    link = house.delivery.make_link(EDITOR, asset.id)
    house.delivery.revoke_link(EDITOR, link.id)
    house.delivery.revoke_link(EDITOR, link.id)
    with pytest.raises(NotFound):
        house.delivery.serve_signed(token_of(link))
    assert [row.revoked_at is not None for row in house.delivery.links(EDITOR, asset.id)] == [True]


def test_every_parameter_is_under_the_signature():
    token = write_token(CLAIMS, KEYRING)
    assert read_token(token, KEYRING) == CLAIMS
    body, _, signature = token.partition(".")
    said = json.loads(base64.urlsafe_b64decode(body + "=="))
    for name in said:
        forged = dict(said, **{name: 10**15 if name == "expires_at" else "x"})
        raw = base64.urlsafe_b64encode(json.dumps(forged, sort_keys=True, separators=(",", ":")).encode()).decode()
        with pytest.raises(NotFound):
            read_token(f"{raw.rstrip('=')}.{signature}", KEYRING)


def test_another_key_or_purpose_signs_nothing_here():
    token = write_token(CLAIMS, Keyring([b"o" * 32]))
    with pytest.raises(NotFound):
        read_token(token, KEYRING)
    body = base64.urlsafe_b64encode(b"{}").decode().rstrip("=")
    with pytest.raises(NotFound):
        read_token(f"{body}.{KEYRING.sign(b'{}', purpose='placement-link')}", KEYRING)


@given(st.text(max_size=80))
def test_any_other_text_is_a_dead_link(text):
    with pytest.raises(NotFound):
        read_token(text, KEYRING)


def test_only_those_who_may_share_make_links(house):
    asset = house.approved()
    for who in (VIEWER, OWNER):
        with pytest.raises(HubError) as refused:
            house.delivery.make_link(who, asset.id)
        assert refused.value.code == "not_allowed"


def test_what_nobody_else_may_see_cannot_be_shared(house):
    asset = house.asset()
    with pytest.raises(NotFound):
        house.delivery.make_link(EDITOR, asset.id)


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_link_has_an_end(house, days):
    with pytest.raises(HubError) as refused:
        house.delivery.make_link(EDITOR, house.approved().id, days=days)
    assert refused.value.code == "bad_link_span"


def test_a_link_to_a_version_that_was_overtaken_is_dead(house):
    asset = house.approved()
    token = token_of(house.delivery.make_link(EDITOR, asset.id))
    newer = house.version(asset.id, b"newer")
    house.review.approve(EDITOR, newer.id, sha256=newer.sha256)
    with pytest.raises(NotFound):
        house.delivery.serve_signed(token)


def test_revoking_what_is_not_there_is_said(house):
    with pytest.raises(NotFound):
        house.delivery.revoke_link(EDITOR, "nothing")
