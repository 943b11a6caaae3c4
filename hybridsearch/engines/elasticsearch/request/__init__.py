"""From a plan to the one request that a server runs, and from its answer to a page. Pure functions."""
