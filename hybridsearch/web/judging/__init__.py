"""The pages on which people judge: what raters are given, and what becomes of their grades."""
