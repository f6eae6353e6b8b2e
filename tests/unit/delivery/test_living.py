"""The page behind a card's link tells what may be used now, and of what may not be used nothing but its code."""

from __future__ import annotations

import pytest

from hub.clock import DAY
from hub.connections.models import Target
from hub.delivery.living import State, Text
from hub.errors import NotFound
from hub.media.models import Rendition, Traits
from hub.placements.links import placement_link
from tests.unit.delivery.conftest import EDITOR

TEXTS = {"title": "Winter lake", "alt_text": "A frozen lake", "credit": "Ada Adler", "description": "Not for anybody"}


@pytest.fixture
def database_url(sqlite_url):
    """One database only: no rows are contended here."""
    return sqlite_url


@pytest.fixture
def asset(house):
    made = house.approved()
    house.catalogue.edit(EDITOR, made.id, TEXTS)
    return made


def token_of(house, row):
    return placement_link(row.marker, base_url="", keyring=house.keyring).rsplit("/", 1)[-1]


@pytest.fixture
def link(house, asset):
    """The address of a copy of the asset on a card."""
    return token_of(house, house.placement(asset.id))


def page(house, token):
    return house.delivery.living_page(token)


def assert_nothing_told(house, token, state, code):
    """Neither page nor bytes tell anything but the code."""
    found = page(house, token)
    assert (found.code, found.state, found.shown) == (code, state, None)
    for preview in (False, True):
        with pytest.raises(NotFound):
            house.delivery.serve_placement(token, preview=preview)


def test_what_may_be_used_is_told_with_its_picture(house, asset, link, read):
    found = page(house, link)
    shown = found.shown
    assert (found.code, found.state) == (asset.code, State.SHOWN)
    assert (shown.asset_code, shown.version, shown.until, shown.ready) == (asset.code, 1, None, True)
    assert (shown.title, shown.alt_text) == (Text("Winter lake", "en"), Text("A frozen lake", "en"))
    assert shown.credit == Text("Ada Adler", "en")
    assert (shown.preview.preset, shown.preview.media_type) == ("web", "image/webp")
    assert read(house.delivery.serve_placement(link, preview=True)) == b"small original bytes"


def test_a_new_version_shows_once_it_is_approved(house, asset, link, read):
    newer = house.version(asset.id, b"newer bytes")
    assert page(house, link).shown.version == 1
    house.review.approve(EDITOR, newer.id, sha256=newer.sha256)
    assert page(house, link).shown.version == 2
    assert read(house.delivery.serve_placement(link, preview=True)) == b"small newer bytes"


def test_the_end_of_rights_is_told_before_and_after(house, asset, link, clock):
    ends = clock.now() + DAY
    house.rights.add_term(EDITOR, asset.id, source="licence", effect="allow", until_at=ends)
    assert page(house, link).shown.until == ends
    clock.advance(DAY)
    assert_nothing_told(house, link, State.ENDED, asset.code)


@pytest.mark.parametrize(
    ("act", "state"),
    [
        (lambda house, asset: house.catalogue.archive(EDITOR, asset.id), State.WITHDRAWN),
        (lambda house, asset: house.catalogue.delete(EDITOR, asset.id), State.WITHDRAWN),
        (lambda house, asset: house.review.revoke(EDITOR, asset.id, "wrong lake"), State.NOT_NOW),
        (
            lambda house, asset: house.rights.add_term(EDITOR, asset.id, source="takedown", effect="deny"),
            State.WITHDRAWN,
        ),
        (lambda house, asset: house.rights.add_term(EDITOR, asset.id, source="embargo", effect="deny"), State.NOT_NOW),
        (
            lambda house, asset: house.rights.add_term(
                EDITOR, asset.id, source="licence", effect="allow", territories=["FR"]
            ),
            State.NOT_NOW,
        ),
    ],
)
def test_what_may_not_be_used_is_told_by_its_code_alone(house, asset, link, act, state):
    act(house, asset)
    assert_nothing_told(house, link, state, asset.code)


def test_a_copy_that_was_taken_back_is_withdrawn(house, asset):
    token = token_of(house, house.placement(asset.id, wanted=False))
    assert_nothing_told(house, token, State.WITHDRAWN, asset.code)


def test_a_draft_on_a_card_shows_nothing(house):
    draft = house.asset(b"secret")
    assert_nothing_told(house, token_of(house, house.placement(draft.id)), State.NOT_NOW, draft.code)


def test_what_stands_in_is_told_instead(house, asset, read):
    other = house.approved(b"other bytes")
    token = token_of(house, house.placement(asset.id, withdraw_policy="substitute"))
    house.catalogue.set_successor(EDITOR, asset.id, other.id)
    house.rights.add_term(EDITOR, asset.id, source="takedown", effect="deny")
    found = page(house, token)
    assert (found.code, found.state, found.shown.asset_code) == (asset.code, State.STAND_IN, other.code)
    assert read(house.delivery.serve_placement(token, preview=True)) == b"small other bytes"


def test_texts_come_in_the_language_of_the_place_as_far_as_there_are_any(house, asset):
    house.catalogue.edit(EDITOR, asset.id, {"title": "Wintersee"}, language="de")
    row = house.placement(asset.id)
    with house.database.unit() as session:
        session.get_one(Target, row.target_id).language = "de-AT"
    shown = page(house, token_of(house, row)).shown
    assert (shown.title, shown.alt_text) == (Text("Wintersee", "de"), Text("A frozen lake", "en"))


def test_what_has_no_picture_has_none_and_never_the_original(house):
    asset = house.approved(b"%PDF", media_type="application/pdf", filename="a.pdf", renditions=False)
    token = token_of(house, house.placement(asset.id))
    found = page(house, token)
    assert (found.shown.preview, found.shown.ready) == (None, True)
    with pytest.raises(NotFound):
        house.delivery.serve_placement(token, preview=True)


def test_while_its_file_is_made_that_is_said(house, asset, link):
    with house.database.unit() as session:
        for preset in ("web", "thumbnail"):
            session.get_one(Rendition, (asset.version.id, preset)).state = "pending"
        session.get_one(Traits, asset.version.id).state = "pending"
    found = page(house, link)
    assert (found.state, found.shown.preview, found.shown.ready) == (State.SHOWN, None, False)


@pytest.mark.parametrize("token", ["", ".", "forged", "dhabcdef-x.y"])
def test_an_address_that_nobody_made_leads_nowhere(house, token):
    with pytest.raises(NotFound) as refused:
        page(house, token)
    assert refused.value.code == "no_such_link"


def test_a_pinned_version_stays_while_it_is_approved(house, asset, read):
    row = house.placement(asset.id, version_policy="pin", pinned_version_id=asset.version.id)
    token = token_of(house, row)
    newer = house.version(asset.id, b"newer bytes")
    house.review.approve(EDITOR, newer.id, sha256=newer.sha256)
    assert (page(house, token).state, page(house, token).shown.version) == (State.SHOWN, 1)
    assert read(house.delivery.serve_placement(token)) == b"small original bytes"
    house.review.reject(EDITOR, asset.version.id, sha256=asset.version.sha256, note="not that one either")
    assert_nothing_told(house, token, State.NOT_NOW, asset.code)
