"""Signed reports of recalls: gathered, sealed as canonical JSON, laid out on pages, and checked without the hub."""
