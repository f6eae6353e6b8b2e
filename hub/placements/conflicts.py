"""Fields that two sides disagree about: noticed with all that either said, kept for good, ended by a person.

A channel that says again what was taken from it, although others said otherwise since, disagrees too: without a person
the two would push the field back and forth for ever.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.sdk.types import Fields, JsonValue
from hub.catalogue.metadata import Author
from hub.catalogue.models import FieldValue
from hub.clock import DAY
from hub.db.base import new_id
from hub.placements.fields import Comparison
from hub.placements.ledger import Account, block, clear_problem
from hub.placements.models import FieldBase, FieldConflict
from mappings.engine import Agreed, Conflict, absorb, is_there, place, reach
from mappings.spec import Owner

if TYPE_CHECKING:
    from hub.placements.rendering import Rendering

FIELD_CONFLICT: Final = "field_conflict"
FIELD_PING_PONG: Final = "field_ping_pong"
CODES: Final = frozenset({FIELD_CONFLICT, FIELD_PING_PONG})

PING_PONG_MS: Final = DAY
"""A channel that insists within this time is not taken at its word any more."""

MOST_TURNS: Final = 3
"""So often in a row others may say otherwise than a channel, and it again something else, before a person is asked."""

BOTH: Final = "both"
CUT: Final = "cut"
PING_PONG: Final = "ping_pong"
OVER: Final = "over"
_INSISTS: Final = "pushed back and forth"


def hold_back(session: Session, account: Account, comparison: Comparison, theirs: Fields, at: int) -> Comparison:
    """Return the comparison with what goes back and forth left to a person instead of taken."""
    rendering, row = account.rendering, account.row
    if rendering is None or row.desired_asset_id is None:
        return comparison
    take = dict(comparison.take)
    conflicts = list(comparison.conflicts)
    for each in rendering.spec.fields:
        if each.field not in take or each.owner is not Owner.BOTH or not is_there(theirs, each.remote):
            continue
        base = session.get(FieldBase, (row.id, each.remote))
        if base is None or not _insists(base, take[each.field], at):
            continue
        if not _others_spoke(session, account, each.field):
            continue
        mine = reach(rendering.rendered.first_fields, each.remote)
        conflicts.append(Conflict(each.field, each.remote, mine, reach(theirs, each.remote), _INSISTS))
        del take[each.field]
    return Comparison(comparison.push, take, tuple(conflicts))


def remember_taken(session: Session, account: Account, taken: dict[str, JsonValue], at: int) -> None:
    """Note what is being taken from a channel, before it is."""
    rendering = account.rendering
    for each in rendering.spec.fields if rendering else ():
        base = session.get(FieldBase, (account.row.id, each.remote))
        if each.field not in taken or not each.comes_back or base is None:
            continue
        answers = _recent(base, at) and _others_spoke(session, account, each.field)
        base.turns = base.turns + 1 if answers else 1
        base.taken, base.taken_at = _digest(taken[each.field]), at


def note(session: Session, account: Account, comparison: Comparison, at: int) -> None:
    """Keep what either side says, and stop the copy until a person has decided; end what is no conflict any more."""
    disputed = {each.remote: each for each in comparison.conflicts}
    end_those_over(session, account.row.id, at, but=disputed)
    known = {row.field: row for row in open_conflicts(session, account.row.id)}
    for remote, conflict in disputed.items():
        row = known.get(remote)
        if row is None:
            row = FieldConflict(
                id=new_id(), placement_id=account.row.id, field=remote, name=conflict.field, noticed_at=at, value=""
            )
        _fill(session, account, row, conflict)
        session.add(row)
    if not disputed and account.row.problem_code in CODES:
        clear_problem(account.row)  # they agree by themselves
    insisting = [each.remote for each in comparison.conflicts if each.reason == _INSISTS]
    if insisting:
        block(
            session, account, "field_ping_pong",
            f"Changed there again and again, against what was said elsewhere: {', '.join(insisting)}. "
            "Decide which holds, and look what changes it there.",
        )  # fmt: skip
    elif disputed:
        block(
            session, account, "field_conflict",
            f"Changed here and there in different ways: {', '.join(disputed)}. Decide which holds.",
        )  # fmt: skip


def end_those_over(session: Session, placement_id: str, at: int, *, but: Iterable[str] = ()) -> None:
    """End the open conflicts of a copy that looks do not show any more; the record stays."""
    still = set(but)
    for row in open_conflicts(session, placement_id):
        if row.field not in still:
            row.decided_at, row.decision, row.value = at, OVER, row.kept


def open_conflicts(session: Session, placement_id: str) -> list[FieldConflict]:
    """Return what waits for a decision of a copy, oldest first."""
    mine = (FieldConflict.placement_id == placement_id, FieldConflict.decided_at.is_(None))
    return list(session.scalars(select(FieldConflict).where(*mine).order_by(FieldConflict.id)))


def _fill(session: Session, account: Account, row: FieldConflict, conflict: Conflict) -> None:
    rendering, asset_id = account.rendering, account.row.desired_asset_id
    if rendering is None or asset_id is None:
        raise TypeError("a conflict is about what should be shown")
    row.asset_id = asset_id
    row.locale = rendering.locales.get(conflict.field, "")
    row.reason = (
        PING_PONG if conflict.reason == _INSISTS else CUT if conflict.remote in rendering.rendered.cut else BOTH
    )
    kept = session.get(FieldValue, (asset_id, conflict.field, row.locale))
    base = session.get(FieldBase, (account.row.id, conflict.remote))
    agreed = Agreed(cast("JsonValue", base.pushed), cast("JsonValue", base.theirs)) if base else Agreed("", "")
    row.base = _here(rendering, conflict, agreed.pushed)
    row.kept = kept.value if kept else ([] if isinstance(row.base, list) else "")
    row.ours = _here(rendering, conflict, conflict.ours) if row.reason != CUT else row.kept
    row.theirs, row.theirs_there = _here(rendering, conflict, conflict.theirs), conflict.theirs
    row.ours_by, row.ours_author, row.ours_at = (kept.author_ref, kept.author, kept.at) if kept else ("", "", None)


def _here(rendering: Rendering, conflict: Conflict, value: JsonValue) -> JsonValue:
    """Return a value of the channel as the catalogue would keep it; as it stands where that makes no sense."""
    fields: dict[str, JsonValue] = {}
    place(fields, conflict.remote, value)
    return absorb(rendering.spec, fields).fields.get(conflict.field, "" if value is None else str(value))


def _insists(base: FieldBase, value: JsonValue, at: int) -> bool:
    return _recent(base, at) and (base.taken == _digest(value) or base.turns >= MOST_TURNS)


def _recent(base: FieldBase, at: int) -> bool:
    return base.taken_at is not None and abs(at - base.taken_at) < PING_PONG_MS


def _others_spoke(session: Session, account: Account, name: str) -> bool:
    """Tell whether what the catalogue says now was said by anybody but this copy."""
    locale = account.rendering.locales.get(name, "") if account.rendering else ""
    said = session.get(FieldValue, (account.row.desired_asset_id, name, locale))
    return said is None or (said.author, said.author_ref) != (Author.CHANNEL.value, account.row.id)


def _digest(value: JsonValue) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
