"""The composition root: wires rooms, registers handlers, nothing else."""
