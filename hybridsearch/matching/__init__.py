"""Rows of several sellers become groups, one for each product: by codes, and where these lack by what rows say."""
