"""The line products → index: read, encode, write beside the live index, check, swap; and single changes."""
