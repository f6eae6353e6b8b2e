"""The control path of a sandbox: faults, ledger and requests for tests in another process."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import TypeAdapter
from werkzeug.wrappers import Request, Response

from connectors.sdk.manifest import Limit
from connectors.testing.faults import Faults, Rule
from connectors.testing.hooks import HookFault, Outbox
from connectors.testing.ledger import Ledger
from connectors.testing.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONTROL = "/_sandbox"
CONTROL_HEADER = "X-Sandbox-Token"


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]  # names in lower case
    size: int


class Controlled(Protocol):
    """What the control path reaches."""

    control_token: str
    ledger: Ledger
    faults: Faults
    outbox: Outbox
    requests: list[Seen]
    pace: Pace

    def reset_requests(self) -> None:
        """Forget the requests seen so far."""
        ...

    def keep_limits(self, *, on: bool, host: Iterable[Limit] = ()) -> None:
        """Begin, or cease, to refuse what is beyond the limits, and those of whoever hosts the vendor's system."""
        ...

    def vanish(self, target: str, ref: str) -> None:
        """Let somebody at the remote delete a copy by hand."""
        ...


class Control:
    """Answers under `/_sandbox/`; every call needs the control token in `X-Sandbox-Token`.

    POST faults (a list of rules), DELETE faults, GET ledger, GET requests, DELETE requests, GET fired,
    POST hooks {"fault": ...}, POST vanish {"target": ..., "ref": ...}, POST limits {"on": ..., "host": a list of
    [calls, seconds]}, GET limits (how many
    calls came since, and how many of them were refused).
    """

    def __init__(self, sandbox: Controlled) -> None:
        self._sandbox = sandbox
        self._routes: dict[tuple[str, str], Callable[[bytes], Any]] = {
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "ledger"): self._ledger,
            ("GET", "requests"): self._requests,
            ("DELETE", "requests"): self._forget_requests,
            ("GET", "fired"): self._fired,
            ("POST", "hooks"): self._hooks,
            ("POST", "vanish"): self._vanish,
            ("POST", "limits"): self._keep_limits,
            ("GET", "limits"): self._limits,
        }

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one control call."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        sent = request.headers.get(CONTROL_HEADER, "")
        if not secrets.compare_digest(sent.encode(), self._sandbox.control_token.encode()):
            return Response("wrong control token", HTTPStatus.FORBIDDEN)
        act = self._routes.get((request.method, request.path.removeprefix(CONTROL).strip("/")))
        if act is None:
            return Response("no such control", HTTPStatus.NOT_FOUND)
        return Response(json.dumps(act(request.get_data())), content_type="application/json")

    def _add_faults(self, body: bytes) -> None:
        self._sandbox.faults.add(*TypeAdapter(list[Rule]).validate_json(body))

    def _clear_faults(self, _: bytes) -> None:
        self._sandbox.faults.clear()

    def _ledger(self, _: bytes) -> list[dict[str, Any]]:
        return [asdict(effect) for effect in self._sandbox.ledger.effects()]

    def _requests(self, _: bytes) -> list[dict[str, str]]:
        # Credentials stay here: a test asks whether they came, not what they were.
        return [{"method": one.method, "path": one.path, "query": one.query} for one in self._sandbox.requests]

    def _forget_requests(self, _: bytes) -> None:
        self._sandbox.reset_requests()

    def _fired(self, _: bytes) -> list[str]:
        return [rule.fault for rule in self._sandbox.faults.fired]

    def _hooks(self, body: bytes) -> None:
        self._sandbox.outbox.fault = HookFault(json.loads(body)["fault"])
        if self._sandbox.outbox.fault is HookFault.NONE:
            self._sandbox.outbox.release()

    def _vanish(self, body: bytes) -> None:
        what = json.loads(body)
        self._sandbox.vanish(what["target"], what["ref"])

    def _keep_limits(self, body: bytes) -> None:
        told = json.loads(body)
        self._sandbox.keep_limits(on=told["on"], host=[Limit(calls, per_s) for calls, per_s in told.get("host", ())])

    def _limits(self, _: bytes) -> dict[str, int]:
        return {"called": self._sandbox.pace.called, "refused": self._sandbox.pace.refused}
