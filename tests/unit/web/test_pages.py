from __future__ import annotations

import re

import pytest

from connectors.sdk.manifest import Capability
from connectors.sdk.registry import discover
from connectors.sdk.scorecard import State, scorecard_of
from hub.clock import DAY
from hub.placements.models import NumberOfDay, NumberRound, Part
from hub.web.ui import scorecards
from hub.web.ui.numbers import label_of
from hub.web.ui.scorecards import rating
from hub.web.ui.words import ABILITY
from tests.web_hub import picture


@pytest.fixture
def story(hub):
    """An approved asset with copies, one of them blocked, and a draft."""
    asset = hub.approved(picture(1), title="Winter lake")
    blog, card = hub.target("wordpress", "Press", "press.example.com"), hub.target("trello", "Card")
    hub.copy(asset, blog, level="seen")
    hub.copy(
        asset, card, phase="blocked", problem="Trello refuses the token.", problem_code="auth_expired", blocked=True
    )
    hub.upload(picture(2), title="Draft of a hill", role="contributor")
    return asset


def test_share_links_stand_with_where_it_is_and_end_there(hub, story):
    editor = hub.client("editor")
    assert "share link" not in editor.get(f"/assets/{story.code}").get_data(as_text=True)
    made = hub.services.delivery.make_link(hub.people["editor"], story.id)
    shown = editor.get(f"/assets/{story.code}").get_data(as_text=True)
    assert "1 share link, 1 not ended" in shown
    assert "<b>Web picture of v1</b>" in shown
    assert "not opened yet" in shown
    assert made.url not in shown
    for asker in ("viewer", "contributor"):
        assert "share link" not in hub.client(asker).get(f"/assets/{story.code}").get_data(as_text=True)
    token = made.url.rpartition("/")[2]
    assert hub.app.test_client().get(f"/d/{token}").status_code == 200
    assert "first opened" in editor.get(f"/assets/{story.code}").get_data(as_text=True)
    path = f"/assets/{story.code}/links/{made.id}/revoke"
    assert f'action="{path}"' in shown
    assert editor.post(path, data={"csrf": editor.csrf}).location == f"/assets/{story.code}?told=unlinked"
    shown = editor.get(f"/assets/{story.code}").get_data(as_text=True)
    assert "1 share link, 0 not ended" in shown
    assert path not in shown
    assert hub.app.test_client().get(f"/d/{token}").status_code == 404


def test_a_share_link_is_made_where_the_asset_stands_and_its_address_shown_once(hub, story):
    editor, path = hub.client("editor"), f"/assets/{story.code}/links"
    assert f'action="{path}"' in editor.get(f"/assets/{story.code}").get_data(as_text=True)
    assert f'action="{path}"' not in shown_to(hub, "viewer", f"/assets/{story.code}")
    made = editor.post(path, data={"csrf": editor.csrf, "preset": "original", "days": "2"})
    token = re.search(r'href="[^"]*/d/([^"]+)"', made.get_data(as_text=True)).group(1)
    assert "1 share link, 1 not ended" in made.get_data(as_text=True)
    assert hub.app.test_client().get(f"/d/{token}").status_code == 200
    assert token not in shown_to(hub, "editor", f"/assets/{story.code}")
    assert editor.post(path, data={"csrf": editor.csrf, "days": "many"}).status_code == 400
    hub.services.rights.add_term(hub.people["editor"], story.id, source="takedown", effect="deny")
    assert f'action="{path}"' not in shown_to(hub, "editor", f"/assets/{story.code}")


def test_a_copy_that_is_a_link_leads_to_the_page_that_it_opens(hub, story):
    copy = hub.copy(story, hub.target("trello", "Landing card"))
    with hub.database.unit() as session:
        session.add(Part(placement_id=copy.id, kind="link", external_ref="a", state="showing", looked_at=1))
    address = hub.services.delivery.address_of(copy.marker)
    page = hub.client("editor").get(f"/assets/{story.code}").get_data(as_text=True)
    assert page.count("The link's page") == 1
    assert f'href="{address}"' in page
    assert address not in hub.client("viewer").get(f"/assets/{story.code}").get_data(as_text=True)


def test_numbers_stand_under_their_copy_with_their_day_and_a_curve(hub):
    asset, page = hub.approved(picture(1), title="Winter lake"), hub.target("postiz", "Page")
    copy = hub.copy(asset, page)
    editor, today = hub.client("editor"), hub.clock.now() - hub.clock.now() % DAY
    assert "Not asked yet what is counted" in editor.get(f"/assets/{asset.code}").get_data(as_text=True)
    with hub.database.unit() as session:
        session.add(NumberRound(placement_id=copy.id, due_at=today + DAY, told_at=hub.clock.now(), failures=0))
        for day, value in ((today - 2 * DAY, 0), (today, 1204)):
            session.add(
                NumberOfDay(placement_id=copy.id, name="impressionCount", day=day, value=value, told_at=hub.clock.now())
            )
        session.add(NumberOfDay(placement_id=copy.id, name="Likes", day=today, value=3, told_at=hub.clock.now() - DAY))
    shown = editor.get(f"/assets/{asset.code}").get_data(as_text=True)
    assert "Counted there: impressions 1,204, likes 3, told" in shown
    assert '<polyline points="1.0,19.0 95.0,1.0"/>' in shown
    assert 'aria-label="impressions: 0 to 1,204 from' in shown
    assert shown.count("<polyline") == 1
    assert "Count again now" in shown
    assert "Count again now" not in hub.client("viewer").get(f"/assets/{asset.code}").get_data(as_text=True)


@pytest.mark.parametrize(
    ("name", "label"),
    [("uniqueImpressionsCount", "unique impressions"), ("clickCount", "clicks"), ("Likes", "likes"), ("CTR", "ctr")],
)
def test_what_is_counted_is_called_as_people_call_it(name, label):
    assert label_of(name) == label


PAGES = [
    "/",
    "/?lifecycle=approved&q=lake",
    "/assets/{code}",
    "/assets/{code}/details",
    "/assets/{code}/rights",
    "/assets/{code}/review",
    "/assets/{code}/history",
    "/assets/{code}/before/recall",
    "/assets/{code}/before/archive",
    "/use?asset={id}",
    "/connections",
    "/connections/new/trello",
    "/connections/new/wordpress",
    "/connectors/drupal",
    "/activity",
]


@pytest.mark.parametrize("address", PAGES)
def test_every_page_opens_for_an_administrator(hub, story, address):
    answer = hub.client("administrator").get(address.format(code=story.code, id=story.id))
    assert answer.status_code == 200, answer.get_data(as_text=True)[-800:]
    assert answer.content_type.startswith("text/html")


def test_a_field_for_a_whole_file_has_room_for_its_lines(hub):
    page = hub.client("administrator").get("/connections/new/google_drive?auth=service_account").get_data(as_text=True)
    assert '<textarea class="input" id="f-key_file" name="key_file"' in page
    assert 'id="f-subject" name="subject" type="text"' in page


def test_each_connector_carries_its_tier_and_leads_to_what_is_behind_it(hub):
    client = hub.client("administrator")
    offered = client.get("/connections").get_data(as_text=True)
    for name, manifest in discover().items():
        assert f'href="/connectors/{name}"' in offered, name
        assert rating(manifest) in ("Not rated", "Bronze", "Silver", "Gold", "Platinum")
    behind = client.get("/connectors/drupal").get_data(as_text=True)
    card = scorecard_of(discover()["drupal"])
    assert f"{rating(discover()['drupal'])}</span>" in behind
    assert all(line.says.replace("'", "&#39;") in behind for line in card.lines)
    assert behind.count("To do</span>") == sum(line.state is State.TODO for line in card.lines)
    assert f"checked {card.measured.contract.requests:,} requests" in behind
    assert client.get("/connectors/nobody").status_code == 404


def test_everything_that_a_connector_can_do_has_words_for_people():
    assert set(ABILITY) == {each.value for each in Capability}


def test_a_connector_without_a_scorecard_says_so(hub, monkeypatch):
    monkeypatch.setattr(scorecards, "scorecard_of", lambda _: None)
    client = hub.client("viewer")
    assert "Not rated" in client.get("/connectors/trello").get_data(as_text=True)
    assert "Not rated" in hub.client("administrator").get("/connections").get_data(as_text=True)


def test_an_asset_that_was_withdrawn_everywhere_is_said_to_be_in_no_place(hub):
    asset = hub.approved(picture(1), title="Winter lake")
    hub.copy(asset, hub.target("trello", "Card"), phase="withdrawn", observed="absent", desired="absent")
    shown = hub.client("editor").get(f"/assets/{asset.code}").get_data(as_text=True)
    assert "Withdrawn from 1 place<" in shown
    assert "as it should be" not in shown


def shown_to(hub, role, address):
    return hub.client(role).get(address).get_data(as_text=True)


def test_an_ended_licence_is_said_wherever_the_asset_is_shown(hub):
    asset = hub.approved(picture(1), title="Winter lake")
    hub.services.rights.add_term(
        hub.people["editor"], asset.id, source="licence", effect="allow", until_at=hub.clock.now() + 3 * DAY
    )
    assert "3 days left" in shown_to(hub, "viewer", "/")
    hub.clock.advance(4 * DAY)
    for role in ("viewer", "editor"):
        assert "Licence ended" in shown_to(hub, role, "/")
        page = shown_to(hub, role, f"/assets/{asset.code}")
        assert "Nothing may use it now." in page
        assert "The licence has ended." in page
        assert ("/original?download=1" in page) == (role == "editor")
    # No picture is named that this person would be refused.
    assert "/thumbnail" not in shown_to(hub, "viewer", "/")
    assert "/media/" not in shown_to(hub, "viewer", f"/assets/{asset.code}")


def test_a_window_is_said_by_its_last_day_and_as_ended(hub):
    asset = hub.approved(picture(1), title="Winter lake")
    client = hub.client("editor")
    client.post(
        f"/assets/{asset.code}/terms", data={"until": "2027-12-31", "channels": "wordpres", "csrf": client.csrf}
    )
    page = shown_to(hub, "editor", f"/assets/{asset.code}/rights")
    assert "31 Dec 2027" in page
    assert "1 Jan 2028" not in page
    assert "No place here is called wordpres." in page
    hub.clock.advance(3 * 365 * DAY)
    assert "(ended)" in shown_to(hub, "editor", f"/assets/{asset.code}/rights")


def test_a_clause_that_does_not_fit_is_shown_with_what_was_filled_in(hub):
    asset = hub.approved(picture(1), title="Winter lake")
    client = hub.client("editor")
    wrong = client.post(f"/assets/{asset.code}/terms", data={
        "effect": "deny", "source": "consent", "from": "2027-02-02", "until": "2027-01-01", "document": "Box 7",
        "csrf": client.csrf,
    })  # fmt: skip
    assert wrong.status_code == 400
    page = wrong.get_data(as_text=True)
    assert 'role="alert"' in page
    for kept in ('value="2027-02-02"', 'value="2027-01-01"', 'value="Box 7"', '"deny" selected', '"consent" selected'):
        assert kept in page
    assert hub.services.rights.terms(hub.people["editor"], asset.id) == []


def test_viewers_see_where_it_is_and_only_sections_that_open(hub):
    asset = hub.approved(picture(1), title="Winter lake")
    hub.copy(asset, hub.target("trello", "Landing card"), level="seen")
    page = shown_to(hub, "viewer", f"/assets/{asset.code}")
    assert "Landing card" in page
    assert "In 1 place, 1 as it should be" in page
    assert "/before/recall" not in page
    for hidden in ("review", "history"):
        assert f"/assets/{asset.code}/{hidden}" not in page
        assert hub.client("viewer").get(f"/assets/{asset.code}/{hidden}").status_code == 403


@pytest.mark.parametrize("act", ["recall", "archive", "delete", "revoke"])
def test_who_may_only_look_at_what_an_act_would_do_has_no_button_for_it(hub, act):
    asset = hub.approved(picture(1))
    hub.copy(asset, hub.target("trello", "Landing card"), level="seen")
    before = f"/assets/{asset.code}/before/{act}"
    assert "btn danger" not in shown_to(hub, "viewer", before)
    assert "btn danger" in shown_to(hub, "editor", before)


def test_what_may_not_be_used_is_no_substitute(hub):
    asset, ended, fit = (hub.approved(picture(n), title=f"Lake {n}") for n in (1, 2, 3))
    hub.services.rights.add_term(
        hub.people["editor"], ended.id, source="licence", effect="allow", until_at=hub.clock.now() + 1
    )
    hub.clock.advance(2)
    page = shown_to(hub, "editor", f"/assets/{asset.code}/before/recall")
    assert fit.code in page
    assert ended.code not in page


def test_a_copy_that_another_asset_stands_in_for_is_called_substituted(hub):
    asset, other = (hub.approved(picture(n), title=f"Lake {n}") for n in (1, 2))
    hub.copy(asset, hub.target("trello", "Card"), desired="substitute", desired_asset_id=other.id)
    page = shown_to(hub, "editor", f"/assets/{asset.code}")
    assert "Substituted in 1 place" in page
    assert "as it should be" not in page


def test_places_are_listed_as_people_count_and_say_what_a_copy_would_wait_for(hub):
    asset = hub.approved(picture(1), title="Winter lake")
    for number in (10, 9, 100):
        hub.target("trello", f"Card {number}")
    hub.target("wordpress", "Press", "press.example.com", state="needs_person")
    hub.services.rights.add_term(
        hub.people["editor"], asset.id, source="licence", effect="allow", channels=["wordpress"]
    )
    page = shown_to(hub, "editor", f"/use?asset={asset.id}")
    assert page.index("Card 9<") < page.index("Card 10<") < page.index("Card 100<")
    assert page.count("Waits: No licence covers this channel") == 3
    assert page.count("Waits: Winter lake has no alt text yet.") == 1
    assert page.count("Copies wait until this account works again.") == 1
    assert 'id="narrow"' not in page
    for number in range(20):
        hub.target("trello", f"Further card {number}")
    assert 'id="narrow"' in shown_to(hub, "editor", f"/use?asset={asset.id}")


def test_a_copy_that_waits_can_be_called_off(hub):
    asset = hub.approved(picture(1), title="Winter lake")
    copy = hub.copy(asset, hub.target("trello", "Card"), phase="waiting", desired="absent", desired_reason="not_usable")
    assert f"/copies/{copy.id}/take-back" in shown_to(hub, "editor", f"/assets/{asset.code}")
    before = shown_to(hub, "editor", f"/copies/{copy.id}/take-back")
    assert "was never sent" in before
    assert "Do not send it" in before


def test_activity_says_where_a_copy_is(hub):
    asset = hub.approved(picture(1), title="Winter lake")
    target = hub.target("trello", "Landing card")
    hub.services.placements.place(hub.people["editor"], asset.id, target.id)
    assert "Landing card, Team North" in shown_to(hub, "editor", "/activity")


def test_activity_says_which_receiver_of_webhooks_it_is_about_also_once_it_is_removed(hub):
    admin, notify = hub.people["administrator"], hub.services.notify
    made, _ = notify.add_endpoint(admin, "https://93.184.216.34/in?key=5ec2e7", ["asset.*"])
    named, _ = notify.add_endpoint(admin, "https://8.8.8.8/in", ["asset.*"], description="Press wall")
    page = shown_to(hub, "administrator", "/activity")
    assert f'<a href="/webhooks/{made.id}">93.184.216.34</a>' in page
    assert f'<a href="/webhooks/{named.id}">Press wall</a>' in page
    assert "5ec2e7" not in page
    assert f"/webhooks/{named.id}" not in shown_to(hub, "editor", "/activity"), "who may not open it gets no link"
    notify.remove_endpoint(admin, named.id)
    assert shown_to(hub, "administrator", "/activity").count("<td>8.8.8.8</td>") == 2


MIDNIGHT = 4_070_908_800_000  # at which 2099 begins
MAPPING = """\
spec: 1
connector: trello
fields:
  - {expression: "join(', ', [title, credit])", remote: name, transforms: [line], max_length: 10}
"""


def test_a_mapping_is_tried_on_an_asset_before_it_counts_and_can_be_taken_back(hub):
    asset = hub.approved(picture(1), title="Winter lake", credit="North Film", alt_text="Ice")
    hub.target("trello", "Card")
    client = hub.client("administrator")
    (connection,) = hub.services.connections.list(hub.people["administrator"])
    address = f"/connections/{connection.id}/mapping"

    def sent(**form):
        return client.post(address, data={"csrf": client.csrf, "seen": "0", **form})

    shown = client.get(f"{address}?asset={asset.code}").get_data(as_text=True)
    assert f"{asset.code} Winter lake" in shown
    assert "<b>alt_text</b>" in shown
    tried = sent(act="try", text=MAPPING, asset=asset.code).get_data(as_text=True)
    assert "(shortened)" in tried
    hub.services.rights.add_term(hub.people["editor"], asset.id, source="licence", effect="allow", until_at=MIDNIGHT)
    told = "  - {field: usable_until, remote: name, transforms: [day]}\n"
    ends = sent(act="try", text=MAPPING[: MAPPING.index("  - {")] + told, asset=asset.code)
    assert "2098-12-31" in ends.get_data(as_text=True)
    assert hub.services.mappings.view(hub.people["editor"], connection.id).number == 0
    fails = sent(
        act="try", text=MAPPING.replace("join(', ', [title, credit])", "length(duration_ms)"), asset=asset.code
    )
    assert fails.status_code == 400
    assert "mapping, line 4: the expression for" in fails.get_data(as_text=True)
    assert "fails on this asset" in fails.get_data(as_text=True)
    wrong = sent(act="save", text=MAPPING.replace("title", "titel"), asset="")
    assert wrong.status_code == 400
    assert "Did you mean `title`?" in wrong.get_data(as_text=True).replace("&#39;", "'")
    assert "titel" in wrong.get_data(as_text=True)
    assert sent(act="save", text=MAPPING, note="Short").status_code == 303
    assert sent(act="save", text=MAPPING).status_code == 409
    page = client.get(address).get_data(as_text=True)
    assert "Version 1 of this account" in page
    assert "Short" in page
    assert "<b>Version 1</b>" not in page, "what counts is not what was earlier"
    back = client.post(f"{address}/back", data={"csrf": client.csrf, "number": "0", "seen": "1"})
    assert back.status_code == 303
    assert "The mapping that comes with the connector counts." in client.get(address).get_data(as_text=True)
    assert "Let it count" not in shown_to(hub, "editor", address)


def test_an_address_for_webhooks_is_made_on_the_connections_page_and_its_secret_shown_once(hub):
    hub.target("wordpress", "Press", "press.example.com")
    client = hub.client("administrator")
    (connection,) = hub.services.connections.list(hub.people["administrator"])
    address = f"/connections/{connection.id}"
    before = client.get(address).get_data(as_text=True)
    assert "Make the address" in before
    assert "It reads the list of changes that the account keeps." in before
    made = client.post(f"{address}/listen", data={"csrf": client.csrf}).get_data(as_text=True)
    assert "/hooks/" in made
    assert "The secret is shown this once." in made
    after = client.get(address).get_data(as_text=True)
    assert "Webhooks may come to" in after
    assert "Make the address" not in after
    assert "Make the address" not in shown_to(hub, "editor", address)


def test_places_that_are_silent_are_counted_and_settings_shown(hub):
    asset = hub.approved(picture(1), title="Winter lake")
    hub.copy(asset, hub.target("trello", "Card"))
    (connection,) = hub.services.connections.list(hub.people["administrator"])
    page = shown_to(hub, "administrator", f"/connections/{connection.id}")
    assert "No webhooks are sent yet." in page
    assert "Have them sent" in page
