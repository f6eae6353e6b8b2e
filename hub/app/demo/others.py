"""What else lives in the catalogue, so that its pages show every state: placed, waiting, recalled, blocked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.access.actors import Role
from hub.app.demo.proofs import Promise
from hub.app.demo.story import World
from hub.app.demo.vendors import Vendor, break_down
from hub.app.samples import DAWN, DAY, DUSK, brochure, clip, lake, logo
from hub.clock import DAY as ONE_DAY
from hub.placements.findings import Claim
from hub.placements.views import CopyView

REFUSES: Final = ({"fault": "error_before", "status": 401, "times": None},)
SMALL: Final = (1200, 800)


class Others:
    """Everybody else's files."""

    def __init__(self, world: World, refusing: Vendor) -> None:
        """Tell of them with the same people and places; `refusing` is a site whose password will be changed."""
        self._world, self._refusing = world, refusing
        self._assets: dict[str, str] = {}

    def enter(self) -> None:
        """Bring them in: a logo, a brochure, a clip, more lakes; approve some."""
        world = self._world
        self._upload("logo.png", logo(size=800), title="Lakeside logo", alt_text="A white mountain over water")
        self._upload("summer-brochure.pdf", brochure(), campaign="Summer")
        self._upload("evening-on-the-lake.mp4", clip(), campaign="Summer")
        self._upload("lake-at-noon.jpg", lake(DAY, seed=12, size=SMALL, title="Lake at noon"), campaign="Summer",
                     alt_text="A lake under a high sun")  # fmt: skip
        self._upload("lake-at-dusk.jpg", lake(DUSK, seed=19, size=SMALL, title="Lake at dusk"), campaign="Autumn",
                     alt_text="A lake after sunset")  # fmt: skip
        world.screen.tell("Meanwhile Carla uploads a logo (PNG), a brochure (PDF), a clip (MP4) and two more lakes")
        for name in ("logo.png", "summer-brochure.pdf", "lake-at-noon.jpg", "lake-at-dusk.jpg"):
            world.approve(self._assets[name])
        world.services.review.submit(world.who(Role.CONTRIBUTOR), self._assets["evening-on-the-lake.mp4"])
        self._place("logo.png", *world.vendors)
        for name in ("summer-brochure.pdf", "lake-at-noon.jpg", "lake-at-dusk.jpg"):
            self._place(name, "wordpress")
        world.screen.tell("Emil approves four of them and places them; the clip is in review")

    def settle(self) -> None:
        """Wait for their copies, then recall one, and let others wait, be rejected, be blocked."""
        world = self._world
        world.screen.chapter("And the others")
        world.prover.wait("Publishing", self._promised(Claim.IN_PLACE), _stands)
        self._recall()
        self._rest()

    def _recall(self) -> None:
        world, editor = self._world, self._world.who(Role.EDITOR)
        dusk, noon = self._assets["lake-at-dusk.jpg"], self._assets["lake-at-noon.jpg"]
        copies = world.services.placements.where(editor, dusk)
        world.services.placements.recall(editor, dusk, "A face can be recognised", substitute_id=noon)
        world.screen.tell("Emil recalls lake-at-dusk.jpg (a face can be recognised); lake-at-noon.jpg stands in")
        for copy in copies:
            self._promise("lake-at-dusk.jpg", "wordpress", copy, Claim.SUBSTITUTED, shows=noon)
        world.prover.wait("Recalling", self._promised(Claim.SUBSTITUTED), _stands_in)

    def _rest(self) -> None:
        world, editor = self._world, self._world.who(Role.EDITOR)
        noon = self._assets["lake-at-noon.jpg"]
        world.services.rights.add_term(
            editor, noon, source="licence", effect="allow", until_at=world.services.clock.now() + 7 * ONE_DAY,
            document="Agency licence 2026-093",
        )  # fmt: skip
        mist = self._upload("lake-in-mist.jpg", lake(DAWN, seed=31, size=SMALL, title="Lake in mist"),
                            alt_text="A lake in morning mist")  # fmt: skip
        world.services.placements.place(editor, mist, world.vendors["wordpress"].target.id)
        crooked = self._upload("lake-crooked.jpg", lake(DUSK, seed=5, size=SMALL, title="Lake, crooked"))
        newest = world.view(crooked).versions[0]
        world.services.review.reject(editor, newest.id, sha256=newest.sha256, note="The horizon is crooked")
        world.screen.tell("One licence has 7 days left, one picture waits for approval, one is rejected")
        break_down(self._refusing.served, REFUSES)
        world.services.placements.place(editor, self._assets["logo.png"], self._refusing.target.id)
        collection = world.services.catalogue.make_collection(editor, "Summer at the lake")
        world.services.catalogue.collect(editor, collection.id, self._assets.values())
        world.screen.tell("The newsletter's site refuses our password: the logo's copy there waits for a person")

    def _upload(self, name: str, data: bytes, **fields: object) -> str:
        self._assets[name] = self._world.upload(Role.CONTRIBUTOR, name, data, **fields)
        return self._assets[name]

    def _place(self, name: str, *vendors: str) -> None:
        editor = self._world.who(Role.EDITOR)
        for vendor in vendors:
            target = self._world.vendors[vendor].target
            copy = self._world.services.placements.place(editor, self._assets[name], target.id)
            self._promise(name, vendor, copy, Claim.IN_PLACE)

    def _promise(self, name: str, vendor: str, copy: CopyView, claim: Claim, *, shows: str = "") -> None:
        self._world.prover.promise(Promise(self._world.vendors[vendor], copy, name, claim, shows=shows))

    def _promised(self, claim: Claim) -> Sequence[Promise]:
        ours = set(self._assets.values())
        return [
            each for each in self._world.prover.promises if each.copy.asset_id in ours and each.claim is claim
        ]  # fmt: skip


def _stands(promise: Promise) -> str:
    return f"{promise.name} is in place in {promise.vendor.title}"


def _stands_in(promise: Promise) -> str:
    return f"{promise.vendor.title} shows lake-at-noon.jpg in its place"
