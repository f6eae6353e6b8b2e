"""Types told from bytes."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.media.sniff import UNKNOWN, kind_of, sniff


def zipped(**files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return stream.getvalue()


def ftyp(major, *others):
    brands = b"".join(others)
    return (16 + len(brands)).to_bytes(4, "big") + b"ftyp" + major + b"\0\0\0\0" + brands + b"\0\0\0\x08mdat"


CASES = [
    (b"", UNKNOWN),
    (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
    (b"GIF89a....", "image/gif"),
    (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
    (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
    (b"RIFF\0\0\0\0????", UNKNOWN),
    (b"II*\0\x08\0\0\0", "image/tiff"),
    (b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0", "image/bmp"),
    (b"8BPS\0\x01\0\0", "image/vnd.adobe.photoshop"),
    (b"%PDF-1.7\n", "application/pdf"),
    (b"\xef\xbb\xbf\n%PDF-1.7\n", "application/pdf"),
    (ftyp(b"isom", b"mp42"), "video/mp4"),
    (ftyp(b"qt  "), "video/quicktime"),
    (ftyp(b"M4A ", b"isom"), "audio/mp4"),
    (ftyp(b"heic", b"mif1"), "image/heic"),
    (ftyp(b"mif1", b"avif"), "image/avif"),
    (ftyp(b"avif", b"mif1"), "image/avif"),
    (b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1fB\x86\x81\x01webm", "video/webm"),
    (b"\x1a\x45\xdf\xa3\x01\0\0\0matroska", "video/x-matroska"),
    (b"OggS\0\x02" + b"\0" * 20 + b"\x01vorbis", "audio/ogg"),
    (b"OggS\0\x02" + b"\0" * 20 + b"\x80theora", "video/ogg"),
    (b"ID3\x04", "audio/mpeg"),
    (b"\xff\xfb\x90\x00", "audio/mpeg"),
    (b"G" + b"\0" * 187 + b"G" + b"\0" * 20, "video/mp2t"),
    (b"\x7fELF\x02", "application/x-executable"),
    (b"MZ\x90\0", "application/x-dosexec"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    (b"\xef\xbb\xbf <?xml version='1.0'?><!-- <html> --><!DOCTYPE svg [<!ENTITY a 'b'>]><s:svg/>", "image/svg+xml"),
    ("\ufeff<svg/>".encode("utf-16-le"), "image/svg+xml"),
    ("\ufeff<svg/>".encode("utf-16-be"), "image/svg+xml"),
    ("<svg/>".encode("utf-16-le"), "image/svg+xml"),
    (b"<?xml version='1.0'?><!-- " + b"x" * 200 + b"--><a:x/><svg/>", "image/svg+xml"),
    (b"<!DOCTYPE html><title>x</title>", "text/html"),
    (b"\n\n<script>alert(1)</script>", "text/html"),
    (b"<!-- a comment --><IFRAME src=x>", "text/html"),
    (b"<MPD xmlns='urn:mpeg:dash'/>", "application/dash+xml"),
    (b"<other/>", "application/xml"),
    (b"#EXTM3U\n/etc/passwd\n", "application/vnd.apple.mpegurl"),
    (b"\n#extm3u\n", "application/vnd.apple.mpegurl"),
    (b"ffconcat version 1.0\nfile x\n", "application/x-ffconcat"),
    (b"file '/etc/passwd'\n", "application/x-ffconcat"),
    (b"[playlist]\nFile1=/etc/passwd\n", "audio/x-scpls"),
    (b"<asx version='3'/>", "video/x-ms-asf-playlist"),
    (b"#!/bin/sh\n", "text/x-script"),
    (b"[" * 60_000, "application/json"),
    (b'{"a": 1}', "application/json"),
    ("Grüße\n".encode(), "text/plain"),
    (b"\0\x01\x02\x03\x04", UNKNOWN),
    (zipped(a_dot_txt="x" * 10), "application/zip"),
    (zipped(**{"[Content_Types]_dot_xml": "x", "word__document_dot_xml": "x"}),
     "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (zipped(mimetype="application/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "media_type"), CASES)
def test_a_type_is_told_from_the_bytes(head, media_type):
    assert sniff(head) == media_type


def test_the_name_is_never_believed():
    assert sniff(b"\x89PNG\r\n\x1a\n", filename="photo.jpg") == "image/png"
    assert sniff(b"<svg onload='alert(1)'/>", filename="photo.jpg") == "image/svg+xml"
    assert sniff(zipped(a="b"), filename="brochure.pdf") == "application/zip"


@given(st.binary(max_size=300))
def test_any_bytes_have_some_type(head):
    assert "/" in sniff(head)


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("image/png", "image"),
        ("video/mp4", "video"),
        ("audio/mpeg", "audio"),
        ("application/pdf", "document"),
        ("text/plain", "document"),
        ("application/zip", "other"),
        (UNKNOWN, "other"),
    ],
)
def test_a_type_makes_a_kind(media_type, kind):
    assert kind_of(media_type) == kind
