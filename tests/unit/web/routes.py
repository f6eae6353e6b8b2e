"""Every route of the web door, with a request that is right and what each asker is answered.

The figures stand in the order of `world.ASKERS`: nobody, viewer, contributor, editor, administrator, and an
administrator's token that may only read. A request that may not be made is answered 401, 403 or 404 (to somebody who
may not know of the thing); pages send nobody to sign in (303).
"""

from __future__ import annotations

from dataclasses import dataclass, field

API = "/api/v1"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"
PASSWORD = "correct horse battery"
VIEWER = {"email": "viewer@dam.test", "password": PASSWORD}
EVE = {"email": "e@x.test", "name": "Eve", "password": PASSWORD, "code": "guess"}
OPEN = "200 200 200 200 200 200"
LISTEN = "/connections/<connection_id>/listen"
PEOPLE = "303 403 403 403 200 403"
PERSON = {"email": "new@x.test", "name": "Nia", "role": "editor", "password": "correct horse battery"}
HOOK = {"url": "https://93.184.216.34/in", "kind": "asset.*", "campaigns": "Lake", "description": "Agency"}
HOOK = {"url": "https://93.184.216.34/in", "kind": "asset.*", "campaigns": "Lake", "description": "Agency"}
NEW_WORD = {"password": "x", "current": "y"}
TOKEN = {"label": "reads", "scope": "read", "days": "7"}
TRELLO = "spec: 1\nconnector: trello\nfields:\n  - {field: title, remote: name, transforms: [line]}\n"
MAPPING = "/connections/<connection_id>/mapping"
NEW = {"text": TRELLO, "seen": "0"}
BACK = {"number": "0", "seen": "0"}
SETTINGS, UNDO = "/connections/<connection_id>/settings", "/connections/<connection_id>/settings/undo"
INBOUND = "/connections/<connection_id>/inbound"
PLACE = "/connections/<connection_id>/places/<target_id>"
RELABELLED = {"label": "Away", "seen": "0"}
GERMAN = {"language": "de"}
BINDING = {"name": "Launch", "remote_id": "nowhere", "board": "b", "source": {"kind": "campaign", "value": "Lake"}}
BOUND = {"name": "x", "remote_id": "y", "kind": "campaign", "value": "Lake"}
STOCK = "/connections/{}/stock"
ONE_BINDING = API + "/bindings/<binding_id>"


@dataclass(frozen=True)
class Route:
    """One request and its answers; `{names}` in address, body and form are filled in from the world."""

    method: str
    rule: str
    answers: str
    at: str
    json: dict | None = None
    form: dict | None = None
    data: bytes | None = None
    headers: dict = field(default_factory=dict)

    def expected(self):
        return [int(one) for one in self.answers.split()]

    def __str__(self):
        return f"{self.method} {self.at}"


def api(method, at, answers, rule=None, **kwargs):
    return Route(method, rule or API + at.replace("{", "<").replace("}", ">"), answers, API + at, **kwargs)


def page(method, at, answers, rule, **kwargs):
    return Route(method, rule, answers, at, **kwargs)


def _of(kind):
    """Return how a rule names a thing, by the thing's name here."""
    return {
        "asset": "asset_id",
        "draft": "asset_id",
        "secret": "asset_id",
        "deleted": "asset_id",
        "version": "version_id",
        "draft_version": "version_id",
        "copy": "placement_id",
        "used": "placement_id",
        "removed": "placement_id",
        "counted": "placement_id",
        "conflict": "conflict_id",
        "proposal": "proposal_id",
        "connection": "connection_id",
        "term": "term_id",
        "link": "link_id",
        "recall": "recall_id",
        "token": "token_id",
        "user": "user_id",
        "endpoint": "endpoint_id",
        "notice": "notice_id",
    }[kind]


def one(method, about, rest, answers, **kwargs):
    """Return a route that is about one thing: `one("POST", "assets/asset", "/archive", ...)`."""
    room, kind = about.split("/")
    shown = rest.partition("?")[0]
    rule = kwargs.pop("rule", f"{API}/{room}/<{_of(kind)}>{shown}")
    return Route(method, rule, answers, f"{API}/{room}/{{{kind}}}{rest}", **kwargs)


READERS = "401 200 200 200 200 200"
OWN_DRAFT = "401 404 200 200 200 200"
MANAGERS = "401 403 403 200 200 403"
MANAGERS_DO = "401 403 403 204 204 403"
ADMINS = "401 403 403 403 200 403"
ADMINS_DO = "401 403 403 403 204 403"
RENDITIONS = f"{API}/assets/<asset_id>/renditions/<preset>"

API_ROUTES = [
    api("POST", "/session", "201 201 201 201 201 201", json=VIEWER),
    api("POST", "/first-administrator", "409 409 409 409 409 409", json=EVE),
    api("DELETE", "/session", "204 204 204 204 204 204"),
    api("GET", "/me", READERS),
    api("GET", "/users", ADMINS),
    api(
        "POST",
        "/users",
        "401 403 403 403 201 403",
        json={"email": "new@dam.test", "name": "New", "role": "viewer", "password": PASSWORD},
    ),
    one("PATCH", "users/user", "", ADMINS_DO, json={"role": "editor"}),
    one("PATCH", "users/user", "", ADMINS_DO, json={"disabled": True}),
    api("GET", "/tokens", READERS),
    api("POST", "/tokens", "401 201 201 201 201 403", json={"label": "mine", "scopes": ["read"], "days": 3}),
    one("DELETE", "tokens/token", "", "401 404 404 404 204 204"),
    api("GET", "/assets", READERS),
    api("POST", "/assets?filename=a.png", "401 403 201 201 201 403", rule=f"{API}/assets", data=PNG),
    one("POST", "assets/asset", "/versions?filename=a.png", "401 403 403 201 201 403", data=PNG),
    one("POST", "assets/draft", "/versions?filename=a.png", "401 403 201 201 201 403", data=PNG),
    one("GET", "assets/asset", "", READERS),
    one("GET", "assets/draft", "", OWN_DRAFT),
    one("GET", "assets/secret", "", "401 404 404 200 200 200"),
    one("GET", "assets/deleted", "", "401 404 404 200 200 404"),
    one("PATCH", "assets/asset", "", MANAGERS, json={"fields": {"title": "New"}}, headers={"If-Match": "*"}),
    one(
        "PATCH",
        "assets/draft",
        "",
        "401 404 200 200 200 403",
        json={"fields": {"title": "New"}},
        headers={"If-Match": "*"},
    ),
    one("DELETE", "assets/asset", "", MANAGERS_DO),
    one("DELETE", "assets/draft", "", "401 404 403 204 204 403"),
    one("POST", "assets/deleted", "/restore", "401 404 404 204 204 404"),
    one("POST", "assets/asset", "/archive", MANAGERS_DO),
    one("POST", "assets/asset", "/unarchive", MANAGERS_DO),
    one("PUT", "assets/asset", "/successor", MANAGERS_DO, json={"successor_id": None}),
    one("POST", "assets/draft", "/submit", "401 404 204 204 204 403"),
    one("POST", "versions/draft_version", "/approve", MANAGERS_DO, json={"sha256": "{draft_sha256}"}),
    one("POST", "versions/draft_version", "/reject", MANAGERS_DO, json={"sha256": "{draft_sha256}", "note": "No."}),
    one("POST", "assets/asset", "/revoke", MANAGERS_DO, json={"note": "Why."}),
    one("GET", "assets/asset", "/decisions", "401 403 403 200 200 200"),
    one("GET", "assets/draft", "/decisions", OWN_DRAFT),
    one("GET", "assets/asset", "/terms", READERS),
    one("POST", "assets/asset", "/terms", "401 403 403 201 201 403", json={"source": "embargo", "effect": "deny"}),
    one("DELETE", "terms/term", "", MANAGERS_DO),
    one("GET", "assets/asset", "/holds", "401 403 403 200 200 403"),
    one("POST", "assets/asset", "/holds", "401 403 403 201 201 403", json={"reason": "Lawsuit."}),
    api("DELETE", "/holds/{hold}", "401 403 403 200 200 403", rule=API + "/holds/<hold_id>"),
    api("GET", "/deleted", "401 200 200 200 200 200"),
    one("GET", "assets/asset", "/usable", READERS),
    one("GET", "assets/secret", "/usable", "401 404 404 200 200 200"),
    one("GET", "assets/asset", "/copies", READERS),
    one("GET", "assets/secret", "/copies", "401 404 404 200 200 200"),
    one("POST", "assets/asset", "/copies", "401 403 403 201 201 403", json={"target_id": "{blog}"}),
    one("GET", "assets/asset", "/impact", READERS),
    one("GET", "assets/draft", "/impact?act=approve&version_id={draft_version}", "401 404 403 200 200 403"),
    one("GET", "assets/draft", "/impact?act=lift&term_id={term}", "401 404 403 200 200 403"),
    one("GET", "assets/draft", "/impact?act=successor&successor_id={asset}", "401 404 200 200 200 403"),
    api("GET", "/targets/{target}/impact?channel=print", ADMINS, rule=API + "/targets/<target_id>/impact"),
    api("GET", "/targets/{target}/impact?life_s=172800", ADMINS, rule=API + "/targets/<target_id>/impact"),
    one(
        "POST",
        "assets/draft",
        "/texts/impact",
        "401 404 200 200 200 403",
        json={"fields": {"title": "Another"}, "language": ""},
    ),
    one("POST", "assets/draft", "/impact", "401 404 403 200 200 403", json={"source": "embargo", "effect": "deny"}),
    one("GET", "copies/copy", "", READERS),
    one("DELETE", "copies/copy", "", MANAGERS),
    one("POST", "copies/copy", "/retry", MANAGERS),
    one("POST", "copies/copy", "/schedule", MANAGERS, json={"publish_at": 1_800_000_000_000}),
    one("POST", "copies/removed", "/restore", "401 403 403 201 201 403"),
    api("GET", "/drift?drift=gone", "401 403 403 200 200 403", rule=API + "/drift"),
    api("GET", "/conflicts", "401 403 403 200 200 403"),
    one("GET", "conflicts/conflict", "", "401 403 403 200 200 403"),
    one("POST", "conflicts/conflict", "/decide", "401 403 403 200 200 403", json={"choice": "theirs"}),
    api("GET", "/proposals", "401 403 403 200 200 403"),
    one("GET", "proposals/proposal", "", "401 403 403 200 200 403"),
    one("POST", "proposals/proposal", "/decide", "401 403 403 200 200 403", json={"choice": "theirs"}),
    one("POST", "copies/copy", "/attest", MANAGERS, json={"note": "I looked."}),
    one("GET", "copies/copy", "/evidence", READERS),
    api("POST", "/recalls", "401 403 403 201 201 403", json={"asset_id": "{asset}", "reason": "It must go."}),
    one("GET", "recalls/recall", "", READERS),
    one("GET", "assets/asset", "/recalls", READERS),
    one("GET", "recalls/recall", "/report.json", READERS),
    one("GET", "recalls/recall", "/report.pdf", READERS),
    one("GET", "recalls/recall", "/reports", READERS),
    one("GET", "assets/asset", "/uses", READERS),
    one("GET", "copies/copy", "/uses", READERS),
    one("POST", "copies/used", "/uses", "401 403 403 202 202 403"),
    one("GET", "assets/asset", "/numbers", READERS),
    one("GET", "copies/copy", "/numbers", READERS),
    one("POST", "copies/counted", "/numbers", "401 403 403 202 202 403"),
    one("GET", "assets/asset", "/links", "401 403 403 200 200 403"),
    one("POST", "assets/asset", "/links", "401 403 403 201 201 403", json={"preset": "web", "days": 1}),
    one("DELETE", "links/link", "", MANAGERS_DO),
    api("GET", "/connectors", READERS),
    api("GET", "/connections", "401 403 403 200 200 403"),
    api("POST", "/connections", "401 403 403 403 400 403", json={"connector": "trello"}),
    api("POST", "/connections/oauth", "401 403 403 403 400 403", json={"connector": "trello"}),
    one("POST", "connections/connection", "/test", ADMINS),
    one("POST", "connections/connection", "/targets", "401 403 403 403 400 403"),
    one("GET", "connections/connection", "/settings", "401 403 403 200 200 403"),
    one(
        "PATCH",
        "connections/connection",
        "/settings",
        "401 403 403 403 400 403",
        json={"settings": {"label": "Away"}, "seen": 0},
    ),
    one("POST", "connections/connection", "/settings/back", "401 403 403 403 409 403", json={"seen": 1}),
    one("GET", "connections/connection", "/inbound?state=ignored", ADMINS),
    one("POST", "connections/connection", "/inbound/replay", "401 403 403 403 202 403", json={"since": 1}),
    one("POST", "connections/connection", "/pause", ADMINS_DO),
    one("POST", "connections/connection", "/resume", "401 403 403 403 409 403"),
    one("DELETE", "connections/connection", "", ADMINS_DO),
    api("GET", "/connections/calendar", "401 403 403 200 200 403"),
    one("GET", "connections/connection", "/health", "401 403 403 200 200 403"),
    one("POST", "connections/connection", "/reconnect", "401 403 403 403 400 403", json={"secrets": {}}),
    one("POST", "connections/connection", "/reconnect/oauth", "401 403 403 403 400 403", json={"secrets": {}}),
    one("GET", "connections/connection", "/leaving", ADMINS),
    one("POST", "connections/connection", "/leaving", ADMINS),
    one("DELETE", "connections/connection", "/leaving", "401 403 403 403 409 403"),
    api("GET", "/notices", READERS),
    one("POST", "notices/notice", "/read", "401 204 204 204 204 204"),
    api("GET", "/targets", "401 403 403 200 200 403"),
    api("GET", "/endpoints", "401 403 403 403 200 403"),
    api(
        "POST",
        "/endpoints",
        "401 403 403 403 201 403",
        json={"url": "https://93.184.216.34/in", "kinds": ["asset.approved"]},
    ),
    one("POST", "endpoints/endpoint", "/rotate", ADMINS),
    one("POST", "endpoints/endpoint", "/off", ADMINS),
    one("POST", "endpoints/endpoint", "/on", ADMINS),
    one("GET", "endpoints/endpoint", "", ADMINS),
    one("PATCH", "endpoints/endpoint", "", ADMINS, json={"kinds": ["asset.*"], "ordered": True}),
    one("DELETE", "endpoints/endpoint", "", ADMINS_DO),
    one("POST", "endpoints/endpoint", "/test", "401 403 403 403 202 403"),
    one("POST", "endpoints/endpoint", "/replay", "401 403 403 403 202 403", json={"from_at": 1, "until_at": 2}),
    one("GET", "endpoints/endpoint", "/deliveries", "401 403 403 403 200 403"),
    api(
        "GET",
        "/endpoints/{endpoint}/deliveries/{sent}",
        ADMINS,
        rule=API + "/endpoints/<endpoint_id>/deliveries/<event_id>",
    ),
    api("GET", "/events", "401 403 403 200 200 200"),
    api("GET", "/event-types", READERS),
    api("GET", "/activity", "401 403 403 200 200 200"),
    api(
        "PATCH",
        "/targets/{target}",
        "401 403 403 200 200 403",
        rule=API + "/targets/<target_id>",
        json={"language": "de"},
    ),
    api(
        "POST",
        "/targets/{target}/subscription",
        "401 403 403 403 400 403",
        rule=API + "/targets/<target_id>/subscription",
    ),
    one("GET", "connections/connection", "/mapping", "401 403 403 200 200 403"),
    one("PUT", "connections/connection", "/mapping", "401 403 403 403 200 403", json={"text": TRELLO, "seen": 0}),
    one("POST", "connections/connection", "/mapping/back", "401 403 403 403 200 403", json={"number": 0, "seen": 0}),
    one("GET", "connections/connection", "/stock", "401 403 403 200 200 403"),
    one("POST", "connections/connection", "/stock", "401 403 403 202 202 403"),
    one("GET", "connections/connection", "/stock/items?show=foreign", "401 403 403 200 200 403"),
    one(
        "POST",
        "connections/connection",
        "/stock/decisions",
        "401 403 403 202 202 403",
        json={"act": "ignore", "items": ["{found}"]},
    ),
    api("GET", "/health", OPEN),
    Route("GET", "/api/openapi.json", OPEN, "/api/openapi.json"),
]

BYTES = [
    *(
        one("GET", "assets/asset", f"/renditions/{preset}", READERS, rule=RENDITIONS)
        for preset in ("thumbnail", "web", "original")
    ),
    *(
        one("HEAD", "assets/asset", f"/renditions/{preset}", READERS, rule=RENDITIONS)
        for preset in ("thumbnail", "original")
    ),
    *(
        one("GET", "assets/secret", f"/renditions/{preset}", "401 404 404 200 200 200", rule=RENDITIONS)
        for preset in ("thumbnail", "web", "original")
    ),
    *(
        one("GET", "assets/draft", f"/renditions/{preset}", OWN_DRAFT, rule=RENDITIONS)
        for preset in ("thumbnail", "web", "original")
    ),
    *(
        one(
            "GET",
            "assets/secret",
            "/renditions/original",
            f"401 404 404 {got} {got} {got}",
            rule=RENDITIONS,
            headers=headers,
        )
        for headers, got in (
            ({"If-None-Match": "*"}, 304),
            ({"Range": "bytes=0-3"}, 206),
            ({"Range": "bytes=9999999-"}, 416),
        )
    ),
    one("HEAD", "assets/secret", "/renditions/original", "401 404 404 200 200 200", rule=RENDITIONS),
    one("GET", "assets/secret", "", "401 404 404 304 304 304", headers={"If-None-Match": "*"}),
    one("HEAD", "assets/secret", "", "401 404 404 200 200 200"),
    api("POST", "/zip", READERS, json={"asset_ids": ["{asset}"]}),
    api("POST", "/zip", "401 404 404 200 200 200", json={"asset_ids": ["{asset}", "{secret}"]}),
    page(
        "GET",
        "/media/{asset}/{version}/thumbnail",
        "303 200 200 200 200 200",
        "/media/<asset_id>/<version_id>/<preset>",
    ),
    page(
        "GET",
        "/media/{secret}/{secret_version}/thumbnail",
        "303 404 404 200 200 200",
        "/media/<asset_id>/<version_id>/<preset>",
    ),
    page(
        "GET",
        "/media/{secret}/{secret_version}/original?download=1",
        "303 404 404 200 200 200",
        "/media/<asset_id>/<version_id>/<preset>",
    ),
    page(
        "GET",
        "/media/{asset}/{secret_version}/web",
        "303 404 404 404 404 404",
        "/media/<asset_id>/<version_id>/<preset>",
    ),
    page("GET", "/d/{signed}", OPEN, "/d/<token>"),
    page("HEAD", "/d/{signed}", OPEN, "/d/<token>"),
    page("GET", "/d/forged", "404 404 404 404 404 404", "/d/<token>"),
    page("GET", "/p/{card}", OPEN, "/p/<token>"),
    page("GET", "/p/{card}", OPEN, "/p/<token>", headers={"Accept": "text/html"}),
    page("GET", "/p/forged", "404 404 404 404 404 404", "/p/<token>"),
    page("GET", "/p/forged", "404 404 404 404 404 404", "/p/<token>", headers={"Accept": "text/html"}),
    page("GET", "/p/{card}/preview", OPEN, "/p/<token>/preview"),
    page("GET", "/p/forged/preview", "404 404 404 404 404 404", "/p/<token>/preview"),
    page("GET", "/p/{card}/file", OPEN, "/p/<token>/file"),
    page("GET", "/p/forged/file", "404 404 404 404 404 404", "/p/<token>/file"),
]

SEEN = "303 200 200 200 200 200"
DRAFT_SEEN = "303 404 200 200 200 200"
DONE = "303 403 403 303 303 403"
FORM = "/assets/<code>"
PAGES = [
    page("GET", "/", SEEN, "/"),
    page("GET", "/assets/{code}", SEEN, "/assets/<code>"),
    page("GET", "/assets/{draft_code}", DRAFT_SEEN, "/assets/<code>"),
    page("GET", "/assets/{code}/details", SEEN, "/assets/<code>/<tab>"),
    page("GET", "/assets/{code}/rights", SEEN, "/assets/<code>/<tab>"),
    page(
        "POST",
        "/assets/{draft_code}/texts/follows",
        "303 404 200 200 200 200",
        "/assets/<code>/texts/follows",
        form={"title": "Another"},
    ),
    page("POST", "/assets/{draft_code}/act/submit", "303 404 303 303 303 403", "/assets/<code>/act/<act>", form={}),
    page("GET", "/assets/{code}/before/recall", SEEN, "/assets/<code>/before/<act>"),
    page(
        "POST",
        "/assets/{draft_code}/decide",
        "303 404 403 303 303 403",
        "/assets/<code>/decide",
        form={"verdict": "approve", "version_id": "{draft_version}", "sha256": "{draft_sha256}"},
    ),
    page("POST", "/assets/{code}/do/archive", DONE, "/assets/<code>/do/<act>", form={}),
    page("POST", "/assets/{code}/do/recall", DONE, "/assets/<code>/do/<act>", form={"reason": "Why."}),
    page("POST", "/assets/{code}/edit", DONE, "/assets/<code>/edit", form={"title": "New", "revision": "*"}),
    page("POST", "/assets/{code}/terms", DONE, "/assets/<code>/terms", form={"source": "embargo", "effect": "deny"}),
    page(
        "POST",
        "/assets/{code}/links",
        "303 403 403 200 200 403",
        "/assets/<code>/links",
        form={"preset": "web", "days": "1"},
    ),
    page("POST", "/assets/{code}/links/{link}/revoke", DONE, "/assets/<code>/links/<link_id>/revoke", form={}),
    page("POST", "/assets/{draft_code}/terms/{term}/lift", DONE, "/assets/<code>/terms/<term_id>/lift", form={}),
    page("GET", "/connections", "303 403 403 200 200 403", "/connections"),
    page("GET", "/connections/{connection}", "303 403 403 200 200 403", "/connections/<connection_id>"),
    page(
        "POST",
        "/connections/{connection}/pause",
        "303 403 403 403 303 403",
        "/connections/<connection_id>/<act>",
        form={},
    ),
    page("POST", "/connections/new/trello", "303 403 403 403 400 403", "/connections/new/<name>", form={}),
    page("GET", STOCK.format("{connection}"), "303 403 403 200 200 403", STOCK.format("<connection_id>")),
    page("POST", STOCK.format("{connection}"), DONE, STOCK.format("<connection_id>"), form={}),
    page(
        "POST",
        STOCK.format("{connection}") + "/decide",
        DONE,
        STOCK.format("<connection_id>") + "/decide",
        form={"act": "ignore", "item": "{found}"},
    ),
    page("GET", "/copies/{copy}/proof", SEEN, "/copies/<placement_id>/proof"),
    page("POST", "/copies/{copy}/retry", DONE, "/copies/<placement_id>/retry", form={}),
    page(
        "POST",
        "/copies/{copy}/schedule",
        DONE,
        "/copies/<placement_id>/schedule",
        form={"publish_at": "2027-01-15T09:30"},
    ),
    page("POST", "/copies/{copy}/attest", DONE, "/copies/<placement_id>/attest", form={"note": "I looked."}),
    page("POST", "/copies/{removed}/restore", DONE, "/copies/<placement_id>/restore", form={}),
    page("GET", "/deleted", "303 403 403 200 200 403", "/deleted"),
    page("POST", "/assets/{code}/holds", DONE, "/assets/<code>/holds", form={"reason": "Lawsuit."}),
    page("POST", "/assets/{code}/holds/{hold}/lift", DONE, "/assets/<code>/holds/<hold_id>/lift", form={}),
    page("GET", "/assets/{deleted_code}/rights", "303 404 404 200 200 404", "/assets/<code>/<tab>"),
    page("GET", "/drift?kind=gone", "303 403 403 200 200 403", "/drift"),
    page("GET", "/conflicts", "303 403 403 200 200 403", "/conflicts"),
    page("POST", "/conflicts/{conflict}", DONE, "/conflicts/<conflict_id>", form={"choice": "ours"}),
    page("POST", "/proposals/{proposal}", DONE, "/proposals/<proposal_id>", form={"choice": "theirs"}),
    page("GET", "/proposals/{proposal}/picture", "303 403 403 200 200 403", "/proposals/<proposal_id>/picture"),
    page("GET", "/copies/{copy}/take-back", SEEN, "/copies/<placement_id>/take-back"),
    page("POST", "/copies/{copy}/take-back", DONE, "/copies/<placement_id>/take-back", form={}),
    page("GET", "/recalls/{recall}", SEEN, "/recalls/<recall_id>"),
    page(
        "POST",
        "/recalls/{recall}/report",
        "303 200 200 200 200 200",
        "/recalls/<recall_id>/report",
        form={"form": "json"},
    ),
    page(
        "GET",
        "/assets/{code}/before/approve?version={version}",
        "303 403 403 200 200 403",
        "/assets/<code>/before/approve",
    ),
    page("GET", "/assets/{code}/before/lift?term={term}", "303 403 403 200 200 403", "/assets/<code>/before/lift"),
    page(
        "POST",
        "/assets/{code}/before/clause",
        "303 403 403 200 200 403",
        "/assets/<code>/before/clause",
        form={"source": "embargo", "effect": "deny", "from": "", "until": "2099-12-31"},
    ),
    page("POST", "/copies/{used}/uses", DONE, "/copies/<placement_id>/uses", form={}),
    page("POST", "/copies/{counted}/numbers", DONE, "/copies/<placement_id>/numbers", form={}),
    page("GET", "/.well-known/damhub-evidence-keys.json", OPEN, "/.well-known/damhub-evidence-keys.json"),
    page("GET", "/use?asset={asset}", "303 403 403 200 200 403", "/use"),
    page("POST", "/use", DONE, "/use", form={"asset": "{asset}", "target": "{blog}"}),
    page("POST", "/selection", DONE, "/selection", form={"act": "archive", "asset": "{asset}"}),
    page("POST", "/selection", SEEN, "/selection", form={"act": "download", "asset": "{asset}"}),
    page("GET", "/selection/archive?asset={asset}", "303 403 403 200 200 403", "/selection/archive"),
    page("GET", "/notices", SEEN, "/notices"),
    page("POST", "/notices/read", "303 303 303 303 303 303", "/notices/read", form={}),
    page("GET", "/activity", "303 403 403 200 200 200", "/activity"),
    page("GET", "/oauth/callback", "303 403 403 403 400 403", "/oauth/callback"),
    page("GET", "/sign-in", "200 303 303 303 303 303", "/sign-in"),
    page("GET", "/first-run", "303 303 303 303 303 303", "/first-run"),
    page("GET", "/healthz", OPEN, "/healthz"),
    page("GET", "/readyz", OPEN, "/readyz"),
    page("GET", "/static/icon.svg", OPEN, "/static/<path:filename>"),
    page("POST", "/hooks/unknown", "404 404 404 404 404 404", "/hooks/<subscription_id>", data=b"{}"),
    page("POST", "/theme", "303 303 303 303 303 303", "/theme", form={"theme": "dark"}),
    page("POST", "/sign-out", "303 303 303 303 303 303", "/sign-out", form={}),
    page("POST", "/sign-in", "303 303 303 303 303 303", "/sign-in", form=VIEWER),
    page("POST", "/first-run", "409 409 409 409 409 409", "/first-run", form=EVE),
    page("POST", "/upload?csrf={csrf}", "303 403 303 303 303 403", "/upload", form={"file": "!"}),
    page("GET", "/connections/new/trello", "303 403 403 403 200 403", "/connections/new/<name>"),
    page("GET", "/connections/calendar", "303 403 403 200 200 403", "/connections/calendar"),
    page(
        "GET",
        "/connections/{connection}/reconnect",
        "303 403 403 403 200 403",
        "/connections/<connection_id>/reconnect",
    ),
    page(
        "POST",
        "/connections/{connection}/reconnect",
        "303 403 403 403 400 403",
        "/connections/<connection_id>/reconnect",
        form={},
    ),
    page("GET", "/connections/{connection}/leave", "303 403 403 403 200 403", "/connections/<connection_id>/leave"),
    page(
        "POST",
        "/connections/{connection}/leave",
        "303 403 403 403 303 403",
        "/connections/<connection_id>/leave",
        form={"copies": "withdraw"},
    ),
    page(
        "POST",
        "/connections/{connection}/stay",
        "303 403 403 403 409 403",
        "/connections/<connection_id>/stay",
        form={},
    ),
    page("GET", "/connectors/trello", SEEN, "/connectors/<name>"),
    page("GET", "/connectors/trello/guide", SEEN, "/connectors/<name>/guide"),
    page("POST", "/connections/known", "303 403 403 403 400 403", "/connections/known", form={"state": "x"}),
    page("GET", "/connections/{connection}/settings", "303 403 403 403 200 403", SETTINGS),
    page("POST", "/connections/{connection}/settings", "303 403 403 403 400 403", SETTINGS, form=RELABELLED),
    page("POST", "/connections/{connection}/settings/undo", "303 403 403 403 409 403", UNDO, form={"seen": "0"}),
    page("GET", "/connections/{connection}/places/{target}", "303 403 403 200 200 403", PLACE),
    page("POST", "/connections/{connection}/places/{target}", "303 403 403 303 303 403", PLACE, form=GERMAN),
    page(
        "POST",
        "/connections/{connection}/places/{target}/follows",
        "303 403 403 403 200 403",
        PLACE + "/follows",
        form={"life": "48"},
    ),
    page(
        "POST", "/connections/{connection}/places/{target}", "303 403 403 403 303 403", PLACE, form={"territory": "DE"}
    ),
    page("GET", "/connections/{connection}/inbound", "303 403 403 403 200 403", INBOUND),
    page("POST", "/connections/{connection}/inbound", "303 403 403 403 303 403", INBOUND, form={"which": "worked"}),
    page("POST", "/connections/{connection}/listen", "303 403 403 403 400 403", LISTEN, form={}),
    api("GET", "/bindings", "401 403 403 200 200 403"),
    api("POST", "/bindings", "401 403 403 404 404 403", json=BINDING),
    api("GET", "/bindings/{binding}", "401 403 403 200 200 403", ONE_BINDING),
    api("GET", "/bindings/{binding}/rehearsal", "401 403 403 200 200 403", ONE_BINDING + "/rehearsal"),
    api("POST", "/bindings/{binding}/start", "401 403 403 200 200 403", ONE_BINDING + "/start"),
    api("POST", "/bindings/{binding}/pause", "401 403 403 200 200 403", ONE_BINDING + "/pause"),
    api("POST", "/bindings/{binding}/end", "401 403 403 200 200 403", ONE_BINDING + "/end", json={"links": "keep"}),
    api("GET", "/bindings/{binding}/impact", "401 403 403 200 200 403", ONE_BINDING + "/impact"),
    page("GET", "/bindings/{binding}/before/end", "303 403 403 200 200 403", "/bindings/<binding_id>/before/end"),
    page("GET", "/bindings", "303 403 403 200 200 403", "/bindings"),
    page("GET", "/bindings/new", "303 403 403 200 200 403", "/bindings/new"),
    page("POST", "/bindings/new", "303 403 403 404 404 403", "/bindings/new", form=BOUND),
    page("GET", "/bindings/{binding}", "303 403 403 200 200 403", "/bindings/<binding_id>"),
    page("POST", "/bindings/{binding}/start", "303 403 403 303 303 403", "/bindings/<binding_id>/<act>", form={}),
    page("GET", "/webhooks", PEOPLE, "/webhooks"),
    page("POST", "/webhooks", PEOPLE, "/webhooks", form=HOOK),
    page("GET", "/webhooks/{endpoint}", PEOPLE, "/webhooks/<endpoint_id>"),
    page("POST", "/webhooks/{endpoint}", "303 403 403 403 303 403", "/webhooks/<endpoint_id>", form=HOOK),
    page("POST", "/webhooks/{endpoint}/test", "303 403 403 403 303 403", "/webhooks/<endpoint_id>/<act>", form={}),
    page("POST", "/webhooks/{endpoint}/rotate", PEOPLE, "/webhooks/<endpoint_id>/<act>", form={}),
    page("GET", "/webhooks/{endpoint}/sent/{sent}", PEOPLE, "/webhooks/<endpoint_id>/sent/<event_id>"),
    page("GET", "/webhooks", PEOPLE, "/webhooks"),
    page("POST", "/webhooks", PEOPLE, "/webhooks", form=HOOK),
    page("GET", "/webhooks/{endpoint}", PEOPLE, "/webhooks/<endpoint_id>"),
    page("POST", "/webhooks/{endpoint}", "303 403 403 403 303 403", "/webhooks/<endpoint_id>", form=HOOK),
    page("POST", "/webhooks/{endpoint}/test", "303 403 403 403 303 403", "/webhooks/<endpoint_id>/<act>", form={}),
    page("POST", "/webhooks/{endpoint}/rotate", PEOPLE, "/webhooks/<endpoint_id>/<act>", form={}),
    page("GET", "/webhooks/{endpoint}/sent/{sent}", PEOPLE, "/webhooks/<endpoint_id>/sent/<event_id>"),
    page("GET", "/people", PEOPLE, "/people"),
    page("POST", "/people", "303 403 403 403 303 403", "/people", form=PERSON),
    page("POST", "/people/{user}/role", "303 403 403 403 303 403", "/people/<user_id>/<act>", form={"role": "viewer"}),
    page("POST", "/people/{user}/out", "303 403 403 403 303 403", "/people/<user_id>/<act>", form={}),
    page("GET", "/account", OPEN.replace("200", "303", 1), "/account"),
    page(
        "POST",
        "/account/password",
        "303 401 401 401 401 403",
        "/account/password",
        form={"password": "x", "current": "y"},
    ),
    page("POST", "/account/tokens", "303 200 200 200 200 403", "/account/tokens", form=TOKEN),
    page(
        "POST",
        "/account/tokens/unknown/revoke",
        "303 404 404 404 404 404",
        "/account/tokens/<token_id>/revoke",
        form={},
    ),
    page("GET", "/connections/{connection}/mapping?asset={code}", "303 403 403 200 200 403", MAPPING),
    page(
        "POST",
        "/connections/{connection}/mapping",
        "303 403 403 403 303 403",
        MAPPING,
        form=NEW,
    ),
    page("POST", "/connections/{connection}/mapping/back", "303 403 403 403 303 403", MAPPING + "/back", form=BACK),
]

ROUTES = [*API_ROUTES, *BYTES, *PAGES]
