"""What bounds a call: its time and size, and the turns that keep calls within a remote's own limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class Turns(Protocol):
    """Keeps calls within a remote's limits, together with whoever else calls it."""

    def acquire(self, method: str = "GET", path: str = "/", *, urgent: bool = False) -> None:
        """Wait for a turn to make this call, or raise RateLimited: then nothing was sent."""
        ...

    def learn(self, headers: Mapping[str, str], *, refused: bool) -> float | None:
        """Take in what an answer says of limits; return how long to wait when it was a refusal."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how large one call may be."""

    total_s: float = 60.0
    upload_bytes_per_s: float = 32 * 1024  # an upload gets this much more time
    download_s: float = 3600.0  # so does a download, whose size nobody knows before
    download_bytes: int = 100 * 1024**3
    answer_bytes: int = 16 * 1024 * 1024
    redirects: int = 5
    read_attempts: int = 3
