"""The long fault matrix: `make faults`, or `python -m tests.faults`.

Ends non-zero when a promise did not hold, when a run came to no verdict, when a planted bug was not caught, or when
a full round over all connectors has fewer than a thousand runs that count.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests import services
from tests.faults.channels import driver as channels
from tests.faults.channels.table import Table
from tests.faults.channels.table import again as channel_again
from tests.faults.process.cases import DATABASES, drawn, exhaustive, sample, whole
from tests.faults.process.driver import catch, lanes
from tests.faults.process.matrix import Matrix
from tests.faults.process.planted import PLANTED

ENOUGH = 1000
"""Runs over all connectors in which a fault fired and every promise was checked."""

console = Console(width=max(200, Console().width), highlight=False)


def options(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the order, the random mixtures and the model")
    parser.add_argument("--runs", type=int, default=0, help="so many of the exhaustive loops' runs; 0: all")
    parser.add_argument("--mixtures", type=int, default=60, help="random mixtures of several faults")
    parser.add_argument("--rounds", type=int, default=2, help="how often each planted bug is looked for")
    parser.add_argument("--bug-runs", type=int, default=300, help="the most runs that a planted bug is looked for in")
    parser.add_argument("--model", type=float, default=60, help="seconds for the model on the virtual clock")
    parser.add_argument("--channels", type=int, default=channels.RUNS, help="seeds for each of the connectors")
    parser.add_argument("--lanes", type=int, default=max(2, os.cpu_count() or 2), help="runs side by side")
    parser.add_argument("--json", type=Path, help="write everything to this file too")
    parser.add_argument("--no-postgres", action="store_true", help="SQLite alone; the other cells stay empty")
    return parser.parse_args(arguments)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers are stopped then too
    chosen, began = options(), time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="damhub-faults-")))
        url = "" if chosen.no_postgres else start_postgres(stack, folder)
        databases = DATABASES if url else ("sqlite",)
        some_lanes = stack.enter_context(lanes(folder, chosen.lanes, url, databases))
        matrix = Matrix(run_all(chosen, some_lanes, databases))
        show(matrix)
        bugs = plant_all(chosen, some_lanes)
    model = model_budget(chosen)
    every = play_channels(chosen)
    of_channels = plant_in_channels(chosen)
    show_power(bugs, model)
    console.print(f"Seed {chosen.seed}; {time.monotonic() - began:.0f} s.")
    if chosen.json:
        told = {"bugs": bugs, "model": model, "channels": {**every.as_json(), "bugs": of_channels}}
        chosen.json.write_text(json.dumps({"seed": chosen.seed, **matrix.as_json(), **told}))
    missed = [bug for bug, found in {**bugs, **of_channels}.items() if None in found]
    few = chosen.channels >= channels.RUNS and len(every.counted) < ENOUGH
    if few:
        console.print(f"Fewer than {ENOUGH} runs over the connectors count.", style="bold red")
    return 0 if matrix.good and not missed and not model["broken"] and not every.bad and not few else 1


def start_postgres(stack, folder):
    """Start PostgreSQL; without it the cells stay empty, and it is said why."""
    try:
        printed = stack.enter_context(
            services.running("postgres", folder / "postgres", PG_PORT=str(services.free_ports()))
        )
    except services.CannotStart as gap:
        console.print(f"PostgreSQL is left out: {gap}", style="bold red")
        return ""
    return printed["URL"]


def run_all(chosen, some_lanes, databases):
    """Run the loops, the mixtures and the whole workers, with progress."""
    loops = exhaustive(databases, chosen.seed)
    cases = sample(loops, chosen.runs or len(loops), chosen.seed)
    cases += [*drawn(chosen.mixtures, databases, chosen.seed), *whole(databases, chosen.seed)]
    with progress() as shown:
        task = shown.add_task("runs", total=len(cases), bad=0)

        def told(result):
            bad = result.outcome in {"violated", "no verdict"}
            shown.update(task, advance=1, bad=shown.tasks[task].fields["bad"] + bad)
            if not console.is_terminal and (done := shown.tasks[task].completed) % 20 == 0:
                console.print(f"{done:.0f} of {len(cases)} runs")
            if bad:
                shown.console.print(line_of(result), markup=False)

        return some_lanes.run(cases, told=told)


def plant_all(chosen, some_lanes):
    """Look for each planted bug in the same matrix; return after how many runs it was caught, by round."""
    found = {bug: [] for bug in PLANTED}
    with progress() as shown:
        task = shown.add_task("planted bugs", total=len(PLANTED) * chosen.rounds, bad=0)
        for number in range(chosen.rounds):
            for bug in PLANTED:
                seed = chosen.seed + 1000 * (number + 1)
                caught = catch(some_lanes, bug, sample(exhaustive(("sqlite",), seed), chosen.bug_runs, seed))
                found[bug].append(None if caught is None else caught[0])
                by = "not caught" if caught is None else f"run {caught[0]}: {caught[1].case.fault}: {caught[1].detail}"
                shown.console.print(f"  {bug}: {by}", markup=False)
                shown.update(task, advance=1)
    return found


def model_budget(chosen):
    """Spend the model's time in as many processes as there are lanes."""
    if not chosen.model:
        return {"seeds": 0, "steps": 0, "broken": []}
    console.print(f"The model plays for {chosen.model:.0f} s in {chosen.lanes} processes ...")
    command = [sys.executable, "-m", "tests.faults.model_budget", str(chosen.model)]
    started = [
        subprocess.Popen(
            [*command, str(1_000_000 * chosen.seed + lane), str(chosen.lanes)], stdout=subprocess.PIPE, text=True
        )
        for lane in range(chosen.lanes)
    ]
    told = [json.loads(process.communicate()[0].splitlines()[-1]) for process in started]
    return {
        "seeds": sum(each["seeds"] for each in told), "steps": sum(each["steps"] for each in told),
        "broken": [broken for each in told for broken in each["broken"]],
    }  # fmt: skip


def play_channels(chosen):
    """Play the seeds of all connectors with their sandboxes, with progress; print the table."""
    cases = channels.cases(chosen.channels, chosen.seed)
    with progress() as shown:
        task = shown.add_task("channels", total=len(cases), bad=0)

        def told(result):
            bad = result.outcome in {"violated", "no verdict"}
            shown.update(task, advance=1, bad=shown.tasks[task].fields["bad"] + bad)
            if bad:
                shown.console.print(channel_again(result), markup=False)

        table = Table(channels.run(cases, chosen.lanes, told=told))
    for line in ["", *table.lines(), "", *table.summary()]:
        console.print(line, markup=False)
    return table


def plant_in_channels(chosen):
    """Look for each planted bug with the seeds of all connectors; return after how many runs it was caught."""
    found = {}
    for bug in channels.BUGS if chosen.channels else ():
        caught = channels.catch(bug, channels.cases(chosen.bug_runs // 10, chosen.seed), chosen.lanes)
        by = "not caught" if caught is None else f"run {caught[0]}: {caught[1].detail}"
        console.print(f"  {bug} (channels): {by}", markup=False)
        found[bug] = [None if caught is None else caught[0]]
    return found


def show(matrix):
    """Print the matrix, the totals, and every run that does not count."""
    for line in [*matrix.lines(), "", *matrix.summary()]:
        console.print(line, markup=False)
    for result in matrix.bad() + matrix.unfired():
        console.print(line_of(result), markup=False)


def show_power(bugs, model):
    """Print what the planted bugs and the model came to."""
    for bug, found in bugs.items():
        caught = [runs for runs in found if runs is not None]
        mean = f"after {sum(caught) / len(caught):.1f} runs on average" if caught else "never"
        console.print(f"planted bug {bug}: caught {len(caught)} times of {len(found)}, {mean}")
    console.print(f"Model: {model['seeds']} seeds, {model['steps']} steps, {len(model['broken'])} broken.")
    for broken in model["broken"]:
        console.print(str(broken), markup=False, style="red")


def line_of(result):
    """Return what it takes to play a run again."""
    case = result.case
    return (
        f"{result.outcome}: {case.fault} | {case.scenario} {case.connector} {case.database} | number {case.number} "
        f"seed {case.seed} | {result.detail}"
    )


def progress():
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.fields[bad]} bad"), console=console,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
