"""Plays one seed upon one connector, from an empty channel to quiet, and says how it ended."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import sys
import tempfile
import time
import traceback
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import httpx
import pytest
import structlog

from connectors.sdk.errors import ConnectorError
from hub.clock import DAY, HOUR, MINUTE
from hub.errors import HubError
from tests.faults.channels.acts import Acts
from tests.faults.channels.oracle import Oracle
from tests.faults.channels.plan import plan_of
from tests.faults.channels.stage import LEASE_MS, Stage, Template, watched_commits
from tests.faults.model.planted import PLANTED as OF_THE_MODEL
from tests.faults.model.remote import Killed
from tests.faults.process.lane import HARNESS_ERRORS as OF_A_LANE
from tests.faults.process.planted import PLANTED as OF_THE_PROCESS

PLANTED = {**OF_THE_MODEL, **OF_THE_PROCESS}
HARNESS_ERRORS = (*OF_A_LANE, Killed, AssertionError, RuntimeError, HubError, ConnectorError, httpx.HTTPError)
_template = {}


@dataclass
class Result:
    """How one run ended."""

    connector: str
    seed: int
    outcome: str = "held"  # held | violated | never fired | no verdict
    detail: str = ""
    fired: list = field(default_factory=list)
    asked: str = ""  # the code of what a person was asked in the end
    steps: list = field(default_factory=list)
    calls: int = 0
    seconds: float = 0.0
    trace: str = ""

    def packed(self):
        return asdict(self)


def template():
    """Return this process's template, made when it is first needed."""
    if os.getpid() not in _template:
        _template.clear()
        folder = tempfile.TemporaryDirectory(
            prefix="damhub-channels-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        )
        _template[os.getpid()] = (folder, Template(Path(folder.name)))
    return _template[os.getpid()][1]


@contextmanager
def silence():
    """Let a run's hub write no log: what it would say is what the faults are for."""
    before, disabled = structlog.get_config(), logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        logging.disable(disabled)
        structlog.configure(**before)


def play(connector, seed, bug="", *, calm=False, plan=None):
    """Play one seed, or a plan that once was one; a harness that fails itself comes to no verdict."""
    result, began = Result(connector, seed), time.process_time()
    with ExitStack() as stack:
        stack.enter_context(silence())
        try:
            home = template().restore()
            if bug:
                PLANTED[bug](stack.enter_context(pytest.MonkeyPatch.context()))
            plan = plan or plan_of(seed, connector)
            _play(stack, home, replace(plan, faults=()) if calm else plan, result)
        except HARNESS_ERRORS as failed:
            result.outcome = "no verdict"
            result.detail = f"{type(failed).__name__}: {failed}"
            traceback.print_exc(file=sys.stderr)
    result.seconds = round(time.process_time() - began, 3)
    return result


def _play(stack, home, plan, result):
    stage = Stage(stack, home, result.connector, plan)
    stage.connect()
    acts = Acts(stage)
    oracle = Oracle(stage, acts)
    acts.subscribe()
    result.steps = [name for name, _ in plan.steps]
    with watched_commits(stage), oracle.watching():
        acts.play()
        calls = quiet(stage, acts)
    result.asked = oracle.end(calls)
    result.fired, result.calls = stage.all_fired(), len(stage.wire.calls)
    result.trace = trace(stage)
    if oracle.found:
        result.outcome, result.detail = "violated", "; ".join(dict.fromkeys(oracle.found))
    elif not result.fired:
        result.outcome = "never fired"


def quiet(stage, acts):
    """Lift all faults, let people cure what they can, and let time pass until nothing is due; return the calls."""
    stage.lift()
    acts.test()
    before = len(stage.wire.calls)
    stage.pass_time(LEASE_MS + MINUTE, 1)
    if acts.wish.at:
        stage.pass_time(max(0, acts.wish.at - stage.clock.now()) + MINUTE, 3)
    stage.pass_time(DAY + HOUR, 4)  # where a channel tells nothing, what people do there is seen within a day
    for _ in range(60):
        stage.work()
        due = stage.next_due()
        if due is None or due > stage.clock.now() + 10 * MINUTE:
            return len(stage.wire.calls) - before
        stage.clock.advance(max(1, due - stage.clock.now()))
    return 10_000


NAMES = re.compile(r"dh[a-z0-9]{6}-[a-z0-9]{20}|[0-9A-Fa-f-]{8,}|[0-9]+")
"""What is made up anew in each run: markers, ids, times."""


def trace(stage):
    """Return what tells this course of events from others: calls with all names struck out, steps and faults."""
    calls = [NAMES.sub("#", one) for one in stage.wire.calls]
    return hashlib.sha256("\n".join([*calls, *stage.course, *stage.all_fired()]).encode()).hexdigest()[:12]
