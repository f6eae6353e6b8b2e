"""Mapping specs as a stranger might write them: each is refused by the command with a code, a line and a next step."""

from __future__ import annotations

import json
import sys
import time

import pytest

from hub.app.commands import toolbox
from hub.cli.app import main as run_command_line

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
def test_a_bad_mapping_is_told_with_its_code_and_does_nothing(tmp_path, name, monkeypatch, capsys):
    text, code = ROWS[name]
    (tmp_path / "mine.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAMHUB_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "argv", ["damhub", "mapping", "check", "mine.yaml", "--json"])
    began = time.monotonic()
    with pytest.raises(SystemExit) as ended:
        run_command_line(toolbox())
    told = capsys.readouterr()
    problem = json.loads(told.out)["specs"][0]["problem"]
    assert ended.value.code != 0
    assert problem["code"] == code, told.out
    assert problem["next_step"], told.out
    assert time.monotonic() - began < 60
    assert not (tmp_path / "pwned").exists()
    assert "Traceback" not in told.err
