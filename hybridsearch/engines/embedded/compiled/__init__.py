"""A commit of a generation as arrays: compiled, merged, in layers, mapped into memory."""
