from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery.headers import byte_headers
from hub.delivery.names import clean, disposition, for_rendition
from hub.errors import HubError
from tests.unit.delivery.conftest import EDITOR, VIEWER


@pytest.mark.parametrize(
    ("media_type", "inline"),
    [("image/jpeg", True), ("image/webp", True), ("video/mp4", True), ("image/svg+xml", False), ("text/html", False),
     ("application/pdf", False), ("application/octet-stream", False), ("text/javascript", False)],
)  # fmt: skip
def test_only_pictures_and_film_are_shown_on_our_origin(media_type, inline):
    headers = byte_headers(media_type=media_type, filename="a.x", etag='"e"', download=False)
    assert headers["Content-Disposition"].startswith("inline" if inline else "attachment")
    assert headers["Content-Type"] == (media_type if inline else "application/octet-stream")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"].startswith("private")


def test_a_download_is_always_an_attachment():
    headers = byte_headers(media_type="image/png", filename="a.png", etag='"e"', download=True)
    assert headers["Content-Disposition"].startswith("attachment")


def test_open_addresses_are_asked_again_each_time():
    headers = byte_headers(media_type="image/png", filename="a.png", etag='"e"', download=False, private=False)
    assert "no-cache" in headers["Cache-Control"]
    assert "immutable" not in headers["Cache-Control"]


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [("../../etc/passwd", "passwd"), ("C:\\x\\y.png", "y.png"), ("a\u202egnp.exe", "agnp.exe"),
     ("\r\nSet-Cookie: x", "Set-Cookie_ x"),
     ("", "file"), ("...", "file"), ("Straße 10.png", "Straße 10.png"), ("x" * 300 + ".png", "x" * 116 + ".png")],
)  # fmt: skip
def test_hostile_names_are_cleaned(given_name, kept):
    assert clean(given_name) == kept


@given(st.text())
def test_no_name_breaks_out_of_its_header(name):
    header = disposition(name, inline=False)
    assert header.isascii()
    assert "\r" not in header
    assert "\n" not in header
    assert header.count('"') == 2


def test_a_rendition_is_named_by_asset_and_preset():
    assert for_rendition("Lake.png", "DAM-7", "original", "image/png") == "DAM-7_Lake.png"
    assert for_rendition("Lake.png", "DAM-7", "web", "image/webp") == "DAM-7_Lake_web.webp"


def test_an_archive_holds_every_asset_once_and_knows_its_length(house):
    first, second = house.approved(b"one"), house.approved(b"two")
    made = house.delivery.zip(VIEWER, [first.id, second.id, first.id])
    raw = b"".join(made.stream)
    assert len(raw) == made.size
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        assert sorted(archive.read(name) for name in archive.namelist()) == [b"one", b"two"]


def test_an_archive_with_one_secret_is_refused_as_a_whole(house):
    with pytest.raises(HubError):
        house.delivery.zip(VIEWER, [house.approved(b"one").id, house.asset(b"secret").id])


def test_a_right_that_ends_while_an_archive_is_sent_counts(house):
    first, second = house.approved(b"one" * 100_000), house.approved(b"two")
    stream = iter(house.delivery.zip(VIEWER, [first.id, second.id]).stream)
    begun = next(stream)
    house.review.revoke(EDITOR, second.id, "stop")
    rest = []
    with pytest.raises(HubError):
        rest.extend(stream)
    assert b"two" not in begun + b"".join(rest)


@pytest.mark.parametrize("count", [0, 501])
def test_an_archive_has_a_sensible_size(house, count):
    with pytest.raises(HubError) as refused:
        house.delivery.zip(VIEWER, [str(n) for n in range(count)])
    assert refused.value.code == "bad_archive_size"


def test_a_missing_rendition_is_said_with_what_to_do(house):
    asset = house.approved(renditions=False)
    with pytest.raises(HubError) as refused:
        house.delivery.open_rendition(VIEWER, asset.id, "thumbnail")
    assert refused.value.code == "no_rendition"
    assert refused.value.next_step


def test_an_unknown_preset_is_said(house):
    with pytest.raises(HubError) as refused:
        house.delivery.open_rendition(VIEWER, house.approved().id, "../original")
    assert refused.value.code == "no_such_preset"


def test_a_part_of_the_bytes_can_be_read(house):
    served = house.delivery.open_rendition(VIEWER, house.approved().id, "original")
    with served.open(2, 5) as stream:
        assert stream.read() == b"original bytes"[2:5]
