"""OAuth at a Drupal site: as the hub itself, and by a person's yes; the settings' scope and nothing else."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.drupal import MANIFEST
from connectors.drupal.sandbox import REDIRECT
from connectors.sdk.errors import AuthExpired
from connectors.sdk.oauth import Client, OAuthFlow, new_verifier
from tests.unit.drupal.conftest import outgoing

PASSWORD, CLIENT, CODE = MANIFEST.auths


@pytest.fixture
def flow(sandbox, http):
    registered = Client(sandbox.authorization.client_id, sandbox.authorization.client_secret)
    server = CODE.server(MANIFEST.settings(site_url=sandbox.origin, oauth_scope="dam media"))
    return OAuthFlow(server, registered, redirect_uri=REDIRECT, http=http)


def test_the_hub_as_itself_publishes(sandbox, flow, connect):
    assert (CLIENT.by_machine, CLIENT.in_browser) == (True, False)
    grant = flow.machine(CLIENT, {}, now_s=0)
    assert grant.expires_in_s == 300
    drupal = connect(headers=CLIENT.headers({"access_token": grant.access_token}))
    assert drupal.identify().user == "hub"
    assert drupal.publish(drupal.targets(None).items[0], outgoing()).ref in sandbox.ledger.living()


def test_a_person_signs_in_at_the_site(sandbox, flow, connect):
    verifier = new_verifier()
    address = flow.authorize_url(state="s" * 40, verifier=verifier)
    asked = parse_qs(urlsplit(address).query)
    assert address.startswith(f"{sandbox.origin}/oauth/authorize?")
    assert (asked["scope"], asked["code_challenge_method"]) == (["dam media"], ["S256"])
    answer = httpx.post(address, data={"allow": "yes"}, trust_env=False)
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    grant = flow.exchange(code, verifier=verifier)
    renewed = flow.refresh(grant.refresh_token)
    assert renewed.refresh_token != grant.refresh_token  # rotates
    drupal = connect(headers=CODE.headers({"access_token": renewed.access_token}))
    assert drupal.identify().user == "hub"


def test_a_token_that_ended_is_told_as_such(sandbox, flow, connect):
    grant = flow.machine(CLIENT, {}, now_s=0)
    sandbox.authorization.withdraw_consent()
    with pytest.raises(AuthExpired):
        connect(headers=CLIENT.headers({"access_token": grant.access_token})).identify()


@pytest.mark.parametrize(
    "settings",
    [
        {"site_url": "ftp://x.org"}, {"site_url": "https://me@x.org"}, {"site_url": "https://x.org?q=1"},
        {"site_url": "https://x.org", "source_fields": ("image",)}, {"site_url": "https://x.org", "prefix": "jsonapi"},
        {"site_url": "https://x.org", "searched": ("no/de",)}, {"site_url": "https://x.org", "rights_field": "A b"},
        {"site_url": "https://x.org", "oauth_scope": ""}, {"site_url": "https://x.org", "nonsense": 1},
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ValueError, match="validation error"):
        MANIFEST.settings(**settings)
