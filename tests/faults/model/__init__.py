"""The model layer of the fault harness: the real reconciler, a virtual clock, a remote in memory with its own ledger."""
