"""Vectors that are not computed twice: in a file, in a folder that machines share, and in memory."""
