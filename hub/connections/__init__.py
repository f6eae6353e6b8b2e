"""Remote accounts, credentials, targets and the inbox."""
