"""Runs seeds side by side, each in one of a few processes, and looks for planted bugs with the same seeds."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from multiprocessing import get_context

from tests.faults.channels.runs import Result, play
from tests.faults.channels.stage import CONNECTORS

RUNS = 120
"""How many seeds each connector is played with by `make faults`."""
BUGS = (
    "skip_find", "done_before_the_answer", "never_look_for_others", "proof_before_the_look", "remember_may_use",
    "retry_a_write_on_5xx",
)  # fmt: skip
"""Those of the other layers that this one must catch too."""


def cases(runs, seed=0, connectors=None):
    """Return which seeds are played upon which connectors, in the order in which they are."""
    names = sorted(connectors or CONNECTORS)
    return [(name, number) for number in range(seed, seed + runs) for name in names]


def run(chosen, lanes, *, bug="", told=lambda result: None, enough=lambda result: False):
    """Play cases in so many processes; end early once `enough` says so of a result. Return results as they came."""
    results, left = [], iter(chosen)
    with ProcessPoolExecutor(lanes, mp_context=get_context("spawn")) as pool:
        under_way = {pool.submit(play, *case, bug) for case, _ in zip(left, range(lanes), strict=False)}
        while under_way:
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for each in done:
                results.append(each.result())
                told(results[-1])
                stop = enough(results[-1])
                following = None if stop else next(left, None)
                if stop:
                    left = iter(())
                elif following is not None:
                    under_way.add(pool.submit(play, *following, bug))
    return results


def catch(bug, chosen, lanes):
    """Return after how many runs a planted bug was caught, and the run; None: it was not."""
    results = run(chosen, lanes, bug=bug, enough=lambda result: result.outcome == "violated")
    for number, result in enumerate(results, 1):
        if result.outcome == "violated":
            return number, result
    return None


__all__ = ["BUGS", "RUNS", "Result", "cases", "catch", "play", "run"]
