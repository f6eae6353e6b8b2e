"""Another file in the place of a copy is proposed to a person, and until they decide nothing overwrites it."""

from __future__ import annotations

import io
from contextlib import contextmanager

import pytest
from PIL import Image
from sqlalchemy import select

from connectors.sdk.errors import Misconfigured, Missing, Unreachable
from connectors.testing.ledger import What
from connectors.wordpress.sandbox_library import File
from hub.access.actors import Actor, Role
from hub.clock import DAY
from hub.errors import Conflict, Forbidden, NotFound
from hub.intake.stock.matching import Fetching
from hub.media.models import Rendition
from hub.notify.models import Notice
from hub.placements.models import Exchange, Placement
from hub.storage.models import Blob
from tests.unit.intake import house as houses
from tests.unit.intake.house import house, picture, sha

CHANNELS = (
    "wordpress",
    "object_store",
    *(pytest.param(name, marks=pytest.mark.again) for name in ("folder", "google_drive", "dropbox", "drupal")),
)
VIEWER = Actor("vic", "Vic", Role.VIEWER)


@pytest.fixture(autouse=True)
def work(monkeypatch):
    monkeypatch.setattr(houses, "WORK", (*houses.WORK, "proposals"))


def _in_folder(sandbox, ref, data):
    sandbox._path(ref).write_bytes(data)
    sandbox.ledger.add(What.CHANGED, ref, "/")


def _in_bucket(sandbox, ref, data):
    digest = sha(data)
    sandbox._bytes[digest] = data
    plain = {"sha256": digest, "size": len(data), "meta": {}, "type": "image/jpeg", "etag": digest[:32]}
    sandbox._write(ref, {**plain, "checksum": False})


def _in_library(sandbox, ref, data):
    item = sandbox.items[int(ref)]
    item.file = File(item.file.name, data, item.file.media_type)
    sandbox.change(item, {})


def _in_media(sandbox, ref, data):
    file = sandbox.files.add("theirs.jpg", data, sandbox._tick())
    file.kept = True
    facts = {"file": file.uuid, "filename": file.name, "sha256": file.sha256, "size": len(data)}
    sandbox.edit(sandbox.targets()[0], ref, facts)


def exchange(here, data, *, work=True):
    """Let somebody there put other bytes in the place of the only copy; have it looked at."""
    (copy,) = here.standing()
    ways = {
        "folder": _in_folder, "object_store": _in_bucket, "wordpress": _in_library,
        "drupal": _in_media,
        "dropbox": lambda sandbox, ref, new: sandbox.put_by_hand(ref, new),
        "google_drive": lambda _, ref, new: here.write(ref, new),
    }  # fmt: skip
    ways[here.name](here.sandbox, copy.ref, data)
    doubt(here, work=work)


def doubt(here, *, work=True):
    """Have everything there looked at, as a hint does."""
    with here.rooms.database.unit() as session:
        here.rooms.placements._planner.doubt(session, here.connection.remote_id)
    if work:
        here.run()


def shown(here):
    """Return the hashes of what stands there in truth."""
    return [one.sha256 for one in here.sandbox.copies(here.target.ref)]


def ours(here):
    """Return the hash of the bytes that the channel gets of the newest approved version."""
    with here.rooms.database.read() as session:
        row = session.scalars(select(Placement).where(Placement.id == here.placed)).first()
        made = session.scalars(select(Rendition.sha256).where(Rendition.version_id == row.desired_version_id)).all()
    versions = here.rooms.catalogue.view(here.ada, here.asset_id).versions
    return {*made, *(one.sha256 for one in versions if one.id == row.desired_version_id)}


def waiting(here, **more):
    return here.rooms.proposals.list(here.ada, **more)


@contextmanager
def placed(tmp_path, clock, name="folder", **options):
    with house(tmp_path, clock, name=name, **options) as here:
        here.connect()
        here.asset_id = here.asset(picture(1), title="Lake", description="A lake", copyright="© Ada")
        here.run()
        here.placed = here.place(here.asset_id)
        here.run()
        assert here.copy(here.placed).phase == "live"
        yield here


@pytest.mark.parametrize("name", CHANNELS)
def test_another_file_rests_until_ours_is_kept_or_theirs_becomes_a_version_in_review(tmp_path, clock, name):
    with placed(tmp_path, clock, name) as here:
        first = picture(2)
        exchange(here, first)
        copy, (found,) = here.copy(here.placed), waiting(here)
        assert (copy.phase, copy.problem_code) == ("blocked", "bytes_exchanged")
        assert (found.state, found.open, found.sha256, found.media_type) == ("open", True, sha(first), "image/jpeg")
        assert shown(here) == [sha(first)]  # it rests: nothing is pushed back and forth
        image = Image.open(io.BytesIO(here.rooms.proposals.picture(here.ada, found.id).data))
        assert image.size == (320, 240)
        assert len(here.rooms.catalogue.view(here.ada, here.asset_id).versions) == 1

        here.rooms.proposals.decide(here.ada, found.id, "ours")
        here.run()
        assert shown(here)[0] in ours(here)
        assert (here.copy(here.placed).phase, waiting(here)) == ("live", [])
        (kept,) = waiting(here, decided=True)
        assert (kept.state, kept.decided_by, kept.sha256) == ("kept", here.ada.id, sha(first))
        assert here.rooms.store.exists(sha(first))

        theirs = picture(3)
        exchange(here, theirs)
        (found,) = waiting(here)
        made = here.rooms.proposals.decide(here.ada, found.id, "theirs")
        here.run()
        newest, before = here.rooms.catalogue.view(here.ada, here.asset_id).versions
        assert [before.sha256, newest.sha256] == [sha(picture(1)), sha(theirs)]
        assert [one.version_id for one in here.rooms.review.queue(here.ada)] == [made.made_version_id] == [newest.id]
        assert shown(here)[0] in ours(here)  # what nobody approved is shown nowhere
        assert here.copy(here.placed).phase == "live"

        here.approve(here.asset_id)
        here.run()
        assert shown(here)[0] in ours(here)
        assert here.copy(here.placed).shown_version == 2


def state_of(here):
    with here.rooms.database.read() as session:
        return session.scalars(select(Exchange.state).order_by(Exchange.id.desc())).first()


def test_what_shows_the_same_or_is_of_the_asset_itself_is_proposed_to_nobody_and_put_right(tmp_path, clock):
    with placed(tmp_path, clock) as here:
        exchange(here, picture(1, quality=40))  # as a channel that compresses anew
        assert (state_of(here), waiting(here), waiting(here, decided=True)) == ("alike", [], [])
        assert (shown(here)[0] in ours(here), here.copy(here.placed).phase) == (True, "live")
        here.version(here.asset_id, picture(5))
        here.approve(here.asset_id)
        here.run()
        exchange(here, picture(1))  # an older version, put back there
        assert state_of(here) == "alike"
        assert shown(here) == [sha(picture(5))]


def test_the_owner_is_told_once_and_a_person_may_only_decide_what_they_may_change(tmp_path, clock):
    with placed(tmp_path, clock) as here:
        exchange(here, picture(2))
        doubt(here)
        with here.rooms.database.read() as session:
            (told,) = session.scalars(select(Notice).where(Notice.what == "copy_exchanged")).all()
        assert (told.user_id, told.subject) == (here.ada.id, here.placed)
        assert told.body["link"].endswith(f"/conflicts?copy={here.placed}")
        (found,) = waiting(here, placement_id=here.placed)
        room = here.rooms.proposals
        for refused in (room.list, lambda who: room.get(who, found.id), lambda who: room.picture(who, found.id),
                        lambda who: room.decide(who, found.id, "theirs")):  # fmt: skip
            with pytest.raises(Forbidden):
                refused(VIEWER)
        with pytest.raises(NotFound, match="no such proposal"):
            room.get(here.ada, "none")
        room.decide(here.ada, found.id, "theirs")
        for again in ("ours", "theirs"):
            with pytest.raises(Conflict, match="over"):
                room.decide(here.ada, found.id, again)


def test_a_change_here_does_not_overwrite_it_and_whoever_puts_ours_back_there_ends_it(tmp_path, clock):
    with placed(tmp_path, clock) as here:
        exchange(here, picture(2))
        here.rooms.catalogue.edit(here.ada, here.asset_id, {"title": "Lake in winter"})
        here.version(here.asset_id, picture(4))
        here.approve(here.asset_id)
        here.run()
        assert shown(here) == [sha(picture(2))]
        assert here.copy(here.placed).problem_code == "bytes_exchanged"
        exchange(here, picture(3))  # and now a third one: the second is kept, too
        (found,) = waiting(here)
        assert (found.sha256, found.version_number) == (sha(picture(3)), 2)
        (earlier,) = waiting(here, decided=True)
        assert (earlier.sha256, earlier.open, earlier.takeable) == (sha(picture(2)), False, True)
        exchange(here, picture(4))
        assert waiting(here) == []
        assert (here.copy(here.placed).phase, shown(here)) == ("live", [sha(picture(4))])
        with pytest.raises(Conflict, match="over"):
            here.rooms.proposals.decide(here.ada, found.id, "ours")
        here.rooms.proposals.decide(here.ada, found.id, "theirs")  # its bytes are kept: it is not too late
        assert here.rooms.catalogue.view(here.ada, here.asset_id).versions[0].sha256 == sha(picture(3))


@pytest.mark.parametrize("how", ["recall", pytest.param("rights", marks=pytest.mark.again), "gone"])
def test_what_ends_the_copy_waits_for_nobody(tmp_path, clock, how):
    with placed(tmp_path, clock) as here:
        exchange(here, picture(2))
        if how == "recall":
            here.rooms.placements.recall(here.ada, here.asset_id, "It must go.")
        elif how == "rights":
            here.rooms.rights.add_term(here.ada, here.asset_id, source="embargo", effect="deny")
        else:
            here.sandbox.vanish(here.target.ref, here.standing()[0].ref)
            doubt(here)
        here.run()
        assert (shown(here), waiting(here)) == ([], [])
        assert here.copy(here.placed).phase == ("gone" if how == "gone" else "withdrawn")
        (found,) = waiting(here, decided=True)
        assert (found.open, found.takeable) == (False, True)


def failing(monkeypatch, error, times=100):
    left = [times]
    real = Fetching.fetched

    def fetched(self, remote_id, ref):
        if left[0]:
            left[0] -= 1
            raise error
        return real(self, remote_id, ref)

    monkeypatch.setattr(Fetching, "fetched", fetched)


def test_what_cannot_be_fetched_is_not_overwritten_and_a_person_is_told_why(tmp_path, clock, monkeypatch):
    with placed(tmp_path, clock) as here:
        failing(monkeypatch, Misconfigured("It lies where the hub does not sign in."))
        exchange(here, picture(2))
        (found,) = waiting(here)
        assert (found.state, found.takeable, found.has_picture) == ("unread", False, False)
        assert found.problem == "It lies where the hub does not sign in."
        assert shown(here) == [sha(picture(2))]
        with pytest.raises(Conflict, match="has not got"):
            here.rooms.proposals.decide(here.ada, found.id, "theirs")
        with pytest.raises(NotFound, match="no picture"):
            here.rooms.proposals.picture(here.ada, found.id)
        here.rooms.proposals.decide(here.ada, found.id, "ours")
        here.run()
        assert shown(here)[0] in ours(here)


def test_what_is_no_media_is_never_taken_in(tmp_path, clock):
    with placed(tmp_path, clock) as here:
        exchange(here, b"<!doctype html><html><script>alert(1)</script></html>")
        (found,) = waiting(here)
        assert (found.state, found.sha256, "runs where it is opened" in found.problem) == ("unread", None, True)


def test_a_remote_that_does_not_answer_is_asked_again_and_a_file_that_went_is_over(tmp_path, clock, monkeypatch):
    with placed(tmp_path, clock) as here:
        failing(monkeypatch, Unreachable("Nobody answers."), times=2)
        exchange(here, picture(2))
        (found,) = waiting(here)
        assert (found.state, found.problem) == ("wanted", "Nobody answers.")
        for _ in range(2):
            clock.advance(DAY // 24)
            here.run()
        assert waiting(here)[0].state == "open"
    with placed(tmp_path / "two", clock) as here:
        failing(monkeypatch, Missing("It is not there."), times=1)
        exchange(here, picture(2))
        assert state_of(here) == "over"


def test_bytes_of_a_proposal_go_with_their_asset_and_not_before(tmp_path, clock):
    with placed(tmp_path, clock) as here:
        exchange(here, picture(2))
        (found,) = waiting(here)
        here.rooms.proposals.decide(here.ada, found.id, "ours")
        other = here.asset(picture(2), title="The same bytes", approve=False)
        here.rooms.catalogue.delete(here.ada, other)
        clock.advance(60 * DAY)
        here.rooms.placements.purge.drain("worker")
        assert _blob(here, sha(picture(2))) == "kept"  # the proposal still needs them
        here.rooms.catalogue.delete(here.ada, here.asset_id)
        here.run()
        clock.advance(60 * DAY)
        here.run()
        here.rooms.placements.purge.drain("worker")
        with here.rooms.database.read() as session:
            row = session.get_one(Exchange, found.id)
        assert [_blob(here, row.sha256), _blob(here, row.preview_sha256)] == ["condemned", "condemned"]


def _blob(here, sha256):
    with here.rooms.database.read() as session:
        return session.get_one(Blob, sha256).state
