"""Every error code that is declared, in the form in which Dropbox refuses."""

import json
from dataclasses import replace

from connectors.dropbox import MANIFEST
from connectors.sdk.manifest import Meaning
from tests.unit.refusals import misread


def by_tags(code):
    """Dropbox nests: each tag names the member that holds the next one."""
    tags = code.split("/")
    node = {".tag": tags[-1]}
    for tag in reversed(tags[:-1]):
        node = {".tag": tag, tag: node}
    return 409, json.dumps({"error_summary": f"{code}/..", "error": node})


def by_reason(code):
    """An upload's refusal stands under `reason`."""
    first, _, rest = code.partition("/")
    return 409, json.dumps({"error": {".tag": first, "reason": {".tag": rest}}})


def test_each_code_means_what_is_declared():
    assert misread(MANIFEST, by_tags) == {}
    assert misread(MANIFEST, by_reason, codes=[code for code in MANIFEST.error_codes if code.count("/") == 1]) == {}


def test_a_meaning_that_is_declared_wrongly_is_found():
    lying = replace(MANIFEST, error_codes={"path/not_found": Meaning.REJECTED}, error_code=lambda body, text: "x")
    assert list(misread(lying, by_tags)) == []
    assert list(misread(replace(lying, error_codes={"path/not_found": Meaning.MISSING}), by_tags)) == ["path/not_found"]
