"""What a file is, told from its first bytes. The name is never believed: a mislabelled file gets its true type.

Own rules stand before puremagic's table, because they decide what may reach a decoder: texts that make a decoder open
other files (SVG, playlists, concat lists) and pages that a browser would run (HTML) are named as such whatever
surrounds them.
"""

from __future__ import annotations

import codecs
import re
from importlib import import_module
from typing import Any, Final

puremagic: Any = import_module("puremagic")  # untyped

UNKNOWN: Final = "application/octet-stream"
HEAD_BYTES: Final = 64 * 1024
"""How many first bytes a caller should hand over."""

_PREFIXES: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (b"8BPS\x00\x01", "image/vnd.adobe.photoshop"),
    (b"8BPS\x00\x02", "image/vnd.adobe.photoshop"),
    (b"%!PS", "application/postscript"),
    (b"\xc5\xd0\xd3\xc6", "application/postscript"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ", "application/x-dosexec"),
    (b"\xca\xfe\xba\xbe", "application/x-executable"),
    (b"\xcf\xfa\xed\xfe", "application/x-executable"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"OTTO", "font/otf"),
    (b"\x00\x01\x00\x00\x00", "font/ttf"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
    (b"FLV\x01", "video/x-flv"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x00\x00\x01\xb3", "video/mpeg"),
)
_RIFF: Final = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS: Final = (
    ({b"avif", b"avis"}, "image/avif"),
    ({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}, "image/heic"),
    ({b"M4A ", b"M4B ", b"F4A "}, "audio/mp4"),
    ({b"qt  "}, "video/quicktime"),
)
_OFFICE: Final = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
)
_TEXT_STARTS: Final = (
    ("#extm3u", "application/vnd.apple.mpegurl"),
    ("ffconcat version", "application/x-ffconcat"),
    ("[playlist]", "audio/x-scpls"),
    ("[reference]", "video/x-ms-asf-playlist"),
    ("<asx", "video/x-ms-asf-playlist"),
    ("#!", "text/x-script"),
)
_XML_ROOTS: Final = {
    "svg": "image/svg+xml",
    "html": "text/html",
    "mpd": "application/dash+xml",
    "smil": "application/smil+xml",
    "playlist": "application/xspf+xml",
    "asx": "video/x-ms-asf-playlist",
}
_HTML_TAGS: Final = frozenset(
    {"a", "body", "br", "div", "font", "form", "frameset", "h1", "head", "html", "iframe", "img", "input", "link"}
    | {"meta", "object", "p", "script", "style", "table", "title", "video"}
)
_PROLOGUE: Final = re.compile(
    r"\s+|<\?[^>]*>|<!--.*?(?:-->|\Z)|<!doctype\s+([\w:]*)[^>\[]*(?:\[.*?\]\s*)?>", re.IGNORECASE | re.DOTALL
)
_ROOT: Final = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")
_FFMPEG_LINES: Final = re.compile(r"^\s*(?:file|stream|duration|inpoint)\s+\S", re.IGNORECASE)
_TS_PACKET: Final = 188  # length of a packet of an MPEG transport stream
_TS_SYNC: Final = 0x47
_MP3_FRAME: Final = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")  # sync word and layer III
_JSON: Final = re.compile(r"[\[{]\s*(?:[\[{\]}\"0-9-]|true|false|null)")
_TEXT_CONTROLS: Final = frozenset(range(32)) - {8, 9, 10, 12, 13, 27}


def sniff(head: bytes, *, filename: str = "") -> str:
    """Return the media type of a file by its first bytes (see `HEAD_BYTES`), or `UNKNOWN`.

    The file name is taken so that callers need not think about it, and is never looked at.
    """
    del filename
    return _by_signature(head) or _by_text(head) or _by_table(head)


def kind_of(media_type: str) -> str:
    """Return the kind of asset that a type makes: image, video, audio, document or other."""
    family = media_type.partition("/")[0]
    if family in {"image", "video", "audio"}:
        return family
    documents = ("application/pdf", "application/postscript", "application/vnd.", "text/plain", "text/csv")
    return "document" if media_type.startswith(documents) else "other"


def _by_signature(head: bytes) -> str:
    for prefix, media_type in _PREFIXES:
        if head.startswith(prefix):
            return _ogg(head) if media_type == "audio/ogg" else media_type
    if head[4:8] == b"ftyp":
        return _iso(head)
    container = _CONTAINERS.get(head[:4])
    return container(head) if container else _loose(head)


def _loose(head: bytes) -> str:
    """Recognise what has its mark elsewhere than at the very start, or hardly any."""
    if head[:2] == b"BM" and head[6:10] == b"\x00\x00\x00\x00":
        return "image/bmp"
    if head.lstrip(codecs.BOM_UTF8 + b" \t\r\n").startswith(b"%PDF-"):
        return "application/pdf"
    if len(head) > _TS_PACKET and head[0] == head[_TS_PACKET] == _TS_SYNC:
        return "video/mp2t"
    if _MP3_FRAME.match(head):
        return "audio/mpeg"
    return ""


def _riff(head: bytes) -> str:
    return _RIFF.get(head[8:12], UNKNOWN)


def _matroska(head: bytes) -> str:
    return "video/webm" if b"webm" in head[:64] else "video/x-matroska"


def _ogg(head: bytes) -> str:
    return "video/ogg" if b"\x80theora" in head[:512] else "audio/ogg"


def _iso(head: bytes) -> str:
    """Read the brands of an ISO base media file: MP4, QuickTime, HEIC and AVIF share one box format."""
    size = int.from_bytes(head[:4], "big")
    box = head[8 : max(16, min(size, 256))]
    major, others = box[:4], {box[start : start + 4] for start in range(8, len(box), 4)}
    for brands, media_type in _BRANDS:
        if major in brands:
            # "mif1" says only "a picture inside": the other brands say how it is coded.
            return "image/avif" if media_type == "image/heic" and b"avif" in others else media_type
    return "video/mp4"


def _zip(head: bytes) -> str:
    if b"[Content_Types].xml" in head[:HEAD_BYTES]:
        for folder, media_type in _OFFICE:
            if folder in head:
                return media_type
    declared = re.match(rb"PK\x03\x04.{26}mimetype(application/[a-z0-9.+-]+)", head, re.DOTALL)
    return declared[1].decode("ascii") if declared else "application/zip"


_CONTAINERS: Final = {
    b"RIFF": _riff,
    b"\x1a\x45\xdf\xa3": _matroska,
    b"PK\x03\x04": _zip,
    b"PK\x05\x06": _zip,
    b"PK\x07\x08": _zip,
}


def _by_text(head: bytes) -> str:
    decoded = _decoded(head)
    text = (decoded or "").lstrip("\ufeff \t\r\n\f")
    lowered = text[:64].lower()
    for start, media_type in _TEXT_STARTS:
        if lowered.startswith(start):
            return media_type
    if text.startswith("<"):
        return _markup(text)
    if _FFMPEG_LINES.match(text):
        return "application/x-ffconcat"
    # JSON is told by its first marks and not parsed: depth is what hostile files are made of.
    if _JSON.match(text):
        return "application/json"
    return "text/plain" if text else ""


def _markup(text: str) -> str:
    """Name a text that begins with `<` by its root element, whatever comments and declarations stand before it."""
    position = 0
    while passed := _PROLOGUE.match(text, position):
        if passed[1] and passed[1].lower() == "html":
            return "text/html"
        position = passed.end()
    root = _ROOT.match(text, position)
    name = root[1].lower() if root else ""
    if name in _HTML_TAGS:
        return "text/html"
    # A root that lies beyond what was read is not trusted to be harmless.
    return _XML_ROOTS.get(name) or ("image/svg+xml" if "<svg" in text.lower() else "application/xml")


def _decoded(head: bytes) -> str | None:
    """Return the head as text, or None when it is not text."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if head.startswith(mark):
            return head[2:].decode(encoding, "replace")
    if any(byte in _TEXT_CONTROLS for byte in head):
        # "<\x00s\x00v\x00g" is an SVG to a parser that guesses encodings.
        sparse = head[:512].replace(b"\x00", b"")
        return sparse.decode("latin-1") if sparse.lstrip().startswith(b"<") else None
    return head.decode("utf-8", "replace")


def _by_table(head: bytes) -> str:
    try:
        found = puremagic.from_string(head, mime=True)
    except (puremagic.PureError, ValueError):
        return UNKNOWN
    return found if re.fullmatch(r"[\w.+-]+/[\w.+-]+", found) else UNKNOWN
