"""Approvals bound to a content hash."""
