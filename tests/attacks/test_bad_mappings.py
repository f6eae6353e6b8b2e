"""Mapping specs as a stranger might write them: each is refused by the command with a code, a line and a next step."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from tests.attacks.rig import ROOT

SPEC = "spec: 1\nconnector: trello\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
ROWS = {
    "a typo": (SPEC + "feilds: []\n", "mapping_unknown_name"),
    "an alias bomb": (BOMB, "mapping_alias"),
    "a tag that would run": ("!!python/object/apply:os.system ['touch pwned']\n", "mapping_tag"),
    "deep nesting": (SPEC + "x: " + "[" * 5_000, "mapping_too_deep"),
    "a million values": (SPEC + "x: [" + "1," * 30_000 + "]", "mapping_too_large"),
    "megabytes": (SPEC + "# " + "x" * 1_000_000, "mapping_too_large"),
    "no YAML": ("spec: [1\n  }{", "mapping_not_yaml"),
    "binary": ("\x00\x01\x02", "mapping_not_yaml"),
    "a name given twice": (SPEC + "spec: 1\n", "mapping_invalid"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_bad_mapping_is_told_with_its_code_and_does_nothing(tmp_path, name):
    text, code = ROWS[name]
    (tmp_path / "mine.yaml").write_text(text)
    environ = {"DAMHUB_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "hub.app.main", "mapping", "check", "mine.yaml", "--json"], cwd=tmp_path,
        capture_output=True, text=True, check=False, timeout=120, env=environ,
    )  # fmt: skip
    told = json.loads(done.stdout)
    problem = told["specs"][0]["problem"]
    assert done.returncode != 0
    assert problem["code"] == code, told
    assert problem["next_step"], told
    assert time.monotonic() - began < 60
    assert not (tmp_path / "pwned").exists()
    assert "Traceback" not in done.stderr
