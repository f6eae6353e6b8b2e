"""Named transforms of one value, with their inverses: what a mapping spec may ask for.

`push` turns a value of the catalogue into the remote's; `pull` turns it back. For every value that the catalogue can
hold in its tidy form, `pull(push(value)) == value`. A transform without `pull` makes its field push-only.
"""

from __future__ import annotations

import csv
import html
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final, TypeAlias, cast

from mappings.errors import TransformError

JsonValue: TypeAlias = bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"] | None
Change = Callable[[JsonValue], JsonValue]

ELLIPSIS_MARK: Final = "\N{HORIZONTAL ELLIPSIS}"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
KEPT_CONTROLS: Final = "\n\t"


@dataclass(frozen=True, slots=True)
class Transform:
    """One named change of a value; `pull` is None where there is no way back."""

    name: str
    summary: str
    push: Change
    pull: Change | None


def as_text(value: JsonValue) -> str:
    """Return the value as a text; nothing is the empty text; lists and objects are refused."""
    if value is None:
        return ""
    if isinstance(value, (list, dict)):
        raise TransformError(f"a text was expected, not {kind(value)}")
    return str(value)


def as_texts(value: JsonValue) -> list[str]:
    """Return the value as a list of texts; nothing is the empty list."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise TransformError(f"a list was expected, not {kind(value)}")
    return [as_text(item) for item in value]


def kind(value: JsonValue) -> str:
    """Name the kind of a value for a person."""
    if value is None:
        return "nothing"
    return {"list": "a list", "dict": "an object", "str": "a text", "bool": "yes or no"}.get(
        type(value).__name__, "a number"
    )


def tidy(value: JsonValue) -> str:
    """Return a text in composed Unicode with plain line ends, no control characters and no blanks around it."""
    text = unicodedata.normalize("NFC", as_text(value)).replace("\r\n", "\n").replace("\r", "\n")
    kept = (sign for sign in text if sign in KEPT_CONTROLS or unicodedata.category(sign) not in ("Cc", "Cs"))
    return "".join(kept).strip()


def tidy_line(value: JsonValue) -> str:
    """Return a tidy text on one line."""
    return " ".join(tidy(value).split())


def tidy_list(value: JsonValue) -> list[str]:
    """Return tidy, non-empty lines, each once, in their order."""
    lines = (tidy_line(item) for item in as_texts(value))
    return list(dict.fromkeys(line for line in lines if line))


def cut(text: str, limit: int) -> str:
    """Return the text, shortened to `limit` characters with a closing ellipsis where it is longer."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS_MARK


def _json_list(values: list[str]) -> JsonValue:
    return cast("JsonValue", values)


def _join_commas(value: JsonValue) -> JsonValue:
    return ", ".join(
        '"' + word.replace('"', '""') + '"' if "," in word or '"' in word else word for word in tidy_list(value)
    )


def _split_commas(value: JsonValue) -> JsonValue:
    text = tidy_line(value)
    if not text:
        return []
    try:
        words = next(csv.reader([text], skipinitialspace=True), list[str]())
    except csv.Error as error:
        raise TransformError(f"the list of words cannot be read: {error}") from error
    return _json_list(tidy_list(_json_list(words)))


def _join_lines(value: JsonValue) -> JsonValue:
    return "\n".join(tidy_list(value))


def _split_lines(value: JsonValue) -> JsonValue:
    return _json_list(tidy_list(_json_list(tidy(value).split("\n"))))


def _empty_to_none(value: JsonValue) -> JsonValue:
    return None if value == "" else value


def _none_to_empty(value: JsonValue) -> JsonValue:
    return "" if value is None else value


def _day(value: JsonValue) -> JsonValue:
    if value is None or value == "":
        return ""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TransformError(f"a point in time was expected, not {kind(value)}")
    try:
        return (EPOCH + timedelta(milliseconds=value)).date().isoformat()
    except (OverflowError, ValueError) as error:
        raise TransformError("the point in time lies beyond the calendar") from error


TRANSFORMS: Final[Mapping[str, Transform]] = MappingProxyType(
    {
        each.name: each
        for each in (
            Transform("text", "tidy text: composed Unicode, no control characters", tidy, tidy),
            Transform("line", "tidy text on one line", tidy_line, tidy_line),
            Transform(
                "html_escape",
                "plain text as HTML; entities become characters on the way back",
                lambda value: html.escape(as_text(value), quote=False),
                lambda value: html.unescape(as_text(value)),
            ),
            Transform("list", "a list of tidy texts, each once", lambda v: _json_list(tidy_list(v)),
                      lambda v: _json_list(tidy_list(v))),
            Transform("join_commas", "a list as one line; a word with a comma stands in quotes", _join_commas,
                      _split_commas),
            Transform("join_lines", "a list as lines", _join_lines, _split_lines),
            Transform("none_to_empty", "nothing becomes the empty text", _none_to_empty, _none_to_empty),
            Transform("empty_to_none", "the empty text becomes nothing", _empty_to_none, _none_to_empty),
            Transform("day", "a point in time as its UTC day, such as 2027-01-31", _day, None),
            Transform("upper", "capital letters", lambda value: as_text(value).upper(), None),
        )
    }
)  # fmt: skip
"""Every transform by its name."""
