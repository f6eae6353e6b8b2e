"""How the made-up Drive answers: Google's error bodies, partial answers by `fields`, searches by `q`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from flask import Response, jsonify, request

FIELDS: Mapping[str, Any] = json.loads((Path(__file__).parent / "fixtures" / "fields.json").read_bytes())
NESTED = {
    "files": "File", "file": "File", "changes": "Change", "drives": "Drive", "user": "User",
    "capabilities": "File.capabilities", "shortcutDetails": "File.shortcutDetails",
    "storageQuota": "About.storageQuota", "revisions": "Revision", "permissions": "Permission",
}  # fmt: skip
DEFAULT = "kind,incompleteSearch,nextPageToken,newStartPageToken,files(kind,id,name,mimeType)"
DEFAULT_FILE = "kind,id,name,mimeType"
TOP = {
    "Files": {"kind", "files", "nextPageToken", "incompleteSearch"},
    "Drives": {"kind", "drives", "nextPageToken"},
    "Changes": {"kind", "changes", "nextPageToken", "newStartPageToken"},
    "About": {"kind", "user", "storageQuota"},
    "Revisions": {"kind", "revisions", "nextPageToken"},
    "Permissions": {"kind", "permissions", "nextPageToken"},
    "GeneratedIds": {"kind", "space", "ids"},
}
_TERM = re.compile(
    r"(?P<trashed>trashed\s*=\s*(?:true|false))"
    r"|mimeType\s*=\s*'(?P<kind>[^']*)'"
    r"|appProperties has \{ key='(?P<key>(?:[^'\\]|\\.)*)' and value='(?P<value>(?:[^'\\]|\\.)*)' \}"
    r"|shortcutDetails\.targetId\s*=\s*'(?P<leads>[^']*)'"
    r"|'(?P<parent>[^']*)' in parents"
)


class Refused(Exception):
    """An answer in Google's form for refusals."""

    def __init__(self, status: int, reason: str, message: str, location: str = "") -> None:
        super().__init__(reason)
        self.status = status
        told = {"domain": "global", "reason": reason, "message": message}
        if location:
            kind = "header" if location == "Authorization" else "parameter"
            told |= {"locationType": kind, "location": location}
        self.body = {"error": {"code": status, "message": message, "errors": [told]}}

    def answer(self) -> Response:
        """Return it."""
        answer = jsonify(self.body)
        answer.status_code = self.status
        return answer


def missing(ref: str) -> Refused:
    """Return what is said of a file that is not there, or that this account must not know of."""
    return Refused(404, "notFound", f"File not found: {ref}.", "fileId")


def invalid(location: str) -> Refused:
    """Return what is said of a parameter that makes no sense."""
    return Refused(400, "invalid", "Invalid Value", location)


def page(name: str, shapes: list[dict[str, Any]], most: int) -> dict[str, Any]:
    """Return a page of a list; a token is where it goes on."""
    token = request.args.get("pageToken", "0")
    if not token.isdecimal():
        raise invalid("pageToken")
    at, size = int(token), min(request.args.get("pageSize", 100, int), most)
    more = {"nextPageToken": str(at + size)} if at + size < len(shapes) else {}
    return {name: shapes[at : at + size], **more}


def partial(value: Mapping[str, Any], kind: str, default: str = "*") -> Response:
    """Answer the part that `fields` asks for, and refuse names that Drive does not have."""
    return jsonify(_part(value, _mask(request.args.get("fields", default)), kind))


def _part(value: Any, mask: Mapping[str, Any], kind: str) -> Any:
    if isinstance(value, list):
        return [_part(one, mask, kind) for one in cast("list[Any]", value)]
    if not isinstance(value, dict) or "*" in mask or not mask:
        return cast("Any", value)
    whole = cast("dict[str, Any]", value)
    known = TOP.get(kind) or set(FIELDS.get(kind, ()))
    for name in mask:
        if known and name not in known:
            raise Refused(400, "invalidParameter", f"Invalid field selection {name}", "fields")
    return {name: _part(whole[name], mask[name], NESTED.get(name, "")) for name in mask if name in whole}


def _mask(text: str) -> dict[str, Any]:
    """Read a field mask such as `a,b(c,d),e/f`."""
    root: dict[str, Any] = {}
    stack, at = [root], root
    for piece in re.findall(r"[\w*]+|[(),/]", text):
        if piece == "(":
            stack.append(at)
        elif piece == ")":
            stack.pop()
        elif piece == ",":
            at = stack[-1]
        elif piece != "/":
            at = (stack[-1] if at is root and len(stack) == 1 else at).setdefault(piece, {})
    return root


def search(text: str) -> Callable[[Mapping[str, Any]], bool]:
    """Return what tells whether a file fits a query; only the terms that are needed here are known."""
    tests: list[Callable[[Mapping[str, Any]], bool]] = []
    at = 0
    while at < len(text):
        term = _TERM.match(text, at)
        if term is None:
            raise invalid("q")
        tests.append(_test(term))
        at = term.end()
        if text[at:] and not text.startswith(" and ", at):
            raise invalid("q")
        at += len(" and ") if text[at:] else 0
    return lambda file: all(test(file) for test in tests)


def _test(term: re.Match[str]) -> Callable[[Mapping[str, Any]], bool]:
    found = {name: re.sub(r"\\(.)", r"\1", value) for name, value in term.groupdict().items() if value is not None}
    if "trashed" in found:
        return lambda file: file["trashed"] == found["trashed"].endswith("true")
    if "kind" in found:
        return lambda file: file["mimeType"] == found["kind"]
    if "leads" in found:
        return lambda file: file.get("shortcutDetails", {}).get("targetId") == found["leads"]
    if "key" in found:
        return lambda file: file["appProperties"].get(found["key"]) == found["value"]
    return lambda file: found["parent"] in file["parents"]
