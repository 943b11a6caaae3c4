"""What values look like: dates, addresses, pictures, codes."""

from __future__ import annotations

import re

ISO = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")
DATE = re.compile(
    rf"{ISO.pattern}|(\d\d?[./-] ?\d\d?[./-] ?\d{{4}}|\d{{4}}[./年-]\d\d?[./月-]\d\d?日?)([,T ].*)?", re.S
)
SHORT_DATE = re.compile(r"\d\d?[./-] ?\d\d?[./-] ?\d\d([,T ].*)?", re.S)
"""With two digits for a year; only where the name says that it is a date."""
PADDED = re.compile(r"(\d\d)([./-])\d\d\2(\d\d)")
SOLID_DAY = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
"""A day without marks, `20250131`; only where the name says that it is a date."""
SINCE_1970 = re.compile(r"1\d{9}(\.\d+)?|1\d{12}")
"""Seconds from 2001 to 2033, or milliseconds; only where the name says that it is a date."""
BIT = re.compile(r"[01](\.0{1,4})?")
URL = re.compile(r"https?://\S+", re.I)
PICTURE = re.compile(r"data:image/.*|[^\n]*\.(jpe?g|png|webp|avif|gif)(\?\S*)?", re.I | re.S)
VIDEO = re.compile(r"[^\n]*\.(mp4|m4v|mov|webm|mkv|avi)(\?\S*)?", re.I)
SOLID = re.compile(r"[^\n]*\.(glb|gltf|usdz|obj|stl)(\?\S*)?", re.I)
"""Three-dimensional models, which hits carry through as they are."""
CODE = re.compile(r"(?=\D*\d)(?!\d{1,7}$)(?![^\u3041-\u9fff]*[\u3041-\u9fff])[^\W_][\w./-]{3,39}")
"""One word with a digit, such as `WH-1000XM5`; digits alone only when there are eight or more, as in an EAN. What is
written in Chinese or Japanese is one word however long it is, and no code."""
BARE_CODE = re.compile(r"[^\W_][\w./-]{2,39}")
"""One word, with a digit or not."""
MIDDLE_SIZED = re.compile(r"medium|(?<!\d)[3-8]\d\d(?!\d)")
"""In the name of a column of pictures: more than an encoder's 224 pixels a side, and still small to fetch."""
NUMBERED = re.compile(r"(.*?\D)[ _.-]?\d{1,2}")
"""The name of one of several columns that are alike, such as `image_2`."""
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[a-z])(?=\d)")
"""Where a word ends in the name of a column, such as `imageUrl` or `image1`."""
NOT_IN_WORDS = re.compile(r"[\W_]+")
DIGITS_OF_A_CODE = re.compile(r"\s*+(0\d|\d{8})")
"""How a number begins that is a code: with a zero, or with eight digits, as an EAN."""
