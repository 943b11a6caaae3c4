"""Reports of what was measured and learned, as files that need nothing else."""
