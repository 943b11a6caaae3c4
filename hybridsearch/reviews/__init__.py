"""Reviews of products: what buyers say, in which tone, of which aspects. Pure functions of values."""
