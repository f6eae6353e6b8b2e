"""File names made safe."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.intake.names import clean_filename


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("logo.png", "logo.png"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\Users\\ada\\Lake view.jpg", "Lake view.jpg"),
        ("folder/", "folder"),
        ("..", "file"),
        ("", "file"),
        (" . ", "file"),
        (".htaccess", "htaccess"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\u200fb\u200b.png", "ab.png"),
        ("line\r\nSet-Cookie: x.png", "lineSet-Cookie_ x.png"),
        ("nul\x00.png", "_nul.png"),
        ("CON", "_CON"),
        ("com1.txt", "_com1.txt"),
        ("console.txt", "console.txt"),
        ('what?"<b>*|:.png', "what___b____.png"),
        ("two   spaces\t.png", "two spaces.png"),
        ("Z\u0075\u0308rich.png", "Zürich.png"),
        ("lone\ud800.png", "lone.png"),
        ("ends. . .", "ends"),
    ],
)
def test_a_name_is_cleaned(given_name, kept):
    assert clean_filename(given_name) == kept


def test_a_long_name_is_cut_and_keeps_its_ending():
    kept = clean_filename("ü" * 400 + ".jpeg")
    assert kept.endswith("ü.jpeg")
    assert 250 <= len(kept.encode()) <= 255
    assert len(clean_filename("x." + "y" * 400).encode()) == 254


@given(st.text())
def test_every_cleaned_name_is_safe_and_stays_as_it_is(name):
    kept = clean_filename(name)
    assert kept
    assert len(kept.encode()) <= 255
    assert not set(kept) & set('/\\<>:"|?*\0\r\n')
    assert kept.strip(". ") == kept
    assert not any(unicodedata.category(mark) in {"Cc", "Cf", "Cs"} for mark in kept)
    assert clean_filename(kept) == kept
