"""Which seeds the model is played with."""

from __future__ import annotations

import os

import pytest

IN_EVERY_RUN = 8
BESIDES = 4


def seeds():
    """Return a few seeds for every run and more for `make faults`, or as many as `DAMHUB_MODEL_SEEDS` asks for."""
    if asked := os.environ.get("DAMHUB_MODEL_SEEDS"):
        return list(range(int(asked)))
    more = range(IN_EVERY_RUN, IN_EVERY_RUN + BESIDES)
    return [*range(IN_EVERY_RUN), *(pytest.param(seed, marks=pytest.mark.again) for seed in more)]
