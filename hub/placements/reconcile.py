"""The reconciler: takes rows that are due and brings each to what should be true, one recorded step at a time.

A worker may be killed at any point. What it had leased is taken over when the lease ends; what it had sent without
recording an answer is then unsure, and is looked for before anything is written again.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from connectors.sdk.errors import BadAnswer, ConnectorError, OutcomeUnknown, RetryLater, Unreachable
from connectors.sdk.manifest import Carries
from connectors.sdk.types import JsonValue, PartKind, Receipt
from hub.clock import HOUR, MINUTE, SECOND, Clock
from hub.connections.problems import WAYLESS
from hub.db.unit import Database
from hub.errors import HubError, NotFound
from hub.placements import answers, calls, facts, ledger
from hub.placements.desired import Want
from hub.placements.due import backoff
from hub.placements.faultpoints import reach, under_way
from hub.placements.ledger import Account, Surroundings, block, earliest, is_audit_due, known, open_account, store_phase
from hub.placements.looks import Looks, read_back
from hub.placements.models import Attempt, Placement
from hub.placements.observe import record_looks
from hub.placements.phase import DISPUTED, RESTING, Phase
from hub.placements.ports import Speaker, Switchboard, Viewer
from hub.placements.seats import Seats
from hub.placements.settle import settle_if_over
from hub.placements.steps import Block, ReadBack, Rest, Send, Step, next_step
from hub.placements.taking import Taking
from hub.placements.unsure import resolve

LEASE_MS: Final = 3 * MINUTE
NO_WAY_MS: Final = HOUR
"""Where no connection leads to a copy that rests, it is asked for again so often; news of one wakes it at once."""
MAX_STEPS: Final = 16
DEFECTS: Final = (HubError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError, OSError)
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Visit:
    """What one worker knows of one row while it works on it; forgotten afterwards."""

    owner: str
    generation: int = -1
    looked: bool = False
    sent: set[Send] = field(default_factory=set[Send])
    push: dict[str, JsonValue] | None = None  # what the last look says is ours to set
    doubtful: bool = False  # the remote just said that what we wrote to is missing


@dataclass(frozen=True, slots=True)
class Order:
    """A step that was decided and written down, ready to be carried out without any unit open."""

    step: Step
    account: Account
    attempt: Attempt | None
    last_attempt: str
    generation: int


class Reconciler:
    """Brings rows to what should be true."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        switchboard: Switchboard,
        *,
        viewer: Viewer,
        around: Surroundings,
        opener: Callable[[str], IO[bytes]],
        chance: random.Random,
        lease_ms: int = LEASE_MS,
    ) -> None:
        """Wire the reconciler; `opener` gives a fresh stream for a hash, `chance` spreads retries."""
        self._database, self._clock = database, clock
        self._switchboard, self._viewer = switchboard, viewer
        self._around, self._opener = around, opener
        self._chance, self._lease_ms = chance, lease_ms
        self._seats = Seats(clock)
        self._taking = Taking(database, clock, self._seats, lease_ms)

    def drain(self, owner: str, *, spare: bool = False) -> int:
        """Work on what is due, recalls first; return how many rows were worked on. A spare one waits until needed."""
        batch = self._taking.take(owner, spare=spare)
        if batch is None:
            return 0
        begun = 0
        try:
            for placement_id in batch.placement_ids:
                if not self._seats.goes_on(batch.seat) and begun:
                    break
                begun += 1
                self.work(placement_id, owner)
        except Exception:  # whatever it is, it is this row's: the others wait for no lease to end
            self._taking.give_back(batch.placement_ids[begun:], owner)
            raise
        finally:
            self._seats.stand_up(batch.seat)
        self._taking.give_back(batch.placement_ids[begun:], owner)
        return begun

    def work(self, placement_id: str, owner: str) -> None:
        """Work on one row that `owner` has leased until nothing can be done for now."""
        with self._database.read() as session:
            row = session.get_one(Placement, placement_id)
            place = facts.place_of(session, row.target_id)
            urgent, resting = row.urgent, row.phase in RESTING
        try:
            checking = resting and not urgent and self._only_checks(placement_id, owner)
            speaker = self._switchboard.speak(place.remote_id, urgent=urgent, checking=checking)
        except ConnectorError as error:
            self._speechless(placement_id, owner, error)
            return
        visit = Visit(owner)
        for _ in range(MAX_STEPS):
            order = self._decide(placement_id, visit)
            if order is None or not self._carry_out(order, speaker, visit):
                return
        self._release(placement_id, owner)

    def _only_checks(self, placement_id: str, owner: str) -> bool:
        """Tell whether a row that rests has nothing to be done but a look, as the facts are at this instant."""
        with self._database.unit() as session, suppress(NotFound):  # not installed any more: said when it is to speak
            row = self._leased(session, placement_id, owner)
            return row is not None and self._account(session, row).row.phase in RESTING
        return False

    def _hold(self, row: Placement, *, asked: bool = False) -> None:
        """Lease a row on; a killed worker's row is due again when its lease ends, or as it was asked meanwhile."""
        until = self._clock.now() + self._lease_ms
        row.lease_until = until
        if not asked:
            row.due_at = until

    @contextmanager
    def _kept(self, placement_id: str, owner: str) -> Generator[None]:
        """Lease a row on for as long as a call takes: a large upload is not taken for a dead worker's."""
        answered = threading.Event()

        def keep() -> None:
            while not answered.wait(self._lease_ms / 3 / SECOND):
                try:
                    with self._database.unit() as session:
                        row = self._leased(session, placement_id, owner)
                        if row is None:
                            return
                        self._hold(row, asked=row.due_at != row.lease_until)
                except (SQLAlchemyError, HubError) as error:  # tried again before the lease ends
                    log.warning("lease_not_kept", placement=placement_id, error=type(error).__name__)

        keeper = threading.Thread(target=keep, name="lease", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            answered.set()
            keeper.join()

    def _leased(self, session: Session, placement_id: str, owner: str) -> Placement | None:
        """Return the locked row while it is still ours."""
        row = session.get(Placement, placement_id, with_for_update=True, populate_existing=True)
        return row if row is not None and row.lease_owner == owner and row.settled_at is None else None

    def _account(self, session: Session, row: Placement) -> Account:
        return open_account(session, row, self._switchboard, self._around, self._clock.now())

    def _decide(self, placement_id: str, visit: Visit) -> Order | None:
        """Decide the next step from the facts of this instant and write the intent down, all in one unit."""
        with self._database.unit() as session:
            row = self._leased(session, placement_id, visit.owner)
            if row is None:
                return None
            asked = row.due_at != row.lease_until  # something happened while we worked
            account = self._account(session, row)
            step = self._step(session, account, visit)
            attempt = None
            match step:
                case Send():
                    attempt = answers.intend(session, account, step, self._clock.now())
                    visit.sent.add(step)
                    visit.looked = False
                case ReadBack():
                    pass
                case Block():
                    block(session, account, step.code, step.what)
                    self._let_go(session, account, asked=asked)
                case Rest():
                    self._let_go(session, account, until=step.until, asked=asked)
            if isinstance(step, Send | ReadBack):
                self._hold(row)
            store_phase(account)
            order = Order(step, account, attempt, account.last_attempt, row.desired_generation)
            if attempt is not None:
                session.flush()
                reach("intent_not_committed")
        return order if isinstance(step, Send | ReadBack) else None

    def _step(self, session: Session, account: Account, visit: Visit) -> Step:
        row, now = account.row, self._clock.now()
        if row.blocked and row.problem_code in WAYLESS | {"no_such_connector"}:
            ledger.clear_problem(row)  # there is a way: we are on it
        if visit.generation != row.desired_generation:
            visit.generation, visit.looked, visit.push = row.desired_generation, False, None
        if row.blocked and (visit.looked or row.problem_code not in DISPUTED):
            return Rest()
        if (row.blocked or visit.doubtful) and not visit.looked:
            return ReadBack()
        audit, writes = is_audit_due(session, account, now), ledger.may_write_there(session, account)
        step = next_step(known(account, now=now, may_write=writes, looked_now=visit.looked, audit_due=audit))
        if isinstance(step, Send) and step in visit.sent:
            return Rest()  # answered "done" and still not so: not again at once
        return step

    def _carry_out(self, order: Order, speaker: Speaker, visit: Visit) -> bool:
        """Carry an order out, without any unit open; return whether to go on with this row now."""
        if order.attempt is None:
            return self._read_back(order, speaker, visit)
        return self._send(order, order.attempt, speaker, visit)

    def _send(self, order: Order, attempt: Attempt, speaker: Speaker, visit: Visit) -> bool:
        account = order.account
        if not isinstance(order.step, Send):
            raise TypeError("only a step that sends has an attempt")
        reach("committed_not_sent")
        receipt: Receipt | None = None
        failure: ConnectorError | None = None
        try:
            with self._kept(account.row.id, visit.owner), under_way():
                receipt = calls.perform(
                    speaker.connector, order.step, account, calls.target_of(account), push=visit.push,
                    opener=self._opener, kept=str(attempt.detail.get("kept", "")), keep=partial(self._note, attempt.id),
                )  # fmt: skip
        except ConnectorError as error:
            failure = error
        except DEFECTS as error:
            # Whether the remote carried the write out before this is not known. No traceback: its values hold secrets.
            log.warning("connector_failed", connector=account.place.connector, op=order.step.op, error=repr(error))
            failure = OutcomeUnknown("The connector failed while it wrote. What came of it is looked up.")
        reach("answered_not_recorded")
        self._switchboard.report(account.place.remote_id, failure)
        goes_on = self._record(account.row.id, attempt.id, receipt, failure, visit)
        reach("recorded_not_acknowledged")
        return goes_on

    def _note(self, attempt_id: str, note: str) -> None:
        """Write down how far a write is; it survives whatever comes next."""
        with self._database.unit() as session:
            attempt = session.get_one(Attempt, attempt_id, with_for_update=True, populate_existing=True)
            attempt.detail = {**attempt.detail, "kept": note}

    def _record(
        self, placement_id: str, attempt_id: str, receipt: Receipt | None, failure: ConnectorError | None, visit: Visit
    ) -> bool:
        now = self._clock.now()
        with self._database.unit() as session:
            row = session.get_one(Placement, placement_id, with_for_update=True, populate_existing=True)
            account = self._account(session, row)
            attempt = next(each for each in account.attempts if each.id == attempt_id)
            if row.lease_owner != visit.owner:
                answers.record_late(session, account, attempt, receipt, now)
                store_phase(account)
                return False
            if failure is None:
                answers.record_done(session, account, attempt, receipt, now)
                store_phase(account)
                return True
            before = row.due_at
            answers.record_failure(session, account, attempt, failure, at=now, chance=self._chance)
            visit.doubtful = attempt.outcome == "refused" and not row.blocked
            if not visit.doubtful:
                until = row.due_at if row.due_at != before else None
                self._let_go(session, account, until=until, asked=before != row.lease_until, failed=True)
            store_phase(account)
            return visit.doubtful

    def _read_back(self, order: Order, speaker: Speaker, visit: Visit) -> bool:
        account = order.account
        try:
            with self._kept(account.row.id, visit.owner):
                looks = self._look(account, speaker)
        except ConnectorError as error:
            self._switchboard.report(account.place.remote_id, error)
            self._blind(account.row.id, visit.owner, error)
            return False
        except DEFECTS as error:
            log.warning("connector_failed", connector=account.place.connector, op="look", error=repr(error))
            failed = Unreachable("The connector failed while it looked. The hub looks again.", code="connector_failed")
            self._blind(account.row.id, visit.owner, failed)
            return False
        self._switchboard.report(account.place.remote_id, None)
        with self._database.unit() as session:
            row = self._leased(session, account.row.id, visit.owner)
            if row is None:
                return False
            fresh = self._account(session, row)
            if not still_counts(order, fresh):
                return True
            resolve(fresh, looks)
            comparison = record_looks(session, fresh, looks, at=self._clock.now())
            visit.looked, visit.doubtful, visit.push = True, False, comparison.push
            store_phase(fresh)
        return True

    def _look(self, account: Account, speaker: Speaker) -> Looks:
        addresses = [part.external_ref for part in account.parts if part.kind == PartKind.PUBLIC_URL.value]
        if account.manifest.carries is Carries.LINK and account.media():
            addresses.append(account.link)
        return read_back(
            speaker, calls.target_of(account), account.row.marker,
            refs=[part.external_ref for part in account.media()], addresses=addresses,
            search=True, viewer=self._viewer, clock=self._clock,
        )  # fmt: skip

    def _speechless(self, placement_id: str, owner: str, error: ConnectorError) -> None:
        """There is no way to the remote: rows with work to do say so, the others stay what they were."""
        with self._database.unit() as session:
            row = self._leased(session, placement_id, owner)
            if row is None:
                return
            asked = row.due_at != row.lease_until
            try:
                account = self._account(session, row)
            except NotFound as unknown:  # the connector is not installed any more: not even what should be is known
                row.blocked, row.phase = True, Phase.BLOCKED.value
                if row.problem_code != ledger.REMOVED_THERE:
                    row.problem_code, row.problem = unknown.code, f"{unknown.what} {unknown.next_step}"
                row.lease_owner = row.lease_until = None
                row.due_at = self._clock.now() + HOUR
                return
            self._no_answer(session, account, error, asked=asked)

    def _blind(self, placement_id: str, owner: str, error: ConnectorError) -> None:
        """A look got no answer: nothing was learnt."""
        with self._database.unit() as session:
            row = self._leased(session, placement_id, owner)
            if row is None:
                return
            asked = row.due_at != row.lease_until
            self._no_answer(session, self._account(session, row), error, asked=asked)

    def _no_answer(self, session: Session, account: Account, error: ConnectorError, *, asked: bool) -> None:
        row = account.row
        # Called by another word, what somebody removed there would be put there again.
        removed = row.problem_code == ledger.REMOVED_THERE and row.desired != Want.ABSENT
        busy = row.phase not in {Phase.LIVE, Phase.WITHDRAWN, Phase.WAITING, Phase.GONE} and not removed
        later = isinstance(error, RetryLater | BadAnswer) or answers.has_a_way_again(session, account, error)
        if busy and not later:
            block(session, account, error.code, error.message)
        if later:
            reason = Unreachable(error.message) if isinstance(error, BadAnswer) else error
            answers.put_off(account, reason, self._clock.now(), self._chance)
        until = row.due_at if later else None if busy else self._clock.now() + NO_WAY_MS
        self._let_go(session, account, until=until, asked=asked, failed=True)
        store_phase(account)

    def _release(self, placement_id: str, owner: str) -> None:
        """Give a row back that is not done: others have their turn first."""
        with self._database.unit() as session:
            row = self._leased(session, placement_id, owner)
            if row is not None:
                row.lease_owner = row.lease_until = None
                row.due_at = self._clock.now()

    def _let_go(
        self, session: Session, account: Account, *, until: int | None = None, asked: bool = False, failed: bool = False
    ) -> None:
        """End the lease and say when the row is due again."""
        row, now = account.row, self._clock.now()
        store_phase(account)
        settle_if_over(session, account, now)
        store_phase(account)
        row.lease_owner = row.lease_until = None
        next_time = earliest(session, account, now, looks=not failed)
        if until is not None:
            next_time = min(next_time, until)
        elif row.phase in {Phase.WORKING, Phase.PARTIAL}:
            row.attempt += 1
            next_time = min(next_time, now + backoff(row.attempt, self._chance))
        row.due_at = now if asked else max(next_time, now + 1)


def still_counts(order: Order, fresh: Account) -> bool:
    """Tell whether looks prove anything: nothing else was aimed at, or written, since they began."""
    return fresh.last_attempt == order.last_attempt and fresh.row.desired_generation == order.generation
