"""PDF files: counted, read and their first page drawn. Runs in a decoding child only."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from hub.errors import TooLarge
from hub.media.embedded import Fields
from hub.media.pictures import damaged, from_pillow
from hub.media.presets import SIDES, WEB, Limits

pdfium: Any = import_module("pypdfium2")  # untyped

TYPES: Final = frozenset({"application/pdf"})
_INFO: Final = {"Title": "title", "Subject": "description", "Author": "creator", "Keywords": "keywords"}


@dataclass(frozen=True, slots=True)
class Booklet:
    """A PDF's first page as a picture, and what the file says of itself."""

    image: Any
    pages: int
    embedded: Fields


def open_booklet(path: Path, limits: Limits) -> Booklet:
    """Read a PDF and draw its first page.

    Raises:
        Invalid: `file_damaged`.
        TooLarge: `too_many_pages`.
    """
    try:
        document = pdfium.PdfDocument(path)
        try:
            pages = len(document)
            if pages > limits.pages:
                raise TooLarge(
                    "too_many_pages",
                    f"The document has {pages:,} pages; at most {limits.pages:,} are opened. The file itself is safe.",
                    next_step="Split the document, or keep it without a preview.",
                )
            return Booklet(_first_page(document), pages, _information(document))
        finally:
            document.close()
    except (pdfium.PdfiumError, OSError, ValueError, IndexError) as broken:
        raise damaged(broken) from broken


def _first_page(document: Any) -> Any:
    page = document[0]
    width, height = page.get_size()
    # However large the page claims to be, the drawing is no larger than the web rendition.
    scale = min(SIDES[WEB] / max(width, height, 1), 4)
    return from_pillow(page.render(scale=scale, may_draw_forms=False).to_pil())


def _information(document: Any) -> Fields:
    said: dict[str, str] = document.get_metadata_dict(skip_empty=True)
    found: Fields = {}
    for name, field in _INFO.items():
        text = said.get(name, "").strip()
        if text:
            words = text.replace(";", ",").split(",")
            found[field] = [word.strip() for word in words] if field == "keywords" else text
    return found
