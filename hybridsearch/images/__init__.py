"""Pictures: located, fetched, checked and decoded. Whatever is wrong with a picture, the result is an `ImageError`."""

from hybridsearch.images.decode import Photo, decode, inspect, open_query
from hybridsearch.images.load import Fetch, load, load_picture

__all__ = ["Fetch", "Photo", "decode", "inspect", "load", "load_picture", "open_query"]
