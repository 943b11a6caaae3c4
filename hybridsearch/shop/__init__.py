"""The open configuration, and what of it may change while it is open: synonyms, rules, weights, suggestions."""
