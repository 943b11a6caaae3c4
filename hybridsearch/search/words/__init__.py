"""What the words of a query may mean in an index, what each tells, and whether they mean anything there."""
