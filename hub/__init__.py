"""damhub's core: the catalogue, the ledger of copies, and the doors to both."""
