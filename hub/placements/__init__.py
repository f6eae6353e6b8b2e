"""The ledger of copies: desired, observed, reconcile, recall, evidence."""
