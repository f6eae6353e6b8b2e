"""Media items of a Drupal site over JSON:API.

Drupal keeps bytes in files and what is said of them in media items. A new version is a new file in the same item: every
text that embeds the item shows it. Deleting an item leaves its file public, so a copy goes with all its files.
Manual: https://www.drupal.org/docs/core-modules-and-themes/core-modules/jsonapi-module
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import IO

from connectors.drupal import feed, usage
from connectors.drupal.calls import Calls
from connectors.drupal.items import (
    IMAGE,
    SOURCES,
    Media,
    Place,
    attributes_of,
    bytes_of,
    document,
    meta_of,
    public_part,
    size_of,
)
from connectors.drupal.naming import NOBODY, file_name, in_names, read_name, ref_of
from connectors.drupal.types import Many, One, Resource, Settings
from connectors.sdk.errors import LeftBehind, Misconfigured, Missing, Rejected, RetryLater, Unreachable
from connectors.sdk.guard import origin_of
from connectors.sdk.http import Api
from connectors.sdk.paging import every
from connectors.sdk.types import (
    Account,
    Changes,
    Copy,
    Fetched,
    Fields,
    Item,
    Outgoing,
    Page,
    Part,
    PartKind,
    Receipt,
    Target,
    Use,
)

FILES = "/file/file"
OLDEST_FIRST = "drupal_internal__mid"
LOG = "revision_log_message"
"""Sent with each change: what was said of the last one stays on otherwise."""


class Drupal:
    """One connected Drupal site."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings
        self._calls = Calls(api, settings)

    def identify(self) -> Account:
        """Ask who we are, since a wrong password looks like a visitor, and whether the site takes changes."""
        entry = self._calls.entry()
        me = self._calls.one(f"/user/user/{self._calls.me(entry)}").data
        bundles = entry.kinds("media")
        if not bundles:
            raise Misconfigured("The site has no media types. Switch the modules Media and Media Library on.")
        # What does not exist cannot be changed: Missing says that changes are taken, and a read-only site says so.
        nobody = {"type": f"media--{bundles[0]}", "id": NOBODY}
        with suppress(Missing):
            self._calls.send("PATCH", f"/media/{bundles[0]}/{NOBODY}", nobody, reads=True)
        address = self._settings.site_url
        return Account(address, address.partition("://")[2], me.text("display_name") or me.text("name"))

    def targets(self, cursor: str | None) -> Page[Target]:
        """List the media types that keep a file. Without a permission of its own, only their labels can be read."""
        many, after = self._calls.page("/media_type/media_type", offset=cursor or "0")
        if any("source_configuration" in one.attributes for one in many.data):
            return Page(tuple(_described(many)), after)
        if many.data or cursor is None:
            return Page(tuple(self._assumed()), None)
        return Page((), after)

    def publish(self, target: Target, outgoing: Outgoing) -> Receipt:
        """Upload the file, then make the item under a UUID of our choice: a second one is refused."""
        place, ref = Place.of(target), ref_of(outgoing)
        file = self._calls.upload(f"{place.path}/{place.field}", outgoing, file_name(outgoing, ref))
        attributes = {**attributes_of(outgoing.fields, self._settings), "status": True, LOG: "damhub: published"}
        wanted = document(place, ref, attributes, file.id, meta_of(place, outgoing.fields))
        try:
            made = self._calls.send("POST", place.path, wanted).parse(One).data
        except Rejected as refused:
            if refused.status != HTTPStatus.CONFLICT:
                raise
            return self._made_before(place, ref, outgoing, file)
        except Missing as error:
            raise RetryLater(
                "Drupal threw the uploaded file away before it was used. The hub tries again.",
                detail=error.detail, status=error.status,
            ) from error  # fmt: skip
        return self._receipt(ref, Media(made, None, file))

    def update(self, target: Target, ref: str, fields: Fields) -> Receipt:
        """Change what differs: a change of nothing would be a revision, too."""
        place = Place.of(target)
        media = self._media(place, ref)
        there = media.fields(self._settings)
        differing = {name: value for name, value in fields.items() if (there.get(name) or "") != (value or "")}
        attributes, beside = attributes_of(differing, self._settings), meta_of(place, differing)
        if attributes or beside:
            file = media.link.id if media.link and beside else ""
            said = {**attributes, LOG: "damhub: fields changed"}
            self._calls.send("PATCH", f"{place.path}/{ref}", document(place, ref, said, file, media.meta(beside)))
        return self._receipt(ref, media)

    def replace(self, target: Target, ref: str, outgoing: Outgoing) -> Receipt:
        """Show another file in the same item, then delete the file that it showed: its address would stay public."""
        place = Place.of(target)
        media = self._media(place, ref)
        if not _shows(media, outgoing):
            file = self._calls.upload(f"{place.path}/{place.field}", outgoing, file_name(outgoing, ref))
            media = self._show(place, ref, media, file)
        name = outgoing.fields.get("name")
        if name and read_name(media.resource.text("name")):  # a first try broke off between its two changes
            self._rename(place, ref, str(name))
        for old in self._files(in_names(ref)):
            if media.link is None or old.id != media.link.id:
                self._delete(old)
        return self._receipt(ref, media)

    def withdraw(self, target: Target, ref: str) -> None:
        """Delete every file that was ever uploaded for the item, take it out of texts, and delete it.

        What is public goes first. The item goes last: while it stands, a try that broke off is known as one.

        Raises:
            LeftBehind: all is gone, and texts still hold its tag that this account may not change; it names them.
        """
        place = Place.of(target)
        try:
            for file in self._files(in_names(ref)):
                self._delete(file)
        except Misconfigured:  # the account may not delete files: let it show nothing at least
            self._remove(place, ref)
            raise
        left = usage.take_out(self._calls, self._settings, self._calls.entry(), ref)
        self._remove(place, ref)
        if left:
            raise LeftBehind(usage.told(left))

    def find(self, target: Target, marker: str) -> tuple[Copy, ...]:
        """Find files by the marker in their names, and read the items that these names tell."""
        place = Place.of(target)
        names = [read_name(file.text("filename")) for file in self._files(marker)]
        refs = dict.fromkeys(name.ref for name in names if name and name.marker == marker)
        copies: list[Copy] = []
        for ref in refs:
            with suppress(Missing):  # uploaded, and the item never made, or deleted by hand
                copies.append(replace(self._read(place, ref).copy(ref, self._settings), marker=marker))
        return tuple(copies)

    def look(self, target: Target, ref: str) -> Copy:
        """Read the item, and its file as anybody gets it."""
        place = Place.of(target)
        media = self._media(place, ref)
        url = media.address(self._settings)
        seen = self._api.look_public(url) if url else None
        sha256 = seen.sha256 if seen and seen.status == HTTPStatus.OK else None
        item_ref = f"{place.bundle}/{place.field}/{ref}"
        return replace(media.copy(ref, self._settings), sha256=sha256, item_ref=item_ref)

    def inventory(self, cursor: str | None) -> Page[Item]:
        """List the items of one media type after the other, unfiltered: filters hide what is not published."""
        places = [Place.of(target) for target in every(self.targets)]
        ref, _, offset = (cursor or "").partition(":")
        at = next((number for number, place in enumerate(places) if f"{place.bundle}/{place.field}" == ref), 0)
        if not places:
            return Page((), None)
        place = places[at]
        query = {"include": place.field, "sort": OLDEST_FIRST}
        many, after = self._calls.page(place.path, query, offset=offset or "0")
        found = (Media.of(one, many.included, place.field).item(place, self._settings) for one in many.data)
        following = place if after else places[at + 1] if at + 1 < len(places) else None
        again = f"{following.bundle}/{following.field}:{after or ''}" if following else None
        return Page(tuple(found), again)

    def fetch(self, ref: str, into: IO[bytes]) -> Fetched:
        """Read the bytes of an item's file."""
        bundle, field, number = ref.split("/")
        media = self._media(Place("", bundle, field), number)
        url = bytes_of(media.file, self._settings) if media.file else None
        if media.file is None or url is None:
            raise Missing("The item's file was deleted, or this account may not see it.")
        if origin_of(url) != self._api.origin:
            raise Misconfigured("The site keeps this file elsewhere, where the hub does not sign in. Fetch it by hand.")
        answer = self._api.download(url, into)
        if size_of(media.file) not in (None, answer.size):
            raise Unreachable("A file came in part. The hub reads it again.", detail=f"{ref}: {answer.size} bytes")
        return Fetched(answer.size, answer.headers.get("content-type", ""), media.file.id)

    def changes(self, cursor: str | None) -> Changes:
        """Read on in the changes of each media type. What was deleted is told by nothing there."""
        places = [Place.of(target) for target in every(self.targets)]
        state = feed.read(cursor) if cursor else None
        if state is None:
            return Changes((), feed.begin(self._calls, places).model_dump_json(), lost=cursor is not None)
        changes, state, more = feed.go_on(self._calls, places, state, self._settings)
        return Changes(tuple(changes), state.model_dump_json(), more=more)

    def uses(self, target: Target, ref: str, cursor: str | None) -> Page[Use]:
        """Read through the content, a page of one kind with each call: filters hide what is not published."""
        del target
        entry = self._calls.entry()
        self._calls.me(entry)
        return usage.uses_in(self._calls, self._settings, entry, ref, cursor)

    def _assumed(self) -> Iterator[Target]:
        """Take the fields that the settings name, for the media types that there are."""
        entry = self._calls.entry()
        self._calls.me(entry)
        there = entry.kinds("media")
        for bundle, field in (one.split(".") for one in self._settings.source_fields):
            if bundle in there:
                kind = IMAGE if IMAGE in field or bundle == IMAGE else "file"
                yield Place(kind, bundle, field).target(bundle.replace("_", " ").capitalize())

    def _media(self, place: Place, ref: str) -> Media:
        """Read an item. "Not there" is believed only while its type is offered: a closed interface says it of all."""
        try:
            return self._read(place, ref)
        except Missing:
            self._calls.page(place.path)
            raise

    def _read(self, place: Place, ref: str) -> Media:
        one = self._calls.one(f"{place.path}/{ref}", {"include": place.field})
        return Media.of(one.data, one.included, place.field)

    def _made_before(self, place: Place, ref: str, outgoing: Outgoing, file: Resource) -> Receipt:
        """Take the item that a first try made; somebody may have taken its file away since."""
        media = self._media(place, ref)
        if not _shows(media, outgoing):
            media = self._show(place, ref, media, file)
        return self._receipt(ref, media)

    def _show(self, place: Place, ref: str, media: Media, file: Resource) -> Media:
        """Let an item show another file. Drupal calls the item by the new file's name, even when it is told another."""
        name = media.resource.text("name")
        said = document(place, ref, {"name": name, LOG: "damhub: new version"}, file.id, media.meta())
        changed = self._calls.send("PATCH", f"{place.path}/{ref}", said).parse(One).data
        if name and changed.text("name") != name and not read_name(name):
            self._rename(place, ref, name)
        return self._media(place, ref)

    def _rename(self, place: Place, ref: str, name: str) -> None:
        said = document(place, ref, {"name": name, LOG: "damhub: name kept"})
        self._calls.send("PATCH", f"{place.path}/{ref}", said).parse(One)

    def _files(self, text: str) -> list[Resource]:
        """List the files whose names hold a text, whole before anything is done with them."""
        query = {"filter[filename][operator]": "CONTAINS", "filter[filename][value]": text}
        found = list(self._calls.every(FILES, query))
        if not found:  # nobody may see anything there, and is told so by an empty list
            self._calls.me(self._calls.entry())
        return found

    def _remove(self, place: Place, ref: str) -> None:
        with suppress(Missing):
            self._calls.delete(f"{place.path}/{ref}")

    def _delete(self, file: Resource) -> None:
        with suppress(Missing):
            self._calls.delete(f"{FILES}/{file.id}")

    def _receipt(self, ref: str, media: Media) -> Receipt:
        parts = (Part(PartKind.MEDIA, ref), *public_part(media.address(self._settings)))
        return Receipt(ref, parts, media.page(self._settings))


def _described(many: Many) -> Iterator[Target]:
    """Read what media types say of themselves."""
    for one in many.data:
        source, bundle = one.text("source"), one.text("drupal_internal__id")
        field = one.inner("source_configuration").get("source_field")
        if source in SOURCES and bundle and isinstance(field, str):
            kind = IMAGE if source == IMAGE else "file"
            yield Place(kind, bundle, field).target(one.text("label") or bundle)


def _shows(media: Media, outgoing: Outgoing) -> bool:
    name = media.name
    return name is not None and (name.marker, name.content_key) == (outgoing.marker, outgoing.content_key)
