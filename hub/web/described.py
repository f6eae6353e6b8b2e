"""flask-openapi3 with types: the one file that touches it. Routes registered here are described by OpenAPI 3.1."""

# The library annotates with bare `dict` and `Callable`, and re-exports names without saying so.
# pyright: reportPrivateImportUsage=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar, cast

from flask import Response
from flask_openapi3 import APIBlueprint, Info, OpenAPI, Tag
from flask_openapi3.types import ResponseDict
from pydantic import BaseModel, ValidationError

View = TypeVar("View", bound=Callable[..., Response])
Security = list[dict[str, list[Any]]]
_Paths = dict[str, BaseModel]


class Operations:
    """One part of the API; views are registered by method and address, as on a Flask blueprint."""

    def __init__(self, name: str, about: str, *, prefix: str, security: Security) -> None:
        tag = Tag(name=name, description=about)
        self._blueprint: Final = APIBlueprint(
            f"api_{name}", "hub.web", url_prefix=prefix, abp_tags=[tag], abp_security=security
        )

    def get(self, rule: str, *, responses: ResponseDict) -> Callable[[View], View]:
        """Register what reads."""
        return cast("Callable[[View], View]", self._blueprint.get(rule, responses=responses))

    def post(self, rule: str, *, responses: ResponseDict) -> Callable[[View], View]:
        """Register what makes or does something."""
        return cast("Callable[[View], View]", self._blueprint.post(rule, responses=responses))

    def put(self, rule: str, *, responses: ResponseDict) -> Callable[[View], View]:
        """Register what sets one thing."""
        return cast("Callable[[View], View]", self._blueprint.put(rule, responses=responses))

    def patch(self, rule: str, *, responses: ResponseDict) -> Callable[[View], View]:
        """Register what changes some fields."""
        return cast("Callable[[View], View]", self._blueprint.patch(rule, responses=responses))

    def delete(self, rule: str, *, responses: ResponseDict) -> Callable[[View], View]:
        """Register what ends or removes something."""
        return cast("Callable[[View], View]", self._blueprint.delete(rule, responses=responses))

    def join(self, app: OpenAPI) -> None:
        """Become part of an application."""
        # Two parts may share an address, each with methods of its own; the library would keep the later part's alone.
        paths, mine = cast("_Paths", app.paths), cast("_Paths", self._blueprint.paths)
        before = dict(paths)
        app.register_api(self._blueprint)
        for at in before.keys() & mine.keys():
            methods = {name: operation for name, operation in mine[at] if operation is not None}
            paths[at] = before[at].model_copy(update=methods)


def new_app(
    title: str,
    about: str,
    *,
    security_schemes: dict[str, Any],
    problem: type[BaseModel],
    refuse: Callable[[ValidationError], Response],
) -> OpenAPI:
    """Return an application whose requests are checked before any view runs; `refuse` answers those that do not fit."""
    return OpenAPI(
        "hub.web",
        info=Info(title=title, version="1", description=about),
        security_schemes=security_schemes,
        validation_error_model=problem,
        validation_error_callback=refuse,
        doc_ui=False,
    )


def describe(app: OpenAPI, parts: Iterable[Operations]) -> dict[str, Any]:
    """Register the parts of the API and return the document that describes them."""
    for part in parts:
        part.join(app)
    return cast("dict[str, Any]", app.api_doc)
