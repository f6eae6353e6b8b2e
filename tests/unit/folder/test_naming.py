"""Names of files: readable, taken by every disk, never the same twice."""

import unicodedata

import pytest

from connectors.folder.naming import MOST, name_for, readable
from connectors.sdk.beside import MANIFEST_END
from connectors.sdk.marker import marker_in
from tests.unit.folder.conftest import MARKER, outgoing


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Grüße aus Köln, Ñandú", "Grüße aus Köln, Ñandú"),
        ("שלום עולם", "שלום עולם"),
        ("日本語のロゴ 🎉", "日本語のロゴ 🎉"),
        ("path/to\\the: logo?", "path-to-the- logo-"),
        ("..", ""),
        ("../../etc/passwd", "-..-etc-passwd"),
        (".hidden. ", "hidden"),
        ("two\nlines\tand\x00more", "two lines and more"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("con", "_con"),
        ("LPT1.final", "_LPT1.final"),
        ("console", "console"),
    ],
)
def test_a_title_as_part_of_a_name(title, name):
    assert readable(title) == name


def test_accents_are_composed_whatever_way_they_came():
    assert readable(unicodedata.normalize("NFD", "Köln")) == "Köln"


@pytest.mark.parametrize("title", ["x" * 255, "Ä" * 300, "語" * 300, "🎉" * 300])
def test_no_name_is_too_long_for_any_disk_and_no_letter_is_cut_in_half(title):
    name = name_for(outgoing(title=title, filename="a.jpeg"), keyed=True) + MANIFEST_END
    assert len(name.encode()) <= 143
    assert len(readable(title).encode()) > MOST - 4
    assert "\ufffd" not in name


def test_the_marker_and_the_ending_stay_whatever_the_title_is():
    for title in ("", "???", "x" * 300, "a.b.c", f"like {MARKER[:-1]}"):
        name = name_for(outgoing(title=title, filename="photo.JPG"))
        assert marker_in(name) == MARKER
        assert name.endswith(".jpg")
    assert name_for(outgoing(title="", filename="photo.JPG")).startswith("photo ")


def test_two_copies_never_differ_by_capitals_alone():
    one = name_for(outgoing(title="LOGO"))
    other = name_for(outgoing(title="logo", marker=MARKER[:-1] + "z"))
    assert one.casefold() != other.casefold()
