"""What people do, here and in the channel, as a seed drew it; and what should be true after it."""

from __future__ import annotations

import errno
import random
from dataclasses import dataclass, field, replace
from unittest.mock import patch

import hub.storage.folder
from connectors.testing import hooks
from connectors.testing.hooks import HookFault
from hub.clock import DAY, HOUR, MINUTE
from hub.errors import HubError
from tests.faults.channels.plan import LASTING, NEWS, rule_of, snag_of
from tests.faults.channels.stage import SMALL
from tests.unit.intake.house import picture

SOON = 20 * MINUTE


@dataclass
class Wish:
    """What should be true of the channel, as somebody who knows the people's acts would say."""

    number: int = 0  # of the picture that was approved last
    words: str = "Lake 0"
    wanted: bool = False
    over: bool = False  # recalled or deleted: for good
    ends_at: int | None = None
    at: int | None = None  # when it is to go out
    edited_there: bool = False
    removed_there: bool = False
    bodies: list = field(default_factory=lambda: [0])  # the picture of each version
    approved: set = field(default_factory=lambda: {0})  # what may have been sent so far

    def may_show(self, now):
        return self.wanted and not self.over and (self.ends_at is None or now < self.ends_at)


class Acts:
    """Carries out the steps of a plan."""

    def __init__(self, stage):
        self.stage, self.wish = stage, Wish()
        self.copies, self.markers = [], []
        self.pending, self.later = [], False
        self.asset_id = stage.first_asset()
        manifest = stage.manifest
        self.hears = manifest.inbound is not None

    # A history

    def play(self):
        for at, (name, number) in enumerate(self.stage.plan.steps):
            self._cure()
            for armed in self.stage.plan.faults:
                if armed.step == at:
                    self._arm(armed)
            self.stage.course.append(name)
            self.stage.unlock()  # whoever holds the database for long is the workers' trouble, not people's
            try:
                getattr(self, f"_{name}")(random.Random(number))
            except HubError as refused:
                self.stage.course.append(f"refused: {refused.code}")
            self.stage.work()
            self.stage.pass_time(MINUTE, 1)

    def _arm(self, armed):
        stage = self.stage
        if (rule := rule_of(armed)) is not None:
            stage.sandbox.faults.add(rule)
            stage.rules.append((armed.kind, stage.sandbox.faults._rules[-1]))
        elif (snag := snag_of(armed)) is not None:
            stage.wire.snags.append(snag)
        elif armed.kind.startswith("killed"):
            stage.arm_commit(armed.kind, armed.number % 6)
        elif armed.kind == "database locked":
            stage.arm_lock(armed.skip)
        else:
            self.pending.append(armed)
            if armed.kind == "clock jumps":
                self._jump(armed)

    def _take(self, *kinds):
        """Return the fault of one of these kinds that is armed, and use it up."""
        for armed in self.pending:
            if armed.kind in kinds:
                self.pending.remove(armed)
                self.stage.fired.append(armed.kind)
                return armed.kind
        return None

    def _jump(self, armed):
        by = (HOUR, -HOUR, DAY, -10 * MINUTE)[armed.number % 4]
        self._take("clock jumps")
        self.stage.clock.advance(by)

    def _cure(self):
        """What lasts is put right before the next step, by somebody there or here."""
        stage = self.stage
        lasting = {kind for kind, rule in stage.rules if kind in LASTING}
        if not lasting:
            return
        stage.sandbox.faults.clear()
        stage.note_rules()
        stage.rules[:] = []
        if "token refused" in lasting:
            self.test()

    def test(self):
        """A person asks whether the connection is well."""
        try:
            self.stage.rooms.connections.test(self.stage.ada, self.stage.connection.id)
        except HubError as refused:
            self.stage.course.append(f"refused: {refused.code}")

    # Here

    def _publish(self, chance):
        stage = self.stage
        at = stage.clock.now() // 1000 * 1000 + DAY if stage.plan.scheduled else None
        self.wish.wanted, self.wish.at = True, at
        self._know(stage.place(self.asset_id, **({"publish_at": at} if at else {})))

    def _know(self, copy):
        if copy not in self.copies:
            self.copies.append(copy)
            self.markers.append(self.stage.copy(copy).marker)

    def _version(self, chance, *, approve=True):
        stage, number = self.stage, len(self.wish.bodies)
        data = picture(number, SMALL)
        self.wish.bodies.append(number)
        if self._take("disk full"):
            self._upload_to_full_disk(data)
        try:
            stage.version(self.asset_id, data)
        except HubError:
            self.wish.bodies.remove(number)  # a deleted asset gets no version
            raise
        if approve:
            # From now on: a decision taken before is still sent.
            self.wish.approved.add(number)
            stage.approve(self.asset_id)
            self.wish.number = number

    def _upload_to_full_disk(self, data):
        def pour(stream, file, **_):
            file.write(stream.read(100))
            raise OSError(errno.ENOSPC, "No space left on device")

        with patch.object(hub.storage.folder, "pour", pour):
            try:
                self.stage.version(self.asset_id, data)
            except (OSError, HubError):
                return
        raise AssertionError("an upload to a full disk was answered with success")

    def _unapproved(self, chance):
        self._version(chance, approve=False)

    def _edit(self, chance):
        self.wish.words = f"Evening {chance.randrange(1000)}"
        self.stage.rooms.catalogue.edit(
            self.stage.ada, self.asset_id, dict.fromkeys(("title", "description", "alt_text"), self.wish.words)
        )

    def _rights_end(self, chance):
        ends = self.stage.clock.now() + SOON
        self._rights_back(chance)
        self.stage.rooms.rights.add_term(self.stage.ada, self.asset_id, source="licence", effect="allow", until_at=ends)
        self.wish.ends_at = ends
        self.stage.work()
        self.stage.pass_time(SOON + MINUTE, 1)

    def _rights_back(self, chance):
        rooms, ada = self.stage.rooms, self.stage.ada
        for term in rooms.rights.terms(ada, self.asset_id):
            if term.lifted_at is None and term.source == "licence":
                rooms.rights.lift_term(ada, term.id)
        self.wish.ends_at = None

    def _take_back(self, chance):
        self.stage.rooms.placements.take_back(self.stage.ada, self.copies[-1])
        self.wish.wanted = False

    def _want(self, chance):
        self._know(self.stage.place(self.asset_id))
        self.wish.wanted = True

    def _recall(self, chance):
        self.stage.rooms.placements.recall(self.stage.ada, self.asset_id, "The licence was bought for another country.")
        self.wish.over = True

    def _delete(self, chance):
        self.stage.rooms.catalogue.delete(self.stage.ada, self.asset_id)
        self.wish.over = True

    def _hours(self, chance):
        self.stage.pass_time(chance.choice((HOUR, 5 * HOUR)), 2)

    # In the channel

    def standing(self):
        """Return what stands there in truth under a marker of ours."""
        ref = self.stage.target.ref
        return [one for one in self.stage.sandbox.copies(ref) if one.marker in self.markers]

    def _hand_edit(self, chance):
        sandbox = self.stage.sandbox
        for one in [one for one in self.standing() if one.fields][:1]:
            name = chance.choice(sandbox.text_fields)
            sandbox.edit(self.stage.target.ref, one.ref, {name: f"Somebody's words {chance.randrange(1000)}"})
            self.wish.edited_there = True
            self._news(one.ref)

    def _hand_delete(self, chance):
        for one in self.standing()[:1]:
            self.stage.sandbox.vanish(self.stage.target.ref, one.ref)
            self.wish.removed_there = True
            self._news(one.ref)

    def _use(self, chance):
        for one in self.standing()[:1]:
            self.stage.sandbox.use(self.stage.target.ref, one.ref)

    def marker_of(self, copy):
        """Return a copy's marker."""
        return self.markers[self.copies.index(copy)]

    # What the channel tells

    def subscribe(self):
        """Have the vendor tell, where it does."""
        if not self.hears:
            return
        made = self.stage.rooms.connections.subscribe(self.stage.ada, self.stage.target.id)
        self.stage.subscription = made
        if made.secret is not None and hasattr(self.stage.sandbox, "hook_secret"):
            self.stage.sandbox.hook_secret = made.secret  # a person carries it over

    def _news(self, ref):
        """Send what the vendor sends of a change by hand: lost, twice, late, or forged beside it, if that is armed."""
        stage = self.stage
        if not self.hears:
            return
        box, fault = stage.sandbox.outbox, self._take(*NEWS)
        if not box._due and (made := self._made(ref)) is not None:
            box.add(made)
        due, box._due = box._due, []
        if not due:
            if fault:
                stage.fired.remove(fault)  # there was nothing to spoil
            return
        if fault == "webhook forged":
            self._forge(due[0])
        if fault == "webhooks reordered":
            box.fault = HookFault.HOLD
            for one in due:
                box.add(one)
            box.fault = HookFault.NONE
            self.later = True
            return
        box._due = {"webhook lost": [], "webhook doubled": [*due, *due]}.get(fault, due)
        if self.later:
            box.release()
        box.flush()

    def _made(self, ref):
        """Return a vendor's webhook about a copy, to the address that this hub gave it."""
        stage = self.stage
        said = stage.sandbox.delivery(target=stage.target.ref, ref=ref)
        if said is None or stage.subscription is None:
            return None
        return replace(said, url=stage.subscription.callback_url)

    def _forge(self, like):
        """Send the same with its proof turned round."""
        proofs = ("sign", "token", "trello-webhook", "authorization")
        headers = {
            name: value[::-1] if any(word in name.lower() for word in proofs) else value
            for name, value in like.headers.items()
        }
        self.stage.forged.append((like.signed, hooks.post(replace(like, headers=headers))))
