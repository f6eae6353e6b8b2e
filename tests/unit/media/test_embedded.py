"""EXIF, IPTC and XMP blocks, good and hostile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hub.media.attribution import iptc_block, xmp_packet
from hub.media.embedded import LARGEST_XMP, core_fields, from_exif, from_iptc, from_xmp

RIGHTS = {"creator": "Zoë", "credit": "A & B <c>", "copyright": "(c) 2026"}


def record(dataset, raw):
    return bytes([0x1C, 2, dataset]) + len(raw).to_bytes(2, "big") + raw


def test_what_is_written_is_read_back():
    assert from_xmp(xmp_packet(RIGHTS)) == RIGHTS
    assert from_iptc(iptc_block(RIGHTS)) == RIGHTS


def test_iptc_texts_are_cut_to_the_standards_length():
    assert from_iptc(iptc_block({"creator": "ü" * 40}))["creator"] == "ü" * 16


def test_xmp_speaks_before_iptc_and_iptc_before_exif():
    exif = Image.Exif()
    exif[0x013B], exif[0x8298], exif[0x010E] = "exif", "exif", "exif"
    found = core_fields(
        exif=exif.tobytes(),
        iptc=iptc_block({"creator": "iptc", "copyright": "iptc"}),
        xmp=xmp_packet({"creator": "xmp"}),
    )
    assert found == {"creator": "xmp", "copyright": "iptc", "description": "exif"}


def test_iptc_in_latin_1_and_several_keywords():
    block = record(80, "Zoë".encode("latin-1")) + record(25, b"a") + record(25, b"b") + record(99, b"x")
    assert from_iptc(block) == {"creator": "Zoë", "keywords": ["a", "b"]}


def test_exif_in_utf_8_and_in_windows_tags():
    exif = Image.Exif()
    exif[0x8298] = "© Ada".encode()
    exif[0x9C9B] = "Titel\0".encode("utf-16-le")
    exif[0x9C9E] = "see; berg\0".encode("utf-16-le")
    assert from_exif(exif.tobytes()) == {"copyright": "© Ada", "title": "Titel", "keywords": ["see", "berg"]}


def test_xmp_in_attributes_and_with_several_creators():
    packet = (
        b'<x xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        b' xmlns:p="http://ns.adobe.com/photoshop/1.0/"><rdf:Description p:Credit="Agency"><dc:creator><rdf:Seq>'
        b"<rdf:li>Ada</rdf:li><rdf:li>Ben</rdf:li></rdf:Seq></dc:creator><dc:title>Plain</dc:title></rdf:Description></x>"
    )
    assert from_xmp(packet) == {"credit": "Agency", "creator": "Ada; Ben", "title": "Plain"}


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"no xml",
        b"<x",
        b"<x>" * 100_000,
        b"<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><x>&b;</x>",
        b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>",
        b"<x>" + b" " * LARGEST_XMP + b"</x>",
        b"<?xml version='1.0' encoding='nonsense'?><x/>",
    ],
)
def test_a_hostile_packet_says_nothing(packet):
    assert from_xmp(packet) == {}


@given(st.binary(max_size=400))
def test_any_bytes_are_survived(block):
    core_fields(exif=block, iptc=block, xmp=block)
    from_iptc(b"8BIM\x04\x04" + block)
    from_exif(b"Exif\0\0II*\0" + block)
