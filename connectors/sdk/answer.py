"""An answer of a remote, read whole within its limits."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from connectors.sdk.errors import BadAnswer, ConnectorError, OutcomeUnknown

T = TypeVar("T")
NO_CONTENT = frozenset({204, 205})


@functools.cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked: names the call in errors, and says whether it writes."""

    method: str
    path: str
    writes: bool
    into: IO[bytes] | None = None  # a successful body is written here instead of being kept
    fine: frozenset[int] = frozenset()  # statuses that are no failure, besides the successes

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def senseless(self, why: str, *, status: int | None = None) -> ConnectorError:
        """Return the error for an answer that makes no sense: after a write nobody knows what happened."""
        if self.writes:
            return OutcomeUnknown(
                "The other system's answer to a change could not be read. The hub looks there before it repeats.",
                detail=f"{self}: {why}", status=status,
            )  # fmt: skip
        return BadAnswer(
            "The other system answered something that the hub cannot read. Check its address in the settings.",
            detail=f"{self}: {why}", status=status,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, headers (names in lower case) and a whole body."""

    call: Call
    status: int
    headers: Mapping[str, str]
    body: bytes
    size: int = 0  # of a body that was written into a file

    @property
    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 are replaced."""
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        """The body as JSON; None where the remote sends none on purpose.

        Raises:
            BadAnswer, OutcomeUnknown: it is not JSON, after a read and after a write.
        """
        if self.status in NO_CONTENT or (self.call.method == "DELETE" and not self.body.strip()):
            return None
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            kind = self.headers.get("content-type", "no content type")[:80]
            raise self.call.senseless(f"no JSON but {len(self.body)} bytes of {kind}", status=self.status) from None

    def parse(self, shape: type[T]) -> T:
        """The JSON body in this shape (a TypedDict, pydantic model, list of such ...); unknown keys are no error.

        Raises:
            BadAnswer, OutcomeUnknown: it has another shape, after a read and after a write.
        """
        value = self.json
        try:
            parsed: T = _adapter(shape).validate_python(value)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            where = ".".join(str(step) for step in first["loc"])
            raise self.call.senseless(f"{where or 'the answer'}: {first['msg']}", status=self.status) from None
        return parsed


def quiet_json(body: bytes) -> Any:
    """Return the body of a refusal as JSON, or None: a refusal may be of any form."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
