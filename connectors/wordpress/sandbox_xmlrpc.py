"""The made-up site's XML-RPC interface: the methods that the connector calls, faults as WordPress words them."""

from __future__ import annotations

import datetime as dt
import io
import re
import xmlrpc.client
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from flask import Response

from connectors.wordpress.sandbox_library import BASES, DATE, Attachment, Entry, details_of, entry_json, media_json

if TYPE_CHECKING:
    from connectors.wordpress.sandbox import WordPressSandbox

READS: Final = re.compile(rb"<methodName>\s*(?:wp\.get|mt\.supported|system\.list)")
MADE: Final = dt.datetime.fromisoformat(DATE)
KINDS: Final = {kind: base for base, kind in BASES.items()}
EDITABLE: Final = {"post_title": "title", "post_excerpt": "caption", "post_content": "description"}

Method = Callable[..., Any]


def writes(environ: Mapping[str, Any]) -> bool:
    """Tell whether a call writes; what was read of its body is put back."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if isinstance(environ, dict):
        environ["wsgi.input"] = io.BytesIO(body)
    return READS.search(body) is None


def answer(site: WordPressSandbox, body: bytes) -> Response:
    """Carry out one call."""
    try:
        arguments, name = xmlrpc.client.loads(body, use_builtin_types=True)
        result = _call(site, name or "", arguments)
        text = xmlrpc.client.dumps((result,), methodresponse=True, allow_none=True)
    except xmlrpc.client.Fault as fault:
        text = xmlrpc.client.dumps(fault, methodresponse=True)
    return Response(
        '<?xml version="1.0" encoding="UTF-8"?>\n' + text.split("?>\n", 1)[-1], content_type="text/xml; charset=UTF-8"
    )


def _call(site: WordPressSandbox, name: str, arguments: tuple[Any, ...]) -> Any:
    if name == "mt.supportedMethods":
        return list(METHODS)
    method = METHODS.get(name)
    if method is None:
        raise xmlrpc.client.Fault(-32601, f"server error. requested method {name} does not exist.")
    _, username, password, *rest = arguments
    if not site.knows(str(username), str(password)):
        raise xmlrpc.client.Fault(403, "Incorrect username or password.")
    return method(site, *rest)


def _upload(site: WordPressSandbox, data: dict[str, Any]) -> dict[str, Any]:
    item = site.take(data["name"], bytes(data["bits"]), {"title": data["name"]})
    if item is None:
        raise xmlrpc.client.Fault(
            500, f"Could not write file {data['name']} (Sorry, you are not allowed to upload this file type.)."
        )
    return {
        **_item(site, item),
        "id": str(item.id),
        "file": item.file.name,
        "url": _url(site, item),
        "type": item.file.media_type,
    }


def _media_item(site: WordPressSandbox, number: Any) -> dict[str, Any]:
    item = site.items.get(int(number))
    if item is None:
        raise xmlrpc.client.Fault(404, "Invalid attachment ID.")
    return _item(site, item)


def _media_library(site: WordPressSandbox, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    first, most = int(wanted.get("offset", 0)), int(wanted.get("number", 5))
    newest = sorted(site.items.values(), key=lambda item: item.id, reverse=True)
    return [_item(site, item) for item in newest[first : first + most]]


def _edit(site: WordPressSandbox, number: Any, content: dict[str, Any]) -> bool:
    item, entry = site.items.get(int(number)), site.entries.get(int(number))
    if item is not None:
        site.change(item, {EDITABLE[name]: value for name, value in content.items() if name in EDITABLE})
    elif entry is not None:
        sent = {name.removeprefix("post_"): value for name, value in content.items()}
        if "post_thumbnail" in content:
            sent["featured_media"] = content["post_thumbnail"]
        site.write(entry, sent)
    else:
        raise xmlrpc.client.Fault(404, "Invalid post ID.")
    return True


def _delete(site: WordPressSandbox, number: Any) -> bool:
    item = site.items.get(int(number))
    if item is None:
        raise xmlrpc.client.Fault(404, "Invalid post ID.")
    site.remove(item)
    return True


def _posts(site: WordPressSandbox, wanted: dict[str, Any], fields: list[str] | None = None) -> list[dict[str, Any]]:
    base = KINDS.get(str(wanted.get("post_type", "post")))
    if base is None:
        raise xmlrpc.client.Fault(403, "Invalid post type.")
    first, most = int(wanted.get("offset", 0)), int(wanted.get("number", 10))
    newest = sorted((each for each in site.entries.values() if each.base == base), key=lambda each: -each.id)
    return [_told(_entry(site, entry), fields) for entry in newest[first : first + most]]


def _post(site: WordPressSandbox, number: Any, fields: list[str] | None = None) -> dict[str, Any]:
    entry = site.entries.get(int(number))
    if entry is None:
        raise xmlrpc.client.Fault(404, "Invalid post ID.")
    return _told(_entry(site, entry), fields)


def _told(post: dict[str, Any], fields: list[str] | None) -> dict[str, Any]:
    return {name: post[name] for name in ("post_id", *(fields or post)) if name in post}


def _options(site: WordPressSandbox, names: list[str] | None = None) -> dict[str, Any]:
    title = site.title or "Sandbox site"
    known = {"home_url": ("Site Address (URL)", site.origin), "blog_title": ("Site Title", title)}
    return {
        name: {"desc": label, "readonly": True, "value": value}
        for name, (label, value) in known.items()
        if not names or name in names
    }


def _profile(site: WordPressSandbox, fields: list[str] | None = None) -> dict[str, Any]:
    del site
    known = {"user_id": "1", "username": "admin", "display_name": "admin", "roles": ["administrator"]}
    return {name: value for name, value in known.items() if not fields or name in {"user_id", *fields}}


METHODS: Final[Mapping[str, Method]] = {
    "wp.uploadFile": _upload, "wp.getMediaItem": _media_item, "wp.getMediaLibrary": _media_library,
    "wp.editPost": _edit, "wp.deletePost": _delete, "wp.getPosts": _posts, "wp.getPost": _post,
    "wp.getOptions": _options, "wp.getProfile": _profile,
}  # fmt: skip


def _url(site: WordPressSandbox, item: Attachment) -> str:
    return str(media_json(item, site.origin, edit=False)["source_url"])


def _item(site: WordPressSandbox, item: Attachment) -> dict[str, Any]:
    url = _url(site, item)
    details = details_of(item, url.rsplit("/", 1)[0])
    sizes = {
        name: {"file": size["file"], "width": size["width"], "height": size["height"], "mime-type": size["mime_type"]}
        for name, size in details.get("sizes", {}).items()
        if name != "full"
    }
    return {
        "attachment_id": str(item.id), "date_created_gmt": MADE, "parent": 0, "link": url, "title": item.title,
        "caption": item.caption, "description": item.description, "metadata": {**details, "sizes": sizes},
        "type": item.file.media_type, "alt": item.alt_text,
        "thumbnail": url.replace(item.file.served, sizes["thumbnail"]["file"]) if "thumbnail" in sizes else url,
    }  # fmt: skip


def _entry(site: WordPressSandbox, entry: Entry) -> dict[str, Any]:
    thumbnail = site.items.get(entry.featured_media)
    return {
        "post_id": str(entry.id), "post_title": entry.title, "post_content": entry.content,
        "post_type": BASES[entry.base], "post_status": entry.status,
        "post_thumbnail": _item(site, thumbnail) if thumbnail else [],
        "link": entry_json(entry, site.origin, edit=False)["link"],
    }  # fmt: skip
