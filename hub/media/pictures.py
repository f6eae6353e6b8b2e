"""Pictures: measured and rendered. Runs in a decoding child only.

The loader is always named, never left to a library's own guess, and reads one file. What it makes of the file is
turned into bare 8-bit sRGB pixels, from which the renditions are written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from hub.errors import HubError, Invalid, TooLarge
from hub.media.attribution import attribute
from hub.media.embedded import Fields, core_fields
from hub.media.presets import SIDES, THUMBNAIL, WEB, Limits

vips: Any = import_module("pyvips")  # untyped
PILImage: Any = import_module("PIL.Image")
PILImageOps: Any = import_module("PIL.ImageOps")
PILImage.MAX_IMAGE_PIXELS = None  # `refuse_pixels` has its own limit, before any decoding

_VIPS: Final = {
    "image/jpeg": "jpegload_source",
    "image/png": "pngload_source",
    "image/webp": "webpload_source",
    "image/gif": "gifload_source",
    "image/tiff": "tiffload_source",
    "image/avif": "heifload_source",
}
_PILLOW: Final = {"image/bmp": "BMP", "image/vnd.adobe.photoshop": "PSD", "image/heic": "HEIF"}
TYPES: Final = frozenset({*_VIPS, *_PILLOW})

_PATH: Final = re.compile(r"""(['"])/.*?\1|/\S+""")
_SHRINKS: Final = (8, 4, 2)
_OPAQUE: Final = 255
_RGB, _RGBA = 3, 4  # numbers of bands
_WIDE, _HIGH = 9, 8  # grey points of a fingerprint
_NOISE = 2  # so little brighter is what compression makes of an even field
_ON_ITS_SIDE: Final = 5  # the first of EXIF's orientations that swap width and height


@dataclass(slots=True)
class Picture:
    """A picture whose header was read: what it says of itself, and its pixels once they are asked for."""

    image: Any
    width: int
    height: int
    pages: int | None = None
    embedded: Fields = field(default_factory=Fields)


@dataclass(frozen=True, slots=True)
class Made:
    """A rendition written to a file."""

    preset: str
    path: Path
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen while the renditions were made."""

    colour: str
    has_alpha: bool
    made: tuple[Made, ...]


def open_picture(path: Path, media_type: str, limits: Limits) -> Picture:
    """Read a picture's header.

    Raises:
        Invalid: `file_damaged`.
        TooLarge: `too_many_pixels`.
    """
    try:
        return _from_pillow(path, media_type, limits) if media_type in _PILLOW else _from_vips(path, media_type, limits)
    except (vips.Error, OSError, ValueError, SyntaxError) as broken:
        raise damaged(broken) from broken


def _from_vips(path: Path, media_type: str, limits: Limits) -> Picture:
    header = _load(path, media_type)
    pages = int(header.get("n-pages")) if header.get_typeof("n-pages") else None
    refuse_pixels(header.width, header.height, limits)
    turned = header.get_typeof("orientation") and header.get("orientation") >= _ON_ITS_SIDE
    width, height = (header.height, header.width) if turned else (header.width, header.height)
    image = header
    if media_type == "image/jpeg":
        fits = [shrink for shrink in _SHRINKS if max(width, height) // shrink >= SIDES[WEB]]
        image = _load(path, media_type, shrink=fits[0]) if fits else header
    blocks = {name: _blob(header, f"{name}-data") for name in ("exif", "iptc", "xmp")}
    return Picture(image, width, height, pages if pages and pages > 1 else None, core_fields(**blocks))


def _load(path: Path, media_type: str, **options: Any) -> Any:
    source = vips.Source.new_from_file(str(path))
    return vips.Operation.call(_VIPS[media_type], source, access="sequential", fail_on="truncated", **options)


def _blob(image: Any, name: str) -> bytes:
    return bytes(image.get(name)) if image.get_typeof(name) else b""


def _from_pillow(path: Path, media_type: str, limits: Limits) -> Picture:
    if media_type == "image/heic":
        import_module("pi_heif").register_heif_opener()
    with PILImage.open(path, formats=[_PILLOW[media_type]]) as opened:
        width, height = opened.size
        refuse_pixels(width, height, limits)
        blocks = {name: opened.info.get(name) or b"" for name in ("exif", "xmp")}
        upright = PILImageOps.exif_transpose(opened)
        image = from_pillow(upright)
        return Picture(image, *upright.size, embedded=core_fields(**blocks))


def from_pillow(picture: Any) -> Any:
    """Return a Pillow image as a vips image of bare pixels."""
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    pixels = picture.convert(mode)
    return bare(vips.Image.new_from_memory(pixels.tobytes(), *pixels.size, len(mode), "uchar"))


def render(image: Any, rights: Mapping[str, str], folder: Path) -> Look:
    """Decode a picture and write its web rendition and its thumbnail.

    Raises:
        Invalid: `file_damaged`.
    """
    try:
        web = bare(_shrunk(image, SIDES[WEB]))
        alpha = web.bands == _RGBA and web[3].min() < _OPAQUE
        if web.bands == _RGBA and not alpha:
            web = web[:3]
        thumbnail = bare(_shrunk(web, SIDES[THUMBNAIL]))
        made = (_write_web(web, rights, folder, alpha=alpha), _write_thumbnail(thumbnail, rights, folder))
        return Look(dominant_colour(thumbnail), alpha, made)
    except vips.Error as broken:
        raise damaged(broken) from broken


def _shrunk(image: Any, side: int) -> Any:
    """Fit an image into a square, upright and in sRGB; small ones keep their size."""
    profile = "cmyk" if image.interpretation == "cmyk" else "srgb"
    return image.thumbnail_image(side, height=side, size="down", input_profile=profile, output_profile="srgb")


def bare(image: Any) -> Any:
    """Return an image of nothing but 8-bit sRGB pixels, with three or four bands and no metadata at all."""
    plain = image if image.interpretation in {"srgb", "multiband"} else image.colourspace("srgb")
    if plain.format != "uchar":
        plain = plain.cast("uchar")
    if plain.bands < _RGB:
        plain = plain[0].bandjoin([plain[0], plain[0], *plain.bandsplit()[1:2]])
    pixels = plain.write_to_memory()
    fresh = vips.Image.new_from_memory(pixels, plain.width, plain.height, plain.bands, "uchar")
    return fresh.copy(interpretation="srgb")


def _write_web(image: Any, rights: Mapping[str, str], folder: Path, *, alpha: bool) -> Made:
    path = folder / ("web.png" if alpha else "web.jpg")
    marked = attribute(image, vips, rights)
    if alpha:
        marked.pngsave(str(path), compression=7)
    else:
        marked.jpegsave(str(path), Q=85, optimize_coding=True, interlace=True)
    return Made(WEB, path, "image/png" if alpha else "image/jpeg", image.width, image.height)


def _write_thumbnail(image: Any, rights: Mapping[str, str], folder: Path) -> Made:
    path = folder / "thumbnail.webp"
    attribute(image, vips, rights).webpsave(str(path), Q=80, effort=3)
    return Made(THUMBNAIL, path, "image/webp", image.width, image.height)


def dominant_colour(image: Any) -> str:
    """Return the mean of the most frequent group of similar colours, as #rrggbb; transparent pixels do not count."""
    small = image.thumbnail_image(32, height=32)
    groups: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for pixel in _pixels(small):
        groups.setdefault(tuple(part >> 5 for part in pixel), []).append(pixel)
    if not groups:
        return "#ffffff"
    (largest, count), *_ = Counter({key: len(members) for key, members in groups.items()}).most_common(1)
    return "#" + "".join(f"{sum(part) // count:02x}" for part in zip(*groups[largest], strict=True))


def fingerprint(image: Any) -> str:
    """Return the difference hash of a picture, 64 bits as 16 hexadecimal digits; transparent parts count as white.

    Raises:
        Invalid: `file_damaged`.
    """
    try:
        small = bare(image.thumbnail_image(_WIDE, height=_HIGH, size="force", output_profile="srgb"))
        flat = small.flatten(background=[_OPAQUE] * _RGB) if small.bands == _RGBA else small
        grey = bytes(flat.colourspace("b-w").write_to_memory())
    except vips.Error as broken:
        raise damaged(broken) from broken
    rows = (grey[start : start + _WIDE] for start in range(0, _WIDE * _HIGH, _WIDE))
    bits = "".join("1" if left > right + _NOISE else "0" for row in rows for left, right in pairwise(row))
    return f"{int(bits, 2):016x}"


def _pixels(image: Any) -> Iterator[tuple[int, ...]]:
    raw, bands = bytes(image.write_to_memory()), image.bands
    for start in range(0, len(raw), bands):
        pixel = tuple(raw[start : start + bands])
        if bands < _RGBA or pixel[3] > _OPAQUE // 2:
            yield pixel[:3]


def refuse_pixels(width: int, height: int, limits: Limits) -> None:
    """Refuse a picture by what its header says, before anything is decoded.

    Raises:
        TooLarge: `too_many_pixels`.
    """
    if width * height > limits.pixels:
        raise TooLarge(
            "too_many_pixels",
            f"The picture has {width:,} x {height:,} pixels; at most {limits.pixels // 1_000_000:,} million are opened."
            " The file itself is safe.",
            next_step="Upload a smaller picture as a new version.",
        )


def damaged(broken: Exception) -> HubError:
    """Return the error for a file that its own decoder cannot read to the end."""
    return Invalid(
        "file_damaged",
        "The file cannot be read to its end; the bytes are kept as they came. "
        f"The decoder says: {_in_one_line(broken)[:200].rstrip('. ')}.",
        next_step="Export the file again and upload it as a new version.",
    )


def _in_one_line(broken: Exception) -> str:
    """Return what a decoder says without line ends, and without the path by which this machine knows the file."""
    return _PATH.sub("the file", " ".join(str(broken).split()))
