"""What a sandbox is: a small server that behaves as a vendor's contract says, faults included.

A connector's `sandbox.py` derives from `Sandbox`, fills `self.app` with routes, notes each effect in `self.ledger`, and
tells the conformance suite the truth through the methods below the line. Its factory, named in the manifest, takes
`ledger` and returns one: `def create(*, ledger: Ledger | None = None) -> Sandbox`.
"""

from __future__ import annotations

import importlib
import math
import secrets
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from flask import Response, request
from pydantic import TypeAdapter

from connectors.sdk.manifest import Limit, Manifest
from connectors.sdk.types import Board, Card, ItemKind, PartState
from connectors.testing.app import App
from connectors.testing.contract import Contract
from connectors.testing.control import CONTROL, Control, Seen
from connectors.testing.faults import Faults, FaultyApp, is_write
from connectors.testing.hooks import Delivery, Outbox
from connectors.testing.ledger import Ledger
from connectors.testing.pace import Pace
from connectors.testing.scopes import Scopes

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_MOST_REQUESTS = 20_000
FORM: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture of a copy, in truth."""

    sha256: str  # of the bytes that were uploaded
    fields: Mapping[str, Any]  # what is said of it alone, in the remote's shape


@dataclass(frozen=True, slots=True)
class Standing:
    """A copy as it stands at the remote in truth: what the suite compares a connector's word with."""

    ref: str
    target: str
    marker: str | None
    content_key: str | None
    fields: Mapping[str, Any]
    sha256: str | None = None  # of the bytes that were uploaded
    parts: int = 1  # of the copy itself and its uses and addresses, as far as a look can tell
    state: PartState = PartState.SHOWING  # or QUEUED, HELD: at schedulers
    publish_at: int | None = None  # when it becomes public, UTC milliseconds
    pictures: tuple[Shown, ...] = ()  # all that it shows, in their order: where a copy may show several


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person chooses and types into the hub's form to connect."""

    auth: str
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stock:
    """One thing that an inventory must tell, in truth."""

    ref: str
    kind: ItemKind
    name: str
    size: int | None = None
    sha256: str | None = None  # None: it has no bytes, or nobody here knows them


class Held:
    """How many requests were held to the contract: by operation, and those that were refused."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.refused = 0
        self._lock = threading.Lock()

    def note(self, operation: str, *, refused: bool) -> None:
        """Count one request; `operation` is empty where the contract has none."""
        with self._lock:
            self.requests[operation] += 1
            self.refused += refused


class Sandbox(ABC):
    """One made-up vendor. Subclasses hold the vendor's state in memory."""

    name: str  # the connector's
    auth: str  # which of the manifest's auths `secrets` is for
    secrets: Mapping[str, str]  # what a person would type in
    contract: Contract | None = None
    arguments_header: str = ""  # carries the parameters as JSON, at vendors that send them so
    unsure_of_bytes: str = ""  # why what is said here of a file cannot be held against the bytes that come of it
    text_fields: tuple[str, ...] = ("title",)  # fields in the remote's shape that hold any text; the first is the name

    def __init__(self, *, ledger: Ledger | None = None) -> None:
        self.ledger = ledger or Ledger()
        self.app = App(type(self).__name__)
        self.faults = Faults()
        self.outbox = Outbox()
        self.requests: list[Seen] = []
        self.violations: list[str] = []
        self.held = Held()
        self.pace = Pace()
        self.scopes = Scopes("", (), self.refusal)  # of a vendor that holds nobody to any
        self.limits: tuple[Limit, ...] = ()  # the manifest's; kept to once `keep_limits` says so
        self.control_token = secrets.token_urlsafe(16)
        self.title = ""  # what the account is called, where people name it; empty: as the sandbox likes
        self.origin = ""  # set when it is served
        self.lock = threading.RLock()
        self._faulty = FaultyApp(self.app, self.faults, writes=self.writes, shows=self.shows)
        self._control = Control(self).wsgi
        self.app.before_request(self._hold_to_pace)
        self.app.before_request(self._hold_to_contract)

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request: control calls directly, everything else through the faults."""
        if environ.get("PATH_INFO", "").startswith(CONTROL + "/"):
            return self._control(environ, start_response)
        self._note(environ)
        return self._faulty(environ, start_response)

    def writes(self, environ: WSGIEnvironment) -> bool:
        """Tell whether a request writes; override where the method does not tell."""
        return is_write(environ)

    def shows(self, environ: WSGIEnvironment) -> bool:
        """Tell whether a request may change what stands here; override where some writes, such as uploads, do not."""
        return self.writes(environ)

    def reset_requests(self) -> None:
        """Forget the requests seen so far."""
        self.requests.clear()

    def _note(self, environ: WSGIEnvironment) -> None:
        headers = {
            key[5:].replace("_", "-").lower(): str(value) for key, value in environ.items() if key.startswith("HTTP_")
        }
        headers["content-type"] = environ.get("CONTENT_TYPE", "")
        size = int(environ.get("CONTENT_LENGTH") or 0)
        seen = Seen(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""), headers, size)
        if len(self.requests) < _MOST_REQUESTS:
            self.requests.append(seen)

    def keep_limits(self, *, on: bool, host: Iterable[Limit] = ()) -> None:
        """Begin, or cease, to refuse what is beyond the limits that the connector declares, and those of its host."""
        self.pace.keep((*self.limits, *host) if on else ())

    def _hold_to_pace(self) -> Response | None:
        """Refuse a call beyond the limits; those that anybody may make without credentials are not counted."""
        whose = request.headers.get("Authorization", "")
        wait = self.pace.spend(whose, request.method, request.path) if whose else 0.0
        if not wait:
            return None
        answer = self.too_many()
        answer.headers["Retry-After"] = str(math.ceil(wait))
        return answer

    def too_many(self) -> Response:
        """Refuse a call beyond a limit; override where the vendor's refusals have another form."""
        return Response("Too Many Requests", 429, content_type="text/plain; charset=utf-8")

    def _hold_to_contract(self) -> Response | None:
        """Check a request, and count it."""
        if self.contract is None:
            return None
        operation = self.contract.operation(request.method, request.path)
        refusal = self._check_contract()
        self.held.note(operation.named if operation else "", refused=refusal is not None)
        return refusal

    def _check_contract(self) -> Response | None:
        if self.contract is None:
            return None
        wrong = self.contract.violations(request.method, request.path, self.sent(), form=request.mimetype == FORM)
        if not wrong:
            return None
        self.violations.extend(wrong)
        return self.refusal("; ".join(wrong))

    def sent(self) -> dict[str, Any]:
        """Return a request's parameters from query, form and JSON; override where the vendor wraps them."""
        sent: dict[str, Any] = dict(request.args.items())
        if request.mimetype in ("application/x-www-form-urlencoded", FORM):
            sent.update(request.form.to_dict())
        elif request.mimetype == "application/json":
            body: Any = request.get_json(silent=True)
            sent.update(TypeAdapter(dict[str, Any]).validate_python(body) if isinstance(body, dict) else {})
        return sent

    def refusal(self, text: str) -> Response:
        """Answer a request that is not in the contract; override where the vendor's refusals have another form."""
        return Response(text, 400, content_type="text/plain; charset=utf-8")

    # What is true here, for tests: not part of the vendor's interface.

    @property
    def wrong_secrets(self) -> Mapping[str, str]:
        """Credentials of the right form that are refused."""
        return {name: value[::-1] for name, value in self.secrets.items()}

    def typed(self) -> Typed:
        """Return what a person connects with; override where `secrets` are what comes of signing in in a browser."""
        return Typed(self.auth, self.secrets)

    @abstractmethod
    def settings(self, origin: str) -> Mapping[str, Any]:
        """Return the settings of a connection to this sandbox, served at `origin`."""

    @abstractmethod
    def targets(self) -> tuple[str, ...]:
        """Return the refs of all targets. There must be more than fit on one page."""

    @abstractmethod
    def copies(self, target: str) -> tuple[Standing, ...]:
        """Return every copy that stands in a target, ours and others'."""

    @abstractmethod
    def intrude(self, target: str, text: str) -> str:
        """Let somebody else put a thing there whose name or address holds `text`; return its ref."""

    @abstractmethod
    def vanish(self, target: str, ref: str) -> None:
        """Let somebody there delete a copy by hand."""

    @abstractmethod
    def edit(self, target: str, ref: str, fields: Mapping[str, Any]) -> None:
        """Let somebody there change fields of a copy by hand (in the remote's shape)."""

    def relocate(self, target: str, ref: str) -> bool:
        """Let somebody there move or rename a copy, or what it stands on, by hand; False where nobody can."""
        del target, ref
        return False

    def thin(self, target: str, ref: str) -> bool:
        """Let somebody there take one picture out of several; False where nobody can, or where nothing tells of it."""
        del target, ref
        return False

    def use(self, target: str, ref: str) -> str | None:
        """Let somebody there use a copy (embed it in a post, say); None where this remote knows no uses."""
        del target, ref
        return None

    def uses(self, target: str, ref: str) -> int:
        """Count the uses of a copy."""
        del target, ref
        return 0

    def everything(self) -> tuple[Stock, ...]:
        """Return everything that an inventory must tell. There must be more than fit on one page."""
        return ()

    def stock(self, name: str, data: bytes) -> str:
        """Let somebody put a file there; return its ref."""
        raise NotImplementedError(f"{type(self).__name__} cannot be stocked with {name} of {len(data)} bytes")

    def unstock(self, ref: str) -> None:
        """Let somebody delete such a file for good."""
        raise NotImplementedError(f"{type(self).__name__} cannot give {ref} up")

    def lose_feed(self) -> None:
        """Forget every cursor of the change feed that was handed out."""
        raise NotImplementedError(f"{type(self).__name__} forgets no cursors")

    def subscriptions(self) -> int:
        """Count the subscriptions that stand."""
        raise NotImplementedError(f"{type(self).__name__} counts no subscriptions")

    def view(self, target: str, ref: str) -> Mapping[str, int]:
        """Let somebody look at a copy; return what this remote counts of it now."""
        raise NotImplementedError(f"{type(self).__name__} counts no looks at {ref} in {target}")

    def all_boards(self) -> tuple[Board, ...]:
        """Return every board that is in use, with its lists, labels and fields."""
        return ()

    def on_board(self, board: str) -> tuple[Card, ...]:
        """Return every card on a board that was not put away, in truth."""
        del board
        return ()

    def deal(self, board: str, title: str, text: str = "", *, done: bool = False) -> str:
        """Let somebody make a card, in a list, with a label and something in a custom field; return its ref."""
        raise NotImplementedError(f"{type(self).__name__} has no cards: {title} on {board}, {text}, {done}")

    def put_away(self, ref: str) -> bool:
        """Let somebody put a card away, such as archive it; False where nobody can."""
        del ref
        return False

    def discard(self, ref: str) -> None:
        """Let somebody delete a card for good."""
        raise NotImplementedError(f"{type(self).__name__} cannot give the card {ref} up")

    def card_news(self, ref: str) -> Delivery | None:
        """Make a signed webhook that says that a card changed; None where this remote sends none."""
        del ref
        return None

    def delivery(self, *, target: str, ref: str, ours: bool = False, kind: str = "") -> Delivery | None:
        """Make a signed webhook that says that a copy changed; None where this remote sends none.

        Args:
            target: the target's ref.
            ref: the copy's.
            ours: as caused by the hub's own write.
            kind: an event name to use instead of the usual one, such as one that nobody knows.
        """
        del target, ref, ours, kind
        return None


Factory = Callable[..., Sandbox]


def make_sandbox(manifest: Manifest, *, ledger: Ledger | None = None) -> Sandbox:
    """Make the sandbox that a manifest names."""
    module, _, name = manifest.sandbox.partition(":")
    factory: Factory = getattr(importlib.import_module(module), name)
    sandbox = factory(ledger=ledger)
    sandbox.limits = manifest.limits
    return sandbox
