"""What is read of a server's answers, each shape once: an answer that is something else is one error that says what.

A proxy, another product, a document that was edited by hand and a newer server may all answer 200, with any JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from elastic_transport import ApiResponse, SerializationError
from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


class UnexpectedAnswer(SerializationError):  # noqa: N818 - reads as what it names
    """The server answers with JSON, but not with what was asked for."""


def read(shape: TypeAdapter[T], answer: object) -> T:
    """Return an answer, or its body, in the shape that is expected; what else it holds is left out.

    Raises:
        UnexpectedAnswer: It has another shape.
    """
    try:
        return shape.validate_python(answer.body if isinstance(answer, ApiResponse) else answer)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, problem["loc"]))[:100]
        raise UnexpectedAnswer(f"'{place or 'answer'}': {problem['msg'][:200]}") from error


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Take what goes wrong while something without a shape of its own is read for an unexpected answer."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise UnexpectedAnswer(f"{what} cannot be read, {type(error).__name__}: {str(error)[:200]}") from error
