"""The one event log: appended last, read by cursor."""
