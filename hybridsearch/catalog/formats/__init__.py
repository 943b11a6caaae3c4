"""The formats of files: each reads its rows, and a broken one costs no other."""
