"""A4 paper: headings, paragraphs, facts and tables whose heads repeat, with a head and a foot on every page.

Everything that is printed came from outside at some time, so each character is either shown as it is or, where the
typeface lacks it or it has no shape of its own, by its number: ⟨U+6F22⟩. Right-to-left text is shaped and turned.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from fpdf import FPDF
from fpdf.fonts import TTFFont

FONTS: Final = Path(__file__).parent / "fonts"
FAMILY: Final = "DejaVu"
LEFT: Final = 18.0
TOP: Final = 26.0
WIDTH: Final = 174.0
BOTTOM: Final = 273.0
LEADING: Final = 1.32
GAP: Final = 2.0
POINT_MM: Final = 25.4 / 72
TURNED: Final = frozenset({"R", "AL", "AN"})
SHAPELESS: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
GREY: Final = 90
INK: Final = 0


class Paper:
    """Pages that are filled from top to bottom."""

    def __init__(self, *, title: str, head: str, warning: str, foot: str, made_at: datetime) -> None:
        """Begin the first page.

        Args:
            title: of the file.
            head: stands above every page.
            warning: stands under it, in bold; empty: nothing does.
            foot: stands below every page, before its number.
            made_at: the time that the file is said to be made at.
        """
        self._pdf = _Pages(head, warning, foot)
        self._pdf.set_title(title)
        self._pdf.set_lang("en")
        self._pdf.set_creation_date(made_at)
        self._made_at = made_at
        self._pdf.add_page()

    def heading(self, text: str, *, size: float = 12) -> None:
        """Write a heading; it never stands alone at the foot of a page."""
        self._pdf.room_for(size * POINT_MM * LEADING + 14)
        self._pdf.y += 2 * GAP
        self._write(text, size=size, bold=True)
        self._pdf.y += GAP / 2

    def paragraph(self, text: str, *, size: float = 9, bold: bool = False, grey: bool = False) -> None:
        """Write a paragraph."""
        self._write(text, size=size, bold=bold, grey=grey)
        self._pdf.y += GAP

    def facts(self, pairs: Iterable[tuple[str, str]], *, label_mm: float = 38) -> None:
        """Write what things are called on the left and what they are on the right; empty ones are left out."""
        widths = (label_mm, WIDTH - label_mm)
        for label, value in pairs:
            if value:
                self._row((label, value), widths, head=None, size=8.5, grey_first=True)
        self._pdf.y += GAP

    def table(self, head: Sequence[str], widths: Sequence[float], rows: Iterable[Sequence[str]]) -> None:
        """Write a table; its head stands on top of every page that it reaches."""
        self._pdf.room_for(12)
        self._head(head, widths)
        for row in rows:
            self._row(row, widths, head=head, size=7.5)
            self._rule()
        self._pdf.y += GAP

    def attach(self, name: str, data: bytes, *, about: str) -> None:
        """Put a file into the file, as it is."""
        self._pdf.embed_file(
            bytes=data, basename=name, desc=about, mime_type="application/json", modification_date=self._made_at,
            creation_date=self._made_at,
        )  # fmt: skip

    def to_bytes(self) -> bytes:
        """Return the file: the same bytes for the same content, made with the same libraries."""
        return bytes(self._pdf.output())

    def _head(self, head: Sequence[str], widths: Sequence[float]) -> None:
        self._row(head, widths, head=None, size=7.5, bold=True)
        self._rule()

    def _rule(self) -> None:
        pdf = self._pdf
        pdf.set_draw_color(190)
        pdf.set_line_width(0.15)
        pdf.line(LEFT, pdf.y + 0.6, LEFT + WIDTH, pdf.y + 0.6)
        pdf.y += 1.6

    def _row(
        self, cells: Sequence[str], widths: Sequence[float], *, head: Sequence[str] | None, size: float,
        bold: bool = False, grey_first: bool = False,
    ) -> None:  # fmt: skip
        """Write one row; one that does not fit goes on on the next page, under the head."""
        pdf, step = self._pdf, size * POINT_MM * LEADING
        columns = [pdf.wrapped(cell, width - GAP, size, bold=bold) for cell, width in zip(cells, widths, strict=True)]
        for number in range(max(map(len, columns))):
            if pdf.y + step > BOTTOM:
                pdf.add_page()
                if head is not None:
                    self._head(head, widths)
            x = LEFT
            for place, (lines, width) in enumerate(zip(columns, widths, strict=True)):
                if number < len(lines):
                    pdf.put(x, lines[number], size, bold=bold, grey=grey_first and place == 0)
                x += width
            pdf.y += step

    def _write(self, text: str, *, size: float, bold: bool = False, grey: bool = False) -> None:
        pdf, step = self._pdf, size * POINT_MM * LEADING
        for line in pdf.wrapped(text, WIDTH, size, bold=bold):
            pdf.room_for(step)
            pdf.put(LEFT, line, size, bold=bold, grey=grey)
            pdf.y += step


class _Pages(FPDF):
    """The file, with its fonts and what stands on every page."""

    def __init__(self, head: str, warning: str, foot: str) -> None:
        super().__init__(format="A4")
        self._head, self._warning, self._foot = head, warning, foot
        self._known: dict[tuple[str, float, float, bool], list[str]] = {}  # much is said again and again
        self.set_compression(False)  # so that no library that compresses has a say in the bytes
        self.set_auto_page_break(False)
        self.add_font(FAMILY, "", FONTS / "DejaVuSansCondensed.ttf")
        self.add_font(FAMILY, "B", FONTS / "DejaVuSansCondensed-Bold.ttf")

    def header(self) -> None:
        """Begin a page."""
        self.y = 12
        for text, bold in ((self._head, False), (self._warning, True)):
            for line in self.wrapped(text, WIDTH, 8, bold=bold) if text else ():
                self.put(LEFT, line, 8, bold=bold, grey=not bold)
                self.y += 8 * POINT_MM * LEADING
        self.y = TOP

    def footer(self) -> None:
        """End a page."""
        self.y = 279
        for line in self.wrapped(self._foot, WIDTH - 22, 6.5, bold=False):
            self.put(LEFT, line, 6.5, bold=False, grey=True)
            self.y += 6.5 * POINT_MM * LEADING
        self.set_font(FAMILY, "", 8)
        self.set_xy(LEFT + WIDTH - 24, 278)
        self.cell(24, 5, f"Page {self.page_no()} of {{nb}}", align="R")

    def room_for(self, height: float) -> None:
        """Begin another page unless so many millimetres are left."""
        if self.y + height > BOTTOM:
            self.add_page()

    def put(self, x: float, line: str, size: float, *, bold: bool, grey: bool = False) -> None:
        """Write one line at a place; its top is where the page stands now."""
        self.set_font(FAMILY, "B" if bold else "", size)
        self.set_text_color(GREY if grey else INK)
        if is_turned(line):
            y = self.y
            self.set_text_shaping(True)
            self.set_xy(x - self.c_margin, y)
            self.cell(0, size * POINT_MM * LEADING, line)
            self.set_text_shaping(False)
            self.y = y
        else:
            self.text(x, self.y + size * POINT_MM, line)

    def wrapped(self, text: str, width: float, size: float, *, bold: bool) -> list[str]:
        """Return the lines of a text; words too long for one are broken."""
        known = self._known.get((text, width, size, bold))
        if known is None:
            known = self._known[text, width, size, bold] = self._wrap(text, width, size, "B" if bold else "")
        return known

    def _wrap(self, text: str, width: float, size: float, style: str) -> list[str]:
        face = self._typeface(style)
        most = width / POINT_MM / size * 1000
        parts = text.replace("\r\n", "\n").split("\n")
        return [line for part in parts for line in _lines(_shown(part, face), most, face)]

    def _typeface(self, style: str) -> TTFFont:
        found = self.fonts[f"{FAMILY.lower()}{style}"]
        if not isinstance(found, TTFFont):
            raise TypeError("the typeface is one of ours, from a file")
        return found


def is_turned(text: str) -> bool:
    """Tell whether some of a text runs from right to left."""
    return any(unicodedata.bidirectional(sign) in TURNED for sign in text)


def _shown(text: str, face: TTFFont) -> str:
    """Return a text with every character that has no shape written as its number."""
    return "".join(
        sign if ord(sign) in face.cmap and unicodedata.category(sign) not in SHAPELESS else f"⟨U+{ord(sign):04X}⟩"
        for sign in text
    )


def _lines(text: str, most: float, face: TTFFont) -> list[str]:
    """Break a text at its spaces; what is too long for a line by itself is cut."""
    lines: list[str] = []
    line, left = "", most
    for word in _words(text, most, face):
        width = _width(word.rstrip(" "), face)
        if line and width > left:
            lines.append(line.rstrip(" "))
            line, left = "", most
        line += word
        left -= _width(word, face)
    return [*lines, line.rstrip(" ")]


def _words(text: str, most: float, face: TTFFont) -> Iterator[str]:
    """Return the words of a text, each with the space after it; none is wider than a line."""
    for word in re.findall(r"[^ ]*(?: +|$)", text):
        piece, width = "", 0.0
        for sign in word:
            wide = face.cw[ord(sign)]
            if piece and sign != " " and width + wide > most:
                yield piece
                piece, width = "", 0.0
            piece += sign
            width += wide
        yield piece


def _width(text: str, face: TTFFont) -> float:
    return sum(face.cw[ord(sign)] for sign in text)
