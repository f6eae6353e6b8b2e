"""What a picture says of the place, the camera and the person who took it stays with the master."""

from __future__ import annotations

import io

import pytest
from PIL import Image, PngImagePlugin

from hub.access.actors import Role
from tests import media_samples as files
from tests.attacks.rig import API

SERIAL, PLACE, OWNER, NOTE = b"SN-4711-0815", b"Hinterhof 7", b"owner@example.test", b"internal: do not show"


def photograph():
    """Return a JPEG that says in EXIF, XMP, IPTC, a comment and its profile what is nobody's business."""
    image = Image.new("RGB", (400, 300), (10, 120, 40))
    exif = Image.Exif()
    exif[0x010F], exif[0x8298] = "Camera", "(c) Ada"
    exif.get_ifd(0x8769).update({0xA431: SERIAL.decode(), 0xA430: OWNER.decode()})
    exif.get_ifd(0x8825).update({1: "N", 2: (53.0, 33.0, 1.0), 29: "2026:01:02", 0x1B: b"ASCII\0\0\0" + PLACE})
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:ph="http://ns.adobe.com/photoshop/1.0/" '
        b'exif:GPSLatitude="53,33N" ph:History="%b" ph:Instructions="%b"/></rdf:RDF></x:xmpmeta>' % (NOTE, SERIAL)
    )
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif.tobytes(), xmp=xmp, comment=NOTE, icc_profile=b"desc " + OWNER + bytes(200))
    return out.getvalue()


def drawing():
    """Return a PNG with transparency that says the same in its text chunks."""
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", NOTE.decode())
    told.add_itxt("XML:com.adobe.xmp", f"<x serial='{SERIAL.decode()}' place='{PLACE.decode()}'/>")
    out = io.BytesIO()
    Image.new("RGBA", (200, 100), (1, 2, 3, 90)).save(out, "PNG", pnginfo=told)
    return out.getvalue()


@pytest.mark.parametrize("make", [photograph, drawing])
def test_renditions_say_nothing_of_place_camera_and_owner(rig, make):
    content = make()
    assert SERIAL in content
    assert NOTE in content, "there is something to be kept back"
    made = rig.bring(content, "IMG_0001.jpg", approve=True)
    link = rig.rooms.delivery.make_link(rig.admin, made.id, "web").url.removeprefix("http://localhost")
    sent = {
        "web": rig.client(Role.VIEWER).get(f"{API}/assets/{made.id}/renditions/web"),
        "thumbnail": rig.client(Role.VIEWER).get(f"{API}/assets/{made.id}/renditions/thumbnail"),
        "link": rig.client(None).get(link),
    }
    for name, answer in sent.items():
        assert answer.status_code == 200, name
        for secret in (SERIAL, PLACE, OWNER, NOTE, b"GPSLatitude", b"History"):
            assert secret not in answer.data, f"{secret} in {name}"
        with Image.open(io.BytesIO(answer.data)) as shown:
            assert 0x8825 not in shown.getexif(), "a place"
            assert 0x8769 not in shown.getexif() or not shown.getexif().get_ifd(0x8769).get(0xA431)
            assert OWNER not in (shown.info.get("icc_profile") or b"")
    shown = rig.client(Role.VIEWER).get(f"{API}/assets/{made.id}").get_data()
    assert not any(secret in shown for secret in (SERIAL, PLACE, OWNER, NOTE))
    assert rig.bytes_of(made.sha256) == content, "the master is as it came"


def test_a_files_own_words_are_text_and_nothing_else(rig):
    """Script, marks that turn the reading direction and endless text in embedded fields arrive as tame text."""
    image = Image.new("RGB", (40, 30), (200, 120, 40))
    exif = Image.Exif()
    exif[0x010E] = "<script>alert(1)</script>\u202e" + "x" * 30_000
    exif[0x013B] = "{{7*7}}${jndi:ldap://x}\r\nBcc: a@b"
    exif[0x8298] = "\x00\x1b[31m(c)"
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif.tobytes())
    made = rig.bring(out.getvalue(), "words.jpg", title="")
    fields = rig.client(Role.EDITOR).get(f"{API}/assets/{made.id}").json["fields"]
    assert len(fields["description"]) <= 10_000
    everything = "".join(str(value) for value in fields.values())
    assert not any(mark in everything for mark in "\u202e\x00\x1b\r")
    for tab in ("details", "places", "history"):
        page = rig.client(Role.EDITOR).get(f"/assets/{made.code}/{tab}").get_data(as_text=True)
        assert "<script>alert" not in page
        assert "49${jndi" not in page


def test_a_copy_is_never_made_of_a_master_for_want_of_a_rendition(rig):
    """A damaged photograph that was approved all the same is not published with its place in it."""
    from hub.media.models import Traits
    from hub.placements.facts import bytes_of, is_unreadable

    made = rig.bring(files.lake()[:-2500], "damaged.jpg", approve=True)
    with rig.rooms.database.read() as session:
        assert session.get_one(Traits, made.version_id).state == "failed"
        assert bytes_of(session, made.version_id, "web") is None
        assert is_unreadable(session, made.version_id)
        assert bytes_of(session, made.version_id, "original").sha256 == made.sha256
