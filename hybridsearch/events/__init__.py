"""Events: what shoppers were shown and what they did with it, written as it happens and read as visits."""
