"""Encoding by many processes, of this machine or of a cluster's: what the next rebuild needs, into the cache."""
