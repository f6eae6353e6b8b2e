"""What can be changed of a connection without connecting anew: its settings, and what each place in it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request
from sqlalchemy import select

from hub.access.permissions import Act, require
from hub.clock import MINUTE
from hub.connections.countries import country_names
from hub.connections.models import Target
from hub.connections.targets import EVERYWHERE
from hub.errors import HubError, Invalid
from hub.placements.impact import UNCHANGED
from hub.placements.schedule import lead_of
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui.asking import label_of, setting_fields, typed_settings, with_error, written
from hub.web.ui.copies import outcomes
from hub.web.ui.foreseen import foreseen_page
from hub.web.ui.frame import go, may, page
from hub.web.ui.names import people
from hub.web.ui.shown import Note
from mappings.languages import name_of

if TYPE_CHECKING:
    from hub.connections.changing import SettingsView
    from hub.connections.views import ConnectionView, TargetView
    from hub.placements.rehearsal import Foreseen

adjusting = Blueprint("adjusting", "hub.web")
AT_ONCE: Final = 50
"""How many places a page lists."""
PLACE_FIELDS: Final = ("channel", "territory", "language", "lead", "late", "life")
MINUTE_S, HOUR_S, YEAR_S = 60, 3600, 31_536_000


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it counts now."""

    label: str
    value: str
    fixed: str  # why nobody can change it


@dataclass(frozen=True, slots=True)
class PlaceTime:
    """One of a place's times, as its form asks for it."""

    name: str
    label: str
    hint: str
    unit_s: int
    value: str = ""

    @property
    def most(self) -> int:
        """Return the largest number that is taken."""
        return YEAR_S // self.unit_s


TIMES: Final = (
    PlaceTime("lead", "Looked at before, minutes", "So long before its time a copy is looked at once more. 0: 15 as "
              "usual.", MINUTE_S),
    PlaceTime("late", "Late at most, minutes", "What could not go out by then waits for a person.", MINUTE_S),
    PlaceTime("life", "Usable then for, hours", "What may not be shown for so long from its time on does not go out.",
              HOUR_S),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LastChange:
    """What was changed last, and by whom."""

    at: int
    by: str
    what: str
    number: int


def settings_of(view: ConnectionView) -> tuple[list[Setting], LastChange | None]:
    """Return a connection's settings in the words of its form, and their last change."""
    found = services().connections.settings(actor(), view.id)
    manifest = services().connections.manifest(view.connector)
    about = manifest.settings.model_json_schema().get("properties", {})
    labels = {name: label_of(name, about.get(name, {})) for name in {**about, **found.values}}
    shown = [
        Setting(label, _said(found.values.get(name, about.get(name, {}).get("default"))), found.fixed.get(name, ""))
        for name, label in labels.items()
    ]
    return shown, _last(found, labels)


def places_of(view: ConnectionView) -> dict[str, Any]:
    """Return what the list of places shows: those that were asked for by words, some at once."""
    words, start = request.args.get("q", "")[:200], max(request.args.get("from", 0, type=int), 0)
    found = services().connections.places(actor(), view.remote_id, words, offset=start, limit=AT_ONCE)
    return {
        "places": found, "words": words, "start": start, "at_once": AT_ONCE, "named": services().rights.channels(),
        "countries": country_names(), "language": name_of,
    }  # fmt: skip


@adjusting.get("/connections/<connection_id>/settings")
def ask_settings(connection_id: str) -> Response:
    """Show the form of a connection's settings."""
    require(actor(), Act.CONNECT)
    return _settings_page(connection_id)


@adjusting.post("/connections/<connection_id>/settings")
def change_settings(connection_id: str) -> Response:
    """Let other settings count, once the account was asked who we are."""
    require(actor(), Act.CONNECT)
    room = services().connections
    view = room.view(actor(), connection_id)
    known = room.settings(actor(), connection_id)
    typed = typed_settings(room.manifest(view.connector), emptied=True)
    given = {name: value for name, value in typed.items() if name not in known.fixed}
    seen = request.form.get("seen", -1, type=int)
    try:
        changed = room.change_settings(actor(), connection_id, given, seen=seen)
    except HubError as error:
        return _settings_page(connection_id, given, error)
    return _arrive(connection_id, changed, "settings")


@adjusting.post("/connections/<connection_id>/settings/undo")
def undo_settings(connection_id: str) -> Response:
    """Take the last change of the settings back."""
    seen = request.form.get("seen", -1, type=int)
    changed = services().connections.undo_settings(actor(), connection_id, seen=seen)
    return _arrive(connection_id, changed, "settings-back")


@adjusting.get("/connections/<connection_id>/places/<target_id>")
def ask_place(connection_id: str, target_id: str) -> Response:
    """Show what a place stands for, to change it."""
    require(actor(), Act.PLACE)
    return _place_page(connection_id, services().connections.place(actor(), target_id))


@adjusting.post("/connections/<connection_id>/places/<target_id>/follows")
def show_follows(connection_id: str, target_id: str) -> Response:
    """Say beside the form what saving a place as it is filled in would change of its copies: a fragment."""
    del connection_id
    require(actor(), Act.CONNECT)
    place = services().connections.place(actor(), target_id)
    try:
        found = _foreseen(target_id)
    except HubError as error:
        return page("fragments/follows.html", problem=error.what, seen="", lines=[], notes=[])
    changing = [line for line in found.first.lines if line.becomes not in UNCHANGED]
    return page(
        "fragments/follows.html", problem="", seen=_as_filled_in(), lines=outcomes(changing),
        notes=[*([] if changing else [Note("No copy there would change.", "circle-check")]), *_notes(place)],
    )  # fmt: skip


@adjusting.post("/connections/<connection_id>/places/<target_id>")
def change_place(connection_id: str, target_id: str) -> Response:
    """Say what a place stands for; what that would change of its copies is shown first, unless it was seen already."""
    require(actor(), Act.PLACE)
    room = services().connections
    given = request.form
    channel, territory, language = given.get("channel"), given.get("territory"), given.get("language")
    try:
        times = _times()
        licensed = any(said is not None for said in (channel, territory, *times.values()))
        if licensed and given.get("seen") != _as_filled_in():
            found = _foreseen(target_id)
            if any(line.becomes not in UNCHANGED for line in found.first.lines):
                return _before_moving(connection_id, room.place(actor(), target_id), found)
        room.set_target(actor(), target_id, channel=channel, territory=territory, language=language, **times)
    except HubError as error:
        place = room.place(actor(), target_id)
        typed = replace(
            place, channel=channel or place.channel, territory=territory or place.territory, language=language or ""
        )
        return _place_page(connection_id, typed, error)
    return go(f"/connections/{connection_id}", "place")


def _foreseen(target_id: str) -> Foreseen:
    given = request.form
    return services().rehearsal.moving(
        actor(), target_id, channel=given.get("channel"), territory=given.get("territory"), times=_times()
    )


def _times() -> dict[str, int | None]:
    """Return the times that the form brings, in seconds by the names of the room; None: it does not.

    Raises:
        Invalid: `target_malformed`.
    """
    found: dict[str, int | None] = {}
    for one in TIMES:
        typed = request.form.get(one.name, "").strip()
        try:
            found[f"{one.name}_s"] = round(float(typed) * one.unit_s) if typed else None
        except (ValueError, OverflowError) as wrong:
            raise Invalid("target_malformed", "This is no number.", where=one.name,
                          next_step="Correct it and try again.") from wrong  # fmt: skip
    return found


def _as_filled_in() -> str:
    """Return what was foreseen, so that nothing else is saved unseen."""
    return "|".join(request.form.get(name, "").strip() for name in PLACE_FIELDS)


def _notes(place: TargetView) -> list[Note]:
    """Say what else would change than what stands there."""
    given, notes = request.form, list[Note]()
    lead = _times()["lead_s"]
    if lead is not None and lead_of(lead) != lead_of(place.lead_s):
        before, after = (f"{lead_of(each) // MINUTE} min" for each in (place.lead_s, lead))
        notes.append(Note(f"Copies are looked at once more {after} before their time, not {before}.", "clock"))
    if "language" in given and given["language"].strip() != place.language:
        notes.append(Note("All texts there are given anew, in the other language.", "refresh-cw", "flow"))
    return notes


def _before_moving(connection_id: str, place: TargetView, found: Foreseen) -> Response:
    given = request.form
    channel, territory = given.get("channel", place.channel).strip(), given.get("territory", place.territory).upper()
    country = "any country" if territory == EVERYWHERE else country_names().get(territory, territory)
    moved = (channel, territory) != (place.channel, place.territory)
    question = f"Let {place.label} stand for {channel}, {country}?" if moved else f"Change the times of {place.label}?"
    more = "".join(f" {note.text}" for note in _notes(place))
    return foreseen_page(
        question, found,
        {**{name: given[name] for name in PLACE_FIELDS if name in given}, "seen": _as_filled_in()}, here="connections",
        action=f"/connections/{connection_id}/places/{place.id}", verb="Save place",
        back=f"/connections/{connection_id}/places/{place.id}",
        safe=f"all assets and their versions stay. What is withdrawn comes back when the place is put back.{more}",
    )  # fmt: skip


def _settings_page(
    connection_id: str, typed: Mapping[str, Any] | None = None, error: HubError | None = None
) -> Response:  # fmt: skip
    room = services().connections
    view, known = room.view(actor(), connection_id), room.settings(actor(), connection_id)
    fields = setting_fields(room.manifest(view.connector), {**known.values, **(typed or {})})
    fields = [replace(one, fixed=known.fixed.get(one.name, "")) for one in fields]
    fields, told = with_error(fields, error)
    return page(
        "settings.html", error.status if error else 200, here="connections", connection=view, seen=known.number,
        fields=[one for one in fields if not one.fixed], kept=[one for one in fields if one.fixed],
        error=None if told else error,
    )  # fmt: skip


def _arrive(connection_id: str, changed: SettingsView, said: str) -> Response:
    """Read the places again, which may be others now, and go back to the connection's page."""
    if changed.asks_anew:
        return go(f"/connections/{connection_id}", "settings-anew")
    try:
        services().connections.refresh_targets(actor(), connection_id)
    except HubError:  # what is wrong stands on the connection's own page from now on
        said = "settings-places"
    return go(f"/connections/{connection_id}", said)


def _place_page(connection_id: str, place: TargetView, error: HubError | None = None) -> Response:
    room = services().connections
    with services().database.read() as session:
        used = set(session.scalars(select(Target.channel).distinct()))
        spoken = {tag for tag in session.scalars(select(Target.language).distinct()) if tag}
    named = services().rights.channels()
    where = error.where.removesuffix("_s") if error else ""
    wrong = where if where in PLACE_FIELDS else ""
    return page(
        "place.html", error.status if error else 200, here="connections", place=place,
        connection=room.view(actor(), connection_id), error=None if wrong else error, wrong=wrong,
        what=error.what if error else "", channels=sorted(used | named | {place.channel}), named=named,
        rights_default=services().settings.rights_default,
        countries=country_names(), everywhere=EVERYWHERE, licensed=may(Act.CONNECT),
        times=[replace(one, value=f"{getattr(place, f'{one.name}_s') / one.unit_s:.6g}") for one in TIMES],
        languages=[(tag, name_of(tag)) for tag in sorted(spoken)],
    )  # fmt: skip


def _last(found: SettingsView, labels: Mapping[str, str]) -> LastChange | None:
    if found.last is None:
        return None
    what = ", ".join(
        f"{labels.get(name, name)}: {_said(found.last.before[name])} → {_said(value)}"
        for name, value in found.last.after.items()
    )
    return LastChange(found.last.at, people([found.last.by])[found.last.by], what, found.number)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return written(value) or "nothing"
