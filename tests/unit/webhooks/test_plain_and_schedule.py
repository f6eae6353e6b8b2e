from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks import DELAYS_S, Deduplicator, SignatureError, delay_before, hmac_of, verify_hmac


def test_known_signatures():
    # RFC 2202, test 2 and RFC 4231, test 2
    message = b"what do ya want for nothing?"
    assert hmac_of(message, key="Jefe", algorithm="sha1") == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    assert hmac_of(message, key="Jefe").startswith("5bdcc146bf60754e6a042426089575c7")
    assert hmac_of(message, key="Jefe", algorithm="sha1", encoding="base64") == "7/zfauXrL6LSdBbV8YTfnCWafHk="


@given(st.binary(), st.text(min_size=1, alphabet=st.characters(codec="utf-8")), st.text())
@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@pytest.mark.parametrize("encoding", ["base64", "hex"])
def test_only_the_right_signature_fits(algorithm, encoding, message, key, forged):
    form = {"key": key, "algorithm": algorithm, "encoding": encoding}
    right = hmac_of(message, **form)
    verify_hmac(right, message, **form)
    verify_hmac("sha=" + right, message, prefix="sha=", **form)
    for wrong in (forged, right + "=", "", None, right[:-1]):
        if wrong != right:
            with pytest.raises(SignatureError):
                verify_hmac(wrong, message, **form)
    with pytest.raises(SignatureError):
        verify_hmac(right, message + b"x", **form)
    with pytest.raises(SignatureError):
        verify_hmac(right, message, prefix="sha=", **form)


@pytest.mark.parametrize("key", ["", "\ud800"])
def test_unfit_keys_verify_nothing(key):
    with pytest.raises(SignatureError):
        verify_hmac("", b"", key=key)


def test_the_schedule_is_svix_own():
    assert [delay_before(tries) for tries in range(9)] == [0, 5, 300, 1800, 7200, 18000, 36000, 36000, None]
    assert sum(DELAYS_S) == 27 * 3600 + 35 * 60 + 5


def test_an_id_is_new_once_within_the_window():
    seen = Deduplicator(keep_s=60)
    assert seen.is_new("a", now_s=0)
    assert not seen.is_new("a", now_s=59)
    assert seen.is_new("b", now_s=59)
    assert seen.is_new("a", now_s=60)
    assert not seen.is_new("a", now_s=61)


def test_a_failed_message_may_come_again():
    seen = Deduplicator(keep_s=60)
    seen.is_new("a", now_s=0)
    seen.forget("a")
    seen.forget("a")
    assert seen.is_new("a", now_s=1)


def test_memory_is_bounded_and_forgets_the_oldest():
    seen = Deduplicator(keep_s=10**6, most=3)
    for each in "abcd":
        assert seen.is_new(each, now_s=0)
    assert len(seen) == 3
    assert not seen.is_new("d", now_s=0)
    assert seen.is_new("a", now_s=0)


def test_of_callers_at_once_one_hears_yes():
    seen = Deduplicator(keep_s=60)
    barrier = threading.Barrier(8)
    answers = []

    def ask():
        barrier.wait()
        answers.append(seen.is_new("a", now_s=0))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(True) == 1
