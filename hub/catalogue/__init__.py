"""Assets, versions, metadata and collections."""
