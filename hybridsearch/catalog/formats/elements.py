"""What an element of XML says, as a value of JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

PRESERVED = ("xml:space", "preserve")
"""The attribute with which blanks count."""
GOOGLE = "base.google.com/"
"""What the addresses of Google's namespaces for products have in them."""
GOOGLES = frozenset({"g"})
"""The prefix that stands for them in a feed that declares none."""


class Element:
    """An element that is open.

    Attributes:
        name: As it is written, with its prefix.
        content: Its texts, and the name and value of each element in it, in their order.
    """

    __slots__ = ("attributes", "content", "name")

    def __init__(self, name: str, attributes: Mapping[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.content: list[str | tuple[str, Any]] = []


def google_prefixes(attributes: Mapping[str, str]) -> frozenset[str]:
    """Return the prefixes that the attributes of an element give to Google's namespaces."""
    return frozenset(
        name.removeprefix("xmlns:")
        for name, value in attributes.items()
        if name.startswith("xmlns:") and GOOGLE in value
    )


def value(element: Element, left_out: frozenset[str] = GOOGLES) -> str | dict[str, Any] | None:
    """Return an element as a text, where it has text; else as an object of its attributes and elements.

    Of text with elements in it, as in HTML, all text counts. None stands for an element that says nothing.
    """
    if PRESERVED in element.attributes.items():
        return "".join(part for part in element.content if isinstance(part, str))
    if any(isinstance(part, str) and not part.isspace() for part in element.content):
        return " ".join(texts(element.content))
    return fields(element, left_out) or None


def texts(content: list[Any]) -> Iterator[str]:
    """Yield the texts in the content of an element, and in the values of the elements in it."""
    for kind, parts in groupby(content, type):
        if kind is str:  # expat gives a long text in pieces
            yield from filter(None, ["".join(parts).strip()])
            continue
        for part in parts:
            inner = part[1] if kind is tuple else part
            yield from texts(list(inner.values()) if isinstance(inner, dict) else [inner] if inner else [])


def fields(element: Element, left_out: frozenset[str] = GOOGLES) -> dict[str, Any]:
    """Return the attributes and elements of an element by name; the list of those that repeat.

    One that says nothing is None among others, and else left out. Some prefixes are left out: where there are both
    `<title>` and `<g:title>`, the one with such a prefix counts.
    """
    own: dict[str, list[Any]] = {}
    others: dict[str, list[Any]] = {}
    for name, text in element.attributes.items():
        if text.strip() and not name.startswith("xmlns"):
            others.setdefault(name, []).append(text.strip())
    for part in element.content:
        if isinstance(part, tuple):
            prefix, _, local = part[0].rpartition(":")
            kept, name = (own, local) if prefix in left_out else (others, part[0])
            kept.setdefault(name, []).append(part[1])
    filled = {name: values for name, values in (others | own).items() if any(item is not None for item in values)}
    return {name: values if len(values) > 1 else values[0] for name, values in filled.items()}
