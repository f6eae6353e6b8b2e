"""Who made a picture and who owns it, written into renditions. Runs in a decoding child only.

A rendition is made from bare pixels, so nothing of the master's metadata comes along by itself: no place, no serial
number, no edit history. What is written here is all that it says.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

RIGHTS_FIELDS: Final = ("creator", "credit", "copyright")

_PACKET: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/">{entries}</rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
_XMP_ENTRIES: Final = {
    "creator": "<dc:creator><rdf:Seq><rdf:li>{text}</rdf:li></rdf:Seq></dc:creator>",
    "credit": "<photoshop:Credit>{text}</photoshop:Credit>",
    "copyright": '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{text}</rdf:li></rdf:Alt></dc:rights>',
}
_IPTC_DATASETS: Final = {"creator": (80, 32), "credit": (110, 32), "copyright": (116, 128)}
_EXIF_NAMES: Final = {"creator": "Artist", "copyright": "Copyright"}


def attribute(image: Any, vips: Any, rights: Mapping[str, str]) -> Any:
    """Return a copy of a vips image that carries the rights as XMP, EXIF and IPTC, as far as its format can."""
    said = {field: rights[field] for field in RIGHTS_FIELDS if rights.get(field)}
    if not said:
        return image
    marked = image.copy()
    marked.set_type(vips.GValue.blob_type, "xmp-data", xmp_packet(said))
    marked.set_type(vips.GValue.blob_type, "iptc-data", iptc_block(said))
    for field, name in _EXIF_NAMES.items():
        text = _ascii(said.get(field, ""))
        if text:
            # libvips shows what it read behind the value, and drops the last bracket when it writes.
            value = f"{text} (, ASCII, 1 components, 1 bytes)"
            marked.set_type(vips.GValue.gstr_type, f"exif-ifd0-{name}", value)
    return marked


def _ascii(text: str) -> str:
    """Return what EXIF can hold of a text, which is ASCII; the exact text stands in the other blocks."""
    plain = unicodedata.normalize("NFKD", text.replace("\u00a9", "(c)"))
    return plain.encode("ascii", "ignore").decode("ascii").strip()


def xmp_packet(rights: Mapping[str, str]) -> bytes:
    """Return an XMP packet with the rights and nothing else."""
    entries = "".join(_XMP_ENTRIES[field].format(text=escape(text)) for field, text in rights.items())
    return _PACKET.format(entries=entries).encode()


def iptc_block(rights: Mapping[str, str]) -> bytes:
    """Return a Photoshop resource block with IPTC records in UTF-8, each cut to the standard's length."""
    records = b"\x1c\x01\x5a\x00\x03\x1b%G"
    for field, text in rights.items():
        dataset, longest = _IPTC_DATASETS[field]
        raw = text.encode()[:longest].decode(errors="ignore").encode()
        records += bytes([0x1C, 2, dataset]) + len(raw).to_bytes(2, "big") + raw
    padded = records + b"\0" * (len(records) % 2)
    return b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + len(records).to_bytes(4, "big") + padded
