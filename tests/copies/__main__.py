"""Runs every test that proves a cell of docs/copies.md, and writes the record and the page anew."""

from __future__ import annotations

import sys

import pytest

from tests.copies import table
from tests.copies.proving import Proving

WHERE = ("tests/copies", "tests/unit/intake", "tests/stories")


def main(arguments):
    proving = Proving()
    ended = pytest.main(["-q", "-n0", "-m", "proves", "--every", *(arguments or WHERE)], plugins=[proving])
    proving.write()
    table.write()
    return int(ended)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
