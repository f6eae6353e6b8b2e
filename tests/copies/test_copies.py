"""What happens here or there, and what becomes of the copy: the same for every connector that can."""

from __future__ import annotations

import pytest

from connectors.sdk.manifest import Capability, Carries
from connectors.sdk.types import PartState
from connectors.testing.faults import refuse
from connectors.testing.ledger import What
from hub.app import backup
from hub.clock import DAY, HOUR, MINUTE, SECOND
from hub.connections.problems import AlreadyConnected
from hub.placements.impact import Becomes
from hub.placements.rewording import Says
from mappings.spec import Owner, load_spec
from tests.copies.rows import why_not
from tests.copies.table import connectors
from tests.unit.intake.house import sha

ALL = connectors()


def each(row, *, but=()):
    """Run a test for every connector to which a row applies, and note what it proves."""
    names = [name for name, manifest in ALL.items() if name not in but and not why_not(row, manifest)]
    return pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.proves(row, name)) for name in names])


def made(channel):
    return len(channel.sandbox.ledger.effects(What.MADE))


def person_is_asked(channel, copy):
    """What is out stays out: a person is told where, takes it away, and says so."""
    told, (there,) = channel.copy(copy), channel.standing(copy)
    assert (told.phase, told.problem_code, there.state) == ("blocked", "already_published", PartState.SHOWING)
    assert "out already" in told.problem
    asked = channel.asked(copy)
    assert asked["address"].startswith("https://")
    assert asked["address"] in str(channel.sandbox.ledger.living()[there.ref])
    assert asked["link"].endswith(f"/copies/{copy}/proof")
    channel.rooms.placements.attest(channel.ada, copy, "Deleted it at the network myself.")
    told = channel.copy(copy)
    assert (told.phase, told.proof.claim, told.proof.level) == ("withdrawn", "withdrawn", "attested")


def withdrawn(channel, copy):
    """It is away in truth; where nothing can be read, the channel's word is all the proof that there is."""
    told = channel.copy(copy)
    assert (channel.standing(copy), told.proof.claim) == ([], "withdrawn")
    assert channel.can_read or told.proof.level == "said"


def out_of_reach(channel, played, status):
    """Let assets be deleted here while the channel refuses everything; nothing is called gone. Return what stands."""
    before = {copy: channel.standing(copy) for _, copy, _ in played}
    channel.sandbox.faults.add(refuse(status, times=None))
    for asset, _, _ in played:
        channel.rooms.catalogue.delete(channel.ada, asset)
    channel.pass_time(HOUR, most=2)
    channel.sandbox.faults.clear()
    for copy, there in before.items():
        assert len(there) == 1
        assert channel.standing(copy) == there
        assert channel.copy(copy).phase not in {"gone", "withdrawn", "settled"}
    return before


def missed_follows(channel, played, before):
    """What was missed meanwhile follows; of what is out, a person hears."""
    for _, copy, out in played:
        if out:
            assert channel.standing(copy) == before[copy]
            person_is_asked(channel, copy)
            continue
        assert channel.standing(copy) == []
        assert channel.copy(copy).phase in {"withdrawn", "settled"}


@each("new_version")
def test_a_new_version_that_is_approved(channels, name):
    channel = channels(name)
    asset, copy = channel.published()
    (before,) = channel.standing(copy)
    manifest, data = channel.manifest, channel.fresh()
    channel.version(asset, data)
    channel.run()
    assert channel.standing(copy) == [before], "not approved: nothing moves"
    channel.approve(asset)
    channel.run(within_ms=2 * MINUTE)
    (after,) = channel.standing(copy)
    told = channel.copy(copy)
    if manifest.by_hand and (channel.stays_out or Capability.REPLACE not in manifest.abilities):
        code = "already_published" if channel.stays_out else "by_hand"
        assert (after, told.phase, told.problem_code) == (before, "blocked", code)
        return
    assert (told.phase, told.shown_version) == ("live", 2)
    if manifest.carries is Carries.LINK or Capability.REPLACE in manifest.abilities:
        assert after.ref == before.ref, "whoever refers to it goes on doing so"
    if manifest.carries is Carries.BYTES:
        assert after.content_key != before.content_key
        assert after.sha256 != before.sha256
        if manifest.rendition == "original":
            assert after.sha256 == sha(data)


@each("text_changed")
def test_a_text_that_changes(channels, name):
    channel = channels(name)
    asset, copy = channel.published()
    words = f"Evening at the lake {channel.count}"
    foreseen = reworded(channel, asset, dict.fromkeys(("title", "description", "alt_text"), words))
    (after,) = channel.standing(copy)
    if channel.stays_out:
        assert words not in str(dict(after.fields))
        assert (channel.copy(copy).phase, channel.copy(copy).problem_code) == ("blocked", "already_published")
        assert (foreseen.says, foreseen.why) == (Says.PERSON, channel.manifest.stays_once_out)
        return
    assert words in str(dict(after.fields))
    assert channel.copy(copy).phase == "live"
    assert foreseen.says is Says.FOLLOWS
    for field in ("title", "description", "alt_text", "copyright"):
        words = f"Night at the lake, {field} {channel.count}"
        foreseen = reworded(channel, asset, {field: words})
        (after,) = channel.standing(copy)
        said = words in f"{dict(after.fields)} {channel.sandbox.ledger.living()[after.ref]}"
        assert (foreseen.says, said) in {(Says.FOLLOWS, True), (Says.KEPT, False)}, field
        assert said or field in {lost.field for lost in foreseen.lost}, "it is said what does not arrive"


def reworded(channel, asset, values):
    """Save other texts, and return what was foreseen for the one copy."""
    (line,) = channel.rooms.placements.rewording.texts(channel.ada, asset, values).lines
    assert not set(values.values()) & set(channel.rooms.catalogue.view(channel.ada, asset).fields.values())
    channel.rooms.catalogue.edit(channel.ada, asset, values)
    channel.run(within_ms=2 * MINUTE)
    return line


@each("rights_end")
def test_rights_that_end(channels, name):
    channel = channels(name)
    asset, copy = channel.published()
    elsewhere, there = channel.published()
    barred, here = channel.published()
    ends = channel.clock.now() + 30 * MINUTE
    channel.rooms.rights.add_term(channel.ada, asset, source="licence", effect="allow", until_at=ends)
    channel.run()
    assert channel.standing(copy)
    channel.clock.advance(31 * MINUTE)
    places = {"territories": ["CH"]}, {"channels": ["another"]}
    for each_asset, only in zip((elsewhere, barred), places, strict=True):
        channel.rooms.rights.add_term(channel.ada, each_asset, source="licence", effect="allow", **only)
    channel.run(within_ms=2 * MINUTE)
    for ended in (copy, there, here):
        if channel.stays_out:
            person_is_asked(channel, ended)
        else:
            withdrawn(channel, ended)
            assert channel.copy(ended).phase == "withdrawn"


@each("substituted")
def test_rights_that_end_where_a_substitute_is_named(channels, name):
    channel = channels(name)
    substitute = channel.asset(
        channel.fresh(), title=f"In its place {channel.count}", description="A wood", copyright="© Ada"
    )
    asset, copy = channel.published(withdraw_policy="substitute")
    (before,) = channel.standing(copy)
    shown = channel.shown_by(before)
    channel.rooms.catalogue.set_successor(channel.ada, asset, substitute)
    ends, count = channel.clock.now() + 30 * MINUTE, made(channel)
    channel.rooms.rights.add_term(channel.ada, asset, source="licence", effect="allow", until_at=ends)
    channel.run()
    assert [channel.shown_by(one) for one in channel.standing(copy)] == [shown], "they did not end yet"
    (foreseen,) = channel.rooms.placements.impact(channel.ada, asset, "archive").lines
    (recalled,) = channel.rooms.placements.impact(channel.ada, asset, "recall", substitute).lines
    channel.clock.advance(31 * MINUTE)
    channel.run(within_ms=2 * MINUTE)
    told, standing = channel.copy(copy), channel.standing(copy)
    assert foreseen.becomes is Becomes.WITHDRAWN, "nothing stands in for what was put away"
    if channel.manifest.by_hand:
        assert recalled.becomes is Becomes.WITHDRAWN, "it is said before that nothing will stand in"
        if channel.stays_out:
            assert not recalled.reachable
            person_is_asked(channel, copy)
            return
        withdrawn(channel, copy)
        assert (told.phase, made(channel)) == ("withdrawn", count)
        return
    assert recalled.becomes is Becomes.SUBSTITUTED
    assert (told.phase, told.desired_asset_id, told.proof.claim) == ("live", substitute, "substituted")
    (after,) = standing
    assert channel.shown_by(after) == channel.rendered(substitute)
    assert channel.shown_by(after) != shown


@each("deleted_here")
def test_an_asset_that_is_deleted(channels, name):
    channel = channels(name)
    asset, copy = channel.published()
    channel.rooms.catalogue.delete(channel.ada, asset)
    channel.run(within_ms=2 * MINUTE)
    if channel.stays_out:
        person_is_asked(channel, copy)
        return
    assert channel.standing(copy) == []
    assert channel.copy(copy).phase in {"withdrawn", "settled"}


@each("deleted_there")
def test_a_copy_that_somebody_deletes_there(channels, name):
    channel = channels(name)
    _, copy = channel.placed()
    (there,) = channel.standing(copy)
    count = made(channel)
    channel.sandbox.vanish(channel.target.ref, there.ref)
    channel.pass_time(6 * HOUR, most=12)
    assert channel.copy(copy).problem_code == "removed_there" or channel.copy(copy).settled_reason == "removed_there"
    assert channel.standing(copy) == []
    assert made(channel) == count, "nothing is put back by itself"
    again = channel.rooms.placements.restoring.restore(channel.ada, copy).id
    channel.run(within_ms=2 * MINUTE)
    assert channel.copy(again).phase == "live", "one act puts it back"
    assert (len(channel.standing(again)), made(channel)) == (1, count + 1)


@each("edited_there")
def test_a_text_that_somebody_edits_there(channels, name):
    channel = channels(name)
    played = list(channel.in_each_state())
    field = channel.sandbox.text_fields[0]
    before = {copy: channel.standing(copy) for _, copy, _ in played}
    for (there,) in before.values():
        channel.sandbox.edit(channel.target.ref, there.ref, {field: "Somebody's words"})
    channel.pass_time(6 * HOUR, most=12)
    for asset, copy, out in played:
        ((there,), (after,)), told = (before[copy], channel.standing(copy)), channel.copy(copy)
        fields = channel.rooms.catalogue.view(channel.ada, asset).fields
        taken = "Somebody's words" in str(fields)
        put_right = "Somebody's words" not in str(dict(after.fields))
        stays = (after.ref, after.state, after.publish_at) == (there.ref, there.state, there.publish_at)
        assert stays or channel.manifest.carries is Carries.LINK, "a link is made anew with its name"
        if out:
            assert (taken, put_right, told.phase) == (False, False, "blocked"), "neither here nor there is it changed"
            assert told.problem_code == "already_published"
            continue
        (owner,) = {spec.owner for spec in load_spec(channel.name).fields if spec.remote == field}
        assert (taken, put_right) == ((False, True) if owner is Owner.DAM else (True, False))
        assert told.phase == ("queued" if there.state is PartState.QUEUED else "live")


@each("moved_there")
def test_a_copy_that_somebody_moves_or_renames_there(channels, name):
    channel = channels(name)
    asset, copy = channel.placed()
    (before,) = channel.standing(copy)
    assert channel.sandbox.relocate(channel.target.ref, before.ref)
    count = made(channel)
    channel.pass_time(6 * HOUR, most=12)
    told, (there,) = channel.copy(copy), channel.anywhere(copy)
    assert (told.phase, told.problem_code, there.sha256) == ("live", "", before.sha256)
    assert made(channel) == count, "it is the same copy: none is made beside it"
    data = channel.fresh()
    channel.version(asset, data)
    channel.approve(asset)
    channel.run(within_ms=2 * MINUTE)
    (after,) = channel.anywhere(copy)
    assert (channel.copy(copy).phase, channel.copy(copy).shown_version) == ("live", 2)
    assert channel.manifest.carries is Carries.LINK or after.sha256 != there.sha256
    channel.rooms.placements.recall(channel.ada, asset, "The licence was bought for another country.")
    channel.run(within_ms=2 * MINUTE)
    assert channel.anywhere(copy) == []


@each("unreachable")
def test_a_channel_that_does_not_answer(channels, name):
    channel = channels(name)
    played = list(channel.in_each_state())
    before = out_of_reach(channel, played, 503)
    channel.pass_time(2 * HOUR, most=6)
    missed_follows(channel, played, before)


@each("refused")
def test_credentials_that_are_refused(channels, name):
    channel = channels(name)
    played = list(channel.in_each_state())
    before = out_of_reach(channel, played, 401)
    assert channel.rooms.connections.view(channel.ada, channel.connection.id).state == "needs_person"
    channel.rooms.connections.test(channel.ada, channel.connection.id)
    channel.pass_time(2 * HOUR, most=6)
    missed_follows(channel, played, before)


@each("schedule_outlived")
def test_a_scheduled_copy_whose_rights_end_before_its_date(channels, name):
    channel = channels(name)
    asset, allowed = (channel.asset(channel.fresh(), title=title, description="A lake") for title in ("Later", "Goes"))
    channel.run()
    date = channel.clock.now() // SECOND * SECOND + 10 * DAY
    copy, control = (channel.place(each, publish_at=date) for each in (asset, allowed))
    channel.run()
    channel.rooms.rights.add_term(channel.ada, asset, source="licence", effect="allow", until_at=date - DAY)
    channel.run()
    channel.clock.advance(9 * DAY + HOUR)
    channel.run(within_ms=2 * MINUTE)
    for at in (date, date + 10 * MINUTE, date + DAY):
        channel.clock.advance(at - channel.clock.now())
        channel.run(within_ms=2 * MINUTE)
    assert [one.state for one in channel.standing(control)] == [PartState.SHOWING], "what may go out does"
    assert channel.copy(control).out_at is not None
    assert [one for one in channel.standing(copy) if one.state is PartState.SHOWING] == []
    assert channel.copy(copy).out_at is None


@each("recalled")
def test_a_copy_that_is_recalled(channels, name):
    channel = channels(name)
    asset, copy = channel.published()
    assert channel.standing(copy)
    (foreseen,) = channel.rooms.placements.impact(channel.ada, asset, "recall").lines
    assert (foreseen.becomes, foreseen.reachable) == (Becomes.WITHDRAWN, not channel.stays_out)
    recall = channel.rooms.placements.recall(channel.ada, asset, "The licence was bought for another country.")
    channel.run(within_ms=2 * MINUTE)
    if channel.stays_out:
        assert not channel.rooms.placements.recall_report(channel.ada, recall.id).complete
        person_is_asked(channel, copy)
    else:
        withdrawn(channel, copy)
    if not channel.can_read:
        (line,) = channel.rooms.placements.recall_report(channel.ada, recall.id).lines
        assert line.result == "unproven", "a word closes no recall"
        assert "only said so" in line.reason
        channel.rooms.placements.attest(channel.ada, copy, "Looked at the profile: it is not there.")
    assert channel.rooms.placements.recall_report(channel.ada, recall.id).complete


@each("restored")
def test_copies_that_an_older_backup_did_not_see_published(channels, name, tmp_path):
    channel = channels(name)
    asset = channel.asset(channel.fresh(), title="Later than the backup", description="A lake")
    wished = channel.asset(channel.fresh(), title="Approved after the backup", description="A lake", approve=False)
    waiting = channel.place(wished)
    channel.run()
    backup.backup(channel.settings, tmp_path / "then.tar", with_keys=True, clock=channel.clock)
    copy = channel.place(asset)
    channel.approve(wished)
    channel.run()
    (before,), (approved,) = channel.standing(copy), channel.standing(waiting)
    count = made(channel)
    with channel.restored(tmp_path / "then.tar", tmp_path / "again") as hub:
        hub.run(within_ms=2 * MINUTE)
        assert hub.standing(waiting) == [approved], "what was approved and published is not taken away"
        assert hub.copy(waiting).problem_code == ("approval_forgotten" if hub.can_read else "unanswerable")
        hub.approve(wished)
        again = hub.place(asset)  # somebody sees that it is not in the list, and asks for it again
        hub.run(within_ms=2 * MINUTE)
        assert made(hub) == count, "it is known again by its marker, and none is made beside it"
        if not hub.can_read:
            assert (hub.copy(waiting).phase, hub.copy(waiting).problem_code) == ("blocked", "unanswerable")
            assert "restored from a backup" in hub.copy(waiting).problem
            hub.rooms.placements.attest(hub.ada, waiting, "Looked at the profile: it is there.")
            hub.run(within_ms=2 * MINUTE)
            assert (hub.copy(waiting).proof.level, made(hub)) == ("attested", count)
        assert (hub.copy(waiting).phase, hub.standing(waiting)) == ("live", [approved])
        told = hub.copy(again)
        if Capability.IMPORT in hub.manifest.abilities:
            assert (told.marker, told.phase) == (before.marker, "live")
            assert hub.standing(again) == [before]
            return
        assert (told.phase, told.problem_code) == ("blocked", "unanswerable"), "nobody but people can see it"
        assert "restored from a backup" in told.problem
        hub.rooms.placements.take_back(hub.ada, again)
        hub.run(within_ms=2 * MINUTE)
        assert (hub.copy(again).settled_reason, made(hub)) == ("dropped", count)
        assert channel.standing(copy) == [before]


@each("two_hubs")
def test_another_hub_in_the_same_account(channels, name, tmp_path):
    channel = channels(name)
    asset, copy = channel.placed()
    (ours,) = channel.standing(copy)
    with channel.beside(tmp_path / "other") as other:
        theirs, their_copy = other.placed()
        (before,) = other.standing(their_copy)
        assert before.marker != ours.marker
        for hub in (channel, other):
            hub.pass_time(6 * HOUR, most=6)
        assert (channel.standing(copy), other.standing(their_copy)) == ([ours], [before])
        channel.rooms.placements.recall(channel.ada, asset, "The licence was bought for another country.")
        channel.run(within_ms=2 * MINUTE)
        other.pass_time(6 * HOUR, most=6)
        assert (channel.standing(copy), other.standing(their_copy)) == ([], [before])
        assert other.copy(their_copy).phase == "live"
        again = channel.placed()[1]
        other.rooms.placements.recall(other.ada, theirs, "The licence was bought for another country.")
        other.run(within_ms=2 * MINUTE)
        assert other.standing(their_copy) == []
        assert len(channel.standing(again)) == 1


@each("connected_twice")
def test_the_same_account_connected_again(channels, name):
    channel = channels(name)
    with pytest.raises(AlreadyConnected) as told:
        channel.connect_again()
    assert told.value.connection_id == channel.connection.id
    assert [one.id for one in channel.rooms.connections.list(channel.ada)] == [channel.connection.id]
    places = channel.rooms.connections.targets(channel.ada, channel.connection.remote_id)
    assert [one.id for one in places if one.ref == channel.target.ref] == [channel.target.id]
    _, copy = channel.placed()
    assert len(channel.standing(copy)) == 1
