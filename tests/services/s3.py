"""An S3 server for the tests, and a bucket for the session."""

from __future__ import annotations

import secrets

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from hub.settings import S3Settings
from hub.storage.s3 import connect
from tests import services

BUCKET = "damhub-test"


def _ready(settings):
    """One real write: a server that listens does not yet take objects."""
    client = connect(settings)
    for tries_left in reversed(range(60)):
        try:
            if BUCKET not in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]:
                client.create_bucket(Bucket=BUCKET)
            client.put_object(Bucket=BUCKET, Key="ready", Body=b"x")
        except (BotoCoreError, ClientError) as refused:
            if not tries_left:
                raise services.CannotStart(f"the server does not take objects: {refused}") from refused
        else:
            return


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory):
    """Settings of the server, or None where it cannot run."""
    port = services.free_ports(8)
    try:
        with services.running("s3", tmp_path_factory.mktemp("s3"), S3_PORT=str(port)) as printed:
            settings = S3Settings(
                endpoint_url=printed["ENDPOINT"],
                bucket=BUCKET,
                access_key=SecretStr(printed["ACCESS_KEY"]),
                secret_key=SecretStr(printed["SECRET_KEY"]),
            )
            _ready(settings)
            yield settings
    except services.CannotStart as gap:
        services.note_gap("s3", str(gap))
        yield None


@pytest.fixture
def s3_settings(request):
    """Settings for a part of the bucket that no other test uses; without the server the test is left out."""
    settings = request.getfixturevalue("s3_server")
    services.need(request, "s3")
    return settings.model_copy(update={"prefix": f"{secrets.token_hex(4)}/"})
