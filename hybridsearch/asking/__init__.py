"""Questions about products: what a product's own row states, with the place where it stands, and nothing else."""
