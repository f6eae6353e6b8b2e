"""Commands for whoever keeps a hub: doctor, backup, restore, adopt, declare-copy, rotate-key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from hub.access.keyring import Keyring
from hub.cli.findings import Finding, Verdict
from hub.cli.printing import AsJson, progress, say, say_json, show_table, waiting
from hub.cli.toolbox import Carried, Toolbox
from hub.db.models import Installation
from hub.errors import Invalid

STYLES = {"good": "green", "look": "yellow", "bad": "bold red"}
FOUND_BAD = 1


@dataclass(frozen=True, slots=True)
class Keeping:
    """The commands, for one toolbox."""

    toolbox: Toolbox

    def add_to(self, app: typer.Typer) -> None:
        """Add the commands to the command line."""
        for act in (self.doctor, self.backup, self.restore, self.adopt, self.declare_copy, self.rotate_key):
            app.command()(act)

    def doctor(self, *, as_json: AsJson = False) -> None:
        """Say what is missing or late, why, and what to do. Exit code 1 if anything is bad."""
        with waiting("Looking at everything ..."):
            findings = self.toolbox.doctor()
        if as_json:
            say_json({"findings": [asdict(each) for each in findings]})
        else:
            _show(findings)
        if any(each.verdict is Verdict.BAD for each in findings):
            raise typer.Exit(FOUND_BAD)

    def backup(
        self,
        file: Annotated[Path, typer.Argument(help="Where the backup is written; it appears when it is whole.")],
        *,
        with_keys: Annotated[
            bool, typer.Option("--with-keys", help="Put the keys in, too: whoever has the file then has everything.")
        ] = False,
        overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Write the whole catalogue with its bytes into one file, while the hub runs."""
        settings = self.toolbox.settings()
        if file.exists() and not overwrite:
            raise Invalid(
                "backup_there", "There is a file of that name already.", where=str(file.absolute()),
                next_step="Name another one, or add --overwrite.",
            )  # fmt: skip
        if not file.absolute().parent.is_dir():
            raise Invalid(
                "folder_missing", "The folder for the backup is not there.", where=str(file.absolute().parent),
                next_step="Make it, or name another one.",
            )  # fmt: skip
        with progress("Backing up") as told:
            carried = self.toolbox.backup(settings, file.absolute(), with_keys=with_keys, told=told)
        _tell_carried(carried, f"{file} holds", as_json=as_json)

    def restore(
        self,
        file: Annotated[Path, typer.Argument(help="A backup made by `damhub backup`.")],
        *,
        as_json: AsJson = False,
    ) -> None:
        """Fill an empty hub from a backup; it then only observes until you say `adopt` or `declare-copy`."""
        settings = self.toolbox.settings()
        if not file.is_file():
            raise Invalid(
                "backup_missing", "There is no such file.", where=str(file), next_step="Check the name."
            )  # fmt: skip
        with progress("Restoring") as told:
            carried = self.toolbox.restore(settings, file, told=told)
        _tell_carried(carried, "Restored:", as_json=as_json)
        if not as_json:
            say("This hub only observes until you say `damhub adopt` (it is the hub) or `damhub declare-copy`.")

    def adopt(self, *, as_json: AsJson = False) -> None:
        """Say that this is the hub (after a restore or a move): it acts again."""
        _tell_mode(self.toolbox.adopt(self.toolbox.settings()), "This is the hub: it acts again.", as_json=as_json)

    def declare_copy(self, *, as_json: AsJson = False) -> None:
        """Say that this is a copy: it becomes a hub of its own and leaves the original's copies alone."""
        copy = self.toolbox.declare_copy(self.toolbox.settings())
        text = "This is a hub of its own now. Connections and webhooks stay the original's: connect anew to use them."
        _tell_mode(copy, text, as_json=as_json)

    def rotate_key(self, *, as_json: AsJson = False) -> None:
        """Make a new key for sealing and signing; older ones go on opening what they sealed."""
        ring = Keyring.rotate(self.toolbox.settings())
        if as_json:
            say_json({"key_id": ring.key_id})
        else:
            say(f"The current key is {ring.key_id} now. Start the running processes again, so that they use it.")


def _show(findings: Sequence[Finding]) -> None:
    rows = ((each.verdict.value, each.name, f"{each.what} {each.next_step}".strip()) for each in findings)
    show_table(("", "looked at", "found"), rows, styles=STYLES)
    counts = Counter(each.verdict for each in findings)
    say(", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict))


def _tell_carried(carried: Carried, begin: str, *, as_json: bool) -> None:
    if as_json:
        say_json(
            {"rows": carried.rows, "blobs": carried.blobs, "bytes": carried.bytes, "missing": list(carried.missing)}
        )
        return
    say(f"{begin} {carried.rows} rows and {carried.blobs} blobs ({carried.bytes} bytes).")
    for sha256 in carried.missing:
        say(f"missing or damaged in the store, so not in it: {sha256}")


def _tell_mode(installation: Installation, text: str, *, as_json: bool) -> None:
    if as_json:
        told = {"installation_id": installation.id, "epoch": installation.epoch, "mode": str(installation.mode)}
        say_json(told)
    else:
        say(text)
