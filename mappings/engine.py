"""The mapping engine: pure functions between the asset document and a channel's fields.

    render   document -> the channel's fields, and what was lost on the way
    absorb   the channel's fields -> values for the catalogue
    merge    what was agreed last, ours and theirs -> what to push, what to take, where a person must decide

Fields of a channel are nested objects of JSON values; inside the engine each is named by its dotted path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, cast

from jmespath.exceptions import JMESPathError

from mappings.bounded import evaluate
from mappings.document import AssetDocument
from mappings.errors import MappingError, TransformError
from mappings.languages import name_of
from mappings.spec import LIST_FIELDS, FieldSpec, MappingSpec, Owner, compile_expression, load_spec, parse_spec
from mappings.spoken import Spoken, speak
from mappings.transforms import TRANSFORMS, JsonValue, as_text, as_texts, cut, tidy_list

__all__ = [
    "Absorbed", "Agreed", "Conflict", "Loss", "LossKind", "MappingSpec", "Merged", "Rendered",
    "absorb", "agreed", "load_spec", "merge", "parse_spec", "render",
]  # fmt: skip


class LossKind(StrEnum):
    """How something of the catalogue does not arrive in a channel."""

    NO_PLACE = "no_place"  # the channel has no field for it
    CUT = "cut"  # the text was shortened, or the list, to the channel's limit
    MISSING = "missing"  # the channel cannot do without it, and it is empty
    STAND_IN = "stand_in"  # there is no text in the language that is wanted: one in another is shown
    UNSAID = "unsaid"  # there is no text in the language that is wanted, and none is shown


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that a channel is not told, or not wholly."""

    field: str  # the document's field or expression
    kind: LossKind
    detail: str
    remote: str = ""
    language: str = ""  # what it is missing in, where it is there in another


@dataclass(frozen=True, slots=True)
class Rendered:
    """A document in a channel's shape.

    `fields` are those that the hub keeps true. `first_fields` holds these and the channel's own fields as well, which
    are given once, when a copy is made, and never again.
    """

    fields: dict[str, JsonValue]
    first_fields: dict[str, JsonValue]
    losses: tuple[Loss, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the catalogue's fields that this channel cannot do without, and that are empty."""
        missing = (loss for loss in self.losses if loss.kind is LossKind.MISSING)
        return tuple(f"{loss.language} {loss.field}".strip() for loss in missing)

    @property
    def cut(self) -> frozenset[str]:
        """Return the remote paths whose text or list was shortened."""
        return frozenset(loss.remote for loss in self.losses if loss.kind is LossKind.CUT)


@dataclass(frozen=True, slots=True)
class Absorbed:
    """A channel's fields as values for the catalogue; `unreadable` are remote paths of a shape that makes no sense."""

    fields: dict[str, JsonValue]
    unreadable: tuple[str, ...] = ()


class Agreed(NamedTuple):
    """What was pushed last and what the channel then showed (channels tidy texts in their own ways)."""

    pushed: JsonValue
    theirs: JsonValue


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both sides changed a field, in different ways: a person decides."""

    field: str
    remote: str
    ours: JsonValue
    theirs: JsonValue
    reason: str = "changed on both sides"


@dataclass(frozen=True, slots=True)
class Merged:
    """What follows from comparing both sides.

    `push` goes to the channel (empty: nothing to send), `take` into the catalogue by document field, `conflicts` to a
    person; a field in conflict is neither pushed nor taken.
    """

    push: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    take: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    conflicts: tuple[Conflict, ...] = ()
    unreadable: tuple[str, ...] = ()


def render(spec: MappingSpec, document: AssetDocument, language: str = "") -> Rendered:
    """Say a document in a channel's fields, with a report of what is lost.

    Args:
        spec: the mapping.
        document: the asset.
        language: of the place that it is for; empty: the document's own.
    """
    fields: dict[str, JsonValue] = {}
    first_fields: dict[str, JsonValue] = {}
    here = speak(document, (language,) if language else ())
    losses = [_no_place(name) for name in spec.cannot_hold() if here.facts[name]]
    for each in spec.fields:
        spoken = here if not each.languages and each.fallback else _spoken(each, document, language)
        facts = spoken.facts
        held = _listed(each, _value_of(each, facts))
        if isinstance(held, list) and each.max_count is not None and len(held) > each.max_count:
            detail = f"{len(held)} values, {each.max_count} are taken"
            losses.append(Loss(each.field or each.expression, LossKind.CUT, detail, each.remote))
            held = held[: each.max_count]
        value = _push(each, held)
        if each.max_length is not None and isinstance(value, str) and len(value) > each.max_length:
            detail = f"{len(value)} characters, {each.max_length} are taken"
            losses.append(Loss(each.field or each.expression, LossKind.CUT, detail, each.remote))
            value = _push_cut(each, held)
        if each.requires(document.media_type) and not value:
            losses.append(_missing(each, spoken))
        losses.extend(loss for loss in _in_other_words(each, spoken, value) if loss not in losses)
        place(first_fields, each.remote, value)
        if each.owner is not Owner.CHANNEL:
            place(fields, each.remote, value)
    return Rendered(fields, first_fields, tuple(losses))


def absorb(spec: MappingSpec, remote_fields: Mapping[str, JsonValue]) -> Absorbed:
    """Read a channel's fields as values for the catalogue: only fields that may come back, only those that are there.

    A value of a senseless shape is named, never taken and never an error: a remote's answer is not trusted.
    """
    fields: dict[str, JsonValue] = {}
    unreadable: list[str] = []
    for each in spec.fields:
        if not each.comes_back or not is_there(remote_fields, each.remote):
            continue
        try:
            fields[each.field] = _pull(each, reach(remote_fields, each.remote))
        except TransformError:
            unreadable.append(each.remote)
    return Absorbed(fields, tuple(unreadable))


def agreed(spec: MappingSpec, pushed: Mapping[str, JsonValue], theirs: Mapping[str, JsonValue]) -> dict[str, Agreed]:
    """Return the base for the next merge: by remote path, what was pushed and what a look then showed."""
    return {
        each.remote: Agreed(reach(pushed, each.remote), reach(theirs, each.remote))
        for each in spec.fields
        if is_there(theirs, each.remote)
    }


def merge(
    spec: MappingSpec,
    base: Mapping[str, JsonValue | Agreed],
    ours: Rendered,
    theirs: Mapping[str, JsonValue],
) -> Merged:
    """Compare both sides with what was agreed last, field by field, and decide by the field's owner.

    Args:
        spec: the mapping.
        base: by remote path, what was agreed last; a plain value means that both sides said the same.
        ours: the document, rendered now.
        theirs: the channel's fields, as a look found them now. A field that the look did not bring is left alone.
    """
    merged = Merged()
    conflicts: list[Conflict] = []
    unreadable: list[str] = []
    for each in spec.fields:
        if not is_there(theirs, each.remote):
            continue
        mine, seen = reach(ours.first_fields, each.remote), reach(theirs, each.remote)
        verdict = _verdict(each, _base(base, each.remote), mine, seen)
        if verdict == "push":
            place(merged.push, each.remote, mine)
            continue
        if verdict == "keep":
            continue
        try:
            value = _pull(each, seen)
        except TransformError:
            unreadable.append(each.remote)
            continue
        if verdict == "conflict":
            conflicts.append(Conflict(each.field, each.remote, mine, seen))
        elif each.remote in ours.cut:
            reason = "changed there, where only a shortened text stands"
            conflicts.append(Conflict(each.field, each.remote, mine, seen, reason))
        else:
            merged.take[each.field] = value
    return Merged(merged.push, merged.take, tuple(conflicts), tuple(unreadable))


def _verdict(each: FieldSpec, base: Agreed | None, mine: JsonValue, seen: JsonValue) -> str:
    if mine == seen:
        return "keep"
    we_changed = base is None or mine != base.pushed
    they_changed = base is None or seen != base.theirs
    if not we_changed and not they_changed:
        return "keep"
    if each.owner is Owner.DAM:
        return "push"
    if each.owner is Owner.CHANNEL:
        return "take" if they_changed else "keep"
    return _shared(base, mine, seen, we_changed=we_changed, they_changed=they_changed)


def _shared(base: Agreed | None, mine: JsonValue, seen: JsonValue, *, we_changed: bool, they_changed: bool) -> str:
    if base is None:  # never agreed: an empty side gives way, else nobody may guess
        return "push" if not seen else "take" if not mine else "conflict"
    if we_changed and they_changed:
        return "conflict"
    return "push" if we_changed else "take"


def _base(base: Mapping[str, JsonValue | Agreed], remote: str) -> Agreed | None:
    if remote not in base:
        return None
    value = base[remote]
    return value if isinstance(value, Agreed) else Agreed(value, value)


def _spoken(each: FieldSpec, document: AssetDocument, language: str) -> Spoken:
    return speak(document, each.spoken_in(language), fallback=each.fallback)


def _no_place(name: str) -> Loss:
    return Loss(name, LossKind.NO_PLACE, "this channel has no field for it")


def _missing(each: FieldSpec, spoken: Spoken) -> Loss:
    detail = "the channel shows it to people, and it is empty: nothing is sent before it is filled in"
    language = name_of(spoken.language) if each.sources() & spoken.unsaid else ""
    return Loss(each.field or each.expression, LossKind.MISSING, detail, each.remote, language)


def _in_other_words(each: FieldSpec, spoken: Spoken, value: JsonValue) -> Iterator[Loss]:
    """Yield what is not said in the language that is wanted."""
    for name in sorted(each.sources()):
        if name in spoken.unsaid:
            yield Loss(name, LossKind.UNSAID, spoken.sentence(name))
        elif name in spoken.stand_ins and value:
            yield Loss(name, LossKind.STAND_IN, spoken.sentence(name))


def _value_of(each: FieldSpec, facts: dict[str, Any]) -> JsonValue:
    if each.field:
        return cast("JsonValue", facts[each.field])
    try:
        return cast("JsonValue", evaluate(compile_expression(each.expression), facts))
    except JMESPathError as error:
        raise MappingError(
            "mapping_expression",
            f"the expression for `{each.remote}` fails on this asset: {error}",
            where=each.remote,
            next_step="Correct the expression, then run `damhub mapping preview`.",
        ) from error


def _listed(each: FieldSpec, value: JsonValue) -> JsonValue:
    """Return a list whose values are counted: tidy words, each once, as the transforms make them."""
    if each.max_count is None or not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return value
    return cast("JsonValue", tidy_list(value))


def _push(each: FieldSpec, value: JsonValue) -> JsonValue:
    try:
        for name in each.transforms:
            value = TRANSFORMS[name].push(value)
    except TransformError as error:
        raise MappingError(
            "mapping_transform",
            f"`{each.remote}` cannot be made: {error}",
            where=each.remote,
            next_step="Choose transforms that fit the field, then run `damhub mapping preview`.",
        ) from error
    return value


def _push_cut(each: FieldSpec, value: JsonValue) -> JsonValue:
    """Shorten before escaping, so that no entity is torn: the longest beginning whose rendering fits."""
    limit = each.max_length or 0
    if not isinstance(value, str):
        return cut(as_text(_push(each, value)), limit)
    low, high = 2, max(2, len(value))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(as_text(_push(each, cut(value, middle)))) <= limit else (low, middle - 1)
    shortened = as_text(_push(each, cut(value, low)))
    return shortened if len(shortened) <= limit else cut(shortened, limit)


def _pull(each: FieldSpec, value: JsonValue) -> JsonValue:
    for name in reversed(each.transforms):
        pull = TRANSFORMS[name].pull
        if pull is None:
            raise TransformError(f"`{name}` has no inverse")
        value = pull(value)
    if each.field in LIST_FIELDS:
        return cast("JsonValue", as_texts(value))
    return as_text(value)


def is_there(fields: Mapping[str, JsonValue], path: str) -> bool:
    """Say whether a channel's fields hold this path."""
    current: JsonValue = dict(fields)
    for step in path.split("."):
        if not isinstance(current, dict) or step not in current:
            return False
        current = current[step]
    return True


def reach(fields: Mapping[str, JsonValue], path: str) -> JsonValue:
    """Return the value at a dotted path, None where there is none."""
    current: JsonValue = dict(fields)
    for step in path.split("."):
        if not isinstance(current, dict):
            return None
        current = current.get(step)
    return current


def place(fields: dict[str, JsonValue], path: str, value: JsonValue) -> None:
    """Set the value at a dotted path, making the objects on the way."""
    *steps, last = path.split(".")
    current = fields
    for step in steps:
        inner = current.setdefault(step, {})
        if not isinstance(inner, dict):
            raise MappingError("mapping_invalid", f"`{path}` runs through a value", where=path)
        current = inner
    current[last] = value
