"""Calls to a site's JSON:API, and what only the whole of an answer tells: who we are taken for, where a list ends.

Drupal answers reads with a wrong password as it answers anybody (200), and writes with 403. So whenever something is
forbidden it is asked who we are, before anybody is sent to look for a missing permission.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.drupal.types import Entry, Many, One, Resource, Settings
from connectors.sdk.errors import AuthExpired, Misconfigured, Missing
from connectors.sdk.http import Answer, Api
from connectors.sdk.paging import every
from connectors.sdk.types import Outgoing, Page

JSONAPI = "application/vnd.api+json"
HEADERS = {"Accept": JSONAPI}
SENT = {**HEADERS, "Content-Type": JSONAPI}
FULL = 50
"""Drupal's largest page; more is cut without a word, and what is no positive number ends in 400, 500 or nonsense."""
Query = Mapping[str, str | int | bool | None]


class Calls:
    """One site."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._root = f"{settings.site_url}{settings.prefix}"

    def entry(self) -> Entry:
        """Read the entry point."""
        try:
            return self._api.get(self._root, Entry, headers=HEADERS)
        except Missing as error:
            raise Misconfigured(
                "There is no JSON:API at this address. Switch the module on, or correct address and path.",
                detail=error.detail, status=error.status,
            ) from error  # fmt: skip

    def me(self, entry: Entry) -> str:
        """Return the UUID of the account that we are.

        Raises:
            AuthExpired: Drupal took us for nobody.
        """
        if entry.me is None:
            raise AuthExpired(
                "Drupal does not know this account: name or password are wrong, or it was tried too often. "
                "Wait six hours after wrong tries, then connect it again."
            )
        return entry.me

    def one(self, path: str, query: Query | None = None) -> One:
        """Read one thing."""
        with self._as_ourselves():
            return self._api.get(f"{self._root}{path}", One, query=query, headers=HEADERS)

    def page(self, path: str, query: Query | None = None, *, offset: str = "0") -> tuple[Many, str | None]:
        """Read a page of a listing; return where the next one begins, too. No listing is ever `Missing`."""
        many, following, _ = self.page_at(path, query, offset=offset)
        return many, following

    def page_at(
        self, path: str, query: Query | None = None, *, offset: str = "0", size: int = FULL
    ) -> tuple[Many, str | None, int | None]:
        """Read a page; return also where the next one begins, and what time the site had then (UTC seconds)."""
        asked = {**(query or {}), "page[limit]": size, "page[offset]": offset}
        with self._as_ourselves():
            try:
                answer = self._api.ask("GET", f"{self._root}{path}", query=asked, headers=HEADERS)
            except Missing as error:
                raise Misconfigured(
                    f"The site does not offer {path} any more: JSON:API or the type was switched off or renamed.",
                    detail=error.detail, status=error.status,
                ) from error  # fmt: skip
        many = answer.parse(Many)
        return many, _next(answer, many), _time(answer)

    def every(self, path: str, query: Query | None = None) -> Iterator[Resource]:
        """Read a listing whole."""

        def one_page(cursor: str | None) -> Page[Resource]:
            many, after = self.page(path, query, offset=cursor or "0")
            return Page(tuple(many.data), after)

        return every(one_page)

    def send(self, method: str, path: str, document: Mapping[str, Any], *, reads: bool | None = None) -> Answer:
        """Write a document."""
        with self._as_ourselves():
            return self._api.ask(
                method, f"{self._root}{path}", json={"data": document}, headers=SENT, reads=reads
            )  # fmt: skip

    def delete(self, path: str) -> None:
        """Delete one thing."""
        with self._as_ourselves():
            self._api.delete(f"{self._root}{path}", headers=HEADERS)

    def upload(self, path: str, outgoing: Outgoing, name: str) -> Resource:
        """Upload a file for a field; it is thrown away after six hours unless a media item shows it by then."""
        # Nothing but this Content-Type is taken, and no `filename*`.
        headers = {
            **HEADERS, "Content-Type": "application/octet-stream", "Content-Disposition": f'file; filename="{name}"',
        }  # fmt: skip
        with self._as_ourselves():
            try:
                answer = self._api.upload(f"{self._root}{path}", replace(outgoing, filename=name), headers=headers)
            except Missing as error:
                raise Misconfigured(
                    f"The site has no field {path} to upload to. Read its media types anew.",
                    detail=error.detail, status=error.status,
                ) from error  # fmt: skip
        return answer.parse(One).data

    @contextmanager
    def _as_ourselves(self) -> Generator[None]:
        """Tell what we may not do from what nobody may: a wrong password is forbidden everything."""
        try:
            yield
        except Misconfigured as refused:
            if refused.status == HTTPStatus.FORBIDDEN:
                self.me(self.entry())
            raise


def _time(answer: Answer) -> int | None:
    """Read the Date header (RFC 9110, 6.6.1); None where it is missing or no date."""
    try:
        return round(parsedate_to_datetime(answer.headers.get("date", "")).timestamp())
    except ValueError:
        return None


def _next(answer: Answer, many: Many) -> str | None:
    """Return where the next page begins. Only the number is taken: behind proxies the address is often wrong."""
    link = many.links.get("next")
    if link is None:
        return None
    offset = parse_qs(urlsplit(link.href).query).get("page[offset]", [""])[0]
    if not (offset.isascii() and offset.isdigit()):
        raise answer.call.senseless("a next page without a number", status=answer.status)
    return offset
