"""WordPress over its REST interface, signed in with an application password.

WordPress cannot replace the bytes of a media library item: a new version is a new item, and posts are pointed to it.
Manual: https://developer.wordpress.org/rest-api/reference/media/
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import IO

from connectors.sdk.errors import LeftBehind, Misconfigured, Missing
from connectors.sdk.http import Api
from connectors.sdk.paging import Spot
from connectors.sdk.types import (
    Account,
    Change,
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
from connectors.wordpress import dot_com, feed, handing_over, layout, sizes, usage
from connectors.wordpress.calls import MEDIA, STATES, Site
from connectors.wordpress.files import fetched, hash_of, md5_of
from connectors.wordpress.marker import marked_name, read_marker
from connectors.wordpress.types import (
    LIBRARY,
    LISTED,
    Index,
    Media,
    Password,
    Settings,
    User,
    fields_of,
    form_of,
    item_of,
    listed,
    parts_of,
)

PAGE_SIZE = 50  # of an import: an item with all its sizes is some five thousand letters
PASSWORDS = "/wp/v2/users/me/application-passwords"
AT = "@"  # between an item's number and the address of a further site


class WordPress:
    """One connected WordPress site, or several sites of one network."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings
        self._main = dot_com.site(api, settings) or Site(api, settings.site_url, settings.rest_root)

    def identify(self) -> Account:
        """Read the index (which site) and the own user (whose password); both must fit, on every site."""
        index = self._index(self._main)
        user = self._main.read("/wp/v2/users/me", User, context="edit")
        for site in self._sites():
            me = site.read("/wp/v2/users/me", User, context="edit") if site is not self._main else user
            if not me["capabilities"].get("upload_files", False):
                raise Misconfigured(
                    f"{me['name']} may not upload files at {site.address}. "
                    "Connect as an author, editor or administrator."
                )
        return Account(index["home"].rstrip("/"), index["name"], user["name"], tuple(user["roles"]))

    def targets(self, cursor: str | None) -> Page[Target]:
        """List the media library of each site."""
        del cursor
        return Page(tuple(self._library(site) for site in self._sites()), None)

    def publish(self, target: Target, outgoing: Outgoing) -> Receipt:
        """Upload with all fields in one call; a second call only where WordPress filled an empty field by itself."""
        site, form = self._site(target), form_of(outgoing.fields)
        answer = site.upload(replace(outgoing, filename=marked_name(outgoing)), form, md5=md5_of(outgoing))
        media = sizes.finished(site, answer, form)
        left_empty = {name: "" for name, value in form.items() if not value}
        if any(fields_of(media).get(name) for name in left_empty):
            media = site.write(f"{MEDIA}/{media['id']}", left_empty).parse(Media)
        return _receipt(media)

    def update(self, target: Target, ref: str, fields: Fields) -> Receipt:
        """Set these fields. Posts keep the alternative texts that were copied into them."""
        return _receipt(self._site(target).write(f"{MEDIA}/{ref}", form_of(fields)).parse(Media))

    def repoint(self, target: Target, old_ref: str, new_ref: str) -> Receipt:
        """Rewrite all that shows the old item: content, featured images, templates, widgets, the site's logo.

        Raises:
            Misconfigured: what only an administrator may change shows the old item; all else is changed before.
        """
        site = self._site(target)
        old, new = item_of(site.media(old_ref)), item_of(site.media(new_ref))
        parts: list[Part] = []
        for kind in self._kinds():
            for place in usage.found_in(site, kind, old, featured=True):
                usage.repoint(site, place, old, new)
                parts.append(Part(PartKind.EMBED, place.path))
        if names := usage.of_site(site, old):
            usage.repoint_site(site, names, new)
            parts += [Part(PartKind.EMBED, usage.use_of_site(site, name).ref) for name in names]
        for spot in layout.every(site, old):
            layout.repoint(site, spot, old, new)
            parts.append(Part(PartKind.EMBED, spot.path))
        return Receipt(new_ref, tuple(parts))

    def withdraw(self, target: Target, ref: str) -> None:
        """Take the item out of all content, then delete it and its files. WordPress itself unsets featured images.

        Raises:
            LeftBehind: all is gone, and templates still name it that this account may not change.
        """
        site = self._site(target)
        try:
            item = item_of(site.media(ref))
        except Missing:
            return
        for kind in self._kinds():
            for place in usage.found_in(site, kind, item):
                usage.take_out(site, place, item)
        left = layout.take_out_of_all(site, item)
        try:
            site.delete(f"{MEDIA}/{ref}", force="true")  # there is no bin for files
        except Missing:
            site.surely_missing(ref)
        if left:
            raise LeftBehind(layout.told(left))

    def find(self, target: Target, marker: str) -> tuple[Copy, ...]:
        """Search the library for the file name's marker; WordPress matches substrings, so each hit is checked."""
        found = self._site(target).every(MEDIA, Media, search=marker, status=STATES)
        return tuple(_copy(media) for media in found if read_marker(media["source_url"])[0] == marker)

    def look(self, target: Target, ref: str) -> Copy:
        """Read the item, fetch the file that was uploaded, and search the content that shows it."""
        site = self._site(target)
        media = site.media(ref)
        item = item_of(media)
        found = (place for kind in self._settings.content_types for place in usage.found_in(site, kind, item))
        copy = _copy(media)
        parts = copy.parts + tuple(Part(PartKind.EMBED, place.path) for place in found)
        return replace(copy, parts=parts, sha256=hash_of(self._api, item), item_ref=self._ref(ref, site))

    def inventory(self, cursor: str | None) -> Page[Item]:
        """List the library of one site after the other, oldest first."""
        place: list[int] = json.loads(cursor or "[0,0,0]")
        sites = list(self._sites())
        site, spot = sites[place[0]], Spot(*place[1:])
        part = site.after(MEDIA, Media, spot, size=PAGE_SIZE, status=STATES, _fields=LISTED)
        items = tuple(self._named(listed(media), site) for media in part.items)
        if part.following is not None:
            return Page(items, json.dumps([place[0], part.following.offset, part.following.last]))
        return Page(items, json.dumps([place[0] + 1, 0, 0]) if place[0] + 1 < len(sites) else None)

    def fetch(self, ref: str, into: IO[bytes]) -> Fetched:
        """Read the bytes of the file that was uploaded."""
        number, _, address = ref.partition(AT)
        media = self._at(address).media(number)
        said = listed(media)
        return fetched(self._api, item_of(media), into, media_type=said.media_type, revision=said.revision)

    def changes(self, cursor: str | None) -> Changes:
        """Compare each site's library with what the cursor knows of it."""
        sites = list(self._sites())
        known = feed.read(cursor) if cursor else {}
        if set(known) != {site.address for site in sites}:
            fresh = {site.address: feed.begin(site) for site in sites}
            return Changes((), feed.written(fresh), lost=cursor is not None)
        told: list[Change] = []
        more = False
        for site in sites:
            changes, known[site.address], unread = feed.go_on(site, known[site.address])
            told += [replace(one, ref=self._ref(one.ref, site),
                             item=self._named(one.item, site) if one.item else None) for one in changes]  # fmt: skip
            more = more or unread
        return Changes(tuple(told), feed.written(known), more=more)

    def uses(self, target: Target, ref: str, cursor: str | None) -> Page[Use]:
        """List where an item is shown: by the site itself, then one type of content or layout with each call."""
        site, kinds = self._site(target), (*self._kinds(), *layout.LISTS)
        item = item_of(site.media(ref))
        at = kinds.index(cursor) if cursor in kinds else -1
        if at < 0:
            found = tuple(usage.use_of_site(site, name) for name in usage.of_site(site, item))
        elif kinds[at] in layout.LISTS:
            found = tuple(spot.use(site, item) for spot in layout.found_in(site, kinds[at], item))
        else:
            found = tuple(place.use(item) for place in usage.found_in(site, kinds[at], item, featured=True))
        return Page(found, kinds[at + 1] if at + 1 < len(kinds) else None)

    def page_for_us(self, back: str) -> str:
        """Return the page of the site where a person makes an application password for us, and comes back from."""
        return handing_over.address(handing_over.page_of(self._index(self._main)), back)

    def give_back(self) -> None:
        """Have the site forget the application password that we speak with."""
        own = self._main.read(f"{PASSWORDS}/introspect", Password)
        self._main.delete(f"{PASSWORDS}/{own['uuid']}")

    def _kinds(self) -> tuple[str, ...]:
        """Return the content that is changed: menus besides what the settings name."""
        named = tuple(kind for kind in self._settings.content_types if kind not in layout.LISTS)
        return tuple(dict.fromkeys((*named, usage.NAVIGATION)))

    def _sites(self) -> Iterator[Site]:
        yield self._main
        for address in self._settings.sites:
            yield Site(self._api, address, self._settings.rest_root)

    def _site(self, target: Target) -> Site:
        return self._at("" if target.ref == LIBRARY else target.ref)

    def _at(self, address: str) -> Site:
        for site in self._sites():
            if address == site.address or not address:
                return site
        raise Misconfigured(f"{address} is not among the connection's sites any more. Connect it again with this site.")

    def _index(self, site: Site) -> Index:
        index = site.index()
        if "wp/v2" not in index["namespaces"]:
            raise Misconfigured(
                f"{site.address} does not offer its content interface. Switch wp/v2 on, or use XML-RPC."
            )
        return index

    def _library(self, site: Site) -> Target:
        ref = LIBRARY if site is self._main else site.address
        label = f"{self._index(site)['name']}: media library"
        return Target(LIBRARY, ref, label, f"{site.address}/wp-admin/upload.php")

    def _ref(self, number: str, site: Site) -> str:
        return number if site is self._main else f"{number}{AT}{site.address}"

    def _named(self, item: Item, site: Site) -> Item:
        place = LIBRARY if site is self._main else site.address
        return replace(item, ref=self._ref(item.ref, site), copy_ref=item.ref, place=place)


def _receipt(media: Media) -> Receipt:
    return Receipt(str(media["id"]), parts_of(item_of(media)), media.get("link"))


def _copy(media: Media) -> Copy:
    marker, key = read_marker(media["source_url"])
    return Copy(str(media["id"]), marker, key, fields_of(media), parts_of(item_of(media)), url=media.get("link"))
