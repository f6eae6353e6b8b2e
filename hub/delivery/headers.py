"""Headers of an answer that carries an asset's bytes."""

from __future__ import annotations

from hub.delivery.names import disposition

INLINE = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "video/mp4", "video/webm"})
"""What a browser may show by itself: raster pictures and video. All else is saved, never opened on our origin."""

SANDBOX = "default-src 'none'; style-src 'none'; sandbox"


def may_show(media_type: str) -> bool:
    """Tell whether a browser may show bytes of this type instead of saving them."""
    return media_type in INLINE


def byte_headers(*, media_type: str, filename: str, etag: str, download: bool, private: bool = True) -> dict[str, str]:
    """Return the headers of an answer with an asset's bytes.

    Caches of browsers must ask again each time (`no-cache`): an approval may be taken back at any moment. Caches in
    between may keep nothing.
    """
    shown = may_show(media_type) and not download
    return {
        "Content-Type": media_type if may_show(media_type) else "application/octet-stream",
        "Content-Disposition": disposition(filename, inline=shown),
        "Content-Security-Policy": SANDBOX,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin" if private else "cross-origin",
        "Cache-Control": "private, no-cache" if private else "no-cache, max-age=0, must-revalidate",
        "Vary": "Cookie, Authorization",
        "ETag": etag,
        "Accept-Ranges": "bytes",
    }
