"""What the contract says that WordPress takes is what the real one's own index of its routes lists."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest

import connectors.wordpress
from tests import services

pytestmark = pytest.mark.service("wordpress")
CONTRACT = json.loads((Path(connectors.wordpress.__file__).parent / "fixtures" / "contract.json").read_text())
ROUTES = [
    one for one in CONTRACT["operations"]
    if one["path"].startswith("/wp-json/wp/v2/") and not one["path"].endswith("/settings")
]  # fmt: skip
"""Those of content and people; which settings a site has depends on its theme and plugins."""
EVERYWHERE = {"_fields", "context"}
"""Read by the server itself, whether a route lists them or not."""
IN_PATH = re.compile(r"\(\?P<(\w+)>(?:[^()]|\((?:[^()]|\([^()]*\))*\))+\)")


@pytest.fixture(scope="module")
def index(wordpress_server, request):
    services.need(request, "wordpress")
    return (
        httpx.get(f"{wordpress_server.url}/wp-json/", trust_env=False, timeout=60).raise_for_status().json()["routes"]
    )


@pytest.mark.parametrize("operation", ROUTES, ids=lambda one: f"{one['method']} {one['path']}")
def test_the_contract_takes_what_the_real_one_lists_and_nothing_else(index, operation):
    real = listed(index, operation["method"], operation["path"])
    ours = {name: takes for name, takes in operation.get("parameters", {}).items() if name not in EVERYWHERE}
    assert set(ours) == set(real) - EVERYWHERE
    for name, takes in ours.items():
        # A list of words is also taken as one word, or as several with commas between them.
        one = real[name]["items"] if real[name].get("type") == "array" and takes["type"] == "string" else real[name]
        assert takes["type"] == "any" or takes["type"] == one.get("type"), name
        assert takes.get("enum", one.get("enum")) == one.get("enum"), name


def listed(index, method, path):
    """Return the arguments that the real index lists for one of our operations, but for what stands in its path."""
    path = path.replace("{stylesheet}/{name}", "{id}")  # a template's number is both
    for route, told in index.items():
        if IN_PATH.sub(r"{\1}", route).replace("{user_id}", "me") == path.removeprefix("/wp-json"):
            args = [each["args"] for each in told["endpoints"] if method in each["methods"]]
            assert args, f"{path} does not take {method}"
            return {name: takes for each in args if each for name, takes in each.items() if f"{{{name}}}" not in path}
    raise AssertionError(f"{path} is not among the routes")
