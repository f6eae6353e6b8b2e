"""Runs commands as a person would, in a folder of their own: nothing of the environment is changed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUIET = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_CONFIG_FILE": os.devnull, "COLUMNS": "200"}


def make_place(folder):
    """Let a folder look like a clone whose environment is set up."""
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def run(command, folder):
    """Run one line; return what it printed, and fail if it failed."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("DAMHUB_", "COV_", "PYTHON"))}
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env={**outside, **QUIET}, capture_output=True, text=True, check=False,
        timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
