"""Sample files drawn by code, for the demo and for tests: always the same bytes, nobody's copyright.

Pictures carry EXIF, IPTC and XMP as a camera and an editor would leave them, a place and a serial number included, so
that it can be seen what the hub reads, keeps and strips.
"""

from __future__ import annotations

import io
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps

from hub.media.attribution import iptc_block, xmp_packet

Colour = tuple[int, int, int]

PHOTOGRAPHER: Final = "Ada Brunner"
AGENCY: Final = "Lakeside Pictures"
COPYRIGHT: Final = "(c) 2026 Lakeside Pictures"
_MADE_AT: Final = time.struct_time((2026, 5, 4, 6, 30, 0, 0, 124, 0))


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one hour of the day."""

    sky: tuple[Colour, Colour, Colour]  # zenith, middle, horizon
    far: Colour
    near: Colour
    shore: Colour
    sun: Colour
    sun_at: tuple[float, float]  # as parts of width and height


DAWN: Final = Palette(
    ((58, 78, 132), (214, 140, 150), (255, 214, 170)), (146, 128, 168), (62, 66, 104), (24, 30, 48),
    (255, 244, 214), (0.68, 0.40),
)  # fmt: skip
DAY: Final = Palette(
    ((36, 110, 190), (110, 176, 226), (214, 236, 246)), (140, 172, 204), (58, 104, 124), (28, 62, 58),
    (255, 255, 240), (0.24, 0.18),
)  # fmt: skip
DUSK: Final = Palette(
    ((22, 26, 68), (120, 62, 118), (244, 142, 92)), (92, 70, 122), (38, 34, 72), (14, 14, 30),
    (255, 198, 128), (0.42, 0.46),
)  # fmt: skip


def lake(palette: Palette = DAWN, *, seed: int = 7, size: tuple[int, int] = (1800, 1200), title: str = "") -> bytes:
    """Return a JPEG of a mountain lake with EXIF, IPTC and XMP."""
    picture = scene(palette, seed=seed, size=size)
    exif = Image.Exif()
    exif[0x010E] = title or "Mountain lake in the first light"
    exif[0x010F], exif[0x0110] = "Damhub Optics", "Sketch 1"
    exif[0x013B], exif[0x8298] = PHOTOGRAPHER, COPYRIGHT
    exif.get_ifd(0x8769)[0xA431] = "SN-0042-PRIVATE"
    exif.get_ifd(0x8825).update({1: "N", 2: (46.0, 33.0, 30.0), 3: "E", 4: (7.0, 59.0, 6.0)})
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88, exif=exif, xmp=_described(title or "Mountain lake"))
    iptc = iptc_block({"creator": PHOTOGRAPHER, "credit": AGENCY, "copyright": COPYRIGHT})
    return _with_segment(out.getvalue(), 0xED, iptc)


def logo(*, accent: Colour = (14, 116, 144), size: int = 1000) -> bytes:
    """Return a PNG of a logo on a transparent ground; another accent makes another version of it."""
    big = size * 2
    mark = Image.new("RGBA", (big, big), (0, 0, 0, 0))
    draw = ImageDraw.Draw(mark)
    draw.ellipse(_box(big, 0.06, 0.06, 0.94, 0.94), fill=(*accent, 255))
    draw.polygon(_points(big, (0.18, 0.66), (0.40, 0.30), (0.62, 0.66)), fill=(255, 255, 255, 255))
    draw.polygon(_points(big, (0.42, 0.66), (0.60, 0.40), (0.82, 0.66)), fill=_between((255, 255, 255), accent, 0.22))
    draw.polygon(_points(big, (0.335, 0.40), (0.40, 0.30), (0.465, 0.40), (0.40, 0.44)), fill=(*accent, 255))
    for row, tint in enumerate((0.0, 0.3, 0.6)):
        top = 0.71 + row * 0.055
        box = _box(big, 0.24 + row * 0.06, top, 0.76 - row * 0.06, top + 0.026)
        draw.rounded_rectangle(box, big // 80, _between((255, 255, 255), accent, tint))
    out = io.BytesIO()
    _resized(mark, (size, size)).save(out, "PNG", optimize=True)
    return out.getvalue()


def brochure(*, palette: Palette = DAY) -> bytes:
    """Return a PDF of two pages."""
    cover, inside = Image.new("RGB", (1240, 1754), "white"), Image.new("RGB", (1240, 1754), "white")
    cover.paste(scene(palette, seed=21, size=(1240, 1100)), (0, 0))
    draw = ImageDraw.Draw(cover)
    draw.text((90, 1190), "Summer at the lake", fill=(20, 48, 66), font=_font(92))
    draw.text((92, 1320), "Walks, boats and quiet mornings", fill=(70, 100, 118), font=_font(44))
    draw.rectangle((92, 1420, 292, 1428), fill=(14, 116, 144))
    draw.text((92, 1600), AGENCY, fill=(120, 140, 150), font=_font(32))
    draw = ImageDraw.Draw(inside)
    draw.text((90, 110), "Three days, three paths", fill=(20, 48, 66), font=_font(72))
    for row, (look, name) in enumerate(((DAWN, "Dawn"), (DAY, "Noon"), (DUSK, "Dusk"))):
        top = 270 + row * 470
        inside.paste(scene(look, seed=30 + row, size=(560, 400)), (90, top))
        draw.text((710, top + 20), name, fill=(14, 116, 144), font=_font(56))
        for line in range(4):
            draw.rounded_rectangle(
                (712, top + 130 + line * 56, 1140 - line % 3 * 60, top + 146 + line * 56), 8, (214, 224, 230)
            )
    out = io.BytesIO()
    cover.save(
        out, "PDF", save_all=True, append_images=[inside], resolution=150, title="Summer at the lake",
        author=AGENCY, subject="Two pages about three walks", keywords="summer, lake, walks",
        creationDate=_MADE_AT, modDate=_MADE_AT,
    )  # fmt: skip
    return out.getvalue()


def clip(*, seconds: float = 1.5, size: tuple[int, int] = (640, 360)) -> bytes:
    """Return an MP4 that drifts over the lake. Needs the extra `video`."""
    av: Any = import_module("av")
    width, height = size
    wide = scene(DUSK, seed=11, size=(width + 120, height))
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        container.metadata["title"] = "Evening on the lake"
        container.metadata["artist"] = PHOTOGRAPHER
        container.metadata["copyright"] = COPYRIGHT
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "26", "preset": "veryfast", "threads": "1"}
        frames = max(2, int(seconds * 24))
        for number in range(frames):
            left = 120 * number // (frames - 1)
            frame = av.VideoFrame.from_image(wide.crop((left, 0, left + width, height)))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Sample:
    """One file as a person would upload it."""

    filename: str
    make: Callable[[], bytes]
    fields: dict[str, object]


SAMPLES: Final[Sequence[Sample]] = (
    Sample("lake-at-dawn.jpg", lambda: lake(DAWN, title="Mountain lake at dawn"), {"campaign": "Summer"}),
    Sample("logo.png", logo, {"title": "Lakeside logo", "alt_text": "A white mountain over water in a circle"}),
    Sample("summer-brochure.pdf", brochure, {"campaign": "Summer"}),
    Sample("evening-on-the-lake.mp4", clip, {"campaign": "Summer"}),
    Sample("lake-at-noon.jpg", lambda: lake(DAY, seed=12, title="Mountain lake at noon"), {"campaign": "Summer"}),
    Sample("lake-at-dusk.jpg", lambda: lake(DUSK, seed=19, title="Mountain lake at dusk"), {"campaign": "Autumn"}),
)


def write_all(folder: Path) -> list[Path]:
    """Write every sample into a folder and return the paths."""
    paths: list[Path] = []
    for sample in SAMPLES:
        path = folder / sample.filename
        path.write_bytes(sample.make())
        paths.append(path)
    return paths


def scene(palette: Palette, *, seed: int, size: tuple[int, int]) -> Image.Image:
    """Draw mountains behind a lake that mirrors them."""
    width, height = size
    horizon = int(height * 0.62)
    chance = random.Random(seed)  # noqa: S311 - draws hills
    land = _sky(palette, (width, horizon))
    for layer in range(5):
        depth = layer / 4
        colour = _between(palette.far, palette.near, depth)
        base, rise = horizon * (0.52 + 0.40 * depth), horizon * (0.34 - 0.22 * depth)
        ridge = _ridge(chance, width, base, rise, rough=0.55 - 0.1 * depth)
        _fill_ridge(land, ridge, horizon, colour, haze=_between(colour, palette.sky[2], 0.45))
    picture = Image.new("RGB", size)
    picture.paste(land, (0, 0))
    picture.paste(_water(land, palette, (width, height - horizon), chance), (0, horizon))
    _shore(picture, palette, chance)
    return picture


def _sky(palette: Palette, size: tuple[int, int]) -> Image.Image:
    steps = _gradient(size)
    zenith, middle, low = palette.sky
    sky = ImageOps.colorize(steps, zenith, low, mid=middle)
    x, y = int(size[0] * palette.sun_at[0]), int(size[1] * palette.sun_at[1])
    glow = Image.new("L", size, 0)
    draw = ImageDraw.Draw(glow)
    for radius, light in ((0.34, 40), (0.20, 80), (0.11, 130)):
        reach = int(size[1] * radius)
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=light)
    glow = glow.filter(ImageFilter.GaussianBlur(size[1] * 0.06))
    disc = int(size[1] * 0.045)
    ImageDraw.Draw(glow).ellipse((x - disc, y - disc, x + disc, y + disc), fill=250)
    glow = glow.filter(ImageFilter.GaussianBlur(max(1, size[1] * 0.003)))
    return Image.composite(Image.new("RGB", size, palette.sun), sky, glow)


def _ridge(chance: random.Random, width: int, base: float, rise: float, *, rough: float) -> list[float]:
    """Return heights from left to right, found by halving spans and moving their middles."""
    heights = [base + chance.uniform(-rise, rise) * 0.5 for _ in range(5)]
    swing = rise
    while len(heights) < width // 3:
        finer: list[float] = []
        for left, right in pairwise(heights):
            finer += [left, (left + right) / 2 + chance.uniform(-swing, swing) * 0.5]
        heights = [*finer, heights[-1]]
        swing *= rough
    return heights


def _fill_ridge(land: Image.Image, ridge: Sequence[float], floor: int, colour: Colour, *, haze: Colour) -> None:
    """Fill below a ridge, fading into haze towards its foot."""
    step = land.width / (len(ridge) - 1)
    outline = [(place * step, height) for place, height in enumerate(ridge)]
    mask = Image.new("L", land.size, 0)
    ImageDraw.Draw(mask).polygon([(0, floor), *outline, (land.width, floor)], fill=255)
    top = int(max(0, min(ridge)))
    shade = Image.new("RGB", land.size, colour)
    fade = ImageOps.colorize(_gradient((land.width, max(1, floor - top))), colour, haze)
    shade.paste(fade, (0, top))
    land.paste(shade, (0, 0), mask.filter(ImageFilter.GaussianBlur(0.7)))


def _water(land: Image.Image, palette: Palette, size: tuple[int, int], chance: random.Random) -> Image.Image:
    """Mirror the land, darker with depth, in ripples that widen towards the viewer."""
    mirror = _resized(ImageOps.flip(land), (land.width, int(size[1] * 1.25))).crop((0, 0, *size))
    mirror = mirror.filter(ImageFilter.GaussianBlur(2))
    rippled = mirror.copy()
    for row in range(size[1]):
        near = row / size[1]
        shift = int(math.sin(row / (1.5 + 5 * near) + chance.uniform(-0.3, 0.3)) * 9 * near)
        strip = ImageChops.offset(mirror.crop((0, row, size[0], row + 1)), shift, 0)
        rippled.paste(strip, (0, row))
    depth = ImageOps.colorize(_gradient(size), (235, 240, 246), palette.near)
    return ImageChops.multiply(rippled, depth)


def _shore(picture: Image.Image, palette: Palette, chance: random.Random) -> None:
    """Stand firs on both banks in front."""
    width, height = picture.size
    big = Image.new("L", (width * 2, height * 2), 0)
    draw = ImageDraw.Draw(big)
    bank = [
        (0, 1.9),
        (0, 1.62),
        (0.22, 1.70),
        (0.45, 1.83),
        (0.7, 1.92),
        (1.0, 1.985),
        (1.3, 1.95),
        (1.7, 1.8),
        (2, 1.72),
        (2, 2),
        (0, 2),
    ]
    draw.polygon([(x * width, y * height) for x, y in bank], fill=255)
    for _ in range(26):
        side = chance.choice((0.0, 1.0))
        away = chance.uniform(0.0, 0.42)
        x = (side * 2 + (away if side == 0 else -away)) * width
        tall = height * chance.uniform(0.22, 0.55) * (1 - away)
        foot = height * (1.70 + away * 0.42)
        for tier in range(6):
            top, low = foot - tall * (1 - tier * 0.13), foot - tall * (0.74 - tier * 0.145)
            spread = tall * (0.05 + 0.028 * tier)
            draw.polygon([(x - spread, low), (x, top), (x + spread, low)], fill=255)
    mask = _resized(big, picture.size)
    picture.paste(Image.new("RGB", picture.size, palette.shore), (0, 0), mask)


def _described(title: str) -> bytes:
    """Return an XMP packet with a title, words and a place beside the rights."""
    more = (
        '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">' + title + "</rdf:li></rdf:Alt></dc:title>"
        "<dc:subject><rdf:Bag><rdf:li>lake</rdf:li><rdf:li>mountains</rdf:li><rdf:li>water</rdf:li></rdf:Bag></dc:subject>"
        '<photoshop:City xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/">Secret Cove</photoshop:City>'
    ).encode()
    packet = xmp_packet({"creator": PHOTOGRAPHER, "credit": AGENCY, "copyright": COPYRIGHT})
    return packet.replace(b"</rdf:Description>", more + b"</rdf:Description>")


def _with_segment(jpeg: bytes, marker: int, content: bytes) -> bytes:
    """Insert an application segment behind a JPEG's first one."""
    behind = 4 + int.from_bytes(jpeg[4:6], "big")
    segment = bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content
    return jpeg[:behind] + segment + jpeg[behind:]


def _gradient(size: tuple[int, int]) -> Image.Image:
    """Return a gradient from black at the top to white at the bottom."""
    return _resized(Image.linear_gradient("L"), size)


def _resized(image: Any, size: tuple[int, int]) -> Image.Image:
    """Resize; the stub of `resize` leaves its type open."""
    return image.resize(size, Image.Resampling.LANCZOS)


def _between(first: Colour, second: Colour, part: float) -> Colour:
    red, green, blue = (int(one + (other - one) * part) for one, other in zip(first, second, strict=True))
    return red, green, blue


def _box(side: int, *corners: float) -> tuple[float, float, float, float]:
    left, top, right, bottom = (corner * side for corner in corners)
    return left, top, right, bottom


def _points(side: int, *points: tuple[float, float]) -> list[tuple[float, float]]:
    return [(x * side, y * side) for x, y in points]


def _font(size: int) -> Any:
    return ImageFont.load_default(size)
