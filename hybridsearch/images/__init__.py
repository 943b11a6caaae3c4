"""Pictures: located, fetched, checked and decoded. Whatever is wrong with a picture, the result is an `ImageError`."""

from hybridsearch.images.load import Fetch, load, load_picture
from hybridsearch.images.upload import Photo, Upload
from hybridsearch.images.workers import UnsafePicture, decode

__all__ = ["Fetch", "Photo", "UnsafePicture", "Upload", "decode", "load", "load_picture"]
