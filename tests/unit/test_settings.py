"""Settings come from the environment and a file; whatever is misspelt there is told."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hub.settings import FILE, Settings, setting_names, unknown_names


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, text):
    (folder / FILE).write_text(text)
    return folder / FILE


def test_the_environment_wins_over_the_file_for_every_setting(folder, monkeypatch):
    write(folder, 'port = 9001\nhost = "127.0.0.2"\n[s3]\nbucket = "of-the-file"\nregion = "eu-west-1"\n')
    monkeypatch.setenv("DAMHUB_PORT", "9002")
    monkeypatch.setenv("DAMHUB_S3_BUCKET", "of-the-environment")
    monkeypatch.setenv("DAMHUB_S3_ACCESS_KEY", "key")
    read = Settings()
    assert (read.port, read.host) == (9002, "127.0.0.2")
    assert (read.s3.bucket, read.s3.region) == ("of-the-environment", "eu-west-1")
    assert read.s3.access_key.get_secret_value() == "key"


def test_names_that_nobody_knows_are_found_with_what_was_meant(folder):
    file = write(folder, 'prot = 1\nport = 2\n[s3]\nbukcet = "x"\nbucket = "y"\n[unheard]\nof = 1\n')
    environ = {"DAMHUB_HOEM": "/x", "DAMHUB_HOME": "/x", "damhub_port": "1", "DAMHUB_FAULTPOINT": "x", "PATH": "/bin"}
    assert list(unknown_names(environ, file)) == [
        ("DAMHUB_HOEM", "DAMHUB_HOME"),
        ("prot in damhub.toml", "port"),
        ("s3.bukcet in damhub.toml", "s3.bucket"),
        ("unheard in damhub.toml", ""),
    ]


def test_no_known_name_is_called_unknown(folder):
    file = write(folder, "")
    assert not list(unknown_names(dict.fromkeys(setting_names(), "x"), file))
    assert not list(unknown_names({}, folder / "no-such-file"))


@pytest.mark.parametrize("wrong", [{"port": 70_000}, {"port": 0}, {"web_threads": 0}, {"log_level": "loud"}])
def test_values_that_cannot_work_are_refused_before_anything_starts(wrong):
    with pytest.raises(ValidationError):
        Settings(**wrong)


def test_an_object_store_needs_a_bucket():
    with pytest.raises(ValidationError, match="DAMHUB_S3_BUCKET"):
        Settings(storage="s3")
    assert Settings(storage="s3", s3={"bucket": "b"}).s3.bucket == "b"


def test_an_ipv6_address_stands_in_brackets_where_a_port_follows():
    assert Settings(host="::1", port=8300).url == "http://[::1]:8300"
    assert Settings(host="127.0.0.1", port=8300).address == "127.0.0.1:8300"


def test_the_level_of_the_log_may_be_written_small():
    assert Settings(log_level="debug").log_level == "DEBUG"
