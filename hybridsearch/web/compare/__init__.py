"""Two set-ups side by side: for one query, and over all judged ones."""
