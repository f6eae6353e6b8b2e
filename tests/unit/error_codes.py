"""Finds every error code in the source, with the sentence that goes with it.

python -m tests.unit.error_codes     writes docs/errors.md anew
"""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "errors.md"
CODE = re.compile(r"[a-z]+(_[a-z0-9]+)+|missing|rejected|misconfigured")
KINDS = {
    "HubError",
    "Invalid",
    "TooLarge",
    "Unsupported",
    "NotSignedIn",
    "Forbidden",
    "NotFound",
    "Conflict",
    "Stale",
} | {"Throttled", "Unavailable", "Gone", "MappingError"}
NO_ERRORS = {"Auth", "AuthField"}
"""What these are called with is a name and a label."""
NO_CODES = {"until_at"}
"""A field's name stands there, before a sentence."""
SENTENCE = re.compile(r"(…|`|[A-Z]|[a-z]+ )[^\n]* ")
HEAD = """# Error codes

Every failure that reaches a person or a program carries one of these codes, a sentence (here with … for what varies),
where it is about, and the next step. They never change once released. The API answers them as problem details
(`application/problem+json`, member `code`), commands print them in brackets, copies and connections keep them as their
problem. Written by `python -m tests.unit.error_codes`; a test compares this page with the source.

| code | what happened |
|---|---|
"""


def found():
    """Return each code in the source and its first sentence."""
    codes = {}
    for room in ("hub", "connectors", "mappings"):
        for path in sorted((ROOT / room).rglob("*.py")):
            if "testing" in path.parts or path.stem.startswith(("sandbox", "transforms")):
                continue
            for code, sentence in _in(ast.parse(path.read_text())):
                codes[code] = codes.get(code) or sentence
    return {
        code: sentence or "In the words of what failed." for code, sentence in codes.items() if code not in NO_CODES
    }


def _in(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from _of_class(node)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in NO_ERRORS:
            continue
        given = node.args if isinstance(node, ast.Call) else node.elts if isinstance(node, ast.Tuple) else []
        texts = [_text(each) for each in given]
        pairs = [pair for pair in pairwise(texts) if CODE.fullmatch(pair[0]) and SENTENCE.match(pair[1])]
        yield from pairs
        if not pairs and (
            isinstance(node, ast.Call)
            and getattr(node.func, "id", "") in KINDS
            and CODE.fullmatch(texts[0] if texts else "")
        ):
            yield texts[0], ""
        if (
            isinstance(node, ast.Assign)
            and getattr(node.targets[0], "id", "") == "code"
            and CODE.fullmatch(_text(node.value))
        ):
            yield _text(node.value), ""
        for keyword in getattr(node, "keywords", []):
            if keyword.arg == "code" and texts and CODE.fullmatch(_text(keyword.value)):
                yield _text(keyword.value), texts[0]


def _of_class(node):
    for line in node.body:
        target = getattr(line, "target", None) or next(iter(getattr(line, "targets", [])), None)
        if getattr(target, "id", "") == "code" and CODE.fullmatch(_text(line.value)):
            yield _text(line.value), (ast.get_docstring(node) or "").partition("\n")[0]


def _text(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(each) or "…" for each in node.values)
    if isinstance(node, ast.BinOp):
        return _text(node.left).removesuffix("…") + "…"
    return ""


def documented():
    """Return the codes on the page."""
    return set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), flags=re.MULTILINE))


def main():
    """Write the page."""
    lines = (f"| `{code}` | {sentence.strip().replace('|', '/')} |" for code, sentence in sorted(found().items()))
    PAGE.write_text(HEAD + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
