"""The sandbox kit: ledger, faults, control path, serving; over real loopback sockets."""

import io
import json
from typing import ClassVar

import httpx
import pytest
from flask import jsonify, request

from connectors.testing.contract import Contract
from connectors.testing.faults import Fault, Rule, redirect, refuse, throttle
from connectors.testing.hooks import Delivery, HookFault, Outbox
from connectors.testing.ledger import Ledger, What, living, read_ledger
from connectors.testing.sandbox import FORM, Sandbox
from connectors.testing.serve import serve


class Notes(Sandbox):
    """The smallest sandbox: notes on one board."""

    name = "notes"
    auth = "key"
    secrets: ClassVar = {"key": "abcdef"}

    def __init__(self, **more):
        super().__init__(**more)
        self.app.add_url_rule("/notes", view_func=self.add, methods=["POST"])
        self.app.add_url_rule("/notes", view_func=self.all, endpoint="all")

    def add(self):
        ref = str(len(self.ledger.effects()) + 1)
        self.ledger.add(What.MADE, ref, "board", text=request.get_json()["text"])
        return jsonify({"id": ref})

    def all(self):
        return jsonify(self.ledger.living())

    def settings(self, origin):
        return {"origin": origin}

    def targets(self):
        return ("board",)

    def copies(self, target):
        return ()

    def intrude(self, target, text):
        return ""

    def vanish(self, target, ref):
        self.ledger.add(What.REMOVED, ref, target)

    def edit(self, target, ref, fields):
        self.ledger.add(What.CHANGED, ref, target, **fields)


@pytest.fixture
def notes():
    sandbox = Notes()
    with serve(sandbox):
        yield sandbox


def post(sandbox, text="x", **more):
    return httpx.post(f"{sandbox.origin}/notes", json={"text": text}, timeout=2, trust_env=False, **more)


def test_an_effect_is_noted_and_read_back(notes):
    assert post(notes).json() == {"id": "1"}
    assert notes.ledger.living() == {"1": {"target": "board", "text": "x"}}
    assert [one.method for one in notes.requests] == ["POST"]
    notes.reset_requests()
    assert notes.requests == []


@pytest.mark.parametrize(
    ("fault", "effects", "error"),
    [
        (Fault.LOSE_REQUEST, 0, httpx.RemoteProtocolError),
        (Fault.LOSE_ANSWER, 1, httpx.RemoteProtocolError),
        (Fault.CUT, 1, httpx.RemoteProtocolError),
        (Fault.SILENCE, 1, httpx.RemoteProtocolError),
    ],
)
def test_a_broken_connection_with_and_without_the_effect(notes, fault, effects, error):
    notes.faults.add(Rule(fault=fault, on="write"))
    with pytest.raises((error, httpx.ReadError)):
        post(notes)
    assert len(notes.ledger.effects()) == effects
    assert post(notes).status_code == 200
    assert [rule.fault for rule in notes.faults.fired] == [fault]


@pytest.mark.parametrize(
    ("rule", "effects", "status", "body"),
    [
        (Rule(fault=Fault.ERROR_BEFORE, status=500), 0, 500, b""),
        (Rule(fault=Fault.ERROR_AFTER, status=502), 1, 502, b""),
        (Rule(fault=Fault.HTML_BEFORE), 0, 200, b"Sign in"),
        (Rule(fault=Fault.HTML_AFTER), 1, 200, b"Sign in"),
        (Rule(fault=Fault.LIE, body='{"id":"9"}'), 0, 200, b'"9"'),
        (Rule(fault=Fault.DOUBLE), 2, 200, b'"2"'),
        (Rule(fault=Fault.DRIP, pause_s=0), 1, 200, b'"1"'),
        (Rule(fault=Fault.REWRITE, find='"1"', replace='"77"'), 1, 200, b'"77"'),
        (throttle(after="3"), 0, 429, b""),
        (refuse(401, body="invalid token"), 0, 401, b"invalid token"),
        (redirect("/elsewhere", on="write"), 0, 302, b""),
        (refuse(599), 0, 599, b""),
    ],
)
def test_a_wrong_answer_with_and_without_the_effect(notes, rule, effects, status, body):
    notes.faults.add(rule)
    answer = post(notes)
    assert (answer.status_code, len(notes.ledger.effects())) == (status, effects)
    assert body in answer.content


def test_an_endless_answer_goes_on_until_the_client_leaves(notes):
    notes.faults.add(Rule(fault=Fault.ENDLESS))
    with httpx.stream("GET", f"{notes.origin}/notes", trust_env=False) as answer:
        size = 0
        for chunk in answer.iter_bytes():
            size += len(chunk)
            if size > 1_000_000:
                break
    assert size > 1_000_000


def test_rules_choose_by_kind_path_and_count(notes):
    notes.faults.add(refuse(500, on="write", path="^/notes", times=2), refuse(418, on="read", path="nowhere"))
    notes.faults.add(Rule(fault=Fault.ERROR_BEFORE, status=410, on="read", skip=1, times=None))
    assert [post(notes).status_code for _ in range(3)] == [500, 500, 200]
    get = [httpx.get(f"{notes.origin}/notes", trust_env=False).status_code for _ in range(3)]
    assert get == [200, 410, 410]
    notes.faults.clear()
    assert httpx.get(f"{notes.origin}/notes", trust_env=False).status_code == 200


def test_the_control_path_needs_its_token(notes):
    url = f"{notes.origin}/_sandbox"
    with httpx.Client(trust_env=False) as anybody:
        assert anybody.get(f"{url}/ledger").status_code == 403
    with httpx.Client(trust_env=False, headers={"X-Sandbox-Token": notes.control_token}) as control:
        control.post(f"{url}/faults", json=[{"fault": "error_before", "status": 500}])
        assert post(notes).status_code == 500
        assert control.get(f"{url}/fired").json() == ["error_before"]
        control.post(f"{url}/faults", json=[{"fault": "error_before", "times": None}])
        control.delete(f"{url}/faults")
        assert post(notes).status_code == 200
        assert [effect["what"] for effect in control.get(f"{url}/ledger").json()] == ["made"]
        assert len(control.get(f"{url}/requests").json()) == 2
        control.delete(f"{url}/requests")
        assert control.get(f"{url}/requests").json() == []
        control.post(f"{url}/vanish", json={"target": "board", "ref": "1"})
        control.post(f"{url}/hooks", json={"fault": "hold"})
        assert notes.outbox.fault is HookFault.HOLD
        control.post(f"{url}/hooks", json={"fault": "none"})
        assert control.get(f"{url}/nothing").status_code == 404
    assert notes.ledger.living() == {}


def test_a_ledger_file_outlives_its_process(tmp_path):
    path = tmp_path / "ledger.jsonl"
    first = Ledger(path)
    first.add(What.MADE, "1", "a", x=1)
    first.add(What.MADE, "2", "b", x=1)
    first.add(What.CHANGED, "1", "a", x=2)
    first.add(What.CHANGED, "9", "a", x=2)
    first.add(What.REMOVED, "2", "b")
    with path.open("a") as file:
        file.write('{"seq": 99, "wh')
    assert read_ledger(path) == first.effects()
    assert living(read_ledger(path)) == {"1": {"target": "a", "x": 2}}
    assert living(read_ledger(path), "b") == {}
    assert len(first.effects(What.MADE)) == 2


def test_a_second_ledger_carries_on(tmp_path):
    path = tmp_path / "ledger.jsonl"
    Ledger(path).add(What.MADE, "1", "a")
    assert Ledger(path).add(What.MADE, "2", "a").seq == 2


def test_webhooks_get_lost_come_late_and_come_twice():
    got = []
    outbox = Outbox(lambda delivery: got.append(delivery.body) or 200)

    def add(*bodies):
        for body in bodies:
            outbox.add(Delivery("http://x", {}, body))

    add(b"1")
    outbox.fault = HookFault.LOSE
    add(b"2")
    outbox.fault = HookFault.DOUBLE
    add(b"3")
    outbox.fault = HookFault.HOLD
    add(b"4", b"5")
    assert outbox.flush() == 3
    outbox.release()
    outbox.flush()
    assert got == [b"1", b"3", b"3", b"5", b"4"]


def test_a_delivery_is_posted_and_its_answer_kept(notes):
    outbox = Outbox()
    body = json.dumps({"text": "hook"}).encode()
    outbox.add(Delivery(f"{notes.origin}/notes", {"Content-Type": "application/json"}, body))
    outbox.add(Delivery("http://127.0.0.1:9/closed", {}, b""))
    outbox.flush()
    assert [status for _, status in outbox.sent] == [200, 0]


CONTRACT = Contract.model_validate(
    {
        "source": "made up",
        "operations": [
            {
                "method": "POST",
                "path": "/cards/{id}/attachments",
                "parameters": {
                    "name": {"max": 5, "min": 2},
                    "url": {"required": True},
                    "pos": {"type": "integer", "max": 3, "min": 1},
                    "cover": {"type": "boolean"},
                    "kind": {"enum": ["a", "b"]},
                    "list": {"type": "array"},
                    "map": {"type": "object"},
                    "any": {"type": "any"},
                },
            },
            {"method": "GET", "path": "/cards/me", "open": True},
            {"method": "GET", "path": "/cards/{id}", "parameters": {}},
        ],
    }
)


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"url": "u", "name": "abcde", "pos": "2", "cover": "true", "kind": "a", "list": [], "map": {}, "any": 1}, ""),
        ({}, "lacks url"),
        ({"url": "u", "name": "abcdef"}, "over 5"),
        ({"url": "u", "name": "a"}, "under 2"),
        ({"url": 5}, "no string"),
        ({"url": "u", "pos": "x"}, "no integer"),
        ({"url": "u", "pos": 9}, "over 3"),
        ({"url": "u", "pos": True}, "no integer"),
        ({"url": "u", "cover": "perhaps"}, "no boolean"),
        ({"url": "u", "kind": "c"}, "none of a, b"),
        ({"url": "u", "list": "x"}, "no array"),
        ({"url": "u", "map": "x"}, "no object"),
        ({"url": "u", "other": "x"}, "knows no other"),
    ],
)
def test_a_contract_names_what_does_not_fit(sent, problem):
    wrong = CONTRACT.violations("POST", "/cards/7/attachments", sent)
    assert (wrong == []) if not problem else (problem in wrong[0])


def test_a_contract_knows_its_paths():
    assert CONTRACT.violations("GET", "/cards/me", {"x": 1}) == []
    assert CONTRACT.violations("GET", "/cards/7", {"x": 1}) == ["GET /cards/{id} knows no x"]
    assert CONTRACT.violations("PUT", "/cards/7", {}) == ["PUT /cards/7 is not in the contract"]
    assert CONTRACT.violations("GET", "/cards/7/8", {}) == ["GET /cards/7/8 is not in the contract"]


def test_a_sandbox_refuses_what_its_contract_does_not_know(tmp_path):
    path = tmp_path / "contract.json"
    parameters = {"text": {"max": 3}}
    operations = [{"method": "POST", "path": "/notes", "parameters": parameters}]
    path.write_text(json.dumps({"source": "made up", "operations": operations}))
    sandbox = Notes()
    sandbox.contract = Contract.load(path)
    with serve(sandbox):
        assert post(sandbox, "abc").status_code == 200
        assert post(sandbox, "abcd").status_code == 400
        assert httpx.get(f"{sandbox.origin}/notes", trust_env=False).status_code == 400
    assert len(sandbox.violations) == 2


class Strict(Notes):
    contract = Contract.model_validate(
        {
            "source": "made up",
            "operations": [
                {"method": "GET", "path": "/notes"},
                {"method": "POST", "path": "/notes", "parameters": {"text": {"required": True, "max": 5}}},
            ],
        }
    )


def test_requests_are_counted_by_operation_with_those_that_are_refused():
    sandbox = Strict()
    client = sandbox.app.test_client()
    assert client.get("/notes").status_code == 200
    assert client.post("/notes", json={"text": "short"}).status_code == 200
    assert client.post("/notes", json={"text": "too long"}).status_code == 400
    assert client.get("/nowhere").status_code == 400
    assert dict(sandbox.held.requests) == {"GET /notes": 1, "POST /notes": 2, "": 1}
    assert sandbox.held.refused == 2


class Filed(Notes):
    contract = Contract.model_validate(
        {
            "source": "made up",
            "operations": [
                {"method": "POST", "path": "/notes", "form": True, "parameters": {"text": {"max": 5}}},
                {"method": "GET", "path": "/notes"},
            ],
        }
    )


def filed(fields, method="POST"):
    sandbox, file = Filed(), (io.BytesIO(b"bytes"), "file.png")
    sandbox.app.test_client().open("/notes", method=method, data={**fields, "file": file}, content_type=FORM)
    return sandbox.violations


def test_the_fields_of_a_form_are_held_to_the_contract_as_any_others():
    assert filed({"text": "short"}) == []
    assert filed({"text": "too long"}) == ["POST /notes: text is over 5"]
    assert filed({"titel": "short"}) == ["POST /notes knows no titel"]


def test_a_form_fits_only_where_the_contract_has_one():
    assert filed({}, "GET") == ["GET /notes is sent as no form"]


def test_json_of_any_length_is_held_to_the_contract():
    sandbox = Strict()
    client = sandbox.app.test_client()
    assert client.post("/notes", json={"text": "short", "titel": "x" * 100_000}).status_code == 400
    assert sandbox.violations == ["POST /notes knows no titel"]
