"""The samples are real files of their types, always the same."""

from hub.app import samples
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
