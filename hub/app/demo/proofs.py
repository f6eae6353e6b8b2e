"""What must be proven of each copy: awaited in the hub's evidence, held against the truth at the remote, accounted for.

A proof counts when the hub wrote down evidence that a second call or an anonymous visitor brought, and the remote's own
ledger (or, of a real server, what anybody sees there) does not say otherwise at that moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rich.text import Text

from connectors.sdk.errors import ConnectorError
from hub.access.actors import SYSTEM
from hub.app.demo.screen import Screen, clock_time
from hub.app.demo.vendors import Vendor
from hub.media.presets import WEB
from hub.placements.findings import Claim
from hub.placements.looks import GONE_STATUSES
from hub.placements.views import CopyView, EvidenceView
from hub.web.services import Services

LEVELS: Final[Mapping[str, str]] = {"read": "read back by a second call", "seen": "seen by an anonymous visitor"}
LEGEND: Final = (
    "seen: every public address was opened with nobody signed in; read: a second call shows it. In truth: what the "
    "remote's own ledger says (a real server: what anybody sees there), asked without the hub."
)
HEADINGS: Final = ("Copy", "Should be", "Read back", "Evidence", "When", "In truth")


@dataclass(slots=True)
class Promise:
    """One thing that must be proven of one copy."""

    vendor: Vendor
    copy: CopyView
    name: str
    claim: Claim
    shows: str = ""  # the asset whose bytes are to be shown; the copy's own by default
    version: int = 1
    others: Callable[[], str] = field(default=lambda: "")  # what else is wrong at the remote
    proof: EvidenceView | None = None
    objection: str = ""  # what the remote says against it

    @property
    def kept(self) -> bool:
        """Tell whether it is proven and nothing speaks against it."""
        return self.proof is not None and not self.objection

    @property
    def should(self) -> str:
        """Say in words what should be true."""
        words = {Claim.IN_PLACE: f"version {self.version}", Claim.SUBSTITUTED: "its substitute"}
        return words.get(self.claim, "nowhere any more")

    @property
    def copy_name(self) -> str:
        """Name the copy."""
        return f"{self.name} in {self.vendor.title}"


class Prover:
    """Looks for proofs, as the hub's pages and a stranger at the remote would."""

    def __init__(self, services: Services, screen: Screen, *, patience_s: float) -> None:
        """Wait up to `patience_s` for the copies of each step."""
        self._services, self._screen, self._patience_s = services, screen, patience_s
        self.promises: list[Promise] = []
        self.broken: list[str] = []

    def promise(self, *promises: Promise) -> tuple[Promise, ...]:
        """Write down what is to be proven in this run."""
        self.promises.extend(promises)
        return promises

    def refute(self, true: object, text: str) -> None:
        """Note something that must never be."""
        if true:
            self.broken.append(text)
            self._screen.tell(text, style="bold red")

    def wait(self, what: str, promises: Sequence[Promise], tell: Callable[[Promise], str]) -> None:
        """Wait until each is proven, and tell each as it comes; what is late is told too, and stays missing."""
        left = list(promises)
        with self._screen.waiting(what, of=len(promises)) as done:

            def all_proven() -> bool:
                for each in [one for one in left if self._proven(one)]:
                    left.remove(each)
                    done(len(promises) - len(left))
                    self._tell(each, tell)
                return not left

            self._screen.watch(all_proven, within_s=self._patience_s)
        for each in left:
            state = self._services.placements.copy(SYSTEM, each.copy.id)
            why = f"{state.phase}, {state.problem or 'no reason is known'}"
            self._screen.tell(f"Not proven in time: {each.copy_name}, {each.should} ({why})", style="bold red")

    def sent(self, asset_id: str, version: int) -> str:
        """Return the hash of the bytes that channels show of a version."""
        media = self._services.media
        with self._services.database.read() as session:
            made = media.rendition(session, self._version_id(asset_id, version), WEB)
            return (made.sha256 if made else None) or ""

    def _proven(self, promise: Promise) -> bool:
        proofs, _ = self._services.placements.evidence(SYSTEM, promise.copy.id)
        promise.proof = next((proof for proof in proofs if self._fits(promise, proof)), None)
        if promise.proof is not None:
            promise.objection = self._objection(promise)
        return promise.proof is not None

    def _fits(self, promise: Promise, proof: EvidenceView) -> bool:
        if proof.claim != promise.claim.value or proof.level not in LEVELS or not proof.current:
            return False
        if promise.claim is Claim.WITHDRAWN:
            return True
        return proof.version_id == self._version_id(promise.shows or promise.copy.asset_id, promise.version)

    def _version_id(self, asset_id: str, number: int) -> str:
        versions = self._services.catalogue.view(SYSTEM, asset_id).versions
        return next((version.id for version in versions if version.number == number), "")

    def _objection(self, promise: Promise) -> str:
        try:
            return self._contradiction(promise)
        except ConnectorError as error:
            return f"cannot be asked: {error}"

    def _contradiction(self, promise: Promise) -> str:
        shown = promise.vendor.shown(promise.copy.marker)
        if promise.claim is not Claim.WITHDRAWN:
            wanted = self.sent(promise.shows or promise.copy.asset_id, promise.version)
            if shown != [wanted]:
                return "shows other bytes" if len(shown) == 1 else f"has {len(shown)} copies"
        elif shown:
            return "still has it"
        elif alive := [
            url for url in addresses(promise.proof) if promise.vendor.visit(url).status not in GONE_STATUSES
        ]:
            return f"{len(alive)} addresses still answer"
        return promise.others()

    def _tell(self, promise: Promise, tell: Callable[[Promise], str]) -> None:
        if promise.objection:
            said = f"{promise.copy_name}: the hub says {promise.should}, but {promise.vendor.title} {promise.objection}"
            self._screen.tell(said, style="bold red")
        elif promise.proof is not None:
            self._screen.tell(f"{tell(promise)}, {LEVELS[promise.proof.level]}", style="green")

    # The account at the end

    def account(self) -> bool:
        """Print every proof as the hub keeps it, and what is missing; tell whether nothing is."""
        self._screen.table("Proofs", HEADINGS, [self._row(promise) for promise in self.promises])
        missing = [f"{each.copy_name}: {each.should}" for each in self.promises if not each.kept] + self.broken
        kept = sum(promise.kept for promise in self.promises)
        self._screen.last_words(LEGEND, style="dim")
        self._screen.last_words("")
        if not missing:
            self._screen.last_words(f"All {kept} proofs are there, and no remote contradicts.", style="bold green")
            return True
        self._screen.last_words(f"{kept} of {len(self.promises)} proofs are there. Missing:", style="bold red")
        for each in missing:
            self._screen.last_words(f"  {each}", style="red")
        return False

    def _row(self, promise: Promise) -> tuple[Text, ...]:
        """Read a proof back from the hub's evidence."""
        proofs, _ = self._services.placements.evidence(SYSTEM, promise.copy.id)
        wanted = promise.proof.id if promise.proof else ""
        proof = next((each for each in proofs if each.id == wanted), None)
        if proof is None:
            promise.proof = None
            cells = (promise.copy_name, promise.should, "missing", "none", "", "")
            return tuple(Text(cell, style="red" if cell == "missing" else "") for cell in cells)
        witness = Text(promise.objection, "red") if promise.objection else Text(promise.vendor.agrees)
        cells = (promise.copy_name, promise.should, read_back(proof), proof.level, clock_time(proof.at))
        return (*(Text(cell) for cell in cells), witness)


def addresses(proof: EvidenceView | None) -> list[str]:
    """Return the public addresses that a proof rests on."""
    return [look["ref"] for look in (proof.looks if proof else ()) if look["how"] == "get"]


def read_back(proof: EvidenceView) -> str:
    """Say in words what the looks behind a proof found."""
    asked = {look["answer"] for look in proof.looks if look["how"] in {"look", "list"}}
    there = "there" if "there" in asked else "gone" if asked else "not found"
    opened = Counter(_in_words(look["answer"]) for look in proof.looks if look["how"] == "get")
    counts = sorted(opened.items(), reverse=True)
    told = (f"{count} {'address' if count == 1 else 'addresses'} {how}" for how, count in counts)
    return "; ".join((there, *told))


def _in_words(answer: str) -> str:
    return {"200": "open", **{str(int(status)): "dead" for status in GONE_STATUSES}}.get(answer, f"answer {answer}")
