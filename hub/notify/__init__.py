"""Notices and outgoing webhook deliveries."""
