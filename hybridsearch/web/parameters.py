"""The parameters of the JSON API: one table, from which requests are read and the OpenAPI document is made."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hybridsearch.errors import QueryError
from hybridsearch.inputs.json_values import brief
from hybridsearch.search.facets.written_facets import read_facets
from hybridsearch.search.filters.written_filters import read_filters

LARGEST = 100
"""Hits on a page that a stranger may ask for."""
LONGEST = 30.0
"""Seconds that a stranger may let a search take."""
MOST_VALUES = 1_000
"""Of one parameter."""
TRUE, FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off", "")

Given = Mapping[str, Sequence[Any]]
"""The values of each parameter as they came, by name."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    Attributes:
        kind: `string`, `integer`, `number`, `boolean`; or `object`, which only a body of JSON can hold.
        many: Whether it may be given several times.
    """

    name: str
    about: str
    kind: str = "string"
    many: bool = False
    required: bool = False
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()


Q = Parameter("q", "Words or a product code; never query syntax.")
FILTER = Parameter("filter", "brand=Acme, brand!=Acme, price>10, price>=10, price<50; all must hold.", many=True)
LISTED = (
    FILTER,
    Parameter("any", "A filter; one of these must hold.", many=True),
    Parameter("exists", "A field that products must have.", many=True),
    Parameter("missing", "A field that products must lack.", many=True),
    Parameter("filters", "Filters as an object, as the Python client takes them.", "object"),
    Parameter("facet", "Counts the values of a field: brand, or brand,size=20, or price,bars=6.", many=True),
    Parameter("facets", "Facets as an object, as the Python client takes them.", "object"),
    Parameter("page", "From 1.", "integer", least=1, most=1_000_000),
    Parameter("size", "Hits on a page; 10 unless given.", "integer", least=0, most=LARGEST),
    Parameter("strict", "Fail rather than answer from less than was planned.", "boolean"),
    Parameter("timeout", "Seconds, instead of those of the configuration.", "number", least=0.001, most=LONGEST),
)
SEARCH = (
    Q,
    *LISTED,
    Parameter("region", "The part of the photo that is meant, from 0 to 1: left,top,right,bottom.", many=True),
    Parameter("regions", "What each of several things in a photo finds; true unless given.", "boolean"),
    Parameter("sort", "price:asc or price:desc, several in their order; else the best first.", many=True),
    Parameter("cursor", "That of a page of the same search: what comes behind it."),
    Parameter("history", "Ids of what the person looked at, the newest last, with commas between them.", many=True),
    Parameter("diverse", "Each hit adds something to those before it.", "boolean"),
    Parameter("highlight", "Where the words are in title and texts, as HTML.", "boolean"),
    Parameter("explain", "Which words of the query each hit has and lacks.", "boolean"),
    Parameter("variant", "The arm of a test of two weightings.", choices=("a", "b", "interleaved")),
    Parameter("session", "Names the shopper, for such a test."),
)
SUGGEST = (Q, FILTER, Parameter("size", "Suggestions; 8 unless given.", "integer", least=0, most=50))
SIMILAR = (Parameter("id", "The product.", required=True), *LISTED)


def read(given: Given, table: Sequence[Parameter]) -> dict[str, Any]:
    """Return the values of the parameters that were given, by name.

    Raises:
        QueryError: One is unknown, missing, or nothing of its kind.
    """
    known = {each.name: each for each in table}
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(str(name)[:100], known, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"Expected some of: {', '.join(known)}."
            raise QueryError(f"Unknown parameter {brief(name)}. {hint}")
    for name in (each.name for each in table if each.required and not given.get(each.name)):
        raise QueryError(f"The parameter '{name}' is missing.")
    return {name: read_one(known[name], values) for name, values in given.items() if values}


def read_one(parameter: Parameter, values: Sequence[Any]) -> Any:
    """Return the value of a parameter, or the list of its values."""
    if len(values) > (MOST_VALUES if parameter.many else 1):
        raise QueryError(f"The parameter '{parameter.name}' was given {len(values):,} times. Give it less often.")
    read_values = [typed(parameter, value) for value in values]
    return read_values if parameter.many else read_values[0]


def typed(parameter: Parameter, value: Any) -> Any:
    """Return one value as its kind."""
    if parameter.kind == "object":
        if isinstance(value, dict | list):
            return value
    elif isinstance(value, str | int | float):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        try:
            return READ[parameter.kind](parameter, text)
        except ValueError:
            pass
    raise QueryError(f"The parameter '{parameter.name}' is {brief(value)}, expected {expected(parameter)}.")


def number(parameter: Parameter, text: str) -> float:
    """Return a number within the bounds of its parameter."""
    value = int(text) if parameter.kind == "integer" else float(text)
    if not (parameter.least is None or value >= parameter.least):
        raise ValueError
    if not (parameter.most is None or value <= parameter.most):
        raise ValueError
    return value


def truth(_: Parameter, text: str) -> bool:
    """Return whether something is wanted."""
    if text.lower() not in (*TRUE, *FALSE):
        raise ValueError
    return text.lower() in TRUE


def words(parameter: Parameter, text: str) -> str:
    """Return a text, one of the choices where there are any."""
    if parameter.choices and text not in parameter.choices:
        raise ValueError
    return text


READ = {"string": words, "integer": number, "number": number, "boolean": truth}


def expected(parameter: Parameter) -> str:
    """Return what a parameter takes, for a message."""
    if parameter.choices:
        return f"one of {', '.join(parameter.choices)}"
    between = f" from {parameter.least:g} to {parameter.most:g}" if parameter.most is not None else ""
    noun = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
    return f"{noun.get(parameter.kind, 'an object in a body of JSON')}{between}"


def listing(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a method of the client that gives a page: filters, facets and which page."""
    written = read_filters(*(values.get(name, ()) for name in ("filter", "any", "exists", "missing")))
    given = values.get("filters", {})
    filters = {**written, **given} if isinstance(given, dict) else given  # the client says what is wrong with a list
    counted = values["facets"] if "facets" in values else read_facets(values.get("facet", ()))
    simple = {name: values[name] for name in ("page", "size", "strict", "timeout") if name in values}
    return {"filters": filters, "facets": counted, **simple}


def searching(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `search` but for its text, photo and recording."""
    history = [key for part in values.get("history", ()) for key in (each.strip() for each in part.split(",")) if key]
    names = ("sort", "cursor", "diverse", "highlight", "variant", "session", "regions")
    region = region_of(values.get("region", ()))
    simple = {name: values[name] for name in names if name in values}
    return {**listing(values), "history": history or None, "region": region, **simple}


def region_of(given: Sequence[str]) -> list[float] | str | None:
    """Return the sides of a part of a photo, which commas separate; None for the whole of it.

    What is no list of numbers is left for the search to refuse.
    """
    written = ",".join(given)
    try:
        return [float(side) for side in written.split(",")] if written.strip() else None
    except ValueError:
        return written
