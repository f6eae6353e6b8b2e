"""Where things stand in the made-up Dropbox: ids, paths, and paths that begin with an id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.dropbox.sandbox_shapes import file_shape, folder_shape

FOLDERS = {f"id:folder{n:03}AAAAAAAAAA": f"/Folder {n:03} für Anna" for n in range(1, 116)} | {
    f"id:inner{n:03}AAAAAAAAAAA": f"/Folder {n:03} für Anna/Inner" for n in range(1, 6)
}
TEAM_FOLDER = "id:teamfolderAAAAAAAA"
TEAM_PATH = "/Team press"


class Tree:
    """Finds what is at a path. It holds nothing: what stands there is asked anew each time."""

    def __init__(self, living: Callable[[], Mapping[str, Mapping[str, Any]]]) -> None:
        self._living = living

    def every(self, *, team: bool) -> dict[str, str]:
        """Return the ids of everything by path in lower case; the team's folders only where they were asked for."""
        refs = (*FOLDERS, *self._living(), *((TEAM_FOLDER,) if team else ()))
        return {self.path(ref).lower(): ref for ref in refs}

    def is_folder(self, ref: str | None) -> bool:
        """Tell whether an id is a folder's."""
        return ref == TEAM_FOLDER or ref in FOLDERS

    def find(self, path: str) -> str | None:
        """Return the id of what is at a path, an id, or a path below an id; None where there is nothing."""
        if self.is_folder(path) or path in self._living():
            return path
        return self.every(team=True).get(self.path(path).lower())

    def path(self, path: str) -> str:
        """Return the path of an id, of a path below an id, or of a path."""
        if self.is_folder(path):
            return FOLDERS.get(path, TEAM_PATH)
        facts = self._living().get(path)
        if facts is not None:
            return below(facts["target"], facts["name"])
        folder, _, name = path.partition("/")
        return below(folder, name) if folder else path

    def aim(self, path: str) -> tuple[str | None, str, str]:
        """Return what is at a path that is to be written, its folder, and its name."""
        there = self.find(path)
        facts = self._living().get(there or "")
        if facts is not None:
            return there, facts["target"], facts["name"]
        folder, _, name = path.rpartition("/")
        return there, (self.find(folder) or "?") if folder else "/", name

    def shape(self, ref: str, groups: list[str]) -> dict[str, Any]:
        """Return what Dropbox tells of a thing."""
        path = self.path(ref)
        return folder_shape(ref, path) if self.is_folder(ref) else file_shape(ref, path, self._living()[ref], groups)


def below(folder: str, name: str) -> str:
    """Return the path of a name in a folder."""
    return f"{'' if folder == '/' else FOLDERS.get(folder, TEAM_PATH if folder == TEAM_FOLDER else '?')}/{name}"


def within(path: str, place: Mapping[str, Any]) -> bool:
    """Tell whether a path in lower case lies in what a listing is about."""
    rest = path.removeprefix(str(place["path"]).lower() + "/")
    return rest != path and (place["deep"] or "/" not in rest)
