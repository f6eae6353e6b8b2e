from __future__ import annotations

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.access.actors import Actor, Role
from hub.catalogue.assets import create_asset
from hub.clock import DAY
from hub.errors import HubError
from hub.events.models import Event
from hub.rights.answer import best_uses, may_use, next_boundary
from hub.rights.service import Rights
from hub.rights.spans import Use, spans
from hub.rights.terms import clause_of, lift, living, take_down, territory_codes
from tests.unit.rights.test_spans import CHANNELS, TERRITORIES, read

EDITOR = Actor("editor", "Edda", Role.EDITOR)
OWNER = Actor("owner", "Olga", Role.CONTRIBUTOR)
VIEWER = Actor("viewer", "Vito", Role.VIEWER)


@pytest.fixture
def rights(database, clock):
    return Rights(database, clock, "allow")


@pytest.fixture
def asset(database):
    with database.unit() as unit:
        return create_asset(unit, kind="image", owner_id=OWNER.id, at=1)


@pytest.fixture
def ask(database, asset):
    def answer(at=100, *, channel="web", territory="DE", default="allow", **kwargs):
        with database.read() as unit:
            return may_use(unit, asset.id, channel=channel, territory=territory, at=at, default=default, **kwargs)

    return answer


@pytest.fixture
def boundary(database, asset):
    def read_boundary(at, channel="web", territory="DE"):
        with database.read() as unit:
            return next_boundary(unit, asset.id, channel, territory, at)

    return read_boundary


@pytest.fixture
def licence(rights, asset):
    def add(**kwargs):
        return rights.add_term(EDITOR, asset.id, **{"source": "licence", "effect": "allow"} | kwargs)

    return add


def code_of(call, *args, **kwargs):
    with pytest.raises(HubError) as refused:
        call(*args, **kwargs)
    return refused.value.code


def test_without_any_licence_the_default_decides(ask, boundary):
    assert (ask().ok, ask().until, ask().reason) == (True, None, "no_licence")
    assert not ask(default="deny").ok
    assert boundary(0) is None


def test_without_a_licence_denials_still_count(ask, rights, asset):
    rights.add_term(EDITOR, asset.id, source="embargo", effect="deny", until_at=50)
    assert (ask(49).ok, ask(49).until, ask(49).reason) == (False, 50, "embargo")
    assert ask(50).ok
    assert not ask(50, default="deny").ok


def test_a_window_is_half_open(ask, licence, boundary):
    licence(from_at=50, until_at=150)
    assert [ask(at).ok for at in (49, 50, 149, 150)] == [False, True, True, False]
    assert ask(50).until == 150
    assert ask(49).until == 50
    assert ask(150).until is None
    assert [boundary(at) for at in (0, 49, 50, 149, 150)] == [50, 50, 150, 150, None]


def test_a_use_must_end_before_the_rights_do(ask, licence):
    licence(until_at=150)
    assert ask(100, until=150).ok
    answer = ask(100, until=151)
    assert (answer.ok, answer.reason) == (False, "ends_before")
    assert answer.why
    assert ask(100, until=None).ok


def test_licences_that_follow_each_other_are_one_stretch(ask, licence):
    licence(from_at=50, until_at=150)
    licence(from_at=150, until_at=200)
    assert ask(100).until == 200
    assert ask(100, until=200).ok


def test_channels_territories_and_kinds_of_use(ask, licence):
    licence(channels=["web"], territories=["de", "FR"], use="existing")
    assert ask().ok
    assert ask(channel="print").reason == "licence_elsewhere"
    assert ask(territory="US").reason == "licence_elsewhere"
    assert ask(use="new").reason == "licence_elsewhere"
    assert ask(territory="FR").why == "A licence covers this use."


def test_the_whole_world_is_only_as_free_as_its_strictest_part(ask, licence, rights, asset, boundary):
    licence()
    rights.add_term(EDITOR, asset.id, source="licence", effect="deny", territories=["US"], until_at=150)
    assert ask(territory="DE").ok
    assert (ask(territory="*").ok, ask(territory="*").until) == (False, 150)
    assert ask(150, territory="*").ok
    assert boundary(100, territory="*") == 150
    assert not ask(channel="*", territory="US").ok


def test_a_licence_for_a_country_is_none_for_the_world(ask, licence):
    licence(territories=["DE"], until_at=150)
    assert ask().ok
    assert not ask(territory="*").ok
    assert ask(territory="*").until is None


def test_a_yes_for_the_world_ends_with_its_first_part(ask, licence, rights, asset):
    licence()
    rights.add_term(EDITOR, asset.id, source="embargo", effect="deny", territories=["US"], from_at=300)
    rights.add_term(EDITOR, asset.id, source="embargo", effect="deny", territories=["FR"], from_at=200)
    assert ask(territory="*").until == 200
    assert ask(territory="US").until == 300


def test_a_take_down_wins_and_can_be_lifted(ask, licence, database, asset):
    licence()
    with database.unit() as unit:
        term = take_down(unit, asset.id, by="editor", at=5, document="court order")
    assert (ask().ok, ask().reason) == (False, "takedown")
    with database.unit() as unit:
        lift(unit, term.id, by="editor", at=6)
        lift(unit, term.id, by="editor", at=7)
    assert ask().ok
    with database.read() as unit:
        assert [event.kind for event in unit.query(Event).order_by(Event.seq)] == [
            "asset.created",
            *["rights.changed"] * 3,
        ]


def test_lifting_the_last_term_leaves_the_default(ask, licence, rights, asset):
    term = licence(until_at=50)
    assert not ask().ok
    rights.lift_term(EDITOR, term.id)
    assert ask().reason == "no_licence"
    assert rights.terms(EDITOR, asset.id)[0].lifted_at is not None
    assert code_of(rights.lift_term, EDITOR, "nothing") == "no_such_term"


def test_the_service_answers_for_now(rights, licence, asset, clock):
    licence(until_at=clock.now() + 1)
    assert rights.ask(EDITOR, asset.id, channel="web", territory="DE").ok
    clock.advance(1)
    assert not rights.ask(EDITOR, asset.id, channel="web", territory="DE").ok


def test_who_may(rights, asset, licence):
    term = licence(document="contract 7")
    assert code_of(rights.add_term, VIEWER, asset.id, source="licence", effect="allow") == "no_such_asset"
    assert code_of(rights.add_term, OWNER, asset.id, source="licence", effect="allow") == "not_allowed"
    assert code_of(rights.lift_term, OWNER, term.id) == "not_allowed"
    assert code_of(rights.terms, VIEWER, asset.id) == "no_such_asset"
    assert rights.terms(OWNER, asset.id)[0].document == ""
    assert rights.terms(EDITOR, asset.id)[0].document == "contract 7"


@pytest.mark.parametrize(
    ("wish", "where"),
    [
        ({"source": "rumour"}, "source"),
        ({"effect": "maybe"}, "effect"),
        ({"source": "embargo"}, "effect"),
        ({"source": "takedown"}, "effect"),
        ({"use": "old"}, "use"),
        ({"channels": ["Web!"]}, "channels"),
        ({"channels": ["*"]}, "channels"),
        ({"territories": ["UK"]}, "territories"),
        ({"territories": ["*"]}, "territories"),
        ({"from_at": 5, "until_at": 5}, "until_at"),
        ({"from_at": -1}, "until_at"),
        ({"until_at": 10**15}, "until_at"),
        ({"document": "a\0b"}, "document"),
        ({"document": "x" * 2001}, "document"),
    ],
)
def test_terms_that_make_no_sense_are_refused_whole(licence, rights, asset, wish, where):
    with pytest.raises(HubError) as refused:
        licence(**wish)
    assert (refused.value.code, refused.value.where) == ("term_unfit", where)
    assert rights.terms(EDITOR, asset.id) == []


def test_territories_are_those_of_the_standard():
    assert len(territory_codes()) == 249
    assert {"GB", "DE", "AQ"} <= territory_codes()
    assert "EU" not in territory_codes()


def test_an_asset_takes_only_so_many_clauses(licence, monkeypatch, ask):
    monkeypatch.setattr("hub.rights.terms.MOST_TERMS", 2)
    licence(channels=["web"])
    licence(channels=["print"])
    assert code_of(licence, channels=["social"]) == "too_many_terms"
    assert not ask(channel="social").ok


def told(database, kind):
    with database.read() as unit:
        return [(event.subject, event.body) for event in unit.query(Event).filter_by(kind=kind).order_by(Event.seq)]


def test_the_end_of_a_window_is_announced_exactly_once(rights, licence, clock, database, asset):
    ended = licence(until_at=clock.now() + DAY)
    lifted = licence(until_at=clock.now() + DAY)
    licence(until_at=clock.now() + DAY + 1)
    licence()
    rights.lift_term(EDITOR, lifted.id)
    rights.drain("w1")
    assert told(database, "rights.ended") == []
    clock.advance(DAY)
    assert rights.drain("w1") == 2  # the third is warned of once more
    assert rights.drain("w1") == 0
    clock.advance(-DAY)
    clock.advance(DAY)
    assert rights.drain("w2") == 0
    ((subject, body),) = told(database, "rights.ended")
    assert (subject, body["term_id"]) == (asset.id, ended.id)


def test_what_ends_soon_is_announced_30_days_7_days_and_1_day_before_each_once(rights, licence, clock, database, asset):
    ending = licence(until_at=clock.now() + 31 * DAY)
    lifted = licence(until_at=clock.now() + 31 * DAY)
    licence()
    rights.lift_term(EDITOR, lifted.id)
    assert rights.drain("w1") == 0
    for _ in range(31 * 2):
        clock.advance(DAY // 2)
        rights.drain("w1")
        assert rights.drain("w2") == 0
    found = told(database, "rights.ends_soon")
    assert {(subject, body["term_id"], body["until_at"]) for subject, body in found} == {
        (asset.id, ending.id, ending.until_at)
    }
    assert [body["days"] for _, body in found] == [30, 7, 1]
    assert len(told(database, "rights.ended")) == 1


def test_a_window_that_was_short_from_the_beginning_is_announced_once_before_its_end(rights, licence, clock, database):
    licence(until_at=clock.now() + 2)
    rights.drain("w1")
    rights.drain("w1")
    assert [body["days"] for _, body in told(database, "rights.ends_soon")] == [1]


def test_two_workers_announce_each_end_once(rights, licence, clock, database):
    for number in range(12):
        licence(until_at=clock.now() + number + 1)
    clock.advance(DAY)  # at once: nothing is left to be warned of
    barrier = threading.Barrier(3)
    counts = []

    def drain():
        barrier.wait()
        while count := rights.drain("w"):
            counts.append(count)

    threads = [threading.Thread(target=drain) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 12
    with database.read() as unit:
        bodies = [event.body["term_id"] for event in unit.query(Event).filter_by(kind="rights.ended")]
    assert len(bodies) == len(set(bodies)) == 12


def test_the_most_that_may_be_done_with_each_of_several_assets(rights, asset, database):
    with database.unit() as unit:
        other, bare = (create_asset(unit, kind="image", owner_id=OWNER.id, at=1) for _ in range(2))
    rights.add_term(EDITOR, asset.id, source="licence", effect="allow", channels=["web"], until_at=200)
    rights.add_term(EDITOR, asset.id, source="licence", effect="allow", channels=["print"], until_at=300)
    rights.add_term(EDITOR, other.id, source="embargo", effect="deny", until_at=500)
    rights.add_term(EDITOR, other.id, source="licence", effect="allow", until_at=800)
    ids = [asset.id, other.id, bare.id]

    def said(at, default="allow"):
        with database.read() as unit:
            found = best_uses(unit, ids, at=at, default=default)
        return [(found[each].ok, found[each].until, found[each].reason) for each in ids]

    assert said(100) == [(True, 300, "licensed"), (False, 500, "embargo"), (True, None, "no_licence")]
    assert said(250)[0][:2] == (True, 300)
    assert said(300)[0] == (False, None, "licence_ended")
    assert said(500)[1] == (True, 800, "licensed")
    assert said(100, "deny")[2] == (False, None, "no_licence")


def test_two_writers_of_terms_lose_none(rights, asset, database):
    barrier = threading.Barrier(4)

    def add(number):
        barrier.wait()
        for each in range(3):
            rights.add_term(
                EDITOR, asset.id, source="licence", effect="allow", channels=[f"c{number}"], until_at=100 + each
            )

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rights.terms(EDITOR, asset.id)) == 12
    with database.read() as unit:
        for number in range(4):
            answer = may_use(unit, asset.id, channel=f"c{number}", territory="DE", at=50, default="deny")
            assert (answer.ok, answer.until) == (True, 102)


wishes = st.fixed_dictionaries(
    {
        "source": st.sampled_from(["licence", "consent"]),
        "effect": st.sampled_from(["allow", "deny"]),
        "channels": st.lists(st.sampled_from(CHANNELS), max_size=2),
        "territories": st.lists(st.sampled_from(TERRITORIES), max_size=2),
        "from_at": st.none() | st.integers(0, 5),
        "until_at": st.none() | st.integers(6, 10),
        "use": st.sampled_from(["new", "existing", "both"]),
    }
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(wanted=st.lists(wishes, max_size=4))
def test_kept_spans_answer_like_the_terms_themselves(wanted, database, rights):
    with database.unit() as unit:
        asset = create_asset(unit, kind="image", owner_id=OWNER.id, at=1)
    for wish in wanted:
        rights.add_term(EDITOR, asset.id, **wish)
    with database.read() as unit:
        clauses = [clause_of(term) for term in living(unit, asset.id)]
        licensed = any(clause.allows and clause.source == "licence" for clause in clauses)
        for at in (0, 5, 6, 9, 10):
            anywhere = [
                read(clauses, channel, territory, use, at)
                for channel in [*CHANNELS, "other"] for territory in [*TERRITORIES, "IT"] for use in Use
            ]  # fmt: skip
            assert best_uses(unit, [asset.id], at=at, default="allow")[asset.id].ok == any(anywhere)
        for channel in [*CHANNELS, "other"]:
            for territory in [*TERRITORIES, "IT"]:
                for use in Use:
                    for at in (0, 5, 6, 9, 10):
                        question = {"channel": channel, "territory": territory, "at": at, "use": use}
                        expected = read(clauses, channel, territory, use, at)
                        assert may_use(unit, asset.id, **question, default="allow").ok == expected
                        assert may_use(unit, asset.id, **question, default="deny").ok == (expected and licensed)
                    for span in spans(clauses, channel, territory, use)[:-1]:
                        edge = next_boundary(unit, asset.id, channel, territory, span.from_at)
                        assert edge is not None
                        assert edge <= span.until_at
