"""Parts of the demo: its port, its settings, what counts as a proof, how it is asked for."""

from __future__ import annotations

import dataclasses
import socket
import threading
from types import SimpleNamespace

import pytest

from hub.app.commands import toolbox
from hub.app.demo import real
from hub.app.demo.ports import HOST, Claim
from hub.app.demo.proofs import Promise, Prover, read_back
from hub.app.demo.screen import Ended, Screen
from hub.app.demo.stage import values
from hub.cli.app import run
from hub.cli.toolbox import DemoWish
from hub.errors import Invalid, Unavailable
from hub.placements.findings import Claim as Said
from hub.placements.ports import Viewed
from hub.placements.views import EvidenceView
from hub.settings import Settings
from tests.services import free_ports

ADDRESS = "http://127.0.0.1:1/lake.jpg"


# Its port


def test_a_taken_port_is_passed_over_and_no_two_demos_get_the_same():
    first = free_ports(3)
    with socket.create_server((HOST, first)):
        one, two = Claim(first), Claim(first)
    assert (one.port, two.port) == (first + 1, first + 2)
    one.release()
    two.release()


def test_a_server_may_listen_on_a_claimed_port_and_then_nobody_else_gets_it():
    claim = Claim(free_ports(2))
    with socket.create_server((HOST, claim.port)):  # asks with SO_REUSEADDR, as gunicorn does
        other = Claim(claim.port)
        assert other.port > claim.port
        claim.release()
        other.release()


def test_when_every_port_is_taken_it_is_told(monkeypatch):
    monkeypatch.setattr("hub.app.demo.ports.TRIES", 1)
    with socket.create_server((HOST, 0)) as taken, pytest.raises(Unavailable) as told:
        Claim(taken.getsockname()[1])
    assert told.value.code == "no_port_free"


# Its settings


def test_no_setting_is_left_to_the_environment_or_file_of_a_real_hub(tmp_path):
    assert set(values(tmp_path, 1, [])) | {"s3"} == set(Settings.model_fields)


# Proofs


def proof(claim="withdrawn", level="seen", *, current=True, version_id=None):
    look = {"how": "get", "ref": ADDRESS, "answer": "404", "hash": "", "at": 1}
    return EvidenceView("e1", claim, level, 1_790_000_000_000, "system", "", version_id, current, (look,))


class Remote:
    """A vendor whose truth is set by hand."""

    title, agrees = "WordPress", "its ledger agrees"

    def __init__(self, shown=(), status=404):
        self._shown, self._status = list(shown), status

    def shown(self, _marker):
        return self._shown

    def visit(self, _url):
        return Viewed(self._status)


class Rooms:
    """A hub that claims what it is told to claim."""

    def __init__(self, *proofs):
        self.placements = self.media = self.database = self.catalogue = self
        self.proofs = list(proofs)
        self.versions = [SimpleNamespace(id="v1", number=1)]

    def evidence(self, _actor, _copy):
        return self.proofs, []

    def copy(self, _actor, _copy):
        return SimpleNamespace(phase="working", problem="")

    def view(self, _actor, _asset):
        return self

    def read(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def rendition(self, _session, version_id, _preset):
        return SimpleNamespace(sha256="right") if version_id == "v1" else None


COPY = SimpleNamespace(id="c1", marker="dh-1", asset_id="a1")


def judged(capsys, remote, *proofs, claim=Said.WITHDRAWN):
    """Wait for one promise, print the account; return the verdict and what was printed."""
    prover = Prover(Rooms(*proofs), Screen(threading.Event()), patience_s=0)
    promised = prover.promise(Promise(remote, COPY, "lake.jpg", claim))
    prover.wait("Waiting", promised, lambda promise: f"{promise.name} is done")
    verdict = prover.account()
    return verdict, capsys.readouterr().out


def test_a_proof_that_the_remote_does_not_contradict_counts(capsys):
    verdict, printed = judged(capsys, Remote(), proof())
    assert verdict
    assert "lake.jpg is done, seen by an anonymous visitor" in printed
    assert "All 1 proofs are there" in printed


@pytest.mark.parametrize(
    ("remote", "objection"),
    [(Remote(["right"]), "still has it"), (Remote(status=200), "1 addresses still answer")],
)
def test_a_withdrawal_that_the_remote_contradicts_counts_as_missing(capsys, remote, objection):
    verdict, printed = judged(capsys, remote, proof())
    assert not verdict
    assert f"the hub says nowhere any more, but WordPress {objection}" in printed
    assert "Missing:\n  lake.jpg in WordPress: nowhere any more" in printed


@pytest.mark.parametrize(
    ("shown", "objection"),
    [(["wrong"], "shows other bytes"), ([], "has 0 copies"), (["right", "right"], "has 2 copies")],
)
def test_a_copy_that_shows_something_else_in_truth_counts_as_missing(capsys, shown, objection):
    claim = proof("in_place", version_id="v1")
    assert judged(capsys, Remote(["right"]), claim, claim=Said.IN_PLACE)[0]
    verdict, printed = judged(capsys, Remote(shown), claim, claim=Said.IN_PLACE)
    assert not verdict
    assert objection in printed


@pytest.mark.parametrize(
    "other",
    [
        proof(level="said"), proof(level="attested"), proof(current=False), proof("gone"),
    ],
)  # fmt: skip
def test_what_was_only_said_or_is_outdated_proves_nothing(capsys, other):
    verdict, printed = judged(capsys, Remote(), other)
    assert not verdict
    assert "Not proven in time: lake.jpg in WordPress, nowhere any more (working" in printed
    assert "missing" in printed


def test_evidence_of_another_version_proves_nothing(capsys):
    other = proof("in_place", version_id="v2")
    assert not judged(capsys, Remote(["right"]), other, claim=Said.IN_PLACE)[0]


def test_a_proof_that_cannot_be_read_back_at_the_end_is_missing(capsys):
    rooms = Rooms(proof())
    prover = Prover(rooms, Screen(threading.Event()), patience_s=0)
    prover.wait("Waiting", prover.promise(Promise(Remote(), COPY, "lake.jpg", Said.WITHDRAWN)), lambda _: "done")
    rooms.proofs.clear()
    assert not prover.account()
    capsys.readouterr()


def test_what_must_never_be_makes_it_fail(capsys):
    prover = Prover(Rooms(), Screen(threading.Event()), patience_s=0)
    prover.refute([], "nothing")
    assert prover.account()
    prover.refute(["WordPress"], "It left before it was approved")
    assert not prover.account()
    assert "  It left before it was approved" in capsys.readouterr().out


def test_looks_are_told_in_words():
    looks = tuple({"how": how, "ref": "r", "answer": answer, "hash": "", "at": 1} for how, answer in
                  (("find", "1 found"), ("look", "gone"), ("look", "there"), ("get", "200"), ("get", "200"),
                   ("get", "410"), ("get", "no answer")))  # fmt: skip
    told = read_back(dataclasses.replace(proof(), looks=looks))
    assert told == "there; 2 addresses open; 1 address dead; 1 address answer no answer"
    assert read_back(dataclasses.replace(proof(), looks=())) == "not found"


# Its screen


def test_every_line_and_every_wait_is_a_moment_to_end_at(capsys):
    stop = threading.Event()
    screen = Screen(stop)
    assert not screen.until("Waiting", lambda: False, within_s=0)
    stop.set()
    for act in (
        lambda: screen.tell("Something"),
        lambda: screen.chapter("Something"),
        lambda: screen.until("Waiting", lambda: False, within_s=60),
    ):
        with pytest.raises(Ended):
            act()
    screen.last_words("The \x1b[2J end")
    assert capsys.readouterr().out.splitlines()[-1] == "The  [2J end"


# How it is asked for


def asked(*arguments, code=0):
    heard = []
    tools = dataclasses.replace(toolbox(), demo=lambda wish: heard.append(wish) or code)
    return run(tools, ["demo", *arguments]), heard


def test_wishes_and_exit_codes_are_passed_on():
    assert asked() == (0, [DemoWish(once=False)])
    assert asked("--once", "--real", "wordpress", code=1) == (1, [DemoWish(once=True, real=("wordpress",))])


def test_a_real_server_that_is_not_known_is_refused_and_a_missing_checkout_is_named(monkeypatch, tmp_path):
    with pytest.raises(Invalid) as told:
        real.refuse_unknown(("trello",))
    assert told.value.code == "no_real_server"
    real.refuse_unknown(("wordpress",))
    monkeypatch.setattr(real, "SCRIPT", tmp_path / "wordpress.sh")
    with pytest.raises(Unavailable) as told:
        real.refuse_unknown(("wordpress",))
    assert told.value.code == "checkout_needed"
