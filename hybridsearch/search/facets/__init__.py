"""What is counted beside the hits, and which of it is shown."""
