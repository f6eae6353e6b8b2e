"""No byte of an unapproved, expired, withdrawn or deleted version leaves, by whichever way it is asked for (I4)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from hub.clock import DAY
from hub.delivery.models import Handout
from hub.delivery.service import PRESETS
from hub.errors import HubError
from hub.placements.links import placement_link
from tests.unit.delivery.conftest import EDITOR, OTHER, OWNER, VIEWER


@pytest.fixture(params=[*PRESETS, "zip", "signed", "placement"])
def way(request, house, read):
    """One way of asking for an asset's approved bytes, set up while they may go."""

    def set_up(asset):
        if request.param == "signed":
            token = house.delivery.make_link(EDITOR, asset.id).url.rsplit("/", 1)[-1]
            return lambda: read(house.delivery.serve_signed(token))
        if request.param == "placement":
            row = house.placement(asset.id)
            token = placement_link(row.marker, base_url="", keyring=house.keyring).rsplit("/", 1)[-1]
            return lambda: read(house.delivery.serve_placement(token))
        if request.param == "zip":
            return lambda: b"".join(house.delivery.zip(VIEWER, [asset.id]).stream)
        return lambda: read(house.delivery.open_rendition(VIEWER, asset.id, request.param))

    return set_up


def test_an_approved_asset_leaves_by_every_way(house, way):
    assert b"original bytes" in way(house.approved())()


def test_nothing_leaves_once_the_approval_is_taken_back(house, way):
    asset = house.approved()
    ask = way(asset)
    house.review.revoke(EDITOR, asset.id, "wrong lake")
    with pytest.raises(HubError):
        ask()


def test_nothing_leaves_once_the_rights_have_ended(house, way, clock):
    asset = house.approved()
    ask = way(asset)
    house.rights.add_term(EDITOR, asset.id, source="licence", effect="allow", until_at=clock.now() + DAY)
    assert ask()
    clock.advance(DAY)
    with pytest.raises(HubError):
        ask()


def test_nothing_leaves_of_a_deleted_asset(house, way):
    asset = house.approved()
    ask = way(asset)
    house.catalogue.delete(EDITOR, asset.id)
    with pytest.raises(HubError):
        ask()


def test_nothing_leaves_of_an_archived_asset(house, way):
    asset = house.approved()
    ask = way(asset)
    house.catalogue.archive(EDITOR, asset.id)
    with pytest.raises(HubError):
        ask()


def test_a_take_down_stops_everything(house, way):
    asset = house.approved()
    ask = way(asset)
    house.rights.add_term(EDITOR, asset.id, source="takedown", effect="deny")
    with pytest.raises(HubError):
        ask()


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("who", [VIEWER, OTHER])
def test_unapproved_bytes_stay_with_the_owner_and_editors(house, read, preset, who):
    asset = house.asset()
    with pytest.raises(HubError) as refused:
        house.delivery.open_rendition(who, asset.id, preset)
    assert refused.value.code == "no_such_asset"
    assert read(house.delivery.open_rendition(OWNER, asset.id, preset))
    assert read(house.delivery.open_rendition(EDITOR, asset.id, preset))


def test_a_newer_version_is_not_approved_by_inheritance(house, read):
    asset = house.approved()
    newer = house.version(asset.id, b"secret new bytes")
    assert read(house.delivery.open_rendition(VIEWER, asset.id, "original")) == b"original bytes"
    with pytest.raises(HubError):
        house.delivery.open_rendition(VIEWER, asset.id, "original", newer.id)
    assert read(house.delivery.open_rendition(EDITOR, asset.id, "original", newer.id)) == b"secret new bytes"


def test_a_version_of_another_asset_is_not_served_under_this_one(house):
    first, second = house.approved(), house.asset(b"others")
    for who in (VIEWER, EDITOR):
        with pytest.raises(HubError) as refused:
            house.delivery.open_rendition(who, first.id, "original", second.version.id)
        assert refused.value.status == 404


def test_unknown_and_forbidden_look_the_same(house):
    secret = house.asset()
    codes = set()
    for wanted in (secret.id, secret.code, "00000000-0000-7000-8000-000000000000", "DAM-99999"):
        with pytest.raises(HubError) as refused:
            house.delivery.open_rendition(VIEWER, wanted, "thumbnail")
        codes.add((refused.value.status, refused.value.code))
    assert codes == {(404, "no_such_asset")}


def test_a_licence_for_one_channel_lets_viewers_look_but_other_channels_nothing(house, read):
    asset = house.approved()
    house.rights.add_term(EDITOR, asset.id, source="licence", effect="allow", channels=["wordpress"])
    assert read(house.delivery.open_rendition(VIEWER, asset.id, "web"))
    row = house.placement(asset.id)  # on Trello
    token = placement_link(row.marker, base_url="", keyring=house.keyring).rsplit("/", 1)[-1]
    with pytest.raises(HubError):
        house.delivery.serve_placement(token)


def test_a_copy_that_was_taken_back_shows_nothing(house):
    asset = house.approved()
    row = house.placement(asset.id, wanted=False)
    token = placement_link(row.marker, base_url="", keyring=house.keyring).rsplit("/", 1)[-1]
    with pytest.raises(HubError) as refused:
        house.delivery.serve_placement(token)
    assert refused.value.code == "no_such_link"


def test_a_copys_address_follows_the_approved_version(house, read):
    asset = house.approved(renditions=False)
    row = house.placement(asset.id)
    token = placement_link(row.marker, base_url="", keyring=house.keyring).rsplit("/", 1)[-1]
    assert read(house.delivery.serve_placement(token)) == b"original bytes"
    newer = house.version(asset.id, b"newer bytes", renditions=False)
    assert read(house.delivery.serve_placement(token)) == b"original bytes"
    house.review.approve(EDITOR, newer.id, sha256=newer.sha256)
    assert read(house.delivery.serve_placement(token)) == b"newer bytes"


def test_an_open_address_is_noted_once_for_each_version(house, database):
    asset = house.approved()
    token = house.delivery.make_link(EDITOR, asset.id).url.rsplit("/", 1)[-1]
    for _ in range(3):
        house.delivery.serve_signed(token)
    house.delivery.open_rendition(VIEWER, asset.id, "thumbnail")
    house.delivery.open_rendition(VIEWER, asset.id, "original", download=True)
    with database.read() as session:
        who = [row.who.split(":")[0] for row in session.scalars(select(Handout).order_by(Handout.id))]
    assert who == ["link", VIEWER.id]
    assert len(house.delivery.handouts(EDITOR, asset.id)) == 2
