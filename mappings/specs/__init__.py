"""One mapping spec per connector, as data."""
