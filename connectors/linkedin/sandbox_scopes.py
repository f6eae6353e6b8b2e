"""Which scopes LinkedIn's calls need, as its pages say, and how a call that lacks one is refused."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, request

from connectors.linkedin.sandbox_answers import refuse
from connectors.testing.scopes import Needs, Scopes

READS_ROLES = ("r_organization_admin", "rw_organization_admin")
POSTS = ("w_organization_social", "w_member_social")


def scopes() -> Scopes:
    """Return them."""
    return Scopes(
        "sign_in",
        (
            Needs("GET", "/v2/userinfo", ("openid",)),
            Needs("GET", "/v2/me", ("r_basicprofile",)),
            Needs("GET", "/rest/organizationAcls", READS_ROLES),
            Needs("GET", "/rest/organizations/*", READS_ROLES),
            Needs("GET", "/rest/organizationalEntityShareStatistics", ("rw_organization_admin",)),
            Needs("GET", "/rest/videoAnalytics", ("r_organization_social",)),
            Needs("GET", "/rest/memberCreator*Analytics", ("r_member_postAnalytics",)),
            Needs("GET PUT DELETE", "/rest/eventSubscriptions/*", ("rw_organization_admin",)),
            Needs("GET", "/rest/posts*", ("r_organization_social", "r_member_social")),
            Needs("POST DELETE", "/rest/posts*", POSTS),
            *(Needs("POST", f"/rest/{kind}", POSTS) for kind in ("images", "videos", "documents")),
        ),
        _refuse,
    )


def _refuse(scope: str) -> Response:
    """Refuse: LinkedIn names the call that was denied, not the scope."""
    del scope
    called = request.path.strip("/").split("/")[1]
    text = f"Not enough permissions to access: {called}.{request.method}"
    return refuse(HTTPStatus.FORBIDDEN, "ACCESS_DENIED", text, serviceErrorCode=100)
