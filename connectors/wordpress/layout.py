"""Where the site's own layout shows an item: block templates, template parts and widgets; found, and changed there.

None of them can be searched: each list is read whole. Templates are read by whoever edits posts (before WordPress 6.6
by administrators only), and changed by administrators; widgets are read and changed by administrators only.
https://developer.wordpress.org/rest-api/reference/wp_templates/, .../widgets/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NotRequired, cast

from typing_extensions import TypedDict

from connectors.sdk.errors import BadAnswer, Misconfigured, Missing
from connectors.sdk.types import Use
from connectors.wordpress.calls import Site
from connectors.wordpress.content import Item, places, repointed, uses, without
from connectors.wordpress.types import Text, raw_of

TEMPLATES = ("templates", "template-parts")
WIDGETS = "widgets"
LISTS = (*TEMPLATES, WIDGETS)
OFF = "wp_inactive_widgets"
NUMBER, NUMBERS = "attachment_id", "ids"  # how widgets of media name items
CLOSED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})

Held = Mapping[str, Any]


class Template(TypedDict):
    """A block template or a part of one."""

    id: str
    content: Text
    title: NotRequired[Text]


class Instance(TypedDict):
    """What a widget holds; `raw` only where its kind shows it to programs."""

    raw: NotRequired[dict[str, Any] | list[Any]]


class Widget(TypedDict):
    """A widget in a sidebar."""

    id: str
    id_base: str
    sidebar: str
    instance: NotRequired[Instance | list[Any] | None]


@dataclass(frozen=True, slots=True)
class Spot:
    """A template, part or widget, and what it holds."""

    kind: str
    path: str
    label: str
    held: Held
    public: bool

    def use(self, site: Site, item: Item) -> Use:
        """Say it for a person, with what it shows the item as."""
        page = "site-editor.php" if self.kind in TEMPLATES else "widgets.php"
        label = f"{self.label} ({', '.join(shown_as(self.held, item))})"
        return Use(self.kind, self.path, label, f"{site.address}/wp-admin/{page}", self.public)

    def wrapped(self, held: Held) -> dict[str, Any]:
        """Return the body that makes it hold something else."""
        return dict(held) if self.kind in TEMPLATES else {"instance": {"raw": dict(held)}}


def found_in(site: Site, kind: str, item: Item) -> list[Spot]:
    """Find what shows the item; nothing in a list that this account is not shown, or that the site does not have."""
    try:
        spots = _templates(site, kind) if kind in TEMPLATES else _widgets(site)
    except (Misconfigured, Missing) as error:
        if error.status not in CLOSED:
            raise
        return []
    return [spot for spot in spots if shown_as(spot.held, item)]


def every(site: Site, item: Item) -> list[Spot]:
    """Find all that shows the item."""
    return [spot for kind in LISTS for spot in found_in(site, kind, item)]


def repoint(site: Site, spot: Spot, old: Item, new: Item) -> None:
    """Let it show another item. A template that was only a file of the theme becomes the site's own by that."""
    try:
        _change(site, spot, {name: _pointed(name, value, old, new) for name, value in spot.held.items()}, old)
    except Misconfigured as error:
        if error.status != HTTPStatus.FORBIDDEN:
            raise
        raise Misconfigured(
            f"{spot.label} ({spot.kind}) shows the old item, and only an administrator may change it. Put the new one "
            f"in there by hand, under Appearance, or connect as an administrator.",
            detail=error.detail, status=error.status,
        ) from error  # fmt: skip


def take_out_of_all(site: Site, item: Item) -> list[str]:
    """Take the item out of all that shows it; words stay. Return what this account may not change."""
    left: list[str] = []
    for spot in every(site, item):
        try:
            _change(site, spot, {name: _without(name, value, item) for name, value in spot.held.items()}, item)
        except Misconfigured as error:
            if error.status != HTTPStatus.FORBIDDEN:
                raise
            left.append(f"{spot.label} ({spot.kind})")
    return left


def told(left: list[str]) -> str:
    """Say for a person what still names an item that is gone."""
    return (
        f"The item and its files are gone, but only an administrator may take it out of: {'; '.join(left)}. "
        "Take it out there by hand, under Appearance, Editor."
    )


def shown_as(held: Held, item: Item) -> list[str]:
    """Say as what this shows the item; nothing where it does not."""
    found: list[str] = []
    for name, value in held.items():
        if name == NUMBER and value == item.id:
            found.append("picture or file")
        elif name == NUMBERS and item.id in _numbers(value):
            found.append("gallery")
        elif isinstance(value, str):
            found += places(value, item)
    return list(dict.fromkeys(found))


def _pointed(name: str, value: Any, old: Item, new: Item) -> Any:
    if name == NUMBER and value == old.id:
        return new.id
    if name == NUMBERS:
        return [new.id if each == old.id else each for each in _numbers(value)]
    return repointed(value, old, new) if isinstance(value, str) and uses(value, old) else value


def _without(name: str, value: Any, item: Item) -> Any:
    if name == NUMBER and value == item.id:
        return 0
    if name == NUMBERS:
        return [each for each in _numbers(value) if each != item.id]
    if not isinstance(value, str) or not uses(value, item):
        return value
    return "" if item.address().fullmatch(value) else without(value, item)


def _numbers(value: Any) -> list[int]:
    """Return the items of a gallery; older ones are kept as text."""
    listed = value.split(",") if isinstance(value, str) else cast("list[Any]", value) if isinstance(value, list) else []
    return [int(each) for each in listed if str(each).strip().isdecimal()]


def _change(site: Site, spot: Spot, held: Held, old: Item) -> None:
    """Change it and read it back: after this the old item is deleted, and nothing could be put right."""
    site.write(spot.path, spot.wrapped(held))
    if shown_as(_held(site, spot), old):
        raise BadAnswer(f"WordPress did not keep the change of {spot.label}, which still shows the old item.")


def _held(site: Site, spot: Spot) -> Held:
    if spot.kind in TEMPLATES:
        return {"content": raw_of(site.read(spot.path, Template, context="edit")["content"])}
    return _raw(site.read(spot.path, Widget, context="edit"))


def _templates(site: Site, kind: str) -> list[Spot]:
    return [
        Spot(kind, _path(kind, one["id"]), raw_of(one.get("title")) or one["id"],
             {"content": raw_of(one["content"])}, public=True)
        for one in site.read(f"/wp/v2/{kind}", list[Template], context="edit", _fields="id,title,content")
    ]  # fmt: skip


def _widgets(site: Site) -> list[Spot]:
    fields = "id,id_base,sidebar,instance"
    return [
        Spot(WIDGETS, _path(WIDGETS, one["id"]), f"Widget {one['id']}", _raw(one), public=one["sidebar"] != OFF)
        for one in site.read(f"/wp/v2/{WIDGETS}", list[Widget], context="edit", _fields=fields)
    ]


def _path(kind: str, ref: str) -> str:
    """Return where it stands. `theme//slug` is also known with one stroke, which no proxy makes of two."""
    return f"/wp/v2/{kind}/{ref.replace('//', '/')}"


def _raw(widget: Widget) -> Held:
    instance = widget.get("instance") or {}
    raw = instance.get("raw") if isinstance(instance, dict) else None
    return raw if isinstance(raw, dict) else {}
