"""What a remote says to people reaches them, in whichever of the usual forms it was said."""

import json

import pytest

from connectors.sdk.answer import Answer, Call
from connectors.sdk.translate import Translator


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"message": "Too long."}, "Too long"),
        ({"message": ["One is missing", "two is no list"]}, "One is missing; two is no list"),
        ({"message": ["x" * 150, "y" * 150]}, f"{'x' * 150}; {'y' * 48}"),
        ({"message": [{"odd": 1}, 5, None]}, ""), ({"message": []}, ""), ({"message": {"odd": 1}}, ""),
        ({"msg": "No file provided"}, "No file provided"), ({"msg": "second", "message": "first"}, "first"),
        ({"errors": [{"message": "Not there"}]}, "Not there"),
    ],
)  # fmt: skip
def test_a_refusal_is_told(body, told):
    refused = Translator("Remote").failure(Answer(Call("POST", "/x", writes=True), 400, {}, json.dumps(body).encode()))
    assert (
        refused.message
        == f"Remote refused this{f' (“{told}”)' if told else ''}. ".replace("“", '"').replace("”", '"')
        + "Change the asset or the target, then try again."
    )
