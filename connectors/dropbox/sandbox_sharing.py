"""Links and shared folders of the made-up Dropbox.

https://www.dropbox.com/developers/documentation/http/documentation#sharing-list_shared_links
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response

from connectors.dropbox.sandbox_answers import answer, arguments, complain, refuse
from connectors.dropbox.sandbox_shapes import link_shape
from connectors.dropbox.sandbox_tree import Tree

LINKS_PAGE, MEMBERS_PAGE = 2, 3


class Sharing:
    """What people shared. Links to files are facts of the files; all else is remembered here."""

    def __init__(self, tree: Tree, living: Callable[[], Mapping[str, Mapping[str, Any]]]) -> None:
        self._tree, self._living = tree, living
        self.folder_links: dict[str, list[str]] = {}  # by path
        self.shared: dict[str, dict[str, list[dict[str, Any]]]] = {}  # by path: who shares a folder, by kind
        self.app_folder = False  # whether the app sees a folder of its own only
        self.left = False  # whether the account is no member any more

    def info(self, ref: str) -> dict[str, Any]:
        """Return what a file's metadata tells of sharing: in which shared folder it lies."""
        paths = [path for path in self.shared if _lies_in(self._tree.path(ref), path)]
        if not paths:
            return {}
        return {"sharing_info": {"read_only": False, "parent_shared_folder_id": _id(max(paths, key=len))}}

    def links(self) -> Response:
        """List the links to a file or folder; those to folders above it too, unless only direct ones are asked for."""
        sent = arguments()
        ref = self._tree.find(sent["path"])
        if ref is None:
            return refuse("path", "not_found")
        shapes = [link_shape(url) for url in self._living().get(ref, {"links": []})["links"]]
        path = self._tree.path(ref)
        for folder, urls in self.folder_links.items():
            if folder == path or (not sent.get("direct_only") and _lies_in(path, folder)):
                shapes += [link_shape(url, folder=folder.rpartition("/")[2]) for url in urls]
        at = int(sent.get("cursor", "0"))
        more = {"cursor": str(at + LINKS_PAGE)} if at + LINKS_PAGE < len(shapes) else {}
        return answer({"links": shapes[at : at + LINKS_PAGE], "has_more": bool(more), **more})

    def members(self) -> Response:
        """List who shares a folder."""
        if self.app_folder:
            return complain("Your app is not permitted to access this endpoint.")
        sent = arguments()
        folder, at = sent.get("shared_folder_id", ""), 0
        if "cursor" in sent:
            folder, _, start = sent["cursor"].partition("~")
            at = int(start)
        found = {_id(path): who for path, who in self.shared.items()}.get(folder)
        if found is None:
            return refuse("invalid_id")
        if self.left:
            return refuse("not_a_member")
        lines = [(kind, one) for kind in ("users", "groups", "invitees") for one in found.get(kind, ())]
        page = lines[at : at + min(sent.get("limit", MEMBERS_PAGE), MEMBERS_PAGE)]
        told = {kind: [one for its, one in page if its == kind] for kind in ("users", "groups", "invitees")}
        more = {"cursor": f"{folder}~{at + len(page)}"} if at + len(page) < len(lines) else {}
        return answer({**told, **more})


def member(number: int, access: str = "editor") -> dict[str, Any]:
    """Return somebody who shares a folder."""
    who = {"account_id": f"dbid:{number}", "email": f"eve{number}@sandbox.example", "display_name": f"Eve {number}"}
    return {"access_type": {".tag": access}, "user": {**who, "same_team": True}, "is_inherited": False}


def _lies_in(path: str, folder: str) -> bool:
    return path.lower().startswith(f"{folder.lower()}/")


def _id(path: str) -> str:
    return str(zlib.crc32(path.lower().encode()))
