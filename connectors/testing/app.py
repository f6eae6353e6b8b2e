"""The web application of a sandbox: thousands are made in a run of the suite, so making one must be cheap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.routing import Rule


class _Rule(Rule):
    """A route that learns to build its own address when it is first asked for it.

    Werkzeug compiles two functions for that as soon as a route is added: nine tenths of what adding it costs. Sandboxes
    write their addresses out, as vendors do, and hardly ever ask.
    """

    def _compile_builder(self, *args: Any, **options: Any) -> Callable[..., tuple[str, str]]:
        compiled: list[Callable[..., tuple[str, str]]] = []

        def build(rule: Rule, /, **values: object) -> tuple[str, str]:
            if not compiled:
                compiled.append(super(_Rule, self)._compile_builder(*args, **options))
            return compiled[0](rule, **values)

        return build


class App(Flask):
    """A Flask application whose routes are cheap to add."""

    url_rule_class = _Rule
