"""Decoders of strangers' files, in worker processes: one may crash, hang or grow, and no more suffers than its file."""
