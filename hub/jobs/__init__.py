"""Leases, slots and the worker that drains what is due."""
