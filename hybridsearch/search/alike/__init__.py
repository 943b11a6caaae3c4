"""What is like a product or a photo, and what goes with it."""
