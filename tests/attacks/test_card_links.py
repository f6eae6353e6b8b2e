"""The page behind a card's link: whoever holds, guesses or changes an address learns nothing that is not for all."""

from __future__ import annotations

import pytest

from hub.access.actors import Role
from hub.connections.models import Remote, Target
from hub.db.base import new_id
from hub.placements.links import placement_link
from hub.placements.models import Placement
from tests import media_samples as files

HOUR, DAY = 3_600_000, 86_400_000
WAYS = {
    "page": ("", {"Accept": "text/html"}),
    "expander": ("", {"User-Agent": "facebookexternalhit/1.1"}),
    "bytes": ("", {}),
    "unchanged bytes": ("", {"If-None-Match": "*"}),
    "part": ("", {"Range": "bytes=0-3"}),
    "preview": ("/preview", {}),
    "file": ("/file", {}),
}
SECRETS = ("Geheimnis", "Kein Wort davon", "Ada Geheim")


def carded(rig, number, *, approve=True, **columns):
    """An asset with a copy on a card, and the copy's address."""
    made = rig.bring(files.picture(colour=(number, 90, 10)), f"Geheimnis-{number}.png", approve=approve,
                     title=f"Geheimnis {number}")  # fmt: skip
    said = {"alt_text": "Kein Wort davon", "credit": "Ada Geheim"}
    rig.rooms.catalogue.edit(rig.people[Role.EDITOR], made.id, said)
    made.marker = f"dhattack-{new_id()[-20:]}"
    with rig.rooms.database.unit() as session:
        remote = Remote(id=new_id(), connector="trello", account_key=new_id(), label="Team", created_at=1)
        session.add(remote)
        session.flush()
        target = Target(id=new_id(), remote_id=remote.id, kind="card", external_ref=new_id(), label="Card",
                        channel="trello", territory="DE")  # fmt: skip
        session.add(target)
        session.flush()
        values = {
            "id": new_id(), "asset_id": made.id, "target_id": target.id, "marker": made.marker, "origin": "pushed",
            "version_policy": "follow", "withdraw_policy": "remove", "created_by": "x", "created_at": 1,
            "desired": "present", "desired_generation": 1, "observed": "unknown", "observed_generation": 0,
            "phase": "waiting", "due_at": 10**15, "attempt": 0, **columns,
        }  # fmt: skip
        session.add(Placement(**values))
    made.path = placement_link(made.marker, base_url="", keyring=rig.rooms.keyring)
    return made


def answers(rig, path):
    nobody = rig.client(None)
    return {name: nobody.get(path + more, headers=headers) for name, (more, headers) in WAYS.items()}


HIDE = {
    "revoked": lambda rig, one: rig.rooms.review.revoke(rig.people[Role.EDITOR], one.id),
    "archived": lambda rig, one: rig.rooms.catalogue.archive(rig.people[Role.EDITOR], one.id),
    "deleted": lambda rig, one: rig.rooms.catalogue.delete(rig.people[Role.EDITOR], one.id),
    "recalled": lambda rig, one: rig.rooms.placements.recall(rig.people[Role.EDITOR], one.id, "It must go."),
    "ended": lambda rig, one: (
        rig.rooms.rights.add_term(
            rig.people[Role.EDITOR], one.id, source="licence", effect="allow", until_at=rig.clock.now() + DAY
        ),
        rig.pass_time(DAY),
    ),
}


@pytest.mark.parametrize("name", HIDE)
def test_a_card_link_tells_nothing_but_the_code_once_nothing_may_be_shown(rig, name):
    made = carded(rig, 20 + list(HIDE).index(name))
    before = answers(rig, made.path)
    assert {one.status_code for one in before.values()} <= {200, 206, 304}
    assert "Geheimnis" in before["page"].get_data(as_text=True)
    etag = before["bytes"].headers["ETag"]
    HIDE[name](rig, made)
    after = answers(rig, made.path)
    after["kept by a browser"] = rig.client(None).get(made.path, headers={"If-None-Match": etag})
    after["asked by an editor"] = rig.client(Role.EDITOR).get(made.path, headers={"Accept": "text/html"})
    for way, answer in after.items():
        told = answer.get_data(as_text=True) + str(answer.headers)
        assert not [word for word in SECRETS if word in told], way
        pages = way in {"page", "expander", "asked by an editor"}
        assert answer.status_code == (200 if pages else 404), way
        assert (made.code in told) == pages, way
        assert "og:image" not in told


def test_a_draft_and_a_newer_version_are_not_told_by_a_card_link(rig):
    draft = carded(rig, 40, approve=False)
    assert not [word for word in SECRETS if word in answers(rig, draft.path)["page"].get_data(as_text=True)]
    shown = carded(rig, 41)
    first = {name: answer.data for name, answer in answers(rig, shown.path).items()}
    rig.bring(files.picture(colour=(42, 90, 10)), "newer.png", asset_id=shown.id)
    assert {name: answer.data for name, answer in answers(rig, shown.path).items()} == first


def test_no_card_link_can_be_made_or_changed(rig):
    made, other = carded(rig, 50), carded(rig, 51)
    marker, signature = made.path.removeprefix("/p/").split(".")
    theirs = other.path.removeprefix("/p/").split(".")[1]
    tokens = [
        marker, f"{marker}.", f".{signature}", f"{marker}.{theirs}", f"{other.marker}.{signature}",
        f"{marker}.{signature[:-1]}", f"{marker} .{signature}", f"{marker.upper()}.{signature}",
        f"{made.id}.{signature}",
        f"{marker}.{rig.rooms.keyring.sign(marker.encode(), purpose='delivery-link')}", "x" * 5000, "ü.ü", "..",
    ]  # fmt: skip
    for token in tokens:
        for way, answer in answers(rig, f"/p/{token}").items():
            told = answer.get_data(as_text=True)
            assert answer.status_code == 404, (token, way)
            assert made.code not in told
            assert not [word for word in SECRETS if word in told]
