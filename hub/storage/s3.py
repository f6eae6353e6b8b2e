"""Blobs in a bucket that speaks S3: `<prefix><sha256>`. The only file that knows boto3."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from hub.db.unit import refuse_in_transaction
from hub.errors import Unavailable
from hub.settings import S3Settings
from hub.storage.blobs import CHUNK, Stored, no_such_blob, pour
from hub.storage.folder import Window

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_DIGEST = re.compile(r"[0-9a-f]{64}")
_MISSING = {"404", "NoSuchKey", "NotFound"}
_OUT_OF_RANGE = "InvalidRange"
_PART = 8 * CHUNK
_TRANSFER = TransferConfig(multipart_threshold=_PART, multipart_chunksize=_PART, max_concurrency=2)


def connect(settings: S3Settings) -> S3Client:
    """Return a client for the bucket's server."""
    return boto3.client(  # pyright: ignore[reportUnknownMemberType] - one overload for each service
        "s3",
        endpoint_url=settings.endpoint_url,
        region_name=settings.region,
        aws_access_key_id=settings.access_key.get_secret_value() or None,
        aws_secret_access_key=settings.secret_key.get_secret_value() or None,
        config=Config(
            connect_timeout=5,
            read_timeout=60,
            retries={"max_attempts": 4, "mode": "standard"},
            s3={"addressing_style": "path" if settings.endpoint_url else "auto"},
        ),
    )


class S3Store:
    """Keeps blobs in a bucket. A body is spooled to local disk and checked whole before any of it is sent."""

    def __init__(self, client: S3Client, bucket: str, *, prefix: str, spool: Path) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._spool = spool
        spool.mkdir(parents=True, exist_ok=True)

    def put(
        self,
        stream: IO[bytes],
        *,
        expect_size: int | None = None,
        expect_sha256: str | None = None,
        limit: int | None = None,
    ) -> Stored:
        """Keep the bytes; the server has acknowledged all of them when this returns."""
        refuse_in_transaction("storing a blob")
        with _spooled(self._spool) as file:
            stored = pour(stream, file, expect_size=expect_size, expect_sha256=expect_sha256, limit=limit)
            file.flush()
            # By name: from an open file it would read whole parts into memory.
            with _translated(stored.sha256):
                self._client.upload_file(file.name, self._bucket, self._key(stored.sha256), Config=_TRANSFER)
        if (arrived := self.size(stored.sha256)) != stored.size:
            raise _unavailable(f"{arrived} of {stored.size} bytes arrived")
        return stored

    def open(self, sha256: str, *, start: int = 0, end: int | None = None) -> IO[bytes]:
        """Open the bytes from `start` up to, not including, `end`."""
        refuse_in_transaction("reading a blob")
        if end is not None and end <= start:
            return io.BytesIO()
        span: dict[str, Any] = {}
        if start or end is not None:
            span["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        with _translated(sha256):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._key(sha256), **span)
            except ClientError as refused:
                if _code(refused) == _OUT_OF_RANGE:
                    return io.BytesIO()
                raise
        body = cast("IO[bytes]", answer["Body"])
        return cast("IO[bytes]", io.BufferedReader(_Body(body, answer["ContentLength"]), CHUNK))

    def exists(self, sha256: str) -> bool:
        """Tell whether the bytes are there."""
        refuse_in_transaction("looking for a blob")
        if not _DIGEST.fullmatch(sha256):
            return False
        try:
            with _translated():
                self._client.head_object(Bucket=self._bucket, Key=self._key(sha256))
        except ClientError:
            return False
        return True

    def size(self, sha256: str) -> int:
        """Return how many bytes there are."""
        refuse_in_transaction("looking at a blob")
        with _translated(sha256):
            return self._client.head_object(Bucket=self._bucket, Key=self._key(sha256))["ContentLength"]

    def delete(self, sha256: str) -> None:
        """Remove the bytes if they are there."""
        refuse_in_transaction("removing a blob")
        if _DIGEST.fullmatch(sha256):
            with _translated():
                self._client.delete_object(Bucket=self._bucket, Key=self._key(sha256))

    @contextmanager
    def local_copy(self, sha256: str) -> Generator[Path]:
        """Lend a local file that is removed afterwards."""
        refuse_in_transaction("lending a blob")
        with tempfile.NamedTemporaryFile(dir=self._spool) as file:
            with _translated(sha256):
                self._client.download_fileobj(self._bucket, self._key(sha256), file, Config=_TRANSFER)
            file.flush()
            yield Path(file.name)

    def _key(self, sha256: str) -> str:
        if not _DIGEST.fullmatch(sha256):
            raise no_such_blob(sha256)
        return f"{self._prefix}{sha256}"


class _Body(Window):
    """An answer's body; an answer that is cut off is an error and not an end."""

    def readinto(self, buffer: bytearray | memoryview, /) -> int:
        """Fill the buffer with what is left, as far as it goes."""
        with _translated():
            return super().readinto(buffer)


def _code(refused: ClientError) -> str:
    return str(refused.response.get("Error", {}).get("Code", ""))


def _unavailable(why: str) -> Unavailable:
    return Unavailable(
        "storage_failed",
        f"The bucket does not answer as it should: {why}. Nothing was recorded.",
        next_step="Look at the bucket's server and settings (`damhub doctor`), then try again.",
    )


@contextmanager
def _translated(sha256: str = "") -> Generator[None]:
    """Turn failures of the bucket into the hub's; with a hash, a missing object is NotFound, else it passes."""
    try:
        yield
    except ClientError as refused:
        if _code(refused) not in _MISSING:
            raise _unavailable(_code(refused)) from refused
        if not sha256:
            raise
        raise no_such_blob(sha256) from refused
    except (BotoCoreError, Boto3Error) as failed:
        raise _unavailable(type(failed).__name__) from failed


@contextmanager
def _spooled(folder: Path) -> Generator[IO[bytes]]:
    try:
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            yield file
    except OSError as failed:
        raise Unavailable(
            "storage_failed",
            f"The spool folder does not take the file: {failed.strerror}. Nothing was kept.",
            next_step="Make space or mend the disk (`damhub doctor`), then send the file again.",
        ) from failed
