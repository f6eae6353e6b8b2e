"""The tutorial is walked step by step: each file is written, each command run; what comes out is the example."""

from __future__ import annotations

import re

import pytest

from tests.examples.shell import ROOT, make_place, run

PAGE = (ROOT / "docs" / "tutorial-connector.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "examples" / "noticeboard"
BLOCK = re.compile(r"^(?P<lead>[^\n]*)\n\n```(?P<kind>\w+)\n(?P<body>.*?)^```$", flags=re.MULTILINE | re.DOTALL)
LEAD = re.compile(r"^(?P<how>New file|At the end of|) ?`(?P<path>[\w/.]+)`(?P<anew> anew)?:$")


def write(place, lead, body):
    """Do to a file what the line before a block says."""
    told = LEAD.match(lead)
    assert told, f"nobody says what becomes of the block after: {lead}"
    file = place / told["path"]
    if told["how"] == "At the end of":
        file.write_text(file.read_text() + body)
        return
    assert file.exists() == bool(told["anew"]), f"{lead} is not so"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(body)


@pytest.mark.slow
@pytest.mark.long
def test_the_tutorial_is_walked_to_its_end(tmp_path):
    place = make_place(tmp_path)
    said = []
    for block in BLOCK.finditer(PAGE):
        if block["kind"] == "sh":
            said += [run(line, place) for line in block["body"].splitlines()]
        else:
            write(place, block["lead"], block["body"])
    suites = [text for text in said if "planted bugs" in text]
    assert [int(re.search(r"failures: (\d+)", text)[1]) for text in suites] == [0, 0, 1, 0]
    assert "similar markers are taken for it" in suites[2]
    for built in (place / "noticeboard").rglob("*"):
        if built.is_file() and built.name != "README.md":
            assert built.read_text() == (EXAMPLE / built.relative_to(place / "noticeboard")).read_text(), built.name
    there = {one.relative_to(EXAMPLE) for one in EXAMPLE.rglob("*") if one.suffix in {".py", ".toml", ".yaml", ".md"}}
    assert there == {one.relative_to(place / "noticeboard") for one in (place / "noticeboard").rglob("*.*")}


def test_no_block_of_the_page_is_left_out():
    assert len(BLOCK.findall(PAGE)) == PAGE.count("\n```") // 2
    kinds = {block["kind"] for block in BLOCK.finditer(PAGE)}
    assert kinds == {"sh", "toml", "markdown", "python", "yaml"}


def test_the_tutorial_shows_the_whole_interface_of_the_examples_readme():
    interface = (EXAMPLE / "README.md").read_text().partition("## Noticeboard's interface")[2].strip()
    assert interface in PAGE
