"""Arrays in files, mapped into memory: postings, vectors and their cells, and what is chosen and ordered of them."""
