"""People at work, without a pointer unless they drop a file: each walk ends in something that is true in the hub."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update

from hub.clock import HOUR
from hub.connections.models import Connection, Inbox, Remote
from tests.browser.nordlicht import content
from tests.web_hub import PASSWORD, picture


def test_first_run_then_sign_out_and_in_again(bare_site, look):
    code = bare_site.hub.services.access.first_run_code()
    eyes = look(bare_site, role=None).go("/")
    page = eyes.page
    assert eyes.focused["tag"] == "input"
    for text in (code, "Ada Adler", "ada@dam.test", PASSWORD):
        page.keyboard.type(text)
        eyes.press("Tab")
    eyes.press("Enter")
    expect(page).to_have_title("Library · damhub")
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    eyes.settle()
    eyes.tab_to("Sign out")
    eyes.press("Enter")
    expect(page).to_have_title("Sign in · damhub")
    eyes.settle()
    page.keyboard.type("ada@dam.test")
    eyes.press("Tab")
    page.keyboard.type("not this one at all")
    eyes.expected = "Failed to load resource"  # a refusal is a 401, which the console repeats
    eyes.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    eyes.settle()
    page.keyboard.type(PASSWORD)
    eyes.press("Enter")
    expect(page).to_have_title("Library · damhub")


def test_find_open_and_withdraw_with_a_preview(site, look):
    eyes = look(site, "editor").go("/")
    page = eyes.page
    eyes.press("/")
    page.keyboard.type("hero lake")
    eyes.press("Enter")
    expect(page.get_by_role("status")).to_have_text("1 asset")
    eyes.settle()
    eyes.tab_to("/assets/")
    eyes.press("Enter")
    eyes.arrive("Hero lake, winter launch")
    expect(page.get_by_role("heading", name="In 7 places, 3 as they should be")).to_be_visible()
    proof = page.get_by_role("link", name="proof of Nordlicht Press")
    proof.focus()
    eyes.press("Enter")
    expect(page.locator(".proof")).to_contain_text("The right thing stands there")
    assert "proof of Nordlicht Press" in eyes.focused["text"]
    eyes.press("Enter")
    expect(page.locator(".proof")).to_have_count(0)
    eyes.press("w")
    eyes.arrive("Withdraw Hero lake, winter launch from 7 places?")
    expect(page.get_by_role("list", name="What will happen")).to_contain_text("cannot be reached now")
    eyes.press("Escape")
    expect(page).to_have_url(re.compile(r"/assets/DAM-\d+$"))
    eyes.settle()
    eyes.press("w")
    page.get_by_label("Reason, kept with the proof").focus()
    page.keyboard.type("The owner of the lake says no.")
    eyes.tab_to("Cancel")
    assert eyes.tab_to("Withdraw 6 now")["tag"] == "button"
    eyes.press("Enter")
    eyes.arrive("Recall of Hero lake, winter launch")
    expect(page.get_by_text("7 copies in all")).to_be_visible()
    wanted = [copy.desired for copy in copies(site) if copy.settled_at is None]
    assert wanted == ["absent"] * 7


def test_a_page_that_looks_again_keeps_the_focus(site, look):
    """A recall under way is asked for every three seconds; whoever stands on a proof stays there."""
    eyes = look(site).go(f"/recalls/{site.assets.recall}")
    page = eyes.page
    page.get_by_role("link", name="proof of").first.focus()
    before = eyes.focused
    with page.expect_response(lambda answer: "/recalls/" in answer.url):
        pass
    with page.expect_response(lambda answer: "/recalls/" in answer.url):
        pass
    assert eyes.focused == before


def test_substitute_is_shown_before_it_is_done(site, look):
    eyes = look(site, "editor").go(f"/assets/{site.assets.lake.code}/before/recall")
    page = eyes.page
    page.get_by_role("radio", name="Nothing").focus()
    eyes.press("ArrowDown")
    expect(page).to_have_url(re.compile("substitute="))
    expect(page.get_by_role("radio", name="Another asset")).to_be_checked()


def test_select_by_keyboard_archive_and_undo(site, look):
    eyes = look(site, "editor").go("/?lifecycle=draft&lifecycle=rejected")
    page = eyes.page
    page.locator(".tile > a").first.focus()
    eyes.press("Space", "ArrowRight", "Space")
    bar = page.get_by_role("group", name="Selection")
    expect(bar).to_contain_text("2 selected")
    page.get_by_role("button", name="Archive").focus()
    eyes.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Archived")).to_be_visible()
    eyes.settle()
    assert states(site, "bowl", "poster_a") == ["archived", "archived"]
    eyes.press("z")
    expect(page.get_by_role("status").filter(has_text="Taken out of the archive")).to_be_visible()
    assert states(site, "bowl", "poster_a") == ["draft", "rejected"]


def test_archiving_what_stands_somewhere_is_shown_first(site, look):
    eyes = look(site, "editor").go("/?q=bottle")
    page = eyes.page
    page.locator(".tile > a").first.focus()
    eyes.press("Control+a")
    expect(page.get_by_role("group", name="Selection")).to_contain_text("2 selected")
    page.get_by_role("button", name="Archive").focus()
    eyes.press("Enter")
    eyes.arrive("Archive 2 assets?")
    assert states(site, "bottle_red", "bottles_trio") == ["approved", "approved"]
    eyes.tab_to("Archive 2 and withdraw 3 now")
    eyes.press("Enter")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert states(site, "bottle_red", "bottles_trio") == ["archived", "archived"]


def test_arrows_walk_the_grid_by_row_and_column(gallery, look):
    eyes = look(gallery).go("/")
    page = eyes.page
    first = page.locator(".tile > a").first
    first.focus()

    def at():
        return page.evaluate("""() => { const box = document.activeElement.getBoundingClientRect();
            return [Math.round(box.left), Math.round(box.top + scrollY)]; }""")

    left, top = at()
    eyes.press("ArrowRight")
    assert at()[0] > left
    assert at()[1] == top
    eyes.press("ArrowLeft", "ArrowDown")
    assert at()[1] > top
    assert eyes.focused["marked"]
    eyes.press("End")
    assert eyes.focused["inside"]
    eyes.press("Home")
    assert at() == [left, top]
    stops = page.locator(".tile > a[tabindex='-1']").count()
    assert stops == page.locator(".tile").count() - 1


def test_more_tiles_take_the_focus_that_the_button_had(site, look):
    for number in range(48):
        site.hub.upload(picture(number, (90, 60)), name=f"more-{number}.png", title=f"More {number}")
    eyes = look(site).go("/")
    page = eyes.page
    shown = page.locator(".tile").count()
    page.get_by_role("link", name="Show more").focus()
    eyes.press("Enter")
    expect(page.locator(".tile")).to_have_count(66)
    focused = page.evaluate("[...document.querySelectorAll('.tile > a')].indexOf(document.activeElement)")
    assert focused == shown


def test_files_are_added_with_progress_and_trouble_is_named(site, look):
    eyes = look(site, "contributor").go("/")
    page = eyes.page
    page.get_by_text("Add files").click()
    page.get_by_label("Files to add").set_input_files(
        [
            {"name": "ridge.jpg", "mimeType": "image/jpeg", "buffer": content("ridge-blue")[:-2] + b"\xff\xd9"},
            {"name": "lake again.jpg", "mimeType": "image/jpeg", "buffer": content("ridge-dawn")},
            {"name": "empty.jpg", "mimeType": "image/jpeg", "buffer": b""},
        ]
    )
    eyes.expected = "Failed to load resource"
    page.get_by_role("button", name="Add to the library").click()
    tray = page.get_by_role("region", name="Work in progress")
    expect(tray).to_contain_text("1 not added")
    expect(tray.get_by_role("listitem").nth(0)).to_contain_text(re.compile(r"added as DAM-\d+|in the library already"))
    expect(tray.get_by_role("listitem").nth(1)).to_contain_text("in the library already")
    expect(tray.get_by_role("listitem").nth(2)).to_have_class("stop")
    assert tray.get_by_role("progressbar").get_attribute("max") == "3"
    eyes.shot("library-upload")


@pytest.mark.parametrize("prefers", ["light", "dark"])
def test_colours_follow_the_browser_until_somebody_chooses(gallery, look, prefers):
    eyes = look(gallery, dark=prefers == "dark").go("/")
    page = eyes.page

    def canvas():
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    before = canvas()
    chosen = "light" if prefers == "dark" else "dark"
    page.get_by_role("button", name=f"{chosen.capitalize()} colours").first.focus()
    eyes.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", chosen)
    assert canvas() != before
    eyes.go("/activity")
    expect(page.locator("html")).to_have_attribute("data-theme", chosen)


def test_a_phone_finds_filters_and_opens(gallery, look):
    eyes = look(gallery, width=390, height=844).go("/")
    page = eyes.page
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Approved").first.click()
    expect(page).to_have_url(re.compile("lifecycle=approved"))
    expect(page.get_by_role("link", name="Remove filter: Status Approved")).to_be_visible()
    page.get_by_role("navigation", name="Main, short").get_by_role("link", name="Connect").click()
    eyes.arrive("Connections")


def test_wordpress_is_connected_from_the_form(site, look):
    """What the form offers as its defaults must be accepted; only the site itself cannot be reached."""
    eyes = look(site).go("/connections/new/wordpress")
    page = eyes.page
    expect(page.get_by_label("Content searched for uses")).to_have_value("posts, pages, blocks")
    page.get_by_label("Address of the site").fill("https://press.example.invalid")
    page.get_by_label("User name").fill("hub")
    page.get_by_label("Application password").fill("abcd efgh ijkl mnop")
    eyes.expected = "Failed to load resource"
    page.get_by_role("button", name="Connect WordPress").click()
    alert = page.get_by_role("alert")
    expect(alert).to_be_visible()
    expect(alert).not_to_contain_text("settings")


def copies(site):
    """The copies of the lake."""
    return site.hub.services.placements.where(site.hub.people["editor"], site.assets.lake.id)


def states(site, *names):
    """How these assets stand."""
    found = [getattr(site.assets, name).id for name in names]
    return [site.hub.services.catalogue.view(site.hub.people["editor"], one).lifecycle.value for one in found]


def test_deliveries_are_read_again_and_the_page_follows(site, look):
    with site.hub.database.unit() as session:
        left = session.scalars(select(Connection).join(Remote).where(Remote.label == "Team Nordlicht")).one()
        for number in range(3):
            session.add(
                Inbox(remote_id=left.remote_id, delivery_key=f"d{number}", at=site.hub.clock.now() - number * HOUR,
                      headers={}, body="", state="worked", error="")
            )  # fmt: skip
    eyes = look(site).go(f"/connections/{left.id}")
    page = eyes.page
    page.get_by_role("link", name="Count it, or have it read again").click()
    expect(page.locator("#reading")).to_contain_text("3 deliveries would be read again")
    page.get_by_role("button", name="Read 3 again").click()
    expect(page.locator("#reading")).to_contain_text("3 of 3 wait to be read")
    eyes.shot("inbound-waiting")
    with site.hub.database.unit() as session:
        session.execute(update(Inbox).values(state="worked"))
    expect(page.locator("#reading")).to_contain_text("None waits to be read")
