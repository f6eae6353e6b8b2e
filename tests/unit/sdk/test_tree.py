"""A guarded folder: nothing outside is reached, nothing is half written, nothing is left out of a list."""

import errno
import hashlib
import os
import stat
import threading

import pytest

from connectors.sdk import tree
from connectors.sdk.folder import Door
from connectors.sdk.tree import CHUNK, KEY_FILE, Away, Changed, Damaged, names_of, opened, path_of

KEY = "a key"


@pytest.fixture
def top(tmp_path):
    made = tmp_path / "top"
    made.mkdir()
    (made / KEY_FILE).write_text(hashlib.sha256(KEY.encode()).hexdigest())
    return made


def write(top, path, body=(b"data",), *, sha256="", new=False, match=""):
    with opened(top) as folder:
        return folder.write(path, body, sha256=sha256, new=new, match=match)


def read(top, path):
    with opened(top) as folder:
        file, _ = folder.read(path)
        with file:
            return file.read()


def seen(folder):
    return sorted(one.name for one in folder.iterdir() if one.name != KEY_FILE)


def refused_by(act):
    """Return the number of the disk's refusal."""
    try:
        act()
    except OSError as refused:
        return refused.errno
    return None


# Names


@pytest.mark.parametrize("name", ["Grüße.txt", "שלום", "a b%c?d#e&f+g", "x" * 255, " .x. ", "a\\b", '"', "\x01\n"])
def test_any_name_comes_back_as_it_went(top, name):
    path = path_of([os.fsencode(name)])
    assert path.isascii()
    entry, new = write(top, path)
    assert (new, entry.path, seen(top)) == (True, path, [name])
    assert read(top, path) == b"data"


def test_a_name_that_is_no_text_is_told_and_reached_too(top):
    (top / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"latin")
    with opened(top) as folder:
        found, more = folder.below(after="", most=10)
    assert ([one.path for one in found], more) == (["caf%E9.txt"], False)
    assert read(top, "caf%E9.txt") == b"latin"


@pytest.mark.parametrize("path", ["..", "a/../b", "%2e%2e/x", "a//b", ".", "a/%00", "..%2fx", "a/./b"])
def test_what_is_no_name_is_refused(path):
    with pytest.raises(ValueError, match="name"):
        names_of(path)


@pytest.mark.parametrize("path", [".damhub-key", "a/.damhub-1.part", ".Damhub-Key", "%2edamhub-key"])
def test_the_hubs_own_names_are_not_there(path):
    with pytest.raises(FileNotFoundError):
        names_of(path)


# Nothing outside


def test_no_link_is_followed_wherever_it_stands(top, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("outside")
    (top / "folder").symlink_to(outside)
    (top / "file").symlink_to(outside / "file")
    with opened(top) as folder:
        for act in (
            lambda: folder.look("file"), lambda: folder.read("file"), lambda: folder.look("folder/file"),
            lambda: folder.read("folder/file"), lambda: folder.children("folder", after="", most=9),
            lambda: folder.write("folder/new", [b"x"], sha256="", new=False, match=""),
            lambda: folder.delete("folder/file"),
        ):  # fmt: skip
            assert refused_by(act) in (errno.ELOOP, errno.ENOTDIR)
        assert folder.below(after="", most=9) == ([], False)
    assert seen(outside) == ["file"]


def test_a_folder_that_becomes_a_link_meanwhile_leads_nowhere(top, tmp_path):
    """The folder is swapped after its bytes began to come: they stay in the folder that was opened."""
    (top / "inside").mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()

    def body():
        yield b"first"
        (top / "inside").rename(tmp_path / "moved")
        (top / "inside").symlink_to(outside)
        yield b"second"

    write(top, "inside/file", body())
    assert seen(outside) == []
    assert (tmp_path / "moved" / "file").read_bytes() == b"firstsecond"


def test_writing_over_a_link_replaces_the_link_and_not_what_it_leads_to(top, tmp_path):
    target = tmp_path / "target"
    target.write_text("safe")
    (top / "file").symlink_to(target)
    write(top, "file")
    assert target.read_text() == "safe"
    assert not (top / "file").is_symlink()


def test_pipes_and_devices_are_neither_told_nor_opened(top):
    os.mkfifo(top / "pipe")
    with opened(top) as folder:
        assert folder.below(after="", most=9) == ([], False)
        for act in (lambda: folder.look("pipe"), lambda: folder.read("pipe")):
            assert refused_by(act) == errno.ELOOP


def test_a_folder_is_no_file(top):
    (top / "folder").mkdir()
    with opened(top) as folder:
        for path in ("folder", ""):
            with pytest.raises(IsADirectoryError):
                folder.read(path)
        with pytest.raises(IsADirectoryError):
            folder.write("", [b"x"], sha256="", new=False, match="")


# Whole or not at all


def test_readers_see_the_old_file_or_the_new_one(top):
    old, new = b"o" * CHUNK * 4, b"n" * CHUNK * 4
    write(top, "file", [old])
    stop, seen_bytes = threading.Event(), set()

    def look():
        while not stop.is_set():
            seen_bytes.add((top / "file").read_bytes())

    reader = threading.Thread(target=look)
    reader.start()
    for turn in range(40):
        write(top, "file", [new[:CHUNK]] * 4 if turn % 2 else [old[:CHUNK]] * 4)
    stop.set()
    reader.join()
    assert seen_bytes <= {old, new}


def test_bytes_are_on_the_disk_before_the_name_is_and_the_folder_after(top, monkeypatch):
    done = []
    for name in ("fsync", "rename", "link"):
        right = getattr(os, name)
        monkeypatch.setattr(tree.os, name, lambda *a, _n=name, _r=right, **k: (done.append(_n), _r(*a, **k))[1])
    write(top, "file")
    write(top, "new", new=True)
    assert done == ["fsync", "rename", "fsync", "fsync", "link", "fsync"]


def test_a_body_that_breaks_off_leaves_nothing(top):
    def body():
        yield b"half"
        raise ConnectionError("cut")

    with pytest.raises(ConnectionError):
        write(top, "file", body())
    assert seen(top) == []


def test_other_bytes_than_announced_are_not_kept(top):
    with pytest.raises(Damaged):
        write(top, "file", sha256="0" * 64)
    assert seen(top) == []


def test_a_new_file_never_takes_the_place_of_another(top, monkeypatch):
    write(top, "file", [b"first"])
    for linking in (True, False):
        with monkeypatch.context() as patch:
            if not linking:
                patch.setattr(tree.os, "link", no_links)
            with pytest.raises(FileExistsError):
                write(top, "file", [b"second"], new=True)
    assert (read(top, "file"), seen(top)) == (b"first", ["file"])


def no_links(*arguments, **more):
    raise OSError(errno.ENOTSUP, "this disk knows no second name")


def test_disks_without_second_names_take_new_files_too(top, monkeypatch):
    monkeypatch.setattr(tree.os, "link", no_links)
    write(top, "file", new=True)
    assert (read(top, "file"), seen(top)) == (b"data", ["file"])


def test_of_many_who_make_the_same_file_one_wins(top):
    won, lost = [], []

    def make(number):
        try:
            write(top, "file", [b"%d" % number], new=True)
            won.append(number)
        except FileExistsError:
            lost.append(number)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 19)
    assert read(top, "file") == b"%d" % won[0]


def test_a_file_that_changed_is_not_replaced(top):
    entry, _ = write(top, "file", [b"first"])
    write(top, "file", [b"second, longer"])
    for match in (entry.etag, "never"):
        with pytest.raises(Changed):
            write(top, "file", [b"third"], match=match)
    with pytest.raises(Changed):
        write(top, "none", [b"third"], match=entry.etag)
    assert read(top, "file") == b"second, longer"


@pytest.mark.parametrize(("folder", "file"), [(0o2775, 0o664), (0o755, 0o644), (0o700, 0o600)])
def test_who_can_read_the_folder_can_read_what_is_put_there(top, folder, file):
    (top / "shared").mkdir()
    (top / "shared").chmod(folder)
    before = os.umask(0o077)  # as the hub runs
    try:
        write(top, "shared/file", new=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE((top / "shared" / "file").stat().st_mode) == file


def test_what_a_killed_hub_left_is_swept_after_a_day(top):
    old, young = top / ".damhub-aa.part", top / ".damhub-bb.part"
    for one in (old, young):
        one.touch()
    os.utime(old, ns=(0, 0))
    write(top, "file")
    assert seen(top) == [".damhub-bb.part", "file"]
    assert (top / KEY_FILE).is_file()


# Lists


def everything(top, most):
    found, after = [], ""
    with opened(top) as folder:
        while True:
            page, more = folder.below(after=after, most=most)
            found += [one.path for one in page]
            if not more:
                return found
            after = page[-1].path


def test_every_cut_of_a_list_into_pages_tells_the_same(top):
    for path in ("a/1", "a/2/x", "a/2/y", "a/3", "a-b", "a b/c", "b", "é/ü/ö", "z/", "z/z/z/z"):
        made = top / path
        if path.endswith("/"):
            made.mkdir(parents=True)
        else:
            made.parent.mkdir(parents=True, exist_ok=True)
            made.touch()
    whole = everything(top, 1000)
    assert len(whole) == len(set(whole)) == 17
    for most in range(1, 18):
        assert everything(top, most) == whole
    assert all(whole.index(one.rpartition("/")[0]) < whole.index(one) for one in whole if "/" in one)


def test_a_list_goes_on_where_its_last_entry_went_meanwhile(top):
    for path in ("a/1", "a/2", "b/1", "c"):
        (top / path).parent.mkdir(exist_ok=True)
        (top / path).touch()
    with opened(top) as folder:
        first, _ = folder.below(after="", most=3)
        assert [one.path for one in first] == ["a", "a/1", "a/2"]
        (top / "a" / "1").unlink()
        (top / "a" / "2").unlink()
        (top / "a").rmdir()
        assert [one.path for one in folder.below(after="a/2", most=9)[0]] == ["b", "b/1", "c"]


def test_a_folder_that_the_hub_may_not_read_hides_no_other(top, monkeypatch):
    for name in ("a.txt", "lost+found/x", "z.txt"):
        (top / name).parent.mkdir(exist_ok=True)
        (top / name).write_bytes(b"x")
    opens = os.open

    def guarded(path, flags, *args, **named):
        if path == b"lost+found":
            raise PermissionError(errno.EACCES, "Permission denied")
        return opens(path, flags, *args, **named)

    monkeypatch.setattr(os, "open", guarded)
    with opened(top) as tree:
        found, more = tree.below(after="", most=10)
    assert ([entry.path for entry in found], more) == (["a.txt", "lost%2Bfound", "z.txt"], False)


def sought(top, most, **what):
    found, at, answers = [], "", 0
    with opened(top) as folder:
        while at or not answers:
            page, at = folder.sought(after=at, most=most, **what)
            found, answers = found + [one.path for one in page], answers + 1
    return found, answers


def test_every_cut_of_a_search_through_the_tree_tells_the_same(top, monkeypatch):
    for path in ("a/1", "a/2/mark.x", "a/mark/y", "a-b", "b mark", "é/ü/mark"):
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).touch()
    asked = {"holds": "mark"}, {"folders": True}
    whole = [
        ["a/2/mark.x", "a/mark", "b%20mark", "%C3%A9/%C3%BC/mark"],
        ["a", "a/2", "a/mark", "%C3%A9", "%C3%A9/%C3%BC"],
    ]
    for looked_at in (1, 2, 3, 1000):
        monkeypatch.setattr(tree, "LOOKED_AT", looked_at)
        for most in range(1, 6):
            assert [sought(top, most, **what)[0] for what in asked] == whole


def test_a_search_looks_at_so_much_for_one_answer_and_no_more(top, monkeypatch):
    for number in range(10):
        (top / f"{number}").touch()
    monkeypatch.setattr(tree, "LOOKED_AT", 4)
    assert sought(top, 1000, holds="9") == (["9"], 3)


def test_a_search_ends_at_the_deepest_folders_that_are_listed(top):
    deep = top
    for _ in range(tree.DEEPEST + 2):
        deep /= "d"
        deep.mkdir()
    found, _ = sought(top, 1000, folders=True)
    assert len(found) == tree.DEEPEST + 1


def test_folders_inside_each_other_end_somewhere(top):
    deep = top
    for _ in range(tree.DEEPEST + 2):
        deep /= "d"
        deep.mkdir()
    with opened(top) as folder, pytest.raises(OSError, match="inside each other"):
        folder.below(after="", most=1000)


def test_only_names_that_hold_a_text_are_told(top):
    for name in ("one marker.png", "two.png", "marker"):
        (top / name).touch()
    with opened(top) as folder:
        assert [one.path for one in folder.children("", after="", most=9, holds="marker")[0]] == [
            "marker", "one%20marker.png",
        ]  # fmt: skip


# The door


def test_no_folder_and_no_key_file_are_away(top, tmp_path):
    with pytest.raises(Away), opened(tmp_path / "none"):
        pass
    (top / KEY_FILE).unlink()
    with opened(top) as folder, pytest.raises(Away):
        folder.key_digest()


@pytest.mark.parametrize("said", ["", "Bearer ", "Bearer wrong", "Basic YSBrZXk=", f"Bearer {'é' * 9}"])
def test_the_door_opens_to_the_key_alone(top, said):
    refused = Door(top).answer("GET", "/?say=facts", {"authorization": said}, ())
    assert (refused.status, b"key_refused" in b"".join(refused.body)) == (401, True)
    assert Door(top).answer("GET", "/?say=facts", {"authorization": f"Bearer {KEY}"}, ()).status == 200


@pytest.mark.parametrize("digest", ["", "0" * 63, "é" * 10])
def test_a_key_file_that_holds_no_key_opens_to_nobody(top, digest):
    (top / KEY_FILE).write_text(digest)
    for said in ("", "Bearer ", f"Bearer {KEY}", f"Bearer {digest.encode().decode('latin-1')}"):
        assert Door(top).answer("GET", "/?say=facts", {"authorization": said}, ()).status == 401


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/file"), ("GET", "/file?say=names&deep=1"), ("GET", "/file?say=facts&after=a"), ("POST", "/file"),
        ("PUT", "/file?say=facts"), ("DELETE", "/?all=1"), ("GET", "/?say=names&most=many"), ("GET", "/../x?say=facts"),
    ],
)  # fmt: skip
def test_what_a_folder_does_not_know_is_refused(top, method, target):
    refused = Door(top).answer(method, target, {"authorization": f"Bearer {KEY}"}, ())
    assert (refused.status, b"not_understood" in b"".join(refused.body)) == (400, True)


def test_a_file_that_shrinks_while_it_is_read_is_a_failure(top):
    write(top, "file", [b"x" * CHUNK * 3])
    body = iter(Door(top).answer("GET", "/file?say=bytes", {"authorization": f"Bearer {KEY}"}, ()).body)
    next(body)
    os.truncate(top / "file", CHUNK)
    with pytest.raises(OSError, match="changed"):
        list(body)


def test_no_descriptor_is_left_open(top):
    write(top, "a", [b"x"])
    lowest = os.dup(0)
    os.close(lowest)
    for target in ("/?say=facts", "/?say=all", "/?say=names", "/a?say=facts", "/none?say=facts", "/a/b?say=bytes"):
        Door(top).answer("GET", target, {"authorization": f"Bearer {KEY}"}, ())
    again = os.dup(0)
    os.close(again)
    assert again == lowest  # the lowest number that is free
