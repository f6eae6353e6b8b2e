"""Layer 2 of the fault harness: the real hub and the sandboxes in processes of their own, killed and started again."""
