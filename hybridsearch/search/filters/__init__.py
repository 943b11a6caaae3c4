"""What a product must be, or must not be, to be found at all; in which order, and where a page ends."""
