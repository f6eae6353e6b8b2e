"""A made-up Google Drive: My Drive and three shared drives. State is what the ledger adds up to."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Response, g, jsonify, request

from connectors.google_drive import sandbox_exports, sandbox_ids, sandbox_log
from connectors.google_drive.sandbox_answers import (
    DEFAULT,
    DEFAULT_FILE,
    Refused,
    invalid,
    missing,
    page,
    partial,
    search,
)
from connectors.google_drive.sandbox_beside import Beside
from connectors.google_drive.sandbox_channels import Channels
from connectors.google_drive.sandbox_quotas import Quotas
from connectors.google_drive.sandbox_robot import Robot
from connectors.google_drive.sandbox_scopes import scopes
from connectors.google_drive.sandbox_shapes import lists, merged, shape, standing, stocked
from connectors.google_drive.sandbox_stock import AT, DRIVES, ROOT, STANDING, TOPS
from connectors.google_drive.sandbox_uploads import MOST_SIMPLE, Session, Taken, two_parts
from connectors.google_drive.types import FOLDER, NATIVE, PROPERTIES
from connectors.testing.contract import Contract
from connectors.testing.hooks import Delivery
from connectors.testing.ledger import Ledger, What
from connectors.testing.sandbox import Sandbox, Standing, Stock, Typed

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONTRACT = Path(__file__).parent / "fixtures" / "contract.json"
API, UPLOAD = "/drive/v3", "/upload/drive/v3"
PAGE, DRIVES_PAGE, FEED_PAGE = 40, 2, 25
"""Drive may answer less than it was asked for."""
CALLBACK = "https://hub.example/hook"
EMPTY: Mapping[str, Any] = {
    "description": "", "starred": False, "properties": {}, "appProperties": {}, "trashed": False, "createdTime": AT,
    "modifiedTime": AT, "version": 1, "may": True,
}  # fmt: skip


def create(*, ledger: Ledger | None = None) -> GoogleDriveSandbox:
    """Make a Drive."""
    return GoogleDriveSandbox(ledger=ledger)


class GoogleDriveSandbox(Sandbox):
    """One account with a token."""

    name = "google_drive"
    auth = "google_account"
    text_fields = ("name", "description", "credit")
    contract = Contract.load(CONTRACT)

    def __init__(self, *, ledger: Ledger | None = None) -> None:
        super().__init__(ledger=ledger)
        self.secrets = {
            "client_id": "5ca1ab1e.apps.example", "client_secret": "GOCSPX-sandbox-5ca1ab1e",
            "access_token": "ya29.sandbox-access-5ca1ab1e",
        }  # fmt: skip
        self.people = {self.secrets["access_token"]: "dana"}  # whose calls those with a token are
        self.robot = Robot(self.secrets["access_token"])
        self.scopes = scopes()
        self.quotas = Quotas()
        self.storage = {"limit": str(15 << 30), "usage": "3328599655", "usageInDrive": "3328599000"}
        self.keeps_at_most: int | None = None  # of each piece of an upload
        self.forbids_deleting = False  # as for members of a shared drive who are no managers
        self.misses_some = False  # incompleteSearch
        self.wants_browsers = False  # where people download exports
        self.searches_late = False  # by properties: they tell nothing of what was made lately
        self.sessions: dict[str, Session] = {}
        self.channels = Channels(self.outbox.add, Delivery)
        self.beside = Beside(self.ledger, self._known, self.app)
        self._bytes: dict[str, bytes] = {}
        self._forgotten = 0
        for method, path, act in (
            ("GET", f"{API}/about", self._about), ("GET", f"{API}/drives", self._drives),
            ("GET", f"{API}/files", self._list), ("GET", f"{API}/files/<ref>", self._get),
            ("GET", f"{API}/files/generateIds", lambda: sandbox_ids.give(g.user)),
            ("PATCH", f"{API}/files/<ref>", self._patch), ("DELETE", f"{API}/files/<ref>", self._delete),
            ("GET", f"{API}/files/<ref>/export", self._export), ("GET", sandbox_exports.DOWNLOADS, self._download),
            ("POST", f"{UPLOAD}/files", self._upload),
            ("PATCH", f"{UPLOAD}/files/<ref>", self._upload), ("PUT", f"{UPLOAD}/files", self._piece),
            ("PUT", f"{UPLOAD}/files/<ref>", self._piece), ("GET", f"{API}/changes/startPageToken", self._start),
            ("GET", f"{API}/changes", self._changes), ("POST", f"{API}/changes/watch", self._watch),
            ("POST", f"{API}/channels/stop", self._stop),
        ):  # fmt: skip
            self.app.add_url_rule(path, endpoint=f"{method} {path}", view_func=act, methods=[method])
        self.app.before_request(self._sign_in)
        self.app.register_error_handler(Refused, Refused.answer)

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; a service account gets its token at an address of its own."""
        if environ.get("PATH_INFO") != "/token":
            return super().wsgi(environ, start_response)
        return self.robot.app(environ, start_response)

    def too_many(self) -> Response:
        """Answer in Google's form."""
        return Refused(403, "userRateLimitExceeded", "User rate limit exceeded.").answer()

    def _sign_in(self) -> Response | None:
        whose = self.people.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if whose is None:
            raise Refused(401, "authError", "Invalid Credentials", "Authorization")
        self.quotas.spend(whose)
        g.user = whose
        return self.scopes.refusal()

    def _about(self) -> Response:
        if "fields" not in request.args:  # the one method without a default
            raise Refused(400, "required", "The 'fields' parameter is required for this method.", "fields")
        user = {"displayName": "Dana", "emailAddress": "dana@example.com", "permissionId": "0815", "me": True}
        return partial({"kind": "drive#about", "user": user, "storageQuota": self.storage}, "About")

    def _drives(self) -> Response:
        shapes = [{"kind": "drive#drive", "id": drive, "name": name} for drive, name in DRIVES.items()]
        return partial(page("drives", shapes, DRIVES_PAGE), "Drives")

    def _list(self) -> Response:
        drive, corpora = request.args.get("driveId", ""), request.args.get("corpora", "user")
        shared = request.args.get("includeItemsFromAllDrives") == "true"
        known = ("user", "drive", "allDrives")
        if (corpora == "drive") != bool(drive) or corpora not in known or (corpora != "user" and not shared):
            raise invalid("corpora")
        if drive and drive not in DRIVES:
            raise Refused(404, "notFound", f"Shared drive not found: {drive}", "driveId")
        query = request.args.get("q", "")
        fits, tells = search(query), not (self.searches_late and "appProperties" in query)
        files = self._files() if tells else ()
        shapes = [
            shape(ref, file) for ref, file in files if lists(file, drive or corpora, shared=shared) and fits(file)
        ]
        told = page("files", shapes, PAGE)
        return partial({**told, "kind": "drive#fileList", "incompleteSearch": self.misses_some}, "Files", DEFAULT)

    def _get(self, ref: str) -> Response:
        known = ROOT if ref == "root" else ref
        file = self._known(known)
        if request.args.get("alt") != "media":
            links = sandbox_exports.links(self.origin, known, file)
            return partial({**shape(known, file), **links}, "File", DEFAULT_FILE)
        if file["mimeType"].startswith(NATIVE):
            raise Refused(403, "fileNotDownloadable", "Only files with binary content can be downloaded.", "alt")
        return Response(self._bytes.get(file["sha256"], b""), content_type=file["mimeType"])

    def _export(self, ref: str) -> Response:
        return sandbox_exports.export(self._known(ref, shared=True))

    def _download(self) -> Response:
        return sandbox_exports.download(self._known(request.args["id"], shared=True), browsers=self.wants_browsers)

    def _patch(self, ref: str) -> Response:
        sent: dict[str, Any] = request.get_json()
        with self.lock:
            file = self._known(ref)
            self._change(ref, file, sent)
            return partial(shape(ref, self._known(ref)), "File", DEFAULT_FILE)

    def _delete(self, ref: str) -> Response:
        with self.lock:
            file = self._known(ref)
            if self.forbids_deleting:
                raise Refused(403, "insufficientFilePermissions", "The user does not have sufficient permissions.")
            self.ledger.add(What.REMOVED, ref, file["target"], driveId=file["driveId"])
            self.channels.tell(file["driveId"])
        return Response(status=204)

    def _upload(self, ref: str = "") -> Response:
        if ref:
            self._known(ref)
        if request.args["uploadType"] == "resumable":
            return self._begin(ref, request.get_json())
        about, kind, data = two_parts(request.headers["Content-Type"], request.get_data())
        if len(data) > MOST_SIMPLE:
            raise Refused(413, "uploadTooLarge", "The request is too large.")
        self._within(about)
        taken = Taken()
        taken.add(data)
        return self._complete(ref, about, kind, taken)

    def _begin(self, ref: str, about: Mapping[str, Any]) -> Response:
        size = request.headers.get("X-Upload-Content-Length", "")
        if not size.isdecimal():
            raise Refused(400, "badRequest", "X-Upload-Content-Length is missing.")
        if not ref:
            self._chosen(about)
        name = secrets.token_urlsafe(16)
        kind = request.headers.get("X-Upload-Content-Type", "")
        self.sessions[name] = Session(ref, about, kind, int(size))
        where = f"{self.origin}{request.path}?{request.query_string.decode()}&upload_id={name}"
        return Response(status=200, headers={"Location": where})

    def _piece(self, ref: str = "") -> Response:
        del ref
        session = self.sessions.get(request.args.get("upload_id", ""))
        if session is None:
            raise Refused(404, "notFound", "Upload session not found.")
        whole = session.take(request.headers.get("Content-Range", ""), request.stream, self.keeps_at_most)
        if not whole:
            kept = {"Range": f"bytes=0-{session.taken.size - 1}"} if session.taken.size else {}
            return Response(status=308, headers=kept)
        if session.done:
            return partial(shape(session.done, self._known(session.done)), "File", DEFAULT_FILE)
        answer = self._complete(session.ref, session.about, session.media_type, session.taken)
        session.done = str(self.ledger.effects()[-1].ref)
        return answer

    def _complete(self, ref: str, about: Mapping[str, Any], kind: str, taken: Taken) -> Response:
        """Make a file, or give one a new revision, once all bytes are there."""
        facts = {**taken.facts(), "mimeType": about.get("mimeType") or kind, "headRevisionId": self._next("r")}
        if taken.data is not None:
            self._bytes[facts["sha256"]] = taken.data
        with self.lock:
            if ref:
                self._change(ref, self._known(ref), about, **facts)
                return partial(shape(ref, self._known(ref)), "File", DEFAULT_FILE)
            made = self._make({**about, **facts})
        return partial(shape(made, self._known(made)), "File", DEFAULT_FILE)

    def _make(self, about: Mapping[str, Any]) -> str:
        parents = about.get("parents") or [ROOT]
        if len(parents) > 1:
            raise Refused(400, "invalid", "A file may only have a single parent.", "parents")
        folder = self._known(parents[0])
        ref = self._chosen(about) or self._next("1file")
        facts = {**EMPTY, **about, "name": about.get("name", "Untitled"), "parents": parents}
        for kind in ("properties", "appProperties"):
            facts[kind] = merged({}, about.get(kind, {}))
        self.ledger.add(What.MADE, ref, parents[0], driveId=folder["driveId"], **facts)
        self.channels.tell(folder["driveId"])
        return ref

    def _chosen(self, about: Mapping[str, Any]) -> str:
        """Return the id that a new file is to have; empty: none was chosen."""
        ref = str(about.get("id", ""))
        if ref:
            taken = ref in STANDING or any(effect.ref == ref for effect in self.ledger.effects())
            sandbox_ids.chosen(about, g.user, taken=taken)
        return ref

    def _change(self, ref: str, file: Mapping[str, Any], sent: Mapping[str, Any], **facts: Any) -> None:
        changed = {**sent, **facts, "version": file["version"] + 1}
        for kind in ("properties", "appProperties"):
            if kind in sent:
                changed[kind] = merged(file[kind], sent[kind])
        self.ledger.add(What.CHANGED, ref, file["target"], **changed)
        self.channels.tell(file["driveId"])

    def _within(self, about: Mapping[str, Any]) -> None:
        """Hold what stands inside an upload's body to the contract."""
        wrong = Contract.load(CONTRACT).violations(request.method, request.path, {**request.args, **about})
        if wrong:
            self.violations.extend(wrong)
            raise Refused(400, "invalid", "; ".join(wrong))

    def _start(self) -> Response:
        return jsonify({"kind": "drive#startPageToken", "startPageToken": str(self._now())})

    def _now(self) -> int:
        return 1000 + len(self.ledger.effects())

    def _changes(self) -> Response:
        token, drive = request.args["pageToken"], request.args.get("driveId", "")
        if drive and drive not in DRIVES:
            raise Refused(404, "notFound", f"Shared drive not found: {drive}", "driveId")
        if not token.isdecimal() or not self._forgotten <= int(token) <= self._now():
            raise invalid("pageToken")
        told = sandbox_log.latest(self.ledger, int(token) - 1000, drive)
        now = told[: min(request.args.get("pageSize", 100, int), FEED_PAGE)]
        more = len(told) > len(now)
        after = 1000 + now[-1].seq if more else self._now()
        shapes = [sandbox_log.line(self.ledger, effect) for effect in now]
        return partial({"changes": shapes, "nextPageToken" if more else "newStartPageToken": str(after)}, "Changes")

    def _watch(self) -> Response:
        return jsonify(self.channels.open(request.get_json(), request.args.get("driveId", "")))

    def _stop(self) -> Response:
        sent: dict[str, str] = request.get_json()
        self.channels.stop(sent["id"], sent["resourceId"])
        return Response(status=204)

    def _files(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        yield from STANDING.items()
        yield from self.ledger.living().items()

    def _known(self, ref: str, *, shared: bool = False) -> Mapping[str, Any]:
        """Return a file; one in a shared drive only shows itself to who says that he knows of such drives."""
        file = self.ledger.living().get(ref) or STANDING.get(ref) or TOPS.get(ref)
        if file is None or (file["driveId"] and not shared and request.args.get("supportsAllDrives") != "true"):
            raise missing(ref)
        return file

    def _next(self, kind: str) -> str:
        return f"{kind}{len(self.ledger.effects()) + 1:06}{secrets.token_hex(4)}"

    # What is true here.

    def typed(self) -> Typed:
        """Nobody can sign in at a made-up Google: a person connects with a service account that acts for them."""
        return Typed("service_account", {"key_file": self.robot.key_file(), "subject": "dana@example.com"})

    def settings(self, origin: str) -> Mapping[str, Any]:
        """Point a connection here."""
        return {"origin": origin}

    def targets(self) -> tuple[str, ...]:
        """The tops of all drives, and all folders that files can be put into."""
        folders = [file for file in STANDING.values() if file["mimeType"] == FOLDER and file["may"]]
        tops = (ROOT, *(f"{drive}@{drive}" for drive in DRIVES))
        return (*tops, *(f"{one['id']}@{one['driveId']}" if one["driveId"] else one["id"] for one in folders))

    def copies(self, target: str) -> tuple[Standing, ...]:
        """All files of a folder."""
        folder = target.partition("@")[0]
        return tuple(standing(target, ref, facts) for ref, facts in self.ledger.living(folder).items())

    def intrude(self, target: str, text: str) -> str:
        """Somebody puts something else there."""
        return self._lay(f"{text}.png", b"", target.partition("@")[0])

    def vanish(self, target: str, ref: str) -> None:
        """Somebody deletes a file for good."""
        self.ledger.add(What.REMOVED, ref, target.partition("@")[0])

    def edit(self, target: str, ref: str, fields: Mapping[str, Any]) -> None:
        """Somebody writes something else."""
        plain = {name: value for name, value in fields.items() if name not in PROPERTIES}
        own = {name: value for name, value in fields.items() if name in PROPERTIES}
        there = self.ledger.living()[ref]["properties"]
        self.ledger.add(What.CHANGED, ref, target.partition("@")[0], **plain, properties={**there, **own})

    def relocate(self, target: str, ref: str) -> bool:
        """Somebody moves a file to another folder of the same drive, under another name."""
        here, _, drive = target.partition("@")
        places = [one.partition("@") for one in self.targets()]
        folder = next(one for one, _, its_drive in places if its_drive == drive and one != here)
        self.ledger.add(What.CHANGED, ref, here, parents=[folder], name="Our own word for it.jpg")
        return True

    def everything(self) -> tuple[Stock, ...]:
        """Everything that is not in the trash."""
        return tuple(stocked(ref, file) for ref, file in self._files() if not file["trashed"])

    def stock(self, name: str, data: bytes) -> str:
        """Somebody puts a file into a folder of a shared drive."""
        drive = next(iter(DRIVES))
        return self._lay(name, data, f"1{drive}01")

    def unstock(self, ref: str) -> None:
        """Somebody deletes it."""
        self.ledger.add(What.REMOVED, ref, self.ledger.living()[ref]["target"])

    def use(self, target: str, ref: str) -> str:
        """Somebody makes a shortcut to a file."""
        del target
        return self.beside.shortcut(ref)

    def uses(self, target: str, ref: str) -> int:
        """Count the shortcuts to a file; what tells with whom it is shared is counted by tests of our own."""
        del target
        return len(self.beside.shortcuts(ref))

    def subscriptions(self) -> int:
        """Count the open channels."""
        return len(self.channels.live)

    def lose_feed(self) -> None:
        """Refuse the tokens of before, as when an account was taken over by another."""
        self._forgotten = self._now() + 1
        self._lay("after.txt", b"", ROOT)

    def delivery(self, *, target: str, ref: str, ours: bool = False, kind: str = "") -> Delivery:
        """Drive tells that something in a drive changed: not what, not by whom."""
        del ref, ours
        return self.channels.delivery(CALLBACK, self.secrets["client_secret"], target.partition("@")[2], kind)

    def _lay(self, name: str, data: bytes, folder: str) -> str:
        taken = Taken()
        taken.add(data)
        facts = taken.facts()
        self._bytes[facts["sha256"]] = data
        ref = self._next("1file")
        drive = (STANDING.get(folder) or TOPS[folder])["driveId"]
        more = {"name": name, "parents": [folder], "mimeType": "application/octet-stream", "headRevisionId": "r1"}
        self.ledger.add(What.MADE, ref, folder, **{**EMPTY, **facts, **more, "driveId": drive})
        self.channels.tell(drive)
        return ref
