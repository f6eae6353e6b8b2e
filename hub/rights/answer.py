"""May it be used there, then, and until when: answered from the derived spans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from hub.rights.models import Usability
from hub.rights.spans import ANY, BEGIN, FOREVER, GRAVITY, REASONS, Span

Default = Literal["allow", "deny"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question about rights.

    `until`: for a yes the instant at which it turns into a no, for a no the earliest at which it may turn into a yes;
    None where that never happens. `reason` is a code of `hub.rights.spans.REASONS`.
    """

    ok: bool
    until: int | None
    reason: str

    @property
    def why(self) -> str:
        """Return the reason as a sentence."""
        return REASONS.get(self.reason, "The rights end before that time.")

    @property
    def last(self) -> int | None:
        """Return the last instant at which a yes holds, so that its day is the last day; None: no end is known."""
        return self.until - 1 if self.ok and self.until is not None else None


def may_use(
    session: Session,
    asset_id: str,
    *,
    channel: str,
    territory: str,
    at: int,
    until: int | None = None,
    use: str = "existing",
    default: Default,
) -> Answer:
    """Tell whether an asset may be used.

    Args:
        session: the caller's unit.
        asset_id: which asset.
        channel: the channel's name; `*` asks for every channel at once.
        territory: ISO 3166-1 alpha-2; `*` asks for the whole world: a single excluded territory makes it a no.
        at: when the use begins.
        until: when it ends; the answer is no (`ends_before`) when the rights end earlier. None: only `at` counts.
        use: `new` or `existing`.
        default: what holds for an asset without any licence.
    """
    rows = session.scalars(
        select(Usability)
        .where(
            Usability.asset_id == asset_id, Usability.use == use, Usability.until_at > at, *_asked(channel, territory)
        )
        .order_by(Usability.channel, Usability.territory, Usability.from_at)
        .execution_options(populate_existing=True)
    )
    lines: dict[tuple[str, str], list[Span]] = {}
    for row in rows:
        span = Span(row.from_at, row.until_at, row.verdict, row.reason)
        lines.setdefault((row.channel, row.territory), []).append(_with_default(span, default))
    _prefer_named(lines, channel, territory)
    if not lines:
        lines[ANY, ANY] = [_with_default(Span(BEGIN, FOREVER, verdict=True, reason="no_licence"), default)]
    answer = _strictest([_run(spans) for spans in lines.values()])
    if answer.ok and until is not None and answer.until is not None and answer.until < until:
        return Answer(ok=False, until=None, reason="ends_before")
    return answer


def best_uses(session: Session, asset_ids: Iterable[str], *, at: int, default: Default) -> dict[str, Answer]:
    """Return for each asset the most that rights allow of it anywhere at this instant.

    A no says that nothing at all may be done with it now; its reason is the gravest, and `until` the earliest
    change. A yes may hold in one place only, and lasts as long as any use does.
    """
    wanted = list(asset_ids)
    rows = session.scalars(
        select(Usability)
        .where(Usability.asset_id.in_(wanted), Usability.until_at > at)
        .order_by(Usability.asset_id, Usability.from_at)
        .execution_options(populate_existing=True)
    )
    lines: dict[str, dict[tuple[str, str, str], list[Span]]] = {each: {} for each in wanted}
    for row in rows:
        span = Span(row.from_at, row.until_at, row.verdict, row.reason)
        of_use = lines[row.asset_id].setdefault((row.channel, row.territory, row.use), [])
        of_use.append(_with_default(span, default))
    none = [_with_default(Span(BEGIN, FOREVER, verdict=True, reason="no_licence"), default)]
    return {each: _mildest([_run(spans) for spans in found.values()] or [_run(none)]) for each, found in lines.items()}


def next_boundary(session: Session, asset_id: str, channel: str, territory: str, at: int) -> int | None:
    """Return the next instant after `at` at which the answer may change for new or existing uses; None: never."""
    query = select(func.min(Usability.until_at)).where(
        Usability.asset_id == asset_id,
        Usability.until_at > at,
        Usability.until_at < FOREVER,
        *_asked(channel, territory),
    )
    return session.scalar(query)


def _asked(channel: str, territory: str) -> list[ColumnElement[bool]]:
    """Select the rows of a question: the named ones and the ones for what is not named."""
    conditions: list[ColumnElement[bool]] = []
    if channel != ANY:
        conditions.append(Usability.channel.in_([channel, ANY]))
    if territory != ANY:
        conditions.append(Usability.territory.in_([territory, ANY]))
    return conditions


def _prefer_named(lines: dict[tuple[str, str], list[Span]], channel: str, territory: str) -> None:
    """Drop the lines for "not named" where the question is named: they are about others."""
    if channel != ANY and any(found == channel for found, _ in lines):
        for key in [key for key in lines if key[0] == ANY]:
            del lines[key]
    if territory != ANY and any(found == territory for _, found in lines):
        for key in [key for key in lines if key[1] == ANY]:
            del lines[key]


def _with_default(span: Span, default: Default) -> Span:
    if span.reason != "no_licence":
        return span
    return Span(span.from_at, span.until_at, default == "allow", span.reason)


def _run(spans: Sequence[Span]) -> Answer:
    """Return the answer of the first span, lasting as long as the following ones say the same."""
    first = spans[0]
    end = first.until_at
    for span in spans[1:]:
        if span.verdict != first.verdict:
            break
        end = span.until_at
    return Answer(first.verdict, end if end < FOREVER else None, first.reason)


def _mildest(answers: Sequence[Answer]) -> Answer:
    """Combine: one yes is enough and lasts as long as the longest; a no lasts as long as the shortest."""
    found = [answer for answer in answers if answer.ok] or list(answers)
    ends = [answer.until for answer in found if answer.until is not None]
    if found[0].ok:
        lasting = max(ends) if len(ends) == len(found) else None
        return Answer(ok=True, until=lasting, reason=found[0].reason)
    gravest = min(found, key=lambda answer: GRAVITY.index(answer.reason))
    return Answer(ok=False, until=min(ends, default=None), reason=gravest.reason)


def _strictest(answers: Sequence[Answer]) -> Answer:
    """Combine: a yes needs all of them and lasts as long as the shortest; a no lasts as long as the longest."""
    denials = [answer for answer in answers if not answer.ok]
    if denials:
        ends = [answer.until for answer in denials]
        last = None if None in ends else max(end for end in ends if end is not None)
        return Answer(ok=False, until=last, reason=denials[0].reason)
    ends = [answer.until for answer in answers if answer.until is not None]
    return Answer(ok=True, until=min(ends, default=None), reason=answers[0].reason)
