"""Plays seeds of the layer over all connectors: one seed again, or a span of them.

python -m tests.faults.channels --connector wordpress --seed 17
python -m tests.faults.channels --runs 120
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.faults.channels import driver
from tests.faults.channels.runs import PLANTED
from tests.faults.channels.stage import CONNECTORS
from tests.faults.channels.table import Table, again


def options(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.faults.channels", description=__doc__)
    parser.add_argument("--connector", action="append", choices=sorted(CONNECTORS), help="all, if none is named")
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    parser.add_argument("--runs", type=int, default=1, help="so many seeds for each connector")
    parser.add_argument("--calm", action="store_true", help="the same history without its faults")
    parser.add_argument("--bug", choices=sorted(PLANTED), default="", help="plant a bug")
    parser.add_argument("--lanes", type=int, default=1, help="runs side by side")
    parser.add_argument("--json", type=Path, help="write everything to this file too")
    return parser.parse_args(arguments)


def main(arguments=None):
    chosen = options(arguments)
    sys.stdout.reconfigure(line_buffering=True)
    drawn = driver.cases(chosen.runs, chosen.seed, chosen.connector)

    def told(result):
        if result.outcome in {"violated", "no verdict"}:
            sys.stdout.write(again(result) + "\n")
        elif len(drawn) <= len(CONNECTORS):
            fired = ", ".join(result.fired) or "nothing"
            sys.stdout.write(f"{result.connector} seed {result.seed}: {result.outcome}; fired: {fired}\n")

    if chosen.lanes == 1:
        results = []
        for connector, seed in drawn:
            results.append(driver.play(connector, seed, chosen.bug, calm=chosen.calm))
            told(results[-1])
    else:
        results = driver.run(drawn, chosen.lanes, bug=chosen.bug, told=told)
    table = Table(results)
    if len(drawn) > 1:
        sys.stdout.write("\n".join([*table.lines(), *table.summary()]) + "\n")
    if chosen.json:
        chosen.json.write_text(json.dumps(table.as_json()))
    return 1 if table.bad else 0


if __name__ == "__main__":
    sys.exit(main())
