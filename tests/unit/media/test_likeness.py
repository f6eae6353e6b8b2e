"""Fingerprints: near for pictures that look alike, far for others, none for what shows nothing."""

import io

import pytest
from PIL import Image, ImageDraw

from hub.errors import Invalid, Unavailable
from hub.media.likeness import Likeness
from hub.media.models import Traits
from hub.media.service import Media


def scene(seed, size=(640, 480), kind="JPEG", **options):
    """Draw shapes that differ by seed, and in nothing else by size."""
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    width, height = size
    for step in range(12):
        left, top = (seed * 37 + step * 53) % 90 / 100, (seed * 61 + step * 29) % 90 / 100
        grey = (seed * 83 + step * 97) % 256
        draw.rectangle((left * width, top * height, (left + 0.3) * width, (top + 0.3) * height), fill=(grey,) * 3)
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


@pytest.fixture
def taken(pool, tmp_path):
    def taken(content, media_type):
        path = tmp_path / "picture"
        path.write_bytes(content)
        return pool.fingerprint(path, media_type)

    return taken


def apart(one, other):
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_scaled_and_recompressed_pictures_stay_near_and_others_are_far(taken):
    original = taken(scene(1), "image/jpeg")
    assert apart(original, taken(scene(1, (320, 240), quality=30), "image/jpeg")) <= 6
    assert apart(original, taken(scene(1, kind="PNG"), "image/png")) <= 6
    assert apart(original, taken(scene(2), "image/jpeg")) > 12
    assert len(original) == 16


def test_a_picture_that_cannot_be_read_has_a_name_for_why(taken):
    with pytest.raises(Invalid) as refused:
        taken(scene(1)[:300], "image/jpeg")
    assert refused.value.code == "file_damaged"


def test_versions_get_fingerprints_once_they_have_a_thumbnail(database, folder, pool, clock, take_in):
    media, likeness = Media(database, folder, pool, clock), Likeness(database, folder, pool, clock)
    _, shows = take_in(scene(1))
    _, plain = take_in(_plain())
    assert likeness.drain("w") == 0, "nothing is rendered yet"
    media.drain("w")
    assert likeness.drain("w") == 2
    assert likeness.drain("w") == 0
    with database.read() as session:
        assert len(session.get_one(Traits, shows.id).phash) == 16
        assert session.get_one(Traits, plain.id).phash == "", "all plain fields would be alike"


def test_a_store_out_of_reach_marks_nothing(database, folder, pool, clock, take_in, monkeypatch):
    media, likeness = Media(database, folder, pool, clock), Likeness(database, folder, pool, clock)
    _, version = take_in(scene(1))
    media.drain("w")

    def away(*_):
        raise Unavailable("store_away", "The store does not answer.", next_step="Wait.")

    with monkeypatch.context() as broken:
        broken.setattr(folder, "local_copy", away)
        assert likeness.drain("w") == 0
    assert likeness.drain("w") == 0, "it waits before it tries again"
    clock.advance(60_000)
    assert likeness.drain("w") == 1
    with database.read() as session:
        assert session.get_one(Traits, version.id).phash


def _plain():
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "navy").save(out, "JPEG")
    return out.getvalue()
