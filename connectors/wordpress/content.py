"""Uses of a media library item in the HTML of posts: found, pointed elsewhere, taken out. Pure functions.

An item is used by its number (`wp-image-12`, `"id":12` in a block's comment, `[gallery ids="12"]`) or by the address of
one of its files. WordPress searches by substring, so every hit is checked here: `wp-image-12` is not in `wp-image-123`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from posixpath import splitext
from urllib.parse import urlsplit

SIZE_MARK = r"(?:-\d+x\d+|-scaled|-rotated)*"
BLOCKS = "image|cover|media-text|file|video|audio|gallery|site-logo"
WHOLE_BLOCKS = "image|file|video|audio"
SHORTCODE = re.compile(r'\[(gallery|playlist)\b[^\]]*?\bids=(?P<quote>["\']?)(?P<ids>[\d,\s]+)(?P=quote)[^\]]*\]')


@dataclass(frozen=True, slots=True)
class Item:
    """A media library item: its number and the addresses of its files by size (`full`, `original`, `medium` ...)."""

    id: int
    urls: Mapping[str, str]

    @property
    def uploaded(self) -> str:
        """The address of the file that was uploaded, not of the smaller copy that is served in its place."""
        return self.urls.get("original", self.urls["full"])

    def address(self) -> re.Pattern[str]:
        """Return a pattern for any address of any of its files: every size and format, on whatever host."""
        stems = sorted({stem_path(url) for url in self.urls.values()}, reverse=True)
        paths = "|".join(re.escape(stem) for stem in stems) or "(?!)"
        return re.compile(rf"(?:(?:https?:)?//[^\s\"'<>/]+)?(?:{paths}){SIZE_MARK}\.\w{{2,5}}(?![\w.-])")


def stem_path(url: str) -> str:
    """Return what the addresses of all sizes of a file have in common after the host."""
    path = splitext(urlsplit(url).path)[0]
    return re.sub(SIZE_MARK + "$", "", path)


def stem_of(url: str) -> str:
    """Return the file's name without folder, size and ending."""
    return stem_path(url).rsplit("/", 1)[-1]


def file_name(url: str) -> str:
    """Return the file's name, with size and ending."""
    return urlsplit(url).path.rsplit("/", 1)[-1]


def uses(content: str, item: Item) -> bool:
    """Say whether this HTML shows the item."""
    return bool(places(content, item))


def places(content: str, item: Item) -> list[str]:
    """Say as what this HTML shows the item: names of blocks and shortcodes, each once; `text` for plain HTML."""
    found = [block[1] for block in _block_openings(content) if _block_names(block[0], item.id)]
    found += [code[1] for code in SHORTCODE.finditer(content) if str(item.id) in _ids(code)]
    if not found and _shows(content, item):
        found = ["text"]
    return list(dict.fromkeys(found))


def repointed(content: str, old: Item, new: Item) -> str:
    """Return the HTML with every use of the old item showing the new one, in the nearest size."""
    content = old.address().sub(lambda found: _same_size(found[0], old, new), content)
    content = re.sub(rf"\bwp-image-{old.id}\b", f"wp-image-{new.id}", content)
    content = re.sub(rf"\battachment_{old.id}\b", f"attachment_{new.id}", content)
    content = _in_blocks(content, lambda opening: _renumbered(opening, old.id, new.id))
    return SHORTCODE.sub(lambda found: _with_ids(found, {str(old.id): str(new.id)}), content)


def without(content: str, item: Item) -> str:
    """Return the HTML without the item: its own blocks go, blocks that also hold text lose the picture."""
    whole = re.compile(rf"<!-- wp:(?P<name>{WHOLE_BLOCKS})\b(?:(?!<!-- wp:).)*?<!-- /wp:(?P=name) -->\n*", re.DOTALL)
    content = whole.sub(lambda found: "" if uses(found[0], item) else found[0], content)
    caption = re.compile(rf"\[caption\b[^\]]*\battachment_{item.id}\b[^\]]*\].*?\[/caption\]", re.DOTALL)
    content = caption.sub("", content)
    for tag in (r"<figure\b[^>]*>(?:(?!<figure\b).)*?</figure>", r"<a\b[^>]*>\s*<img\b[^>]*>\s*</a>"):
        content = re.sub(tag, lambda found: "" if _shows(found[0], item) else found[0], content, flags=re.DOTALL)
    content = re.sub(r"<(?:img|source)\b[^>]*>", lambda found: "" if _shows(found[0], item) else found[0], content)
    content = _in_blocks(content, lambda opening: _unnumbered(opening, item))
    content = SHORTCODE.sub(lambda found: _with_ids(found, {str(item.id): None}), content)
    return item.address().sub("#", content)


def _shows(html: str, item: Item) -> bool:
    return bool(re.search(rf"\bwp-image-{item.id}\b", html) or item.address().search(html))


def _same_size(url: str, old: Item, new: Item) -> str:
    names = [name for name, known in old.urls.items() if file_name(known) == file_name(url)]
    for name in (*names, "full"):
        if name in new.urls:
            return new.urls[name]
    return next(iter(new.urls.values()))


def _block_openings(content: str) -> list[re.Match[str]]:
    return list(re.finditer(rf"<!-- wp:({BLOCKS})\s+\{{.*?\}}\s+/?-->", content, re.DOTALL))


def _block_names(opening: str, number: int) -> bool:
    if re.search(rf'"(?:id|mediaId)":\s*{number}\b', opening):
        return True
    found = re.search(r'"ids":\s*\[([\d,\s]*)\]', opening)
    return found is not None and str(number) in re.split(r"[,\s]+", found[1])


def _in_blocks(content: str, change: Callable[[str], str]) -> str:
    for found in reversed(_block_openings(content)):
        content = content[: found.start()] + change(found[0]) + content[found.end() :]
    return content


def _renumbered(opening: str, old: int, new: int) -> str:
    opening = re.sub(rf'("(?:id|mediaId)":\s*){old}\b', rf"\g<1>{new}", opening)
    return re.sub(r'"ids":\s*\[[\d,\s]*\]', lambda found: re.sub(rf"\b{old}\b", str(new), found[0]), opening)


def _unnumbered(opening: str, item: Item) -> str:
    if not _block_names(opening, item.id) and not item.address().search(opening):
        return opening
    opening = re.sub(rf'"(?:id|mediaId)":\s*{item.id}\b,?', "", opening)
    opening = re.sub(
        r'"(?:url|src|href|mediaLink)":"([^"]*)",?',
        lambda found: "" if item.address().search(found[1]) else found[0],
        opening,
    )
    opening = re.sub(r'"ids":\s*\[[\d,\s]*\]', lambda found: _dropped(found[0], item.id), opening)
    return re.sub(r",\s*\}", "}", opening)


def _dropped(ids: str, number: int) -> str:
    kept = [each for each in re.findall(r"\d+", ids) if each != str(number)]
    return f'"ids":[{",".join(kept)}]'


def _ids(found: re.Match[str]) -> list[str]:
    return [each for each in re.split(r"[,\s]+", found["ids"]) if each]


def _with_ids(found: re.Match[str], change: Mapping[str, str | None]) -> str:
    before = _ids(found)
    after = [other for each in before if (other := change.get(each, each)) is not None]
    if after == before:
        return found[0]
    return found[0].replace(found["ids"], ",".join(after)) if after else ""
