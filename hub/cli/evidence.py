"""Commands about evidence: make a signed report of a recall, show and change the key, check a report anywhere."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from connectors.sdk.errors import ConnectorError
from connectors.sdk.guard import Guard
from connectors.sdk.http import guarded_client
from connectors.sdk.public import fetch_public
from hub.access.actors import SYSTEM
from hub.cli.printing import AsJson, say, say_json
from hub.cli.toolbox import Toolbox
from hub.errors import Conflict, Invalid
from hub.placements.reports.forms import Form

if TYPE_CHECKING:
    from hub.placements.reports.checking import Checked, PublicKey

NOT_GENUINE: Final = 1
PUBLISHED: Final = "/.well-known/damhub-evidence-keys.json"
LARGEST_KEYS: Final = 1024 * 1024
LARGEST_REPORT: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class EvidenceCommands:
    """The commands, for one toolbox."""

    toolbox: Toolbox

    def add_to(self, app: typer.Typer) -> None:
        """Add the commands to the command line."""
        group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
        for act in (self.report, self.key, self.rotate_key, self.verify):
            group.command()(act)
        app.add_typer(group, name="evidence", help="Signed reports of recalls, and the keys that check them.")

    def report(
        self,
        recall: Annotated[str, typer.Argument(help="The recall's id, as in the address of its page.")],
        *,
        form: Annotated[Form, typer.Option(help="Pages with the signed document in them, or the document alone.")] = (
            Form.PDF
        ),
        output: Annotated[Path | None, typer.Option(help="Where it is written; nothing: a name of its own.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Make a signed report of how a recall stands now. Each one has a number and is noted."""
        if output is not None and output.exists():
            raise Invalid("report_there", "There is a file of that name already.", where=str(output.absolute()),
                          next_step="Name another one.")  # fmt: skip
        with self.toolbox.reports(self.toolbox.settings()) as reports:
            made = reports.make(SYSTEM, recall, form)
        path = output or Path(made.filename)
        with path.open("xb") as file:
            file.write(made.data)
        if as_json:
            say_json({"file": str(path.absolute()), "number": made.number, "sha256": made.sha256})
        else:
            say(f"Report no. {made.number} is in {path}. SHA-256 of its document: {made.sha256}")

    def key(self, *, as_json: AsJson = False) -> None:
        """Show the public keys that check this hub's reports; with --json in the form that `verify --key` reads."""
        with self.toolbox.reports(self.toolbox.settings()) as reports:
            found = reports.keys()
        if as_json:
            say_json(found)
        elif not found["keys"]:
            say("No report was signed yet: the key is made with the first one.")
        for each in found["keys"] if not as_json else ():  # lines, since a key that is cut off names nothing
            retired = f", retired {each['damhub_retired_at']}" if each["damhub_retired_at"] else ""
            say(f"{each['kid']} of hub {each['damhub_installation']}, made {each['damhub_made_at']}{retired}")

    def rotate_key(self, *, as_json: AsJson = False) -> None:
        """Make a new key for reports. The private part of the old one is forgotten; what it signed stays good."""
        with self.toolbox.reports(self.toolbox.settings()) as reports:
            made = reports.rotate_key(SYSTEM)
        if as_json:
            say_json({"key_id": made.id})
        else:
            say(f"Reports are signed with {made.id} from now on. Hand the new public key to whoever keeps the old one.")

    def verify(
        self,
        file: Annotated[Path, typer.Argument(help="A report, PDF or JSON.")],
        *,
        key: Annotated[
            Path | None, typer.Option(help="The public keys of the hub that it is said to come from.")
        ] = None,
        hub: Annotated[str, typer.Option(help="The address of that hub, to ask for its keys.")] = "",
        as_json: AsJson = False,
    ) -> None:
        """Check a report, by this hub's own keys unless others are named. Exit code 1: not genuine; 2: no telling."""
        from hub.placements.reports.checking import check, facts_of

        data = _read(file)
        checked = check(data, self._keys(key, hub))
        if as_json:
            say_json(facts_of(checked))
        else:
            _tell(checked)
        if not checked.genuine:
            raise typer.Exit(NOT_GENUINE)

    def _keys(self, key: Path | None, hub: str) -> dict[str, PublicKey]:
        from hub.placements.reports.checking import PublicKey, read_keys

        if key is not None and hub:
            raise Invalid("keys_twice", "Both a file of keys and a hub were named.", next_step="Name one of them.")
        if key is not None:
            return read_keys(_read(key))
        if hub:
            return read_keys(_ask(hub))
        try:
            with self.toolbox.reports(self.toolbox.settings()) as reports:
                found = reports.keys()
        except Conflict as nothing:
            raise _no_key() from nothing
        if not found["keys"]:
            raise _no_key()
        return {each["kid"]: PublicKey.model_validate(each) for each in found["keys"]}


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST_REPORT + 1)
    except OSError as error:
        raise Invalid("report_unreadable", f"The file cannot be read: {error.strerror}.", where=str(file),
                      next_step="Check the name.") from error  # fmt: skip
    if len(data) > LARGEST_REPORT:
        raise Invalid("report_unreadable", f"The file is larger than any report: {LARGEST_REPORT // 1024**2} MB.",
                      where=str(file), next_step="Check the name.")  # fmt: skip
    return data


def _ask(hub: str) -> bytes:
    """Ask a hub for its public keys, as anybody may. Whoever named the address trusts it."""
    address = hub.rstrip("/") + PUBLISHED
    try:
        with guarded_client(Guard(trusted_origins=[hub])) as client, tempfile.TemporaryFile() as into:
            found = fetch_public(address, client=client, into=into, limit=LARGEST_KEYS)
            into.seek(0)
            if found.whole:
                return into.read()
    except (ConnectorError, ValueError) as error:
        raise _unasked(address, str(error)) from error
    raise _unasked(address, f"it answered {found.status}")


def _unasked(address: str, why: str) -> Invalid:
    return Invalid("evidence_keys_unasked", f"The hub could not be asked for its keys: {why}.", where=address,
                   next_step="Check the address, or take its keys from a file: --key FILE.")  # fmt: skip


def _no_key() -> Invalid:
    return Invalid("no_key_to_check", "There is no public key to check the report with.",
                   next_step="Name the hub's keys (--key FILE) or its address (--hub URL).")  # fmt: skip


def _tell(checked: Checked) -> None:
    from hub.placements.reports.checking import Pages

    say("Genuine." if checked.genuine else "NOT GENUINE.")
    say(checked.says)
    told = checked.document
    if told is None:
        return
    claim = "" if checked.genuine else "It says: "
    report, counts = told.report, told.counts
    say(f"{claim}report no. {report.number} on the recall of {told.asset.code} ({told.recall.state}), made "
        f"{report.made_at} by {report.made_by.name}, hub {told.hub.installation_id} at {told.hub.address}, "
        f"damhub {told.hub.damhub}.")  # fmt: skip
    say(f"{claim}{counts.copies} copies: {counts.withdrawn} withdrawn, {counts.substituted} substituted, "
        f"{counts.never_there} never there, {counts.unproven} unproven.")  # fmt: skip
    say(f"Key {checked.key_id}, SHA-256 {checked.sha256}")
    if checked.pages is Pages.NOT_COMPARED:
        say("The text of the pages is a convenience here: it was not compared.")
