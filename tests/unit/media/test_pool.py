"""Files through the real children: what is found, what is made, and what hostile ones come to."""

import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from hub.app.samples import AGENCY, COPYRIGHT, PHOTOGRAPHER
from hub.db.unit import TransactionOpenError
from hub.errors import HubError, Invalid, TooLarge, Unavailable, Unsupported
from hub.media.embedded import from_exif, from_iptc, from_xmp
from hub.media.pool import MediaPool, _findings
from hub.media.presets import Limits
from hub.media.sniff import sniff
from tests import media_samples as files


def by_preset(found):
    return {made.preset: made for made in found.made}


def test_a_photograph_is_measured_and_rendered(develop):
    found = develop(files.lake(), "image/jpeg")
    assert (found.width, found.height, found.pages, found.duration_ms, found.has_alpha) == (900, 600, None, None, False)
    assert len(found.colour) == 7
    assert found.embedded == {
        "title": "Mountain lake",
        "description": "Mountain lake in the first light",
        "creator": PHOTOGRAPHER,
        "credit": AGENCY,
        "copyright": COPYRIGHT,
        "keywords": ["lake", "mountains", "water"],
    }
    made = by_preset(found)
    assert (made["web"].media_type, made["web"].width) == ("image/jpeg", 900)
    assert (made["thumbnail"].media_type, made["thumbnail"].width, made["thumbnail"].height) == ("image/webp", 480, 320)


def test_a_rendition_keeps_the_rights_and_nothing_private(develop):
    found = develop(files.lake(), "image/jpeg")
    raw = by_preset(found)["web"].path.read_bytes()
    assert b"SN-0042-PRIVATE" in files.lake()
    for private in (b"SN-0042", b"Secret Cove", b"Damhub Optics"):
        assert private not in raw
    with Image.open(io.BytesIO(raw)) as picture:
        exif = picture.getexif()
        assert not exif.get_ifd(0x8825)
        assert (exif[0x013B], exif[0x8298]) == (PHOTOGRAPHER, COPYRIGHT)
        said = {"creator": PHOTOGRAPHER, "credit": AGENCY, "copyright": COPYRIGHT}
        assert from_xmp(picture.info["xmp"]) == said
    at = raw.find(b"Photoshop 3.0\0")
    assert from_iptc(raw[at : at + 400]) == said
    with Image.open(by_preset(found)["thumbnail"].path) as thumbnail:
        assert from_xmp(thumbnail.info["xmp"]) == said


def test_what_the_catalogue_says_of_rights_goes_before_the_file(develop):
    found = develop(files.lake(), "image/jpeg", creator="Zoë (Studio) & Söhne <1>")
    with Image.open(by_preset(found)["web"].path) as picture:
        said = from_xmp(picture.info["xmp"])
        assert said["creator"] == "Zoë (Studio) & Söhne <1>"
        assert said["copyright"] == COPYRIGHT
        assert from_exif(picture.info["exif"])["creator"] == "Zoe (Studio) & Sohne <1>"


def test_transparency_is_kept(develop):
    found = develop(files.logo(), "image/png", creator="Ada")
    assert found.has_alpha
    made = by_preset(found)
    assert made["web"].media_type == "image/png"
    with Image.open(made["web"].path) as picture:
        assert picture.mode == "RGBA"
        assert picture.getpixel((0, 0))[3] == 0
        assert from_xmp(picture.info["XML:com.adobe.xmp"].encode()) == {"creator": "Ada"}


def test_an_alpha_channel_that_hides_nothing_is_dropped(develop):
    found = develop(files.picture(mode="RGBA", colour=(10, 20, 30, 255)), "image/png")
    assert not found.has_alpha
    assert by_preset(found)["web"].media_type == "image/jpeg"


def test_a_large_photograph_is_shrunk(develop):
    found = develop(files.picture("JPEG", size=(6000, 3000)), "image/jpeg")
    assert (found.width, found.height) == (6000, 3000)
    assert (by_preset(found)["web"].width, by_preset(found)["web"].height) == (2048, 1024)


def test_a_picture_on_its_side_is_set_upright(develop):
    exif = Image.Exif()
    exif[0x0112] = 6
    found = develop(files.picture("JPEG", size=(600, 400), exif=exif), "image/jpeg")
    assert (found.width, found.height) == (400, 600)
    assert (by_preset(found)["web"].width, by_preset(found)["web"].height) == (400, 600)


@pytest.mark.parametrize(
    ("kind", "mode", "media_type"),
    [
        ("JPEG", "CMYK", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
        ("PNG", "1", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "LA", "image/png"),
        ("PNG", "I;16", "image/png"),
        ("GIF", "P", "image/gif"),
        ("WEBP", "RGB", "image/webp"),
        ("TIFF", "RGB", "image/tiff"),
        ("TIFF", "CMYK", "image/tiff"),
        ("AVIF", "RGB", "image/avif"),
        ("BMP", "RGB", "image/bmp"),
    ],
)
def test_every_kind_of_picture_gets_its_renditions(develop, kind, mode, media_type):
    colours = {"RGB": (200, 30, 40), "CMYK": (0, 200, 200, 20), "LA": (9, 200), "I;16": 30_000}
    content = files.picture(kind, mode, colour=colours.get(mode, 1))
    assert sniff(content) == media_type
    found = develop(content, media_type)
    assert (found.width, found.height) == (60, 40)
    assert {made.preset for made in found.made} == {"web", "thumbnail"}


def test_an_animation_counts_its_pages_and_shows_the_first(develop):
    out = io.BytesIO()
    first, second = Image.new("P", (30, 20), 1), Image.new("P", (30, 20), 2)
    second.putpixel((3, 3), 9)
    first.save(out, "GIF", save_all=True, append_images=[second])
    found = develop(out.getvalue(), "image/gif")
    assert (found.height, found.pages) == (20, 2)


def test_a_document_is_counted_and_its_first_page_drawn(develop):
    found = develop(files.brochure(), "application/pdf")
    assert (found.pages, found.width) == (2, None)
    assert found.embedded["title"] == "Summer at the lake"
    assert found.embedded["keywords"] == ["summer", "lake", "walks"]
    assert by_preset(found)["web"].height == 2048


def test_a_clip_has_a_length_and_a_poster(develop):
    found = develop(files.clip(), "video/mp4")
    assert (found.width, found.height, found.duration_ms) == (320, 180, 1000)
    assert found.embedded == {"title": "Evening on the lake", "creator": PHOTOGRAPHER, "copyright": COPYRIGHT}
    assert by_preset(found)["thumbnail"].width == 320


def sound():
    rate, length = 8000, 4000
    header = (
        b"WAVEfmt \x10\0\0\0\x01\0\x01\0" + rate.to_bytes(4, "little") + rate.to_bytes(4, "little") + b"\x01\0\x08\0"
    )
    body = header + b"data" + length.to_bytes(4, "little") + b"\x80" * length
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def test_a_sound_has_a_length_and_no_picture(develop):
    assert sniff(sound()) == "audio/wav"
    found = develop(sound(), "audio/wav")
    assert (found.duration_ms, found.made, found.colour) == (500, (), None)


# --- bad input


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (files.lake()[: len(files.lake()) // 2], "image/jpeg"),
        (files.logo()[: len(files.logo()) // 2], "image/png"),
        (files.lake()[:30], "image/jpeg"),
        (files.picture("PNG"), "image/jpeg"),
        (files.picture("BMP")[:60], "image/bmp"),
        (b"8BPS\0\x01" + b"\0" * 30, "image/vnd.adobe.photoshop"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 30, "image/heic"),
        (files.brochure()[:2000], "application/pdf"),
        (b"%PDF-1.7\nnothing", "application/pdf"),
        (files.clip()[:800], "video/mp4"),
        (b"#EXTM3U\n#EXT-X-VERSION:3\n/etc/passwd\n", "video/mp4"),
        (files.svg_with_script(), "image/png"),
    ],
)
def test_a_broken_or_mislabelled_file_is_a_clear_error_and_the_child_lives(develop, pool, content, media_type):
    (child,) = pool._idle or [pool._take()]
    with pytest.raises(Invalid) as error:
        develop(content, media_type)
    assert error.value.code == "file_damaged"
    assert error.value.next_step
    assert pool._idle == [child]


def test_a_picture_with_too_many_pixels_is_refused_by_its_header(develop):
    content = files.vast_png()
    assert len(content) < 1_000_000
    with pytest.raises(TooLarge) as error:
        develop(content, "image/png")
    assert error.value.code == "too_many_pixels"
    assert "50,000 x 50,000" in error.value.what


def test_a_document_with_too_many_pages_is_refused(develop):
    with pytest.raises(TooLarge, match="too_many_pages"):
        develop(files.pdf(5_001), "application/pdf")


def test_a_page_of_any_size_is_drawn_small(develop):
    found = develop(files.pdf(size=(14_000, 2)), "application/pdf")
    assert max(by_preset(found)["web"].width, by_preset(found)["web"].height) <= 2048


@pytest.mark.parametrize(
    "media_type", ["image/svg+xml", "application/vnd.apple.mpegurl", "application/x-ffconcat", "application/zip"]
)
def test_what_could_read_neighbours_reaches_no_decoder(media_type, tmp_path):
    with MediaPool() as pool, pytest.raises(Unsupported) as error:
        pool.develop(tmp_path / "never-opened", media_type, rights={}, folder=tmp_path)
    assert error.value.code == "no_rendition_for_type"
    assert pool._idle == []


def test_a_playlist_in_disguise_opens_nothing(develop, tmp_path):
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(files.clip())
    for text in (f"#EXTM3U\n#EXTINF:1,\n{secret}\n", f"ffconcat version 1.0\nfile {secret}\n"):
        with pytest.raises(Invalid, match="file_damaged"):
            develop(text.encode(), "video/mp4")


def test_no_unit_of_work_is_open_while_a_file_is_decoded(pool, database, tmp_path):
    with database.unit(), pytest.raises(TransactionOpenError):
        pool.develop(tmp_path, "image/png", rights={}, folder=tmp_path)


# --- children that misbehave


@pytest.fixture
def stand_in(monkeypatch, tmp_path):
    """Let children run other code than the decoder's."""

    def stand_in(code):
        script = tmp_path / "child.py"
        script.write_text(code)

        def popen(arguments, **options):
            return subprocess_popen([sys.executable, str(script)], **options)

        subprocess_popen = subprocess.Popen
        monkeypatch.setattr("hub.media.pool.subprocess.Popen", popen)

    return stand_in


HELLO = 'import sys, time, os, signal\nprint(\'{"network": "none"}\', flush=True)\n'


@pytest.mark.parametrize(
    ("code", "error_code"),
    [
        (HELLO + "sys.stdin.readline()\ntime.sleep(600)", "decoder_too_slow"),
        (HELLO + "sys.stdin.readline()\nprint('{', end='', flush=True)\ntime.sleep(600)", "decoder_too_slow"),
        (HELLO + "sys.stdin.readline()\nos.abort()", "decoder_crashed"),
        (HELLO + "sys.stdin.readline()\nos.kill(os.getpid(), signal.SIGSEGV)", "decoder_crashed"),
        (HELLO + "sys.stdin.readline()\nos.kill(os.getpid(), signal.SIGXCPU)", "decoder_too_slow"),
        (HELLO + "sys.stdin.readline()\nwhile True: os.write(1, b'x' * 65536)", "decoder_crashed"),
        (HELLO, "decoder_crashed"),
    ],
)
def test_a_child_that_hangs_or_dies_is_replaced(develop, stand_in, code, error_code):
    stand_in(code)
    with MediaPool(limits=Limits(wall_s=0.5)) as pool:
        for _ in range(2):
            with pytest.raises(HubError) as error:
                develop(files.logo(), "image/png", pool=pool)
            assert error.value.code == error_code
            assert pool._idle == []


def test_a_child_that_never_starts_is_unavailable(develop, stand_in):
    stand_in("raise SystemExit(3)")
    with MediaPool() as pool, pytest.raises(Unavailable, match="decoder_did_not_start"):
        develop(files.logo(), "image/png", pool=pool)


def test_an_idle_child_that_was_killed_is_noticed(develop):
    with MediaPool(processes=1) as pool:
        assert pool.confinement()
        os.kill(pool._idle[0]._process.pid, signal.SIGKILL)
        pool._idle[0]._process.wait()
        with pytest.raises(Invalid, match="decoder_crashed"):
            develop(files.logo(), "image/png", pool=pool)
        assert develop(files.logo(), "image/png", pool=pool).width == 400


def test_a_file_that_needs_too_much_memory_is_refused(develop):
    with MediaPool(processes=1, limits=Limits(memory_bytes=400_000_000)) as pool:
        with pytest.raises(HubError) as error:
            develop(files.picture("BMP", size=(12_000, 12_000)), "image/bmp", pool=pool)
        assert error.value.code in {"too_much_memory", "decoder_crashed", "file_damaged"}
        assert develop(files.logo(), "image/png", pool=pool).width == 400


def test_children_are_renewed_after_many_jobs(develop, monkeypatch):
    monkeypatch.setattr("hub.media.pool.JOBS_PER_CHILD", 2)
    with MediaPool(processes=1) as pool:
        develop(files.logo(), "image/png", pool=pool)
        (first,) = pool._idle
        develop(files.logo(), "image/png", pool=pool)
        assert pool._idle == []
        assert first._process.returncode is not None


def test_no_more_children_run_than_there_are_seats(pool, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(files.logo())
    done = []

    def work(number):
        folder = tmp_path / str(number)
        folder.mkdir()
        done.append(pool.develop(source, "image/png", rights={}, folder=folder).width)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [400] * 4
    assert len(pool._idle) == 1


@pytest.mark.parametrize(
    "entry",
    [
        ["web", "made.png", "image/jpeg", 4, 4],
        ["secret", "made.png", "image/png", 4, 4],
        ["thumbnail", "made.png", "image/png", 481, 4],
    ],
)
def test_a_rendition_that_is_not_as_said_is_thrown_away(tmp_path, entry):
    (tmp_path / "made.png").write_bytes(files.picture())
    said = dict.fromkeys(("width", "height", "duration_ms", "pages", "colour", "has_alpha")) | {"embedded": {}}
    with pytest.raises(Invalid, match="rendition_refused"):
        _findings(said | {"made": [entry]}, tmp_path)


def test_a_child_cannot_name_a_file_outside_its_folder(tmp_path):
    said = dict.fromkeys(("width", "height", "duration_ms", "pages", "colour", "has_alpha")) | {"embedded": {}}
    with pytest.raises(FileNotFoundError):
        _findings(said | {"made": [["web", "/etc/hostname", "text/plain", 1, 1]]}, tmp_path)


# --- what a child has given up

PROBE = """
import errno, json, os, socket, subprocess, sys
sys.path.insert(0, {root!r})
from hub.media.confine import allow_cpu, confine
how = confine(memory_bytes=2 * 1024**3, output_bytes=1000)
said = {{"how": how}}
for name, act in {{
    "socket": lambda: socket.socket(),
    "pair": lambda: socket.socketpair() if how == "seccomp" else socket.socket(),
    "exec": lambda: os.execv("/bin/true", ["true"]),
}}.items():
    try:
        act()
        said[name] = "done"
    except OSError as error:
        said[name] = errno.errorcode[error.errno]
try:
    bytearray(3 * 1024**3)
    said["memory"] = "had"
except MemoryError:
    said["memory"] = "refused"
print(json.dumps(said), flush=True)
allow_cpu(0)
while True: pass
"""


def test_a_confined_process_has_no_network_no_programs_and_bounds():
    import json

    import hub

    root = str(Path(hub.__file__).parent.parent)
    child = subprocess.run(
        [sys.executable, "-c", PROBE.format(root=root)], capture_output=True, timeout=60, check=False
    )
    assert json.loads(child.stdout) == {
        "how": "seccomp", "socket": "EACCES", "pair": "EACCES", "exec": "EACCES", "memory": "refused",
    }  # fmt: skip
    assert child.returncode == -signal.SIGXCPU


def test_a_child_is_told_no_settings_and_no_secrets(monkeypatch, pool):
    monkeypatch.setenv("DAMHUB_SECRET_KEY", "very secret")
    with MediaPool(processes=1) as fresh:
        fresh.confinement()
        environment = Path(f"/proc/{fresh._idle[0]._process.pid}/environ").read_bytes()
    assert b"PYTHONPATH=" in environment
    assert b"DAMHUB" not in environment
    assert b"secret" not in environment
