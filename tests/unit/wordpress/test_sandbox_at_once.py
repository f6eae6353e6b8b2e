"""The sandbox answers several workers at once."""

from __future__ import annotations

import base64

from connectors.testing.conformance.bench import PNG
from connectors.wordpress import sandbox_routes as room
from connectors.wordpress.sandbox import WordPressSandbox


def test_a_listing_survives_an_upload_that_comes_meanwhile(monkeypatch):
    sandbox = WordPressSandbox()
    sandbox.take("one.png", PNG, {})
    sandbox.take("two.png", PNG, {})

    def matches(_texts):
        sandbox.take("meanwhile.png", PNG, {})
        return True

    monkeypatch.setattr(room, "matches", matches)
    pair = base64.b64encode(f"admin:{sandbox.secrets['password']}".encode()).decode()
    answer = sandbox.app.test_client().get("/wp-json/wp/v2/media", headers={"Authorization": f"Basic {pair}"})
    assert answer.status_code == 200
    assert len(answer.get_json()) == 2
