"""Writes docs/copies.md from the record of a run and the manifests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from connectors.sdk.manifest import Capability
from connectors.sdk.registry import discover
from tests.copies.proving import recorded
from tests.copies.rows import PROMISE, ROWS, is_persons, published_differs, why_not

PAGE = Path(__file__).parents[2] / "docs" / "copies.md"
HEAD = """# What becomes of copies

What happens to a copy when something happens here or there, for each connector, and how that is proven. Written by
`python -m tests.copies`, which runs the tests against each vendor's sandbox and notes which of them passed; a test
compares this page with that record and with the manifests. **proven** names the test in the list below the table;
*cannot* says why, from the connector's manifest; "not yet": nothing proves it, so nothing is claimed. **a person is
asked**: the hub cannot do what is promised, changes nothing there, says why in a sentence (previews say it before), and
asks whoever placed the copy, with its address where something has to go away; what they confirm is kept as attested.
That is so for what is published through Postiz, and for new bytes of a post at LinkedIn. What waits in Postiz follows
like elsewhere: where a cell says "if published", the same was played on a draft and on a post with a time, which need
nobody. **at its word**: of a member's posts at LinkedIn an app can read nothing. The test looked into the sandbox and
found it so; the hub has LinkedIn's answer alone, says "said" and not "read", and closes no recall upon it until a
person confirms. What happens there is not noticed, and after a restore a person is asked what stands. **the post's text
only**: a title and an alternative text are given once there and stay, which is said before other ones are saved.

"""
MARKS = "abcdefghijklmnopqrstuvwxyz"


KINDS = {
    "linkedin": ("linkedin", "page", "LinkedIn, a page", ""),
    "linkedin_member": ("linkedin", "member", "LinkedIn, a member", "connectors.linkedin.sandbox:create_member"),
}
"""Columns of one kind of place alone: connector, kind, title, and the sandbox that has it, if not the usual one."""


def kind_of(column):
    """Return the connector of a column, the kind of place that it is about, its title and its sandbox; empty: any."""
    return KINDS.get(column, (column, "", "", ""))


def connectors():
    """Return what the connectors that the hub ships declare, by column."""
    shipped = {name for name in discover() if name not in {"pinboard", "noticeboard"}}
    return {column: _declared(*kind_of(column)) for column in sorted(shipped | KINDS.keys())}


def _declared(name, kind, title, sandbox):
    manifest = discover()[name].at(kind)
    return replace(manifest, title=title or manifest.title, sandbox=sandbox or manifest.sandbox)


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
                said.append(f"{_how(row, shipped[name])}proven {numbers[_test(nodeid)]}")
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


def _how(row, manifest):
    """Return what a cell says before its proof."""
    if is_persons(row, manifest):
        return "a person is asked, "
    word = "" if Capability.LOOK in manifest.abilities or row == "connected_twice" else "at its word, "
    if word and row == "recalled":
        return "at its word, which a person confirms, "
    if row == "text_changed" and manifest.said_once:
        word += "the post's text only, "
    return f"if published a person is asked, {word}" if published_differs(row, manifest) else word


def _test(nodeid):
    """Return a test without its parameters."""
    return nodeid.partition("[")[0]


def write():
    """Write the page."""
    PAGE.write_text(page())
