"""Every page in light and dark, on phone, tablet and desk: nothing inaccessible, nothing cut off, no complaint."""

from __future__ import annotations

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser import cards
from tests.browser.eyes import SHOTS

PAGES = {
    "library": "/",
    "asset": "/assets/{lake}",
    "connections": "/connections",
    "activity": "/activity",
    "impact": "/assets/{lake}/before/recall",
    "library-found": "/?q=portrait&lifecycle=approved",
    "asset-details": "/assets/{lake}/details",
    "asset-language": "/assets/{lake}/details?language=de",
    "asset-rights": "/assets/{lake}/rights",
    "asset-review": "/assets/{city}/review",
    "asset-history": "/assets/{lake}/history",
    "recall": "/recalls/{recall}",
    "use": "/use?asset={lake_id}",
    "use-several": "/use?asset={lake_id}&asset={ridge_id}&asset={sea_id}",
    "asset-in-a-set": "/assets/{sea}",
    "connection": "/connections/{connection}",
    "connect": "/connections/new/wordpress",
    "mapping": "/connections/{connection}/mapping?asset={lake}",
    "people": "/people",
    "account": "/account",
    "calendar": "/connections/calendar",
    "notices": "/notices",
    "reconnect": "/connections/{connection}/reconnect",
    "leaving": "/connections/{left}/leave",
    "scorecard": "/connectors/drupal",
    "guide": "/connectors/trello/guide",
    "connect-oauth": "/connections/new/linkedin?auth=sign_in",
    "connection-live": "/connections/{left}",
    "settings": "/connections/{left}/settings",
    "inbound": "/connections/{left}/inbound",
    "place": "/connections/{left}/places/{place}",
    "stock": "/connections/{left}/stock",
    "drift": "/drift",
    "deleted": "/deleted",
    "deleted-rights": "/assets/{berries}/rights",
    "conflicts": "/conflicts",
    "proof": "/copies/{copy}/proof",
    "webhooks": "/webhooks",
    "webhook": "/webhooks/{hook}",
    "webhook-sent": "/webhooks/{hook}/sent/{sent}",
    "bindings": "/bindings",
    "binding": "/bindings/{binding}",
    "binding-new": "/bindings/new",
    "link-page": "/p/{card}",
    "link-page-withdrawn": "/p/{card_taken_back}",
    "nothing-found": "/?q=nothing-is-called-this",
}
WIDTHS = (390, 768, 1400)
THEMES = ("light", "dark")
DIFFERS = {"light": None, "dark": ["color-contrast"]}
"""The rules that are asked: a page in the dark differs by its colours alone."""


def problems_of(eyes, name):
    """Look at the open page in both colours and three widths, and at the narrowest phone."""
    found = []
    for theme in THEMES:
        eyes.theme(theme)
        for width in WIDTHS:
            eyes.width(width)
            eyes.settle()
            found += [f"{name} {theme} {width}: {line}" for line in eyes.violations(DIFFERS[theme])]
            if width != 768:
                eyes.shot(f"{name}-{width}-{theme}")
    eyes.width(320, 640)
    if eyes.overflow() > 0:
        found.append(f"{name}: scrolls sideways by {eyes.overflow()} px at 320 px")
    return found


@pytest.mark.parametrize("name", PAGES)
def test_page_can_be_used_by_everybody(gallery, look, name):
    eyes = look(gallery).go(PAGES[name].format(**addresses(gallery)))
    assert not problems_of(eyes, name)


def test_each_answer_to_what_becomes_of_the_copies_is_within_reach_of_a_thumb(gallery, look):
    eyes = look(gallery, width=390).go(PAGES["leaving"].format(**addresses(gallery)))
    for said in ("Cancel", "Leave 6 copies there, disconnect", "Withdraw 6 copies, then disconnect"):
        box = eyes.page.locator("footer .btn").filter(has_text=said).bounding_box()
        assert box["x"] >= 0, said
        assert box["x"] + box["width"] <= 390, said


@pytest.mark.parametrize("name", ["people", "connection-live", "deleted"])
def test_what_can_be_done_in_a_table_is_within_reach_of_a_thumb(gallery, look, name):
    eyes = look(gallery, width=390).go(PAGES[name].format(**addresses(gallery)))
    for menu in eyes.page.locator(".fold details").all():
        menu.locator("summary").click()
        within(menu.locator(".pop"))
        menu.locator("summary").click()
    acts = eyes.page.locator(".fold .btn:visible").all()
    assert acts
    for act in acts:
        within(act)


def test_what_saving_a_place_would_change_is_said_beside_its_button_while_it_is_filled_in(gallery, look):
    eyes = look(gallery).go(PAGES["place"].format(**addresses(gallery)))
    said = eyes.page.locator("#follows")
    eyes.page.get_by_label("Looked at before, minutes").fill("40")
    expect(said).to_contain_text("once more 40 min before their time, not 15 min")
    eyes.page.get_by_label("Channel").fill("No Channel")
    expect(said).to_contain_text("lower-case letters")
    eyes.page.get_by_label("Channel").fill("print")
    expect(said).not_to_contain_text("lower-case letters")
    assert said.locator("input[name=seen]").count() == 1
    assert not problems_of(eyes, "place-filled-in")


def test_what_becomes_of_other_texts_is_said_beside_their_button_while_they_are_written(gallery, look):
    eyes = look(gallery).go(PAGES["asset-details"].format(**addresses(gallery)))
    eyes.page.get_by_label("Title", exact=True).fill("Hero lake in the evening")
    eyes.page.get_by_label("Copyright", exact=True).fill("© Ada Adler")
    expect(eyes.page.locator("#follows")).to_contain_text("say the new text")
    assert not problems_of(eyes, "texts-filled-in")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1024, 768), (390, 844)])
@pytest.mark.parametrize("name", ["asset", "asset-in-a-set"])
def test_what_an_asset_is_called_stands_in_the_first_window(gallery, look, name, width, height):
    eyes = look(gallery, width=width, height=height).go(PAGES[name].format(**addresses(gallery)))
    title = eyes.page.get_by_role("heading", level=1).bounding_box()
    assert title["y"] + title["height"] <= height


def test_what_an_assets_buttons_open_on_a_phone_is_not_cut_off(gallery, look):
    eyes = look(gallery, width=390).go(PAGES["asset"].format(**addresses(gallery)))
    menus = eyes.page.locator(".acts details").all()
    assert len(menus) == 3, "share, replace, more"
    for menu in menus:
        menu.locator("summary").click()
        within(menu.locator(".pop"))
        menu.locator("summary").click()


def within(shown, width=390):
    box = shown.bounding_box()
    assert 0 <= box["x"] <= box["x"] + box["width"] <= width, shown.inner_text()


def test_sign_in_can_be_used_by_everybody(gallery, look):
    eyes = look(gallery, role=None).go("/")
    assert eyes.page.title() == "Sign in · damhub"
    assert not problems_of(eyes, "sign-in")


def test_first_run_can_be_used_by_everybody(bare_site, look):
    eyes = look(bare_site, role=None).go("/")
    assert eyes.page.title() == "First administrator · damhub"
    assert not problems_of(eyes, "first-run")


def test_the_picture_of_the_readme_is_small_and_true(gallery, look):
    """`make screenshots` puts it into docs/."""
    eyes = look(gallery).go("/")
    for name in ("Bottle, lava red", "Bottles, family of three", "Portrait, Maren"):
        eyes.page.get_by_label(f"Select {name}").check()
    assert eyes.page.get_by_role("group", name="Selection").inner_text().startswith("3 selected")
    eyes.shot("readme")
    whole = Image.open(SHOTS / "readme.png").convert("RGB")
    few = whole.quantize(palette=whole.quantize(256, kmeans=1), dither=Image.Dither.FLOYDSTEINBERG)
    few.save(SHOTS / "readme.png", optimize=True)
    assert (SHOTS / "readme.png").stat().st_size < 400_000


def test_the_picture_of_the_calendar_is_small_and_true(gallery, look):
    """`make screenshots` puts it into docs/."""
    eyes = look(gallery, height=880).go("/connections/calendar")
    eyes.page.get_by_text("in 11 days").wait_for()
    eyes.shot("ends")
    Image.open(SHOTS / "ends.png").convert("RGB").quantize(128).save(SHOTS / "ends.png", optimize=True)
    assert (SHOTS / "ends.png").stat().st_size < 150_000


def addresses(site):
    """What the pages' addresses are made of."""
    services, admin = site.hub.services, site.hub.people["administrator"]
    lake = site.assets.lake
    copies = services.placements.where(admin, lake.id)
    found = services.connections.list(admin)
    broken = next(one for one in found if one.state == "needs_person")
    left = next(one for one in found if one.account_label == "Team Nordlicht")
    place = services.connections.targets(admin, left.remote_id)[0]
    return {
        "lake": lake.code, "lake_id": lake.id, "city": site.assets.city_night.code, "berries": site.assets.berries.code,
        "recall": site.assets.recall,
        "binding": cards.BINDING, "card": site.assets.card, "card_taken_back": site.assets.card_taken_back,
        "hook": site.assets.hook, "sent": site.assets.sent,
        "connection": broken.id, "copy": copies[0].id, "left": left.id, "place": place.id,
        "ridge_id": site.assets.ridge_dawn.id, "sea_id": site.assets.sea.id, "sea": site.assets.sea.code,
    }  # fmt: skip
