"""An account's own field mapping, where it has one: versions that are never changed, and the way back to each.

Without one the connector's spec counts, as it is shipped. A change wakes every copy that stands in the account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access.actors import Actor
from hub.access.permissions import Act, require
from hub.clock import Clock
from hub.connections import accounts
from hub.connections.models import MappingVersion, Remote
from hub.db.unit import Database
from hub.errors import Conflict, Invalid, NotFound
from hub.events.log import emit
from mappings.errors import MappingError
from mappings.safe_yaml import Located, read_yaml
from mappings.spec import MappingSpec, load_spec, parse_spec, spec_text

SHIPPED = 0
"""The number of the version that comes with the connector."""
_LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version of an account's mapping."""

    number: int
    note: str
    by: str
    at: int


@dataclass(frozen=True, slots=True)
class MappingView:
    """The mapping that counts for an account, and what it was before."""

    remote_id: str
    connector: str
    number: int  # 0: as it comes with the connector
    text: str
    spec: MappingSpec
    versions: Sequence[VersionView]  # newest first, without the shipped one
    shipped: bool  # what comes with the connector counts, from the beginning or again


class AccountMappings:
    """What doors ask of the mappings of accounts. Each method is one unit of work."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def view(self, actor: Actor, connection_id: str) -> MappingView:
        """Return the mapping of the account behind a connection, to those who connect or place.

        Raises:
            Forbidden, NotFound.
        """
        require(actor, Act.PLACE)
        with self._database.read() as session:
            return _view(session, _remote(session, connection_id))

    def spec_of(self, remote_id: str, connector: str) -> MappingSpec:
        """Return the mapping that counts for an account."""
        with self._database.read() as session:
            return spec_of(session, remote_id, connector)

    def save(self, actor: Actor, connection_id: str, text: str, *, note: str = "", seen: int) -> MappingView:
        """Let a new version count; `seen` is the number of the version that it was made from.

        Raises:
            Forbidden, NotFound, Invalid: it is no mapping, or names what the connector does not fill.
            Conflict: `mapping_changed`; somebody else saved another one meanwhile.
        """
        require(actor, Act.CONNECT)
        with self._database.unit() as session:
            remote = _remote(session, connection_id, lock=True)
            _check(text, remote.connector)
            return self._count(session, actor, remote, text, note=note, seen=seen)

    def go_back(self, actor: Actor, connection_id: str, number: int, *, seen: int) -> MappingView:
        """Let an earlier version count again, as a new one: the history only grows. 0 is the shipped one.

        Raises:
            Forbidden, NotFound: `no_such_mapping`. Conflict: `mapping_changed`.
        """
        require(actor, Act.CONNECT)
        with self._database.unit() as session:
            remote = _remote(session, connection_id, lock=True)
            earlier = session.get(MappingVersion, (remote.id, number))
            if number != SHIPPED and earlier is None:
                raise NotFound("no_such_mapping", "This account never had such a mapping.", where=str(number),
                               next_step="Choose one of its versions.")  # fmt: skip
            note = f"Back to version {number}" if number else "Back to what the connector comes with"
            return self._count(session, actor, remote, earlier.text if earlier else "", note=note, seen=seen)

    def _count(self, session: Session, actor: Actor, remote: Remote, text: str, *, note: str, seen: int) -> MappingView:
        last = _newest(session, remote.id)
        if (last.number if last else SHIPPED) != seen:
            raise Conflict("mapping_changed", "Somebody else changed this mapping meanwhile.", where=remote.label,
                           next_step="Look at theirs, then save yours again.")  # fmt: skip
        number = seen + 1
        session.add(
            MappingVersion(
                remote_id=remote.id, number=number, text=text, note=note.strip()[:_LONGEST_NOTE], created_by=actor.id,
                created_at=self._clock.now(),
            )
        )  # fmt: skip
        session.flush()
        emit(session, "mapping.changed", remote.id, actor=actor.id, body={"number": number})
        return _view(session, remote)


def spec_of(session: Session, remote_id: str, connector: str) -> MappingSpec:
    """Return the mapping that counts for an account: its own newest, or the connector's.

    Raises:
        MappingError: it cannot be read.
    """
    last = _newest(session, remote_id)
    return _parsed(last.text, connector) if last is not None and last.text else load_spec(connector)


@lru_cache(maxsize=256)
def _parsed(text: str, connector: str) -> MappingSpec:
    return parse_spec(text, source=f"the account's mapping for {connector}")


def _newest(session: Session, remote_id: str) -> MappingVersion | None:
    query = select(MappingVersion).where(MappingVersion.remote_id == remote_id)
    return session.scalars(query.order_by(MappingVersion.number.desc()).limit(1)).first()


def _check(text: str, connector: str) -> None:
    """Refuse what is no mapping of this connector, in the words of the check itself."""
    try:
        spec = parse_spec(text, source="mapping")
    except MappingError as error:
        raise Invalid(error.code, str(error), where="mapping", next_step=error.next_step) from None
    lines, shipped = read_yaml(text, source="mapping"), load_spec(connector)
    if spec.connector != connector:
        raise Invalid(
            "mapping_elsewhere",
            f"{_at(lines, 'connector')}: the connector is {connector}, and this is for {spec.connector}.",
            where="mapping",
            next_step=f"Write `connector: {connector}`.",
        )
    known = {each.remote for each in shipped.fields}
    for number, each in enumerate(spec.fields):
        if each.remote not in known:
            raise Invalid(
                "mapping_elsewhere",
                f"{_at(lines, 'fields', number, 'remote')}: the connector fills no {each.remote}.",
                where="mapping",
                next_step=f"It fills: {', '.join(sorted(known))}.",
            )
    _check_required(spec, shipped, lines)


def field_at(text: str, remote: str) -> str:
    """Name the line of a mapping on which a field of the channel is given; empty where none is."""
    try:
        fields = parse_spec(text, source="mapping").fields
    except MappingError:  # what is wrong with it is told by itself
        return ""
    for number, each in enumerate(fields):
        if each.remote == remote:
            return _at(read_yaml(text, source="mapping"), "fields", number)
    return ""


def _at(lines: Located, *path: int | str) -> str:
    """Name the line of a part of a mapping, or of what it would stand in."""
    return f"mapping, line {lines.line_of(path)}"


def _check_required(spec: MappingSpec, shipped: MappingSpec, lines: Located) -> None:
    """Keep what a channel cannot do without: people who cannot see its pictures depend on their alt texts."""
    numbers = {each.remote: number for number, each in enumerate(spec.fields)}
    for each in shipped.fields:
        number = numbers.get(each.remote)
        given = spec.fields[number].required_for if number is not None else ()
        if not set(given).issuperset(each.required_for):
            kinds = ", ".join(each.required_for)
            at = _at(lines, "fields") if number is None else _at(lines, "fields", number)
            raise Invalid(
                "mapping_lacks_required", f"{at}: this channel cannot do without {each.remote}.", where="mapping",
                next_step=f"Fill {each.remote} from {each.field or 'an expression'}, with `required_for: [{kinds}]`.",
            )  # fmt: skip


def _remote(session: Session, connection_id: str, *, lock: bool = False) -> Remote:
    remote_id = accounts.get(session, connection_id).remote_id
    return session.get_one(Remote, remote_id, with_for_update=lock or None)


def _view(session: Session, remote: Remote) -> MappingView:
    query = select(MappingVersion).where(MappingVersion.remote_id == remote.id)
    rows = session.scalars(query.order_by(MappingVersion.number.desc())).all()
    text = (rows[0].text if rows else "") or spec_text(remote.connector)
    try:
        spec = spec_of(session, remote.id, remote.connector)
    except MappingError:  # written for an earlier hub: whoever is to put it right must be able to see it
        spec = load_spec(remote.connector)
    return MappingView(
        remote.id, remote.connector, rows[0].number if rows else SHIPPED, text, spec,
        [VersionView(row.number, row.note, row.created_by, row.created_at) for row in rows],
        shipped=not (rows and rows[0].text),
    )  # fmt: skip
