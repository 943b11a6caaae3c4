"""A small shop of our own making: products in six languages, their pictures, judged queries and one query photo.

`products.jsonl` is the catalogue (its `image` is a path beside it), `judgments.tsv` grades colour x kind queries, and
`photo.jpg` is a picture that is not in the catalogue. All of it is drawn and written by `training/make_sample.py`.
"""
