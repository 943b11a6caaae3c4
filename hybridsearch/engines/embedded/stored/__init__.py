"""What lasts: documents, generations, and the log of changes, each with its checksums."""
