"""The shop: products, which the database has, and their search."""
