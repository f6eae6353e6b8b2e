"""The page of a connection says how many deliveries were refused there."""

from __future__ import annotations

import re

from hub.access.actors import Role
from hub.connections.models import Connection, Subscription


def test_refused_deliveries_are_told_on_the_page_of_their_connection_and_by_the_api(hub):
    target = hub.target("postiz", "Our page", "Our Postiz")
    with hub.database.unit() as session:
        session.add_all(
            Subscription(id=name, remote_id=target.remote_id, target_id=None, external_ref="", callback_url="y",
                         sealed_secret="", created_at=1, forged=600, forged_at=hub.clock.now() - ago)
            for name, ago in (("s1", 9), ("s2", 0))
        )  # fmt: skip
        connection_id = session.query(Connection).one().id
    admin = hub.client(Role.ADMINISTRATOR)
    page = " ".join(re.sub(r"<[^>]+>", "", admin.get(f"/connections/{connection_id}").text).split())
    assert "1,200 deliveries were refused for want of a right signature, the last" in page
    assert "Nothing of them was kept." in page
    (one,) = admin.get("/api/v1/connections").json["items"]
    assert one["forged"] == 1200
    assert one["forged_at"] is not None
