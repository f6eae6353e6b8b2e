"""The made-up vendor's rooms: each wall hangs in one, and has a card that says what it is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import Response, jsonify

from connectors.sdk.types import Board, Card, Named, Target
from connectors.testing.pinboard.answers import GONE, page

if TYPE_CHECKING:
    from flask import Flask

ROOMS = tuple(f"room{number:02}" for number in range(1, 61))
SIDES, COLOURS, MARKS = (
    (Named("north", "North"), Named("south", "South")),
    (Named("red", "Red"),),
    (Named("m", "Mark"),),
)
WITH_WALLS = 2
"""Walls hang in the first rooms; the others are empty."""


@dataclass(slots=True)
class Wall:
    """What is said of a wall."""

    room: str
    name: str
    text: str = ""
    side: str = "north"
    colours: list[str] = field(default_factory=list[str])
    mark: str = ""
    done: bool = False
    away: bool = False


class Rooms:
    """Answers `/rooms` and what hangs in them."""

    def __init__(self, app: Flask, walls: Sequence[str]) -> None:
        self.walls = {wall: Wall(ROOMS[number % WITH_WALLS], f"Wall {wall[4:]}") for number, wall in enumerate(walls)}
        for path, act in (
            ("/rooms", self._rooms), ("/rooms/<room>", self._room), ("/rooms/<room>/walls", self._hung),
            ("/walls/<wall>", self._wall),
        ):  # fmt: skip
            app.add_url_rule(path, endpoint=f"rooms {path}", view_func=act)

    def all(self) -> tuple[Board, ...]:
        """Tell all rooms."""
        return tuple(Board(room, f"Room {room[4:]}", SIDES, COLOURS, MARKS) for room in ROOMS)

    def cards(self, room: str) -> tuple[Card, ...]:
        """Tell what hangs in a room."""
        return tuple(
            Card(
                Target("wall", ref, wall.name), wall.name, wall.text, {room: wall.side}, tuple(wall.colours),
                {"m": wall.mark} if wall.mark else {}, wall.done,
            )
            for ref, wall in self.walls.items() if wall.room == room and not wall.away
        )  # fmt: skip

    def deal(self, room: str, title: str, text: str, *, done: bool) -> str:
        """Hang another wall."""
        ref = f"wall{len(self.walls) + 1:03}"
        self.walls[ref] = Wall(room, title, text, "south", ["red"], "Spring", done)
        return ref

    def _rooms(self) -> Response:
        return page([{"id": room, "name": f"Room {room[4:]}"} for room in ROOMS])

    def _room(self, room: str) -> Response | tuple[str, int]:
        shape = {"id": room, "name": f"Room {room[4:]}", "sides": _named(SIDES), "colours": _named(COLOURS)}
        return jsonify({**shape, "marks": _named(MARKS)}) if room in ROOMS else GONE

    def _hung(self, room: str) -> Response:
        return page([self._shape(ref) for ref, wall in self.walls.items() if wall.room == room and not wall.away])

    def _wall(self, wall: str) -> Response | tuple[str, int]:
        return jsonify(self._shape(wall)) if wall in self.walls else GONE

    def _shape(self, ref: str) -> dict[str, Any]:
        wall = self.walls[ref]
        return {
            "id": ref, "name": wall.name, "text": wall.text, "room": wall.room, "side": wall.side,
            "colours": wall.colours, "mark": wall.mark, "done": wall.done or wall.away,
        }  # fmt: skip


def _named(found: Sequence[Named]) -> list[dict[str, str]]:
    return [{"id": one.ref, "name": one.label} for one in found]
