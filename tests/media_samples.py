"""Files that are good, broken or hostile, made by code."""

from __future__ import annotations

import functools
import io
import struct
import zlib

from PIL import Image

from hub.app import samples

lake = functools.cache(lambda: samples.lake(size=(900, 600)))
logo = functools.cache(lambda: samples.logo(size=400))
brochure = functools.cache(samples.brochure)
clip = functools.cache(lambda: samples.clip(seconds=1, size=(320, 180)))


def picture(kind="PNG", mode="RGB", size=(60, 40), colour=(200, 30, 40), **options):
    """Return a small plain picture."""
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, kind, **options)
    return out.getvalue()


def vast_png(width=50_000, height=50_000):
    """Return a tiny PNG whose header claims a vast picture, and whose pixels would really unpack to it."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    packer = zlib.compressobj(9)
    row = b"\0" * (width // 8 + 1)
    pixels = b"".join(packer.compress(row * 100) for _ in range(min(height, 5_000) // 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def svg_with_script():
    """Return an SVG that would run, and read a neighbour, and call home, if anything opened it."""
    return (
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        b'<script>fetch("http://127.0.0.1:9/")</script><image xlink:href="file:///etc/passwd"/>'
        b'<image xlink:href="http://127.0.0.1:9/x.png"/></svg>'
    )


def pdf(pages=1, *, size=(200, 200)):
    """Return a PDF with so many empty pages."""
    width, height = size
    kids = " ".join(f"{number + 3} 0 R" for number in range(pages))
    objects = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Count {pages}/Kids[{kids}]>>"]
    objects += [f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]>>"] * pages
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj{content}endobj\n".encode()
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (count, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % count + table + trailer
