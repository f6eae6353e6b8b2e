"""What anybody's tool wrote into a post never hides the other posts."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors.postiz.calls import note_of, settings_of
from connectors.postiz.types import Metric, Post

POST = {"id": "x", "publishDate": "2026-01-01T00:00:00.000Z", "integration": {"id": "c"}}


@pytest.mark.parametrize("settings", ['{"a":' + "[" * 100_000 + "]" * 100_000 + "}", "no JSON", "[]", "7"])
def test_settings_that_cannot_be_read_are_none(settings):
    post = Post.model_validate({**POST, "settings": settings})
    assert (settings_of(post), note_of(post)) == ({}, None)


@pytest.mark.parametrize("total", ["1e999", "NaN"])
def test_a_count_that_is_no_number_is_refused(total):
    with pytest.raises(ValidationError):
        Metric.model_validate_json(f'{{"label": "l", "data": [{{"total": {total}}}]}}')
