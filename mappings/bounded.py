"""Evaluate an expression within bounds: a few hundred characters can ask for more memory than there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, Final, cast

from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult
from jmespath.visitor import TreeInterpreter

MOST_WORK: Final = 4_000_000
"""Characters and values that all steps of one evaluation may yield together; an asset's whole text is a hundredth."""


class TooMuchWork(JMESPathError):
    """An expression that multiplies what it is given."""


def evaluate(expression: ParsedResult, facts: Mapping[str, Any]) -> Any:
    """Return what an expression says of an asset.

    Raises:
        JMESPathError: it does not fit the asset, or yields far too much, or what is no number.
    """
    try:
        return _Bounded().visit(expression.parsed, facts)
    except JMESPathError:
        raise
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError) as error:
        raise DoesNotFit(str(error)) from error  # the library checks not all that it is given


def joins_by_text(node: Mapping[str, Any]) -> bool:
    """Tell whether each `join` is given its separator as it is: one that is computed multiplies in a single step."""
    children = [cast("dict[str, Any]", each) for each in node.get("children", ()) if isinstance(each, dict)]
    joins = node["type"] == "function_expression" and node["value"] == "join"
    if joins and children and children[0]["type"] != "literal":
        return False
    return all(map(joins_by_text, children))


class DoesNotFit(JMESPathError):
    """An expression that does with values what they do not allow."""


class _Bounded(TreeInterpreter):
    def __init__(self) -> None:
        super().__init__()
        self._left = MOST_WORK

    def visit(self, node: Any, *args: Any, **named: Any) -> Any:
        found = super().visit(node, *args, **named)
        for weight in _weights(found):
            self._left -= weight
            if self._left < 0:
                raise TooMuchWork("it yields far more than the asset holds")
        return found


def _weights(value: Any) -> Iterator[int]:
    """Yield what a value weighs, part by part: what stands in it twice weighs twice."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, float) and not isfinite(part):
            raise DoesNotFit("it yields what is no number")
        yield len(part) + 1 if isinstance(part, str) else 1
        if isinstance(part, dict):
            waiting.extend(cast("dict[str, Any]", part).values())
        elif isinstance(part, list):
            waiting.extend(cast("list[Any]", part))
