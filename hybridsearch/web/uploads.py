"""Reads what a request gives: parameters of its address, of a form, or of a body of JSON, and files beside them.

No file is written to a disk, not even for a moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import Request

from hybridsearch.errors import QueryError
from hybridsearch.inputs.json_text import parse_json
from hybridsearch.web.door import MOST_BYTES

MOST_FIELDS = 1_000
FILES = {"image": "image", "photo": "image", "audio": "audio", "video": "video"}
MOST_FILES = 4
"""Of a form: photo, camera, recording and video, of which most are empty."""
"""What a file of a form is called, and which argument of a search it is."""
AT_ONCE = 8
"""Forms with files that are read at once: each may take MOST_BYTES of memory."""


class InMemory(MultiPartParser):
    """The parser of forms with files, which it keeps in memory alone."""

    spool_max_size = MOST_BYTES + 1


async def given(request: Request) -> tuple[dict[str, list[Any]], dict[str, bytes]]:
    """Return the parameters of a request by name, and its files by the argument of a search that they are.

    Raises:
        QueryError: Its body cannot be read.
    """
    values: dict[str, list[Any]] = {}
    for name, value in request.query_params.multi_items():
        values.setdefault(name, []).append(value)
    if request.method != "POST":
        return values, {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return values | json_parameters(await request.body()), {}
    try:
        if kind == "multipart/form-data":
            async with request.app.state.forms:
                return await form(request, values)
        if kind == "application/x-www-form-urlencoded":
            found = await FormParser(request.headers, request.stream(), max_fields=MOST_FIELDS).parse()
            for name, field in found.multi_items():
                values.setdefault(name, []).append(field)
            return values, {}
    except MultiPartException as error:
        raise QueryError(f"The form cannot be read: {error.message} Send it again.") from error
    if await request.body():
        raise QueryError("The body is of no known type; expected application/json, or a form, as Content-Type says.")
    return values, {}


async def form(request: Request, values: dict[str, list[Any]]) -> tuple[dict[str, list[Any]], dict[str, bytes]]:
    """Return the fields and the files of a form; a file without a byte is one that nobody chose."""
    files: dict[str, bytes] = {}
    parser = InMemory(
        request.headers, request.stream(), max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=65_536
    )
    found = await parser.parse()
    try:
        for name, value in found.multi_items():
            if not isinstance(value, UploadFile):
                values.setdefault(name, []).append(value)
            elif name not in FILES:
                raise QueryError(f"The form has a file in '{name[:40]}', expected one in image, audio or video.")
            elif content := await value.read():
                files[FILES[name]] = content
    finally:
        await found.close()
    return values, files


def json_parameters(body: bytes) -> dict[str, list[Any]]:
    """Return the parameters of a body of JSON."""
    data = json_body(body)
    if not isinstance(data, Mapping):
        raise QueryError('The body is no object of parameters, expected one such as {"q": "red coat", "size": 5}.')
    objects = ("filters", "facets")
    return {
        name: value if isinstance(value, list) and name not in objects else [value]
        for name, value in data.items()
        if value is not None
    }


def json_body(body: bytes) -> Any:
    """Return the value that a body stands for.

    Raises:
        QueryError: It is no JSON that can be worked with.
    """
    try:
        return parse_json(body)
    except ValueError as error:
        raise QueryError(f"The body is no JSON: {error}. Correct it and send it again.") from error
