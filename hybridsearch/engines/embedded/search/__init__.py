"""A plan on arrays: what is found, what it scores, what is counted, and in which order."""
