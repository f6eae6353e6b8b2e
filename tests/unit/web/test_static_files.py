"""What is sent to browsers as files: vendored ones are what was published, icons exist, templates run no code."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

from hub.web.ui import words

WEB = Path(words.__file__).parents[1]
VENDOR = WEB / "static" / "vendor"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
PACKAGES = tomllib.loads((VENDOR / "VENDOR.toml").read_text())["package"]
CODE = re.compile(
    r"\s(?:style|on[a-z]+|hx-on[:\w-]*|hx-vals|hx-headers)=|javascript:|[\"']js:|<style|<script(?! (?:src|type))"
)


def test_every_vendored_file_is_the_published_one():
    named = {name: digest for package in PACKAGES for name, digest in package["sha256"].items()}
    there = {path.name for path in VENDOR.iterdir()} - {"VENDOR.toml"}
    assert set(named) == there
    found = {name: hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() for name in named}
    assert found == named


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["name"])
def test_every_vendored_package_comes_with_a_permissive_licence(package):
    assert package["licence"] in {"0BSD", "BSD-3-Clause", "ISC", "MIT", "OFL-1.1"}
    assert (VENDOR / package["licence_file"]).stat().st_size > 200


def test_every_icon_that_a_page_asks_for_is_in_the_sprite():
    sprite = set(re.findall(r'<symbol id="([a-z0-9-]+)"', (VENDOR / "icons.svg").read_text()))
    signs = [*words.ASSET.values(), *words.COPY.values(), *words.CONNECTION.values(), words.UNKNOWN, words.COPY_PUSHING]
    asked = {sign.icon for sign in signs} | {icon for _, icon in [*words.EVENT.values(), *words.KIND.values()]}
    for path in TEMPLATES:
        for call in re.findall(r"\bicon\(([^)]*)\)", path.read_text()):
            asked |= set(re.findall(r"(?:^|if |else )'([a-z0-9-]+)'", re.sub(r"[!=]= '\w+'", "", call)))
    assert asked <= sprite, sorted(asked - sprite)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_code_or_inline_style(path):
    assert not CODE.findall(path.read_text())
