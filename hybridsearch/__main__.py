"""`python -m hybridsearch` is the command line."""

from hybridsearch.cli import main

main()
