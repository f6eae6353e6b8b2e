"""The next step towards what should be true: one pure function of what is known. It is asked again after every step.

Replacing bytes at a remote that cannot do it in place is composed of single writes, each safe to stop after:
publish the new copy, repoint the uses of the old one, bring the fields up to date, withdraw the old copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from connectors.sdk.manifest import Capability, Carries, Write
from hub.clock import DAY
from hub.placements.desired import Want
from hub.placements.phase import Observed

MAX_REPEATS: Final = 4
"""A write that was answered "done" this often for one generation, and is still not so, is a person's matter."""
REPEATS_WITHIN: Final = DAY
"""Those before count no more: that somebody changes a copy now and then, for years, is no quarrel."""


class Op(StrEnum):
    """One remote write."""

    PUBLISH = "publish"
    UPDATE = "update"
    REPLACE = "replace"
    REPOINT = "repoint"
    WITHDRAW = "withdraw"
    HOLD = "hold"
    RESUME = "resume"  # also gives what waits another time

    @property
    def ability(self) -> Capability:
        """Return what a remote must be able to do for it."""
        return Capability.HOLD if self is Op.RESUME else Capability(self.value)


TELLS: Final = frozenset({Op.PUBLISH, Op.UPDATE, Op.REPLACE, Op.RESUME})
"""Writes that show an asset, or say something of it, to people there."""


@dataclass(frozen=True, slots=True)
class Send:
    """Write to the remote: one intent, one call."""

    op: Op
    ref: str = ""
    to: str = ""  # repoint: the copy that the uses shall show


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Look at what stands there now."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing can be done before `until` (None: before something changes)."""

    until: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A person must act."""

    code: str
    what: str


Step = Send | ReadBack | Rest | Block

OTHER_BYTES: Final = Block(
    "bytes_exchanged", "Somebody put another file in the place of this copy. Decide which holds."
)
"""While others' bytes stand in the place of a copy."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A copy with our marker that stands at the remote, or may stand there."""

    ref: str
    content_key: str  # which bytes it was made from; empty: not ours any more
    held: bool = False  # it is parked there
    missed: bool = False  # it was seen there, and the last look did not find it, too soon after a write to be believed


@dataclass(frozen=True, slots=True)
class Open:
    """A write whose outcome is not known."""

    op: Op
    write: Write
    since: int
    ref: str = ""
    to: str = ""
    first: int = 0  # when it was begun, the first time
    repeatable_ms: int = 0  # for so long a repeat of the very same write tells what became of the first
    same: bool = False  # it would be the very same write, and is still wanted
    lost: bool = False  # whether it was made at all is not remembered: the hub was restored since


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that the next step depends upon."""

    now: int
    desired: Want
    content_key: str  # of the bytes that should stand there; empty while they are not made
    fields_agree: bool  # the fields there are the ones that should be
    standing: tuple[Standing, ...]
    vanished: bool  # it was seen there once, is not there now, and we did not take it away
    sent: bool  # something was written for this row, ever
    observed: Observed
    looked: bool  # looks since the last write, for the present generation, are on record
    looked_now: bool  # this visit has looked since the last write
    audit_due: bool
    may_write: bool  # false: a copy of the hub, or a restored one, only observes
    carries: Carries
    abilities: frozenset[Capability]
    settles_ms: int
    unreadable: bool = False  # the bytes for this channel can never be made
    missing: tuple[str, ...] = ()  # fields that the channel cannot do without, and that are empty
    unmapped: str = ""  # why what is to be said there cannot be made
    open: Open | None = None
    repointed: frozenset[tuple[str, str]] = frozenset()
    done: Mapping[Send, int] = field(default_factory=dict[Send, int])  # this generation's, answered "done" lately
    nameless: bool = False  # a person saw a copy there whose name the hub was never told, and cannot find
    spent: bool = False  # what a person asked to be published by hand is out already, or was
    other_time: bool = False  # it waits there for another time than the one it should go out at
    failed: bool = False  # the remote gave up what was to go out
    exchanged: bool = False  # others' bytes stand there, and a person is to decide about them
    half_away: str = ""  # a copy that is gone, by a write whose end nobody saw, while an address still shows it
    unconfirmed: Block | None = None  # it stands, and whether that was approved is not remembered
    half_replaced: str = ""  # a copy that shows the right bytes, by such a write, while an address shows earlier ones


def next_step(known: Known) -> Step:
    """Return the next step."""
    if known.open is not None:
        return _find_out(known, known.open)
    match known.desired:
        case Want.ABSENT:
            step = known.unconfirmed or _clear(known)
        case Want.HELD:
            step = _park(known)
        case _:
            step = _unmapped(known) or _ask_about(known) or _show(known)
    if isinstance(step, Send):
        return _allowed(known, step)
    return step


def _find_out(known: Known, attempt: Open) -> Step:
    """Decide how to learn what became of a write. Time alone never decides it."""
    readable = Capability.FIND in known.abilities if attempt.op == Op.PUBLISH else Capability.LOOK in known.abilities
    asks = not readable and _repeat_tells(known, attempt)
    if attempt.lost and not (readable and attempt.write is Write.FINDABLE):
        return _ask_what_stands(known)
    if attempt.write is Write.UNANSWERABLE or not (readable or asks):
        return Block(
            "unanswerable", f"Whether '{attempt.op}' was carried out cannot be asked there. Look yourself, then decide."
        )
    settled = attempt.since + known.settles_ms
    if known.now < settled:
        return Rest(settled)
    if asks:
        return _unmapped(known) or _again(known, attempt) if known.may_write else Rest()
    return ReadBack()


def _ask_what_stands(known: Known) -> Block:
    """Ask whether it was published before the restore, where only people can see it."""
    stays = known.desired in {Want.PRESENT, Want.SUBSTITUTE}
    return Block(
        "unanswerable",
        "The hub was restored from a backup and cannot find out whether this was published here in the meantime, so it "
        "does not do it by itself. Look there. If it is not there, press Try again; if it is, "
        + ("confirm what you see." if stays else "take it away there first."),
    )


def _repeat_tells(known: Known, attempt: Open) -> bool:
    """Tell whether doing it again is the way to learn what became of it, where nothing can be read.

    What is harmless may be done twice. What is refused the second time, and then named, may be repeated for as long as
    the remote remembers it, if it is the same to the letter.
    """
    if attempt.write is Write.HARMLESS and attempt.op is not Op.PUBLISH:
        return True
    soon = known.now < attempt.first + attempt.repeatable_ms
    return attempt.write is Write.KEYED and attempt.same and soon


def _again(known: Known, attempt: Open) -> Send:
    """Repeat a write; what is to go away is taken away instead, which ends every doubt about it."""
    if known.desired == Want.ABSENT and attempt.op is not Op.PUBLISH:
        return Send(Op.WITHDRAW, ref=attempt.ref)
    if known.desired == Want.HELD and attempt.op is not Op.PUBLISH:
        return Send(Op.HOLD, ref=attempt.ref)
    return Send(attempt.op, attempt.ref, attempt.to)


def _unmapped(known: Known) -> Step | None:
    """Leave a copy whose texts cannot be made to a person, but what ends the rights of another asset waits for none."""
    if not known.unmapped or known.desired == Want.ABSENT or known.vanished:
        return None
    others = [copy for copy in known.standing if copy is not _current(known)]
    if known.desired == Want.SUBSTITUTE and others and known.open is None:
        return Send(Op.WITHDRAW, ref=others[0].ref)
    return Block(
        "mapping_fails",
        f"The account's field mapping fails on this asset: {known.unmapped} Correct the mapping; it then goes on by "
        "itself.",
    )


def _allowed(known: Known, step: Send) -> Step:
    if not known.may_write:
        return ReadBack() if not known.looked_now else Rest()
    # What ends the rights of another asset never waits for a text.
    if known.missing and known.desired is Want.PRESENT and step.op in TELLS:
        empty = ", ".join(name.replace("_", " ") for name in known.missing)
        return Block(
            "field_missing",
            f"This channel shows it to people and needs its {empty}. Fill that in under Details; it then goes on by "
            "itself.",
        )
    if step.op.ability not in known.abilities:
        return Block(f"cannot_{step.op}", f"This channel has no way to {step.op} a copy. Do it there by hand.")
    if step.op is Op.PUBLISH and known.spent:
        return Block(
            "by_hand",
            "This was published here once, as somebody asked. Publishing it anew is a person's act: press Try again.",
        )
    if known.done.get(step, 0) >= MAX_REPEATS:
        return Block(
            "not_kept",
            f"The channel accepts '{step.op}' again and again but does not keep it. Look what changes it there.",
        )
    return step


def _clear(known: Known) -> Step:
    if known.standing:
        return Send(Op.WITHDRAW, ref=known.standing[0].ref)
    if known.half_away:
        return Send(Op.WITHDRAW, ref=known.half_away)
    if known.nameless:
        return _ask_for(known)
    if not known.sent:
        return Rest()
    return _prove(known)


def _park(known: Known) -> Step:
    """Keep what waits for its time from going out. Nothing is made or taken away for that."""
    going = next((copy for copy in known.standing if not copy.held), None)
    if going is not None:
        return Send(Op.HOLD, ref=going.ref)
    return _ask_for(known) if known.nameless and not known.standing else _prove(known)


AS_WISHED: Final[Mapping[Want, frozenset[Observed]]] = {
    Want.PRESENT: frozenset({Observed.PRESENT, Observed.QUEUED}),
    Want.SUBSTITUTE: frozenset({Observed.PRESENT, Observed.QUEUED}),
    Want.HELD: frozenset({Observed.HELD}),
    Want.ABSENT: frozenset({Observed.ABSENT}),
}
"""What is found of a copy that is as it should be."""


def _ask_for(known: Known) -> Step:
    """Leave a copy that only people can see to them; what they said of this very wish counts."""
    if known.looked and known.observed in AS_WISHED[known.desired]:
        return Rest()
    return Block(
        "nameless_copy",
        "Somebody saw this copy there, but the hub was never told its name: it can neither change it nor take it away. "
        "Do that there by hand and confirm what you see; or press Try again if it is not there.",
    )


def _show(known: Known) -> Step:
    if known.vanished:
        return _prove(known)
    if known.nameless and not known.standing:
        return _ask_for(known)
    if not known.content_key and known.carries is Carries.BYTES:
        return _await_bytes(known)
    current = _current(known)
    if current is None:
        return _make(known)
    if known.half_replaced == current.ref:
        return Send(Op.REPLACE, ref=current.ref)
    others = [copy for copy in known.standing if copy is not current]
    return _doubt(known, others) or _tidy(known, current, others) or _let_go(known, current) or _prove(known)


def _await_bytes(known: Known) -> Step:
    if known.unreadable:
        return Block(
            "file_unreadable",
            "The file cannot be opened, so there is nothing fit to be shown. Approve a version that can be opened.",
        )
    return Rest()  # the bytes for this channel are still being made


def _doubt(known: Known, others: list[Standing]) -> Step | None:
    """Wait while one of several copies may be gone: were it the one to stay, the others would be taken away in vain."""
    if not others or not any(copy.missed for copy in known.standing):
        return None
    return Rest() if known.looked_now else ReadBack()


def _ask_about(known: Known) -> Step | None:
    """Leave others' bytes where they stand until a person has seen them; they may be away again, so look first."""
    if not known.exchanged or known.vanished:
        return None
    if not known.looked_now:
        return ReadBack()
    return OTHER_BYTES


def _let_go(known: Known, current: Standing) -> Step | None:
    """Let what is parked go out at its time, and what waits for another time at the right one."""
    if not (known.failed or known.other_time or current.held):
        return None
    if not known.looked_now and (known.failed or known.observed is Observed.UNKNOWN):
        return ReadBack()  # somebody may have let it go there, or the last word on its time was ours
    if known.failed:
        return Block(
            "not_published",
            "The channel was to publish this and gave up. See there whether it went out, let it go again there, and "
            "press Try again.",
        )
    return Send(Op.RESUME, ref=current.ref)


def _tidy(known: Known, current: Standing, others: list[Standing]) -> Step | None:
    """Repoint the uses of earlier copies, bring the fields up to date, take the earlier copies away: in this order."""
    for old in others:
        repoint = (old.ref, current.ref)
        if Capability.REPOINT in known.abilities and repoint not in known.repointed:
            return Send(Op.REPOINT, ref=old.ref, to=current.ref)
    if not known.fields_agree and (step := _reword(known, current)) is not None:
        return step
    if others:
        return Send(Op.WITHDRAW, ref=others[0].ref)
    return None


def _reword(known: Known, current: Standing) -> Step | None:
    """Bring the fields up to date; where they cannot be changed, a link is cheap to take away and to make anew."""
    updates = Capability.UPDATE in known.abilities
    if not updates and known.carries is not Carries.LINK:
        return None
    if not known.looked_now and Capability.LOOK in known.abilities:
        return ReadBack()  # somebody there may have changed other fields: only a look tells which ones are ours to set
    if updates:
        return Send(Op.UPDATE, ref=current.ref)
    if known.done.get(Send(Op.PUBLISH), 0) >= MAX_REPEATS:
        return Block("not_kept", "The channel does not keep the name that a copy is given. Look what changes it there.")
    return Send(Op.WITHDRAW, ref=current.ref)


def _make(known: Known) -> Step:
    if known.standing and Capability.REPLACE in known.abilities:
        if not known.looked_now and {Capability.LOOK, Capability.IMPORT} <= known.abilities:
            return ReadBack()  # somebody there may have put other bytes in their place, which are not to be lost
        return Send(Op.REPLACE, ref=known.standing[0].ref)
    if known.sent and not known.looked_now and Capability.FIND in known.abilities:
        return ReadBack()  # what stands there is looked up again before anything is made anew
    return Send(Op.PUBLISH)


def _prove(known: Known) -> Step:
    # Halfway there is not there: a part that still shows, or could not be read, is looked at again each time.
    whole = known.observed in {Observed.ABSENT, *AS_WISHED[known.desired]}
    fresh = known.looked and whole and not known.audit_due
    if known.looked_now or fresh:
        return Rest()
    return ReadBack()


def _current(known: Known) -> Standing | None:
    """Return the copy that shows the bytes wanted; the first by reference where there are several."""
    fitting = [
        copy for copy in known.standing if known.carries is Carries.LINK or copy.content_key == known.content_key
    ]
    return min(fitting, key=lambda copy: (len(copy.ref), copy.ref), default=None)
