"""Writes the part of docs/events.md that lists every kind of event, from what the hub serves.

python -m tests.unit.event_types     writes the part between the marks anew
"""

from __future__ import annotations

import json
from pathlib import Path

from hub.notify.kinds import EVERY_TYPE
from hub.notify.messages import written

PAGE = Path(__file__).parents[2] / "docs" / "events.md"
BEGINS, ENDS = "<!-- kinds: written by python -m tests.unit.event_types -->", "<!-- end of kinds -->"


def part():
    """Return the list as it should stand in the docs."""
    lines = ["| kind | version | says | data |", "|---|---|---|---|"]
    for each in EVERY_TYPE:
        names = ", ".join(f"`{name}`" for name in (each.subject, *each.fields))
        lines.append(f"| `{each.name}` | {each.version} | {each.about} | {names} |")
    lines += ["", "What a field holds:", "", "| field | of | holds |", "|---|---|---|"]
    for name, (kinds, told) in sorted(_fields().items()):
        lines.append(f"| `{name}` | {', '.join(kinds)} | {told} |")
    lines += ["", "One of each:", "", "```json", *(written(each.example()) for each in EVERY_TYPE), "```"]
    return "\n".join(lines)


def _fields():
    """Return the fields that need a word: by name, the kinds or rooms that have them, and what they hold."""
    found = {}
    for each in EVERY_TYPE:
        for name, field in each.data.model_fields.items():
            if field.description:
                found.setdefault((name, field.description), []).append(each.name)
    meanings = {}
    for (name, told), kinds in found.items():
        kept = meanings.get(name)
        of = ["most"] if len(kinds) > 6 else [f"`{kind}`" for kind in kinds]
        meanings[name] = (of, told) if kept is None else (kept[0] + of, f"{kept[1]} Or: {told}")
    return meanings


def documented():
    """Return the part as it stands in the docs."""
    return PAGE.read_text().partition(BEGINS)[2].partition(ENDS)[0].strip()


def examples():
    """Return the messages that the docs show, by kind."""
    shown = documented().partition("```json\n")[2].partition("```")[0]
    bodies = [json.loads(line) for line in shown.splitlines()]
    return {body["type"]: body for body in bodies}


def main():
    """Write the page."""
    before, _, rest = PAGE.read_text().partition(BEGINS)
    PAGE.write_text(f"{before}{BEGINS}\n\n{part()}\n\n{ENDS}{rest.partition(ENDS)[2]}")


if __name__ == "__main__":
    main()
