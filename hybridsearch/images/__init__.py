"""Pictures: found, fetched, checked and decoded. Whatever is wrong with one, the answer is an `ImageError`."""

from hybridsearch.images.decode import Photo, decode, inspect, open_query
from hybridsearch.images.load import Fetch, Found, first_usable, load

__all__ = ["Fetch", "Found", "Photo", "decode", "first_usable", "inspect", "load", "open_query"]
