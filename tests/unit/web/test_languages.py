"""Several languages by the pages and the API: what is shown, what is saved, and who may say what a place is told in."""

from __future__ import annotations

import pytest

from tests.web_hub import picture

API = "/api/v1"
ASSETS = f"{API}/assets"


@pytest.fixture
def lake(hub):
    return hub.approved(picture(1), title="Winter lake", creator="Ada")


def change(client, asset, **body):
    return client.patch(f"{ASSETS}/{asset.id}", json=body, headers={"If-Match": "*"})


def text(client, address, **values):
    answer = client.get(address, query_string=values)
    assert answer.status_code == 200, answer.status_code
    return answer.get_data(as_text=True)


def test_the_api_tells_and_takes_each_language(hub, lake):
    client = hub.client("editor")
    before = client.get(f"{ASSETS}/{lake.id}").json
    assert (before["language"], before["translations"]) == ("en", {})
    told = change(client, lake, fields={"title": "Wintersee", "keywords": ["See"]}, language="DE").json
    assert told["translations"] == {"de": {"title": "Wintersee", "keywords": ["See"]}}
    assert (told["title"], told["fields"]) == (before["title"], before["fields"])
    assert told["revision"] > before["revision"]
    assert change(client, lake, fields={"title": "Lake"}, language="en").json["title"] == "Lake"
    for language, fields, code in (
        ("elvish", {"title": "x"}, "unknown_language"),
        ("de", {"creator": "x"}, "field_without_languages"),
        ("de", {"title": "x" * 301}, "field_too_long"),
    ):
        assert change(client, lake, fields=fields, language=language).json["code"] == code
    assert client.get(f"{ASSETS}/{lake.id}").json["translations"] == told["translations"]


def test_a_language_is_added_on_the_assets_page(hub, lake):
    client = hub.client("editor")
    at = f"/assets/{lake.code}/details"
    own = text(client, at)
    assert 'name="creator" value="Ada"' in own
    assert "in German" not in own
    empty = text(client, at, language="german")
    assert "There are no German texts yet." in empty
    assert 'name="title" value="" lang="de" dir="ltr"' in empty
    assert 'English: <span lang="en" dir="ltr">Winter lake</span>' in empty
    assert 'name="creator"' not in empty
    form = {"csrf": client.csrf, "language": "de", "title": "Wintersee", "keywords": "See, Schnee", "revision": ""}
    saved = client.post(f"/assets/{lake.code}/edit", data=form)
    assert (saved.status_code, saved.headers["Location"]) == (303, f"{at}?language=de&told=edited")
    german = text(client, at, language="de")
    assert 'name="title" value="Wintersee"' in german
    assert 'value="See, Schnee"' in german
    assert 'name="title" value="Winter lake"' in text(client, at)
    assert f'<a class="btn s ghost" href="{at}?language=de">German</a>' in text(client, at)
    assert "in German" in text(hub.client("administrator"), f"/assets/{lake.code}/history")
    assert 'dir="rtl"' in text(client, at, language="ar")
    assert client.get(at, query_string={"language": "elvish"}).status_code == 400


def test_who_may_look_only_chooses_among_the_languages_there_are(hub, lake):
    viewer, at = hub.client("viewer"), f"/assets/{lake.code}/details"
    assert "Languages of the texts" not in text(viewer, at)
    change(hub.client("editor"), lake, fields={"title": "Wintersee"}, language="de")
    assert "Languages of the texts" in text(viewer, at)
    assert "Add a language" not in text(viewer, at)
    assert 'value="Wintersee" lang="de" dir="ltr" readonly' in text(viewer, at, language="de")


def test_a_place_is_told_in_a_language_that_editors_set(hub):
    target = hub.target("trello", "Card")
    editor, admin = hub.client("editor"), hub.client("administrator")

    def patch(client, **body):
        return client.patch(f"{API}/targets/{target.id}", json=body)

    assert patch(editor, language="pt-br").json["language"] == "pt-BR"
    assert patch(editor, language="elvish").json["code"] == "unknown_language"
    assert patch(editor, language="de", channel="web").status_code == 403
    assert patch(admin, channel="web", territory="de").json["territory"] == "DE"
    assert patch(admin, territory="?!").json["code"] == "target_malformed"
    [told] = editor.get(f"{API}/targets").json["items"]
    assert (told["language"], told["channel"], told["territory"]) == ("pt-BR", "web", "DE")
    assert patch(editor, language="").json["language"] == ""


def test_a_mapping_is_tried_in_the_languages_of_the_places(hub, lake):
    target = hub.target("wordpress", "Press", "press.example.com")
    client = hub.client("administrator")
    change(client, lake, fields={"title": "Wintersee"}, language="de")
    client.patch(f"{API}/targets/{target.id}", json={"language": "fr"})
    [connection] = hub.services.connections.list(hub.people["administrator"])
    at = f"/connections/{connection.id}/mapping"
    english = text(client, at, asset=lake.code)
    assert '<option value="">English</option>' in english
    assert '<option value="fr">French</option>' in english
    assert '<option value="de">German</option>' in english
    assert "Winter lake</td>" in english
    german = text(client, at, asset=lake.code, language="de")
    assert '<option value="de" selected>German</option>' in german
    assert "Wintersee</td>" in german
    assert "<b>title</b>: No French title: the English one is shown" in text(client, at, asset=lake.code, language="fr")
    assert client.get(at, query_string={"asset": lake.code, "language": "elvish"}).status_code == 400
