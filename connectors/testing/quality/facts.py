"""What the rules look at: manifest, folder, tests, what was measured, what a person said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from connectors.sdk.manifest import Manifest
from connectors.sdk.scorecard import Measured, folder_of, scorecard_of
from connectors.testing.conformance import CHECKS
from connectors.testing.quality.claims import Claims

BEGIN = "<!-- written by `python -m connectors.testing.quality`: what stands below is not edited by hand -->"
END = "<!-- end of what is written -->"
BLOCK = re.compile(re.escape(BEGIN) + r".*?" + re.escape(END), flags=re.DOTALL)


@dataclass(frozen=True)
class Facts:
    """All that is known of one connector."""

    manifest: Manifest
    folder: Path
    measured: Measured
    claims: Claims
    ran: bool = True  # whether the suite was ever run

    @cached_property
    def top(self) -> Path:
        """The top of the tree that the folder lies in: where tests are."""
        return next((parent for parent in self.folder.parents if (parent / "pyproject.toml").is_file()), self.folder)

    @cached_property
    def readme(self) -> str:
        """The README's words that somebody wrote, without what is generated."""
        file = self.folder / "README.md"
        return BLOCK.sub("", file.read_text(encoding="utf-8")) if file.is_file() else ""

    @cached_property
    def connector_lines(self) -> int:
        """How long `connector.py` is."""
        return _lines(self.folder / "connector.py")

    @cached_property
    def folder_lines(self) -> int:
        """How long the folder's Python is, without sandbox, companion and fixtures."""
        return sum(_lines(file) for file in self.folder.glob("*.py") if not file.stem.startswith("sandbox"))

    @cached_property
    def own_tests(self) -> tuple[Path, ...]:
        """The tests that are about this connector alone."""
        name, tests = self.manifest.name, self.top / "tests"
        return (*sorted(tests.glob(f"**/{name}/test_*.py")), *sorted(tests.glob(f"**/test_{name}*.py")))

    @cached_property
    def tried(self) -> str:
        """All text in which the remote's answers are made up or replayed: sandbox, fixtures, tests."""
        made = (*self.folder.glob("sandbox*.py"), *self.folder.glob("fixtures/*.json"), *self.own_tests)
        return "\n".join(file.read_text(encoding="utf-8") for file in made)

    def checks(self, *patterns: str) -> Iterator[str]:
        """Return the checks that the patterns name and that apply here."""
        for name in CHECKS:
            if name not in self.measured.not_applicable and any(fnmatchcase(name, one) for one in patterns):
                yield name

    @property
    def passed(self) -> int:
        """How many checks passed."""
        return len(CHECKS) - len(self.measured.failed) - len(self.measured.not_applicable)


def facts_of(manifest: Manifest, *, measured: Measured | None = None, claims: Claims | None = None) -> Facts:
    """Gather what is known; what was measured is by default what was last written down."""
    folder = folder_of(manifest)
    stored = scorecard_of(manifest)
    known = measured or (stored.measured if stored else None)
    never = Measured(failed=dict.fromkeys(CHECKS, "was never run"))
    return Facts(manifest, folder, known or never, claims or Claims.of(folder), known is not None)


def _lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines()) if file.is_file() else 0
