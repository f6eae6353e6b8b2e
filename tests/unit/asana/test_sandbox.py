"""The made-up Asana refuses what the real one refuses, line by line as it is documented."""

import json

import httpx
import pytest

from tests.unit.asana.conftest import MARKER

LINK = {"resource_subtype": "external", "url": "https://hub.example/p/x", "name": "x"}
TASK = "1210000000001001"


@pytest.fixture
def ask(sandbox):
    def send(method, path, *, parts=None, data=None, wrap=True, token=None, **query):
        options = {"params": query, "trust_env": False}
        if parts is not None:
            options["files"] = {name: (None, value) for name, value in parts.items()}
        if data is not None:
            options["json"] = {"data": data} if wrap else data
        headers = {"Authorization": f"Bearer {token or sandbox.secrets['token']}"}
        return httpx.request(method, f"{sandbox.origin}/api/1.0{path}", headers=headers, **options)

    return send


def test_a_link_is_answered_200_and_wrapped(ask):
    answer = ask("POST", "/attachments", parts={**LINK, "parent": TASK})
    assert (answer.status_code, answer.json()["data"]["resource_subtype"]) == (200, "external")


@pytest.mark.parametrize(
    "parts",
    [
        {**LINK, "parent": TASK, "nme": "y"}, LINK, {"parent": TASK, "resource_subtype": "external", "name": "x"},
        {"parent": TASK, "resource_subtype": "external", "url": "https://x.example"},
        {**LINK, "parent": TASK, "url": "x"},
        {**LINK, "parent": TASK, "resource_subtype": "dropbox"}, {"parent": TASK, "name": "x"},
        {**LINK, "parent": TASK, "name": ""},
    ],
)  # fmt: skip
def test_a_link_that_asana_would_refuse_is_refused(ask, sandbox, parts):
    answer = ask("POST", "/attachments", parts=parts)
    assert (answer.status_code, list(answer.json())) == (400, ["errors"])
    assert answer.json()["errors"][0]["message"]
    assert sandbox.ledger.effects() == ()


def test_attachments_are_no_json_and_other_bodies_are_nothing_but_wrapped_json(ask):
    assert ask("POST", "/attachments", data={**LINK, "parent": TASK}).status_code == 400
    assert ask("PUT", f"/tasks/{TASK}", data={"custom_fields": {}}, wrap=False).status_code == 400
    assert ask("POST", f"/tasks/{TASK}/stories", data={"text": "x", "colour": "red"}).status_code == 400
    assert ask("POST", f"/tasks/{TASK}/stories", data={"text": "x"}).status_code == 201


def test_what_is_not_in_the_contract_is_refused(ask, sandbox):
    for method, path in (("GET", "/boards"), ("PUT", "/attachments/1"), ("DELETE", f"/tasks/{TASK}")):
        assert ask(method, path).status_code == 400
    assert ask("GET", "/tasks", project=TASK, page="2").status_code == 400
    assert ask("GET", "/tasks", project="1200000000001001", limit="101").status_code == 400
    assert len(sandbox.violations) == 5


def test_pages_go_on_by_a_token_that_fits_one_list_alone(ask):
    first = ask("GET", "/tasks", project="1200000000001002", limit="100").json()
    token = first["next_page"]["offset"]
    last = ask("GET", "/tasks", project="1200000000001002", limit="100", offset=token).json()
    assert (len(first["data"]), len(last["data"]), last["next_page"]) == (100, 20, None)
    for path, bad in (("/workspaces", token), ("/tasks", "made-up"), ("/tasks", "ü")):
        assert (
            ask("GET", path, offset=bad, **({"project": "1200000000001002"} if path == "/tasks" else {})).status_code
            == 400
        )


def test_lists_are_compact_unless_more_is_asked_for(ask):
    ask("POST", "/attachments", parts={**LINK, "parent": TASK})
    usual, more = (
        ask("GET", "/attachments", parent=TASK, **asked).json()["data"][0]
        for asked in ({}, {"opt_fields": "view_url,name"})
    )
    assert set(usual) == {"gid", "resource_type", "resource_subtype", "name"}
    assert set(more) == {"gid", "resource_type", "view_url", "name"}


def test_tasks_need_a_project_and_a_token(ask):
    assert ask("GET", "/tasks").json()["errors"][0]["message"].startswith("You should specify one of project")
    answer = ask("GET", "/tasks", project="x", token="wrong")
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (401, "Not Authorized")


@pytest.mark.parametrize(
    "filters",
    [[{"resource_type": "hologram"}], [{"resource_type": "task", "action": "vanished"}], [{"action": "changed"}],
     [{"resource_type": "task", "action": "added", "fields": ["name"]}], [{"resource_type": "task", "colour": "red"}]],
)  # fmt: skip
def test_filters_that_make_no_sense_are_refused(ask, filters):
    wanted = {"resource": TASK, "target": "http://127.0.0.1:9/x", "filters": filters}
    answer = ask("POST", "/webhooks", data=wanted)
    assert (answer.status_code, answer.json()["errors"][0]["message"][:8]) == (400, "filters:")


def test_a_stream_pages_by_a_hundred(ask, sandbox):
    token = ask("GET", "/events", resource="1200000000001001").json()["sync"]
    for number in range(60):
        sandbox.add_task(f"Task {number}")
    first = ask("GET", "/events", resource="1200000000001001", sync=token).json()
    assert (len(first["data"]), first["has_more"]) == (100, True)
    rest = ask("GET", "/events", resource="1200000000001001", sync=first["sync"]).json()
    assert (len(rest["data"]), rest["has_more"]) == (20, False)
    again = ask("GET", "/events", resource="1200000000001001", sync=token).json()
    assert again == first, "asking again is safe"


def test_a_whole_webhook_tells_its_health(ask, sandbox, samples):
    sandbox.hooks["17"] = {
        "resource": TASK,
        "target": "https://x.example",
        "filters": [],
        "secret": MARKER,
        "beaten": True,
    }
    told = ask("GET", "/webhooks/17")
    assert MARKER not in told.text, "the secret is told once"
    assert set(samples["webhook_made"]["data"]) - {"created_at"} <= set(told.json()["data"])
    assert json.loads(told.text)["data"]["active"] is True
