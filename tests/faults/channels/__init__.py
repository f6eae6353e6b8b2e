"""Layer 3 of the fault harness: each connector with its sandbox, in one process, on a clock by hand, from one seed."""
