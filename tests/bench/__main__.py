"""Run the benchmarks and print a table of ratios, each with its peer from the same run.

make bench
make bench ARGS="search calls --json bench.json"
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.bench import calls, fanout, inbound, ingest, large, recall, search
from tests.bench.measure import Spread

BENCHES = {
    "ingest": ingest, "calls": calls, "large": large, "recall": recall, "fanout": fanout, "inbound": inbound,
    "search": search,
}  # fmt: skip


def run(names, console, *, tiny=False):
    """Run benchmarks by name; return their rows in the same order."""
    rows = {}
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        for name in names:
            bar = progress.add_task(name)

            def tell(doing, done, total, bar=bar, name=name):
                progress.update(bar, description=f"{name}: {doing}", completed=done, total=total)

            bench = BENCHES[name]
            rows[name] = bench.run(tell, **(bench.TINY if tiny else bench.FULL))
    return rows


def table(rows):
    """Return the table: time of both, and ours by the peer's; below 1 we are faster."""
    shown = Table(title="Less is better. Ratio: ours / peer, each round with its own peer", show_lines=True)
    for heading, side in (("Benchmark", "left"), ("Ours", "right"), ("Peer", "left"), ("Peer's", "right")):
        shown.add_column(heading, justify=side)
    shown.add_column("Ratio", justify="right", style="bold")
    for of_bench in rows.values():
        for row in of_bench:
            theirs = _figures(Spread.of(row.theirs), row.unit) if row.theirs else "-"
            ratio = _figures(row.ratio, "x") if row.ratio else f"none: {row.gap}"
            shown.add_row(row.what, _figures(Spread.of(row.ours), row.unit), row.peer, theirs, ratio)
    return shown


def _figures(spread, unit):
    low, middle, high = (f"{figure:.3g}" for figure in (spread.low, spread.middle, spread.high))
    return f"{middle} {unit}\n({low} to {high})"


def legend(rows):
    """Return what each row counts, and which versions were compared."""
    for name, of_bench in rows.items():
        versions = {key: value for row in of_bench for key, value in row.versions.items()}
        yield f"{name}: " + ", ".join(f"{key} {value}" for key, value in versions.items())
        for row in of_bench:
            yield f"  {row.what} beside {row.peer} ({len(row.ours)} rounds): {row.counted}"


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones (all): {', '.join(BENCHES)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too; - is standard output")
    parser.add_argument("--tiny", action="store_true", help="so small that the figures mean nothing: does it run?")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(BENCHES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    # The table goes to standard error when standard output is for the figures.
    plain = options.json is not None and str(options.json) == "-"
    rows = run(options.names or list(BENCHES), Console(stderr=True), tiny=options.tiny)
    console = Console(stderr=plain)
    console.print(table(rows))
    for line in legend(rows):
        console.print(line, highlight=False)
    if options.json is not None:
        said = {"python": platform.python_version(), "machine": platform.platform()}
        said["rows"] = {name: [row.as_json() for row in of_bench] for name, of_bench in rows.items()}
        text = json.dumps(said, indent=2) + "\n"
        sys.stdout.write(text) if plain else options.json.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
