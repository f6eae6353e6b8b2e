"""The program `damhub`, as it starts: what the command line needs is read at once, without the garbage collector.

While modules are read nothing becomes garbage, and looking for it was a third of the start. What was read stays, so it
is never looked through again either. What a command needs beyond that it reads itself (`hub.app.commands`).
"""

from __future__ import annotations

import gc
from importlib import import_module


def main() -> None:
    """Run the command of this process."""
    gc.disable()
    commands = import_module("hub.app.commands")
    gc.freeze()
    gc.enable()
    commands.main()


if __name__ == "__main__":
    main()
