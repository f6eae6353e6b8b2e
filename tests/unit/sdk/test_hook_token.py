"""The word that a remote repeats where it signs nothing."""

import pytest

from connectors.sdk.hook_token import check_hook_token, hook_token
from webhooks import SignatureError

URL = "https://hub.example/hooks/1"


def test_the_word_fits_one_secret_and_one_address_and_tells_neither():
    word = hook_token("s3cret-of-the-app", URL)
    check_hook_token(word, secret="s3cret-of-the-app", url=URL)
    assert word == hook_token("s3cret-of-the-app", URL)
    assert "s3cret" not in word
    assert len(word) == 64


@pytest.mark.parametrize(
    ("given", "secret", "url"),
    [
        ("", "s", URL),
        (hook_token("s", URL), "t", URL),
        (hook_token("s", URL), "s", f"{URL}2"),
        (hook_token("", URL), "", URL),
        ("\ud800", "s", URL),
    ],
)
def test_any_doubt_is_a_signature_error(given, secret, url):
    with pytest.raises(SignatureError):
        check_hook_token(given, secret=secret, url=url)
