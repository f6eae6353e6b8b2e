"""What the real LinkedIn answered, as people published it: the sandbox answers alike, and the connector understands."""

import json
from pathlib import Path

import httpx
import pytest

import connectors.linkedin
from connectors.linkedin.types import duplicate_in, error_code
from connectors.sdk.manifest import Meaning
from tests.unit.linkedin.conftest import outgoing

RECORDED = json.loads((Path(connectors.linkedin.__file__).parent / "fixtures" / "recorded.json").read_text())["answers"]
DUPLICATE, ENDED = RECORDED
HEADERS = {"LinkedIn-Version": "202608", "X-Restli-Protocol-Version": "2.0.0"}


def ask(desk, method, path, *, json=None, headers=HEADERS):
    token = {"Authorization": f"Bearer {desk.sandbox.secrets['access_token']}"}
    with httpx.Client(transport=desk.wire, base_url="https://api.linkedin.com") as client:
        return client.request(method, path, json=json, headers={**headers, **token})


def test_every_recorded_answer_has_its_source():
    assert all(answer["from"].startswith("https://github.com/") for answer in RECORDED)


def test_the_same_post_again_is_refused_line_by_line_as_recorded(pages):
    receipt = pages.publish(outgoing())
    again = ask(pages, "POST", "/rest/posts", json=json.loads(pages.wire.creates()[0].content))
    expected = json.dumps(DUPLICATE["body"]).replace("urn:li:share:7141138937766391808", receipt.ref)
    assert (again.status_code, again.json()) == (DUPLICATE["status"], json.loads(expected))
    assert "x-restli-id" not in again.headers


def test_a_version_that_has_ended_is_refused_line_by_line_as_recorded(pages):
    old = ask(pages, "GET", "/rest/organizationAcls?q=roleAssignee", headers={"LinkedIn-Version": ENDED["version"]})
    assert (old.status_code, old.json()) == (ENDED["status"], ENDED["body"])
    assert not {"sunset", "deprecation", "retry-after"} & set(old.headers)


@pytest.mark.parametrize("version", [None, ""])
def test_without_a_version_nothing_is_answered(pages, version):
    headers = {} if version is None else {"LinkedIn-Version": version}
    answer = ask(pages, "GET", "/rest/organizationAcls?q=roleAssignee", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "VERSION_MISSING")


def test_what_was_recorded_means_what_the_connector_takes_it_for():
    assert duplicate_in(DUPLICATE["body"]) == "urn:li:share:7141138937766391808"
    codes = connectors.linkedin.MANIFEST.error_codes
    assert codes[error_code(DUPLICATE["body"], "")] is Meaning.DONE
    assert codes[error_code(ENDED["body"], "")] is Meaning.MISCONFIGURED


PAGE = "urn:li:organization:9"
DRAFT = {"author": PAGE, "commentary": "x", "visibility": "PUBLIC", "distribution": {}, "lifecycleState": "DRAFT"}
COUNTED = "/rest/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity=x"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/rest/posts", {"author": PAGE, "text": "x"}),
        ("POST", "/rest/posts", DRAFT),
        ("POST", "/rest/images?action=initializeUpload", {"initializeUploadRequest": {"owner": PAGE, "fileName": "x"}}),
        ("POST", "/rest/videos?action=initializeUpload", {"initializeUploadRequest": {"owner": PAGE}}),
        ("POST", "/rest/posts/urn%3Ali%3Ashare%3A1", {"patch": {"$set": {"content": {}}}}),
        ("GET", "/rest/posts?q=author&author=urn%3Ali%3Aorganization%3A9&count=101", None),
        ("GET", f"{COUNTED}&shares=List%28urn%3Ali%3Ashare%3A1%29", None),
        ("GET", "/rest/ugcPosts", None),
    ],
)
def test_the_sandbox_refuses_what_is_no_call_of_linkedins(pages, method, path, body):
    refused = ask(pages, method, path, json=body, headers={**HEADERS, "X-RestLi-Method": "PARTIAL_UPDATE"})
    assert refused.status_code == 400
    assert not pages.sandbox.ledger.effects()


def test_media_of_another_owner_make_no_post(pages):
    one, other = pages.connector.targets(None).items[:2]
    media = pages.connector._calls.upload("images", one.ref, outgoing())
    post = {
        "author": other.ref, "commentary": "x", "visibility": "PUBLIC", "distribution": {},
        "lifecycleState": "PUBLISHED", "content": {"media": {"id": media}},
    }  # fmt: skip
    refused = ask(pages, "POST", "/rest/posts", json=post)
    assert (refused.status_code, refused.json()["code"]) == (403, "ACCESS_DENIED")
