"""A real server in a sandbox's place: WordPress, started by the checkout's own script for its tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from connectors.wordpress import MANIFEST
from hub.app.demo.ports import any_port
from hub.app.demo.stage import Served, Stage
from hub.app.serve import launch
from hub.errors import Invalid, Unavailable

ROOT: Final = Path(__file__).parents[3]
SCRIPT: Final = ROOT / "tests" / "services" / "wordpress.sh"
PLUGIN: Final = ROOT / "connectors" / "wordpress" / "companion" / "damhub-helper"
KNOWN: Final = ("wordpress",)
START_S: Final = 420.0
STOP_S: Final = 60.0


def refuse_unknown(real: tuple[str, ...]) -> None:
    """Raise where a real server is wanted that the demo cannot start.

    Raises:
        Invalid: `no_real_server`.
        Unavailable: `checkout_needed`.
    """
    for name in real:
        if name not in KNOWN:
            raise Invalid(
                "no_real_server", f"The demo can start no real {name}.", where="--real",
                next_step=f"Known are: {', '.join(KNOWN)}.",
            )  # fmt: skip
    if real and not SCRIPT.is_file():
        raise Unavailable(
            "checkout_needed", "A real WordPress is started by a script that only a checkout of damhub has.",
            where=str(SCRIPT), next_step="Run `make demo` in a checkout, or leave --real away.",
        )  # fmt: skip


def real_wordpress(stage: Stage) -> Served:
    """Start a real site with the helper plugin in it; it is stopped with the demo.

    Raises:
        Unavailable: `wordpress_does_not_start`, with the script's own reason.
    """
    home = stage.home / "wordpress"
    home.mkdir()
    knobs = {"WP_PORT": str(any_port()), "SVC_HOME": str(home), "WP_PLUGINS": str(PLUGIN), "PYTHON": sys.executable}
    out = stage.logs / "wordpress-start.log"
    stage.on_close(lambda: _stop(knobs))
    process = stage.run("wordpress-start", [str(SCRIPT), "start"], **knobs)
    stage.on_close(lambda: _end_group(process))
    done = stage.screen.until(
        "Starting a real WordPress (the first time it is downloaded)", lambda: process.poll() is not None,
        within_s=START_S,
    )  # fmt: skip
    lines = out.read_text().splitlines()
    if not done or process.returncode:
        raise Unavailable(
            "wordpress_does_not_start", f"WordPress did not start: {lines[-1] if lines else 'it took too long'}.",
            next_step="Mend that, or leave --real away.",
        )  # fmt: skip
    told = dict(line.split("=", 1) for line in lines if "=" in line)
    secrets = {"username": "admin", "password": told["ADMIN_PASSWORD"]}
    stage.screen.tell(f"A real WordPress {told['VERSION']} runs at {told['URL']}")
    return Served("wordpress", MANIFEST.name, told["URL"], "application_password", {"site_url": told["URL"]}, secrets)


def _stop(knobs: dict[str, str]) -> None:
    stopping = launch([str(SCRIPT), "stop"], environ={**os.environ, **knobs}, output=subprocess.DEVNULL)
    try:
        stopping.wait(STOP_S)
    except subprocess.TimeoutExpired:
        stopping.kill()
        stopping.wait()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End a script that is still at work, with what it called."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
