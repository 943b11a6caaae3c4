"""What a product must be, or must not be, to be found at all; and where a page ends."""
