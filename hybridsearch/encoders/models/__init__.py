"""Models of the standard formats: where their files are, what decides their vectors, and what runs them."""
