"""What `damhub mapping check` and `damhub mapping preview` say, as values."""

from __future__ import annotations

from dataclasses import dataclass

from mappings.document import AssetDocument
from mappings.engine import Loss, reach, render
from mappings.errors import MappingError
from mappings.spec import MappingSpec, load_spec, parse_spec
from mappings.transforms import JsonValue


@dataclass(frozen=True, slots=True)
class Line:
    """One field of a channel: where it comes from, who owns it, what it would say."""

    source: str
    remote: str
    owner: str
    transforms: tuple[str, ...]
    comes_back: bool
    value: JsonValue = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a spec can be used, what it carries, and what the channel cannot hold."""

    connector: str
    problem: MappingError | None
    digest: str = ""
    lines: tuple[Line, ...] = ()
    cannot_hold: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Say whether the spec can be used."""
        return self.problem is None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a channel would be told of one asset, and what would be lost."""

    connector: str
    lines: tuple[Line, ...]
    losses: tuple[Loss, ...]


def check(connector: str, *, text: str | None = None, source: str = "") -> Check:
    """Check a connector's spec, or the YAML in `text` before it is put in use. Never raises for a bad spec."""
    try:
        spec = load_spec(connector) if text is None else parse_spec(text, source=source or f"{connector}.yaml")
    except MappingError as error:
        return Check(connector, error)
    return Check(spec.connector, None, spec.digest, _lines(spec), spec.cannot_hold())


def preview(spec: MappingSpec, document: AssetDocument, language: str = "") -> Preview:
    """Show what a place in this language would be told of this asset; empty: in the catalogue's own."""
    rendered = render(spec, document, language)
    lines = _lines(spec, rendered.first_fields, rendered.cut)
    return Preview(spec.connector, lines, rendered.losses)


def _lines(
    spec: MappingSpec, fields: dict[str, JsonValue] | None = None, cut: frozenset[str] = frozenset()
) -> tuple[Line, ...]:
    return tuple(
        Line(
            each.field or each.expression,
            each.remote,
            each.owner.value,
            each.transforms,
            each.comes_back,
            reach(fields or {}, each.remote),
            each.remote in cut,
        )
        for each in spec.fields
    )
