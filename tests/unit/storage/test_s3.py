from __future__ import annotations

import io

import pytest
from pydantic import SecretStr

from hub.errors import NotFound, Unavailable
from hub.settings import Settings
from hub.storage.stores import make_store
from tests.services import free_ports

DIGEST = "0" * 64


def test_a_bucket_that_does_not_answer_is_unavailable_and_not_empty(tmp_path, s3_settings, monkeypatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    gone = s3_settings.model_copy(update={"endpoint_url": f"http://127.0.0.1:{free_ports()}"})
    store = make_store(Settings(home=tmp_path, storage="s3", s3=gone))
    for act in (lambda: store.exists(DIGEST), lambda: store.put(io.BytesIO(b"x")), lambda: store.size(DIGEST)):
        with pytest.raises(Unavailable) as refused:
            act()
        assert refused.value.code == "storage_failed"


def test_a_wrong_key_is_unavailable_and_not_an_absence(tmp_path, s3_settings):
    wrong = s3_settings.model_copy(update={"secret_key": SecretStr("wrong")})
    store = make_store(Settings(home=tmp_path, storage="s3", s3=wrong))
    with pytest.raises(Unavailable):
        store.exists(DIGEST)
    with pytest.raises(Unavailable):
        store.delete(DIGEST)


def test_two_prefixes_share_a_bucket_without_seeing_each_other(tmp_path, s3_settings):
    one = make_store(Settings(home=tmp_path, storage="s3", s3=s3_settings))
    other = make_store(Settings(home=tmp_path, storage="s3", s3=s3_settings.model_copy(update={"prefix": "other/"})))
    digest = one.put(io.BytesIO(b"mine")).sha256
    with pytest.raises(NotFound):
        other.open(digest)


def test_a_body_that_arrives_short_is_not_said_to_be_stored(tmp_path, s3_settings, monkeypatch):
    store = make_store(Settings(home=tmp_path, storage="s3", s3=s3_settings))
    monkeypatch.setattr(type(store), "size", lambda *_: 3)
    with pytest.raises(Unavailable, match="3 of 4 bytes"):
        store.put(io.BytesIO(b"four"))


def test_large_bodies_travel_in_parts(tmp_path, s3_settings):
    store = make_store(Settings(home=tmp_path, storage="s3", s3=s3_settings))
    body = b"0123456789abcdef" * (20 * 65536)  # 20 MiB: three parts
    stored = store.put(io.BytesIO(body))
    answer = store._client.head_object(Bucket=store._bucket, Key=store._key(stored.sha256))
    assert answer["ETag"].endswith('-3"')
    with store.local_copy(stored.sha256) as path:
        assert path.read_bytes() == body
    assert list((tmp_path / "spool").iterdir()) == []
