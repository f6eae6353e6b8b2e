"""The renditions that every version gets, and how large a file may be inside before it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

THUMBNAIL: Final = "thumbnail"
WEB: Final = "web"
ORIGINAL: Final = "original"
"""The master's own bytes, untouched."""

PRESETS: Final = (THUMBNAIL, WEB, ORIGINAL)

SIDES: Final = {THUMBNAIL: 480, WEB: 2048}
"""The longest side of a rendition in pixels; smaller pictures keep their size."""

MEGAPIXEL: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost while it is decoded."""

    pixels: int = 200 * MEGAPIXEL
    pages: int = 5_000
    memory_bytes: int = 2 * 1024**3
    cpu_s: int = 60
    wall_s: float = 90.0
    output_bytes: int = 64 * 1024**2
    """The largest rendition."""
