"""Lay a signed report out on pages. The pages are for people; the signed document is attached to them, and counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from hub.placements.reports.document import HOWS, LEVELS, RESULTS, CopyTold, ReportDocument
from hub.placements.reports.signing import Signed

if TYPE_CHECKING:
    from hub.placements.reports.paper import Paper

NONE: Final = "-"
PUBLIC: Final = {True: "yes", False: "no", None: "not told"}


def lay_out(signed: Signed) -> bytes:
    """Return the PDF of a signed report, with the signed document in it. The same report gives the same bytes."""
    told = ReportDocument.model_validate(signed.document)
    paper = _paper(told, signed)
    _begin(paper, told)
    _asset(paper, told)
    _sum(paper, told)
    for copy in told.copies:
        _copy(paper, copy, told)
    _handouts(paper, told)
    _words(paper, told)
    _signature(paper, told, signed)
    name = f"{told.asset.code}-recall-report-{told.report.number}.json".lower()
    paper.attach(name, signed.to_bytes(), about="The signed report. This is what counts; the pages are made from it.")
    return paper.to_bytes()


def _paper(told: ReportDocument, signed: Signed) -> Paper:
    from hub.placements.reports.paper import Paper

    warning = ""
    if told.recall.state == "open":
        warning = "OPEN: this recall was not at its end when the report was made. A later report may say more."
    return Paper(
        title=f"Recall report no. {told.report.number}, {told.asset.code}",
        head=f"Recall report no. {told.report.number} of hub {told.hub.installation_id}: {told.asset.code}, made "
        f"{_time(told.report.made_at)}",
        warning=warning,
        foot=f"SHA-256 of the document {signed.signature.sha256}\nSigned with key {signed.signature.key_id}",
        made_at=datetime.fromisoformat(told.report.made_at),
    )


def _begin(paper: Paper, told: ReportDocument) -> None:
    recall = told.recall
    paper.paragraph(f"Recall report: {told.asset.title}", size=18, bold=True)
    paper.paragraph(_sentence(told), size=10.5)
    ended = f"{_time(recall.closed_at)} by {recall.closed_by.name if recall.closed_by else NONE}"
    paper.facts(
        (
            ("Recall", recall.id),
            ("State", "Closed" if recall.state == "closed" else "Open: not at its end"),
            ("Reason", recall.reason),
            ("Begun", f"{_time(recall.opened_at)} by {recall.opened_by.name}"),
            ("Closed", ended if recall.closed_at else ""),
            ("Stands in for it", recall.substitute_code or ""),
            ("Hub", f"{told.hub.installation_id} at {told.hub.address}, damhub {told.hub.damhub}"),
            ("Report", f"No. {told.report.number}, {told.report.id}"),
            ("Made", f"{_time(told.report.made_at)} by {told.report.made_by.name}"),
            ("The report before it", told.report.previous_sha256 or "none: it is this hub's first"),
            ("Extent", _extent(told)),
        )
    )


def _sentence(told: ReportDocument) -> str:
    """Say in one sentence how the recall stands."""
    counts = told.counts
    if not counts.copies:
        return "No copy of this asset stands anywhere that the hub knows of."
    parts = [
        f"{counts.withdrawn} proven to be away", f"{counts.substituted} proven to be substituted",
        f"{counts.never_there} never sent", f"{counts.unproven} not proven",
    ]  # fmt: skip
    return f"Of {counts.copies} {'copy' if counts.copies == 1 else 'copies'}: {', '.join(parts)}."


def _extent(told: ReportDocument) -> str:
    if told.report.extent == "whole":
        return "Whole"
    return (
        "Limited to what the person who made it may see: without the names of recipients, contracts, and files that "
        "were never approved."
    )


def _asset(paper: Paper, told: ReportDocument) -> None:
    paper.heading("What is recalled")
    paper.facts((("Asset", f"{told.asset.code}: {told.asset.title}"), ("Kind", told.asset.kind),
                 ("Id", told.asset.id)))  # fmt: skip
    paper.table(
        ("Version", "File", "Type", "Bytes", "Added", "SHA-256"), (13, 38, 22, 18, 30, 53),
        ((str(one.number), one.filename, one.media_type, f"{one.size:,}", _time(one.added_at), one.sha256)
         for one in told.asset.versions),
    )  # fmt: skip
    if told.asset.clauses:
        paper.heading("Clauses about its use", size=10)
        paper.table(
            ("Clause", "Where", "From", "Until", "Document", "Entered"), (28, 28, 26, 26, 38, 28),
            (
                (f"{clause.source}: {clause.effect}{' (lifted)' if clause.lifted_at else ''}",
                 ", ".join((*clause.channels, *clause.territories)) or "everywhere", _time(clause.valid_from),
                 _time(clause.valid_until), clause.document or NONE,
                 f"{_time(clause.made_at)}, {clause.made_by.name}")
                for clause in told.asset.clauses
            ),
        )  # fmt: skip


def _sum(paper: Paper, told: ReportDocument) -> None:
    counts = told.counts
    paper.heading("How it stands")
    numbers = ((name, str(getattr(counts, name)), told.results[name]) for name in RESULTS)
    paper.table(
        ("Result", "Copies", "What it means"), (32, 18, 124),
        ((name.replace("_", " "), number, meaning) for name, number, meaning in numbers),
    )  # fmt: skip
    paper.paragraph(f"Together: {counts.copies}.", bold=True)
    if told.copies:
        paper.heading("All copies", size=10)
        paper.table(
            ("No.", "System", "Place", "Result", "Ended", "Proven", "Level"), (9, 24, 48, 21, 30, 30, 12),
            ((str(copy.number), copy.system, f"{copy.place}, {copy.account}", copy.result.replace("_", " "),
              _time(copy.ended_at), _time(copy.proven_at), copy.level or NONE) for copy in told.copies),
        )  # fmt: skip


def _copy(paper: Paper, copy: CopyTold, told: ReportDocument) -> None:
    paper.heading(f"Copy {copy.number}: {copy.system}, {copy.account}, {copy.place}")
    paper.facts(_facts(copy, told))
    _table(
        paper, "Where it stood", ("What", "Address or reference", "Last found", "When"), (20, 98, 26, 30),
        ((one.kind.replace("_", " "), one.address, one.state, _time(one.looked_at)) for one in copy.things),
    )  # fmt: skip
    _table(
        paper, "What used it there, as the system told",
        ("What", "Name", "Address", "Public", "First and last told", "Ended"), (16, 38, 54, 12, 28, 26),
        (
            (one.kind, one.label, one.address, PUBLIC[one.public],
             f"{_time(one.first_told_at)} {_time(one.last_told_at)}", _time(one.gone_at))
            for one in copy.uses
        ),
    )  # fmt: skip
    _table(
        paper, "The looks that prove it", ("How", "Address or reference", "Answer", "SHA-256 of what came", "When"),
        (14, 64, 20, 48, 28),
        (
            (one.how, one.address, one.answer, one.sha256 or NONE, _time(one.at))
            for one in (copy.proof.looks if copy.proof else ())
        ),
    )  # fmt: skip
    _table(
        paper, "What the hub asked for there since the recall began", ("Request", "Sent", "Answered", "Outcome"),
        (40, 50, 50, 34),
        (
            (one.step, _time(one.intended_at), _time(one.answered_at), (one.outcome or "no answer").replace("_", " "))
            for one in copy.writes
        ),
    )  # fmt: skip


def _facts(copy: CopyTold, told: ReportDocument) -> Iterable[tuple[str, str]]:
    last, proof = copy.last_there, copy.proof
    yield "Result", f"{copy.result.replace('_', ' ').capitalize()}. {told.results[copy.result]}"
    yield "What remains", copy.remains
    yield "Tried again", _time(copy.next_try_at) if copy.next_try_at else ""
    for asked in copy.asked:
        yield "Asked for help", f"{asked.person.name}, {_time(asked.at)}: {asked.what}"
    yield "Made for", "" if copy.asked_for == told.asset.code else f"{copy.asked_for}, for which this asset stood in"
    yield "Place within it", copy.slot
    yield "Marker", copy.marker
    yield "Put there", _time(copy.put_there_at)
    if last is not None:
        version = f", version {last.version}" if last.version else ""
        yield "Last proven there", f"{_time(last.at)}, {last.level}{version}"
        yield "", f"SHA-256 {last.sha256}" if last.sha256 else ""
    if copy.ended_how:
        yield "Ended", f"{_time(copy.ended_at)}. {copy.ended_how}" if copy.ended_at else copy.ended_how
    if proof is not None:
        yield "Proven", f"{_time(proof.at)}, level \u201c{proof.level}\u201d. {told.levels[proof.level]}"
        yield "By", proof.by.name if proof.level == "attested" else ""
        yield "Their words" if proof.level == "attested" else "Note", proof.note


def _table(
    paper: Paper, title: str, head: Sequence[str], widths: Sequence[float], rows: Iterable[Sequence[str]]
) -> None:
    found = list(rows)
    if found:
        paper.paragraph(title, size=8.5, bold=True)
        paper.table(head, widths, found)


def _handouts(paper: Paper, told: ReportDocument) -> None:
    count = told.handouts.count
    paper.heading("What left the hub and cannot be called back")
    if not count:
        paper.paragraph("The hub knows of no download and no share link through which these files left it.")
        return
    paper.paragraph(
        f"{count} {'handout' if count == 1 else 'handouts'} of this asset's files to people and to holders of share "
        "links. Share links do not open any more while the recall holds; what was fetched before stays with those who "
        "fetched it."
    )
    if told.handouts.listed:
        paper.table(
            ("When", "To", "Version", "Form"), (34, 98, 18, 24),
            ((_time(one.at), one.to, str(one.version or NONE), one.form) for one in told.handouts.listed),
        )  # fmt: skip


def _words(paper: Paper, told: ReportDocument) -> None:
    paper.heading("What the words mean")
    # In the order of the hub: a document that was read has its names in alphabetical order.
    meanings = (*((name, told.levels[name]) for name in LEVELS), *((name, told.hows[name]) for name in HOWS))
    paper.facts([(f"\u201c{name}\u201d", meaning) for name, meaning in meanings])
    paper.paragraph(
        "All times are UTC. A copy counts as proven away or substituted only at the levels read, seen or attested, and "
        "only by looks that began after the last request to change it. A character that these pages' typeface lacks is "
        "printed as its number, such as ⟨U+6F22⟩; the signed document holds it as it is."
    )


def _signature(paper: Paper, told: ReportDocument, signed: Signed) -> None:
    signature = signed.signature
    paper.heading("Signature")
    paper.paragraph(
        "What is signed is the document attached to this file (canonical JSON, RFC 8785; Ed25519, RFC 8032). These "
        "pages are made from it for reading; where they differ, the document counts. To check both: damhub evidence "
        "verify FILE --hub ADDRESS, or without the hub, with its public keys: --key FILE."
    )
    paper.facts(
        (
            ("SHA-256", signature.sha256), ("Signature", signature.value), ("Public key", signature.public_key),
            ("Key", signature.key_id),
            ("Published at", f"{told.hub.address.rstrip('/')}/.well-known/damhub-evidence-keys.json"),
            ("Made with", ", ".join(f"{name} {version}" for name, version in sorted(told.hub.renderer.items()))),
        )
    )  # fmt: skip


def _time(at: str | None) -> str:
    """Return a time for people, to the second."""
    return f"{at[:10]} {at[11:19]}" if at else NONE
