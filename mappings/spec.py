"""A field-mapping spec: which field of an asset stands where in a channel, and who may change it.

Specs are YAML, read safely: no aliases, no tags, no duplicate names, bounded size and depth. Every complaint names the
line and what is known instead.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from importlib.metadata import entry_points
from typing import Any, Final, Literal, cast

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from mappings.bounded import joins_by_text
from mappings.document import CORE_FIELDS, TRANSLATED_FIELDS, AssetDocument
from mappings.errors import MappingError
from mappings.languages import canonical
from mappings.safe_yaml import Located, read_yaml
from mappings.transforms import TRANSFORMS

LIST_FIELDS: Final = ("keywords",)
DOCUMENT_FIELDS: Final = tuple(name for name in AssetDocument.model_fields if name != "translations")
MAX_EXPRESSION: Final = 400
NAME: Final = r"^[a-z][a-z0-9_]{0,60}$"
REMOTE: Final = r"^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*){0,4}$"


class Family(StrEnum):
    """A kind of file: the first half of its media type."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    APPLICATION = "application"


class Owner(StrEnum):
    """Who may change a field."""

    DAM = "dam"
    CHANNEL = "channel"
    BOTH = "both"


class FieldSpec(BaseModel):
    """One field of the channel: where it comes from and who owns it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str = ""
    """A field of the asset document; or else `expression`."""
    expression: str = Field(default="", max_length=MAX_EXPRESSION)
    """A JMESPath expression over the document: push-only."""
    remote: str = Field(pattern=REMOTE)
    """Where it stands in the channel's fields; dots step into objects."""
    owner: Owner = Owner.DAM
    transforms: tuple[str, ...] = Field(default=("text",), max_length=8)
    """Names of transforms, applied in this order on the way out and backwards on the way in."""
    max_length: int | None = Field(default=None, ge=2, le=10_000_000)
    """The most characters that the channel takes; a longer text is cut and reported."""
    max_count: int | None = Field(default=None, ge=1, le=10_000)
    """The most values of a list that the channel takes; those behind them are left out and reported."""
    required_for: tuple[Family, ...] = Field(default=(), max_length=4)
    """Kinds of file for which nothing is sent while this is empty: alt text, where the channel shows pictures."""
    languages: tuple[str, ...] = Field(default=(), max_length=8)
    """The languages that are tried in this order, instead of the place's own."""
    fallback: bool = True
    """Whether the catalogue's own language stands in where there is no text in these."""

    @field_validator("field")
    @classmethod
    def _known_field(cls, value: str) -> str:
        if value and value not in DOCUMENT_FIELDS:
            raise ValueError(unknown("field", value, DOCUMENT_FIELDS))
        return value

    @field_validator("expression")
    @classmethod
    def _known_paths(cls, value: str) -> str:
        if not value:
            return value
        try:
            parsed = compile_expression(value)
        except JMESPathError as error:
            raise ValueError(f"the expression cannot be read: {error}") from error
        if not joins_by_text(cast("dict[str, Any]", parsed.parsed)):
            raise ValueError("`join` takes its separator as a text in quotes")
        for name in _names_in(cast("dict[str, Any]", parsed.parsed)):
            if name not in DOCUMENT_FIELDS:
                raise ValueError(unknown("field in the expression", name, DOCUMENT_FIELDS))
        return value

    @field_validator("transforms")
    @classmethod
    def _known_transforms(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in TRANSFORMS:
                raise ValueError(unknown("transform", name, tuple(TRANSFORMS)))
        return value

    @field_validator("languages")
    @classmethod
    def _known_languages(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(canonical, value))

    @model_validator(mode="after")
    def _consistent(self) -> FieldSpec:
        if bool(self.field) == bool(self.expression):
            raise ValueError("give either `field` or `expression`, exactly one of them")
        if self.max_count is not None and self.field and self.field not in LIST_FIELDS:
            raise ValueError(f"only {', '.join(LIST_FIELDS)} may have a `max_count`: no other field is a list")
        if (self.languages or not self.fallback) and self.sources().isdisjoint(TRANSLATED_FIELDS):
            raise ValueError(f"only {', '.join(TRANSLATED_FIELDS)} have texts in several languages")
        if self.owner is not Owner.DAM:
            self._must_come_back()
        return self

    def _must_come_back(self) -> None:
        if self.field not in CORE_FIELDS:
            raise ValueError(
                f"only {', '.join(CORE_FIELDS)} may be owned by the channel or both: all else is the hub's own"
            )
        one_way = [name for name in self.transforms if TRANSFORMS[name].pull is None]
        if one_way:
            raise ValueError(f"`{one_way[0]}` has no inverse, so `owner` must be dam")

    @property
    def comes_back(self) -> bool:
        """Say whether a change in the channel may reach the catalogue."""
        return self.owner is not Owner.DAM

    def spoken_in(self, language: str) -> tuple[str, ...]:
        """Return the languages that this field is told in, at a place whose own is `language` (empty: the default)."""
        return self.languages or ((language,) if language else ())

    def comes_back_in(self, language: str) -> str:
        """Return the language that a change in the channel belongs to; empty: the catalogue's own."""
        return next(iter(self.spoken_in(language)), "") if self.field in TRANSLATED_FIELDS else ""

    def requires(self, media_type: str) -> bool:
        """Tell whether a file of this type is not sent while this field is empty."""
        return media_type.partition("/")[0] in self.required_for

    def sources(self) -> frozenset[str]:
        """Return the document fields that this field is made from."""
        if self.field:
            return frozenset({self.field})
        return frozenset(_names_in(cast("dict[str, Any]", compile_expression(self.expression).parsed)))


def legible(source: str) -> str:
    """Return a field or an expression as people read it: line breaks and other control signs written out."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in source.strip())


class MappingSpec(BaseModel):
    """The whole mapping of one connector."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spec: Literal[1]
    connector: str = Field(pattern=NAME)
    notes: str = Field(default="", max_length=2000)
    fields: tuple[FieldSpec, ...] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _each_once(self) -> MappingSpec:
        remotes = [each.remote for each in self.fields]
        for remote in remotes:
            if remotes.count(remote) > 1:
                raise ValueError(f"`{remote}` of the channel is given twice")
            if any(other.startswith(remote + ".") for other in remotes):
                raise ValueError(f"`{remote}` of the channel cannot be a value and an object at once")
        coming_back = [each.field for each in self.fields if each.comes_back]
        for field in coming_back:
            if coming_back.count(field) > 1:
                raise ValueError(f"`{field}` may come back from one place only, not from two")
        return self

    @property
    def digest(self) -> str:
        """Return a SHA-256 over what the mapping does: equal digests map alike."""
        facts = self.model_dump(mode="json", exclude={"notes"})
        for each in facts["fields"]:
            if each["max_count"] is None:  # a mapping without one maps as it did before there was such a limit
                del each["max_count"]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def cannot_hold(self) -> tuple[str, ...]:
        """Return the catalogue's metadata fields that have no place in this channel."""
        held = frozenset[str]().union(*(each.sources() for each in self.fields))
        return tuple(name for name in CORE_FIELDS if name not in held)


def unknown(what: str, name: str, known: tuple[str, ...]) -> str:
    """Say that a name is not known, what was probably meant, and what is known."""
    near = difflib.get_close_matches(name, known, n=1)
    meant = f" Did you mean `{near[0]}`?" if near else ""
    return f"`{name}` is not a known {what}.{meant} Known: {', '.join(known)}."


@lru_cache(maxsize=256)
def compile_expression(expression: str) -> ParsedResult:
    """Compile a JMESPath expression once."""
    return jmespath.compile(expression)


def _names_in(node: dict[str, Any]) -> Iterator[str]:
    if node["type"] == "field":
        yield str(node["value"])
    for child in node.get("children", ()):
        if isinstance(child, dict):
            yield from _names_in(cast("dict[str, Any]", child))


def parse_spec(text: str, *, source: str = "mapping spec") -> MappingSpec:
    """Read a spec from YAML; raises MappingError with the line and the known names."""
    located = read_yaml(text, source=source)
    try:
        return MappingSpec.model_validate(located.value)
    except ValidationError as error:
        raise _explain(error, located, source) from None


def _explain(error: ValidationError, located: Located, source: str) -> MappingError:
    faults = error.errors(include_url=False)
    # A name that is misspelt is why another one is missing: it is told first.
    first = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
    path = tuple(first["loc"])
    where = ".".join(str(step + 1) if isinstance(step, int) else step for step in path)
    line = located.line_of(path)
    code, what = "mapping_invalid", f"{where}: {first['msg'].removeprefix('Value error, ')}"
    if first["type"] == "extra_forbidden":
        model = FieldSpec if path[0] == "fields" else MappingSpec
        code, what = "mapping_unknown_name", unknown("setting", str(path[-1]), tuple(model.model_fields))
    elif path == ("spec",):
        code, what = "mapping_version", "`spec` must be 1, the only version that this hub reads"
    elif "is not a known" in what:
        code = "mapping_unknown_name"
    return MappingError(
        code, what, where=source, line=line, next_step="Correct the line, then run `damhub mapping check`."
    )


@lru_cache(maxsize=64)
def load_spec(connector: str) -> MappingSpec:
    """Return a connector's spec: from this package, or from inside a connector that was installed by itself."""
    source = f"{connector}.yaml"
    spec = parse_spec(spec_text(connector), source=source)
    if spec.connector != connector:
        raise MappingError(
            "mapping_invalid",
            f"the spec is for `{spec.connector}`, not for `{connector}`",
            where=source,
            line=1,
            next_step="Correct `connector`.",
        )
    return spec


def spec_text(connector: str) -> str:
    """Return the YAML of a connector's spec as it is shipped; raises MappingError where there is none."""
    own = resources.files("mappings.specs").joinpath(f"{connector}.yaml")
    if own.is_file():
        return own.read_text(encoding="utf-8")
    for entry in entry_points(group="damhub.connectors", name=connector):
        shipped = resources.files(entry.module).joinpath("mapping.yaml")
        if shipped.is_file():
            return shipped.read_text(encoding="utf-8")
    raise MappingError(
        "mapping_missing",
        f"the connector `{connector}` has no mapping spec",
        where=f"{connector}.yaml",
        next_step="Add mappings/specs/<connector>.yaml, or mapping.yaml inside the connector's own package.",
    )


def spec_names() -> tuple[str, ...]:
    """Return the connectors whose specs this package holds, in order."""
    entries = resources.files("mappings.specs").iterdir()
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in entries if entry.name.endswith(".yaml")))
