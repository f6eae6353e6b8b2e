"""Settings change only after the account was asked, never which account is meant, and always with a way back."""

from __future__ import annotations

import httpx
import pytest

from connectors.sdk.manifest import Auth, AuthField, OAuth
from hub.access.actors import Actor, Role
from hub.clock import MINUTE
from hub.connections.service import Connections
from hub.connections.speaking import Speaking
from hub.db.installation import wake
from hub.errors import Conflict, Forbidden, Invalid, Unavailable
from tests.unit.connections.fakevendor import KEY, ORIGIN, tiny_manifest

FIXED = "It says which one it is."


def key(oauth=None):
    fields = (AuthField("key", "API key", secret=True),)
    return Auth("key", "API key", lambda secrets: {"X-Key": secrets["key"]}, fields, oauth=oauth)


@pytest.fixture
def registry():
    def further(settings):
        return (settings.token_site,) if settings.token_site else ()

    return {"tiny": tiny_manifest(auths=(key(),), fixed={"site": FIXED}, further_origins=further)}


@pytest.fixture
def made(connections, admin):
    return connections.connect(admin, "tiny", auth="key", settings={"label": "old"}, secrets={"key": KEY})


def test_a_change_counts_after_the_account_was_asked_and_is_an_event(connections, made, admin, tiny, events, clock):
    asked = len(tiny.asked)
    view = connections.change_settings(admin, made.id, {"label": "new"}, seen=0)
    assert [call.url.path for call in tiny.asked[asked:]] == ["/me"]
    assert (view.number, view.values["label"], view.values["site"]) == (1, "new", ORIGIN)
    (event,) = events("connection.settings_changed")
    assert (event.subject, event.actor) == (made.id, admin.id)
    assert event.body["before"] == {"label": "old"}
    assert event.body["after"] == {"label": "new"}
    assert events("remote.hint")[-1].body == {"remote_id": made.remote_id, "refs": [], "kind": "settings_changed"}
    assert (view.last.by, view.last.at) == (admin.id, clock.now())


def test_the_same_values_again_change_nothing_and_ask_nobody(connections, made, admin, tiny, events):
    asked = len(tiny.asked)
    assert connections.change_settings(admin, made.id, {"label": "old"}, seen=0).number == 0
    assert len(tiny.asked) == asked
    assert "connection.settings_changed" not in events()


def test_the_way_back_is_a_change_of_its_own_and_leads_forth_again(connections, made, admin):
    connections.change_settings(admin, made.id, {"label": "new"}, seen=0)
    assert connections.undo_settings(admin, made.id, seen=1).values["label"] == "old"
    again = connections.undo_settings(admin, made.id, seen=2)
    assert (again.values["label"], again.number) == ("new", 3)


def test_without_a_change_there_is_no_way_back(connections, made, admin):
    with pytest.raises(Conflict) as told:
        connections.undo_settings(admin, made.id, seen=0)
    assert told.value.code == "nothing_to_undo"


def test_what_says_which_account_it_is_cannot_be_changed(connections, made, admin, tiny):
    asked = len(tiny.asked)
    with pytest.raises(Invalid) as told:
        connections.change_settings(admin, made.id, {"site": "https://evil.example"}, seen=0)
    assert (told.value.code, told.value.where) == ("setting_fixed", "site")
    assert FIXED in told.value.what
    assert len(tiny.asked) == asked, "no secret went there"
    assert connections.settings(admin, made.id).fixed == {"site": FIXED}


def test_no_other_setting_sends_kept_secrets_elsewhere(connections, made, admin, tiny):
    asked = len(tiny.asked)
    with pytest.raises(Invalid) as told:
        connections.change_settings(admin, made.id, {"token_site": "https://evil.example"}, seen=0)
    assert (told.value.code, told.value.where) == ("setting_leads_elsewhere", "token_site")
    assert len(tiny.asked) == asked


def test_the_way_back_leads_to_an_address_that_these_secrets_were_given_for_and_to_no_other(connections, admin, clock):
    further = "https://files.tiny.example"
    made = connections.connect(admin, "tiny", auth="key", settings={"token_site": further}, secrets={"key": KEY})
    clock.advance(MINUTE)
    connections.change_settings(admin, made.id, {"token_site": ""}, seen=0)
    assert connections.undo_settings(admin, made.id, seen=1).values["token_site"] == further
    connections.change_settings(admin, made.id, {"token_site": ""}, seen=2)
    clock.advance(MINUTE)
    connections.reconnect(admin, made.id, {"key": KEY})
    with pytest.raises(Invalid) as told:
        connections.undo_settings(admin, made.id, seen=3)
    assert told.value.code == "setting_leads_elsewhere"


def test_settings_that_lead_to_another_account_are_refused(connections, made, admin, tiny):
    tiny.account = {**tiny.account, "id": "acct-2"}
    with pytest.raises(Conflict) as told:
        connections.change_settings(admin, made.id, {"label": "new"}, seen=0)
    assert told.value.code == "other_account"
    assert connections.settings(admin, made.id).values["label"] == "old"


@pytest.mark.parametrize(
    ("answer", "error"), [(httpx.Response(403, text="no"), Invalid), (httpx.ConnectError("away"), Unavailable)]
)
def test_what_the_account_refuses_does_not_count(connections, made, admin, tiny, answer, error, events):
    tiny.answer = answer
    with pytest.raises(error):
        connections.change_settings(admin, made.id, {"label": "new"}, seen=0)
    assert connections.settings(admin, made.id).values["label"] == "old"
    assert "connection.settings_changed" not in events()


def test_a_setting_that_is_malformed_is_named(connections, made, admin):
    with pytest.raises(Invalid) as told:
        connections.change_settings(admin, made.id, {"label": 7}, seen=0)
    assert (told.value.code, told.value.where) == ("settings_invalid", "label")


def test_of_two_who_change_them_the_second_is_told(connections, made, admin):
    connections.change_settings(admin, made.id, {"label": "hers"}, seen=0)
    with pytest.raises(Conflict) as told:
        connections.change_settings(admin, made.id, {"label": "his"}, seen=0)
    assert told.value.code == "settings_changed"


def test_one_that_is_switched_off_is_not_asked(connections, made, admin):
    connections.pause(admin, made.id)
    with pytest.raises(Conflict) as told:
        connections.change_settings(admin, made.id, {"label": "new"}, seen=0)
    assert told.value.code == "connection_off"


def test_only_those_who_connect_change_them_and_those_who_place_see_them(connections, made):
    editor = Actor("e", "Edda", Role.EDITOR)
    assert connections.settings(editor, made.id).values["label"] == "old"
    with pytest.raises(Forbidden):
        connections.change_settings(editor, made.id, {"label": "new"}, seen=0)
    with pytest.raises(Forbidden):
        connections.undo_settings(editor, made.id, seen=0)
    with pytest.raises(Forbidden):
        connections.settings(Actor("v", "Vito", Role.VIEWER), made.id)


def test_settings_that_need_other_permissions_ask_for_a_new_sign_in(database, clock, keyring, settings, admin, tiny):
    def server(own):
        scopes = ("read", "write") if own.label else ("read",)
        return OAuth("https://v.example/a", "https://v.example/t", scopes=scopes)

    wake(database, settings, clock)
    registry = {"tiny": tiny_manifest(auths=(key(),))}
    with httpx.Client(transport=httpx.MockTransport(tiny)) as http:
        speaking = Speaking(
            database, clock, keyring, registry, base_url=settings.url, trusted_origins=[], client=http
        )  # fmt: skip
        room = Connections(database, clock, keyring, registry, settings, speaking=speaking)
        made = room.connect(admin, "tiny", auth="key", settings={}, secrets={"key": KEY})
        registry["tiny"] = tiny_manifest(auths=(key(server),))
        assert room.change_settings(admin, made.id, {"label": "new"}, seen=0).asks_anew
        assert not room.change_settings(admin, made.id, {"label": ""}, seen=1).asks_anew
