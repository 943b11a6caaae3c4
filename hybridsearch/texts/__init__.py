"""What people write, as what is compared: tokens, numbers, units, and what a reader sees of markup."""
