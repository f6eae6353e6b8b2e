"""`damhub demo`: set the stage, tell the story, account for the proofs, stay up to be looked at, end in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Final

from connectors.sdk.errors import ConnectorError
from connectors.sdk.manifest import Capability
from hub.access.actors import Role
from hub.app.demo.others import Others
from hub.app.demo.people import Person, hire
from hub.app.demo.playground import Playground
from hub.app.demo.proofs import Prover
from hub.app.demo.real import real_wordpress, refuse_unknown
from hub.app.demo.screen import Ended, Screen
from hub.app.demo.stage import Served, Stage
from hub.app.demo.story import Story, World
from hub.app.demo.vendors import Vendor
from hub.cli.toolbox import DemoWish
from hub.errors import HubError, Unavailable
from hub.jobs.signals import ending_on_signals
from hub.placements.ports import Viewer
from hub.web.services import Services

PATIENCE_S: Final = 90.0
MISSING: Final = 1
INTERRUPTED: Final = 130
SANDBOXES: Final = {"wordpress": "wordpress", "trello": "trello", "newsletter": "wordpress"}
"""What the hub speaks to, by name, with its connector. The newsletter's site is the one that refuses us later."""
TITLES: Final = {"wordpress": "Lakeside website", "newsletter": "Lakeside newsletter"}
"""What the sites call themselves, so that a person can tell them apart."""
ENDS: Final = "linkedin"
"""The connector that is connected by a sign-in which ends."""
KNOWN_AS: Final = {
    "wordpress": "the website (WordPress)", "trello": "Trello", "newsletter": "the newsletter's site (WordPress)",
}  # fmt: skip

Rehearsal = Callable[[Mapping[str, Served]], None]


def play(wish: DemoWish, *, patience_s: float = PATIENCE_S, rehearsal: Rehearsal | None = None) -> int:
    """Play the demo; return 0 when every proof is there, 1 when one is missing, 130 when it was ended before.

    Args:
        wish: what the person asked for.
        patience_s: how long the copies of one step may take.
        rehearsal: is given what serves before the story begins, to spoil it.

    Raises:
        Invalid: `no_real_server`.
        Unavailable: something does not start.
    """
    refuse_unknown(wish.real)
    stop = threading.Event()
    with ending_on_signals(stop):
        screen = Screen(stop)
        stage = Stage(screen)
        try:
            return _Play(stage, wish, patience_s).run(rehearsal)
        except Ended:
            screen.last_words("Ended before the story was over.")
            return INTERRUPTED
        except ConnectorError as failure:  # the story itself asks remotes, too
            stage.explain()
            raise Unavailable("remote_unavailable", str(failure), next_step="Run the demo again.") from failure
        except HubError:
            stage.explain()
            raise
        finally:
            screen.last_words("Ending: the hub, then the sandboxes, then the folder ...", style="dim")
            stage.close()


class _Play:
    """One run."""

    def __init__(self, stage: Stage, wish: DemoWish, patience_s: float) -> None:
        self._stage, self._screen, self._wish, self._patience_s = stage, stage.screen, wish, patience_s

    def run(self, rehearsal: Rehearsal | None) -> int:
        """Play, account, stay."""
        self._screen.chapter("Setting the stage")
        served = self._serve()
        self._playground = Playground(self._stage)
        services = self._open(served)
        if rehearsal is not None:
            rehearsal(served)
        prover = Prover(services, self._screen, patience_s=self._patience_s)
        self._tell(services, served, prover)
        proven = prover.account()
        if not proven:
            self._stage.explain()
        if not self._wish.once:
            self._stay()
        return 0 if proven else MISSING

    def _serve(self) -> dict[str, Served]:
        wanted = {name: connector for name, connector in SANDBOXES.items() if name not in self._wish.real}
        served = self._stage.sandboxes(wanted, TITLES)
        self._screen.tell(f"Sandboxes of WordPress and Trello run: {', '.join(served)}")
        if "wordpress" in self._wish.real:
            served["wordpress"] = real_wordpress(self._stage)
        return served

    def _open(self, served: Mapping[str, Served]) -> Services:
        trusted = [*(each.origin for each in served.values()), *self._playground.origins]
        services = self._stage.hub(trusted, self._playground.file)
        self._people = hire(services.access)
        self._stage.serve()
        self._stage.await_web()
        self._screen.tell(f"The hub runs at {self._stage.settings.url} (embedded database, local files)")
        return services

    def _tell(self, services: Services, served: Mapping[str, Served], prover: Prover) -> None:
        visitor = self._stage.visitor()
        vendors = {name: self._connect(services, served[name], visitor) for name in SANDBOXES}
        self._connect_what_ends(services)
        told = {name: vendors[name] for name in ("wordpress", "trello")}
        world = World(services, self._screen, prover, self._people, told)
        others = Others(world, vendors["newsletter"])
        Story(world).play(others.enter)
        others.settle()

    def _connect(self, services: Services, served: Served, visitor: Viewer) -> Vendor:
        """Connect one account as the administrator would; copies go to the first place that it has."""
        ada = self._people[Role.ADMINISTRATOR].actor
        made = services.connections.connect(
            ada, served.connector, auth=served.auth, settings=served.settings, secrets=served.secrets
        )
        services.connections.refresh_targets(ada, made.id)
        places = services.connections.targets(ada, made.remote_id)
        target = min(places, key=lambda place: place.ref)
        self._screen.tell(f"Ada connects {KNOWN_AS[served.name]} as {target.account_label}")
        vendor = Vendor(served, target, visitor)
        if Capability.SUBSCRIBE in vendor.manifest.abilities:
            services.connections.subscribe(ada, target.id)
            self._screen.tell(f"{vendor.title} will tell the hub when {target.label} changes")
        return vendor

    def _connect_what_ends(self, services: Services) -> None:
        """Connect an account whose sign-in ends, so that the calendar has something to tell."""
        ada, told = self._people[Role.ADMINISTRATOR].actor, self._playground.told[ENDS]
        made = services.connections.connect(
            ada, ENDS, auth=told["auth"], settings=told["settings"], secrets=told["secrets"]
        )
        services.connections.refresh_targets(ada, made.id)
        title = services.connections.manifest(ENDS).title
        self._screen.tell(f"Ada connects {title} by a token that ends in some weeks: the calendar shows when")

    def _stay(self) -> None:
        self._screen.last_words("")
        self._screen.last_words(f"Look around: {self._stage.settings.url}", style="bold")
        for role, person in self._people.items():
            self._screen.last_words(_login(role, person))
        self._screen.last_words("More can be connected by hand: each form names a made-up vendor beside this hub.")
        self._screen.last_words(f"In another terminal: {self._here()} .venv/bin/damhub doctor")
        self._screen.last_words("Ctrl-C ends everything in order.")
        self._screen.stay(self._look_after)

    def _here(self) -> str:
        """What tells a command of this hub."""
        settings = self._stage.settings
        return f"DAMHUB_HOME={settings.home} DAMHUB_PORT={settings.port}"

    def _look_after(self) -> None:
        self._stage.check()
        self._playground.flush()


def _login(role: Role, person: Person) -> str:
    return f"  {role.value:<15}{person.email:<28}{person.password}"
