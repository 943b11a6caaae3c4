"""Operating a shop on the page: checks, generations, what runs, weights, the report, rules and synonyms."""
