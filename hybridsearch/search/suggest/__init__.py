"""What may complete what somebody types: where it comes from, what is counted, and what is chosen."""
