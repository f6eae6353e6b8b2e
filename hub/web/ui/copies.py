"""Where it is: each copy with its state and its proof, what an act would change, and the acts themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, request

from hub.access.permissions import Act, allowed
from hub.catalogue.views import AssetView
from hub.errors import HubError, NotFound
from hub.placements.desired import IN_SET
from hub.placements.impact import UNCHANGED, Becomes, ImpactLine
from hub.placements.ledger import REMOVED_THERE
from hub.placements.numbers import NumbersView
from hub.placements.phase import DISPUTED
from hub.placements.uses import UsesView
from hub.placements.views import AttemptView, CopyView, EvidenceView
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.frame import go, page
from hub.web.ui.names import connector_title
from hub.web.ui.numbers import Counted, counted
from hub.web.ui.schedules import Timing, timing_of
from hub.web.ui.sharing import shares_on
from hub.web.ui.shown import Line
from hub.web.ui.uses import Used, used
from hub.web.ui.words import Sign

copies = Blueprint("copies", "hub.web")
MOVING: Final = frozenset({"working", "unsure", "waiting"})
SUBSTITUTES: Final = 60
NOT_IN_TIME: Final = ("does not go out at its time", "do not go out at their times")
SUBSTITUTED: Final = words.COPY_SUBSTITUTED


@dataclass(frozen=True, slots=True)
class CopyRow:
    """One copy in a list."""

    id: str
    letters: str
    label: str
    about: str
    url: str
    sign: Sign
    phase: str
    level: str
    at: int | None
    note: str
    can_retry: bool
    can_take_back: bool
    used: Used | None = None
    to_decide: bool = False  # fields were changed here and there
    can_restore: bool = False  # somebody removed it there, and it can be put back
    shows: tuple[str, ...] = ()  # the codes of all that it shows, in order, where it shows several
    counted: Counted | None = None
    timing: Timing | None = None
    can_schedule: bool = False
    page: str = ""  # of a copy that is a link: the page that it opens


@dataclass(frozen=True, slots=True)
class MeterPart:
    """One part of the bar above the list."""

    hue: str
    word: str
    count: int
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of an impact preview or a recall's report."""

    count: int
    head: str
    text: str
    icon: str
    hue: str
    level: str = ""


def places_of(asset: AssetView) -> dict[str, Any]:
    """Return what the list "where it is" shows of an asset; the worst state comes first."""
    who = actor()
    told, counts = services().uses.of_asset(who, asset.id), services().numbers.of_asset(who, asset.id)
    rows = [
        row_of(copy, here=asset.code, told=told.get(copy.id), counts=counts.get(copy.id))
        for copy in services().placements.where(who, asset.id)
    ]
    rows.sort(key=lambda row: (words.ORDER.index(row.phase) if row.phase in words.ORDER else 0, row.label))
    living = [row for row in rows if row.phase != "settled"]
    meter = _meter(living)
    return {
        "copies": living,
        "settled": [row for row in rows if row.phase == "settled"],
        "good": sum(row.sign.hue == "good" or row.phase == "withdrawn" for row in living),
        "away": bool(living) and all(row.phase == "withdrawn" or row.sign is SUBSTITUTED for row in living),
        "replaced": sum(row.sign is SUBSTITUTED for row in living),
        "meter": meter,
        "meter_says": ", ".join(f"{part.count} {part.word}" for part in meter),
        "shares": shares_on(asset),
        "handouts": len(services().delivery.handouts(who, asset.id)) if allowed(who, Act.RECALL) else 0,
        "scheduled": sum(row.timing is not None for row in living),
        "moving": any(row.phase in MOVING for row in living),
        "rights_end": _rights_end(asset),
    }


def row_of(
    copy: CopyView, *, here: str = "", told: UsesView | None = None, counts: NumbersView | None = None
) -> CopyRow:
    """Return one copy in words, on the page of the asset with the code `here`; `told` are its uses."""
    sign = words.COPY.get(copy.phase, words.UNKNOWN)
    if copy.phase == "working" and copy.desired == "absent":
        sign = words.COPY["withdrawing"]
    if copy.phase == "working" and copy.shown_version is None and copy.desired != "absent":
        sign = words.COPY_HOLDING if copy.desired == "held" else words.COPY_PUSHING
    if copy.phase == "live" and copy.desired == "substitute":
        sign = SUBSTITUTED
    if not copy.watched and sign.hue in {"good", "flow"}:  # nothing moves there by itself, and nobody knows
        sign = words.COPY_UNWATCHED if copy.observed_at else words.COPY["waiting"]
    version, slot = _version(copy, here), "" if copy.has_usual_slot else copy.slot
    about = " · ".join(part for part in (connector_title(copy.connector), copy.remote_label, slot, version) if part)
    public = next((part.ref for part in copy.parts if part.kind == "public_url" and part.state == "showing"), "")
    manager = allowed(actor(), Act.PLACE)
    stuck = copy.phase in {"blocked", "unsure", "partial", "gone"} or (copy.phase == "working" and bool(copy.problem))
    disputed = copy.settled_at is None and copy.problem_code in DISPUTED
    removed = REMOVED_THERE in {copy.problem_code, copy.settled_reason}
    return CopyRow(
        copy.id, words.letters(copy.connector), copy.target_label, about, public if _is_web(public) else "", sign,
        copy.phase, copy.proof.level if copy.proof else "", copy.proof.at if copy.proof else copy.observed_at,
        _note(copy), manager and stuck and not (disputed or removed),
        manager and copy.wanted and copy.settled_at is None and (copy.desired != "absent" or copy.phase == "waiting"),
        used(told, stands=copy.phase == "live"), manager and disputed, manager and removed,
        (copy.asset_code, *(one.asset_code for one in copy.companions)) if copy.companions else (),
        counted(counts, stands=copy.phase == "live"), timing_of(copy), manager,
        _page_of(copy) if manager else "",
    )  # fmt: skip


@copies.get("/copies/<placement_id>/proof")
def show_proof(placement_id: str) -> Response:
    """Show how a copy's state is known: a fragment in place, or a page."""
    copy = services().placements.copy(actor(), placement_id)
    proofs, tries = services().placements.evidence(actor(), placement_id)
    lines = sorted([*map(_proof_line, proofs), *map(_try_line, tries)], key=lambda line: -line.at)
    if request.headers.get("HX-Request"):
        return page("fragments/proof.html", lines=lines)
    return page("proof.html", here="library", lines=lines, label=f"{copy.target_label}, {copy.remote_label}",
                code=copy.asset_code, copy_id=copy.id)  # fmt: skip


@copies.post("/copies/<placement_id>/retry")
def retry(placement_id: str) -> Response:
    """Try again now."""
    copy = services().placements.retry(actor(), placement_id)
    return go(f"/assets/{copy.asset_code}", "retried")


@copies.post("/copies/<placement_id>/restore")
def restore(placement_id: str) -> Response:
    """Put back what somebody removed there."""
    copy = services().placements.restoring.restore(actor(), placement_id)
    return go(f"/assets/{copy.asset_code}", "put-back")


@copies.post("/copies/<placement_id>/attest")
def attest(placement_id: str) -> Response:
    """Keep a person's word."""
    copy = services().placements.attest(actor(), placement_id, request.form.get("note", ""))
    return go(f"/assets/{copy.asset_code}", "attested")


@copies.get("/copies/<placement_id>/take-back")
def before_take_back(placement_id: str) -> Response:
    """Show what taking one copy back would change."""
    copy = services().placements.copy(actor(), placement_id)
    sent = copy.observed != "absent"
    level = copy.proof.level if copy.proof else ""
    line = Outcome(1, "is withdrawn", spread([copy]), "undo-2", "flow", level)
    if not sent:
        line = Outcome(1, "was never sent", spread([copy]), "circle-minus", "rest")
    return page(
        "impact.html", here="library", question=f"Take it back from {copy.target_label}?",
        explanation="It is removed there and looked at again afterwards." if sent else "It will not be sent.",
        action=f"/copies/{copy.id}/take-back", substitutes=None, substitute="", handouts=0, ask_reason=False,
        reason="", back=f"/assets/{copy.asset_code}", lines=[line],
        safe="the original and all its versions stay, and so do its other copies.",
        button="Take 1 back now" if sent else "Do not send it",
    )  # fmt: skip


@copies.post("/copies/<placement_id>/take-back")
def take_back(placement_id: str) -> Response:
    """Take one copy back."""
    copy = services().placements.take_back(actor(), placement_id)
    return go(f"/assets/{copy.asset_code}", "taken-back")


@copies.get("/assets/<code>/before/<act>")
def before(code: str, act: str) -> Response:
    """Show what an act would change in the channels, before anybody carries it out."""
    asset = services().catalogue.view(actor(), code)
    substitute = request.args.get("substitute", "")
    impact = services().placements.impact(actor(), asset.id, act, substitute or None)
    moved = impact.count(Becomes.WITHDRAWN) + impact.count(Becomes.SUBSTITUTED)
    verb = {"recall": "Withdraw", "archive": "Archive", "delete": "Delete", "revoke": "Revoke"}[act]
    question = f"Withdraw {asset.title} from {_places(moved)}?" if act == "recall" else f"{verb} {asset.title}?"
    return page(
        "impact.html", here="library", question=question,
        explanation="You watch it happen, and each place is looked at again afterwards.",
        action=f"/assets/{asset.code}/do/{act}", substitutes=_substitutes(asset) if act == "recall" else None,
        substitute=substitute, lines=outcomes(impact.lines), ask_reason=act in {"recall", "revoke"}, reason="",
        handouts=len(services().delivery.handouts(actor(), asset.id)) if allowed(actor(), Act.RECALL) else 0,
        safe=_safe(act, len(asset.versions)), back=f"/assets/{asset.code}",
        button=_button(act, verb, reached(impact.lines)),
        needs={"recall": Act.RECALL, "archive": Act.ARCHIVE, "delete": Act.DELETE, "revoke": Act.DECIDE}[act],
    )  # fmt: skip


@copies.post("/assets/<code>/do/<act>")
def do(code: str, act: str) -> Response:
    """Carry out an act that was foreseen."""
    asset, reason = services().catalogue.view(actor(), code), request.form.get("reason", "")
    if act == "recall":
        made = services().placements.recall(actor(), asset.id, reason, request.form.get("substitute") or None)
        return go(f"/recalls/{made.id}")
    if act == "archive":
        services().catalogue.archive(actor(), asset.id)
    elif act == "delete":
        services().catalogue.delete(actor(), asset.id)
    elif act == "revoke":
        services().review.revoke(actor(), asset.id, reason)
    else:
        raise NotFound("no_such_act", "There is no such act.", where=act, next_step="Choose one on the page.")
    said = {"archive": "archived", "delete": "deleted", "revoke": "revoked"}[act]
    return go(f"/assets/{asset.code}", said, of=[asset.id])


def outcomes(found: Sequence[ImpactLine]) -> list[Outcome]:
    """Return what will happen to copies, by outcome."""
    reached = [line for line in found if line.reachable]
    lines = [
        _outcome(reached, Becomes.SUBSTITUTED, ("gets the substitute", "get the substitute"), "replace", "good"),
        _outcome(reached, Becomes.PUBLISHED, ("is put there", "are put there"), "share-2", "flow"),
        _outcome(reached, Becomes.UPDATED, ("is replaced", "are replaced"), "refresh-cw", "flow"),
        _outcome(reached, Becomes.WITHDRAWN, ("is withdrawn", "are withdrawn"), "undo-2", "flow"),
        _outcome(reached, Becomes.HELD, ("is held there", "are held there"), "circle-pause", "park"),
        _outcome(reached, Becomes.RESUMED, ("goes out after all", "go out after all"), "calendar-clock", "flow"),
        _outcome(reached, Becomes.STOPPED, NOT_IN_TIME, "circle-pause", "park"),
        _outcome(reached, Becomes.KEPT, ("stays as it is", "stay as they are"), "circle-check", "rest"),
        _outcome(reached, Becomes.NOTHING_THERE, ("was never sent", "were never sent"), "circle-minus", "rest"),
    ]
    stuck = [line for line in found if not line.reachable]
    if stuck:
        text = "; ".join(f"{line.copy.target_label}: {line.why}" for line in stuck[:3])
        lines.append(Outcome(len(stuck), "cannot be reached now", text, "octagon-alert", "stop"))
    return [line for line in lines if line.count]


def reached(found: Sequence[ImpactLine]) -> int:
    """Return how many copies an act changes at once; the others follow when they can be reached."""
    return sum(line.reachable and line.becomes not in UNCHANGED for line in found)


def _outcome(lines: Sequence[ImpactLine], becomes: Becomes, heads: tuple[str, str], icon: str, hue: str) -> Outcome:
    found = [line.copy for line in lines if line.becomes is becomes]
    return Outcome(len(found), heads[len(found) != 1], spread(found), icon, hue, _weakest(found))


def spread(found: Iterable[CopyView]) -> str:
    """Say how many copies stand with whom, and how many of them wait for their time."""
    copies = list(found)
    counted = Counter((connector_title(copy.connector), copy.remote_label) for copy in copies)
    said = ", ".join(f"{count} on {title} ({label})" for (title, label), count in counted.items())
    waiting = sorted(copy.publish_at or 0 for copy in copies if copy.is_scheduled)
    return f"{said}; {len(waiting)} of them scheduled, the first for {words.moment(waiting[0])}" if waiting else said


def _weakest(found: Iterable[CopyView]) -> str:
    levels = [copy.proof.level for copy in found if copy.proof and copy.proof.level != "attested"]
    return min(levels, key=lambda level: words.LEVEL.get(level, 0), default="")


def _substitutes(asset: AssetView) -> list[AssetView]:
    who = actor()
    hits = services().search.query(
        who, "", filters={"lifecycle": ["approved"]}, sort="newest", limit=SUBSTITUTES, cursor=None
    )
    found: list[AssetView] = []
    for asset_id in hits.asset_ids:
        try:
            one = services().catalogue.view(who, asset_id)
        except HubError:  # gone since the search looked: it is simply not offered
            continue
        if one.id != asset.id and one.kind == asset.kind:
            found.append(one)
    usable = services().rights.best_uses(found)
    fit = [one for one in found if usable[one.id].ok]
    return sorted(fit, key=lambda one: one.id != asset.successor_id)


def _button(act: str, verb: str, moved: int) -> str:
    if act == "recall":
        return f"Withdraw {moved} now" if moved else "Recall it"
    return f"{verb} and withdraw {moved} now" if moved else f"{verb} now"


def _safe(act: str, versions: int) -> str:
    kept = f"the original and its {versions} {'version' if versions == 1 else 'versions'} stay."
    return {
        "recall": f"{kept} The recall rests on a clause under Rights, which can be lifted.",
        "archive": f"{kept} It can be taken out of the archive at any time.",
        "delete": f"{kept} It can be brought back for {services().settings.deletion_grace_days} days.",
        "revoke": f"{kept} It can be approved again.",
    }[act]


def _places(count: int) -> str:
    return "1 place" if count == 1 else f"{count} places"


def _version(copy: CopyView, here: str) -> str:
    if copy.desired == "substitute":
        stands_in = here == copy.desired_asset_code
        return f"stands in for {copy.asset_code}" if stands_in else f"substitute: {copy.desired_asset_code}"
    if copy.shown_version and copy.desired_version and copy.shown_version != copy.desired_version:
        return f"v{copy.shown_version} → v{copy.desired_version}"
    version = copy.shown_version or copy.desired_version
    return f"v{version}" if version else ""


def _note(copy: CopyView) -> str:
    if copy.problem:
        return copy.problem
    if not copy.watched and copy.phase != "settled":
        since = f" since its last look, {words.moment(copy.observed_at)}" if copy.observed_at else ""
        why = "is paused" if copy.unwatched_why == "connection_paused" else "is not connected any more"
        return f"The hub cannot vouch for it{since}: its account {why}."
    if (copy.phase == "waiting" and not copy.is_scheduled) or copy.desired_reason.startswith(IN_SET):
        return words.reason(copy.desired_reason)
    if copy.phase == "settled":
        return copy.settled_reason.replace("_", " ").capitalize()
    return ""


def _rights_end(asset: AssetView) -> int | None:
    answer = services().rights.ask(actor(), asset.id, channel="*", territory="*") if asset.deleted_at is None else None
    return answer.until if answer is not None and answer.ok else None


def _meter(rows: Sequence[CopyRow]) -> list[MeterPart]:
    counted = Counter((row.sign.hue, row.sign.word.lower()) for row in rows)
    order = {hue: n for n, hue in enumerate(("good", "flow", "park", "care", "stop", "rest"))}
    parts: list[MeterPart] = []
    left = 0.0
    for (hue, word), count in sorted(counted.items(), key=lambda item: (order[item[0][0]], item[0][1])):
        width = count * 100 / len(rows)
        parts.append(MeterPart(hue, word, count, f"{left:.2f}", f"{max(width - 0.4, 0.4):.2f}"))
        left += width
    return parts


def _page_of(copy: CopyView) -> str:
    """Return the page that a copy opens which is a link on a card."""
    is_link = any(part.kind == "link" and part.state != "gone" for part in copy.parts)
    return services().delivery.address_of(copy.marker) if is_link else ""


def _is_web(url: str) -> bool:
    return url.startswith(("https://", "http://"))


def _proof_line(proof: EvidenceView) -> Line:
    icon, hue = {"seen": ("eye", "good"), "read": ("book-open-check", "rest"), "attested": ("hand", "park")}.get(
        proof.level, ("message-square", "rest")
    )
    text = words.CLAIM.get(proof.claim, proof.claim.replace("_", " "))
    looks = len(proof.looks)
    how = f", by {looks} {'look' if looks == 1 else 'looks'}" if looks and proof.level in {"read", "seen"} else ""
    return Line(proof.at, proof.level.capitalize(), icon, hue, f"{text}{how}. {proof.note}".strip())


def _try_line(attempt: AttemptView) -> Line:
    text = words.OUTCOME.get(attempt.outcome or "", "no answer yet")
    icon = "refresh-cw" if attempt.outcome else "hourglass"
    return Line(attempt.intended_at, attempt.step.replace("_", " ").capitalize() + ":", icon, "flow", f"{text}.")
