"""Every error code that is declared, in the form in which stores of this kind refuse."""

import pytest

from connectors.object_store import MANIFEST
from connectors.object_store.types import error_code
from tests.unit.refusals import misread

STATUSES = {"NoSuchBucket": 404, "PermanentRedirect": 301, "SlowDown": 503, "BadDigest": 400, "ExpiredToken": 400}


def form(code):
    body = f"<Code>{code}</Code><Message>No.</Message><RequestId>4442587FB7D0A2F9</RequestId>"
    return STATUSES.get(code, 403), f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{body}</Error>'


def test_each_code_means_what_is_declared():
    assert misread(MANIFEST, form) == {}


NO_REFUSALS = (
    "", "no", "<Error/>", "<html><body>No</body>", '<!DOCTYPE x [<!ENTITY a "b">]><Error><Code>&a;</Code></Error>',
)  # fmt: skip


@pytest.mark.parametrize("text", NO_REFUSALS)
def test_what_is_no_refusal_of_a_store_has_no_code(text):
    assert error_code(None, text) == ""
