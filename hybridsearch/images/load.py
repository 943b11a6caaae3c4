"""From a value of a catalogue's picture field to the bytes of a picture file."""

from __future__ import annotations

import base64
import urllib.parse
from collections.abc import Callable
from pathlib import Path

from hybridsearch.confined.files import reason_of
from hybridsearch.disk import paths
from hybridsearch.errors import ImageError
from hybridsearch.images.kinds import require_picture
from hybridsearch.images.limits import MAX_BYTES
from hybridsearch.redaction import redacted

Fetch = Callable[[str], bytes]
"""Returns the body of a URL; usually a `hybridsearch.images.fetch.Fetcher`."""


LONGEST_PATH = 4_096
"""Characters; as many bytes is the most that Linux takes."""


def load_picture(reference: str, *, folder: Path | None, fetch: Fetch | None) -> bytes:
    """Return the bytes of a file that begins as a picture does; nothing is decoded.

    Args:
        reference: As in `load`.
        folder: As in `load`.
        fetch: As in `load`.

    Raises:
        ImageError: It cannot be loaded, or is not a picture of a supported format.
    """
    data = load(reference, folder=folder, fetch=fetch)
    require_picture(data)
    return data


def load(reference: str, *, folder: Path | None, fetch: Fetch | None, most: int = MAX_BYTES) -> bytes:
    """Return the bytes that a catalogue's picture field refers to, without checking that they are a picture.

    Args:
        reference: A path, a `data:` URI, or an http(s) URL.
        folder: Where relative paths start; no path may lead out of it, not by links either; None: paths are refused.
        fetch: Fetches a URL; None: URLs are refused.
        most: Bytes of a file that are read, and one more.

    Raises:
        ImageError: It is refused, missing, or beyond a limit.
    """
    reference = reference.strip()
    scheme = reference.partition(":")[0].lower()
    if scheme == "data":
        return from_data_uri(reference)
    if scheme in ("http", "https"):
        if fetch is None:
            raise ImageError(f"{shown(reference)} is a URL; set 'fetch = true' in [catalog] to fetch pictures.")
        return fetch(reference)
    if scheme == "file" or "://" in reference:
        raise ImageError(f"{shown(reference)} is refused: expected a path, a data: URI, or an http(s) URL.")
    if folder is None:
        raise ImageError(f"{shown(reference)} is a path; set 'images' in [catalog] to the folder of the pictures.")
    return from_folder(reference, folder, most)


def from_folder(reference: str, folder: Path, most: int = MAX_BYTES) -> bytes:
    """Return the content of a file inside the folder, at most one byte more than `most`."""
    if len(reference) > LONGEST_PATH:  # to follow one takes time quadratic in its length
        raise ImageError(f"{shown(reference)} has {len(reference):,} characters, a path has at most {LONGEST_PATH:,}.")
    try:
        path = (folder / reference).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise ImageError(
                f"{shown(reference)} leads out of the picture folder {paths.shown(folder)}. Move the file into it."
            )
        if not path.is_file():  # reading a pipe or a device would never end
            raise ImageError(
                f"{shown(reference)} is no file in {paths.shown(folder)}. Check the path and 'images' in [catalog]."
            )
        with path.open("rb") as file:
            return file.read(most + 1)
    except (OSError, ValueError, RuntimeError) as error:  # NUL in a name, a loop of links, a name that is too long
        raise ImageError(f"{shown(reference)} cannot be read: {reason_of(error)}. Check the path.") from error


def from_data_uri(uri: str) -> bytes:
    """Return the bytes that a `data:` URI holds."""
    head, comma, body = uri.partition(",")
    if not comma:
        raise ImageError(f"{shown(uri)} has no data; expected data:image/…;base64,… Correct it in the catalogue.")
    if len(body) > 2 * MAX_BYTES:
        raise ImageError(f"The data: URI has {len(body):,} characters, at most {2 * MAX_BYTES:,} are read.")
    try:
        data = urllib.parse.unquote_to_bytes(body)
        return base64.b64decode(b"".join(data.split()), validate=True) if head.lower().endswith(";base64") else data
    except ValueError as error:
        raise ImageError(f"{shown(uri)} is not valid base64: {error}. Correct it in the catalogue.") from error


def shown(reference: str) -> str:
    """Return a reference for a message: one line of at most 120 characters."""
    text = redacted(reference)
    return repr(text if len(text) <= 120 else f"{text[:119]}…")
