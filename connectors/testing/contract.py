"""Checks that requests fit a vendor's published contract, from a small extract in our own form.

    {"source": "...", "operations": [{"method": "POST", "path": "/1/cards/{id}/attachments",
      "parameters": {"name": {"type": "string", "max": 256}, "url": {"type": "string", "required": true}}}]}

Parameters count wherever the vendor takes them: query, form or JSON body. `"open": true` lets others pass. What is sent
as a form with a file in it (`multipart/form-data`) says `"form": true`; elsewhere such a form does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Parameter(BaseModel):
    """What a parameter may be."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["string", "integer", "boolean", "array", "object", "any"] = "string"
    required: bool = False
    least: int | None = Field(default=None, alias="min")
    most: int | None = Field(default=None, alias="max")  # longest text, or largest number
    enum: tuple[str, ...] = ()


class Operation(BaseModel):
    """One method at one path."""

    model_config = ConfigDict(extra="forbid")

    method: str
    path: str
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    open: bool = False  # whether parameters that are not listed may be sent
    form: bool = False  # whether it is sent as multipart/form-data

    @property
    def named(self) -> str:
        """Its name in messages and counts."""
        return f"{self.method} {self.path}"

    def fits(self, method: str, path: str) -> bool:
        """Tell whether a request is for this operation; path variables match within one segment."""
        return method == self.method and _pattern(self.path).fullmatch(path) is not None


class Contract(BaseModel):
    """The operations that a connector may use."""

    model_config = ConfigDict(extra="forbid")

    source: str
    operations: tuple[Operation, ...]

    @classmethod
    def load(cls, path: Path) -> Contract:
        """Read an extract from a JSON file."""
        return cls.model_validate_json(path.read_bytes())

    def operation(self, method: str, path: str) -> Operation | None:
        """Return the operation that a request is for: a fixed path goes before one with variables in it."""
        fitting = [operation for operation in self.operations if operation.fits(method, path)]
        return min(fitting, key=lambda one: one.path.count("{"), default=None)

    def violations(self, method: str, path: str, sent: Mapping[str, Any], *, form: bool = False) -> list[str]:
        """Say what is wrong with a request, perhaps sent as a form with parts; empty when it fits."""
        operation = self.operation(method, path)
        if operation is None:
            return [f"{method} {path} is not in the contract"]
        named = operation.named
        wrong = [
            f"{named} lacks {name}"
            for name, parameter in operation.parameters.items()
            if parameter.required and name not in sent
        ]
        if form and not (operation.form or operation.open):
            wrong.append(f"{named} is sent as no form")
        for name, value in sent.items():
            parameter = operation.parameters.get(name)
            if parameter is not None:
                wrong.extend(f"{named}: {name} {problem}" for problem in _problems(parameter, value))
            elif not operation.open:
                wrong.append(f"{named} knows no {name}")
        return wrong


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + "/?")


def _problems(parameter: Parameter, value: Any) -> list[str]:
    problems: list[str] = []
    if not _typed(parameter.type, value):
        return [f"is no {parameter.type}"]
    if parameter.enum and str(value) not in parameter.enum:
        problems.append(f"is none of {', '.join(parameter.enum)}")
    size = int(value) if parameter.type == "integer" else len(value) if isinstance(value, str) else None
    if size is not None and parameter.most is not None and size > parameter.most:
        problems.append(f"is over {parameter.most}")
    if size is not None and parameter.least is not None and size < parameter.least:
        problems.append(f"is under {parameter.least}")
    return problems


def _typed(kind: str, value: Any) -> bool:
    """Tell whether a value has a type; in a query everything is text."""
    match kind:
        case "integer":
            return not isinstance(value, bool) and re.fullmatch(r"-?\d+", str(value)) is not None
        case "boolean":
            return str(value).lower() in ("true", "false", "1", "0")
        case "string":
            return isinstance(value, str)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            return True
