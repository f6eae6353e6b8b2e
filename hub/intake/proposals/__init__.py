"""Other files that somebody put in the place of copies: fetched, kept as proposals, and decided by a person."""
