"""A made-up Drupal 11.4 site: media, files, nodes over JSON:API, accounts and OAuth. Copies are what the ledger says.

Answers are those of a real server, measured; tests/unit/drupal replays them.
"""

from __future__ import annotations

import base64
import re
import secrets
import uuid
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flask import Response, request

from connectors.drupal.naming import NOBODY
from connectors.drupal.sandbox_changes import LONGEST, at_version, changes_in, document, shown_in, typed
from connectors.drupal.sandbox_content import Content
from connectors.drupal.sandbox_documents import (
    DRAFT,
    JSONAPI,
    NO_FORMAT,
    READ_ONLY,
    Page404,
    Refusal,
    check_query,
    many,
    media_json,
    moment,
    one,
    page_404,
    refuse,
    required,
    told,
)
from connectors.drupal.sandbox_files import Files
from connectors.drupal.sandbox_site import Site, standing
from connectors.sdk.types import ItemKind
from connectors.testing.authorization_server import AuthorizationServer
from connectors.testing.contract import Contract
from connectors.testing.ledger import Ledger, What
from connectors.testing.sandbox import Sandbox, Standing, Stock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

REDIRECT = "https://hub.example/oauth/callback"
MOST_TRIES = 5
UPLOADS_AT = 4  # so many slashes has the address of a field
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def create(*, ledger: Ledger | None = None) -> DrupalSandbox:
    """Make a site with more media types than fit on one page, and an account for the hub."""
    return DrupalSandbox(ledger=ledger)


class DrupalSandbox(Sandbox):
    """One site with one account that may do what the hub needs."""

    name = "drupal"
    auth = "password"
    text_fields = ("name", "alt")
    contract = Contract.load(Path(__file__).parent / "fixtures" / "contract.json")

    def __init__(self, *, ledger: Ledger | None = None) -> None:
        super().__init__(ledger=ledger)
        self.secrets = {"username": "hub-account", "password": secrets.token_hex(12)}
        self.authorization = AuthorizationServer(
            client_id="damhub", client_secret=secrets.token_hex(12), redirect_uris=(REDIRECT,), access_life_s=300
        )
        self.authorization.machines = True
        self.site = Site()
        self.files = Files()
        self.read_only = False  # a new site is; the suite needs one that takes changes
        self.shy = False  # the account may not read how media types are made
        self.views_unpublished = True
        self.drafts: set[str] = set()
        self.wrong_tries = 0
        self.now = 0
        self.pace_s = 1  # how far its clock goes on with each change
        self.numbers = 0
        self.content = Content(
            self.site.kinds, tick=self._tick, stands=self._stands, ours=self._me, may=self._may
        )  # fmt: skip
        route = self.app.add_url_rule
        self.app.register_error_handler(Refusal, refuse)
        self.app.register_error_handler(Page404, page_404)
        self.app.register_error_handler(HTTPStatus.NOT_FOUND, page_404)
        for method, path, act in (
            ("GET", "/jsonapi", self._entry), ("GET", "/jsonapi/media_type/media_type", self._media_types),
            ("GET", "/jsonapi/user/user/<ref>", self._user), ("GET", "/jsonapi/media/<bundle>", self._list),
            ("POST", "/jsonapi/media/<bundle>", self._create), ("GET", "/jsonapi/media/<bundle>/<ref>", self._read),
            ("POST", "/jsonapi/media/<bundle>/<field>", self._upload),
            ("PATCH", "/jsonapi/media/<bundle>/<ref>", self._patch),
            ("DELETE", "/jsonapi/media/<bundle>/<ref>", self._remove), ("GET", "/jsonapi/file/file", self._list_files),
            ("DELETE", "/jsonapi/file/file/<ref>", self._remove_file),
            ("GET", "/sites/default/files/<path:path>", self._public),
            *self.content.routes,
        ):  # fmt: skip
            route(path, endpoint=f"{method} {path}", view_func=act, methods=[method])
        self.app.before_request(self._before)

    # What is asked before any route

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; signing in has addresses of its own."""
        path = environ.get("PATH_INFO", "")
        if not path.startswith("/oauth/"):
            return super().wsgi(environ, start_response)
        return self.authorization.app({**environ, "PATH_INFO": path.removeprefix("/oauth")}, start_response)

    def writes(self, environ: WSGIEnvironment) -> bool:
        """An upload shows nobody anything until an item shows it; asking whether changes are taken does nothing."""
        path = environ.get("PATH_INFO", "")
        uploads = environ["REQUEST_METHOD"] == "POST" and path.count("/") == UPLOADS_AT
        return super().writes(environ) and not uploads and not path.endswith(NOBODY)

    def sent(self) -> dict[str, Any]:
        """Return query and document, with what stands in the document under the names of its steps."""
        sent: dict[str, Any] = dict(request.args.items())
        body: Any = request.get_json(silent=True, force=True) if request.mimetype == JSONAPI else None
        if isinstance(body, dict):
            for name, value in cast("dict[str, Any]", body).items():
                inner = cast("dict[str, Any]", value) if name == "data" and isinstance(value, dict) else {}
                sent.update({f"data.{key}": one for key, one in inner.items()} if inner else {name: value})
        return sent

    def refusal(self, text: str) -> Response:
        """Where there is no route there is a page; else an error."""
        if text.endswith("is not in the contract"):
            return page_404(Page404())
        return refuse(Refusal(HTTPStatus.BAD_REQUEST, text))

    def _before(self) -> None:
        if request.path.startswith("/jsonapi"):
            if self.read_only and request.method not in ("GET", "HEAD"):
                raise Refusal(405, READ_ONLY.format(origin=self._origin), headers={"Allow": "GET"})
            check_query()

    @property
    def _origin(self) -> str:
        return request.host_url.rstrip("/")

    def _me(self) -> bool:
        """Tell whether the call is made as the hub's account. Wrong credentials make a visitor, and count."""
        given = request.headers.get("Authorization", "")
        if given.startswith("Bearer "):
            if not self.authorization.valid(given.removeprefix("Bearer ")):
                raise Refusal(401, "The access token could not be verified.", headers={"WWW-Authenticate": "Bearer"})
            return True
        if not given:
            return False
        pair = f"{self.secrets['username']}:{self.secrets['password']}".encode()
        right = given == "Basic " + base64.b64encode(pair).decode()
        self.wrong_tries += not right
        return right and self.wrong_tries <= MOST_TRIES

    def _may(self, what: str) -> None:
        if self._me():
            return
        if "Authorization" not in request.headers:
            raise Refusal(401, "No authentication credentials provided.",
                          headers={"WWW-Authenticate": 'Basic realm="Sandbox site"'})  # fmt: skip
        raise Refusal(403, what)

    # Routes

    def _entry(self) -> Response:
        names = [f"media--{bundle}" for bundle in self.site.types] + [f"node--{kind}" for kind in self.site.kinds]
        names += ["file--file", "media_type--media_type", "user--user"]
        links = {name: {"href": f"{self._origin}/jsonapi/{name.replace('--', '/')}"} for name in names}
        links["self"] = {"href": f"{self._origin}/jsonapi"}
        me = {"meta": {"id": self.site.me}, "href": f"{self._origin}/jsonapi/user/user/{self.site.me}"}
        meta = {"meta": {"links": {"me": me}}} if self._me() else {}
        return told({"data": [], **meta, "links": links})

    def _media_types(self) -> Response:
        whole = self._me() and not self.shy
        return many(list(self.site.types.values()), lambda kind: kind.said(whole=whole))

    def _user(self, ref: str) -> Response:
        if ref != self.site.me:
            raise Refusal(404, 'The "entity" parameter was not converted for the path "/jsonapi/user/user/{entity}"')
        attributes = {"display_name": "hub"}
        return one({"type": "user--user", "id": ref, "attributes": attributes, "links": {}})

    def _list(self, bundle: str) -> Response:
        """List items; any filter hides what is not published."""
        self._field(bundle)
        filtered = any(name.startswith("filter") for name in request.args)
        me = self._me() and self.views_unpublished
        found = [
            (ref, facts) for ref, facts in self.ledger.living().items()
            if facts["bundle"] == bundle and (facts["status"] or (me and not filtered))
        ]  # fmt: skip
        if request.args.get("sort") == "-changed,-drupal_internal__mid":
            found.sort(key=lambda item: (item[1]["changed"], item[1]["mid"]), reverse=True)
        return many(found, lambda item: self._said(*item), lambda item: self._file_of(item[1]))

    def _read(self, bundle: str, ref: str) -> Response:
        facts = self._facts(bundle, ref)
        if not facts["status"] and not (self._me() and self.views_unpublished):
            raise Refusal(403, "The current user is not allowed to GET the selected resource.")
        if version := request.args.get("resourceVersion"):
            facts = at_version(self.ledger.effects(), ref, version)
        return one(self._said(ref, facts), self._file_of(facts) if "include" in request.args else ())

    def _upload(self, bundle: str, field: str) -> Response:
        if self._field(bundle) != field:
            raise Refusal(404, f'Field "{field}" does not exist.')
        if request.mimetype != "application/octet-stream":
            raise Refusal(415, NO_FORMAT.format(kind=request.mimetype))
        self._may("The current user is not permitted to upload a file for this field.")
        with self.lock:
            file = self.files.upload(self.site.types[bundle].source, self._tick())
        return one(file.said(self._origin), status=HTTPStatus.CREATED)

    def _create(self, bundle: str) -> Response:
        """Make an item. The type that a document names is not compared with the path, as measured."""
        field = self._field(bundle)
        typed()
        self._may("The following permissions are required: 'administer media' OR 'create media'.")
        data = document()
        ref = str(data.get("id") or uuid.uuid4())
        if not UUID.fullmatch(ref):
            raise Refusal(422, "IDs should be properly generated and formatted UUIDs as described in RFC 4122.")
        shown = shown_in(data, field, self.files)
        required(shown, field)
        with self.lock:
            if ref in self.ledger.living():
                raise Refusal(409, "Entity already exists.")
            fresh = self._fresh(bundle, field)
            changes = changes_in(fresh, data, shown, self.files)
            changes["name"] = changes.get("name") or self.files.all[changes["file"]].name
            self.ledger.add(What.MADE, ref, f"{bundle}/{field}", **{**fresh, **changes})
        answer = one(self._said(ref, self.ledger.living()[ref]), status=HTTPStatus.CREATED)
        answer.headers["Location"] = f"{self._origin}/jsonapi/media/{bundle}/{ref}?resourceVersion=id%3A{fresh['vid']}"
        return answer

    def _patch(self, bundle: str, ref: str) -> Response:
        """Change an item. Another file takes the item's name along: the field map comes after what was sent."""
        typed()
        facts = self._facts(bundle, ref)
        self._may("The current user is not allowed to PATCH the selected resource.")
        data = document()
        if data.get("id") != ref:
            raise Refusal(400, f"The selected entity ({ref}) does not match the ID in the payload ({data.get('id')}).")
        if ref in self.drafts:
            raise Refusal(400, DRAFT)
        with self.lock:
            changes = changes_in(facts, data, shown_in(data, facts["field"], self.files), self.files)
            required(changes.get("name", facts["name"]), "name")
            if changes.get("file", facts["file"]) != facts["file"]:
                changes["name"] = self.files.all[changes["file"]].name
            news = {"vid": self._number(), "changed": moment(self._tick())}
            self.ledger.add(What.CHANGED, ref, facts["target"], **{**changes, **news})
        return one(self._said(ref, self.ledger.living()[ref]))

    def _remove(self, bundle: str, ref: str) -> Response:
        """Delete an item; its file stays where it is."""
        facts = self._facts(bundle, ref)
        self._may("The current user is not allowed to DELETE the selected resource.")
        self.ledger.add(What.REMOVED, ref, facts["target"])
        return Response(status=HTTPStatus.NO_CONTENT)

    def _list_files(self) -> Response:
        return many(self.files.named(request.args), lambda file: file.said(self._origin))

    def _remove_file(self, ref: str) -> Response:
        if ref not in self.files.all:
            raise Refusal(404, 'The "entity" parameter was not converted for the path "/jsonapi/file/file/{entity}"')
        self._may("The following permissions are required: 'delete any file'.")
        del self.files.all[ref]
        return Response(status=HTTPStatus.NO_CONTENT)

    def _public(self, path: str) -> Response:
        file = self.files.at(path)
        if file is None:
            raise Page404
        return Response(file.data, content_type=file.media_type)

    # What the routes share

    def _tick(self) -> int:
        self.now += self.pace_s
        return self.now

    def _number(self) -> int:
        self.numbers += 1
        return self.numbers

    def _stands(self, ref: str) -> bool:
        return ref in self.ledger.living()

    def _field(self, bundle: str) -> str:
        if bundle not in self.site.types:
            raise Page404
        return self.site.types[bundle].field

    def _facts(self, bundle: str, ref: str) -> dict[str, Any]:
        self._field(bundle)
        facts = self.ledger.living().get(ref)
        if facts is None or facts["bundle"] != bundle:
            raise Refusal(404, 'The "entity" parameter was not converted for the path "/jsonapi/media/{entity}"')
        return facts

    def _file_of(self, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
        file = self.files.all.get(facts["file"])
        return [file.said(self._origin)] if file else []

    def _said(self, ref: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        return media_json(ref, facts, next(iter(self._file_of(facts)), None), self._origin)

    def _fresh(self, bundle: str, field: str) -> dict[str, Any]:
        now, number = self._tick(), self._number()
        kind = self.site.types[bundle]
        return {
            "bundle": bundle, "field": field, "kind": kind.uuid, "image": kind.source == "image",
            "mid": number, "vid": number,
            "created": moment(now), "changed": moment(now), "status": True, "name": "", "alt": None, "title": None,
            "description": None, "rights": None, "log": None,
        }  # fmt: skip

    def _put(self, target: str, name: str, filename: str, data: bytes) -> str:
        """Let somebody there make an item."""
        bundle, _, field = target.partition("/")
        with self.lock:
            file = self.files.add(filename, data, self._tick())
            file.kept = True
            ref = str(uuid.uuid4())
            facts = {"file": file.uuid, "filename": file.name, "sha256": file.sha256, "size": len(data), "name": name}
            self.ledger.add(What.MADE, ref, target, **{**self._fresh(bundle, field), **facts})
        return ref

    # What is true here, for tests

    @property
    def wrong_secrets(self) -> Mapping[str, str]:
        """The right account with another password."""
        return {**self.secrets, "password": self.secrets["password"][::-1]}

    def settings(self, origin: str) -> Mapping[str, Any]:
        """Point a connection here."""
        return {"site_url": origin, "rights_field": "field_rights"}

    def targets(self) -> tuple[str, ...]:
        """The media types that keep a file."""
        return tuple(f"{one.bundle}/{one.field}" for one in self.site.types.values() if one.source != "oembed:video")

    def copies(self, target: str) -> tuple[Standing, ...]:
        """All items of a media type."""
        return tuple(standing(target, ref, facts) for ref, facts in self.ledger.living(target).items())

    def intrude(self, target: str, text: str) -> str:
        """Somebody makes an item of a picture of theirs."""
        return self._put(target, text, f"{text}.png", b"theirs")

    def vanish(self, target: str, ref: str) -> None:
        """Somebody deletes an item; the file stays."""
        self.ledger.add(What.REMOVED, ref, target)

    def edit(self, target: str, ref: str, fields: Mapping[str, Any]) -> None:
        """Somebody writes something else."""
        self.ledger.add(What.CHANGED, ref, target, **fields, changed=moment(self._tick()))

    def use(self, target: str, ref: str) -> str:
        """Somebody embeds an item in an article, and refers to it from a page."""
        del target
        return self.content.use(ref)

    def uses(self, target: str, ref: str) -> int:
        """Count the nodes that show an item."""
        del target
        return self.content.uses(ref)

    def everything(self) -> tuple[Stock, ...]:
        """All items that keep a file."""
        return tuple(
            Stock(f"{facts['target']}/{ref}", ItemKind.FILE, facts["name"], facts["size"], facts["sha256"])
            for ref, facts in self.ledger.living().items()
        )

    def stock(self, name: str, data: bytes) -> str:
        """Somebody uploads a document."""
        target = "document/field_media_document"
        plain = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII)[-LONGEST:]
        return f"{target}/{self._put(target, name, plain, data)}"

    def unstock(self, ref: str) -> None:
        """Somebody deletes it."""
        target, _, number = ref.rpartition("/")
        self.vanish(target, number)
