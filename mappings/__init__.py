"""Field types and languages of the index, as readable JSON."""
