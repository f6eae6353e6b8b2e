"""Metadata inside files: EXIF, IPTC and XMP, read into core fields. Runs in a decoding child only."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

PILImage: Any = import_module("PIL.Image")  # its stubs leave types open
ElementTree: Any = import_module("defusedxml.ElementTree")

Fields = dict[str, str | list[str]]

LARGEST_XMP: Final = 1024 * 1024

_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XMP: Final = {
    "{http://purl.org/dc/elements/1.1/}title": "title",
    "{http://purl.org/dc/elements/1.1/}description": "description",
    "{http://purl.org/dc/elements/1.1/}subject": "keywords",
    "{http://purl.org/dc/elements/1.1/}creator": "creator",
    "{http://purl.org/dc/elements/1.1/}rights": "copyright",
    "{http://ns.adobe.com/photoshop/1.0/}Credit": "credit",
    "{http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/}AltTextAccessibility": "alt_text",
}
_IPTC: Final = {
    5: "title",
    120: "description",
    25: "keywords",
    80: "creator",
    110: "credit",
    116: "copyright",
}
_EXIF: Final = {0x010E: "description", 0x013B: "creator", 0x8298: "copyright"}
_EXIF_WIDE: Final = {0x9C9B: "title", 0x9C9D: "creator", 0x9C9E: "keywords"}  # written by Windows, UTF-16
_RESOURCE: Final = b"8BIM\x04\x04"
_TAG: Final = 0x1C
_APPLICATION_RECORD: Final = 2
_UTF8_MARK: Final = b"\x1b%G"


def core_fields(*, exif: bytes = b"", iptc: bytes = b"", xmp: bytes = b"") -> Fields:
    """Return what the blocks say of core fields. XMP speaks before IPTC, IPTC before EXIF."""
    return {**from_exif(exif), **from_iptc(iptc), **from_xmp(xmp)}


def from_xmp(packet: bytes) -> Fields:
    """Read an XMP packet; one that is damaged, hostile or huge says nothing."""
    start, end = packet.find(b"<"), packet.rfind(b">")
    if start < 0 or len(packet) > LARGEST_XMP:
        return {}
    try:
        root: Element = ElementTree.fromstring(packet[start : end + 1], forbid_dtd=True)
    except (ValueError, SyntaxError, LookupError):
        # defusedxml's refusals are ValueErrors, a parser's are SyntaxErrors.
        return {}
    found: Fields = {}
    for name, field in _XMP.items():
        texts = [text for text in _xmp_texts(root, name) if text]
        if texts:
            found[field] = texts if field == "keywords" else ("; ".join(texts) if field == "creator" else texts[0])
    return found


def _xmp_texts(root: Element, name: str) -> Iterator[str]:
    for description in root.iter(f"{_RDF}Description"):
        yield description.get(name, "").strip()
    for element in root.iter(name):
        items = list(element.iter(f"{_RDF}li"))
        for holder in items or [element]:
            yield (holder.text or "").strip()


def from_iptc(block: bytes) -> Fields:
    """Read IPTC records, bare or inside a Photoshop resource block."""
    texts: dict[str, list[str]] = {}
    encoding = "utf-8" if _UTF8_MARK in block else ""
    for dataset, raw in _iptc_records(_iptc_part(block)):
        field = _IPTC.get(dataset)
        text = _decoded(raw, encoding)
        if field and text:
            texts.setdefault(field, []).append(text)
    return {field: found if field == "keywords" else "; ".join(found) for field, found in texts.items()}


def _iptc_part(block: bytes) -> bytes:
    at = block.find(_RESOURCE)
    if at < 0:
        return block if block[:1] == bytes([_TAG]) else b""
    name_length = block[at + 6] if at + 6 < len(block) else 0
    sized = at + 6 + (name_length + 2) // 2 * 2
    size = int.from_bytes(block[sized : sized + 4], "big")
    return block[sized + 4 : sized + 4 + size]


def _iptc_records(part: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 5 <= len(part) and part[at] == _TAG:
        record, dataset, size = part[at + 1], part[at + 2], int.from_bytes(part[at + 3 : at + 5], "big")
        if record == _APPLICATION_RECORD:
            yield dataset, part[at + 5 : at + 5 + size]
        at += 5 + size


def from_exif(block: bytes) -> Fields:
    """Read an EXIF block. Places, serial numbers and everything else that is no core field is left where it is."""
    tags = _exif_tags(block) if block else {}
    found: Fields = {}
    for tag, field in _EXIF_WIDE.items():
        raw = tags.get(tag)
        text = raw.decode("utf-16-le", "ignore").strip("\0 ") if isinstance(raw, bytes) else ""
        if text:
            found[field] = [one.strip() for one in text.split(";")] if field == "keywords" else text
    for tag, field in _EXIF.items():
        text = _exif_text(tags.get(tag))
        if text:
            found[field] = text
    return found


def _exif_tags(block: bytes) -> dict[int, object]:
    """Return the tags that are read here; a damaged block has none."""
    exif = PILImage.Exif()
    with warnings.catch_warnings():
        # Pillow warns of damage and goes on with what it has.
        warnings.simplefilter("ignore")
        try:
            exif.load(block)
            return {tag: exif.get(tag) for tag in (*_EXIF, *_EXIF_WIDE)}
        except (ValueError, SyntaxError, OSError, TypeError, LookupError, struct.error):
            return {}


def _exif_text(raw: object) -> str:
    if isinstance(raw, bytes):
        return _decoded(raw, "")
    return _mended(raw.strip("\0 ")) if isinstance(raw, str) else ""


def _decoded(raw: bytes, encoding: str) -> str:
    """Return text from bytes whose encoding is often not said: UTF-8 where it fits, else Latin-1."""
    try:
        return raw.decode(encoding or "utf-8").strip("\0 ")
    except UnicodeDecodeError:
        return raw.decode("latin-1").strip("\0 ")


def _mended(text: str) -> str:
    """Return text as UTF-8 where a reader took it for Latin-1."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
