"""A file that cannot be opened, approved all the same, goes to no channel; a person is told, other copies go on."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from hub.access.actors import Role
from tests import media_samples as files
from tests.attacks.test_bad_remotes import Connected

BAD = {"a damaged photograph": lambda: files.lake()[:-2400], "a vast picture": lambda: files.vast_png(40_000, 40_000)}


@pytest.fixture(scope="module")
def hub(tmp_path_factory, sqlite_template):
    with ExitStack() as stack:
        yield Connected(stack, tmp_path_factory.mktemp("unreadable") / "home", sqlite_template)


def worked(hub, placed):
    for _ in range(8):
        hub.work("media", "plan", "reconcile-1")
        hub.clock.advance(30_000)
    return hub.rooms.placements.copy(hub.admin, placed.id)


@pytest.mark.parametrize("name", BAD)
def test_its_master_is_not_published_and_a_good_version_is(hub, name):
    target, sandbox = hub.targets["wordpress"], hub.sandboxes["wordpress"]
    asset = hub.bring(BAD[name](), "bad.jpg", approve=True, title=name)
    copy = worked(hub, hub.rooms.placements.place(hub.admin, asset.id, target.id))
    assert (copy.phase, copy.problem_code) == ("blocked", "file_unreadable")
    assert "Approve a version" in copy.problem
    assert not [each for each in sandbox.copies(target.ref) if each.marker == copy.marker], "nothing was sent"
    page = hub.client(Role.EDITOR).get(f"/assets/{asset.code}").get_data(as_text=True)
    assert copy.problem in page
    good = hub.bring(files.picture(colour=(len(name), 7, 7)), "good.png", asset_id=asset.id)
    hub.rooms.review.approve(hub.people[Role.EDITOR], good.version_id, sha256=good.sha256)
    assert worked(hub, copy).phase == "live"
    assert len([each for each in sandbox.copies(target.ref) if each.marker == copy.marker]) == 1
