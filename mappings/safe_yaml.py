"""YAML that strangers wrote, read without aliases, tags or depth, and with the line of every value kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NoReturn

import yaml

from mappings.errors import MappingError

MAX_BYTES: Final = 64 * 1024
MAX_DEPTH: Final = 12
MAX_NODES: Final = 5_000

Path = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Located:
    """Plain data and the line on which each part of it stands."""

    value: Any
    lines: dict[Path, int]

    def line_of(self, path: Path) -> int | None:
        """Return the line of the nearest part of the document that `path` leads to."""
        for length in range(len(path), -1, -1):
            line = self.lines.get(path[:length])
            if line is not None:
                return line
        return None


def read_yaml(text: str, *, source: str) -> Located:
    """Read one YAML document; raises MappingError for anything that is not plain, small and shallow data."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        _refuse("mapping_too_large", f"the file is larger than {MAX_BYTES // 1024} KiB", source)
    try:
        _check_events(text, source)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        lines: dict[Path, int] = {}
        if node is not None:
            _note_lines(node, (), lines, source)
        value: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else None
        problem = getattr(error, "problem", None) or "it is no YAML"
        _refuse("mapping_not_yaml", f"the file cannot be read: {problem}", source, line)
    except ValueError as error:  # such as a thirteenth month
        _refuse("mapping_not_yaml", f"a value cannot be read: {error}", source)
    if not isinstance(value, dict):
        _refuse("mapping_invalid", "the file must hold names and values, starting with `spec: 1`", source, 1)
    return Located(value, lines)


def _refuse(code: str, what: str, source: str, line: int | None = None) -> NoReturn:
    raise MappingError(
        code, what, where=source, line=line, next_step="Write plain YAML: names, texts, numbers and lists only."
    )


def _check_events(text: str, source: str) -> None:
    depth = count = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark is not None else None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            _refuse("mapping_alias", "anchors and aliases (& and *) are not taken", source, line)
        if getattr(event, "tag", None) is not None:
            _refuse("mapping_tag", "tags (!) are not taken", source, line)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        count += isinstance(event, yaml.NodeEvent)
        if depth > MAX_DEPTH:
            _refuse("mapping_too_deep", f"it is nested more than {MAX_DEPTH} deep", source, line)
        if count > MAX_NODES:
            _refuse("mapping_too_large", f"it holds more than {MAX_NODES} values", source, line)


def _note_lines(node: yaml.Node, path: Path, lines: dict[Path, int], source: str) -> None:
    """Keep the line of every value; refuse names that are no texts, or are given twice."""
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for at, child in enumerate(node.value):
            _note_lines(child, (*path, at), lines, source)
    elif isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                _refuse("mapping_invalid", "names must be plain texts", source, line)
            name = str(key.value)
            if (*path, name) in lines:
                _refuse("mapping_invalid", f"`{name}` is given twice", source, line)
            lines[*path, name] = line
            _note_lines(child, (*path, name), lines, source)
