"""Bad input, one row for each: what goes in, what a person is told, where, and what is still there afterwards.

Every row goes through a complete hub: API door, intake, store, worker, decoder, pages. After each one the same worker
renders a good file.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest
from sqlalchemy import update

from hub.access.actors import Role
from hub.catalogue.models import Version
from tests import media_samples as files
from tests.attacks.rig import API, problem

REFUSED, KEPT, OPENED = "refused", "kept", "opened"


@dataclass(frozen=True)
class Row:
    """One bad file.

    `refused`: at the door, nothing is kept. `kept`: the bytes are safe, the worker says why there is no picture of
    them. `opened`: it is rendered, for all its malice.
    """

    id: str
    made: bytes | Callable[[], bytes]  # what takes long to make is made in its test alone
    name: str
    fate: str
    code: str = ""
    status: int = 415
    says: str = ""

    @property
    def content(self):
        return self.made() if callable(self.made) else self.made


@cache
def zip_bomb():
    """Return a zip whose one member unpacks to 512 MB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("big", "w") as member:
        for _ in range(64):
            member.write(b"\0" * 8 * 1024 * 1024)
    return out.getvalue()


@cache
def pdf_bomb():
    """Return a PDF whose one page is drawn by a stream that unpacks, twice over, to 4 GB."""
    inner = zlib.compress(b"\0" * 64 * 1024 * 1024, 9)
    stream = zlib.compress(inner * 64, 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>",
        b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%b\nendstream" % (len(stream), stream),
    ]  # fmt: skip
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj" % number + content + b"endobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(body)
    return body + b"xref\n0 5\n0000000000 65535 f \n" + table + trailer


@cache
def packed():
    """Return 256 MB in 256 KB."""
    return zlib.compress(b"\0" * 256 * 1024 * 1024, 9)


def png_with(name, content):
    """Return a good PNG with one more chunk before its pixels."""
    plain = files.picture(size=(64, 48), colour=(1, 2, 3))
    at = plain.index(b"IDAT") - 4
    chunk = len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")
    return plain[:at] + chunk + plain[at:]


ENTITIES = b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + b"".join(
    b"<!ENTITY %c '%b'>" % (letter, b"&%c;" % (letter - 1) * 10) for letter in b"bcdefghij"
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
PLAYLIST = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n"

ROWS = [
    Row("a truncated JPEG", files.lake()[:-4000], "cut.jpg", KEPT, "file_damaged", says="Export the file again"),
    Row("a truncated PNG", files.logo()[:3000], "cut.png", KEPT, "file_damaged", says="Export the file again"),
    Row("a JPEG that is only a head", files.lake()[:300], "head.jpg", KEPT, "file_damaged"),
    Row("a truncated PDF", files.brochure()[:600], "cut.pdf", KEPT, "file_damaged"),
    Row("a truncated clip", files.clip()[:2000], "cut.mp4", KEPT, "file_damaged"),
    Row("a PDF called JPEG", files.pdf(2), "lie.jpg", OPENED),
    Row("a JPEG called PDF", files.picture("JPEG", colour=(9, 9, 90)), "lie.pdf", OPENED),
    Row("a web page called JPEG", b"<!doctype html><script>alert(1)</script>", "page.jpg", REFUSED, "type_not_taken"),
    Row("a program called PNG", b"\x7fELF\x02\x01\x01" + bytes(64), "logo.png", REFUSED, "type_not_taken"),
    Row("a zip called PNG", zip_bomb, "bomb.png", KEPT, "no_rendition_for_type"),
    Row("50,000 x 50,000 pixels", files.vast_png, "vast.png", KEPT, "too_many_pixels", says="50,000 x 50,000"),
    Row("more pages than anybody reads", lambda: files.pdf(5_001), "long.pdf", KEPT, "too_many_pages", says="Split"),
    Row("a zip bomb as PDF", lambda: zip_bomb() + b" ", "bomb.pdf", KEPT, "no_rendition_for_type"),
    Row("a bomb inside a PDF", pdf_bomb, "stream.pdf", OPENED),
    Row("a zip bomb as SVG", lambda: zip_bomb() + b"  ", "bomb.svg", KEPT, "no_rendition_for_type"),
    Row("an entity bomb as SVG", ENTITIES + b"]>" + SVG + b"<text>&j;</text></svg>", "lol.svg", KEPT,
        "no_rendition_for_type"),
    Row("a packed SVG", b"\x1f\x8b\x08" + bytes(40), "bomb.svgz", REFUSED, "type_not_taken"),
    Row("an SVG with script, a neighbour and an address", files.svg_with_script(), "x.svg", KEPT,
        "no_rendition_for_type"),
    Row("an SVG behind a blank and a comment", b"  <!-- x -->" + SVG + b'<image xlink:href="/etc/passwd"/></svg>',
        "y.png", KEPT, "no_rendition_for_type"),
    Row("a playlist", PLAYLIST, "clip.mp4", REFUSED, "type_not_taken", says="points at other files"),
    Row("a concat list", b"ffconcat version 1.0\nfile '/etc/passwd'\n", "a.mp4", REFUSED, "type_not_taken"),
    Row("a concat list without its first line", b"file '/etc/passwd'\n", "b.mp4", REFUSED, "type_not_taken"),
    Row("a manifest", b'<?xml version="1.0"?><MPD><BaseURL>http://127.0.0.1/</BaseURL></MPD>', "c.mpd", REFUSED,
        "type_not_taken"),
    Row("a profile that is a bomb", lambda: png_with(b"iCCP", b"icc\0\0" + packed()), "icc.png", OPENED),
    Row("XMP that is a bomb", lambda: png_with(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed()), "xmp.png", OPENED),
    Row("text that is a bomb", lambda: png_with(b"zTXt", b"Comment\0\0" + packed()), "text.png", OPENED),
    Row("XMP of entities", png_with(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + ENTITIES + b"]><x>&j;</x>"), "ent.png",
        OPENED),
    Row("deep JSON", b"[" * 200_000, "deep.png", REFUSED, "type_not_taken"),
    Row("deep XML", b"<a>" * 20_000, "deep.svg", REFUSED, "type_not_taken"),
    Row("nothing", b"", "empty.png", REFUSED, "upload_empty", status=400),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_bad_file_is_told_plainly_and_harms_nothing(rig, row):
    before = rig.count()
    answer = rig.send(row.content, row.name)
    if row.fate == REFUSED:
        assert row.says in problem(answer, row.status, row.code)["detail"]
        assert rig.count() == before, "nothing was kept"
    else:
        assert answer.status_code == 201, answer.get_data(as_text=True)
        _looked_at(rig, row, answer.json)
    rig.well()


def _looked_at(rig, row, made):
    """Check what the worker found, what the API and the page say of it, and that the bytes are safe."""
    rig.work("media")
    traits = rig.traits(made["version_id"])
    assert traits.error_code == row.code
    assert traits.state in {"ready", "failed"}
    assert traits.lease_owner is None
    client = rig.client(Role.EDITOR)
    shown = client.get(f"{API}/assets/{made['asset_id']}/renditions/web")
    page = client.get(f"/assets/{made['code']}").get_data(as_text=True)
    if row.fate == OPENED:
        assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    else:
        failed = traits.state == "failed"
        told = problem(shown, 404, row.code if failed else "no_rendition", step="detail" if failed else "next")
        assert row.says in told["detail"]
        assert row.says in page
        assert "No picture could be made." in page
    assert str(rig.settings.home) not in f"{traits.error} {shown.data} {page}", "where files lie is nobody's business"
    original = client.get(f"{API}/assets/{made['asset_id']}/renditions/original")
    assert hashlib.sha256(original.data).hexdigest() == hashlib.sha256(row.content).hexdigest(), "nothing is lost"
    assert rig.rooms.store.exists(hashlib.sha256(row.content).hexdigest())


NAMES = [
    ("../../../etc/cron.d/x.png", "x.png"),
    ("..\\..\\windows\\system32\\x.png", "x.png"),
    ("/etc/passwd", "passwd"),
    ("a\r\nSet-Cookie: x=1\r\n.png", "aSet-Cookie_ x=1.png"),
    ("invoice\u202egnp.exe", "invoicegnp.exe"),
    ("a\u200b\u2066b\u2069.png", "ab.png"),
    ("x\x1b[31m.png", "x[31m.png"),
    ('a"; filename="evil.html', "a_; filename=_evil.html"),
    ("CON.png", "_CON.png"),
    ("..", "file"),
]


@pytest.mark.parametrize(("name", "kept"), NAMES, ids=[ascii(name) for name, _ in NAMES])
def test_a_hostile_name_leaves_as_a_harmless_one(rig, name, kept):
    made = rig.bring(files.picture(colour=(200, len(name) % 256, ord(name[-1]) % 256)), name, title="")
    client = rig.client(Role.EDITOR)
    shown = client.get(f"{API}/assets/{made.id}").json["versions"][0]["filename"]
    assert shown == kept
    answer = client.get(f"{API}/assets/{made.id}/renditions/original?download=true")
    header = answer.headers["Content-Disposition"]
    assert header.startswith(f'attachment; filename="{made.code}_')
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert "Set-Cookie" not in answer.headers
    archive = zipfile.ZipFile(io.BytesIO(client.post(f"{API}/zip", json={"asset_ids": [made.id]}).data))
    (inside,) = archive.namelist()
    assert inside.startswith(made.code)
    assert not {"/", "\\", ".."} & {inside, *inside}
    assert "\u202e" not in client.get(f"/assets/{made.code}").get_data(as_text=True)


def test_a_name_that_stands_in_the_catalogue_already_leaves_as_a_harmless_one(rig):
    """Names from a restored or older catalogue did not come through today's intake."""
    made = rig.bring(files.picture(colour=(201, 3, 4)), "plain.png")
    hostile = '../../x\r\nSet-Cookie: a=b\u202e";.png'
    with rig.rooms.database.unit() as session:
        session.execute(update(Version).where(Version.id == made.version_id).values(filename=hostile))
    client = rig.client(Role.EDITOR)
    header = client.get(f"{API}/assets/{made.id}/renditions/original?download=true").headers["Content-Disposition"]
    assert header.isascii()
    assert header.count('"') == 2
    assert ".." not in header.split("filename=")[1].split(";")[0]
    archive = zipfile.ZipFile(io.BytesIO(client.post(f"{API}/zip", json={"asset_ids": [made.id]}).data))
    (inside,) = archive.namelist()
    assert not {"/", "\\", "\r", "\n", "\u202e"} & set(inside)


def test_half_a_body_leaves_nothing(rig):
    before = rig.count()
    content = files.picture(colour=(4, 4, 4))
    problem(rig.send(content[:50], "half.png", length=len(content)), 400, "upload_cut_off")
    assert rig.count() == before
    assert rig.send(content, "half.png").status_code == 201
