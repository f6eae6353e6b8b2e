"""Writes docs/copies.md from the record of a run and the manifests."""

from __future__ import annotations

from pathlib import Path

from connectors.sdk.registry import discover
from tests.copies.proving import recorded
from tests.copies.rows import PROMISE, ROWS, is_persons, why_not

PAGE = Path(__file__).parents[2] / "docs" / "copies.md"
HEAD = """# What becomes of copies

What happens to a copy when something happens here or there, for each connector, and how that is proven. Written by
`python -m tests.copies`, which runs the tests against each vendor's sandbox and notes which of them passed; a test
compares this page with that record and with the manifests. **proven** names the test in the list below the table;
*cannot* says why, from the connector's manifest; "not yet": nothing proves it, so nothing is claimed. **a person is
asked**: the hub cannot do what is promised, changes nothing there, says why in a sentence (previews say it before), and
asks whoever placed the copy, with its address where something has to go away; what they confirm is kept as attested.
That is so for what is published through Postiz (a draft, or what still waits there, follows like elsewhere) and for new
bytes of a post at LinkedIn. The column of LinkedIn is that of a company page: of a member's posts nothing can be read,
so nothing that happens there is noticed, and what the hub did stands on record as LinkedIn's word.

"""
MARKS = "abcdefghijklmnopqrstuvwxyz"


def connectors():
    """Return the connectors that the hub ships, by name."""
    return {name: manifest for name, manifest in sorted(discover().items()) if name not in {"pinboard", "noticeboard"}}


def page():
    """Return the page."""
    shipped, cells = connectors(), recorded()
    names = list(shipped)
    tests = sorted({_test(nodeid) for row in cells.values() for nodeid in row.values()})
    numbers = {test: number for number, test in enumerate(tests, start=1)}
    lines = ["| what happens | " + " | ".join(shipped[name].title for name in names) + " |"]
    lines.append("|---|" + "---|" * len(names))
    whys = []
    for row, title in ROWS.items():
        said = []
        for name in names:
            if nodeid := cells.get(row, {}).get(name):
                asks = "a person is asked, " if is_persons(row, shipped[name]) else ""
                said.append(f"{asks}proven {numbers[_test(nodeid)]}")
            elif why := why_not(row, shipped[name]):
                whys.append((row, name, why))
                said.append(f"*cannot* {MARKS[len(whys) - 1]}")
            else:
                said.append("not yet")
        lines.append(f"| {title} | " + " | ".join(said) + " |")
    promises = [f"- **{title}**: {PROMISE[row]}" for row, title in ROWS.items()]
    proofs = [f"{number}. `{test}`" for test, number in numbers.items()]
    cannot = [
        f"- {MARKS[at]}: {shipped[name].title}, {ROWS[row].lower()}. {why}" for at, (row, name, why) in enumerate(whys)
    ]
    return "\n".join([
        HEAD.rstrip(), "", *lines, "", "## What is promised", "", *promises, "", "## The tests", "", *proofs, "",
        "## What cannot be, and why", "", *cannot, "",
    ])  # fmt: skip


def _test(nodeid):
    """Return a test without its parameters."""
    return nodeid.partition("[")[0]


def write():
    """Write the page."""
    PAGE.write_text(page())
