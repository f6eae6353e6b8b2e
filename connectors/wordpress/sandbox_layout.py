"""Templates, their parts and widgets of the made-up WordPress, as a real 7.1 answers them."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

from flask import Response, request

from connectors.wordpress.sandbox_http import answer, raw, sent
from connectors.wordpress.sandbox_library import DATE, Refusal

if TYPE_CHECKING:
    from connectors.wordpress.sandbox_routes import Routes

API: Final = "/wp-json/wp/v2"
TEMPLATES: Final = {"templates": "wp_template", "template-parts": "wp_template_part"}
THEME: Final = "twentytwentyfive"
OFF: Final = "wp_inactive_widgets"
NOT_TEMPLATES: Final = (
    "rest_cannot_manage_templates", "Sorry, you are not allowed to access the templates on this site.",
)  # fmt: skip
NOT_WIDGETS: Final = ("rest_cannot_manage_widgets", "Sorry, you are not allowed to manage widgets on this site.")
NO_TEMPLATE: Final = Refusal(
    "rest_template_not_found", "No templates exist with that id.", HTTPStatus.NOT_FOUND
)  # fmt: skip
NO_WIDGET: Final = Refusal("rest_widget_not_found", "No widget was found with that id.", HTTPStatus.NOT_FOUND)


@dataclass(slots=True)
class Template:
    """A template or part; `source` is `theme` while it is only a file of the theme."""

    kind: str
    slug: str
    content: str
    title: str = ""
    source: str = "custom"
    from_theme: bool = False

    @property
    def id(self) -> str:
        """Its name in answers: theme and slug with two strokes between."""
        return f"{THEME}//{self.slug}"


@dataclass(slots=True)
class Widget:
    """A widget, and what it holds."""

    id: str
    id_base: str
    raw: dict[str, Any] = field(default_factory=dict[str, Any])
    sidebar: str = OFF


def add(routes: Routes) -> None:
    """Answer for templates, parts and widgets of one site."""
    layout = _Layout(routes)
    rule, methods = routes.site.app.add_url_rule, ["POST", "PUT", "PATCH"]
    kinds = f"<any({', '.join(map(repr, TEMPLATES))}):kind>"
    rule(f"{API}/{kinds}", "templates", layout.templates)
    rule(f"{API}/{kinds}", "make_template", layout.make_template, methods=["POST"])
    rule(f"{API}/{kinds}/{THEME}/<slug>", "template", layout.template)
    rule(f"{API}/{kinds}/{THEME}/<slug>", "change_template", layout.change_template, methods=methods)
    rule(f"{API}/{kinds}/<path:_>", "no_template", layout.no_template)
    rule(f"{API}/widgets", "widgets", layout.widgets)
    rule(f"{API}/widgets", "make_widget", layout.make_widget, methods=["POST"])
    rule(f"{API}/widgets/<name>", "widget", layout.widget)
    rule(f"{API}/widgets/<name>", "change_widget", layout.change_widget, methods=methods)


class _Layout:
    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._site = routes.site

    def templates(self, kind: str) -> Response:
        self._routes.must_sign_in(*NOT_TEMPLATES)  # since 6.6 whoever edits posts may read them
        return answer([_template_json(one) for one in tuple(self._site.templates[kind].values())])

    def make_template(self, kind: str) -> Response:
        self._may(NOT_TEMPLATES)
        said = sent()
        one = Template(kind, said["slug"], raw(said.get("content", "")), raw(said.get("title", "")))
        self._site.templates[kind][one.slug] = one
        made = answer(_template_json(one), HTTPStatus.CREATED)
        made.headers["Location"] = f"{request.url_root}wp-json/wp/v2/{kind}/{one.id}"
        return made

    def template(self, kind: str, slug: str) -> Response:
        self._routes.must_sign_in(*NOT_TEMPLATES)
        return answer(_template_json(self._template(kind, slug)))

    def change_template(self, kind: str, slug: str) -> Response:
        self._may(NOT_TEMPLATES)
        one, said = self._template(kind, slug), sent()
        with self._site.lock:
            one.content, one.source = raw(said.get("content", one.content)), "custom"
        return answer(_template_json(one))

    def no_template(self, kind: str, _: str) -> Response:
        del kind
        self._routes.must_sign_in(*NOT_TEMPLATES)
        raise NO_TEMPLATE

    def widgets(self) -> Response:
        self._may(NOT_WIDGETS)
        return answer([_widget_json(one) for one in tuple(self._site.widgets.values())])

    def make_widget(self) -> Response:
        self._may(NOT_WIDGETS)
        said = sent()
        base = said["id_base"]
        number = 2 + sum(one.id_base == base for one in tuple(self._site.widgets.values()))
        one = Widget(f"{base}-{number}", base, dict(said["instance"]["raw"]), said.get("sidebar", OFF))
        self._site.widgets[one.id] = one
        return answer(_widget_json(one), HTTPStatus.CREATED)

    def widget(self, name: str) -> Response:
        self._may(NOT_WIDGETS)
        return answer(_widget_json(self._widget(name)))

    def change_widget(self, name: str) -> Response:
        self._may(NOT_WIDGETS)
        one = self._widget(name)
        with self._site.lock:
            one.raw = {**one.raw, **cast("dict[str, Any]", sent()["instance"]["raw"])}
        return answer(_widget_json(one))

    def _template(self, kind: str, slug: str) -> Template:
        if slug not in self._site.templates[kind]:
            raise NO_TEMPLATE
        return self._site.templates[kind][slug]

    def _widget(self, name: str) -> Widget:
        if name not in self._site.widgets:
            raise NO_WIDGET
        return self._site.widgets[name]

    def _may(self, refused: tuple[str, str]) -> None:
        self._routes.must_sign_in(*refused)
        if not self._site.administers:
            raise Refusal(*refused, HTTPStatus.FORBIDDEN)


def _template_json(one: Template) -> dict[str, Any]:
    custom = one.source == "custom"
    body: dict[str, Any] = {
        "id": one.id, "theme": THEME, "content": {"raw": one.content, "block_version": int("<!-- wp:" in one.content)},
        "slug": one.slug, "source": one.source, "origin": "theme" if custom and one.from_theme else None,
        "type": TEMPLATES[one.kind], "description": "", "title": {"raw": one.title, "rendered": one.title},
        "status": "publish", "wp_id": 9 if custom else 0, "has_theme_file": one.from_theme,
        "author": 1 if custom else 0, "modified": DATE if custom else None, "date": DATE if custom else None,
        "author_text": "admin", "original_source": "theme" if one.from_theme else "user",
    }  # fmt: skip
    return body | ({"is_custom": True} if one.kind == "templates" else {"area": "uncategorized"})


def _widget_json(one: Widget) -> dict[str, Any]:
    return {
        "id": one.id, "id_base": one.id_base, "sidebar": one.sidebar, "rendered": "", "rendered_form": None,
        "instance": {"encoded": "", "hash": "", "raw": one.raw},
    }  # fmt: skip
