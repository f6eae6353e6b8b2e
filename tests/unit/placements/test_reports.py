"""Signed reports: what they say of a recall, and who may have them."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from connectors.sdk.errors import AuthExpired
from hub.access.actors import Actor, Role
from hub.clock import DAY, MINUTE
from hub.connections import health
from hub.connections.models import Connection
from hub.errors import Conflict, NotFound
from hub.placements.reports.document import ReportDocument
from hub.placements.reports.forms import Form
from hub.placements.reports.signing import canonical, read
from hub.placements.reports.times import iso
from tests.faults.model.remote import manifest
from tests.faults.model.world import World
from tests.unit.placements.filing import Filing


@pytest.fixture
def desk(quick, clock):
    return Filing(World(quick, clock))


@pytest.fixture
def recalled(desk):
    """One copy, withdrawn and seen to be away."""
    desk.name("Edda Ek")
    asset = desk.approved(title="Maren at the lake")
    desk.place(asset, slot="gone")
    desk.run()
    desk.clock.advance(MINUTE)
    recall = desk.placements.recall(desk.actor, asset, "No consent any more", None)
    desk.run()
    return asset, recall


def test_a_report_says_of_each_copy_where_it_was_until_when_and_how_that_is_known(desk, recalled):
    asset, recall = recalled
    said = ReportDocument.model_validate(desk.document(recall))
    [copy] = said.copies
    assert (said.recall.state, said.recall.reason, said.recall.opened_by.name) == (
        "closed", "No consent any more", "Edda Ek",
    )  # fmt: skip
    assert (said.asset.title, said.asset.versions[0].sha256) == (
        "Maren at the lake", desk.sha256_of(desk.world.newest(asset)),
    )  # fmt: skip
    assert (copy.result, copy.level, copy.slot) == ("withdrawn", "seen", "gone")
    assert copy.put_there_at <= copy.last_there.at < said.recall.opened_at <= copy.ended_at <= copy.proven_at
    assert copy.last_there.sha256 == said.asset.versions[0].sha256
    assert copy.ended_how == "The hub ended it (withdraw)."
    assert {look.how for look in copy.proof.looks} >= {"get", "find"}
    [opened] = [look for look in copy.proof.looks if look.how == "get"]
    assert opened.answer in {"404", "410"}
    assert opened.address in {thing.address for thing in copy.things if thing.kind == "public_url"}
    assert [one.source for one in said.asset.clauses] == ["takedown"]
    assert [(one.step, one.outcome) for one in copy.writes] == [("withdraw", "done")]


def test_the_counts_of_an_open_recall_add_up_and_name_who_was_asked(desk):
    desk.name("Edda Ek")
    asset = desk.approved()
    desk.place(asset)
    desk.run()
    asked_at = desk.clock.now()
    locked_out(desk)
    desk.clock.advance(MINUTE)
    recall = desk.placements.recall(desk.actor, asset, "wrong face")
    desk.run()
    said = ReportDocument.model_validate(desk.document(recall))
    counts = said.counts
    assert said.recall.state == "open"
    assert counts.copies == len(said.copies) == 1
    assert counts.withdrawn + counts.substituted + counts.never_there + counts.unproven == counts.copies
    [copy] = said.copies
    assert (copy.result, copy.level, copy.remains) == ("unproven", None, "Sign in again.")
    assert copy.next_try_at > said.report.made_at
    assert copy.ended_at is None
    assert copy.proof is None
    assert copy.last_there.level == "seen"
    by_hand, sign_in = copy.asked
    assert (by_hand.person.name, sign_in.person.name) == ("Edda Ek", "Edda Ek")
    assert (sign_in.what, sign_in.at) == ("Sign in again.", iso(asked_at))
    assert by_hand.what.startswith("Sign in again. It stood at ")
    assert by_hand.at >= said.recall.opened_at


def locked_out(desk):
    """Let the remote ask for a new sign-in, as the connections room notes it."""
    desk.world.exchange.refuse = AuthExpired("Sign in again.")
    with desk.database.unit() as session:
        connection = session.scalars(select(Connection)).one()
        health.note(session, connection, desk.world.exchange.refuse, desk.clock.now(), actor="system")


def test_who_must_take_a_copy_away_by_hand_is_named_with_its_address(quick, clock):
    desk = Filing(World(quick, clock, declared=manifest(replace=True, calendar=True)))
    desk.remote.keeps_what_is_out = True
    desk.name("Edda Ek")
    asset = desk.approved()
    date = clock.now() // 1000 * 1000 + DAY
    placed = desk.place(asset, publish_at=date)
    desk.run()
    clock.advance(date + MINUTE - clock.now())
    desk.run()
    recall = desk.placements.recall(desk.actor, asset, "the client asked")
    desk.run()
    [copy] = ReportDocument.model_validate(desk.document(recall)).copies
    (entry,) = desk.remote.entries.values()
    assert (copy.result, [one.person.name for one in copy.asked]) == ("unproven", ["Edda Ek"])
    assert copy.asked[0].what == f"{copy.remains} It stood at {desk.remote.url(entry.ref)} then."
    desk.placements.attest(desk.actor, placed, "Deleted it at the network myself.")
    [copy] = ReportDocument.model_validate(desk.document(recall)).copies
    assert (copy.level, copy.asked) == ("attested", ()), "nobody is asked any more"


def test_an_attested_copy_bears_the_persons_name_and_words(desk):
    desk.name("Edda Ek")
    asset = desk.approved()
    placement = desk.place(asset)
    desk.run()
    desk.world.exchange.refuse = AuthExpired("Sign in again.")
    recall = desk.placements.recall(desk.actor, asset, "wrong face")
    desk.run()
    desk.placements.attest(desk.actor, placement, "Deleted by hand; the page is gone.")
    [copy] = ReportDocument.model_validate(desk.document(recall)).copies
    assert (copy.level, copy.proof.by.name, copy.proof.note) == (
        "attested", "Edda Ek", "Deleted by hand; the page is gone.",
    )  # fmt: skip
    assert "could not look" in copy.ended_how


def test_reports_are_numbered_name_the_one_before_and_are_told_of(desk, recalled):
    _, recall = recalled
    first, second = desk.document(recall), desk.document(recall)
    assert [one["report"]["number"] for one in (first, second)] == [1, 2]
    assert first["report"]["previous_sha256"] is None
    told = desk.events("recall.reported")
    assert second["report"]["previous_sha256"] == told[0].body["sha256"] == sha256_of(first)
    assert [event.subject for event in told] == [recall.id, recall.id]
    assert [one.number for one in desk.reports.made_for(desk.actor, recall.id)] == [2, 1]


def sha256_of(document):
    import hashlib

    return hashlib.sha256(canonical(document)).hexdigest()


def test_who_may_see_less_gets_a_report_that_says_so(desk, recalled):
    asset, recall = recalled
    desk.world.version(asset, b"a draft that nobody approved")
    desk.hand_out(asset, desk.actor.id)
    desk.hand_out(asset, "link:0123")
    whole = ReportDocument.model_validate(desk.document(recall))
    assert (whole.report.extent, len(whole.asset.versions), whole.handouts.count) == ("whole", 2, 2)
    assert [one.to for one in whole.handouts.listed] == ["whoever holds the share link 0123", "Edda Ek"]
    viewer = Actor("v", "Vito Vale", Role.VIEWER)
    less = ReportDocument.model_validate(desk.document(recall, actor=viewer))
    assert (less.report.extent, len(less.asset.versions), less.handouts.count) == ("limited", 1, 2)
    assert less.handouts.listed == ()
    assert {clause.document for clause in less.asset.clauses} == {""}
    assert less.copies == whole.copies


def test_who_may_not_see_the_asset_gets_no_report(desk, recalled):
    asset, recall = recalled
    desk.catalogue.archive(desk.actor, asset)
    with pytest.raises(NotFound):
        desk.report(recall, actor=Actor("v", "Vito Vale", Role.VIEWER))
    with pytest.raises(NotFound) as unknown:
        desk.reports.make(desk.actor, "nothing", Form.JSON)
    assert unknown.value.code == "no_such_recall"
    assert desk.events("recall.reported") == []


def test_a_hub_that_only_observes_signs_nothing(desk, recalled):
    _, recall = recalled
    desk.observe()
    with pytest.raises(Conflict) as refused:
        desk.report(recall)
    assert refused.value.code == "observing_signs_nothing"
    assert desk.reports.keys() == {"keys": []}


def test_the_private_part_is_sealed_and_a_lost_master_key_is_told(desk, recalled):
    from hub.access.keyring import Keyring
    from hub.errors import Unavailable
    from hub.placements.models import EvidenceKey

    _, recall = recalled
    signed = read(desk.report(recall))
    with desk.database.read() as session:
        row = session.get_one(EvidenceKey, signed.signature.key_id)
    assert row.sealed.startswith("v1.")
    assert row.sealed not in json.dumps(desk.reports.keys())
    desk.reports._sealer = Keyring([b"x" * 32])
    with pytest.raises(Unavailable) as lost:
        desk.report(recall)
    assert lost.value.code == "evidence_key_unreadable"
    desk.reports.rotate_key(desk.actor)
    assert desk.check(desk.report(recall)).genuine
