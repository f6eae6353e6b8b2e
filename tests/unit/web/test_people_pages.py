"""The pages for people and tokens: every act of an administrator, and everybody's own password and tokens."""

from __future__ import annotations

import re

from hub.access.actors import Role


def sent(client, address, **form):
    return client.post(address, data={"csrf": client.csrf, **form})


def row_of(hub, name):
    return next(one for one in hub.services.access.users(hub.people[Role.ADMINISTRATOR]) if one.name == name)


def test_an_administrator_adds_changes_and_shuts_out(hub):
    admin = hub.client("administrator")
    made = sent(
        admin, "/people", email="nia@dam.test", name="Nia Nord", role="editor", password="correct horse battery"
    )
    assert made.status_code == 303
    nia = row_of(hub, "Nia Nord")
    assert nia.role == "editor"
    assert sent(admin, f"/people/{nia.id}/role", role="viewer").status_code == 303
    assert row_of(hub, "Nia Nord").role == "viewer"
    assert sent(admin, f"/people/{nia.id}/out").status_code == 303
    page = admin.get("/people").get_data(as_text=True)
    assert "Shut out" in page
    assert "nia@dam.test" in page
    assert sent(admin, f"/people/{nia.id}/in").status_code == 303
    assert not row_of(hub, "Nia Nord").disabled
    assert sent(admin, f"/people/{nia.id}/password", password="another long password").status_code == 303
    assert hub.services.access.sign_in("nia@dam.test", "another long password", address="").actor.name == "Nia Nord"


def test_what_is_wrong_is_told_beside_what_was_filled_in(hub):
    admin = hub.client("administrator")
    taken = sent(admin, "/people", email="viewer@dam.test", name="Nia", role="editor", password="correct horse battery")
    assert taken.status_code == 409
    assert 'value="Nia"' in taken.get_data(as_text=True)
    ada = row_of(hub, "Ada Adler")
    last = sent(admin, f"/people/{ada.id}/role", role="viewer")
    assert (last.status_code, "last_administrator" in last.get_data(as_text=True)) == (409, True)
    assert sent(admin, f"/people/{ada.id}/role", role="emperor").status_code == 400
    assert sent(admin, f"/people/{ada.id}/dance").status_code == 404
    assert "/people" not in hub.client("editor").get("/").get_data(as_text=True)


def test_a_token_is_shown_once_works_and_can_be_revoked(hub):
    viewer = hub.client("viewer")
    made = sent(viewer, "/account/tokens", label="My script", scope="read", days="7").get_data(as_text=True)
    secret = re.search(r'class="mono wrap-any">([^<]+)<', made).group(1)
    assert hub.services.access.token_actor(secret).name == "Vito Vale"
    page = viewer.get("/account").get_data(as_text=True)
    assert "My script" in page
    assert secret not in page
    (token,) = hub.services.access.list_tokens(hub.people[Role.VIEWER])
    assert sent(viewer, f"/account/tokens/{token.id}/revoke").status_code == 303
    assert "revoked" in viewer.get("/account").get_data(as_text=True)
    assert sent(viewer, "/account/tokens", label="For ever", scope="read", days="9999").status_code == 400


def test_changing_ones_password_needs_the_old_one_and_ends_sessions(hub):
    viewer = hub.client("viewer")
    wrong = sent(viewer, "/account/password", current="not it at all", password="a new long password")
    assert wrong.status_code == 401
    right = sent(viewer, "/account/password", current="correct horse battery", password="a new long password")
    assert right.headers["Location"] == "/sign-in"
    assert viewer.get("/account").status_code == 303
    assert hub.services.access.sign_in("viewer@dam.test", "a new long password", address="").actor.name == "Vito Vale"
