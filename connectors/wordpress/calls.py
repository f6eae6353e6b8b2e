"""Calls to a site's REST interface, wherever it lies, and listings that stay whole while others add and delete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from connectors.sdk.errors import BadAnswer, Misconfigured, Missing
from connectors.sdk.http import Answer, Api
from connectors.sdk.multipart import MultipartBody
from connectors.sdk.paging import Part, Spot, after, total_of
from connectors.sdk.types import Outgoing
from connectors.wordpress.types import Index, Media, Numbered

T = TypeVar("T")
N = TypeVar("N", bound=Numbered)

PAGE_SIZE = 100  # WordPress refuses more with 400 rest_invalid_param
MEDIA = "/wp/v2/media"
STATES = "inherit,private,trash"  # a copy in the bin is still a file that anybody can open
EDIT = {"context": "edit"}
BROKEN = frozenset(range(500, 600))
"""Answers of a server that broke off."""

START = Spot()


class Site:
    """One site: its address, and where its REST interface lies below it."""

    def __init__(self, api: Api, address: str, rest_root: str) -> None:
        self.api = api
        self.address = address
        self._root = rest_root

    def index(self) -> Index:
        """Read what the site says of itself."""
        return self.read("/", Index)

    def read(self, route: str, shape: type[T], **query: Any) -> T:
        """Read a route."""
        return self._ask("GET", route, query).parse(shape)

    def write(self, route: str, changes: Mapping[str, Any]) -> Answer:
        """Change what stands at a route."""
        return self._ask("POST", route, EDIT, changes)

    def delete(self, route: str, **query: Any) -> None:
        """Delete what stands at a route."""
        self._ask("DELETE", route, query)

    def upload(self, outgoing: Outgoing, fields: Mapping[str, str], *, md5: str) -> Answer:
        """Upload a file with its fields; WordPress compares the digest and keeps nothing that differs.

        Failures of the server's own come as answers, too: they may name the item all the same.
        """
        path, query = self.where(MEDIA, EDIT)
        body = MultipartBody("file", outgoing, fields)
        # Lower-case hexadecimal digits, not base64 as the header's RFC has it.
        headers = {"Content-MD5": md5, **body.kind}
        return self.api.stream("POST", path, body.chunks, body.size, query=query, headers=headers, fine=BROKEN)

    def every(self, route: str, shape: type[N], **query: Any) -> Iterator[N]:
        """Yield a listing whole, by number, so that what is added meanwhile comes last."""
        spot: Spot | None = START
        while spot is not None:
            part = self.after(route, shape, spot, **query)
            yield from part.items
            spot = part.following

    def after(self, route: str, shape: type[N], spot: Spot, *, size: int = PAGE_SIZE, **query: Any) -> Part[N]:
        """Read on in a listing by number."""
        return self._read_on(route, shape, spot, {"per_page": size, **query}, [])

    def after_at(
        self, route: str, shape: type[N], spot: Spot, *, size: int = PAGE_SIZE, **query: Any
    ) -> tuple[Part[N], datetime | None]:
        """Read on in a listing by number; tell also what time the site had then."""
        said: list[str] = []
        return self._read_on(route, shape, spot, {"per_page": size, **query}, said), _moment(said[0])

    def _read_on(self, route: str, shape: type[N], spot: Spot, query: Mapping[str, Any], said: list[str]) -> Part[N]:
        """Read on; add to `said` what time each answer names."""

        def part(start: int) -> tuple[list[N], int]:
            asked = {"orderby": "id", "order": "asc", **EDIT, "offset": start, **query}
            answer = self._ask("GET", route, asked)
            said.append(answer.headers.get("date", ""))
            return answer.parse(list[shape]), total_of(answer, "X-WP-Total")

        return after(spot, part, number=lambda one: one["id"], size=query["per_page"])

    def media(self, ref: str) -> Media:
        """Read an item."""
        try:
            return self.read(f"{MEDIA}/{ref}", Media, context="edit")
        except Missing:
            self.surely_missing(ref)
            raise

    def surely_missing(self, ref: str) -> None:
        """Ask in a second way before a thing counts as gone: a closed or moved interface answers 404 to everything."""
        try:
            listed = self.read(MEDIA, list[Media], include=ref, status=STATES, context="edit")
        except Missing as error:
            raise Misconfigured(
                "The site answers 404 to everything: its REST interface is off or has moved. Check the address.",
                detail=error.detail, status=error.status,
            ) from error  # fmt: skip
        if listed:
            raise BadAnswer(f"WordPress lists item {ref} and says that it is gone. Look at the site's plugins.")

    def _ask(self, method: str, route: str, query: Mapping[str, Any], json: Mapping[str, Any] | None = None) -> Answer:
        path, parameters = self.where(route, query)
        return self.api.ask(method, path, query=parameters, json=json)

    def where(self, route: str, query: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return path and query of a route, for pretty and for plain permalinks."""
        if self._root.startswith("?"):
            return f"{self.address}/", {"rest_route": route, **query}
        return f"{self.address}{self._root}{route}", dict(query)


def _moment(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
