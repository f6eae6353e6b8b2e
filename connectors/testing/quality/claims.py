"""What `quality.yaml` may say: for rules that only a person can answer, and why a folder is longer than others.

rules:
  measured: {state: done, why: "Answers of a real 11.4.5.", tests: [tests/unit/drupal/test_measured.py]}
longer:
  folder: Types and fields of each site are read from the site.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from connectors.sdk.scorecard import State

FILE = "quality.yaml"
What = Literal["connector", "folder"]
Sentence = Annotated[str, StringConstraints(min_length=10, pattern=r"^\S.* .*\.$")]


class Claim(BaseModel):
    """What a person says of one rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: State
    why: Sentence
    tests: tuple[str, ...] = ()  # which show it; paths from the top of the tree


class Claims(BaseModel):
    """All that a person says of a connector."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: dict[str, Claim] = Field(default_factory=dict[str, Claim])
    longer: dict[What, Sentence] = Field(default_factory=dict[What, Sentence])

    @classmethod
    def of(cls, folder: Path) -> Claims:
        """Read a connector's file; without one, nothing is said."""
        file = folder / FILE
        return cls.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {}) if file.is_file() else cls()
