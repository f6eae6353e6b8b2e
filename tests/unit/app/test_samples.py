"""The samples are real files of their types, always the same."""

import io

from PIL import Image

from hub.app import samples
from hub.media.embedded import from_exif, from_xmp
from hub.media.sniff import sniff


def test_every_sample_is_written_and_is_what_its_name_says(tmp_path):
    types = {path.suffix: sniff(path.read_bytes()[:65536]) for path in samples.write_all(tmp_path)}
    assert types == {
        ".jpg": "image/jpeg", ".png": "image/png", ".pdf": "application/pdf", ".mp4": "video/mp4",
    }  # fmt: skip


def test_a_sample_is_the_same_each_time_and_variants_differ():
    assert samples.logo(size=100) == samples.logo(size=100)
    assert samples.logo(size=100) != samples.logo(size=100, accent=(180, 40, 40))
    small = (200, 120)
    assert samples.lake(size=small) == samples.lake(size=small)
    assert samples.lake(size=small) != samples.lake(samples.DUSK, size=small)


def test_pictures_carry_what_a_camera_and_an_editor_leave():
    lake = Image.open(io.BytesIO(samples.lake(size=(200, 120))))
    assert from_exif(lake.info["exif"])["creator"] == samples.PHOTOGRAPHER
    assert from_xmp(lake.info["xmp"])["title"]
    logo = Image.open(io.BytesIO(samples.logo(size=100)))
    assert (logo.mode, logo.getchannel("A").getextrema()) == ("RGBA", (0, 255))
