"""Requests that break the vendor's contract on purpose: a sandbox worth its name refuses every one of them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.testing.contract import Contract, Operation, Parameter
from connectors.testing.sandbox import FORM, Sandbox

STRANGER: Final = "nobody_knows_this"
REFUSED: Final = 400
WRONG: Final[Mapping[str, Any]] = {"integer": "many", "boolean": "perhaps", "array": "one", "object": "one"}
LONGEST: Final = 100_000
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Probe:
    """One request that is wrong in one way; a refusal must name `names`."""

    method: str
    path: str
    sent: Mapping[str, Any]
    says: str
    names: str
    form: bool = False  # whether what is right is sent as a form with parts

    def told(self, refusal: str) -> bool:
        """Tell whether a refusal is about what is wrong here."""
        return re.search(rf"(?<!\w){re.escape(self.names)}(?!\w)", refusal) is not None


def probes(contract: Contract) -> Iterator[Probe]:
    """Return a wrong request for each way in which a request can break this contract."""
    callable_ones = [one for one in contract.operations if one.method in METHODS]
    for method in sorted({one.method for one in callable_ones}):
        yield Probe(
            method, "/never/heard/of/it", {}, f"{method} of a path that does not exist", "is not in the contract"
        )
    for one in callable_ones:
        path = re.sub(r"\{\w+\}", "1", one.path)
        if not one.open:
            said = f"{one.named} with an unknown parameter"
            yield Probe(one.method, path, {STRANGER: "1"}, said, STRANGER, one.form)
        for name, value, how in _wrong(one):
            sent = {} if value is None else {name: value}
            yield Probe(one.method, path, sent, f"{one.named} with {name} {how}", name, one.form)


def _wrong(operation: Operation) -> Iterator[tuple[str, Any, str]]:
    for name, parameter in operation.parameters.items():
        if parameter.required:
            yield name, None, "left out"
        value = _unfit(parameter)
        if value is not None:
            yield name, value, "unfit"


def _unfit(parameter: Parameter) -> Any:
    """Return a value that this parameter cannot be; None where anything fits."""
    if parameter.type in WRONG:
        return WRONG[parameter.type]
    if parameter.type == "string" and parameter.enum:
        return STRANGER
    if parameter.type == "string" and parameter.most is not None and parameter.most < LONGEST:
        return "x" * (parameter.most + 1)
    return None


def refuses(sandbox: Sandbox, probe: Probe) -> bool:
    """Send a probe as its operation is sent; tell whether it is refused for what is wrong.

    What is sent as a form is tried as a form alone. Everything else is tried in each way in which parameters travel,
    for a contract does not say which one is the vendor's: it is refused where one of them is.
    """
    client = sandbox.app.test_client()
    for carried in _ways(sandbox, dict(probe.sent), form=probe.form):
        seen = len(sandbox.violations)
        answer = client.open(probe.path, method=probe.method, **carried)
        said = sandbox.violations[seen:]
        if answer.status_code >= REFUSED and any(probe.told(one) for one in said):
            return True
    return False


def _ways(sandbox: Sandbox, sent: dict[str, Any], *, form: bool) -> Iterator[dict[str, Any]]:
    """Return the ways in which parameters travel, as the test client takes them."""
    if form:
        yield {"data": {**sent, "file": (io.BytesIO(b"probe"), "probe.png")}, "content_type": FORM}
        return
    yield {"query_string": sent}
    yield {"json": sent}
    yield {"json": {"data": sent}}
    if sandbox.arguments_header:
        yield {"headers": {sandbox.arguments_header: json.dumps(sent)}}
