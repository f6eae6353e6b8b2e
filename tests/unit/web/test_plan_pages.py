"""The page of a connection says plan and space, where the system tells them."""

from __future__ import annotations

import re

from hub.access.actors import Role
from hub.connections.models import Connection


def test_plan_and_space_are_told_on_the_page_and_by_the_api(hub):
    hub.target("dropbox", "Press", "Our Dropbox")
    with hub.database.unit() as session:
        connection_id = session.query(Connection).one().id
    admin = hub.client(Role.ADMINISTRATOR)
    assert "<dt>Plan</dt>" not in admin.get(f"/connections/{connection_id}").text
    assert admin.get("/api/v1/connections").json["items"][0]["plan"] == ""
    with hub.database.unit() as session:
        session.get_one(Connection, connection_id).plan = "Dropbox Basic, 1.2 GB of 2 GB used"
    page = admin.get(f"/connections/{connection_id}").text
    assert re.search(r"<dt>Plan</dt><dd[^>]*>Dropbox Basic, 1.2 GB of 2 GB used</dd>", page)
    assert admin.get("/api/v1/connections").json["items"][0]["plan"] == "Dropbox Basic, 1.2 GB of 2 GB used"
