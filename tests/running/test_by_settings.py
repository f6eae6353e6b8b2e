"""The pair for several hosts (PostgreSQL, S3), chosen by settings alone. The demo plays on the embedded pair."""

from __future__ import annotations

import hashlib
import json

import pytest

from connectors.testing.ledger import living, read_ledger
from hub.app.samples import DAY, DUSK, lake
from tests.running.hub_process import running_hub, running_sandbox

BYTES = {"Content-Type": "application/octet-stream"}
ANY = {"If-Match": "*"}


@pytest.fixture
def environ(s3_settings, postgres_url):
    return {
        "DAMHUB_DATABASE_URL": postgres_url,
        "DAMHUB_STORAGE": "s3",
        "DAMHUB_S3_ENDPOINT_URL": s3_settings.endpoint_url,
        "DAMHUB_S3_BUCKET": s3_settings.bucket,
        "DAMHUB_S3_PREFIX": s3_settings.prefix,
        "DAMHUB_S3_ACCESS_KEY": s3_settings.access_key.get_secret_value(),
        "DAMHUB_S3_SECRET_KEY": s3_settings.secret_key.get_secret_value(),
    }


@pytest.mark.long
def test_one_asset_from_intake_to_a_proven_recall(environ, tmp_path):
    with running_sandbox("wordpress", tmp_path) as site:
        trusted = json.dumps([site["origin"]])
        with running_hub(tmp_path, environ, trusted_origins=trusted) as hub:
            target = _connect(hub, site)
            asset = _approved(hub, lake(DAY, size=(900, 600)))
            copy = hub.ask("POST", f"/assets/{asset['asset_id']}/copies", 201, json={"target_id": target})
            first = hub.until(lambda: _settled(hub, copy["id"], "live", "in_place"))
            assert first["proof"]["level"] == "seen"
            assert len(living(read_ledger(tmp_path / "wordpress.ledger"))) == 1

        # Ended and started again, as an operator would after an update.
        with running_hub(tmp_path, environ, trusted_origins=trusted) as hub:
            _approved(hub, lake(DUSK, size=(900, 600)), version_of=asset["asset_id"])
            followed = hub.until(lambda: _shows(hub, copy["id"], 2))
            assert followed["proof"]["claim"] == "in_place"
            body = {"asset_id": asset["asset_id"], "reason": "The licence was called off."}
            recall = hub.ask("POST", "/recalls", 201, json=body)
            done = hub.until(lambda: _complete(hub, recall["id"]))
            assert [(line["result"], line["level"]) for line in done["lines"]] == [("withdrawn", "seen")]
    assert living(read_ledger(tmp_path / "wordpress.ledger")) == {}


def _connect(hub, site):
    body = {key: site[key] for key in ("auth", "settings", "secrets")}
    made = hub.ask("POST", "/connections", 201, json={"connector": "wordpress", **body})
    hub.ask("POST", f"/connections/{made['id']}/targets", 200)
    return hub.ask("GET", "/targets", 200)["items"][0]["id"]


def _approved(hub, content, version_of=None):
    path = f"/assets/{version_of}/versions" if version_of else "/assets"
    made = hub.ask("POST", path, 201, params={"filename": "lake.jpg"}, content=content, headers=BYTES)
    sha256 = hashlib.sha256(content).hexdigest()
    if not version_of:  # where pictures are shown, they need an alternative text
        hub.ask("PATCH", f"/assets/{made['asset_id']}", 200, json={"fields": {"alt_text": "A lake"}}, headers=ANY)
    hub.ask("POST", f"/versions/{made['version_id']}/approve", 204, json={"sha256": sha256})
    return made


def _settled(hub, copy_id, phase, claim):
    copy = hub.ask("GET", f"/copies/{copy_id}", 200)
    return copy if copy["phase"] == phase and copy["proof"] and copy["proof"]["claim"] == claim else None


def _shows(hub, copy_id, number):
    copy = _settled(hub, copy_id, "live", "in_place")
    return copy if copy and copy["shown_version"] == number and copy["proof"]["current"] else None


def _complete(hub, recall_id):
    report = hub.ask("GET", f"/recalls/{recall_id}", 200)
    return report if report["complete"] else None
