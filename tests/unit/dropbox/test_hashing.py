"""Dropbox's hash: of blocks of 4 MiB, whatever sizes the bytes come in."""

import hashlib
import io

import pytest

from connectors.dropbox.hashing import BLOCK, Hashing, Watching
from connectors.dropbox.sandbox_answers import Intake, content_hash


def naive(data):
    digests = [hashlib.sha256(data[at : at + BLOCK]).digest() for at in range(0, len(data), BLOCK)]
    return hashlib.sha256(b"".join(digests)).hexdigest()


def hashed(data, step):
    hashing = Hashing()
    for at in range(0, len(data), step):
        hashing.write(data[at : at + step])
    return hashing


def test_an_empty_file_has_no_block():
    assert Hashing().content_hash() == hashlib.sha256(b"").hexdigest()
    assert Hashing().content_hash().startswith("e3b0c442")


@pytest.mark.parametrize("size", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 7])
@pytest.mark.parametrize("step", [65_536, 1_000_003, 3 * BLOCK])
def test_it_is_the_hash_of_the_hashes_of_blocks(size, step):
    data = bytes(range(251)) * (size // 251 + 1)
    data = data[:size]
    assert hashed(data, step).content_hash() == naive(data) == content_hash(data)
    intake = Intake()
    intake.take(data)
    assert intake.content_hash == naive(data)


def test_a_part_has_the_hash_that_it_would_have_alone():
    data = bytes(range(256)) * (5 * BLOCK // 256) + b"the end"
    hashing = hashed(data, 65_536)
    for start, size in ((0, 2 * BLOCK), (2 * BLOCK, 2 * BLOCK), (4 * BLOCK, BLOCK + 7), (5 * BLOCK, 7)):
        assert hashing.content_hash(start, size) == naive(data[start : start + size])


def test_what_is_written_is_hashed_on_its_way():
    into = io.BytesIO()
    watching = Watching(into)
    assert watching.write(b"some bytes") == 10
    assert into.getvalue() == b"some bytes"
    assert watching.seen.content_hash() == naive(b"some bytes")
