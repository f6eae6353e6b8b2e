"""The life of a picture: it enters, is approved, appears, changes everywhere, is withdrawn when its licence ends."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from hub.access.actors import Actor, Role
from hub.app.demo.people import Person
from hub.app.demo.proofs import Promise, Prover
from hub.app.demo.screen import Screen, clock_time
from hub.app.demo.vendors import Vendor
from hub.app.samples import DAWN, lake
from hub.catalogue.views import AssetView
from hub.clock import SECOND
from hub.placements.findings import Claim
from hub.web.services import Services

NAME: Final = "lake-at-dawn.jpg"
LICENCE_S: Final = 12
MEDIA_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class World:
    """What every part of the story is told with."""

    services: Services
    screen: Screen
    prover: Prover
    people: Mapping[Role, Person]
    vendors: Mapping[str, Vendor]

    def who(self, role: Role) -> Actor:
        """Return the person with this role."""
        return self.people[role].actor

    def upload(self, role: Role, name: str, data: bytes, **more: object) -> str:
        """Bring a file in, as a new asset or as the next version of `asset_id`; return the asset's id."""
        asset_id = more.pop("asset_id", None)
        uploaded = self.services.intake.upload(
            self.who(role), io.BytesIO(data), filename=name, fields=more,
            asset_id=str(asset_id) if asset_id else None, expect_size=len(data),
        )  # fmt: skip
        return uploaded.asset_id

    def decoded(self, asset_id: str, version: int) -> bool:
        """Tell whether a version's renditions are made."""
        return bool(self.prover.sent(asset_id, version))

    def view(self, asset_id: str) -> AssetView:
        """Return an asset as the editor sees it."""
        return self.services.catalogue.view(self.who(Role.EDITOR), asset_id)

    def approve(self, asset_id: str, note: str = "") -> None:
        """Let the editor approve the newest version."""
        newest = self.view(asset_id).versions[0]
        self.services.review.approve(self.who(Role.EDITOR), newest.id, sha256=newest.sha256, note=note)


class Story:
    """One picture in every vendor."""

    def __init__(self, world: World) -> None:
        """Begin with nothing."""
        self._world = world
        self._posts: dict[str, int] = {}

    def play(self, meanwhile: Callable[[], None]) -> None:
        """Tell it all; `meanwhile` happens while the licence runs out."""
        self._enters()
        self._is_wanted()
        self._appears()
        self._changes()
        self._ends(meanwhile)

    def _enters(self) -> None:
        world = self._world
        world.screen.chapter("A picture enters the catalogue")
        data = lake(DAWN, title="Mountain lake at dawn")
        self._asset = world.upload(Role.CONTRIBUTOR, NAME, data, campaign="Summer", alt_text="A lake before sunrise")
        code = world.view(self._asset).code
        world.screen.tell(f"Carla uploads {NAME} ({len(data) // 1000} kB): it is {code} now")
        world.screen.until("Reading it", lambda: world.decoded(self._asset, 1), within_s=MEDIA_S)
        fields = world.view(self._asset).fields
        told = ", ".join(str(fields[name]) for name in ("title", "creator", "copyright") if fields.get(name))
        world.screen.tell(f"Read from the file itself: {told}")
        world.services.review.submit(world.who(Role.CONTRIBUTOR), self._asset)

    def _is_wanted(self) -> None:
        world = self._world
        world.screen.chapter("It is wanted in two places, but not approved yet")
        self._copies = {
            name: world.services.placements.place(world.who(Role.EDITOR), self._asset, vendor.target.id)
            for name, vendor in world.vendors.items()
        }
        for claim, version in ((Claim.IN_PLACE, 1), (Claim.IN_PLACE, 2), (Claim.WITHDRAWN, 2)):
            world.prover.promise(*(self._promise(name, claim, version) for name in self._copies))
        for vendor in world.vendors.values():
            world.screen.tell(f"Emil places it in {vendor.title}: {vendor.target.label}")
        left = [v.title for name, v in world.vendors.items() if v.shown(self._copies[name].marker)]
        world.prover.refute(left, f"It left before it was approved, to {', '.join(left)}")
        world.screen.tell("Both places wait: nothing leaves before somebody approves it")

    def _appears(self) -> None:
        world = self._world
        world.screen.chapter("It is approved, and appears")
        world.approve(self._asset)
        world.screen.tell("Emil approves version 1, exactly these bytes")
        world.prover.wait("Publishing", self._promised(Claim.IN_PLACE, 1), _appeared)
        for name, vendor in world.vendors.items():
            marker = self._copies[name].marker
            if not vendor.carries_links and len(vendor.shown(marker)) == 1:
                self._posts[name] = vendor.write_post(marker, "Early at the lake")
                world.screen.tell(f"An editor in {vendor.title} writes a post with it")

    def _changes(self) -> None:
        world = self._world
        world.screen.chapter("A new version, everywhere")
        data = lake(DAWN, seed=8, title="Mountain lake at dawn")
        world.upload(Role.CONTRIBUTOR, NAME, data, asset_id=self._asset)
        world.screen.tell("Carla uploads version 2. It is not approved: every place keeps version 1")
        world.screen.until("Reading it", lambda: world.decoded(self._asset, 2), within_s=MEDIA_S)
        first = [world.prover.sent(self._asset, 1)]
        moved = [v.title for name, v in world.vendors.items() if v.shown(self._copies[name].marker) != first]
        world.prover.refute(moved, f"Version 1 did not stay in {', '.join(moved)}")
        world.approve(self._asset, note="Better light")
        world.screen.tell("Emil approves version 2, once")
        world.prover.wait("Changing every copy", self._promised(Claim.IN_PLACE, 2), _changed)
        for name in self._posts:
            world.screen.tell(f"The post in {world.vendors[name].title} follows by itself")

    def _ends(self, meanwhile: Callable[[], None]) -> None:
        world = self._world
        world.screen.chapter("The licence ends")
        end = world.services.clock.now() + LICENCE_S * SECOND
        world.services.rights.add_term(
            world.who(Role.EDITOR), self._asset, source="licence", effect="allow",
            channels=[vendor.target.channel for vendor in world.vendors.values()], until_at=end,
            document="Agency licence 2026-117",
        )  # fmt: skip
        world.screen.tell(
            f"Emil records the licence: it ends at {clock_time(end)}, in {LICENCE_S} s, by the real clock"
        )
        meanwhile()
        world.screen.until(f"Until {clock_time(end)}", lambda: world.services.clock.now() >= end, within_s=LICENCE_S)
        world.screen.tell(f"It is {clock_time(end)} or later: the licence has ended. Nobody does anything")
        promised = self._promised(Claim.WITHDRAWN, 2)
        world.prover.wait("Withdrawing every copy", promised, lambda promise: _withdrawn(promise, end))
        early = [each.vendor.title for each in promised if each.proof and each.proof.at < end]
        world.prover.refute(early, f"Withdrawn before its time: {', '.join(early)}")

    def _promise(self, name: str, claim: Claim, version: int) -> Promise:
        return Promise(
            self._world.vendors[name], self._copies[name], NAME, claim, version=version,
            others=lambda: self._post_is_wrong(name, claim),
        )  # fmt: skip

    def _promised(self, claim: Claim, version: int) -> list[Promise]:
        every = self._world.prover.promises
        ours = [each for each in every if each.copy.asset_id == self._asset]
        return [each for each in ours if (each.claim, each.version) == (claim, version)]

    def _post_is_wrong(self, name: str, claim: Claim) -> str:
        if name not in self._posts:
            return ""
        shown = self._world.vendors[name].post_shows(self._posts[name], self._copies[name].marker)
        if shown == (claim is Claim.WITHDRAWN):
            return "still shows it in a post" if shown else "lost it from its post"
        return ""


def _appeared(promise: Promise) -> str:
    if promise.vendor.carries_links:
        return f"The {promise.vendor.title} card links to {promise.name}"
    return f"{promise.vendor.title} shows {promise.name}"


def _changed(promise: Promise) -> str:
    if promise.vendor.carries_links:
        return f"The link on the {promise.vendor.title} card shows version {promise.version}"
    return f"{promise.vendor.title} shows version {promise.version}, and version 1 is gone"


def _withdrawn(promise: Promise, end: int) -> str:
    after = ((promise.proof.at if promise.proof else end) - end) / SECOND
    return f"{promise.vendor.title}: withdrawn {after:.1f} s after the end"
