"""Connecting by the pages: forms that lose nothing, an account that is known, guides, settings, and places."""

from __future__ import annotations

import html
import json
import re

import pytest
from sqlalchemy import select

from connectors.sdk.registry import discover
from connectors.testing.sandbox import make_sandbox
from connectors.testing.serve import serve, told_of
from hub.access.actors import Role
from hub.clock import DAY, ManualClock, SystemClock
from hub.connections.models import Connection, Target
from hub.db.installation import wake
from hub.db.unit import Database
from hub.events.log import EventLog
from hub.web.ui import words
from hub.web.ui.asking import written
from hub.web.ui.markdown import as_markup
from tests.unit.web.conftest import checked
from tests.web_hub import WebHub

TRELLO = discover()["trello"]


@pytest.fixture
def admin(hub):
    return hub.client("administrator")


def text(answer):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))))


def sent(client, address, **form):
    return client.post(address, data={"csrf": client.csrf, **form})


# Forms


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost_but_secrets(admin):
    answer = sent(admin, "/connections/new/trello", auth="key_and_token", key="my-key", token="", label="Gone",
                  secret="do-not-tell", cover="true")  # fmt: skip
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert re.search(r'id="f-token"[^>]*aria-invalid="true"', page)
    assert "Token is missing." in re.search(r'id="w-token">(.*?)</p>', page, re.DOTALL)[1]
    assert 'role="alert"' not in page
    for kept in ('value="my-key"', 'value="Gone"', 'name="cover" value="true" checked'):
        assert kept in page
    assert "do-not-tell" not in page


def test_another_way_to_sign_in_keeps_what_was_typed(admin):
    answer = sent(admin, "/connections/new/trello", auth="key_and_token", way="oauth", label="Gone", key="k")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert 'value="Gone"' in page
    assert 'id="f-client_id"' in page
    assert "read:board:trello" in page
    assert "to list boards and cards" in page


def test_a_setting_that_is_malformed_is_told_in_words(admin):
    answer = sent(admin, "/connections/new/linkedin", auth="access_token", access_token="x", version="soon")
    assert "it is not written in the way that is asked for" in answer.get_data(as_text=True)
    assert 'value="soon"' in answer.get_data(as_text=True)


@pytest.mark.parametrize("name", sorted(discover()))
def test_each_form_leads_to_the_guide_and_says_why_it_asks(admin, name):
    manifest = discover()[name]
    assert f'href="/connectors/{name}/guide"' in admin.get(f"/connections/new/{name}").get_data(as_text=True)
    guide = admin.get(f"/connectors/{name}/guide")
    assert guide.status_code == 200
    assert f"<h1>{manifest.title}: the guide</h1>" in guide.get_data(as_text=True)
    assert "written by" not in text(guide), "comments of the file are no part of the page"


def test_a_guide_can_run_nothing_and_leads_only_to_the_web():
    shown = as_markup(
        "# Title\n\n<script>alert(1)</script>\n\n[a](javascript:alert(1)) [b](https://x.example) [c](../d.md)\n\n"
        "![e](https://x.example/p.png)\n\n| a |\n|:-:|\n| <b onclick=x>f</b> |\n"
    )
    assert "<script" not in shown
    assert "<b" not in shown.replace("<body", "")
    assert "<img" not in shown
    assert "style=" not in shown
    assert re.findall(r'href="([^"]*)"', shown) == ["https://x.example", "https://x.example/p.png"]
    assert "Title" not in shown


# What `damhub sandbox NAME` prints


@pytest.mark.parametrize("name", sorted(discover()))
def test_a_person_connects_each_sandbox_by_the_form_with_what_it_prints(sqlite_url, tmp_path, name):
    sandbox = make_sandbox(discover()[name])
    with serve(sandbox) as origin:
        told = json.loads(json.dumps(told_of(sandbox, origin)))
        database, clock = Database(sqlite_url), ManualClock(SystemClock().now())
        EventLog(database, clock)
        hub = checked(WebHub(database, clock, tmp_path / "home", trusted_origins=[origin])).settle_in()
        person = hub.client("administrator")
        page = person.get(f"/connections/new/{name}?auth={told['auth']}").get_data(as_text=True)
        typed = {**{field: written(value) for field, value in told["settings"].items()}, **told["secrets"]}
        assert all(f'name="{field}"' in page for field in typed), "the form asks for what is printed"
        answer = person.post(f"/connections/new/{name}", data={"csrf": person.csrf, "auth": told["auth"], **typed})
        assert answer.status_code == 303, text(answer)
        with database.read() as session:
            (row,) = session.scalars(select(Connection))
            places = session.scalars(select(Target.external_ref)).all()
        database.dispose()
    assert (row.problem_code, answer.location.partition("?")[0]) == ("", f"/connections/{row.id}")
    assert set(sandbox.targets()) <= set(places)


# A hub beside a sandbox, as the demo runs it


@pytest.fixture
def trello():
    sandbox = make_sandbox(TRELLO)
    with serve(sandbox):
        yield sandbox


@pytest.fixture
def beside(sqlite_url, tmp_path, trello):
    """A hub that knows of the sandbox, and its administrator."""
    told = {"origin": trello.origin, "auth": trello.auth, "settings": dict(trello.settings(trello.origin)),
            "secrets": dict(trello.secrets)}  # fmt: skip
    (tmp_path / "sandboxes.json").write_text(json.dumps({"trello": told}))
    database, clock = Database(sqlite_url), ManualClock()
    EventLog(database, clock)
    hub = checked(
        WebHub(database, clock, tmp_path / "home", trusted_origins=[trello.origin],
               sandboxes=tmp_path / "sandboxes.json")
    ).settle_in()  # fmt: skip
    wake(database, hub.settings, clock)
    yield hub
    database.dispose()


def fields(page):
    """What a browser would send of a form as it is shown."""
    found = dict(re.findall(r'<input class="input[^"]*" id="f-\w+" name="(\w+)" type="\w+" value="([^"]*)"', page))
    return {name: html.unescape(value) for name, value in found.items()}


def connect(client, **more):
    form = fields(client.get("/connections/new/trello").get_data(as_text=True))
    return sent(client, "/connections/new/trello", auth="key_and_token", **form | more)


def test_a_form_beside_a_sandbox_is_filled_in_and_connects(beside, trello):
    client = beside.client("administrator")
    page = client.get("/connections/new/trello")
    assert f"A made-up Trello runs at {trello.origin}" in text(page)
    answer = connect(client)
    assert answer.status_code == 303, text(answer)
    assert "This demo has no made-up Asana" in text(client.get("/connections/new/asana"))
    shown = text(client.get(answer.location))
    assert "Connected. Its places are listed below." in shown
    assert "Address of Trello's interface" in shown


def test_outside_of_the_demo_no_form_tells_of_sandboxes(admin):
    page = admin.get("/connections/new/trello").get_data(as_text=True)
    assert "made-up" not in page
    assert 'id="f-token" name="token" type="password" required' in page


def test_the_same_account_twice_is_told_and_a_person_chooses(beside):
    client = beside.client("administrator")
    first = connect(client).location.partition("?")[0]
    again = connect(client, label="Withdrawn")
    assert again.status_code == 409
    assert "is connected already" in text(again)
    assert "Keep a second sign-in" not in text(again), "it is the same person"
    state = re.search(r'name="state" value="([^"]+)"', again.get_data(as_text=True))[1]
    done = sent(client, "/connections/known", state=state, known="renew")
    assert done.location.startswith(first)
    (one,) = beside.services.connections.list(beside.people[Role.ADMINISTRATOR])
    assert one.settings["label"] == "Withdrawn"
    used = sent(client, "/connections/known", state=state, known="renew")
    assert used.status_code == 400


def test_settings_are_changed_by_their_labels_and_taken_back(beside, trello):
    client = beside.client("administrator")
    address = connect(client).location.partition("?")[0]
    form = client.get(f"{address}/settings").get_data(as_text=True)
    assert "Text field for assets" in form
    assert 'name="origin"' not in form, "where it is cannot be changed"
    assert "another one is another connection" in form
    done = sent(client, f"{address}/settings", seen="0", label="Withdrawn", asset_field="", cover="true")
    assert done.status_code == 303, text(done)
    page = client.get(done.location)
    assert "Saved: the account was asked who we are first." in text(page)
    assert "Label after a withdrawal: nothing → Withdrawn" in text(page)
    undone = sent(client, f"{address}/settings/undo", seen="1")
    assert "Taken back." in text(client.get(undone.location))
    late = sent(client, f"{address}/settings", seen="1", label="Late")
    assert late.status_code == 409
    assert 'value="Late"' in late.get_data(as_text=True)


def test_a_change_that_the_account_refuses_is_told_on_the_form(beside, trello):
    client = beside.client("administrator")
    address = connect(client).location.partition("?")[0]
    trello.secrets = {**trello.secrets, "token": "another-one"}
    refused = sent(client, f"{address}/settings", seen="0", label="Withdrawn")
    assert refused.status_code == 400
    assert 'role="alert"' in refused.get_data(as_text=True)
    assert 'value="Withdrawn"' in refused.get_data(as_text=True)


# Places


@pytest.fixture
def cards(hub):
    """Sixty cards of one account."""
    for number in range(60):
        target = hub.target("trello", f"Card {number}")
    with hub.database.read() as session:
        return session.scalar(select(Connection.id)), target


def test_long_lists_of_places_come_in_pages_and_are_found_by_words(hub, admin, cards):
    address = f"/connections/{cards[0]}"
    page = text(admin.get(address))
    assert "1 to 50 of 60" in page
    assert page.index("Card 9 ") < page.index("Card 10 ")
    assert "51 to 60 of 60" in text(admin.get(f"{address}?from=50"))
    found = text(admin.get(f"{address}?q=card+59"))
    assert "1 of 60 hold" in found
    assert "No place holds these words" in text(admin.get(f"{address}?q=nothing"))


def test_a_place_says_what_it_stands_for_in_words_that_licences_use(hub, admin, cards):
    connection, target = cards
    asset = hub.approved(title="Lake")
    hub.services.rights.add_term(hub.people[Role.EDITOR], asset.id, source="licence", effect="allow", channels=["web"])
    address = f"/connections/{connection}/places/{target.id}"
    page = admin.get(address).get_data(as_text=True)
    assert "No licence names trello" in page
    assert '<option value="web">a licence names it' in page
    assert '<option value="DE">Germany' in page
    done = sent(admin, address, channel="web", territory="DE", language="pt-br")
    assert "Saved. Copies there follow." in text(admin.get(done.location))
    shown = text(admin.get(f"/connections/{connection}?q=web"))
    assert "Germany" in shown
    assert "Portuguese (Brazil)" in shown
    with hub.database.read() as session:
        row = session.get_one(Target, target.id)
    assert (row.channel, row.territory, row.language) == ("web", "DE", "pt-BR")


@pytest.mark.parametrize(
    ("field", "value"), [("channel", "My Website"), ("territory", "ZZ"), ("language", "klingonese")]
)
def test_what_a_place_cannot_stand_for_is_told_beside_its_field(admin, cards, field, value):
    connection, target = cards
    values = {"channel": "web", "territory": "DE", "language": "de"} | {field: value}
    answer = sent(admin, f"/connections/{connection}/places/{target.id}", **values)
    assert answer.status_code == 400
    assert re.search(rf'id="w-{field}"', answer.get_data(as_text=True))


def test_who_places_sets_the_language_and_is_told_who_sets_the_rest(hub, cards):
    connection, target = cards
    editor = hub.client("editor")
    page = editor.get(f"/connections/{connection}/places/{target.id}")
    assert "Channel and country are set by an administrator." in text(page)
    done = sent(editor, f"/connections/{connection}/places/{target.id}", language="de")
    assert done.status_code == 303


def test_before_a_place_stands_for_another_channel_its_copies_are_counted_and_only_then_it_does(hub, admin, cards):
    connection, target = cards
    asset = hub.approved(title="Lake")
    hub.services.rights.add_term(hub.people[Role.EDITOR], asset.id, source="licence", effect="allow", channels=["web"])
    hub.services.connections.set_target(hub.people[Role.ADMINISTRATOR], target.id, channel="web")
    hub.copy(asset, target)
    address, wish = f"/connections/{connection}/places/{target.id}", {"channel": "print", "territory": "DE"}
    asked = sent(admin, address, **wish, language="de")
    assert asked.status_code == 200
    page = text(asked)
    assert "stand for print, Germany?" in page
    assert "1 is withdrawn" in page
    assert "given anew" in page
    assert "Save place and change 1 now" in page
    with hub.database.read() as session:
        assert session.get_one(Target, target.id).channel == "web"
    assert sent(admin, address, channel="web", territory="DE", language="").status_code == 303
    hidden = dict(re.findall(r'type="hidden" name="(channel|territory|language|seen)" value="([^"]*)"', asked.text))
    assert hidden.items() >= {**wish, "language": "de"}.items()
    assert sent(admin, address, **{**hidden, "territory": "FR"}).status_code == 200, "that was not seen before"
    assert sent(admin, address, **hidden).status_code == 303
    with hub.database.read() as session:
        assert session.get_one(Target, target.id).channel == "print"
    told = admin.get(f"/api/v1/targets/{target.id}/impact?channel=web").json
    assert (told["act"], [line["becomes"] for line in told["lines"]]) == ("move", ["kept"])


def test_what_other_times_of_a_place_do_is_said_beside_the_button_and_what_was_seen_is_saved_at_once(hub, admin, cards):
    connection, target = cards
    asset = hub.approved(title="Lake")
    date = hub.clock.now() + 10 * DAY
    until = date + 2 * DAY
    hub.services.rights.add_term(
        hub.people[Role.EDITOR], asset.id, source="licence", effect="allow", until_at=until
    )  # fmt: skip
    hub.copy(
        asset, target, phase="waiting", desired="absent", desired_reason="not_due", publish_at=date, observed_at=None
    )
    address = f"/connections/{connection}/places/{target.id}"
    page = admin.get(address).text
    assert 'id="life" name="life" type="number"' in page
    assert 'value="24"' in page
    wish = {"channel": "trello", "territory": "*", "language": "", "lead": "30", "late": "60", "life": "72"}
    beside = sent(admin, f"{address}/follows", **wish)
    assert beside.status_code == 200
    said = text(beside)
    assert "<html" not in beside.text
    assert "1 does not go out at its time" in said
    assert "the first for " + " ".join(words.moment(date).split()) in said
    assert "once more 30 min before their time, not 15 min" in said
    (seen,) = re.findall(r'name="seen" value="([^"]*)"', beside.text)
    asked = sent(admin, address, **wish)
    assert "Change the times of" in text(asked), "without modules it is a page"
    assert sent(admin, address, **wish, seen=seen).status_code == 303
    with hub.database.read() as session:
        row = session.get_one(Target, target.id)
        assert (row.lead_s, row.late_s, row.life_s) == (1800, 3600, 259_200)
    told = admin.get(f"/api/v1/targets/{target.id}/impact?life_s=86400").json
    assert [line["becomes"] for line in told["lines"]] == ["resumed"]
    assert told["lines"][0]["copy"]["publish_at"] == date
    wrong = sent(admin, address, **{**wish, "late": "soon"})
    assert (wrong.status_code, "This is no number." in text(wrong)) == (400, True)
    assert "This is no number." in text(sent(admin, f"{address}/follows", **{**wish, "late": "soon"}))
