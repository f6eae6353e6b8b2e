"""The made-up Drupal's content: nodes that use media, searched, read with their drafts, and changed by programs.

As jsonapi's EntityResource and ResourceVersionRouteEnhancer of Drupal 11.4 say: a search sees what is published, drafts
are listed and not searched, and the time of the last change may be sent, but not be another one than it is.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from flask import Response, request

from connectors.drupal.sandbox_changes import document, typed
from connectors.drupal.sandbox_documents import DRAFT, Page404, Refusal, many, moment, one

NODES = 70
VERSIONS = ("rel:latest-version", "rel:working-copy")
NO_SEARCH = (
    "JSON:API does not support filtering on revisions other than the latest version because a secure Drupal core API "
    "does not yet exist to do so."
)
NO_FIELD = "Invalid nested filtering. The field `{field}`, given in the path `{path}`, does not exist."
NOT_FOUND = 'The "entity" parameter was not converted for the path "/jsonapi/node/{kind}/{{entity}}"'
FILTER = re.compile(r"filter\[(?P<path>[\w.]+)\]\[value\]")
MISSING = {"links": {"help": {"href": "https://www.drupal.org/docs/8/modules/json-api/core-concepts#missing"}}}


@dataclass(slots=True)
class Node:
    """A node that embeds or refers to a media item, or neither."""

    kind: str
    number: int
    title: str
    body: str = ""
    media: str = ""
    status: bool = True
    changed: int = 0  # in the sandbox's seconds
    draft: str | None = None  # what the body says in a draft that waits beside
    format: str = "full_html"
    summary: str = ""
    more: tuple[str, ...] = ()  # a second field, with several texts

    @property
    def ref(self) -> str:
        """Its UUID."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"node {self.number}"))

    def said(self, *, missing: bool = False) -> dict[str, Any]:
        """Say it; what it refers to may be gone."""
        meta = MISSING if missing else {"drupal_internal__target_id": 1}
        shown = {"type": "media--image", "id": "missing" if missing else self.media, "meta": meta}
        attributes = {
            "drupal_internal__nid": self.number, "title": self.title, "status": self.status,
            "changed": moment(self.changed), "body": {**_text(self.body, self.format), "summary": self.summary},
            "field_more": [_text(text, self.format) for text in self.more],
        }  # fmt: skip
        return {
            "type": f"node--{self.kind}", "id": self.ref, "links": {}, "attributes": attributes,
            "relationships": {"field_media": {"data": shown if self.media else None}},
        }  # fmt: skip


class Content:
    """All nodes of the site, and what the hub's account may do with them."""

    def __init__(
        self,
        kinds: tuple[str, ...],
        *,
        tick: Callable[[], int],
        stands: Callable[[str], bool],
        ours: Callable[[], bool],
        may: Callable[[str], None],
    ) -> None:
        self._tick, self._stands, self._ours, self._may = tick, stands, ours, may
        self._lock = threading.Lock()
        self.kinds = kinds
        self.routes = (
            ("GET", "/jsonapi/node/<bundle>", self._listed), ("GET", "/jsonapi/node/<bundle>/<ref>", self._read),
            ("PATCH", "/jsonapi/node/<bundle>/<ref>", self._patch),
        )  # fmt: skip
        self.edits = True  # the account may change what is published
        self.bypasses = False  # it may see all: permission "bypass node access"
        self.sees_drafts = True  # permission "view all revisions"
        self.formats = {"basic_html", "full_html"}
        self.nodes = [Node(kinds[number % 2], number, f"Node {number}") for number in range(1, NODES + 1)]
        self.nodes += [Node("article", NODES + number, f"Article {number}") for number in range(1, NODES + 1)]

    def use(self, ref: str) -> str:
        """Embed an item in one node, and refer to it from another that is not published."""
        number = len(self.nodes) + 1
        tag = f'<drupal-media data-entity-type="media" data-entity-uuid="{ref}">&nbsp;</drupal-media>'
        self.nodes.append(Node("article", number, "Embeds it", body=f"<p>See</p>{tag}", changed=self._tick()))
        self.nodes.append(Node("page", number + 1, "Refers to it", media=ref, status=False, changed=self._tick()))
        return f"article/{number}"

    def uses(self, ref: str) -> int:
        """Count the nodes that show an item."""
        return sum(ref in node.body or (node.media == ref and self._stands(ref)) for node in self.nodes)

    def _listed(self, bundle: str) -> Response:
        """Answer a page of a kind of content."""
        if bundle not in self.kinds:
            raise Page404
        ours = self._ours()
        filters = [name for name in request.args if name.startswith("filter")]
        version = request.args.get("resourceVersion")
        if filters and version == VERSIONS[1]:
            raise Refusal(501, NO_SEARCH)
        if version and version not in VERSIONS:
            told = ", ".join(VERSIONS)
            raise Refusal(400, f"Collection resources only support the following resource version identifiers: {told}")
        all_of_it = ours and (self.bypasses or not filters)
        found = [node for node in self.nodes if node.kind == bundle and (node.status or all_of_it)]
        for name in filters:
            found = [node for node in found if _holds(node, name)]
        if request.args.get("sort") == "-changed":
            found.sort(key=lambda node: node.changed, reverse=True)
        if version == VERSIONS[1]:
            seen = [node for node in found if node.draft is None or (ours and self.sees_drafts)]
            found = [node if node.draft is None else replace(node, body=node.draft, status=False) for node in seen]
        return many(found, self._said)

    def _read(self, bundle: str, ref: str) -> Response:
        """Answer one node as it stands outside of drafts."""
        node = self._node(bundle, ref)
        if not (node.status or self._ours()):
            raise Refusal(403, "The current user is not allowed to GET the selected resource.")
        return one(self._said(node))

    def _patch(self, bundle: str, ref: str) -> Response:
        """Change texts of a node."""
        typed()
        node = self._node(bundle, ref)
        refusal = "The current user is not allowed to PATCH the selected resource."
        self._may(refusal)
        if not self.edits:
            raise Refusal(403, refusal)
        if node.draft is not None:
            raise Refusal(400, DRAFT)
        data = document()
        if data.get("id") != ref:
            raise Refusal(400, f"The selected entity ({ref}) does not match the ID in the payload ({data.get('id')}).")
        sent: dict[str, Any] = dict(data.get("attributes", {}))
        with self._lock:
            if sent.pop("changed", moment(node.changed)) != moment(node.changed):
                raise Refusal(403, "The current user is not allowed to PATCH the selected field (changed).",
                              pointer="/data/attributes/changed")  # fmt: skip
            for name, value in sent.items():
                self._set(node, name, value)
            node.changed = self._tick()
        return one(self._said(node))

    def _set(self, node: Node, name: str, value: Any) -> None:
        texts = cast("list[dict[str, Any]]", value if isinstance(value, list) else [value])
        if name not in {"body", "field_more"}:
            raise Refusal(422, f"The attribute {name} does not exist on the node--{node.kind} resource type.")
        if any(text.get("format") not in self.formats for text in texts):
            raise Refusal(422, f"{name}.0.format: The value you selected is not a valid choice.",
                          pointer=f"/data/attributes/{name}/format")  # fmt: skip
        if name == "body":
            node.body, node.summary = texts[0]["value"], texts[0].get("summary", "")
        else:
            node.more = tuple(text["value"] for text in texts)
        node.format = texts[0]["format"]

    def _said(self, node: Node) -> dict[str, Any]:
        return node.said(missing=bool(node.media) and not self._stands(node.media))

    def _node(self, kind: str, ref: str) -> Node:
        found = next((node for node in self.nodes if (node.kind, node.ref) == (kind, ref)), None)
        if found is None:
            raise Refusal(404, NOT_FOUND.format(kind=kind))
        return found


def _text(value: str, form: str) -> dict[str, Any]:
    return {"value": value, "format": form, "processed": value}


def _holds(node: Node, name: str) -> bool:
    """Tell whether a node has what a filter asks for; operators stand beside their values."""
    found = FILTER.fullmatch(name)
    if found is None:
        return True
    path, wanted = found["path"], request.args[name]
    field = path.partition(".")[0]
    texts = {"body": (node.body,), "field_more": node.more}.get(field)
    if texts is None:
        raise Refusal(400, NO_FIELD.format(field=field, path=path))
    if request.args.get(f"filter[{path}][operator]") == "CONTAINS":
        return any(wanted.lower() in text.lower() for text in texts)
    return wanted in texts
