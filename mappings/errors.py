"""What can be wrong with a mapping spec, said so that its author can put it right."""

from __future__ import annotations


class MappingError(Exception):
    """A mapping spec, or a value that it was given, cannot be used."""

    def __init__(self, code: str, what: str, *, where: str = "", line: int | None = None, next_step: str = "") -> None:
        """Describe the failure.

        Args:
            code: the stable code, such as `mapping_unknown_name`.
            what: one sentence for a person.
            where: the file and the place in it.
            line: the line in the file, counted from 1.
            next_step: one sentence: what to do now.
        """
        place = where + (f", line {line}" if line is not None else "")
        super().__init__(f"{place}: {what}" if place else what)
        self.code = code
        self.what = what
        self.where = where
        self.line = line
        self.next_step = next_step


class TransformError(ValueError):
    """A value does not have the shape that a transform works on."""
