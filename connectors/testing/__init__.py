"""The conformance suite that every connector passes, and the sandbox kit."""
