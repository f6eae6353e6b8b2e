"""How Dropbox is spoken to: arguments as JSON in the body, or in a header where the body is a file's bytes.

https://www.dropbox.com/developers/documentation/http/documentation
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import IO, Any, TypeVar, cast

from connectors.dropbox.hashing import BLOCK, Hashing
from connectors.dropbox.properties import TEMPLATE, template
from connectors.dropbox.space import Usage
from connectors.dropbox.types import Elsewhere, MadeTemplate, Me, Refused, Session, Stored, Template, Templates
from connectors.sdk.answer import Answer
from connectors.sdk.errors import GiveUp, Misconfigured, OutcomeUnknown, RetryLater
from connectors.sdk.http import Api
from connectors.sdk.source import CHUNK, SourceBroken
from connectors.sdk.types import Outgoing

T = TypeVar("T")
Arguments = Mapping[str, Any]
ARG = "Dropbox-API-Arg"
SINGLE = 150 * 1024 * 1024  # a larger file goes in pieces
PIECE = 32 * BLOCK  # whole blocks, so that each piece has a hash; it is streamed, so its size costs no memory
BYTES = {"Content-Type": "application/octet-stream"}


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of one operation; paths begin at one root in all of them."""

    api: Api
    content: str  # the origin of bytes
    root: Mapping[str, str]  # the header that says where paths begin

    @classmethod
    def of(cls, api: Api, content: str, *, whole_team: bool) -> Calls:
        """Begin; a team's space is asked for anew each time, since it may have moved."""
        here = cls(api, content, {})
        info = here.me().root_info if whole_team else None
        if info is None:
            return here
        root = {".tag": "root", "root": info.root_namespace_id}
        return cls(api, content, {"Dropbox-API-Path-Root": json.dumps(root)})

    def me(self) -> Me:
        """Ask who we are."""
        return self.read("/2/users/get_current_account", None, Me)

    def usage(self) -> Usage | None:
        """Ask how much space is used; None where Dropbox does not tell. Only that the sign-in ended is raised."""
        try:
            return self.read("/2/users/get_space_usage", None, Usage)
        except (RetryLater, Misconfigured, GiveUp):  # nothing but a line for people hangs on it
            return None

    def read(self, path: str, arguments: Arguments | None, shape: type[T]) -> T:
        """Read; Dropbox wants a POST for that too."""
        return self._ask(path, arguments, reads=True).parse(shape)

    def write(self, path: str, arguments: Arguments) -> Answer:
        """Write."""
        return self._ask(path, arguments, reads=False)

    def _ask(self, path: str, arguments: Arguments | None, *, reads: bool) -> Answer:
        if arguments is None:  # the body of a call without arguments is the word null
            headers = {**self.root, "Content-Type": "application/json"}
            return self.api.ask("POST", path, content=b"null", headers=headers, reads=reads)
        return self.api.ask("POST", path, json=arguments, headers=self.root, reads=reads)

    def download(self, path: str, arguments: Arguments, into: IO[bytes]) -> Answer:
        """Read bytes into a file."""
        return self.api.download(self.content + path, into, headers={**self.root, ARG: header(arguments)})

    def metadata(self, path: str, templates: list[str]) -> Stored:
        """Read what is known of a file, our property group included."""
        return self.read("/2/files/get_metadata", {"path": path, **with_groups(templates)}, Stored)

    def templates(self) -> list[str]:
        """List the templates that this app made; one of them is ours."""
        return self.read("/2/file_properties/templates/list_for_user", None, Templates).template_ids

    def template(self) -> str:
        """Return the id of our template, which the first upload makes."""
        for known in self.templates():
            arguments = {"template_id": known}
            if self.read("/2/file_properties/templates/get_for_user", arguments, Template).name == TEMPLATE:
                return known
        return self.write("/2/file_properties/templates/add_for_user", template()).parse(MadeTemplate).template_id

    def upload(self, outgoing: Outgoing, hashes: Hashing, commit: Arguments) -> Stored:
        """Send bytes with what is said of them, and see that Dropbox has the same bytes and words."""
        whole = outgoing.size <= SINGLE
        answer = self._send(outgoing, hashes, commit) if whole else self._pieces(outgoing, hashes, commit)
        stored = answer.parse(cast("type[Stored | Refused]", Stored | Refused))
        if isinstance(stored, Refused):
            if not stored.error_summary.startswith("properties_error"):
                raise answer.call.senseless("whether it was carried out is not said", status=answer.status)
            stored = self.metadata(commit["path"], [])  # the bytes were kept, only without the group
        if stored.content_hash != hashes.content_hash():
            raise answer.call.senseless("other bytes arrived than were sent", status=answer.status)
        for group in commit["property_groups"]:
            if group not in [one.model_dump() for one in stored.property_groups]:
                self.write("/2/file_properties/properties/overwrite", {"path": stored.id, "property_groups": [group]})
        return stored

    def _send(self, outgoing: Outgoing, hashes: Hashing, commit: Arguments) -> Answer:
        return self._stream(
            "/2/files/upload", {**commit, "content_hash": hashes.content_hash()}, outgoing, 0, outgoing.size
        )

    def _pieces(self, outgoing: Outgoing, hashes: Hashing, commit: Arguments) -> Answer:
        """Send piece by piece. Nothing stands there before the last one, which also says where."""
        begun = self._stream("/2/files/upload_session/start", {"close": False}, outgoing, 0, 0).parse(Session)
        start = 0
        while True:
            size = min(PIECE, outgoing.size - start)
            arguments = {
                "cursor": {"session_id": begun.session_id, "offset": start},
                "content_hash": hashes.content_hash(start, size),
            }
            if start + size == outgoing.size:
                finish = {**arguments, "commit": commit}
                return self._stream("/2/files/upload_session/finish", finish, outgoing, start, size)
            self._append(arguments, outgoing, start, size)
            start += size

    def _append(self, arguments: Arguments, outgoing: Outgoing, start: int, size: int) -> None:
        path = "/2/files/upload_session/append_v2"
        try:
            answer = self._stream(path, arguments, outgoing, start, size)
        except OutcomeUnknown:  # sent again, it is kept now, or Dropbox says that it is there already
            answer = self._stream(path, arguments, outgoing, start, size)
        kept = answer.json
        if kept is not None and answer.parse(Elsewhere).error.correct_offset != start + size:
            raise answer.call.senseless("the pieces do not fit together", status=answer.status)

    def _stream(self, path: str, arguments: Arguments, outgoing: Outgoing, start: int, size: int) -> Answer:
        headers = {**self.root, **BYTES, ARG: header(arguments)}
        return self.api.stream("POST", self.content + path, lambda: _part(outgoing, start, size), size, headers=headers)


def with_groups(templates: list[str]) -> dict[str, Any]:
    """Ask for the groups of these templates; an empty list is none that Dropbox takes."""
    return {"include_property_groups": {".tag": "filter_some", "filter_some": templates}} if templates else {}


def header(arguments: Arguments) -> str:
    """Write arguments so that they fit in a header: printable ASCII only, which is what Python writes (DEL too)."""
    return json.dumps(arguments, separators=(",", ":"))


def _part(outgoing: Outgoing, start: int, size: int) -> Iterator[bytes]:
    """Yield exactly this part of the bytes; the last part must be the end of them."""
    ends = start + size == outgoing.size
    with closing(outgoing.open()) as stream:
        if start and stream.seekable():
            stream.seek(start)
        else:
            for at in range(0, start, CHUNK):
                stream.read(min(CHUNK, start - at))
        while size and (chunk := stream.read(min(CHUNK, size))):
            size -= len(chunk)
            yield chunk
        if size or (ends and stream.read(1)):
            raise SourceBroken(f"{'fewer' if size else 'more'} bytes than the {outgoing.size} announced")
