"""The child's own work, done in this process so that each step can be looked at."""

import io
import json
import os
import resource
import subprocess
import sys

import pytest

from hub.media import child, confine, footage, pages, pictures, pool
from hub.media.presets import Limits
from tests import media_samples as files
from tests.unit.media.test_pool import sound

LIMITS = Limits()


@pytest.fixture
def answer(tmp_path):
    def answer(content, media_type, limits=LIMITS, **rights):
        source = tmp_path / "source"
        source.write_bytes(content)
        request = {"source": str(source), "media_type": media_type, "rights": rights, "folder": str(tmp_path)}
        return child.answer(request, limits)

    return answer


def test_the_pool_sends_a_child_what_it_can_open_and_nothing_else():
    assert pictures.TYPES == pool.PICTURE_TYPES
    assert footage.TYPES == pool.FOOTAGE_TYPES
    assert {"application/pdf"} == pages.TYPES


@pytest.mark.parametrize(
    ("make", "media_type", "presets"),
    [
        (files.lake, "image/jpeg", ["web", "thumbnail"]),
        (files.logo, "image/png", ["web", "thumbnail"]),
        (lambda: files.picture("BMP"), "image/bmp", ["web", "thumbnail"]),
        (lambda: files.picture("TIFF", "CMYK", colour=(1, 2, 3, 4)), "image/tiff", ["web", "thumbnail"]),
        (lambda: files.picture("PNG", "LA", colour=(9, 0)), "image/png", ["web", "thumbnail"]),
        (lambda: files.picture("PNG", "RGBA", colour=(9, 9, 9, 255)), "image/png", ["web", "thumbnail"]),
        (lambda: files.picture("PNG", "I;16", colour=30_000), "image/png", ["web", "thumbnail"]),
        (lambda: files.picture("JPEG", size=(5000, 100)), "image/jpeg", ["web", "thumbnail"]),
        (files.brochure, "application/pdf", ["web", "thumbnail"]),
        (files.clip, "video/mp4", ["web", "thumbnail"]),
        (sound, "audio/wav", []),
    ],
)
def test_an_answer_tells_what_was_made(answer, make, media_type, presets):
    said = answer(make(), media_type, creator="Zoë")
    assert [made[0] for made in said["made"]] == presets
    assert json.loads(json.dumps(said)) == said


def test_wholly_transparent_pictures_have_no_colour_of_their_own(answer):
    assert answer(files.picture("PNG", "RGBA", colour=(9, 9, 9, 0)), "image/png")["colour"] == "#ffffff"
    assert answer(files.picture("PNG", "RGB", colour=(1, 128, 255)), "image/png")["colour"] == "#0180ff"


@pytest.mark.parametrize(
    ("content", "media_type", "limits", "code"),
    [
        (files.lake()[:9000], "image/jpeg", LIMITS, "file_damaged"),
        (files.lake()[:40], "image/jpeg", LIMITS, "file_damaged"),
        (files.picture("BMP")[:60], "image/bmp", LIMITS, "file_damaged"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 30, "image/heic", LIMITS, "file_damaged"),
        (files.vast_png(), "image/png", LIMITS, "too_many_pixels"),
        (files.clip(), "video/mp4", Limits(pixels=1000), "too_many_pixels"),
        (files.picture("BMP"), "image/bmp", Limits(pixels=1000), "too_many_pixels"),
        (files.pdf(3), "application/pdf", Limits(pages=2), "too_many_pages"),
        (b"%PDF-1.7\n", "application/pdf", LIMITS, "file_damaged"),
        (b"no video", "video/mp4", LIMITS, "file_damaged"),
    ],
)
def test_an_answer_tells_what_is_wrong(answer, content, media_type, limits, code):
    said = answer(content, media_type, limits)
    assert said["error"][1] == code
    assert "spent" not in said


def test_a_document_says_what_it_is(answer):
    out = io.BytesIO()
    from PIL import Image

    Image.new("RGB", (20, 20)).save(out, "PDF", title="", keywords="one; two")
    assert answer(out.getvalue(), "application/pdf")["embedded"] == {"keywords": ["one", "two"]}


def test_without_the_extra_videos_are_kept_unopened(answer, monkeypatch):
    monkeypatch.setattr("hub.media.footage.find_spec", lambda _name: None)
    kind, code, _, next_step = answer(files.clip(), "video/mp4")["error"]
    assert (kind, code, next_step) == ("Unsupported", "video_extra_missing", "Install damhub[video].")


def test_a_clip_without_a_frame_is_damaged(answer, monkeypatch):
    monkeypatch.setattr("hub.media.footage._poster", lambda *_: (_ for _ in ()).throw(ValueError("no frame")))
    assert answer(files.clip(), "video/mp4")["error"][1] == "file_damaged"


def test_a_child_out_of_memory_answers_and_ends(answer, monkeypatch, tmp_path):
    def exhausted(*_):
        raise MemoryError

    monkeypatch.setattr("hub.media.child.develop", exhausted)
    monkeypatch.setattr("hub.media.child.allow_cpu", lambda _seconds: None)
    assert answer(files.logo(), "image/png")["error"][1] == "too_much_memory"
    request = json.dumps({"source": "", "media_type": "", "rights": {}, "folder": ""}) + "\n"
    answers = io.StringIO()
    child.serve(io.StringIO(request * 3), answers, LIMITS)
    assert len(answers.getvalue().splitlines()) == 1


def test_a_child_answers_every_request_until_its_parent_hangs_up(monkeypatch):
    monkeypatch.setattr("hub.media.child.allow_cpu", lambda _seconds: None)
    request = json.dumps({"source": "/nowhere", "media_type": "image/png", "rights": {}, "folder": "/nowhere"}) + "\n"
    answers = io.StringIO()
    child.serve(io.StringIO(request * 2), answers, LIMITS)
    assert [json.loads(line)["error"][1] for line in answers.getvalue().splitlines()] == ["file_damaged"] * 2


def test_what_a_file_says_of_itself_is_bounded():
    assert child._bounded("x" * 50_000) == "x" * child.LONGEST_TEXT
    assert len(child._bounded(["x"] * 1000)) == child.MOST_TEXTS


@pytest.fixture
def given_up(monkeypatch):
    """Watch what a process would give up, without giving it up."""
    limits, filters = {}, []
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)
    monkeypatch.setattr(os, "umask", lambda _mask: 0)
    monkeypatch.setattr(confine, "_filter", lambda *arguments: filters.append(arguments))
    monkeypatch.setattr("socket.socket", confine.socket.socket)
    return limits, filters


def test_every_bound_is_set_and_the_kernel_filters(given_up):
    limits, filters = given_up
    assert confine.confine(memory_bytes=10**9, output_bytes=1000) == "seccomp"
    assert limits[resource.RLIMIT_AS] == (10**9, 10**9)
    assert limits[resource.RLIMIT_FSIZE] == (1000, 1000)
    assert limits[resource.RLIMIT_CORE] == (0, 0)
    assert len(filters) == 1
    confine.allow_cpu(5)
    assert limits[resource.RLIMIT_CPU][0] > 5


def test_a_bound_is_never_wider_than_the_one_in_force(given_up, monkeypatch):
    limits, _ = given_up
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (10, 10))
    confine.confine(memory_bytes=10**9, output_bytes=1000)
    assert limits[resource.RLIMIT_AS] == (10, 10)


def test_where_the_kernel_has_no_filter_python_has_no_sockets(given_up, monkeypatch):
    monkeypatch.setattr("hub.media.confine.platform.machine", lambda: "riscv64")
    assert confine.confine(memory_bytes=10**9, output_bytes=1000) == "patched"
    with pytest.raises(PermissionError):
        confine.socket.socket()


def test_a_filter_that_the_kernel_refuses_stops_the_child():
    code = (
        "import sys; sys.path.insert(0, '.')\nfrom hub.media import confine\n"
        "confine._filter(0xC000003E, ())\n"
        "try:\n    confine._SECCOMP_MODE_FILTER = 99; confine._filter(0xC000003E, ())\n"
        "except OSError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "takes no seccomp filter" in done.stdout
