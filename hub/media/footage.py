"""Video and sound: measured, and a poster frame taken. Runs in a decoding child only; needs the extra `video`.

The container format is forced from the sniffed type and the bytes are handed over as an open file: there is no path
or address from which a list or reference inside could lead elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from hub.errors import Unsupported
from hub.media.embedded import Fields
from hub.media.pictures import damaged, from_pillow, refuse_pixels
from hub.media.presets import Limits

_FORMATS: Final = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "audio/mp4": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "video/x-msvideo": "avi",
    "video/ogg": "ogg",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/flac": "flac",
}
TYPES: Final = frozenset(_FORMATS)
# No protocol at all: whatever a file names, FFmpeg may not open it.
_OPTIONS: Final = {"protocol_whitelist": "none", "enable_drefs": "0", "use_absolute_path": "0"}
_TAGS: Final = {"title": "title", "artist": "creator", "copyright": "copyright", "description": "description"}
_FRAMES_TRIED: Final = 50


@dataclass(frozen=True, slots=True)
class Footage:
    """A poster frame (none for sound) and what the container says."""

    image: Any
    width: int | None
    height: int | None
    duration_ms: int | None
    embedded: Fields


def open_footage(path: Path, media_type: str, limits: Limits) -> Footage:
    """Measure a video or sound file and take a poster frame a little into it.

    Raises:
        Unsupported: `video_extra_missing`.
        Invalid: `file_damaged`.
        TooLarge: `too_many_pixels`.
    """
    if find_spec("av") is None:
        raise Unsupported(
            "video_extra_missing",
            "Video and sound are kept but not looked into: the extra `video` is not installed.",
            next_step="Install damhub[video].",
        )
    av: Any = import_module("av")
    av.logging.set_level(None)
    container_format = _FORMATS[media_type]
    options = {name: value for name, value in _OPTIONS.items() if container_format == "mov" or "protocol" in name}
    try:
        with path.open("rb") as file, av.open(file, format=container_format, options=options) as container:
            duration_ms = container.duration // 1000 if container.duration else None
            embedded: Fields = {
                _TAGS[name.lower()]: text for name, text in container.metadata.items() if name.lower() in _TAGS and text
            }
            if not container.streams.video:
                return Footage(None, None, None, duration_ms, embedded)
            poster = _poster(container, limits)
            width, height = poster.size
            return Footage(from_pillow(poster), width, height, duration_ms, embedded)
    except (av.FFmpegError, OSError, ValueError, IndexError) as broken:
        raise damaged(broken) from broken


def _poster(container: Any, limits: Limits) -> Any:
    """Return an upright frame from a tenth of the way in, or the first that can be decoded."""
    stream = container.streams.video[0]
    refuse_pixels(stream.codec_context.width, stream.codec_context.height, limits)
    stream.thread_count = 1
    if container.duration:
        container.seek(container.duration // 10, backward=True)
    for tried, frame in enumerate(container.decode(stream)):
        refuse_pixels(frame.width, frame.height, limits)
        if not frame.is_corrupt or tried >= _FRAMES_TRIED:
            return frame.to_image().rotate(frame.rotation, expand=True)
    raise ValueError("no frame can be decoded")
