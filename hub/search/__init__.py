"""Finding assets by words and filters."""
