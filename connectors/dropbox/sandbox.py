"""A made-up Dropbox: folders, files with ids that stay, property groups, cursors that become a feed, sessions."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Response, request

from connectors.dropbox.events import SIGNATURE, sign
from connectors.dropbox.sandbox_answers import (
    EMPTY,
    Intake,
    answer,
    arguments,
    as_object,
    asked,
    complain,
    content_hash,
    received,
    refuse,
    refuse_upload,
    sealed,
)
from connectors.dropbox.sandbox_properties import Templates
from connectors.dropbox.sandbox_scopes import scopes
from connectors.dropbox.sandbox_shapes import ACCOUNT, HOME, TEAM, deleted, me, space, standing
from connectors.dropbox.sandbox_sharing import Sharing
from connectors.dropbox.sandbox_tree import FOLDERS, Tree, below, within
from connectors.dropbox.sandbox_uploads import Sessions
from connectors.sdk.types import ItemKind
from connectors.testing.contract import Contract
from connectors.testing.hooks import Delivery
from connectors.testing.ledger import Ledger, What
from connectors.testing.sandbox import Sandbox, Standing, Stock

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

KNOWN = Contract.load(Path(__file__).parent / "fixtures" / "contract.json")
PAGE, FEED_PAGE = 50, 20
SINGLE = 150 * 1024 * 1024
LONGEST_NAME = 255
WRITES = ("/2/files/upload", "/2/files/delete_v2", "/2/file_properties/properties/")
"""A template shows nobody anything, so making one counts as no write."""
REFUSED_NAMES = frozenset({"desktop.ini", "thumbs.db", ".ds_store", "icon\r", ".dropbox", ".dropbox.attr"})


def create(*, ledger: Ledger | None = None) -> DropboxSandbox:
    """Make an account with 120 folders."""
    return DropboxSandbox(ledger=ledger)


class DropboxSandbox(Sandbox):
    """Answers as Dropbox does. What stands there is what the ledger adds up to."""

    name = "dropbox"
    auth = "access_token"
    text_fields = ("title", "alt_text", "creator")
    contract = KNOWN
    arguments_header = "Dropbox-API-Arg"

    def __init__(self, *, ledger: Ledger | None = None) -> None:
        super().__init__(ledger=ledger)
        self.secrets = {"access_token": "sl.sandbox-5ca1ab1e-token", "app_secret": "sandbox-app-secret"}
        self.team = False  # whether the account belongs to a team with a space of its own
        self.scopes = scopes()
        self.keeps_groups = True  # whether an upload keeps the groups that it brings
        self.templates, self.sessions, self.tree = Templates(), Sessions(), Tree(self.ledger.living)
        self.sharing = Sharing(self.tree, self.ledger.living)
        self._bytes: dict[str, bytes] = {EMPTY: b""}
        self._forgotten = 0
        self.app.before_request(self._known)
        routes = {
            "users/get_current_account": self._me, "users/get_space_usage": lambda: answer(space(team=self.team)),
            "files/get_metadata": self._metadata,
            "files/list_folder": self._list, "files/list_folder/get_latest_cursor": self._latest,
            "files/list_folder/continue": self._continue, "files/delete_v2": self._delete,
            "files/upload": self._upload, "files/upload_session/start": self.sessions.start,
            "files/upload_session/append_v2": self._append, "files/upload_session/finish": self._finish,
            "file_properties/templates/list_for_user": self.templates.told,
            "file_properties/templates/get_for_user": self.templates.one,
            "file_properties/templates/add_for_user": self.templates.add,
            "file_properties/properties/overwrite": self._overwrite, "sharing/list_shared_links": self.sharing.links,
            "sharing/list_folder_members": self.sharing.members,
            "sharing/list_folder_members/continue": self.sharing.members,
        }  # fmt: skip
        for path, act in routes.items():
            self.app.add_url_rule(f"/2/{path}", endpoint=path, view_func=act, methods=["POST"])
        self.app.add_url_rule("/2/files/download", view_func=self._download)
        self.app.add_url_rule("/2/files/export", view_func=self._export)

    def writes(self, environ: WSGIEnvironment) -> bool:
        """Dropbox reads by POST too."""
        return environ["PATH_INFO"].startswith(WRITES)

    def _check_contract(self) -> Response | None:
        sent, fits = arguments(), KNOWN.violations
        wrong = fits(request.method, request.path, sent)
        if wrong:  # what has not even its type has nothing inside that could be read
            self.violations.extend(wrong)
            return complain("; ".join(wrong))
        for name in ("cursor", "commit", "include_property_groups"):
            if isinstance(sent.get(name), dict):
                wrong += fits("PART", f"/struct/{name}", sent[name])
        for group in (*sent.get("property_groups", ()), *as_object(sent.get("commit")).get("property_groups", ())):
            wrong += fits("PART", "/struct/property_groups", as_object(group))
        self.violations.extend(wrong)
        return complain("; ".join(wrong)) if wrong else None

    def too_many(self) -> Response:
        """Answer in Dropbox's form."""
        return refuse("too_many_requests", status=429)

    def _known(self) -> Response | None:
        if request.headers.get("Authorization") != f"Bearer {self.secrets['access_token']}":
            return refuse("invalid_access_token", status=401)
        if refusal := self.scopes.refusal():
            return refusal
        root = request.headers.get("Dropbox-API-Path-Root")
        if root and json.loads(root).get("root") != self._root():
            info = me(self._root())["root_info"]
            return refuse("invalid_root", info.pop(".tag"), status=422, **info)
        return None

    def _root(self) -> str:
        return TEAM if self.team else HOME

    def _me(self) -> Response:
        return answer(me(self._root()))

    def _metadata(self) -> Response:
        path = arguments()["path"]
        if path == "":
            return complain("The root folder is unsupported.")
        found = self.tree.find(path)
        if found is None:
            return refuse("path", "not_found")
        return answer({**self.tree.shape(found, asked()), **self.sharing.info(found)})

    def _list(self) -> Response:
        sent = arguments()
        if sent["path"] and not self.tree.is_folder(self.tree.find(sent["path"])):
            return refuse("path", "not_folder" if self.tree.find(sent["path"]) else "not_found")
        place = {"path": self.tree.path(sent["path"]), "deep": sent.get("recursive", False), "groups": asked()}
        return self._page({**place, "after": "", "seq": len(self.ledger.effects())}, sent.get("limit", PAGE))

    def _latest(self) -> Response:
        sent = arguments()
        place = {"path": self.tree.path(sent["path"]), "deep": sent.get("recursive", False), "groups": asked()}
        return answer({"cursor": sealed({**place, "after": None, "seq": len(self.ledger.effects())})})

    def _continue(self) -> Response:
        place = json.loads(base64.urlsafe_b64decode(arguments()["cursor"]))
        if place["seq"] < self._forgotten:
            return refuse("reset")
        return self._page(place, PAGE) if place["after"] is not None else self._feed(place)

    def _page(self, place: Mapping[str, Any], limit: int) -> Response:
        found = self.tree.every(team="Dropbox-API-Path-Root" in request.headers)
        rest = sorted(path for path in found if path > place["after"] and within(path, place))
        page = rest[: min(limit, PAGE)]
        more = len(rest) > len(page)
        entries = [self.tree.shape(found[path], place["groups"]) for path in page]
        cursor = sealed({**place, "after": page[-1] if more else None})
        return answer({"entries": entries, "cursor": cursor, "has_more": more})

    def _feed(self, place: Mapping[str, Any]) -> Response:
        effects = self.ledger.effects()
        told = effects[place["seq"] : place["seq"] + FEED_PAGE]
        living = self.ledger.living()
        entries: list[dict[str, Any]] = []
        for effect in told:
            path = below(effect.target, str(effect.facts.get("name", "")))
            if effect.what is What.REMOVED and within(path.lower(), place):
                entries.append(deleted(path))
            elif effect.ref in living and within(self.tree.path(effect.ref).lower(), place):
                entries.append(self.tree.shape(effect.ref, place["groups"]))
        after = place["seq"] + len(told)
        return answer({"entries": entries, "cursor": sealed({**place, "seq": after}), "has_more": after < len(effects)})

    def _delete(self) -> Response:
        with self.lock:
            ref = self.tree.find(arguments()["path"])
            if ref is None:
                return refuse("path_lookup", "not_found")
            shape = self.tree.shape(ref, [])
            self._remove(ref)
        return answer({"metadata": shape})

    def _upload(self) -> Response:
        if (request.content_length or 0) > SINGLE:
            return refuse("payload_too_large")
        intake = received()
        sent = arguments()
        if sent.get("content_hash", intake.content_hash) != intake.content_hash:
            return refuse("content_hash_mismatch")
        return self._keep(sent, intake)

    def _append(self) -> Response:
        refused = self.sessions.take()
        return refuse(refused[0], **refused[1]) if refused else answer(None)

    def _finish(self) -> Response:
        sent = arguments()
        refused = self.sessions.take()
        if refused:
            tags = refused[:1] if refused[0].startswith("content") else ("lookup_failed", refused[0])
            return refuse(*tags, **refused[1])
        return self._keep(sent["commit"], self.sessions.open.pop(sent["cursor"]["session_id"]))

    def _keep(self, commit: Mapping[str, Any], intake: Intake) -> Response:
        with self.lock:
            there, target, name = self.tree.aim(commit["path"])
            if name.lower() in REFUSED_NAMES or "\\" in name or len(name) > LONGEST_NAME or name != name.rstrip():
                return refuse_upload("disallowed_name" if len(name) <= LONGEST_NAME else "malformed_path")
            mode = commit.get("mode", "add")
            facts = self.ledger.living().get(there) if there else None
            if self.tree.is_folder(there) or not (target == "/" or self.tree.is_folder(target)):
                return refuse_upload("conflict", "folder") if there else refuse_upload("malformed_path")
            same = facts is not None and facts["content_hash"] == intake.content_hash
            if facts is not None and not same and not _may_replace(mode, facts["rev"]):
                return refuse_upload("conflict", "file")
            ref = there or f"id:{secrets.token_hex(11)}"
            groups = {**(facts or {"groups": {}})["groups"]}
            wrong = self.templates.wrong(commit.get("property_groups", []))
            if not wrong and self.keeps_groups and not (same and mode == "add"):
                groups |= {group["template_id"]: group["fields"] for group in commit.get("property_groups", [])}
            if not same or mode != "add":
                self._bytes[intake.sha256] = intake.kept
                self.ledger.add(
                    What.CHANGED if there else What.MADE, ref, target, name=name, size=intake.size, groups=groups,
                    sha256=intake.sha256, content_hash=intake.content_hash, rev=secrets.token_hex(8),
                    links=(facts or {"links": []})["links"], document="",
                )  # fmt: skip
            if wrong:
                return refuse("properties_error", wrong)
            return answer({k: v for k, v in self.tree.shape(ref, list(groups)).items() if k != ".tag"})

    def _overwrite(self) -> Response:
        sent = arguments()
        with self.lock:
            ref = self.tree.find(sent["path"])
            if ref is None or self.tree.is_folder(ref):
                return refuse("path", "not_found")
            wrong = self.templates.wrong(sent["property_groups"])
            if wrong:
                return refuse(wrong)
            groups = {group["template_id"]: group["fields"] for group in sent["property_groups"]}
            self._change(ref, groups={**self.ledger.living()[ref]["groups"], **groups})
        return answer(None)

    def _download(self) -> Response:
        ref = self.tree.find(arguments()["path"])
        if ref is None:
            return refuse("path", "not_found")
        if self.tree.is_folder(ref):
            return refuse("path", "not_file")
        facts = self.ledger.living()[ref]
        if facts["document"]:
            return refuse("unsupported_file")
        told = {k: v for k, v in self.tree.shape(ref, []).items() if k != ".tag"}
        headers = {"Dropbox-API-Result": json.dumps(told), "ETag": f'W/"{facts["rev"]}"'}
        return Response(self._bytes[facts["sha256"]], headers=headers, content_type="application/octet-stream")

    def _export(self) -> Response:
        ref = self.tree.find(arguments()["path"])
        facts = self.ledger.living().get(ref or "")
        if facts is None or not facts["document"]:
            return refuse("path", "not_found") if facts is None else refuse("non_exportable")
        told = {"export_metadata": {"name": facts["name"], "size": 1}, "file_metadata": self.tree.shape(ref or "", [])}
        headers = {"Dropbox-API-Result": json.dumps(told)}
        return Response(facts["document"], headers=headers, content_type="text/markdown")

    def _change(self, ref: str, **facts: Any) -> None:
        self.ledger.add(What.CHANGED, ref, self.ledger.living()[ref]["target"], **facts)

    def _remove(self, ref: str) -> None:
        facts = self.ledger.living()[ref]
        self.ledger.add(What.REMOVED, ref, facts["target"], name=facts["name"])

    # What is true here.

    def settings(self, origin: str) -> Mapping[str, Any]:
        """Point a connection here."""
        return {"origin": origin}

    def targets(self) -> tuple[str, ...]:
        """The top and all folders."""
        return ("/", *FOLDERS)

    def copies(self, target: str) -> tuple[Standing, ...]:
        """All files of a folder."""
        return tuple(standing(target, ref, facts) for ref, facts in self.ledger.living(target).items())

    def intrude(self, target: str, text: str) -> str:
        """Somebody puts another file there."""
        return self._lay(target, f"{text}.png", b"")

    def vanish(self, target: str, ref: str) -> None:
        """Somebody deletes a file."""
        del target
        self._remove(ref)

    def edit(self, target: str, ref: str, fields: Mapping[str, Any]) -> None:
        """Another installation of the hub writes other texts; people cannot."""
        del target
        ((template, old),) = self.ledger.living()[ref]["groups"].items()
        texts = {**{one["name"]: one["value"] for one in old}, **fields}
        self._change(ref, groups={template: [{"name": name, "value": text} for name, text in texts.items()]})

    def put_by_hand(self, ref: str, data: bytes) -> None:
        """Somebody saves other bytes under the same name."""
        digest = hashlib.sha256(data).hexdigest()
        self._bytes[digest] = data
        self._change(ref, sha256=digest, content_hash=content_hash(data), size=len(data), rev=secrets.token_hex(8))

    def move(self, ref: str, target: str, name: str) -> None:
        """Somebody moves or renames a file: its id stays, and the feed tells the old path as deleted."""
        facts = {key: value for key, value in self.ledger.living()[ref].items() if key != "target"}
        self._remove(ref)
        self.ledger.add(What.MADE, ref, target, **{**facts, "name": name})

    def relocate(self, target: str, ref: str) -> bool:
        """Somebody moves a file to another folder, under another name."""
        self.move(ref, next(one for one in self.targets() if one != target), "Our own word for it.jpg")
        return True

    def write_document(self, name: str, text: str) -> str:
        """Somebody writes a document that has no bytes of its own."""
        ref = self._lay("/", name, b"")
        self._change(ref, document=text)
        return ref

    def use(self, target: str, ref: str) -> str:
        """Somebody makes a link to a file."""
        del target
        links = self.ledger.living()[ref]["links"]
        url = f"https://www.dropbox.com/scl/fi/{ref[3:]}/{len(links)}?rlkey=x&dl=0"
        self._change(ref, links=[*links, url])
        return url

    def uses(self, target: str, ref: str) -> int:
        """Count the links to a file."""
        return len(self.ledger.living(target).get(ref, {"links": []})["links"])

    def everything(self) -> tuple[Stock, ...]:
        """Folders and files, by path."""
        folders = (Stock(p.lower(), ItemKind.FOLDER, p.rpartition("/")[2]) for p in FOLDERS.values())
        return (*folders, *(self._stock(ref, facts) for ref, facts in self.ledger.living().items()))

    def _stock(self, ref: str, facts: Mapping[str, Any]) -> Stock:
        kind = ItemKind.DOCUMENT if facts["document"] else ItemKind.FILE
        return Stock(self.tree.path(ref).lower(), kind, facts["name"], facts["size"], facts["sha256"])

    def stock(self, name: str, data: bytes) -> str:
        """Somebody puts a file at the top; Dropbox takes no slashes in names."""
        return self.tree.path(self._lay("/", name.replace("/", "_").replace("\\", "_"), data)).lower()

    def unstock(self, ref: str) -> None:
        """Somebody deletes it."""
        found = self.tree.find(ref)
        if found is not None:
            self._remove(found)

    def lose_feed(self) -> None:
        """Forget all cursors."""
        self._forgotten = len(self.ledger.effects())

    def delivery(self, *, target: str, ref: str, ours: bool = False, kind: str = "") -> Delivery:
        """Dropbox tells whose files changed, and nothing else."""
        del target, ref, ours
        body = json.dumps({kind or "list_folder": {"accounts": [ACCOUNT]}, "delta": {"users": [12345678]}}).encode()
        secret = self.secrets["app_secret"]
        return Delivery(
            "https://hub.example/hook", {SIGNATURE: sign(secret, body)}, body, secret=secret, names=False,
            tells_whose=False, numbered=False,
        )  # fmt: skip

    def _lay(self, target: str, name: str, data: bytes) -> str:
        ref, digest = f"id:{secrets.token_hex(11)}", hashlib.sha256(data).hexdigest()
        self._bytes[digest] = data
        self.ledger.add(
            What.MADE, ref, target, name=name, size=len(data), sha256=digest, content_hash=content_hash(data),
            rev=secrets.token_hex(8), groups={}, links=[], document="",
        )  # fmt: skip
        return ref


def _may_replace(mode: object, rev: str) -> bool:
    return mode == "overwrite" or as_object(mode).get("update") == rev
