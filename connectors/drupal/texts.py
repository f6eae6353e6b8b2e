"""Media items in formatted texts: their tags found and taken out, everything else kept byte for byte. Pure functions.

The editor writes `<drupal-media data-entity-type="media" data-entity-uuid="...">&nbsp;</drupal-media>`, inside a link
where the picture leads somewhere. (ckeditor5: drupalMedia plugin; media: filter `media_embed`)
"""

from __future__ import annotations

import re
from typing import Any, cast

from connectors.drupal.types import Resource

INSIDE = r"""(?:[^"'>]|"[^"]*"|'[^']*')*"""
OPENING = rf"(?P<opening><drupal-media(?=[\s/>]){INSIDE}>)"
WHOLE = rf"{OPENING}(?P<inner>(?:(?!<drupal-media\b).)*?)</drupal-media\s*>"
FLAGS = re.DOTALL | re.IGNORECASE
FORMS = (
    re.compile(rf"<a(?=[\s>]){INSIDE}>\s*{WHOLE}\s*</a\s*>", FLAGS),  # a link with nothing else in it goes along
    re.compile(WHOLE, FLAGS),
    re.compile(OPENING, FLAGS),
)
ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
NAMED = "data-entity-uuid"
BLANK = re.compile(r"(?:\s|&nbsp;|\u00a0)*")
WRITTEN = ("value", "summary")
SENT = (*WRITTEN, "format")
"""What can be changed of a formatted text; `processed` is made of these."""


def without(html: str, ref: str) -> str:
    """Return a text without the tags of an item. What people wrote between the two halves of a tag stays."""
    for form in FORMS:
        html = form.sub(lambda found: _kept(found, ref), html)
    return html


def fields_of(content: Resource) -> list[str]:
    """Return the names of the fields that hold formatted texts."""
    return [name for name, value in content.attributes.items() if _texts(value)]


def embeds(content: Resource, ref: str) -> bool:
    """Tell whether a text of some content embeds an item."""
    return bool(changes_of(content, ref))


def changes_of(content: Resource, ref: str) -> dict[str, Any]:
    """Return the fields that embed an item, as they are to be without it."""
    changes: dict[str, Any] = {}
    for name in fields_of(content):
        before = content.attributes[name]
        texts = [_changed(text, ref) for text in _texts(before)]
        if any(new != _sent(old) for new, old in zip(texts, _texts(before), strict=True)):
            changes[name] = texts if isinstance(before, list) else texts[0]
    return changes


def _kept(found: re.Match[str], ref: str) -> str:
    attributes = {name.lower(): "".join(values) for name, *values in ATTRIBUTE.findall(found["opening"])}
    if attributes.get(NAMED, "").strip().lower() != ref:
        return found[0]
    inner = found.groupdict().get("inner") or ""
    return "" if BLANK.fullmatch(inner) else inner


def _texts(value: Any) -> list[dict[str, Any]]:
    """Return the formatted texts in an attribute; none where it holds something else."""
    several = cast("list[Any]", value) if isinstance(value, list) else [value]
    texts = [cast("dict[str, Any]", one) for one in several if isinstance(one, dict)]
    fine = all(isinstance(one.get("value"), str) and "format" in one for one in texts)
    return texts if fine and len(texts) == len(several) else []


def _sent(text: dict[str, Any]) -> dict[str, Any]:
    return {name: text[name] for name in SENT if name in text}


def _changed(text: dict[str, Any], ref: str) -> dict[str, Any]:
    return {
        name: without(value, ref) if name in WRITTEN and isinstance(value, str) else value
        for name, value in _sent(text).items()
    }
