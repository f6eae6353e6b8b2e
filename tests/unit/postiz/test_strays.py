"""Somebody deletes a post in Postiz while the hub writes to it: what that makes never goes out, and does not stay."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.postiz import connector as module
from connectors.postiz.types import Note
from connectors.sdk.errors import Missing, OutcomeUnknown, Rejected, RetryLater
from connectors.sdk.types import PartKind, PartState
from connectors.testing.conformance.bench import PNG
from connectors.testing.faults import Fault, Rule, refuse
from connectors.testing.ledger import What
from tests.unit.postiz.conftest import LATER, MARKER, PAGE, in_ms, outgoing

OTHER = PNG + b"2"
ACTS = {
    "update": lambda postiz, ref: postiz.update(PAGE, ref, {"content": "New"}),
    "replace": lambda postiz, ref: postiz.replace(PAGE, ref, outgoing(data=OTHER)),
    "resume": lambda postiz, ref: postiz.resume(PAGE, ref, LATER + 60_000),
    "resume at once": lambda postiz, ref: postiz.resume(PAGE, ref, in_ms(minutes=-5)),
}
WRITES = {**ACTS, "hold": lambda postiz, ref: postiz.hold(PAGE, ref)}


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def before(sandbox, monkeypatch):
    """Let something happen in Postiz just before a call has its effect, once."""

    def at(endpoint, act):
        inner, due = sandbox.app.view_functions[endpoint], [act]

        def view(**named):
            while due:
                due.pop()()
            return inner(**named)

        monkeypatch.setitem(sandbox.app.view_functions, endpoint, view)

    return at


@pytest.fixture(params=["draft", "held", "waits"])
def ref(request, postiz):
    """Return a post that is a draft, one that is held, one that waits for its time."""
    made = postiz.publish(PAGE, outgoing(at=None if request.param == "draft" else LATER)).ref
    if request.param == "held":
        postiz.hold(PAGE, made)
    return made


@pytest.fixture
def strayed(sandbox, before, monkeypatch):
    """Let a write make a stray, and the process end before it can take that away; return the stray."""

    def make(postiz, ref, act):
        def killed(*named):
            raise Killed

        before("POST /posts", lambda: sandbox.vanish(PAGE.ref, ref))
        with monkeypatch.context() as patch:
            patch.setattr(module, "undone", killed)
            with pytest.raises(Killed):
                act(postiz, ref)
        (stray,) = sandbox.ledger.living()
        assert stray != ref
        return stray

    return make


def much_later(sandbox, postiz):
    """Let all times come."""
    sandbox.clock = lambda: datetime(2097, 1, 1, tzinfo=UTC)
    postiz.find(PAGE, MARKER)


def written(sandbox):
    return [one.path for one in sandbox.requests if one.method == "POST" and one.path.endswith("/posts")]


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_deleted_between_the_last_look_and_the_write(postiz, sandbox, before, ref, act):
    before("POST /posts", lambda: sandbox.vanish(PAGE.ref, ref))
    with pytest.raises(Missing, match="while the hub was writing"):
        act(postiz, ref)
    assert sandbox.ledger.living() == {}
    much_later(sandbox, postiz)
    assert (sandbox.publications, sandbox.violations) == ([], [])


@pytest.mark.parametrize("act", [ACTS["update"], ACTS["replace"]], ids=["update", "replace"])
def test_what_is_made_in_the_place_of_a_draft_never_waits_for_anything(postiz, sandbox, before, act):
    ref = postiz.publish(PAGE, outgoing()).ref
    before("POST /posts", lambda: sandbox.vanish(PAGE.ref, ref))
    with pytest.raises(Missing):
        act(postiz, ref)
    assert {one.facts.get("state", "DRAFT") for one in sandbox.ledger.effects()} == {"DRAFT"}


def test_deleted_during_an_upload_nothing_is_made(postiz, sandbox, before, ref):
    before("POST /upload", lambda: sandbox.vanish(PAGE.ref, ref))
    sandbox.reset_requests()
    with pytest.raises(Missing):
        postiz.replace(PAGE, ref, outgoing(data=OTHER))
    assert written(sandbox) == []
    assert sandbox.ledger.living() == {}


@pytest.mark.parametrize("settle", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("act", [ACTS["replace"], ACTS["resume"]], ids=["replace", "resume"])
def test_killed_before_it_is_undone_whoever_writes_next_takes_it_away(postiz, connect, sandbox, strayed, act, settle):
    stray = strayed(postiz, postiz.publish(PAGE, outgoing(at=LATER)).ref, act)
    (found,) = connect().find(PAGE, MARKER)
    assert (found.ref, found.marker) == (stray, MARKER)
    sandbox.reset_requests()
    with pytest.raises(Missing):
        settle(connect(), stray)
    assert (written(sandbox), sandbox.ledger.living()) == ([], {})
    much_later(sandbox, postiz)
    assert sandbox.publications == []


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_what_was_made_by_mistake_is_found_and_shows_nothing_that_was_asked_for(postiz, sandbox, strayed, ref, act):
    stray = strayed(postiz, ref, act)
    for told in (postiz.look(PAGE, stray), *postiz.find(PAGE, MARKER)):
        assert (told.ref, told.marker, told.content_key) == (stray, MARKER, "")
        assert [(part.kind, part.state) for part in told.parts] == [(PartKind.MEDIA, PartState.QUEUED)]
    postiz.withdraw(PAGE, stray)
    assert sandbox.ledger.living() == {}


@pytest.mark.parametrize("fault", [
    Rule(fault=Fault.LOSE_REQUEST, path="/status"), Rule(fault=Fault.LOSE_ANSWER, path="/status"),
    refuse(503, path="/status"), refuse(401, path="/status"), refuse(400, path="/status"),
    Rule(fault=Fault.LOSE_ANSWER, path="/posts/cmw", skip=1), Rule(fault=Fault.ERROR_BEFORE, path="endDate", skip=2),
])  # fmt: skip
def test_what_cannot_be_undone_at_once_is_an_unknown_outcome(postiz, sandbox, before, fault):
    ref = postiz.publish(PAGE, outgoing(at=LATER)).ref
    before("POST /posts", lambda: sandbox.vanish(PAGE.ref, ref))
    sandbox.faults.add(fault)
    with pytest.raises(OutcomeUnknown):
        postiz.update(PAGE, ref, {"content": "New"})
    assert sandbox.faults.fired
    for copy in postiz.find(PAGE, MARKER):
        with pytest.raises(Missing):
            postiz.hold(PAGE, copy.ref)
    assert sandbox.ledger.living() == {}


def test_a_lost_answer_hides_nothing(postiz, sandbox, before):
    ref = postiz.publish(PAGE, outgoing()).ref
    before("POST /posts", lambda: sandbox.vanish(PAGE.ref, ref))
    sandbox.faults.add(Rule(fault=Fault.LOSE_ANSWER, on="write"))
    with pytest.raises(OutcomeUnknown):
        postiz.update(PAGE, ref, {"content": "New"})
    (found,) = postiz.find(PAGE, MARKER)
    assert (found.ref != ref, found.content_key) == (True, "")


def test_what_went_out_all_the_same_counts_and_is_for_a_person(postiz, sandbox, before, strayed):
    stray = strayed(postiz, postiz.publish(PAGE, outgoing(at=LATER)).ref, ACTS["replace"])
    sandbox.release(stray, PAGE.ref)
    (found,) = postiz.find(PAGE, MARKER)
    assert (found.content_key, found.parts[0].state) == (outgoing(data=OTHER).content_key, PartState.SHOWING)
    with pytest.raises(Rejected, match="out already"):
        postiz.update(PAGE, stray, {"content": "New"})
    assert postiz.resume(PAGE, stray, LATER).url is None
    ref = postiz.publish(PAGE, outgoing(at=LATER)).ref
    before("POST /posts", lambda: sandbox.vanish(PAGE.ref, ref))
    before("PUT /posts/<ref>/status", lambda: sandbox.release(list(sandbox.ledger.living())[-1], PAGE.ref))
    with pytest.raises(Rejected, match="out already") as refused:
        postiz.update(PAGE, ref, {"content": "New"})
    assert refused.value.code == "already_published"
    assert len(sandbox.ledger.living()) == 2


def test_a_post_that_the_hub_wrote_to_stays_the_hubs(postiz, sandbox, ref):
    for act in (ACTS["update"], ACTS["replace"], ACTS["resume"], WRITES["hold"], ACTS["update"]):
        assert act(postiz, ref).ref == ref
    assert postiz.look(PAGE, ref).content_key == outgoing(data=OTHER).content_key
    assert list(sandbox.ledger.living()) == [ref]


def test_a_note_from_before_it_named_its_post_is_the_hubs():
    assert Note.model_validate({"copy": "x", "type": "draft", "image": {"id": "1"}}).of == ""


# What is about to go out is not written to: what that could make would be out before it is undone.


@pytest.mark.parametrize("act", [ACTS["update"], ACTS["replace"]], ids=["update", "replace"])
@pytest.mark.parametrize("ahead", [{"seconds": 40}, {"seconds": -1}, {"hours": -3}], ids=["soon", "due", "stuck"])
def test_what_is_about_to_go_out_is_not_written_to(postiz, sandbox, act, ahead):
    sandbox.stuck = True
    ref = postiz.publish(PAGE, outgoing(at=LATER)).ref
    at = (datetime.now(UTC) + timedelta(**ahead)).isoformat()
    sandbox.ledger.add(What.CHANGED, ref, PAGE.ref, publishDate=at)
    sandbox.reset_requests()
    with pytest.raises(RetryLater, match="or about to"):
        act(postiz, ref)
    assert {one.method for one in sandbox.requests} == {"GET"}
    sandbox.ledger.add(What.CHANGED, ref, PAGE.ref, publishDate=(datetime.now(UTC) + timedelta(minutes=2)).isoformat())
    act(postiz, ref)


def test_what_postiz_gave_up_is_not_written_to(postiz, sandbox):
    ref = postiz.publish(PAGE, outgoing(at=LATER)).ref
    sandbox.ledger.add(What.CHANGED, ref, PAGE.ref, state="ERROR")
    for act in (ACTS["update"], ACTS["replace"]):
        with pytest.raises(Rejected, match="gave this post up"):
            act(postiz, ref)


def test_a_time_within_the_minute_is_put_off_and_a_later_one_kept(postiz):
    ref = postiz.publish(PAGE, outgoing(at=LATER)).ref
    postiz.hold(PAGE, ref)
    kept = in_ms(minutes=2)
    postiz.resume(PAGE, ref, kept)
    assert postiz.look(PAGE, ref).publish_at == kept
    postiz.hold(PAGE, ref)
    postiz.resume(PAGE, ref, in_ms(seconds=30))
    assert in_ms(minutes=4) < postiz.look(PAGE, ref).publish_at < in_ms(minutes=6)
