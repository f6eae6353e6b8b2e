"""The model layer of the fault harness: the real reconciler, a virtual clock, a remote that keeps its own ledger."""
