"""A made-up Asana: projects, tasks, attachments, webhooks, event streams. State is what the ledger adds up to."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from flask import Response, request

from connectors.asana.sandbox_answers import (
    HEALTH,
    event,
    named,
    says,
    shape_of,
    shape_of_hook,
    task_of,
    told,
    told_page,
    unknown,
)
from connectors.asana.sandbox_files import PREFIX as STORAGE
from connectors.asana.sandbox_files import Files
from connectors.asana.sandbox_oauth import PREFIX, SignIn
from connectors.asana.sandbox_scopes import scopes
from connectors.asana.sandbox_streams import Streams
from connectors.asana.sandbox_tasks import READ_ONLY_FIELD, WORKSPACES, Tasks
from connectors.asana.sandbox_truth import CALLBACK, ME, Dealing, hook_delivery
from connectors.sdk.types import ItemKind
from connectors.testing.authorization_server import AuthorizationServer
from connectors.testing.contract import Contract
from connectors.testing.faults import FaultyApp
from connectors.testing.hooks import Delivery, exchange, post
from connectors.testing.ledger import Ledger, What
from connectors.testing.sandbox import Sandbox, Standing, Stock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONTRACT = Path(__file__).parent / "fixtures" / "contract.json"
REDIRECT = "https://hub.example/oauth/callback"
MARKER = re.compile(r"(?<![a-z0-9])dh[a-z0-9]{6}-[a-z0-9]{20}(?![a-z0-9])")
LONGEST_TEXT = 1024
ATTACHMENT = (
    "name", "resource_subtype", "view_url", "host", "parent", "permanent_url", "download_url", "size", "created_at",
)  # fmt: skip
ACTIONS = frozenset({"changed", "added", "removed", "deleted", "undeleted"})
KINDS = frozenset({"project", "task", "section", "story", "attachment", "tag", "user", "goal"})


def create(*, ledger: Ledger | None = None) -> AsanaSandbox:
    """Make a sandbox with two workspaces; one of the projects spans two pages, one task stands in two projects."""
    return AsanaSandbox(ledger=ledger)


class AsanaSandbox(Dealing, Sandbox):
    """Answers as Asana does: everything stands in `data`, refusals in `errors`."""

    name = "asana"
    auth = "token"
    text_fields = ("name",)
    contract = Contract.load(CONTRACT)

    def __init__(self, *, ledger: Ledger | None = None) -> None:
        super().__init__(ledger=ledger)
        self.secrets = {"token": "2/1200000000000001/1200000000000999:5eed0ff1ceba11ad"}
        self.authorization = AuthorizationServer(
            client_id="1200000000000777", client_secret="5eed0ff1ceba11ad", redirect_uris=(REDIRECT,), rotate=False
        )
        about = {"id": ME["gid"], "name": ME["name"], "email": ME["email"]}
        self._oauth = SignIn(self.authorization.app, about)
        self.scopes = scopes("oauth")
        self.files = Files()
        self._storage = FaultyApp(self.files.storage, self.faults)
        self.lay = Tasks(self.app)
        self.projects, self.tasks = self.lay.projects, self.lay.tasks
        self.hooks: dict[str, dict[str, Any]] = {}
        self.stories: list[tuple[str, str]] = []
        self.made = 0
        self.streams = Streams()
        route, api = self.app.add_url_rule, "/api/1.0"
        for method, path, act in (
            ("GET", "/users/<user>", self._user), ("GET", "/workspaces", self._list_workspaces),
            ("GET", "/projects", self._list_projects), ("PUT", "/tasks/<task>", self._change_task),
            ("POST", "/tasks/<task>/stories", self._comment), ("GET", "/attachments", self._attachments),
            ("POST", "/attachments", self._attach), ("GET", "/attachments/<ref>", self._attachment),
            ("DELETE", "/attachments/<ref>", self._detach), ("GET", "/events", self._events),
            ("GET", "/webhooks", self._list_hooks), ("POST", "/webhooks", self._add_hook),
            ("GET", "/webhooks/<ref>", self._hook), ("DELETE", "/webhooks/<ref>", self._drop_hook),
        ):  # fmt: skip
            route(api + path, endpoint=f"{method} {path}", view_func=act, methods=[method])
        self.app.before_request(self._sign_in)

    def sent(self) -> dict[str, Any]:
        """Read a request's parameters: JSON stands in `data`, attachments come as a form with parts."""
        sent: dict[str, Any] = dict(request.args.items())
        if request.mimetype == "multipart/form-data":
            return {**sent, **request.form.to_dict()}
        if request.method in ("POST", "PUT"):
            return {**sent, **_unwrapped(request.get_json(silent=True))}
        return sent

    def refusal(self, text: str) -> Response:
        """Answer in Asana's form."""
        return says(400, text)

    def too_many(self) -> Response:
        """Answer in Asana's form."""
        return says(429, "You've made too many requests and hit a rate limit. Please retry after a while.")

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; signing in and the storage have addresses of their own."""
        path = environ.get("PATH_INFO", "")
        if path.startswith(STORAGE):
            self._note(environ)
            return self._storage(environ, start_response)
        signs_in = path.startswith(PREFIX)
        return self._oauth(environ, start_response) if signs_in else super().wsgi(environ, start_response)

    def _sign_in(self) -> Response | None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        right = token == self.secrets["token"] or self.authorization.valid(token)
        return self.scopes.refusal(self.authorization.scopes_of(token)) if right else says(401, "Not Authorized")

    def _user(self, user: str) -> Response:
        return told(ME, ("name", "email")) if user in ("me", ME["gid"]) else unknown("user", user)

    def _list_workspaces(self) -> Response:
        return told_page([named(gid, "workspace", name) for gid, name in WORKSPACES.items()], ("name",))

    def _list_projects(self) -> Response:
        wanted, archived = request.args.get("workspace"), request.args.get("archived")
        return told_page(
            [
                named(gid, "project", one["name"]) for gid, one in reversed(self.projects.items())
                if wanted in (None, one["workspace"]) and archived in (None, str(one["archived"]).lower())
            ], ("name",),
        )  # fmt: skip

    def _change_task(self, task: str) -> Response:
        if task not in self.tasks:
            return unknown("task", task)
        for field, value in request.get_json()["data"].get("custom_fields", {}).items():
            if field not in self.tasks[task]["fields"]:
                return says(400, f"Custom field with ID {field} is not on given object")
            if field == READ_ONLY_FIELD:
                return says(403, "You do not have permission to edit this custom field")
            if value is not None and not (isinstance(value, str) and len(value) <= LONGEST_TEXT):
                return says(400, f"custom_fields: Value for {field} is no text of at most {LONGEST_TEXT} characters")
            self.tasks[task]["fields"][field] = value
        self.happened(task, "changed", named(task, "task", self.tasks[task]["name"]), None)
        return self.lay.one(task)

    def _comment(self, task: str) -> Response:
        text = request.get_json()["data"].get("text", "")
        if task not in self.tasks:
            return unknown("task", task)
        if not text:
            return says(400, "text: Missing input")
        self.stories.append((task, text))
        story = {"gid": f"15{len(self.stories):014}", "resource_type": "story", "resource_subtype": "comment_added"}
        self.happened(task, "added", story, task_of(task))
        return told({**story, "text": text}, ("text",), status=201)

    def _attachments(self) -> Response:
        parent = request.args["parent"]
        if parent not in self.tasks and parent not in self.projects:
            return unknown("parent", parent)
        shapes = [self._shape(ref, facts) for ref, facts in self.ledger.living(parent).items()]
        return told_page(shapes, ("name", "resource_subtype"))

    def _shape(self, ref: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        return {**shape_of(ref, facts), "download_url": self.files.address(self.origin, facts)}

    def _attachment(self, ref: str) -> Response:
        facts = self.ledger.living().get(ref)
        return told(self._shape(ref, facts), ATTACHMENT) if facts else unknown("attachment", ref)

    def _attach(self) -> Response:
        sent = request.form
        if request.mimetype != "multipart/form-data":
            return says(400, "Attachments are sent as multipart/form-data")
        if sent["parent"] not in self.tasks:
            return unknown("parent", sent["parent"])
        if sent.get("resource_subtype") != "external":
            return says(400, "file: Missing input")
        for needed in ("url", "name"):
            if not sent.get(needed):
                return says(400, f"{needed}: Missing input")
        if urlsplit(sent["url"]).scheme not in ("http", "https"):
            return says(400, "url: Not a valid URL")
        with self.lock:
            ref = self._next()
            facts = {"url": sent["url"], "name": sent["name"], "kind": "external"}
            self.ledger.add(What.MADE, ref, sent["parent"], **facts)
        self._said_attached(ref, sent["parent"])
        return self._attachment(ref)

    def _detach(self, ref: str) -> Response:
        with self.lock:
            facts = self.ledger.living().get(ref)
            if facts is None:
                return unknown("attachment", ref)
            self.ledger.add(What.REMOVED, ref, facts["target"])
        self._said_detached(ref, facts["target"])
        return told({}, ())

    def _said_attached(self, ref: str, task: str) -> None:
        # A new attachment has no event of its own: only a story tells of it.
        story = {"gid": f"16{ref[2:]}", "resource_type": "story", "resource_subtype": "attachment_added"}
        self.happened(task, "added", story, task_of(task))

    def _said_detached(self, ref: str, task: str) -> None:
        self.happened(task, "deleted", {"gid": ref, "resource_type": "attachment"}, task_of(task))

    def happened(self, task: str, action: str, resource: Mapping[str, Any], parent: Mapping[str, Any] | None) -> None:
        """Tell the task's stream, its projects' streams, and the webhooks that want to know."""
        what = event(ME["gid"], action, resource, parent, len(self.streams))
        resources = tuple(self.lay.above(task))
        self.streams.add(resources, what)
        for hook in self.hooks.values():
            if hook["resource"] in resources and _passes(hook["filters"], what):
                self.outbox.add(hook_delivery(hook["target"], hook["secret"], [what]))

    def _events(self) -> Response:
        resource = request.args["resource"]
        if resource not in self.tasks and resource not in self.projects:
            return unknown("resource", resource)
        status, answer = self.streams.read(resource, request.args.get("sync", ""))
        return Response(json.dumps(answer), status, content_type="application/json; charset=UTF-8")

    def _list_hooks(self) -> Response:
        resource = request.args.get("resource")
        shapes = [shape_of_hook(ref, hook) for ref, hook in self.hooks.items() if resource in (None, hook["resource"])]
        return told_page(shapes, ("active", "resource", "target"))

    def _hook(self, ref: str) -> Response:
        return (
            told(shape_of_hook(ref, self.hooks[ref]), tuple(HEALTH)) if ref in self.hooks else unknown("webhook", ref)
        )

    def _add_hook(self) -> Response:
        sent = request.get_json()["data"]
        refused = self._refuse_hook(sent)
        if refused is not None:
            return refused
        with self.lock:
            self.made += 1
            ref = f"17{self.made:014}"
            secret = hashlib.sha256(f"{ref} {sent['target']}".encode()).hexdigest()
        shaken = Delivery(sent["target"], {"X-Hook-Secret": secret, "Content-Type": "application/json"}, b"{}")
        status, headers = exchange(shaken)
        if status not in (200, 204) or headers.get("X-Hook-Secret") != secret:
            return says(400, "The remote server which is intended to receive the webhook "
                             "did not respond with the handshake secret.")  # fmt: skip
        hook = {**sent, "filters": sent.get("filters", []), "secret": secret}
        hook["beaten"] = post(hook_delivery(sent["target"], secret, [])) in (200, 204)  # the first heartbeat, at once
        self.hooks[ref] = hook
        return told(shape_of_hook(ref, hook), tuple(HEALTH), status=201, beside={"X-Hook-Secret": secret})

    def _refuse_hook(self, sent: Mapping[str, Any]) -> Response | None:
        host = urlsplit(str(sent["target"])).hostname or ""
        if not host or host == "localhost" or host.endswith(".localhost"):
            return says(403, "Invalid target: webhooks cannot be sent to this address")
        if sent["resource"] not in self.tasks and sent["resource"] not in self.projects:
            return unknown("resource", sent["resource"])
        for one in sent.get("filters", []):
            known = set(one) <= {"resource_type", "resource_subtype", "action", "fields"}
            if not known or one.get("resource_type") not in KINDS or one.get("action", "changed") not in ACTIONS:
                return says(400, "filters: Not a valid filter")
            if one.get("fields") and one.get("action") != "changed":
                return says(400, "filters: fields are only valid with the action changed")
        return None

    def _drop_hook(self, ref: str) -> Response:
        return told({}, ()) if self.hooks.pop(ref, None) is not None else unknown("webhook", ref)

    def _next(self) -> str:
        return f"14{len(self.ledger.effects()) + 1:014}"

    def settings(self, origin: str) -> Mapping[str, Any]:
        """Point a connection here."""
        return {"origin": origin}

    def targets(self) -> tuple[str, ...]:
        """All open tasks of projects that are not archived."""
        return self.lay.open()

    def copies(self, target: str) -> tuple[Standing, ...]:
        """All attachments of a task."""
        return tuple(_standing(target, ref, facts) for ref, facts in self.ledger.living(target).items())

    def intrude(self, target: str, text: str) -> str:
        """Somebody attaches another link."""
        ref = self._next()
        url = f"https://elsewhere.example/{text}"
        self.ledger.add(What.MADE, ref, target, url=url, name=text, kind="external", by="somebody")
        self._said_attached(ref, target)
        return ref

    def vanish(self, target: str, ref: str) -> None:
        """Somebody deletes an attachment."""
        self.ledger.add(What.REMOVED, ref, target, by="somebody")
        self._said_detached(ref, target)

    def edit(self, target: str, ref: str, fields: Mapping[str, Any]) -> None:
        """Somebody renames an attachment."""
        self.ledger.add(What.CHANGED, ref, target, **fields)

    def relocate(self, target: str, ref: str) -> bool:
        """Somebody moves the task to another project."""
        del ref
        here = self.tasks[target]["projects"]
        self.tasks[target]["projects"] = [next(gid for gid in sorted(self.lay.live()) if gid not in here)]
        return True

    def everything(self) -> tuple[Stock, ...]:
        """Return projects, tasks that hold files or whose subtasks do, and files."""
        live, folders, files = self.lay.live(), dict[str, Stock](), list[Stock]()
        folders.update((gid, Stock(gid, ItemKind.FOLDER, self.projects[gid]["name"])) for gid in sorted(live))
        for ref, facts in self.ledger.living().items():
            above = list(self.lay.above(facts["target"])) if facts["target"] in self.tasks else [facts["target"]]
            if facts["kind"] == "asana" and live & set(above):
                files.append(Stock(ref, ItemKind.FILE, facts["name"], facts["size"], facts["sha256"]))
                tasks = [gid for gid in above if gid in self.tasks]
                folders.update((gid, Stock(gid, ItemKind.FOLDER, self.tasks[gid]["name"])) for gid in tasks)
        return (*folders.values(), *files)

    def stock(self, name: str, data: bytes) -> str:
        """Somebody uploads a file to a task, now of the one project and now of the other."""
        places = self.targets()
        return self.upload(places[0 if len(self.ledger.effects()) % 2 else -1], name, data)

    def upload(self, parent: str, name: str, data: bytes) -> str:
        """Somebody uploads a file to a task, or to the key resources of a project, of which no event tells."""
        with self.lock:
            ref = self._next()
            self.ledger.add(What.MADE, ref, parent, **self.files.keep(name, data), by="somebody")
        if parent in self.tasks:
            self._said_attached(ref, parent)
        return ref

    def unstock(self, ref: str) -> None:
        """Somebody deletes such a file."""
        self.vanish(self.ledger.living()[ref]["target"], ref)

    def subscriptions(self) -> int:
        """Count the webhooks."""
        return len(self.hooks)

    def lose_feed(self) -> None:
        """Forget every sync token."""
        self.streams.forget()

    def delivery(self, *, target: str, ref: str, ours: bool = False, kind: str = "") -> Delivery:
        """Asana tells that an attachment was deleted; it does not say by which app."""
        del ours
        resource = {"gid": ref, "resource_type": "attachment"}
        what = event(ME["gid"], kind or "deleted", resource, task_of(target), len(self.streams))
        return hook_delivery(CALLBACK, "c0ffee5ec2e7f00dc0ffee5ec2e7f00d", [what])


def _unwrapped(body: Any) -> dict[str, Any]:
    wrapped: dict[str, Any] = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    data: Any = wrapped.get("data") if set(wrapped) == {"data"} else None
    return cast("dict[str, Any]", data) if isinstance(data, dict) else {"a body without data": body}


def _passes(filters: list[dict[str, Any]], what: Mapping[str, Any]) -> bool:
    """Tell whether a webhook wants an event: filters are alternatives, and none lets everything pass."""
    kind, action = what["resource"]["resource_type"], what["action"]
    return not filters or any((one["resource_type"], one.get("action", action)) == (kind, action) for one in filters)


def _standing(target: str, ref: str, facts: Mapping[str, Any]) -> Standing:
    found = MARKER.search(facts["url"])
    return Standing(ref, target, found.group() if found else None, None, {"name": facts["name"]})
