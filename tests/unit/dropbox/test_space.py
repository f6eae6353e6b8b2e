"""What Dropbox tells of plan and space, and that no sign-in hangs on it."""

import json

import pytest

from connectors.dropbox.space import Usage, plan
from connectors.sdk.errors import AuthExpired, Misconfigured
from connectors.testing.faults import refuse

GIGA, TERA = 1 << 30, 1 << 40


def missing_scope():
    return json.dumps({"error_summary": "missing_scope/..", "error": {".tag": "missing_scope"}})


def test_plan_and_space_are_told_with_who_we_are(dropbox, wire, sandbox):
    assert dropbox.identify().plan == "Dropbox Basic, 1.2 GB of 2 GB used"
    assert wire.paths() == [("api", "users/get_current_account"), ("api", "users/get_space_usage")]
    assert wire.sent[-1].content == b"null"
    sandbox.team = True
    assert dropbox.identify().plan == "Dropbox Business, 3 TB of 9 TB used by the team"
    assert not sandbox.violations


@pytest.mark.parametrize(
    ("kind", "usage", "said"),
    [
        ("pro", {"used": 0, "allocation": {".tag": "individual", "allocated": 2 * TERA}},
         "Dropbox Pro, 0 bytes of 2 TB used"),
        ("business", {"used": GIGA, "allocation": {".tag": "team", "used": TERA, "allocated": 9 * TERA,
                                                   "user_within_team_space_allocated": 5 * GIGA}},
         "Dropbox Business, 1 GB of 5 GB used"),
        ("brand_new", {"used": GIGA, "allocation": {".tag": "brand_new"}}, "1 GB used"),
        ("brand_new", None, ""),
    ],
)  # fmt: skip
def test_what_is_not_known_is_left_out(kind, usage, said):
    assert plan(kind, usage and Usage.model_validate(usage)) == said


@pytest.mark.parametrize(
    ("status", "body"),
    [(401, missing_scope()), (403, "{}"), (409, "{}"), (404, ""), (429, "{}"), (500, ""), (200, "<html>"),
     (200, '{"used": "much"}')],
)  # fmt: skip
def test_space_that_is_not_told_fails_no_sign_in(dropbox, sandbox, status, body):
    sandbox.faults.add(refuse(status, path="get_space_usage", times=None, body=body))
    account = dropbox.identify()
    assert account.key
    assert account.plan == "Dropbox Basic"


def test_a_sign_in_that_ends_between_the_calls_is_told(dropbox, sandbox):
    body = json.dumps({"error_summary": "expired_access_token/..", "error": {".tag": "expired_access_token"}})
    sandbox.faults.add(refuse(401, path="get_space_usage", times=None, body=body))
    with pytest.raises(AuthExpired):
        dropbox.identify()


def test_the_made_up_dropbox_wants_the_scope_for_it(dropbox, sandbox):
    there = dropbox._calls(anywhere=True)
    sandbox.scopes.granted = frozenset({"files.metadata.read"})
    with pytest.raises(Misconfigured):
        there.read("/2/users/get_space_usage", None, Usage)
    sandbox.scopes.granted = frozenset({"account_info.read"})
    assert there.read("/2/users/get_space_usage", None, Usage).used
