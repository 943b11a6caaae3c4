"""What a person likes, from what they looked at, put into the basket or bought."""
